//===- ImportSampling.cpp - Grids, regions, blocks, spectra ---------------===//

#include "compiler/Import/Operators/ImportHelpers.h"

using namespace mlir;
using namespace burin;

/// What the kernels calculate with: f64 for itself, f32 for all else.
static Type getWideType(Type type) {
  return type.isF64() ? type : Float32Type::get(type.getContext());
}

/// The result of an op that calculates in another type; null on error before.
static LogicalResult setResult(const NodeReader &node, Value value, Type type) {
  value = value ? castTo(node, value, type) : value;
  if (!value)
    return failure();
  node.setOutput(0, value);
  return success();
}

LogicalResult burin::importGridSample(const NodeReader &node) {
  FailureOr<std::string> mode = getChoice(
      node, "mode", {"linear", "nearest", "cubic", "bilinear", "bicubic"},
      "linear");
  FailureOr<std::string> padding = getChoice(
      node, "padding_mode", {"zeros", "border", "reflection"}, "zeros");
  FailureOr<int64_t> alignCorners = node.getInt("align_corners", 0);
  int64_t rank = node.getRank(0);
  if (failed(mode) || failed(padding) || failed(alignCorners) ||
      failed(node.requireRank(0, 3, 6)) || failed(node.requireFloat(1)) ||
      failed(node.requireRank(1, rank, rank)))
    return failure();
  StringRef plain = *mode;
  plain.consume_front("bi");
  Type wide = getWideType(node.getElementType(0));
  Value x = castTo(node, node.getInput(0), wide);
  Value grid = castTo(node, node.getInput(1), wide);
  if (!x || !grid)
    return failure();
  OpBuilder &builder = node.getBuilder();
  Value result = node.buildValue<nn::GridSampleOp>(
      wide, x, grid, builder.getStringAttr(plain),
      builder.getStringAttr(*padding), builder.getBoolAttr(*alignCorners));
  return setResult(node, result, node.getElementType(0));
}

LogicalResult burin::importAffineGrid(const NodeReader &node) {
  FailureOr<int64_t> alignCorners = node.getInt("align_corners", 0);
  FailureOr<Value> size = getIntVector(node, 1, node.findDeclaredRank(0));
  if (failed(alignCorners) || failed(size) || failed(node.requireFloat(0)) ||
      failed(node.requireRank(0, 3, 3)))
    return failure();
  return node.produce<nn::AffineGridOp>(
      node.getElementType(0), node.getInput(0), *size,
      node.getBuilder().getBoolAttr(*alignCorners));
}

LogicalResult burin::importRoiAlign(const NodeReader &node) {
  FailureOr<int64_t> height = getIntIn(node, "output_height", 1, 1, 1 << 16);
  FailureOr<int64_t> width = getIntIn(node, "output_width", 1, 1, 1 << 16);
  FailureOr<int64_t> samples = getIntIn(node, "sampling_ratio", 0, 0, 1 << 16);
  FailureOr<float> scale = node.getFloat("spatial_scale", 1.0f);
  FailureOr<std::string> mode = getChoice(node, "mode", {"avg", "max"}, "avg");
  bool isOld = node.getOpset() < 16;
  FailureOr<std::string> coordinates =
      getChoice(node, "coordinate_transformation_mode",
                {"half_pixel", "output_half_pixel"},
                isOld ? "output_half_pixel" : "half_pixel");
  if (failed(height) || failed(width) || failed(samples) || failed(scale) ||
      failed(mode) || failed(coordinates) || failed(node.requireFloat(0)) ||
      failed(node.requireRank(0, 4, 4)) || failed(node.requireRank(1, 2, 2)) ||
      failed(node.requireRank(2, 1, 1)) || failed(node.requireInteger(2)) ||
      failed(node.requireSameType({0, 1})))
    return failure();
  OpBuilder &builder = node.getBuilder();
  Type wide = getWideType(node.getElementType(0));
  Value x = castTo(node, node.getInput(0), wide);
  Value rois = castTo(node, node.getInput(1), wide);
  Value batch = castTo(node, node.getInput(2), builder.getI64Type());
  if (!x || !rois || !batch)
    return failure();
  Value result = node.buildValue<nn::RoiAlignOp>(
      wide, x, rois, batch, builder.getI64IntegerAttr(*height),
      builder.getI64IntegerAttr(*width), builder.getI64IntegerAttr(*samples),
      builder.getF32FloatAttr(*scale), builder.getBoolAttr(*mode == "max"),
      builder.getBoolAttr(*coordinates == "half_pixel"));
  return setResult(node, result, node.getElementType(0));
}

LogicalResult burin::importMaxRoiPool(const NodeReader &node) {
  FailureOr<SmallVector<int64_t>> shape = node.getIntList("pooled_shape", true);
  FailureOr<float> scale = node.getFloat("spatial_scale", 1.0f);
  if (failed(shape) || failed(scale) || failed(node.requireFloat(0)) ||
      failed(node.requireRank(0, 4, 4)) || failed(node.requireRank(1, 2, 2)) ||
      failed(node.requireSameType({0, 1})))
    return failure();
  if (shape->size() != 2 || llvm::any_of(*shape, [](int64_t size) {
        return size < 1 || size > 1 << 16;
      }))
    return node.emitInvalid() << "attribute 'pooled_shape' expects two sizes";
  OpBuilder &builder = node.getBuilder();
  Type wide = getWideType(node.getElementType(0));
  Value x = castTo(node, node.getInput(0), wide);
  Value rois = castTo(node, node.getInput(1), wide);
  if (!x || !rois)
    return failure();
  Value result = node.buildValue<nn::MaxRoiPoolOp>(
      wide, x, rois, builder.getI64IntegerAttr((*shape)[0]),
      builder.getI64IntegerAttr((*shape)[1]), builder.getF32FloatAttr(*scale));
  return setResult(node, result, node.getElementType(0));
}

/// A list of numbers in [least, 2^31), `otherwise` each if it is left out.
static FailureOr<SmallVector<int64_t>> getNumbers(const NodeReader &node,
                                                  StringRef name, size_t count,
                                                  int64_t otherwise,
                                                  int64_t least) {
  if (!node.hasAttr(name))
    return SmallVector<int64_t>(count, otherwise);
  FailureOr<SmallVector<int64_t>> numbers = node.getIntList(name);
  if (failed(numbers))
    return failure();
  if (numbers->size() != count || llvm::any_of(*numbers, [&](int64_t number) {
        return number < least || number > INT32_MAX;
      }))
    return node.emitInvalid() << "attribute '" << name << "' expects " << count
                              << " numbers of at least " << least;
  return numbers;
}

LogicalResult burin::importCol2Im(const NodeReader &node) {
  std::optional<int64_t> count = node.findDeclaredRank(0);
  if (count)
    *count -= 2;
  FailureOr<Value> image = getIntVector(node, 1, count);
  FailureOr<Value> block = getIntVector(node, 2, count);
  if (failed(image) || failed(block) || failed(node.requireNumeric(0)) ||
      failed(node.requireRank(0, 3, 3)))
    return failure();
  size_t rank = cast<RankedTensorType>(image->getType()).getNumElements();
  FailureOr<SmallVector<int64_t>> strides =
      getNumbers(node, "strides", rank, 1, 1);
  FailureOr<SmallVector<int64_t>> pads = getNumbers(node, "pads", 2 * rank, 0, 0);
  FailureOr<SmallVector<int64_t>> dilations =
      getNumbers(node, "dilations", rank, 1, 1);
  if (failed(strides) || failed(pads) || failed(dilations))
    return failure();
  OpBuilder &builder = node.getBuilder();
  Type i64 = builder.getI64Type(), type = node.getElementType(0);
  Type wide = type.isInteger() ? i64 : getWideType(type);
  Value x = castTo(node, node.getInput(0), wide);
  Value imageSizes = castTo(node, *image, i64);
  Value blockSizes = castTo(node, *block, i64);
  if (!x || !imageSizes || !blockSizes)
    return failure();
  Value result = node.buildValue<nn::Col2ImOp>(
      wide, x, imageSizes, blockSizes, builder.getDenseI64ArrayAttr(*strides),
      builder.getDenseI64ArrayAttr(*pads),
      builder.getDenseI64ArrayAttr(*dilations));
  return setResult(node, result, type);
}

//===- Spectra -------------------------------------------------------------===//

/// Integer input `index`, a scalar, as i64; null if left out.
static FailureOr<Value> getCountInput(const NodeReader &node, int index) {
  if (!node.hasInput(index))
    return Value();
  if (failed(node.requireInteger(index)))
    return failure();
  FailureOr<Value> value = getOne(node, index);
  if (failed(value))
    return failure();
  Value count = castTo(node, *value, node.getBuilder().getI64Type());
  if (!count)
    return failure();
  return count;
}

/// The last dimension of a signal is 1 or 2.
static LogicalResult requireSignal(const NodeReader &node, int64_t least,
                                   int64_t most) {
  if (failed(node.requireFloat(0)) || failed(node.requireRank(0, least, most)))
    return failure();
  int64_t parts = node.getInputType(0).getShape().back();
  if (parts == 1 || parts == 2 || ShapedType::isDynamic(parts))
    return success();
  return node.emitInvalid() << "expects real or complex numbers, got "
                            << node.getInputType(0);
}

LogicalResult burin::importDFT(const NodeReader &node) {
  FailureOr<int64_t> inverse = getIntIn(node, "inverse", 0, 0, 1);
  FailureOr<int64_t> onesided = getIntIn(node, "onesided", 0, 0, 1);
  FailureOr<Value> length = getCountInput(node, 1);
  FailureOr<Value> axis = getCountInput(node, 2);
  if (failed(inverse) || failed(onesided) || failed(length) || failed(axis) ||
      failed(requireSignal(node, 2, 8)))
    return failure();
  OpBuilder &builder = node.getBuilder();
  if (node.getOpset() < 20) {
    FailureOr<int64_t> number = node.getAxis("axis", node.getRank(0), 1);
    if (failed(number))
      return failure();
    *axis = node.getScalar(builder.getI64Type(), *number);
  } else if (!*axis) {
    *axis = node.getScalar(builder.getI64Type(), -2);
  }
  int64_t parts = node.getInputType(0).getShape().back();
  if (*onesided && !ShapedType::isDynamic(parts) &&
      parts != (*inverse ? 2 : 1))
    return node.emitInvalid() << "onesided expects a real signal, or the half "
                                 "of a spectrum to invert";
  Type wide = getWideType(node.getElementType(0));
  Value x = castTo(node, node.getInput(0), wide);
  Value result = x ? node.buildValue<nn::DFTOp>(
                         wide, x, *length, *axis,
                         builder.getBoolAttr(*inverse),
                         builder.getBoolAttr(*onesided))
                   : x;
  return setResult(node, result, node.getElementType(0));
}

LogicalResult burin::importSTFT(const NodeReader &node) {
  FailureOr<int64_t> onesided = getIntIn(node, "onesided", 1, 0, 1);
  FailureOr<Value> step = getCountInput(node, 1);
  FailureOr<Value> length = getCountInput(node, 3);
  if (failed(onesided) || failed(step) || failed(length) ||
      failed(node.requireSameType({0, 2})) || failed(requireSignal(node, 3, 3)))
    return failure();
  if (node.hasInput(2) && failed(node.requireRank(2, 1, 1)))
    return failure();
  if (*onesided && node.getInputType(0).getShape().back() == 2)
    return node.emitInvalid() << "onesided expects a real signal";
  OpBuilder &builder = node.getBuilder();
  Type wide = getWideType(node.getElementType(0));
  Value signal = castTo(node, node.getInput(0), wide), window;
  if (node.hasInput(2) && !(window = castTo(node, node.getInput(2), wide)))
    return failure();
  Value result = signal ? node.buildValue<nn::STFTOp>(
                              wide, signal, *step, window, *length,
                              builder.getBoolAttr(*onesided))
                        : signal;
  return setResult(node, result, node.getElementType(0));
}

LogicalResult burin::importMelWeightMatrix(const NodeReader &node) {
  OpBuilder &builder = node.getBuilder();
  FailureOr<Type> type =
      node.getTypeAttr("output_datatype", builder.getF32Type());
  FailureOr<Value> bins = getCountInput(node, 0), length = getCountInput(node, 1),
                   rate = getCountInput(node, 2);
  if (failed(type) || failed(bins) || failed(length) || failed(rate) ||
      failed(node.requireFloat(3)) || failed(node.requireFloat(4)) ||
      failed(node.requireRank(3, 0, 0)) || failed(node.requireRank(4, 0, 0)))
    return failure();
  Type f64 = builder.getF64Type();
  Value low = castTo(node, node.getInput(3), f64);
  Value high = castTo(node, node.getInput(4), f64);
  if (!low || !high)
    return failure();
  Value result = node.buildValue<nn::MelWeightMatrixOp>(f64, *bins, *length,
                                                        *rate, low, high);
  return setResult(node, result, *type);
}
