//===- Fusion.cpp - What may run on the sums of a contraction -------------===//

#include "passes/Exec/Fused/Fusion.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "passes/Exec/BodyEmitter.h"
#include "passes/Exec/Fused/Aliases.h"

using namespace mlir;
using namespace burin;

namespace {
bool arePreserved(linalg::LinalgOp from, Operation *to) {
  return llvm::none_of(from.getDpsInputs(), [&](Value input) {
    return isa<MemRefType>(input.getType()) && isWrittenBetween(from, to, input);
  });
}

/// Every loop parallel, one result, and a body that vectors can do.
bool isElementwise(linalg::LinalgOp op) {
  return op.getNumParallelLoops() == op.getNumLoops() &&
         op.getNumDpsInits() == 1 &&
         isVectorizable(op->getRegion(0).front());
}

/// Whether each element of the operand belongs to one iteration.
bool isOneToOne(linalg::LinalgOp op, OpOperand &operand) {
  return op.getMatchingIndexingMap(&operand).isPermutation();
}

/// What writes the buffer of the sums before `op` adds to it, and nobody else
/// sees until then.
linalg::LinalgOp findStart(linalg::LinalgOp op) {
  Value sums = op.getDpsInits()[0];
  for (Operation *before = op->getPrevNode(); before; before = before->getPrevNode()) {
    if (isa<ViewLikeOpInterface>(before) ||
        llvm::none_of(before->getOperands(), [&](Value operand) {
          return isa<MemRefType>(operand.getType()) && mayAlias(operand, sums);
        })) {
      if (before->getNumRegions() == 0 || isa<linalg::LinalgOp>(before))
        continue;
      return {};
    }
    auto start = dyn_cast<linalg::LinalgOp>(before);
    if (!start || !isElementwise(start))
      return {};
    OpOperand *written = start.getDpsInitOperand(0);
    bool isWhole = written->get() == sums && isOneToOne(start, *written) &&
                   !start.payloadUsesValueFromOperand(written);
    return isWhole && arePreserved(start, op) ? start : linalg::LinalgOp();
  }
  return {};
}

/// The one reader of the sums that comes later, if nothing but it, `op` and
/// `start` uses their buffer.
OpOperand *findReader(linalg::LinalgOp op, linalg::LinalgOp start) {
  Value sums = op.getDpsInits()[0];
  if (!isa_and_nonnull<memref::AllocOp, memref::AllocaOp>(sums.getDefiningOp()))
    return nullptr;
  OpOperand *reader = nullptr;
  for (OpOperand &use : sums.getUses()) {
    if (use.getOwner() == op || use.getOwner() == start)
      continue;
    auto user = dyn_cast<linalg::LinalgOp>(use.getOwner());
    if (!user || user->getBlock() != op->getBlock() || user->isBeforeInBlock(op) ||
        (reader && reader->getOwner() != user))
      return nullptr;
    if (!user.payloadUsesValueFromOperand(&use))
      continue; // Written in place, and read by another operand.
    if (reader)
      return nullptr;
    reader = &use;
  }
  return reader;
}
} // namespace

Fusion burin::findFusion(linalg::LinalgOp op) {
  Fusion fusion;
  fusion.start = findStart(op);
  OpOperand *reader = findReader(op, fusion.start);
  if (!reader)
    return fusion;
  auto finish = cast<linalg::LinalgOp>(reader->getOwner());
  if (!isElementwise(finish) || !isOneToOne(finish, *reader) ||
      !arePreserved(op, finish) ||
      (fusion.start && !arePreserved(fusion.start, finish)))
    return fusion;
  // Tiles are stored while others still read the factors, and what they start with.
  Value written = finish.getDpsInits()[0];
  for (linalg::LinalgOp earlier : {op, fusion.start})
    for (Value input : earlier ? earlier.getDpsInputs() : SmallVector<Value>())
      if (isa<MemRefType>(input.getType()) && mayAlias(input, written))
        return fusion;
  fusion.finish = finish;
  fusion.operand = reader->getOperandNumber();
  return fusion;
}

static bool replace(linalg::LinalgOp op, const Fusion &fused, EmitFused emit) {
  Operation *place = fused.finish ? fused.finish : op;
  Operation *before = place->getPrevNode();
  ImplicitLocOpBuilder b(op.getLoc(), place);
  nn::ShapeBuilder shapes(b);
  shapes.setLoc(op.getLoc());
  if (!emit(op, fused, b, shapes)) {
    // It would be taken for another reader of the sums.
    while (place->getPrevNode() != before)
      place->getPrevNode()->erase();
    return false;
  }
  for (linalg::LinalgOp done : {fused.finish, op, fused.start})
    if (done)
      done->erase();
  return true;
}

void burin::replaceFused(Operation *root, function_ref<bool(linalg::LinalgOp)> wanted,
                         EmitFused emit) {
  SmallVector<linalg::LinalgOp> ops;
  root->walk([&](linalg::LinalgOp op) {
    if (wanted(op))
      ops.push_back(op);
  });
  for (linalg::LinalgOp op : ops) {
    Fusion fused = findFusion(op);
    bool isDone = replace(op, fused, emit);
    // Less and less of it.
    if (!isDone && fused.finish)
      isDone = replace(op, {fused.start, {}, 0}, emit);
    if (!isDone && fused.start)
      replace(op, {}, emit);
  }
}
