//===- BlockRows.cpp - A few rows through several ops ---------------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "passes/Exec/Fused/RowGroups.h"
#include "passes/Exec/Loops/IndexEmitter.h"
#include "passes/Exec/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_BLOCKROWS
#include "passes/Exec/Passes.h.inc"

namespace {
/// Elements of a buffer that a block of rows has: a few buffers of them stay in
/// the L1 cache.
constexpr int64_t blockElements = 4096;
/// Rows longer than this do not, and are few: better shared among threads.
constexpr int64_t maxRowElements = 1 << 16;
/// Elements so few that they stay in the L1 cache anyway.
constexpr int64_t minElements = 4096;

class Blocker : IndexEmitter {
public:
  Blocker(const RowGroup &group, ImplicitLocOpBuilder &b)
      : IndexEmitter(b), group(group), numRows(group.getNumRowLoops()) {}

  bool isWorthwhile();
  /// `lanes` of 32 bits are in a vector.
  void emit(int64_t lanes);

private:
  MemRefType getType(Value buffer) const {
    return cast<MemRefType>(buffer.getType());
  }
  Value getSize(Value buffer, int64_t i);
  Value getRowSize(Value buffer);
  Value getView(Value buffer, Value first, Value count);
  void cloneOp(linalg::LinalgOp op, Value first, Value count);

  const RowGroup &group;
  unsigned numRows;
  /// The buffer with the longest rows: what decides how many are a block.
  Value longest;
  std::optional<int64_t> rowElements, rows; ///< Where they are known.
  /// Buffers with all row dimensions as one, blocks of them, and the sizes of
  /// their other dimensions.
  llvm::DenseMap<Value, Value> joined, views;
  llvm::DenseMap<Value, SmallVector<OpFoldResult>> rowSizes;
};

/// The product of some sizes, if it is known.
std::optional<int64_t> multiply(ArrayRef<int64_t> sizes) {
  int64_t product = 1;
  for (int64_t size : sizes)
    if (ShapedType::isDynamic(size) || (size && product > INT64_MAX / size))
      return std::nullopt;
    else
      product *= size;
  return product;
}

bool Blocker::isWorthwhile() {
  int64_t most = -1;
  for (Value buffer : group.getBuffers()) {
    if (!group.isByRows(buffer))
      continue;
    ArrayRef<int64_t> shape = getType(buffer).getShape();
    ArrayRef<int64_t> rest = shape.drop_front(numRows);
    rows = multiply(shape.take_front(numRows));
    std::optional<int64_t> known = multiply(rest);
    int64_t guess = 1;
    for (int64_t size : rest)
      guess *= guessSize(size);
    if (guess <= most)
      continue;
    most = guess;
    longest = buffer;
    rowElements = known;
  }
  if ((rowElements && *rowElements > maxRowElements) || rows == 1)
    return false;
  if (!rowElements || !rows)
    return true;
  return *rows * *rowElements >= minElements;
}

Value Blocker::getSize(Value buffer, int64_t i) {
  if (!getType(buffer).isDynamicDim(i))
    return number(getType(buffer).getDimSize(i));
  return b.create<memref::DimOp>(buffer, i);
}

/// Elements of a row of the buffer.
Value Blocker::getRowSize(Value buffer) {
  Value product = number(1);
  for (int64_t i = numRows; i < getType(buffer).getRank(); ++i)
    product = mul(product, getSize(buffer, i));
  return product;
}

/// `count` rows from `first` on; all of a buffer that is not by rows.
Value Blocker::getView(Value buffer, Value first, Value count) {
  if (!isa<MemRefType>(buffer.getType()) || !group.isByRows(buffer))
    return buffer;
  if (Value known = views.lookup(buffer))
    return known;
  ArrayRef<OpFoldResult> rest = rowSizes[buffer];
  SmallVector<OpFoldResult> offsets(rest.size() + 1, b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(rest.size() + 1, b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = {count};
  offsets[0] = first;
  sizes.append(rest.begin(), rest.end());
  return views[buffer] = b.create<memref::SubViewOp>(joined[buffer], offsets,
                                                     sizes, strides);
}

/// The op on a block of rows: its row loops are one.
void Blocker::cloneOp(linalg::LinalgOp op, Value first, Value count) {
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(getView(operand, first, count));
  ArrayRef<Value> inputs = ArrayRef(operands).take_front(op.getNumDpsInputs());
  ArrayRef<Value> inits = ArrayRef(operands).drop_front(inputs.size());
  if (isa<linalg::FillOp>(op)) {
    b.create<linalg::FillOp>(inputs, inits);
    return;
  }
  unsigned numLoops = op.getNumLoops() - numRows + 1;
  SmallVector<AffineExpr> loops;
  for (unsigned d = 0; d < op.getNumLoops(); ++d)
    loops.push_back(b.getAffineDimExpr(d < numRows ? 0 : d - numRows + 1));
  SmallVector<AffineMap> maps;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    ArrayRef<AffineExpr> exprs = map.getResults();
    bool byRows = isa<MemRefType>(operand.get().getType()) &&
                  group.isByRows(operand.get());
    SmallVector<AffineExpr> results;
    for (AffineExpr expr : exprs.drop_front(byRows ? numRows - 1 : 0))
      results.push_back(expr.replaceDims(loops));
    maps.push_back(AffineMap::get(numLoops, 0, results, b.getContext()));
  }
  SmallVector<utils::IteratorType> iterators =
      op.getIteratorTypesArray();
  iterators.erase(iterators.begin(), iterators.begin() + numRows - 1);
  auto generic = b.create<linalg::GenericOp>(TypeRange(), inputs, inits, maps,
                                             iterators);
  IRMapping mapping;
  op->getRegion(0).cloneInto(&generic.getRegion(), mapping);
  generic.getRegion().walk([&](linalg::IndexOp index) {
    index.setDim(index.getDim() - numRows + 1);
  });
}

void Blocker::emit(int64_t lanes) {
  for (Value buffer : group.getBuffers()) {
    if (!group.isByRows(buffer))
      continue;
    joined[buffer] = buffer;
    for (int64_t i = numRows; i < getType(buffer).getRank(); ++i)
      rowSizes[buffer].push_back(getAsOpFoldResult(getSize(buffer, i)));
    if (numRows == 1)
      continue;
    SmallVector<ReassociationIndices> dims = {
        llvm::to_vector(llvm::seq<int64_t>(0, numRows))};
    for (int64_t i = numRows; i < getType(buffer).getRank(); ++i)
      dims.push_back({i});
    joined[buffer] = b.create<memref::CollapseShapeOp>(buffer, dims);
  }
  Value one = number(1);
  Value rowSize = getRowSize(longest);
  Value step = max(one, div(number(blockElements), max(one, rowSize)));
  int64_t work = 0; // For each element.
  for (linalg::LinalgOp op : group.getOps())
    work += op.getBlock()->getOperations().size();
  work *= workPerStreamed;
  auto emitBlocks = [&](Value lower, Value upper) {
    auto loop = b.create<scf::ForOp>(lower, upper, step);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value first = loop.getInductionVar(), count = min(step, sub(upper, first));
    for (linalg::LinalgOp op : group.getOps()) {
      b.setLoc(op.getLoc());
      cloneOp(op, first, count);
    }
  };
  Value grain = emitGrain(mul(number(work), rowSize), lanes);
  emitRanges(getSize(joined[longest], 0), grain, emitBlocks);
}

struct BlockRows : impl::BlockRowsBase<BlockRows> {
  using BlockRowsBase::BlockRowsBase;

  void runOnOperation() override {
    SmallVector<Block *> blocks;
    getOperation()->walk([&](Block *block) {
      if (!isa<exec::ParallelOp, linalg::LinalgOp>(block->getParentOp()) &&
          !block->getParentOp()->getParentOfType<exec::ParallelOp>())
        blocks.push_back(block);
    });
    for (Block *block : blocks)
      for (const RowGroup &group : findRowGroups(*block)) {
        linalg::LinalgOp last = group.getOps().back();
        ImplicitLocOpBuilder b(last.getLoc(), last);
        Blocker blocker(group, b);
        if (!blocker.isWorthwhile())
          continue;
        blocker.emit(vectorBits / 32);
        for (linalg::LinalgOp op : group.getOps())
          op->erase();
      }
  }
};
} // namespace
} // namespace burin
