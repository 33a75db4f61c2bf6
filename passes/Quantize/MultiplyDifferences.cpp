//===- MultiplyDifferences.cpp - Zero points after the products -----------===//

#include "passes/PatternPass.h"
#include "passes/Quantize/ByteProducts.h"
#include "passes/Quantize/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_MULTIPLYDIFFERENCES
#include "passes/Quantize/Passes.h.inc"

namespace {
/// `value` without casts and unsqueezes: an integer that is the same before.
Value getBytes(Value value) {
  while (value) {
    if (auto op = value.getDefiningOp<nn::CastOp>())
      value = op.getX();
    else if (auto op = value.getDefiningOp<nn::UnsqueezeOp>())
      value = op.getX();
    else
      break;
  }
  return value && isByte(getElementTypeOrSelf(value.getType())) ? value : Value();
}

/// Bytes as they are, or as words less their zero points.
std::optional<ZeroedBytes> findDifference(Value value) {
  if (isByte(getElementTypeOrSelf(value.getType())))
    return ZeroedBytes{value, Value()};
  auto op = value.getDefiningOp<nn::SubOp>();
  if (!op || !getElementTypeOrSelf(op.getType()).isInteger(16))
    return std::nullopt;
  auto cast = op.getA().getDefiningOp<nn::CastOp>();
  ZeroedBytes x{cast ? cast.getX() : Value(), getBytes(op.getB())};
  if (!x.bytes || !x.zero || !isByte(getElementTypeOrSelf(x.bytes.getType())) ||
      getElementTypeOrSelf(x.bytes.getType()) != getElementTypeOrSelf(x.zero.getType()))
    return std::nullopt;
  return x;
}

bool isSingle(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.hasStaticShape() && type.getNumElements() == 1;
}

/// `value`, of one element, as a scalar.
Value createScalar(OpBuilder &b, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() == 0)
    return value;
  Value shape = b.create<nn::ConstantOp>(
      value.getLoc(), DenseElementsAttr::get(RankedTensorType::get({0}, b.getI64Type()),
                                             ArrayRef<int64_t>()));
  return b.create<nn::ReshapeOp>(value.getLoc(),
                                 RankedTensorType::get({}, type.getElementType()), value,
                                 shape, b.getBoolAttr(false));
}

/// The two sides of a product, of which at least one is a difference.
struct Sides {
  ZeroedBytes x;
  ByteWeights w;
};

std::optional<Sides> findSides(OpBuilder &b, Value x, Value w, int64_t axis,
                               bool mayHaveRest) {
  std::optional<ZeroedBytes> left = findDifference(x), right = findDifference(w);
  if (!left || !right || (!left->zero && !right->zero) ||
      (left->zero && !isSingle(left->zero)))
    return std::nullopt;
  SmallVector<int64_t> zeros = {0};
  if (right->zero) {
    std::optional<Numbers> numbers = Numbers::find(right->zero);
    if (!numbers)
      return std::nullopt;
    zeros.clear();
    for (int64_t i = 0; i < numbers->size(); ++i)
      zeros.push_back((*numbers)[i]);
  }
  std::optional<ByteWeights> weights = findWeights(b, right->bytes, zeros, axis, mayHaveRest);
  if (!weights)
    return std::nullopt;
  if (left->zero)
    left->zero = createScalar(b, left->zero);
  return Sides{*left, *weights};
}

/// sums - zero * (sums of w), these along `axis`.
Value subtractZero(OpBuilder &b, Value sums, const Sides &sides, int64_t axis) {
  if (!sides.x.zero)
    return sums;
  Location loc = sums.getLoc();
  auto type = cast<RankedTensorType>(sums.getType());
  SmallVector<int64_t> shape(type.getRank() - axis, 1);
  shape[0] = sides.w.sums.size();
  SmallVector<int32_t> factors(sides.w.sums.begin(), sides.w.sums.end());
  Value zero = b.create<nn::CastOp>(loc, RankedTensorType::get({}, b.getI32Type()),
                                    sides.x.zero, b.getBoolAttr(true));
  Value ofWeights = createInts(b, loc, shape, factors);
  Value offset = b.create<nn::MulOp>(loc, ofWeights.getType(), ofWeights, zero);
  return b.create<nn::SubOp>(loc, type, sums, offset);
}

struct SubtractAfterConv : OpRewritePattern<nn::ConvOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::ConvOp op, PatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(op.getType());
    if (!type.getElementType().isInteger(32))
      return failure();
    std::optional<Sides> sides = findSides(b, op.getX(), op.getW(), 0, canSubtractRest(op));
    Value sums = sides ? createByteConv(b, op, sides->x, sides->w) : Value();
    if (!sums)
      return failure();
    sums = subtractZero(b, sums, *sides, 1);
    if (Value bias = op.getBias()) {
      SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(1, type.getRank() - 1));
      SmallVector<int64_t> shape(type.getRank() - 1, 1);
      shape[0] = cast<RankedTensorType>(bias.getType()).getDimSize(0);
      auto axesType = RankedTensorType::get({int64_t(axes.size())}, b.getI64Type());
      Value behind = b.create<nn::ConstantOp>(
          op.getLoc(), DenseElementsAttr::get(axesType, ArrayRef(axes)));
      bias = b.create<nn::UnsqueezeOp>(
          op.getLoc(), RankedTensorType::get(shape, b.getI32Type()), bias, behind);
      sums = b.create<nn::AddOp>(op.getLoc(), type, sums, bias);
    }
    b.replaceOp(op, sums);
    return success();
  }
};

struct SubtractAfterMatMul : OpRewritePattern<nn::MatMulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::MatMulOp op, PatternRewriter &b) const override {
    auto type = cast<RankedTensorType>(op.getType());
    if (!type.getElementType().isInteger(32) || type.getRank() == 0 ||
        cast<RankedTensorType>(op.getRhs().getType()).getRank() != 2)
      return failure();
    std::optional<Sides> sides =
        findSides(b, op.getLhs(), op.getRhs(), op.getTransRhs() ? 0 : 1, canSubtractRest(op));
    if (!sides)
      return failure();
    Value sums = createByteMatMul(b, op, sides->x.bytes, sides->w);
    b.replaceOp(op, subtractZero(b, sums, *sides, type.getRank() - 1));
    return success();
  }
};

struct MultiplyDifferences
    : PatternPass<impl::MultiplyDifferencesBase<MultiplyDifferences>,
                  SubtractAfterConv, SubtractAfterMatMul> {};
} // namespace
} // namespace burin
