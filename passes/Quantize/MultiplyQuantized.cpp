//===- MultiplyQuantized.cpp - Products of integers, scaled afterwards ----===//

#include "passes/PatternPass.h"
#include "passes/Quantize/ByteProducts.h"
#include "passes/Quantize/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_MULTIPLYQUANTIZED
#include "passes/Quantize/Passes.h.inc"

namespace {
/// Bytes with one scale and one zero point, behind a dequantize.
struct Activation {
  ZeroedBytes x;
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
  int64_t zero = scaling->zeros[0];
  return Activation{{op.getX(), zero == 0 ? Value() : op.getZeroPoint()},
                    scaling->scales[0], zero};
}

/// Constant bytes and the scales of their slices along `axis`: one, or one each.
struct Weights {
  ByteWeights w;
  SmallVector<float> scales;
};

std::optional<Weights> findScaledWeights(OpBuilder &b, Value value, int64_t axis,
                                         bool mayHaveRest) {
  auto op = value.getDefiningOp<nn::DequantizeOp>();
  if (!op || !getElementTypeOrSelf(op.getType()).isF32())
    return std::nullopt;
  std::optional<Scaling> scaling = findScaling(op);
  if (!scaling || (!scaling->isSingle() && scaling->axis != axis))
    return std::nullopt;
  std::optional<ByteWeights> w = findWeights(b, op.getX(), scaling->zeros, axis, mayHaveRest);
  size_t scales = scaling->scales.size();
  if (!w || (scales != 1 && scales != w->sums.size()))
    return std::nullopt;
  return Weights{*w, scaling->scales};
}

/// The sums over x * w, to be made those over (x - zero) * w and scaled: slice i
/// lies at i along `axis`. `bias` is one number for each slice, or empty.
Value scaleSums(PatternRewriter &b, Value sums, const Activation &x,
                const Weights &w, ArrayRef<float> bias, int64_t axis) {
  Location loc = sums.getLoc();
  auto type = cast<RankedTensorType>(sums.getType());
  int64_t slices = w.w.sums.size();
  SmallVector<int64_t> spread(type.getRank() - axis, 1);
  spread[0] = slices;
  SmallVector<int32_t> offsets;
  SmallVector<float> scales, rest;
  for (int64_t i = 0; i < slices; ++i) {
    float scale = x.scale * w.scales[w.scales.size() == 1 ? 0 : i];
    int64_t offset = -x.zero * w.w.sums[i];
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

  LogicalResult matchAndRewrite(nn::ConvOp op, PatternRewriter &b) const override {
    std::optional<Activation> x = findActivation(op.getX());
    if (!x || !getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    std::optional<SmallVector<float>> bias = findBias(op.getBias());
    std::optional<Weights> w;
    if (bias)
      w = findScaledWeights(b, op.getW(), 0, canSubtractRest(op));
    if (!w || (!bias->empty() && bias->size() != w->w.sums.size()))
      return failure();
    Value sums = createByteConv(b, op, x->x, w->w);
    if (!sums)
      return failure();
    b.replaceOp(op, scaleSums(b, sums, *x, *w, *bias, 1));
    return success();
  }
};

struct MultiplyMatrix : OpRewritePattern<nn::MatMulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::MatMulOp op, PatternRewriter &b) const override {
    std::optional<Activation> x = findActivation(op.getLhs());
    auto type = cast<RankedTensorType>(op.getType());
    if (!x || !type.getElementType().isF32() ||
        cast<RankedTensorType>(op.getRhs().getType()).getRank() != 2)
      return failure();
    std::optional<Weights> w = findScaledWeights(
        b, op.getRhs(), op.getTransRhs() ? 0 : 1, canSubtractRest(op));
    if (!w)
      return failure();
    Value sums = createByteMatMul(b, op, x->x.bytes, w->w);
    b.replaceOp(op, scaleSums(b, sums, *x, *w, {}, type.getRank() - 1));
    return success();
  }
};

struct MultiplyQuantized
    : PatternPass<impl::MultiplyQuantizedBase<MultiplyQuantized>, MultiplyConv, MultiplyMatrix> {};
} // namespace
} // namespace burin
