//===- MoveQuantized.cpp - Bytes are moved, not the floats they stand for -===//

#include "passes/PatternPass.h"
#include "passes/Quantize/Constants.h"
#include "passes/Quantize/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_MOVEQUANTIZED
#include "passes/Quantize/Passes.h.inc"

namespace {
/// Ops whose result has elements of their first operand only, the others being
/// sizes and places. Rounding keeps order: the largest of a window is one too.
bool isMove(Operation *op) {
  if (auto pool = dyn_cast_or_null<nn::MaxPoolOp>(op))
    return pool.getIndices().use_empty();
  return isa_and_nonnull<nn::ReshapeOp, nn::FlattenOp, nn::SqueezeOp,
                         nn::UnsqueezeOp, nn::TransposeOp, nn::SliceOp,
                         nn::DepthToSpaceOp, nn::SpaceToDepthOp, nn::ExpandOp>(op);
}

Value createMoved(PatternRewriter &b, Operation *move, Value x) {
  Operation *moved = b.clone(*move);
  moved->setOperand(0, x);
  auto type = cast<RankedTensorType>(move->getResult(0).getType());
  moved->getResult(0).setType(type.clone(getElementTypeOrSelf(x.getType())));
  return moved->getResult(0);
}

bool isByte(Type type) { return type.isInteger(8); }

/// quantize(move(x)) to move(quantize(x)), with one scale for all elements.
struct QuantizeFirst : OpRewritePattern<nn::QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::QuantizeOp op, PatternRewriter &b) const override {
    Operation *move = op.getX().getDefiningOp();
    std::optional<Scaling> scaling = findScaling(op);
    if (!isMove(move) || !move->hasOneUse() || !scaling || !scaling->isSingle() ||
        !isByte(getElementTypeOrSelf(op.getType())))
      return failure();
    Value from = move->getOperand(0);
    auto type = cast<RankedTensorType>(from.getType());
    auto quantize = cast<nn::QuantizeOp>(b.clone(*op));
    quantize.getXMutable().assign(from);
    quantize.getResult().setType(type.clone(getElementTypeOrSelf(op.getType())));
    b.replaceOp(op, createMoved(b, move, quantize));
    return success();
  }
};

/// move(dequantize(x)) to dequantize(move(x)).
struct DequantizeLast : OpRewritePattern<nn::DequantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::DequantizeOp op, PatternRewriter &b) const override {
    std::optional<Scaling> scaling = findScaling(op);
    if (!scaling || !scaling->isSingle() || op.getX().getDefiningOp<nn::ConstantOp>() ||
        !isByte(getElementTypeOrSelf(op.getX().getType())))
      return failure();
    bool changed = false;
    for (Operation *move : llvm::make_early_inc_range(op->getUsers())) {
      if (!isMove(move) || move->getOperand(0) != op.getResult())
        continue;
      b.setInsertionPoint(move);
      auto dequantize = cast<nn::DequantizeOp>(b.clone(*op));
      Value moved = createMoved(b, move, op.getX());
      b.moveOpAfter(dequantize, moved.getDefiningOp());
      dequantize.getXMutable().assign(moved);
      dequantize.getResult().setType(
          cast<RankedTensorType>(move->getResult(0).getType()));
      b.replaceAllUsesWith(move->getResult(0), dequantize);
      b.eraseOp(move);
      changed = true;
    }
    return success(changed);
  }
};

/// quantize(dequantize(x)) with the same scale, to x.
struct DropPair : OpRewritePattern<nn::QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::QuantizeOp op, PatternRewriter &b) const override {
    auto from = op.getX().getDefiningOp<nn::DequantizeOp>();
    if (!from || from.getX().getType() != op.getType() ||
        !isByte(getElementTypeOrSelf(op.getType())) ||
        !getElementTypeOrSelf(from.getType()).isF32() || !op.getPrecision().isF32())
      return failure();
    std::optional<Scaling> to = findScaling(op), own = findScaling(from);
    if (!to || !own || !(*to == *own))
      return failure();
    b.replaceOp(op, from.getX());
    return success();
  }
};

/// concat(dequantize(x)...) to dequantize(concat(x...)) if all have one scale.
struct ConcatBytes : OpRewritePattern<nn::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::ConcatOp op, PatternRewriter &b) const override {
    std::optional<Scaling> common;
    SmallVector<Value> bytes;
    nn::DequantizeOp last;
    for (Value input : op.getInputs()) {
      auto from = input.getDefiningOp<nn::DequantizeOp>();
      std::optional<Scaling> scaling = from ? findScaling(from) : std::nullopt;
      if (!scaling || !scaling->isSingle() || (common && !(*common == *scaling)) ||
          !isByte(getElementTypeOrSelf(from.getX().getType())) ||
          (last && getElementTypeOrSelf(last.getX().getType()) !=
                       getElementTypeOrSelf(from.getX().getType())))
        return failure();
      common = scaling;
      last = from;
      bytes.push_back(from.getX());
    }
    if (!last)
      return failure();
    auto type = cast<RankedTensorType>(op.getType());
    Value joined = b.create<nn::ConcatOp>(
        op.getLoc(), type.clone(getElementTypeOrSelf(bytes[0].getType())), bytes,
        op.getAxis());
    b.replaceOpWithNewOp<nn::DequantizeOp>(op, type, joined, last.getScale(),
                                           last.getZeroPoint(), 0, 0);
    return success();
  }
};

struct MoveQuantized
    : PatternPass<impl::MoveQuantizedBase<MoveQuantized>,
                  QuantizeFirst, DequantizeLast, DropPair, ConcatBytes> {};
} // namespace
} // namespace burin
