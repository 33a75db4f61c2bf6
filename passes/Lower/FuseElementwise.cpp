//===- FuseElementwise.cpp - Elementwise ops into their readers -----------===//

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
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

bool mayFuse(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
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

struct FuseElementwise : PatternPass<impl::FuseElementwiseBase<FuseElementwise>> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, mayFuse);
    GreedyRewriteConfig config;
    config.useTopDownTraversal = true;
    apply(std::move(patterns), config);
  }
};
} // namespace
} // namespace burin
