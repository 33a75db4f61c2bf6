//===- EmitLoops.cpp - linalg on buffers to parallel vector loops ---------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Loops/JoinFills.h"
#include "passes/Exec/Loops/LoopEmitter.h"
#include "passes/Exec/Loops/TransposeEmitter.h"
#include "passes/Exec/Passes.h"

using namespace mlir;
using namespace burin;

int64_t LoopEmitter::getWorkPerElement() {
  return workPerMoved +
         workPerStreamed * op->getRegion(0).front().getOperations().size();
}

/// Of one iteration of `loops`.
Value LoopEmitter::getWork(ArrayRef<unsigned> loops) {
  OpFoldResult work = shapes.get(getWorkPerElement());
  for (unsigned d = 0; d < nest.getNumLoops(); ++d)
    work = shapes.mul(work, llvm::is_contained(loops, d) ? getStep(d) : nest.sizes[d]);
  return value(work);
}

/// `loops` as one range that threads share.
void LoopEmitter::emitParallel(ArrayRef<unsigned> loops, Part inner) {
  SmallVector<OpFoldResult> sizes;
  for (unsigned d : loops)
    sizes.push_back(getSteps(d));
  Value grain = emitGrain(getWork(loops), nativeLanes);
  emitRange(value(shapes.product(sizes)), grain, [&](Value rest) {
    split(rest, loops, [&](unsigned d) { return value(getSteps(d)); }, index);
    inner();
  });
}

/// Whether `loops` may well have fewer iterations than threads can share, while each is
/// long sums of many vectors.
bool LoopEmitter::hasFewLongSums(ArrayRef<unsigned> loops) {
  constexpr int64_t leastTerms = 16;
  int64_t known = 1, terms = 1;
  for (unsigned d : loops)
    known *= nn::getStatic(nest.sizes[d]).value_or(1);
  for (unsigned d : reductions)
    terms *= guessSize(nest.sizes[d]);
  return known < tasksOfRows && terms >= leastTerms && !rowLoop &&
         !nest.isReduction[vectorLoop] &&
         nn::getStatic(nest.sizes[vectorLoop]).value_or(0) > lanes * vectorsAtOnce;
}

/// `loops` and blocks of the vector loop as one range that threads share.
void LoopEmitter::emitBlocks(ArrayRef<unsigned> loops) {
  int64_t size = *nn::getStatic(nest.sizes[vectorLoop]), step = lanes * vectorsAtOnce;
  Value blocks = number(llvm::divideCeil(size, step)), count = blocks;
  for (unsigned d : loops)
    count = mul(count, value(nest.sizes[d]));
  Value work = div(getWork(loops), blocks);
  emitRange(count, emitGrain(work, nativeLanes), [&](Value task) {
    auto [rest, block] = split(task, blocks);
    split(rest, loops, nest, index);
    Value lower = mul(block, number(step)), upper = add(lower, number(step));
    emitVectorLoop(lower, size % step == 0 ? upper : min(upper, number(size)));
  });
}

void LoopEmitter::emit(bool mayRunInParallel) {
  if (nest.getNumLoops() == 0) // Scalars: one iteration.
    nest.addUnitLoop(shapes);
  index.assign(nest.getNumLoops(), Value());
  chooseVectorLoop();
  SmallVector<unsigned> outer;
  int64_t work = getWorkPerElement();
  for (unsigned d = 0; d < nest.getNumLoops(); ++d) {
    work *= std::max<int64_t>(1, guessSize(nest.sizes[d]));
    if (d != vectorLoop)
      (nest.isReduction[d] ? reductions : outer).push_back(d);
  }
  // What is not known now the runtime weighs against the grain.
  bool isKnown = llvm::all_of(nest.sizes, [](OpFoldResult size) {
    return nn::getStatic(size).has_value();
  });
  bool parallel = mayRunInParallel && (!isKnown || work >= 2 * workPerTask * nativeLanes);
  bool reduces = nest.isReduction[vectorLoop];
  chooseRowLoop(outer);
  auto innermost = [&] {
    if (rowLoop)
      return emitRowGroup();
    if (reduces && lanes > 1)
      return emitLanewiseReduction();
    if (reduces) { // Scalar, and nothing is parallel: all loops reduce.
      reductions.push_back(vectorLoop);
      return emitLanes(ArrayRef{Value()}, Value());
    }
    emitVectorLoop(number(0), value(nest.sizes[vectorLoop]));
  };
  if (parallel && outer.empty() && !reduces) {
    Value step = number(lanes * vectorsAtOnce);
    Value grain = mul(ceilDiv(emitGrain(getWork({vectorLoop}), nativeLanes), step), step);
    return emitRanges(value(nest.sizes[vectorLoop]), grain,
                      [&](Value lower, Value upper) { emitVectorLoop(lower, upper); });
  }
  if (parallel && !outer.empty() && hasFewLongSums(outer))
    return emitBlocks(outer);
  if (parallel && !outer.empty())
    return emitParallel(outer, innermost);
  std::function<void(unsigned)> nestLoops = [&](unsigned k) {
    if (k == outer.size())
      return innermost();
    emitOver(outer[k], [&] { nestLoops(k + 1); });
  };
  nestLoops(0);
}

namespace burin {
#define GEN_PASS_DEF_EMITLOOPS
#include "passes/Exec/Passes.h.inc"

namespace {
LogicalResult emitLoops(linalg::LinalgOp op, int64_t lanes) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  nn::ShapeBuilder shapes(b);
  shapes.setLoc(op.getLoc());
  std::optional<LoopNest> nest = getLoopNest(op, shapes);
  if (!nest)
    return op.emitOpError("has an access that is not linear in its loops");
  bool hasIndex = false;
  op->getRegion(0).walk([&](linalg::IndexOp) { hasIndex = true; });
  if (!hasIndex)
    nest->simplify(shapes);
  bool inParallel = op->getParentOfType<exec::ParallelOp>();
  if (!emitTransposed(op, b, shapes, *nest, lanes))
    LoopEmitter(op, b, shapes, std::move(*nest), lanes).emit(!inParallel);
  op->erase();
  return success();
}

/// Copies take the same road as everything else.
void generalizeCopies(Operation *root) {
  root->walk([](memref::CopyOp copy) {
    OpBuilder builder(copy);
    builder.create<linalg::CopyOp>(copy.getLoc(), copy.getSource(),
                                   copy.getTarget());
    copy.erase();
  });
}

struct EmitLoops : impl::EmitLoopsBase<EmitLoops> {
  using EmitLoopsBase::EmitLoopsBase;

  void runOnOperation() override {
    generalizeCopies(getOperation());
    joinFills(getOperation(), vectorBits / 32);
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp op : ops)
      if (failed(emitLoops(op, vectorBits / 32)))
        return signalPassFailure();
  }
};
} // namespace
} // namespace burin
