//===- FuseElementwise.cpp - Elementwise ops into their readers -----------===//

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Passes.h"
#include "passes/PatternPass.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "passes/Lower/Passes.h.inc"

namespace {
/// Beyond this a fused loop runs out of registers, and compile time grows.
constexpr size_t maxBodyOps = 80;
constexpr unsigned maxOperands = 12;

bool isCopy(linalg::GenericOp op) {
  Block &body = op.getRegion().front();
  return body.getOperations().size() == 1 && op.getNumDpsInputs() == 1 &&
         body.getTerminator()->getOperand(0) == body.getArgument(0);
}

/// Products summed up: what the matrix emitter takes.
bool isContraction(linalg::GenericOp op) {
  return op.getNumReductionLoops() > 0 && op.getNumDpsInputs() == 2;
}

/// Its result stays, since it is written over what it reads.
bool readsDestination(linalg::GenericOp op) {
  return llvm::any_of(op.getRegionOutputArgs(),
                      [](BlockArgument out) { return !out.use_empty(); });
}

/// Whether the op that `operand` is of may calculate it, too, as `producer` does.
bool mayFuse(linalg::GenericOp producer, OpOperand *operand) {
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!producer || !consumer || !producer->hasOneUse())
    return false;
  if (isCopy(producer))
    return true;
  if (isContraction(consumer))
    return false;
  // A loop that adds up writes sums and nothing else.
  if (consumer.getNumReductionLoops() > 0 && readsDestination(producer))
    return false;
  size_t ops = producer.getRegion().front().getOperations().size() +
               consumer.getRegion().front().getOperations().size();
  if (ops > maxBodyOps ||
      producer->getNumOperands() + consumer->getNumOperands() > maxOperands)
    return false;
  // All loops of the reader: each element is computed once.
  return consumer.getMatchingIndexingMap(operand).isPermutation();
}

bool mayFuseOperand(OpOperand *operand) {
  return mayFuse(operand->get().getDefiningOp<linalg::GenericOp>(), operand);
}

/// Whether the two have the same sizes but for those of 1.
bool differByUnits(RankedTensorType a, RankedTensorType b) {
  auto getOthers = [](RankedTensorType type) {
    return llvm::to_vector(
        llvm::make_filter_range(type.getShape(), [](int64_t size) { return size != 1; }));
  };
  return getOthers(a) == getOthers(b);
}

/// Whether the op whose result is `operand`, of a reshape, may have the dimensions of 1
/// that the reshape adds: then it is fused with the reshape's reader.
bool mayExpand(OpOperand *operand) {
  auto expand = dyn_cast<tensor::ExpandShapeOp>(operand->getOwner());
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  return expand && producer && expand->hasOneUse() &&
         producer.getNumReductionLoops() == 0 && !producer.hasIndexSemantics() &&
         !isCopy(producer) &&
         differByUnits(expand.getSrcType(), expand.getResultType()) &&
         mayFuse(producer, &*expand->use_begin());
}

struct FuseElementwise : PatternPass<impl::FuseElementwiseBase<FuseElementwise>> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, mayFuseOperand);
    linalg::populateFoldReshapeOpsByExpansionPatterns(patterns, mayExpand);
    GreedyRewriteConfig config;
    config.useTopDownTraversal = true;
    apply(std::move(patterns), config);
  }
};
} // namespace
} // namespace burin
