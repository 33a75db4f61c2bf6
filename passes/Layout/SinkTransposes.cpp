//===- SinkTransposes.cpp - Transposes right before products --------------===//

#include "dialects/NN/NN.h"
#include "mlir/IR/IRMapping.h"
#include "passes/Layout/Passes.h"
#include "passes/PatternPass.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_SINKTRANSPOSES
#include "passes/Layout/Passes.h.inc"

namespace {
bool hasOneElement(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.hasStaticShape() && type.getNumElements() == 1;
}

/// The operand that an elementwise op changes by single numbers; null if it is no
/// such op.
OpOperand *findChanged(Operation *op) {
  if (!isa_and_nonnull<nn::MulOp, nn::DivOp, nn::AddOp, nn::SubOp, nn::CastOp,
                       nn::QuantizeOp, nn::DequantizeOp, nn::LookupOp>(op))
    return nullptr;
  OpOperand *changed = nullptr;
  auto rank = cast<RankedTensorType>(op->getResult(0).getType()).getRank();
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = cast<RankedTensorType>(operand.get().getType());
    if (hasOneElement(operand.get()) && type.getRank() <= rank)
      continue;
    if (changed || type.getRank() != rank)
      return nullptr;
    changed = &operand;
  }
  return changed;
}

struct SinkTranspose : OpRewritePattern<nn::MatMulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::MatMulOp product,
                                PatternRewriter &rewriter) const override {
    SmallVector<OpOperand *> changes; ///< The last one first.
    Value value = product.getRhs();
    while (OpOperand *changed = findChanged(value.getDefiningOp())) {
      if (!value.hasOneUse())
        return failure();
      changes.push_back(changed);
      value = changed->get();
    }
    auto transpose = value.getDefiningOp<nn::TransposeOp>();
    if (!transpose || changes.empty() || !transpose->hasOneUse())
      return failure();
    ArrayRef<int64_t> order = transpose.getPermutation();
    if (order.back() == int64_t(order.size()) - 1)
      return failure();
    value = transpose.getX();
    ArrayRef<int64_t> shape = transpose.getX().getType().getShape();
    for (OpOperand *changed : llvm::reverse(changes)) {
      IRMapping mapping;
      mapping.map(changed->get(), value);
      value = rewriter.clone(*changed->getOwner(), mapping)->getResult(0);
      value.setType(RankedTensorType::get(shape, getElementTypeOrSelf(value.getType())));
    }
    Value moved = rewriter.create<nn::TransposeOp>(
        transpose.getLoc(), product.getRhs().getType(), value, order);
    rewriter.modifyOpInPlace(product, [&] { product.getRhsMutable().assign(moved); });
    return success();
  }
};

struct SinkTransposes : PatternPass<impl::SinkTransposesBase<SinkTransposes>, SinkTranspose> {};
} // namespace
} // namespace burin
