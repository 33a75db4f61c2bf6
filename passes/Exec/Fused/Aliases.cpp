//===- Aliases.cpp - Buffers that may be the same memory ------------------===//

#include "passes/Exec/Fused/Aliases.h"
#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace burin;

namespace {
using Values = llvm::SmallSetVector<Value, 4>;

/// Adds to `sources` what `value`, a result or an argument of `op`'s regions, may be.
void addSources(RegionBranchOpInterface op, Value value, Values &sources) {
  auto follow = [&](RegionBranchPoint from, auto getOperands) {
    SmallVector<RegionSuccessor> successors;
    op.getSuccessorRegions(from, successors);
    for (RegionSuccessor &to : successors)
      for (auto [input, operand] : llvm::zip(to.getSuccessorInputs(), getOperands(to)))
        if (input == value)
          sources.insert(operand);
  };
  follow(RegionBranchPoint::parent(),
         [&](RegionSuccessor &to) { return op.getEntrySuccessorOperands(to); });
  for (Region &region : op->getRegions())
    for (Block &block : region)
      if (auto end = dyn_cast<RegionBranchTerminatorOpInterface>(block.getTerminator()))
        follow(region, [&](RegionSuccessor &to) { return end.getSuccessorOperands(to); });
}

/// The ops or arguments that the memory may come from.
Values findRoots(Value memory) {
  Values all, roots;
  all.insert(memory);
  for (size_t i = 0; i < all.size(); ++i) {
    Value value = all[i];
    Operation *op = value.getDefiningOp();
    size_t before = all.size();
    if (auto view = dyn_cast_or_null<ViewLikeOpInterface>(op)) {
      all.insert(view.getViewSource());
    } else if (auto choice = dyn_cast_or_null<arith::SelectOp>(op)) {
      all.insert(choice.getTrueValue());
      all.insert(choice.getFalseValue());
    } else if (auto branch = dyn_cast_or_null<RegionBranchOpInterface>(
                   op ? op : value.getParentBlock()->getParentOp())) {
      addSources(branch, value, all);
    }
    if (all.size() == before)
      roots.insert(value);
  }
  return roots;
}

/// Buffers that nothing else can be: two roots of which one is such are disjoint
/// if they differ.
bool isDistinct(Value root) {
  Operation *op = root.getDefiningOp();
  return isa_and_nonnull<memref::AllocOp, memref::AllocaOp, memref::GetGlobalOp,
                         exec::InputOp, exec::OutputOp>(op);
}

/// Whether `op` (or an op inside it) may write to memory of `memory`.
bool mayWrite(Operation *op, Value memory) {
  WalkResult result = op->walk([&](Operation *nested) {
    if (isa<memref::AllocOp, memref::LoadOp, memref::DimOp, ViewLikeOpInterface>(nested))
      return WalkResult::advance();
    ValueRange written = nested->getOperands();
    if (auto linalgOp = dyn_cast<linalg::LinalgOp>(nested))
      written = linalgOp.getDpsInits();
    else if (isa<memref::CopyOp>(nested))
      written = written.drop_front(); // Its target.
    for (Value value : written)
      if (isa<MemRefType>(value.getType()) && mayAlias(value, memory))
        return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return result.wasInterrupted();
}
} // namespace

bool burin::mayAlias(Value a, Value b) {
  Values others = findRoots(b);
  return llvm::any_of(findRoots(a), [&](Value x) {
    return llvm::any_of(others, [&](Value y) {
      return x == y || (!isDistinct(x) && !isDistinct(y));
    });
  });
}

bool burin::isWrittenBetween(Operation *from, Operation *to, Value memory) {
  for (Operation *op = from->getNextNode(); op != to; op = op->getNextNode())
    if (mayWrite(op, memory))
      return true;
  return false;
}
