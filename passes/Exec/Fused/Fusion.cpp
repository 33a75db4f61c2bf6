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

/// Whether `op` sees 2 x 2 pixels for each of its own, and none of them twice.
static bool isPairPooling(linalg::GenericOp op) {
  if (op.getNumLoops() != 6 || op.getNumParallelLoops() != 4 || op.getNumDpsInputs() != 2 ||
      op.getNumDpsInits() != 1 || !isVectorizable(op.getRegion().front()))
    return false;
  MLIRContext *context = op.getContext();
  auto dim = [&](unsigned d) { return getAffineDimExpr(d, context); };
  auto map = [&](ArrayRef<AffineExpr> results) {
    return AffineMap::get(6, 0, results, context);
  };
  SmallVector<AffineMap> expected = {
      map({dim(0), dim(1) * 2 + dim(4), dim(2) * 2 + dim(5), dim(3)}),
      map({dim(4), dim(5)}), map({dim(0), dim(1), dim(2), dim(3)})};
  SmallVector<int64_t> taps = op.getStaticLoopRanges();
  return op.getIndexingMapsArray() == expected && taps[4] == 2 && taps[5] == 2 &&
         op.getMatchingBlockArgument(op.getDpsInputOperand(1)).use_empty();
}

/// `fusion` of `op` with the pooling of its results, if there is one.
static std::optional<Fusion> addPooling(linalg::LinalgOp op, Fusion fusion) {
  linalg::LinalgOp last = fusion.finish ? fusion.finish : op;
  Value results = last.getDpsInits()[0];
  auto alloc = results.getDefiningOp<memref::AllocOp>();
  if (!alloc)
    return std::nullopt;
  if (fusion.finish)
    for (OpOperand *same : {fusion.finish.getDpsInitOperand(0),
                            &fusion.finish->getOpOperand(fusion.operand)})
      if (!fusion.finish.getMatchingIndexingMap(same).isIdentity())
        return std::nullopt;
  for (Operation *user : results.getUsers()) {
    if (user == op || user == fusion.start || user == fusion.finish)
      continue;
    auto pool = dyn_cast<linalg::GenericOp>(user);
    if (!pool || fusion.pool || pool->getBlock() != op->getBlock() || !isPairPooling(pool) ||
        pool.getDpsInputs()[0] != results)
      return std::nullopt;
    fusion.pool = pool;
  }
  if (!fusion.pool)
    return std::nullopt;
  Value pooled = fusion.pool.getDpsInits()[0];
  auto start = findStart(fusion.pool);
  fusion.poolStart = dyn_cast_or_null<linalg::FillOp>(start.getOperation());
  // No pixel is left over.
  ArrayRef<int64_t> shape = alloc.getType().getShape();
  if (!fusion.poolStart || shape[1] % 2 != 0 || shape[2] % 2 != 0 ||
      alloc.getType().getElementType() != getElementTypeOrSelf(pooled.getType()) ||
      ShapedType::isDynamic(shape[1]) || ShapedType::isDynamic(shape[2]))
    return std::nullopt;
  for (linalg::LinalgOp earlier : {op, fusion.start, fusion.finish}) {
    if (!earlier)
      continue;
    if (!arePreserved(earlier, fusion.pool) || earlier->getBlock() != op->getBlock())
      return std::nullopt;
    for (Value input : earlier.getDpsInputs())
      if (isa<MemRefType>(input.getType()) && mayAlias(input, pooled))
        return std::nullopt;
  }
  return fusion;
}

static bool replace(linalg::LinalgOp op, const Fusion &fused, EmitFused emit) {
  Operation *place = fused.pool ? fused.pool : fused.finish ? fused.finish : op;
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
  linalg::LinalgOp all[] = {fused.pool, fused.finish, op, fused.start};
  for (linalg::LinalgOp done : all)
    if (done)
      done->erase();
  if (fused.poolStart)
    linalg::FillOp(fused.poolStart)->erase();
  return true;
}

void burin::replaceFused(Operation *root, function_ref<bool(linalg::LinalgOp)> wanted,
                         EmitFused emit, bool pools) {
  SmallVector<linalg::LinalgOp> ops;
  root->walk([&](linalg::LinalgOp op) {
    if (wanted(op))
      ops.push_back(op);
  });
  for (linalg::LinalgOp op : ops) {
    Fusion fused = findFusion(op);
    // Less and less of it.
    std::optional<Fusion> all = pools ? addPooling(op, fused) : std::nullopt;
    bool isDone = (all && replace(op, *all, emit)) || replace(op, fused, emit);
    if (!isDone && fused.finish) {
      fused.finish = {};
      isDone = replace(op, fused, emit);
    }
    if (!isDone && fused.start)
      replace(op, Fusion(), emit);
  }
}
