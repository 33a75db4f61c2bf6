//===- OwnDestinations.cpp - A destination of its own for every op --------===//

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_OWNDESTINATIONS
#include "passes/Lower/Passes.h.inc"

namespace {
/// Every use but the first gets a copy of `op`, right before its owner.
void cloneForUses(Operation *op) {
  for (OpOperand &use : llvm::make_early_inc_range(op->getUses())) {
    if (op->hasOneUse())
      return;
    Operation *clone = OpBuilder(use.getOwner()).clone(*op);
    use.set(clone->getResult(0));
  }
}

struct OwnDestinations : impl::OwnDestinationsBase<OwnDestinations> {
  void runOnOperation() override {
    // The fills first: their copies use empty tensors once more.
    getOperation()->walk([](linalg::FillOp fill) {
      if (fill->getNumResults() == 1 &&
          fill.getDpsInits()[0].getDefiningOp<tensor::EmptyOp>())
        cloneForUses(fill);
    });
    getOperation()->walk([](tensor::EmptyOp empty) { cloneForUses(empty); });
  }
};
} // namespace
} // namespace burin
