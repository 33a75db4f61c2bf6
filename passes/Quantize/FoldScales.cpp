//===- FoldScales.cpp - Scales one after the other, multiplied up ---------===//

#include "passes/PatternPass.h"
#include "passes/Quantize/Constants.h"
#include "passes/Quantize/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_FOLDSCALES
#include "passes/Quantize/Passes.h.inc"

namespace {
/// Larger constants are weights, which stay bytes.
constexpr int64_t most = 1 << 16;

/// The numbers of a small constant in floats; the graph does not calculate them.
struct FoldDequantize : OpRewritePattern<nn::DequantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::DequantizeOp op, PatternRewriter &b) const override {
    std::optional<Numbers> numbers = Numbers::find(op.getX());
    std::optional<Scaling> scaling = findScaling(op);
    auto type = cast<RankedTensorType>(op.getType());
    if (!numbers || !scaling || numbers->size() > most || !type.getElementType().isF32() ||
        (!scaling->isSingle() && type.getRank() != 1))
      return failure();
    SmallVector<float> values;
    for (int64_t i = 0; i < numbers->size(); ++i)
      values.push_back(float((*numbers)[i] - scaling->getZero(i)) * scaling->getScale(i));
    b.replaceOp(op, createFloats(b, op.getLoc(), type.getShape(), values));
    return success();
  }
};

/// The product of two scales, one of them for all.
struct FoldProduct : OpRewritePattern<nn::MulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::MulOp op, PatternRewriter &b) const override {
    std::optional<Numbers> x = Numbers::find(op.getA()), y = Numbers::find(op.getB());
    auto type = cast<RankedTensorType>(op.getType());
    if (!x || !y || !type.getElementType().isF32() || !type.hasStaticShape() ||
        type.getNumElements() > most ||
        std::max(x->size(), y->size()) != type.getNumElements() ||
        std::min(x->size(), y->size()) != 1)
      return failure();
    SmallVector<float> values;
    for (int64_t i = 0; i < type.getNumElements(); ++i)
      values.push_back(float((*x)[x->size() == 1 ? 0 : i]) *
                       float((*y)[y->size() == 1 ? 0 : i]));
    b.replaceOp(op, createFloats(b, op.getLoc(), type.getShape(), values));
    return success();
  }
};

/// quantize(x, scale) to quantize(x / scale, 1), the division as a product that
/// goes into the scales of x where it can.
struct FoldQuantize : OpRewritePattern<nn::QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::QuantizeOp op, PatternRewriter &b) const override {
    std::optional<Scaling> scaling = findScaling(op);
    auto type = cast<RankedTensorType>(op.getX().getType());
    if (!scaling || !scaling->isSingle() || scaling->scales[0] == 1.0f ||
        !std::isnormal(1.0f / scaling->scales[0]) ||
        !type.getElementType().isF32() || !op.getPrecision().isF32() ||
        !getElementTypeOrSelf(op.getType()).isInteger(8) ||
        !isCalculated(op.getX()))
      return failure();
    float scale = scaling->scales[0];
    Location loc = op.getLoc();
    Value x = createScaled(b, op.getX(), scale);
    if (!x)
      x = b.create<nn::MulOp>(loc, type, op.getX(),
                              createFloats(b, loc, {}, {1.0f / scale}));
    b.modifyOpInPlace(op, [&] {
      op.getXMutable().assign(x);
      op.getScaleMutable().assign(createFloats(b, loc, {}, {1.0f}));
    });
    return success();
  }

private:
  /// What a caller quantizes is to be divided, as the operator says: its numbers
  /// may well lie in the middle of two steps.
  static bool isCalculated(Value x) {
    return x.getDefiningOp() && !x.getDefiningOp<nn::ConstantOp>();
  }

  /// The sums behind `x`, scaled by what is left to do; null if x is no such.
  static Value createScaled(PatternRewriter &b, Value x, float scale) {
    if (auto relu = x.getDefiningOp<nn::ReluOp>(); relu && relu->hasOneUse()) {
      Value below = createScaled(b, relu.getX(), scale);
      return below ? b.create<nn::ReluOp>(relu.getLoc(), x.getType(), below).getResult()
                   : Value();
    }
    auto sums = x.getDefiningOp<nn::DequantizeOp>();
    if (!sums || !sums->hasOneUse() || sums.getZeroPoint() ||
        !getElementTypeOrSelf(sums.getX().getType()).isInteger(32))
      return Value();
    std::optional<Scaling> own = findScaling(sums);
    if (!own)
      return Value();
    SmallVector<float> scales = own->scales;
    for (float &s : scales)
      s /= scale;
    auto shape = cast<RankedTensorType>(sums.getScale().getType()).getShape();
    Value joined = createFloats(b, sums.getLoc(), shape, scales);
    return b.create<nn::DequantizeOp>(sums.getLoc(), x.getType(), sums.getX(),
                                      joined, Value(), sums.getAxis(), 0);
  }
};

struct FoldScales
    : PatternPass<impl::FoldScalesBase<FoldScales>, FoldDequantize, FoldProduct, FoldQuantize> {};
} // namespace
} // namespace burin
