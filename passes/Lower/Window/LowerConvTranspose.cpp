//===- LowerConvTranspose.cpp - Transposed convolutions -------------------===//
//
// Output elements that are a stride apart are sums over the same taps of
// neighbouring inputs: each such phase is a convolution with stride 1 and filters
// of its own, which nothing is multiplied by zero for. Where that does not fit,
// the input is spread out with zeros between its elements.
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/Layouts/StoredElements.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/AsmState.h"
#include "passes/Lower/Window/Convolution.h"

using namespace mlir;
using namespace burin;
using nn::Window;

namespace {
/// Every `step`th tap of a dimension from `first` on, in reverse.
struct Taps {
  OpFoldResult count;
  int64_t first = 0, step = 1;
};

/// The bytes of a constant, of all elements; none if it is stored otherwise.
std::optional<ArrayRef<char>> findBytes(Value w) {
  auto constant = w.getDefiningOp<nn::ConstantOp>();
  if (!constant)
    return std::nullopt;
  auto stored = nn::StoredElements::find(constant.getValue());
  return stored && !stored->isSplat ? std::optional(stored->bytes) : std::nullopt;
}

/// Filters [F, C/group, taps...] of [C, F/group, K...], whose elements are
/// enumerated in the order of the former.
class Filters {
public:
  Filters(Lowering &l, const ConvOperands &c, Value nnFilters, ArrayRef<Taps> taps)
      : l(l), c(c), taps(taps), nnFilters(nnFilters) {
    OpFoldResult group = l.shapes.get(c.group);
    shape = c.wShape;
    shape[0] = l.shapes.mul(c.wShape[1], group);
    shape[1] = l.shapes.floorDiv(c.wShape[0], group);
    for (auto [i, of] : llvm::enumerate(taps))
      shape[2 + i] = of.count;
  }

  Shape shape;

  Value create() {
    Value constant = createConstant();
    return constant ? constant : createGathered();
  }

private:
  Value createConstant() {
    SmallVector<int64_t> from = nn::getStaticShape(c.wShape);
    SmallVector<int64_t> to = nn::getStaticShape(shape);
    std::optional<ArrayRef<char>> bytes = findBytes(nnFilters);
    if (!bytes || ShapedType::isDynamicShape(from) || ShapedType::isDynamicShape(to))
      return {};
    Type storage = getStorageType(c.wType);
    auto type = RankedTensorType::get(to, storage);
    size_t size = storage.getIntOrFloatBitWidth() / 8;
    AsmResourceBlob blob =
        HeapAsmResourceBlob::allocate(type.getNumElements() * size, /*align=*/64);
    SmallVector<int64_t> index(to.size());
    for (int64_t flat = 0, n = type.getNumElements(); flat < n; ++flat) {
      int64_t rest = flat, at = 0;
      for (size_t d = to.size(); d-- > 0; rest /= to[d])
        index[d] = rest % to[d];
      index = getSource(index, from);
      for (auto [i, dim] : llvm::zip_equal(index, from))
        at = at * dim + i;
      std::memcpy(blob.getMutableData().data() + flat * size,
                  bytes->data() + at * size, size);
    }
    return l.builder.create<arith::ConstantOp>(cast<TypedAttr>(Attribute(
        DenseResourceElementsAttr::get(type, "filters", std::move(blob)))));
  }

  /// Where element `index` of the filters is in a constant of sizes `from`.
  SmallVector<int64_t> getSource(ArrayRef<int64_t> index, ArrayRef<int64_t> from) {
    int64_t channels = from[0] / c.group;
    SmallVector<int64_t> at{index[0] / from[1] * channels + index[1], index[0] % from[1]};
    for (auto [i, of] : llvm::enumerate(taps))
      at.push_back(of.first + (*nn::getStatic(of.count) - 1 - index[2 + i]) * of.step);
    return at;
  }

  /// The same at run time.
  Value createGathered() {
    ImplicitLocOpBuilder &b = l.builder;
    nn::ShapeBuilder &s = l.shapes;
    SmallVector<Value> lasts;
    for (const Taps &of : taps)
      lasts.push_back(s.getValue(s.add(
          s.get(of.first), s.mul(s.sub(of.count, s.get(1)), s.get(of.step)))));
    Value filters = s.getValue(c.wShape[1]), channels = s.getValue(shape[1]);
    SmallVector<utils::IteratorType> loops(shape.size(), utils::IteratorType::parallel);
    return l.createGeneric(
        {}, l.createEmpty(shape, getElementTypeOrSelf(c.w.getType())),
        b.getMultiDimIdentityMap(shape.size()), loops,
        [&](ImplicitLocOpBuilder &n, ValueRange) -> Value {
          Value f = n.create<linalg::IndexOp>(0), channel = n.create<linalg::IndexOp>(1);
          Value group = n.create<arith::DivUIOp>(f, filters);
          SmallVector<Value> at = {
              n.create<arith::AddIOp>(n.create<arith::MulIOp>(group, channels), channel),
              n.create<arith::RemUIOp>(f, filters)};
          for (auto [i, last] : llvm::enumerate(lasts))
            at.push_back(n.create<arith::SubIOp>(
                last, n.create<arith::MulIOp>(
                          n.create<linalg::IndexOp>(2 + i),
                          n.create<arith::ConstantIndexOp>(taps[i].step))));
          return n.create<tensor::ExtractOp>(c.w, at);
        });
  }

  Lowering &l;
  const ConvOperands &c;
  ArrayRef<Taps> taps;
  Value nnFilters;
};

/// Elements of one dimension of the output that the same taps contribute to.
struct Phase {
  Taps taps;
  int64_t first;     ///< Output element; the next one is a stride further.
  int64_t input;     ///< Where the first one's window begins; negative: before 0.
  OpFoldResult size; ///< Of the output's elements.
};

/// Those of a dimension; none if that many windows cannot be told apart.
std::optional<SmallVector<Phase>> findPhases(nn::ShapeBuilder &s, const Window &window) {
  std::optional<int64_t> kernel = nn::getStatic(window.kernel);
  std::optional<int64_t> pad = nn::getStatic(window.padBegin);
  int64_t stride = window.stride, dilation = window.dilation;
  if (!kernel || !pad || (stride > 1 && dilation > 1) || *kernel < stride)
    return std::nullopt;
  SmallVector<Phase> phases;
  for (int64_t first = 0; first < stride; ++first) {
    int64_t last = llvm::divideFloorSigned(first + *pad, stride); // With the first tap.
    int64_t tap = first + *pad - last * stride;
    int64_t count = llvm::divideCeil(*kernel - tap, stride);
    OpFoldResult size = s.ceilDiv(s.sub(window.output, s.get(first)), s.get(stride));
    phases.push_back({{s.get(count), tap, stride}, first, last - (count - 1) * dilation,
                      s.max(s.get(0), size)});
  }
  return phases;
}

/// A convolution with stride 1 for each combination of phases.
class PhasedLowering {
public:
  PhasedLowering(nn::ConvTransposeOp op, Lowering &l, ArrayRef<Window> windows)
      : op(op), l(l), s(l.shapes), windows(windows), c(getConvOperands(op, l)),
        firstDim(nn::getSpatialDim(op)) {}

  /// False, and nothing is built, if some dimension has no phases, or if all
  /// combinations of them are much code.
  bool findAll() {
    int64_t most = 64;
    for (const Window &window : windows) {
      if ((most /= window.stride) == 0)
        return false;
      std::optional<SmallVector<Phase>> of = findPhases(s, window);
      if (!of)
        return false;
      phases.push_back(*of);
    }
    return true;
  }

  void lower() {
    pad();
    out = l.getShape(op.getResult());
    result = l.createEmpty(out, getStorageType(c.element));
    SmallVector<const Phase *> chosen;
    lowerFrom(chosen);
    l.set(op, result);
  }

private:
  /// As far as the windows of all phases reach.
  void pad() {
    SmallVector<Window> reaches;
    for (auto [of, window] : llvm::zip_equal(phases, windows)) {
      int64_t before = 0;
      OpFoldResult end = window.input;
      for (const Phase &phase : of) {
        before = std::max(before, -phase.input);
        end = s.max(end, s.add(s.get(phase.input), getReach(phase, window)));
      }
      Window reach = window;
      reach.kernel = s.get(1);
      reach.stride = reach.dilation = 1;
      reach.padBegin = s.get(before);
      reach.padEnd = s.sub(end, window.input);
      reach.output = s.add(s.get(before), end);
      reaches.push_back(reach);
      begins.push_back(before);
    }
    c.x = createPadded(l, op, c.x, c.xShape, reaches,
                       cast<TypedAttr>(l.builder.getZeroAttr(getStorageType(c.xType))));
  }

  /// Inputs that the windows of a phase see.
  OpFoldResult getReach(const Phase &phase, const Window &window) {
    return s.add(phase.size, s.mul(s.sub(phase.taps.count, s.get(1)),
                                   s.get(window.dilation)));
  }

  void lowerFrom(SmallVector<const Phase *> &chosen) {
    if (chosen.size() == phases.size())
      return lowerPhase(chosen);
    for (const Phase &phase : phases[chosen.size()]) {
      if (nn::getStatic(phase.size) == 0)
        continue;
      chosen.push_back(&phase);
      lowerFrom(chosen);
      chosen.pop_back();
    }
  }

  void lowerPhase(ArrayRef<const Phase *> chosen) {
    ConvOperands part = c;
    SmallVector<Taps> taps;
    SmallVector<Window> ones(windows);
    Shape sizes = out;
    SmallVector<OpFoldResult> inputs(out.size(), s.get(0)), outputs = inputs,
        unit(out.size(), s.get(1)), steps = unit;
    for (auto [i, phase] : llvm::enumerate(chosen)) {
      int64_t d = firstDim + i;
      taps.push_back(phase->taps);
      ones[i].stride = 1;
      part.xShape[d] = getReach(*phase, windows[i]);
      inputs[d] = s.get(begins[i] + phase->input);
      sizes[d] = phase->size;
      outputs[d] = s.get(phase->first);
      steps[d] = s.get(windows[i].stride);
    }
    part.x = l.builder.create<tensor::ExtractSliceOp>(
        c.x, inputs, llvm::to_vector<6>(part.xShape), unit);
    Filters filters(l, c, op.getW(), taps);
    part.w = filters.create();
    part.wShape = filters.shape;
    Value sums = createConv(l, part, ones, sizes);
    result = l.builder.create<tensor::InsertSliceOp>(
        sums, result, outputs, llvm::to_vector<6>(sizes), steps);
  }

  nn::ConvTransposeOp op;
  Lowering &l;
  nn::ShapeBuilder &s;
  ArrayRef<Window> windows;
  ConvOperands c;
  int64_t firstDim;
  SmallVector<SmallVector<Phase>> phases; ///< Of each dimension.
  SmallVector<int64_t> begins;            ///< Of x in what is padded.
  Shape out;
  Value result;
};

/// A convolution with stride 1 over the input with zeros between its elements.
void lowerSpread(nn::ConvTransposeOp op, Lowering &l, SmallVector<Window> windows) {
  nn::ShapeBuilder &s = l.shapes;
  OpFoldResult zero = s.get(0), one = s.get(1);
  ConvOperands c = getConvOperands(op, l);
  Shape spread = c.xShape, part = c.xShape;
  SmallVector<OpFoldResult> offsets(spread.size(), zero), steps(spread.size(), one);
  SmallVector<OpFoldResult> crops(spread.size(), zero), ones(spread.size(), one);
  SmallVector<Taps> taps;
  for (auto [i, window] : llvm::enumerate(windows)) {
    int64_t d = nn::getSpatialDim(op) + i;
    OpFoldResult reach =
        s.mul(s.sub(window.kernel, one), s.get(window.dilation));
    OpFoldResult shift = s.sub(reach, window.padBegin);
    OpFoldResult needed = s.add(window.output, reach);
    offsets[d] = s.max(zero, shift);
    crops[d] = s.max(zero, s.sub(zero, shift));
    steps[d] = s.get(window.stride);
    OpFoldResult last = s.add(offsets[d],
                              s.mul(s.sub(window.input, one), s.get(window.stride)));
    spread[d] = s.max(s.add(crops[d], needed), s.add(last, one));
    part[d] = needed;
    window.stride = 1;
    taps.push_back({window.kernel});
  }
  Value zeros = l.createFilled(
      spread, cast<TypedAttr>(l.builder.getZeroAttr(getStorageType(c.xType))));
  Value wide = l.builder.create<tensor::InsertSliceOp>(
      c.x, zeros, offsets, llvm::to_vector<6>(c.xShape), steps);
  c.x = wide;
  if (!llvm::equal(part, spread, nn::areEqual))
    c.x = l.builder.create<tensor::ExtractSliceOp>(
        wide, crops, llvm::to_vector<6>(part), ones);
  c.xShape = part;
  Filters filters(l, c, op.getW(), taps);
  c.w = filters.create();
  c.wShape = filters.shape;
  l.set(op, createConv(l, c, windows, l.getShape(op.getResult())));
}

LogicalResult lowerConvTranspose(nn::ConvTransposeOp op, Lowering &l) {
  FailureOr<SmallVector<Window>> windows = nn::getTransposedWindows(
      op, l.shapes, op.getX(), ArrayRef(l.getShape(op.getW())).drop_front(2));
  if (failed(windows))
    return failure();
  Shape shape = l.getShape(op.getX());
  requireEqual(l, shape[nn::getChannelDim(op, shape.size())], l.getShape(op.getW())[0],
               "expects as many channels as its filters have");
  PhasedLowering phased(op, l, *windows);
  if (phased.findAll())
    phased.lower();
  else
    lowerSpread(op, l, *windows);
  return success();
}
} // namespace

void burin::addConvTransposeLowerings(LowerTable &table) {
  addLowering<nn::ConvTransposeOp, lowerConvTranspose>(table);
}
