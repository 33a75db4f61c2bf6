//===- OwnDestinations.cpp - A destination of its own for every op --------===//

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"
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

/// Whether `op` repeats what it reads, all for ops that write over that: the starts
/// of sums.
bool isStart(linalg::GenericOp op) {
  Block &body = op.getRegion().front();
  return op->getNumResults() == 1 && op.getNumReductionLoops() == 0 &&
         body.getOperations().size() == 1 &&
         op.getDpsInits()[0].getDefiningOp<tensor::EmptyOp>() &&
         llvm::all_of(op->getUses(), [](OpOperand &use) {
           auto owner = dyn_cast<linalg::LinalgOp>(use.getOwner());
           return owner && owner.isDpsInit(&use);
         });
}

/// The first op of those that write one destination after the other, of which
/// `source` is the last result; null without one.
Operation *findFirstWriter(Value source) {
  Operation *first = nullptr;
  while (auto writer = source.getDefiningOp<linalg::LinalgOp>()) {
    first = writer;
    source = writer.getDpsInits()[cast<OpResult>(source).getResultNumber()];
    if (!source.hasOneUse())
      break;
  }
  return first;
}

/// Moves what the destination of `insert` is made by in front of the ops that
/// make its source: these can then write there.
void hoistDestination(tensor::InsertSliceOp insert) {
  Operation *writer = findFirstWriter(insert.getSource());
  if (!writer || writer->getBlock() != insert->getBlock())
    return;
  SetVector<Operation *> slice;
  SmallVector<Value> needed = {insert.getDest()};
  llvm::append_range(needed, insert->getOperands().drop_front(2));
  while (!needed.empty()) {
    Operation *op = needed.pop_back_val().getDefiningOp();
    if (!op || op->getBlock() != writer->getBlock() ||
        op->isBeforeInBlock(writer) || slice.contains(op))
      continue;
    // What computes tensors elementwise stays where its operands are.
    bool isCheap = isa<tensor::EmptyOp, tensor::InsertSliceOp, linalg::FillOp>(op) ||
                   (op->getNumRegions() == 0 &&
                    llvm::none_of(op->getResultTypes(), llvm::IsaPred<TensorType>));
    if (op == writer || !isCheap || !isMemoryEffectFree(op))
      return;
    slice.insert(op);
    llvm::append_range(needed, op->getOperands());
  }
  SmallVector<Operation *> ops = slice.takeVector();
  llvm::sort(ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  for (Operation *op : ops)
    op->moveBefore(writer);
}

struct OwnDestinations : impl::OwnDestinationsBase<OwnDestinations> {
  void runOnOperation() override {
    // Borders of equal tensors, the last part first.
    SmallVector<tensor::InsertSliceOp> borders;
    getOperation()->walk([&](tensor::InsertSliceOp op) {
      if (op.getSource().getDefiningOp<linalg::FillOp>())
        borders.push_back(op);
    });
    for (tensor::InsertSliceOp border : llvm::reverse(borders))
      cloneForUses(border);
    // The fills before their tensors: copies of them use these once more.
    getOperation()->walk([](linalg::FillOp fill) {
      if (fill->getNumResults() == 1 &&
          fill.getDpsInits()[0].getDefiningOp<tensor::EmptyOp>())
        cloneForUses(fill);
    });
    getOperation()->walk([](linalg::GenericOp op) {
      if (isStart(op))
        cloneForUses(op);
    });
    getOperation()->walk([](tensor::EmptyOp empty) { cloneForUses(empty); });
    SmallVector<tensor::InsertSliceOp> inserts;
    getOperation()->walk([&](tensor::InsertSliceOp op) { inserts.push_back(op); });
    for (tensor::InsertSliceOp insert : inserts)
      hoistDestination(insert);
  }
};
} // namespace
} // namespace burin
