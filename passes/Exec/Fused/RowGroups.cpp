//===- RowGroups.cpp - linalg ops that go through the same rows -----------===//

#include "passes/Exec/Fused/RowGroups.h"
#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "passes/Exec/Fused/Aliases.h"

using namespace mlir;
using namespace burin;

/// Whether a buffer's first dimensions are loops 0 to `numRows` and no other is;
/// none if it is neither by rows nor free of them.
static std::optional<bool> findRowUse(AffineMap map, unsigned numRows) {
  bool usesRows = false;
  for (unsigned d = 0; d < numRows; ++d)
    usesRows |= map.isFunctionOfDim(d);
  if (!usesRows)
    return false;
  if (map.getNumResults() < numRows)
    return std::nullopt;
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (i < numRows && (!dim || dim.getPosition() != i))
      return std::nullopt;
    for (unsigned d = 0; d < numRows; ++d)
      if (i >= numRows && expr.isFunctionOfDim(d))
        return std::nullopt;
  }
  return true;
}

/// Ops whose body computes: no loads, and no indices of the row loops.
static bool isPlain(linalg::LinalgOp op, unsigned numRows) {
  if (!isa<linalg::GenericOp, linalg::FillOp>(op))
    return false;
  for (Operation &inner : *op.getBlock())
    if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
      if (index.getDim() < numRows)
        return false;
    } else if (!isMemoryEffectFree(&inner)) {
      return false;
    }
  return llvm::all_of(op->getOperands(), [](Value value) {
    auto type = dyn_cast<MemRefType>(value.getType());
    return !type || type.getLayout().isIdentity();
  });
}

static bool fits(linalg::LinalgOp op, unsigned numRows) {
  if (!isPlain(op, numRows))
    return false;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    std::optional<bool> use =
        findRowUse(op.getMatchingIndexingMap(&operand), numRows);
    if (!use || (op.isDpsInit(&operand) && !*use))
      return false;
  }
  return true;
}

/// The most leading parallel loops that may be rows; 0 if there are none.
static unsigned findMaxRows(linalg::LinalgOp op) {
  unsigned most = 0;
  for (utils::IteratorType kind : op.getIteratorTypesArray()) {
    if (kind != utils::IteratorType::parallel)
      break;
    ++most;
  }
  while (most > 0 && !fits(op, most))
    --most;
  return most;
}

/// Whether the first `numRows` loops of an op have few iterations, as far as these are known.
static bool mayBeFew(linalg::LinalgOp op, unsigned numRows) {
  constexpr int64_t few = 16;
  int64_t known = 1;
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  for (int64_t size : ArrayRef(sizes).take_front(numRows))
    known *= ShapedType::isDynamic(size) ? 1 : std::min(size, few);
  return known < few;
}

/// Whether another value of the group may be the same memory, of which one is
/// written.
bool RowGroup::isAliased(Value buffer, bool isWritten) const {
  return llvm::any_of(buffers, [&](const auto &entry) {
    return entry.first != buffer && (isWritten || entry.second.isWritten) &&
           mayAlias(entry.first, buffer);
  });
}

bool RowGroup::add(linalg::LinalgOp op, bool mustConnect) {
  unsigned rows = findMaxRows(op);
  if (!ops.empty()) {
    // Rather a group of its own than one whose rows may be too few for all threads.
    if (!reduces && rows > numRowLoops && mayBeFew(op, numRowLoops))
      return false;
    rows = std::min(rows, numRowLoops);
  }
  if (rows == 0 || !fits(op, rows) || (reduces && rows < numRowLoops))
    return false;
  bool isConnected = ops.empty() || !mustConnect;
  llvm::MapVector<Value, Buffer> added;
  for (OpOperand &operand : op->getOpOperands()) {
    Value buffer = operand.get();
    if (!isa<MemRefType>(buffer.getType()))
      continue;
    bool byRows = *findRowUse(op.getMatchingIndexingMap(&operand), rows);
    bool isWritten = op.isDpsInit(&operand);
    auto old = buffers.find(buffer);
    bool isKnown = old != buffers.end();
    if (isAliased(buffer, isWritten) ||
        (isKnown && old->second.byRows != byRows) ||
        (added.contains(buffer) && added[buffer].byRows != byRows))
      return false;
    isConnected |= isKnown && byRows;
    added[buffer].byRows = byRows;
    added[buffer].isWritten |= isWritten || (isKnown && old->second.isWritten);
  }
  if (!isConnected) // Nothing says that the rows are as many.
    return false;
  for (auto [buffer, use] : added)
    buffers[buffer] = use;
  numRowLoops = rows;
  reduces |= op.getNumReductionLoops() > 0;
  ops.push_back(op);
  return true;
}

bool RowGroup::add(linalg::FillOp fill, linalg::LinalgOp op) {
  RowGroup alone = *this, both = *this;
  if (!llvm::is_contained(op.getDpsInits(), fill.getDpsInits()[0]) ||
      !alone.add(op) || !both.add(fill, /*mustConnect=*/false) ||
      !both.add(op))
    return false;
  *this = std::move(both);
  return true;
}

SmallVector<Value> RowGroup::getBuffers() const {
  return llvm::map_to_vector(buffers,
                             [](const auto &entry) { return entry.first; });
}

/// Ops that a linalg op may move down across.
static bool isMovable(Operation &op) {
  if (isMemoryEffectFree(&op))
    return true;
  return isa<memref::AllocOp, exec::OutputOp>(op);
}

static bool isWorthwhile(const RowGroup &group) {
  unsigned numGenerics = llvm::count_if(group.getOps(), [](linalg::LinalgOp op) {
    return isa<linalg::GenericOp>(op);
  });
  return numGenerics >= 2 && group.hasReduction();
}

/// Moves a fill down to the first reader or writer of its buffer.
static void sinkFill(linalg::FillOp fill) {
  Value buffer = fill.getDpsInits()[0];
  if (!buffer.getDefiningOp<memref::AllocOp>() ||
      llvm::any_of(buffer.getUsers(), [](Operation *user) {
        return isa<ViewLikeOpInterface>(user);
      }))
    return;
  Operation *first = nullptr;
  for (Operation *user : buffer.getUsers()) {
    Operation *op = fill->getBlock()->findAncestorOpInBlock(*user);
    if (op && fill->isBeforeInBlock(op) && (!first || op->isBeforeInBlock(first)))
      first = op;
  }
  if (first)
    fill->moveBefore(first);
}

/// A copy of what has just been filled is a fill.
static void fillInsteadOfCopying(linalg::FillOp fill) {
  Value buffer = fill.getDpsInits()[0];
  for (Operation *op = fill->getNextNode(), *next; op; op = next) {
    next = op->getNextNode();
    if (auto copy = dyn_cast<memref::CopyOp>(op);
        copy && copy.getSource() == buffer) {
      OpBuilder builder(copy);
      builder.create<linalg::FillOp>(copy.getLoc(), fill.getInputs(),
                                     copy.getTarget());
      copy.erase();
    } else if (!isMovable(*op)) {
      return;
    }
  }
}

SmallVector<RowGroup> burin::findRowGroups(Block &block) {
  for (auto fill : llvm::to_vector(block.getOps<linalg::FillOp>()))
    fillInsteadOfCopying(fill);
  for (auto fill : llvm::to_vector(block.getOps<linalg::FillOp>()))
    sinkFill(fill);
  SmallVector<RowGroup> groups;
  RowGroup group;
  linalg::FillOp fill; ///< Just seen; it belongs to the next op.
  for (Operation &op : block) {
    if (isMovable(op))
      continue;
    auto next = dyn_cast<linalg::LinalgOp>(op);
    bool isTaken = next && (fill ? group.add(fill, next) : group.add(next));
    if (!isTaken && isa<linalg::FillOp>(op) && !fill) {
      fill = cast<linalg::FillOp>(op);
      continue;
    }
    if (!isTaken) {
      if (isWorthwhile(group))
        groups.push_back(group);
      group = RowGroup();
      if (fill && next) // Not past an op that is no part of any group.
        group.add(fill);
      if (next && !group.add(next)) {
        group = RowGroup();
        group.add(next);
      }
    }
    fill = nullptr;
  }
  if (isWorthwhile(group))
    groups.push_back(group);
  return groups;
}
