//===- Windows.cpp - Sizes of convolutions and poolings -------------------===//

#include "dialects/NN/Layouts/Layout.h"
#include "dialects/NN/Shapes/Windows.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

using namespace mlir;
using namespace burin::nn;

static ArrayRef<int64_t> getList(Operation *op, StringRef name) {
  return op->getAttrOfType<DenseI64ArrayAttr>(name).asArrayRef();
}

/// What both kinds of windows demand of their attributes.
static LogicalResult check(Operation *op, int64_t spatial, bool mayCrop) {
  auto expect = [&](StringRef name, size_t count, int64_t least) {
    ArrayRef<int64_t> values = getList(op, name);
    if (values.size() != count)
      return LogicalResult(op->emitError("attribute '")
                           << name << "' expects " << count << " values, got "
                           << values.size());
    for (int64_t value : values)
      if (value < least || value > INT32_MAX)
        return LogicalResult(op->emitError("attribute '")
                             << name << "' expects values from " << least
                             << " to 2^31 - 1, got " << value);
    return success();
  };
  return success(succeeded(expect("strides", spatial, 1)) &&
                 succeeded(expect("dilations", spatial, 1)) &&
                 succeeded(expect("pads", 2 * spatial, mayCrop ? -INT32_MAX : 0)));
}

/// dilation * (kernel - 1) + 1
static OpFoldResult getExtent(ShapeBuilder &shapes, const Window &window) {
  return shapes.add(shapes.mul(shapes.sub(window.kernel, shapes.get(1)),
                               shapes.get(window.dilation)),
                    shapes.get(1));
}

/// Splits `total` between begin and end; SAME_UPPER has the odd one at the end.
static void splitPads(ShapeBuilder &shapes, Window &window, OpFoldResult total,
                      bool lower) {
  OpFoldResult two = shapes.get(2);
  OpFoldResult half = lower ? shapes.ceilDiv(total, two)
                            : shapes.floorDiv(total, two);
  window.padBegin = half;
  window.padEnd = shapes.sub(total, half);
}

static LogicalResult resolve(Operation *op, ShapeBuilder &shapes,
                             Window &window, StringRef autoPad, bool ceil) {
  OpFoldResult stride = shapes.get(window.stride), zero = shapes.get(0);
  OpFoldResult extent = getExtent(shapes, window);
  if (autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER") {
    window.output = shapes.ceilDiv(window.input, stride);
    OpFoldResult covered =
        shapes.add(shapes.mul(shapes.sub(window.output, shapes.get(1)), stride),
                   extent);
    splitPads(shapes, window,
              shapes.max(zero, shapes.sub(covered, window.input)),
              autoPad == "SAME_LOWER");
    return success();
  }
  if (autoPad == "VALID")
    window.padBegin = window.padEnd = zero;
  OpFoldResult padded =
      shapes.add(window.input, shapes.add(window.padBegin, window.padEnd));
  OpFoldResult room = shapes.sub(padded, extent);
  if (std::optional<int64_t> known = getStatic(room); known && *known < 0 && getStatic(window.input) != 0)
    return op->emitError("the window of ")
           << *getStatic(extent) << " elements does not fit into an input of "
           << *getStatic(padded) << ", pads included";
  OpFoldResult steps = ceil ? shapes.ceilDiv(room, stride)
                            : shapes.floorDiv(room, stride);
  window.output = shapes.max(zero, shapes.add(steps, shapes.get(1)));
  if (ceil) { // A window must not start in the padding at the end.
    OpFoldResult lastStart =
        shapes.mul(shapes.sub(window.output, shapes.get(1)), stride);
    OpFoldResult end = shapes.add(window.input, window.padBegin);
    window.output =
        shapes.selectLess(lastStart, end, window.output,
                          shapes.sub(window.output, shapes.get(1)));
  }
  return success();
}

static FailureOr<SmallVector<Window>> readWindows(Operation *op,
                                                  ShapeBuilder &shapes, Value x,
                                                  ArrayRef<OpFoldResult> kernel,
                                                  bool mayCrop) {
  int64_t spatial = cast<RankedTensorType>(x.getType()).getRank() - 2;
  if (spatial < 0 || int64_t(kernel.size()) != spatial)
    return op->emitError("expects a window of as many dimensions as the input "
                         "has after batch and channels, got ")
           << kernel.size() << " for " << spatial;
  if (failed(check(op, spatial, mayCrop)))
    return failure();
  SmallVector<Window> windows;
  for (int64_t i = 0; i < spatial; ++i) {
    Window window;
    window.input = shapes.getDim(x, getSpatialDim(op) + i);
    window.kernel = kernel[i];
    window.stride = getList(op, "strides")[i];
    window.dilation = getList(op, "dilations")[i];
    window.padBegin = shapes.get(getList(op, "pads")[i]);
    window.padEnd = shapes.get(getList(op, "pads")[spatial + i]);
    if (std::optional<int64_t> size = getStatic(window.kernel);
        size && *size < 1)
      return op->emitError("expects a window of at least 1 element, got ")
             << *size;
    windows.push_back(window);
  }
  return windows;
}

FailureOr<SmallVector<Window>>
burin::nn::getWindows(Operation *op, ShapeBuilder &shapes, Value x,
                      ArrayRef<OpFoldResult> kernel) {
  FailureOr<SmallVector<Window>> windows =
      readWindows(op, shapes, x, kernel, /*mayCrop=*/false);
  if (failed(windows))
    return failure();
  auto ceil = op->getAttrOfType<BoolAttr>("ceil_mode");
  StringRef autoPad = op->getAttrOfType<StringAttr>("auto_pad").getValue();
  for (Window &window : *windows)
    if (failed(resolve(op, shapes, window, autoPad, ceil && ceil.getValue())))
      return failure();
  return windows;
}

FailureOr<SmallVector<Window>>
burin::nn::getTransposedWindows(Operation *op, ShapeBuilder &shapes, Value x,
                                ArrayRef<OpFoldResult> kernel) {
  FailureOr<SmallVector<Window>> windows =
      readWindows(op, shapes, x, kernel, /*mayCrop=*/true);
  if (failed(windows))
    return failure();
  StringRef autoPad = op->getAttrOfType<StringAttr>("auto_pad").getValue();
  ArrayRef<int64_t> extra = getList(op, "output_padding");
  ArrayRef<int64_t> wanted = getList(op, "output_shape");
  if (extra.size() != windows->size() ||
      (!wanted.empty() && wanted.size() != windows->size()))
    return op->emitError("expects output_padding and output_shape with one "
                         "value per spatial dimension");
  for (auto [i, window] : llvm::enumerate(*windows)) {
    OpFoldResult stride = shapes.get(window.stride);
    OpFoldResult full = shapes.add(
        shapes.mul(shapes.sub(window.input, shapes.get(1)), stride),
        shapes.add(getExtent(shapes, window), shapes.get(extra[i])));
    bool same = autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER";
    if (autoPad == "VALID")
      window.padBegin = window.padEnd = shapes.get(0);
    if (!wanted.empty() || same) {
      window.output = wanted.empty() ? shapes.mul(window.input, stride)
                                     : shapes.get(wanted[i]);
      splitPads(shapes, window, shapes.sub(full, window.output),
                autoPad != "SAME_UPPER");
    } else {
      window.output =
          shapes.sub(full, shapes.add(window.padBegin, window.padEnd));
    }
  }
  return windows;
}
