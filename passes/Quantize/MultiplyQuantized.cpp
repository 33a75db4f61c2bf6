//===- MultiplyQuantized.cpp - Products of integers, scaled afterwards ----===//

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Quantize/Constants.h"
#include "passes/Quantize/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_MULTIPLYQUANTIZED
#include "passes/Quantize/Passes.h.inc"

namespace {
bool isByte(Type type) {
  return type.isSignlessInteger(8) || type.isUnsignedInteger(8);
}

/// Bytes with one scale and one zero point, behind a dequantize.
struct Activation {
  Value bytes;
  float scale;
  int64_t zero;
};

std::optional<Activation> findActivation(Value value) {
  auto op = value.getDefiningOp<nn::DequantizeOp>();
  if (!op || !isByte(getElementTypeOrSelf(op.getX().getType())) ||
      !getElementTypeOrSelf(op.getType()).isF32())
    return std::nullopt;
  std::optional<Scaling> scaling = findScaling(op);
  if (!scaling || !scaling->isSingle())
    return std::nullopt;
  return Activation{op.getX(), scaling->scales[0], scaling->zeros[0]};
}

/// Constant bytes w, less their zero points, in i8, and what goes with each slice
/// along `axis`.
struct Weights {
  Value bytes;
  SmallVector<float> scales; ///< One, or one for each slice.
  SmallVector<int64_t> sums; ///< Of each slice.
};

std::optional<Weights> findWeights(OpBuilder &b, Value value, int64_t axis) {
  auto op = value.getDefiningOp<nn::DequantizeOp>();
  if (!op || !isByte(getElementTypeOrSelf(op.getX().getType())) ||
      !getElementTypeOrSelf(op.getType()).isF32())
    return std::nullopt;
  std::optional<Numbers> numbers = Numbers::find(op.getX());
  std::optional<Scaling> scaling = findScaling(op);
  auto type = cast<RankedTensorType>(op.getX().getType());
  if (!numbers || !scaling || (!scaling->isSingle() && scaling->axis != axis))
    return std::nullopt;
  int64_t slices = type.getDimSize(axis), inner = 1;
  for (int64_t d = axis + 1; d < type.getRank(); ++d)
    inner *= type.getDimSize(d);
  if (!scaling->isSingle() && int64_t(scaling->scales.size()) != slices)
    return std::nullopt;
  Weights weights;
  weights.scales = scaling->scales;
  weights.sums.assign(slices, 0);
  SmallVector<int8_t> moved;
  for (int64_t i = 0; i < numbers->size(); ++i) {
    int64_t slice = i / inner % slices;
    int64_t w = int64_t((*numbers)[i]) - scaling->getZero(slice);
    if (w != int8_t(w))
      return std::nullopt;
    weights.sums[slice] += w;
    moved.push_back(w);
  }
  weights.bytes = op.getX();
  auto plain = RankedTensorType::get(type.getShape(), b.getI8Type());
  if (type != plain || !llvm::all_of(scaling->zeros, [](int64_t z) { return z == 0; }))
    weights.bytes = createBytes(b, op.getLoc(), plain, moved);
  return weights;
}

/// The sums over x * w, to be made those over (x - zero) * w and scaled: slice i
/// lies at i along `axis`. `bias` is one number for each slice, or empty.
Value scaleSums(PatternRewriter &b, Value sums, const Activation &x,
                const Weights &w, ArrayRef<float> bias, int64_t axis) {
  Location loc = sums.getLoc();
  auto type = cast<RankedTensorType>(sums.getType());
  int64_t slices = w.sums.size();
  SmallVector<int64_t> spread(type.getRank() - axis, 1);
  spread[0] = slices;
  SmallVector<int32_t> offsets;
  SmallVector<float> scales, rest;
  for (int64_t i = 0; i < slices; ++i) {
    float scale = x.scale * w.scales[w.scales.size() == 1 ? 0 : i];
    int64_t offset = -x.zero * w.sums[i];
    float left = bias.empty() ? 0 : bias[i];
    // A bias that was quantized with the scale of the sums is an integer there.
    double steps = std::round(double(left) / scale);
    if (std::abs(steps) < 1e9 && std::abs(steps * scale - left) <= 1e-6 * std::abs(left)) {
      offset += int64_t(steps);
      left = 0;
    }
    offsets.push_back(offset);
    scales.push_back(scale);
    rest.push_back(left);
  }
  if (llvm::any_of(offsets, [](int32_t o) { return o != 0; }))
    sums = b.create<nn::AddOp>(loc, type, sums, createInts(b, loc, spread, offsets));
  if (llvm::all_equal(scales))
    scales.resize(1);
  SmallVector<int64_t> shape;
  if (scales.size() > 1)
    shape.push_back(slices);
  auto realType = RankedTensorType::get(type.getShape(), b.getF32Type());
  Value real = b.create<nn::DequantizeOp>(
      loc, realType, sums, createFloats(b, loc, shape, scales), Value(), axis, 0);
  if (llvm::any_of(rest, [](float r) { return r != 0; }))
    real = b.create<nn::AddOp>(loc, realType, real, createFloats(b, loc, spread, rest));
  return real;
}

/// One number for each filter; empty without a bias. None if it is not known.
std::optional<SmallVector<float>> findBias(Value bias) {
  SmallVector<float> values;
  if (!bias)
    return values;
  Value stored = bias;
  std::optional<Scaling> scaling;
  if (auto op = bias.getDefiningOp<nn::DequantizeOp>()) {
    stored = op.getX();
    scaling = findScaling(op);
    if (!scaling)
      return std::nullopt;
  }
  std::optional<Numbers> numbers = Numbers::find(stored);
  if (!numbers)
    return std::nullopt;
  for (int64_t i = 0; i < numbers->size(); ++i)
    values.push_back(scaling ? ((*numbers)[i] - scaling->getZero(i)) * scaling->getScale(i)
                             : (*numbers)[i]);
  return values;
}

struct MultiplyConv : OpRewritePattern<nn::ConvOp> {
  using OpRewritePattern::OpRewritePattern;

  /// `x` with its zero point around it; null if pads are not known.
  static Value createPadded(PatternRewriter &b, nn::ConvOp op, const Activation &x) {
    if (op.getAutoPad() == "VALID" || x.zero == 0 ||
        (op.getAutoPad() == "NOTSET" &&
         llvm::all_of(op.getPads(), [](int64_t pad) { return pad == 0; })))
      return x.bytes;
    auto type = cast<RankedTensorType>(x.bytes.getType());
    int64_t spatial = type.getRank() - 2;
    if (op.getAutoPad() != "NOTSET" || int64_t(op.getPads().size()) != 2 * spatial)
      return Value();
    SmallVector<int64_t> shape(type.getShape()), axes;
    for (int64_t d = 0; d < spatial; ++d) {
      axes.push_back(2 + d);
      if (!type.isDynamicDim(2 + d))
        shape[2 + d] += op.getPads()[d] + op.getPads()[spatial + d];
    }
    Location loc = op.getLoc();
    Value pads = b.create<nn::ConstantOp>(
        loc, DenseElementsAttr::get(RankedTensorType::get({2 * spatial}, b.getI64Type()),
                                    op.getPads()));
    auto zeroType = RankedTensorType::get({}, type.getElementType());
    Value zero = b.create<nn::ConstantOp>(
        loc, DenseElementsAttr::get(
                 zeroType, Attribute(b.getIntegerAttr(type.getElementType(), x.zero))));
    return b.create<nn::PadOp>(loc, type.clone(shape), x.bytes, pads, zero,
                               "constant", axes);
  }

  LogicalResult matchAndRewrite(nn::ConvOp op, PatternRewriter &b) const override {
    std::optional<Activation> x = findActivation(op.getX());
    if (!x || !getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    std::optional<SmallVector<float>> bias = findBias(op.getBias());
    auto type = cast<RankedTensorType>(op.getType());
    Value padded = bias ? createPadded(b, op, *x) : Value();
    std::optional<Weights> w;
    if (padded)
      w = findWeights(b, op.getW(), 0);
    if (!w || (!bias->empty() && bias->size() != w->sums.size()))
      return failure();
    bool hasOwnPads = padded == x->bytes;
    SmallVector<int64_t> pads(op.getPads());
    if (!hasOwnPads)
      pads.assign(op.getPads().size(), 0);
    Value sums = b.create<nn::ConvOp>(
        op.getLoc(), type.clone(b.getI32Type()), padded, w->bytes, Value(),
        op.getStrides(), op.getDilations(), pads, op.getAutoPad(), op.getGroup());
    b.replaceOp(op, scaleSums(b, sums, *x, *w, *bias, 1));
    return success();
  }
};

struct MultiplyMatrix : OpRewritePattern<nn::MatMulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::MatMulOp op, PatternRewriter &b) const override {
    std::optional<Activation> x = findActivation(op.getLhs());
    auto type = cast<RankedTensorType>(op.getType());
    auto rhs = cast<RankedTensorType>(op.getRhs().getType());
    if (!x || !type.getElementType().isF32() || rhs.getRank() != 2)
      return failure();
    std::optional<Weights> w = findWeights(b, op.getRhs(), op.getTransRhs() ? 0 : 1);
    if (!w)
      return failure();
    Value sums = b.create<nn::MatMulOp>(op.getLoc(), type.clone(b.getI32Type()),
                                        x->bytes, w->bytes, op.getTransLhs(),
                                        op.getTransRhs());
    b.replaceOp(op, scaleSums(b, sums, *x, *w, {}, type.getRank() - 1));
    return success();
  }
};

struct MultiplyQuantized : impl::MultiplyQuantizedBase<MultiplyQuantized> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<MultiplyConv, MultiplyMatrix>(&getContext());
    if (failed(applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace burin
