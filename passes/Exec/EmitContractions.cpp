//===- EmitContractions.cpp - Matrix products and convolutions ------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Tiles/Packing.h"
#include "passes/Exec/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_EMITCONTRACTIONS
#include "passes/Exec/Passes.h.inc"

namespace {
/// Depth of a panel that is packed on a thread's stack: 384 x 32 floats are
/// 48 KiB, which stays in the second-level cache beside a panel of rows.
constexpr int64_t depthBlock = 384;
/// Row panels of one task where several share a panel of columns.
constexpr int64_t rowsPerChunk = 8;
/// Multiplications worth a thread's while.
constexpr int64_t workPerTask = 1 << 16;

class ContractionEmitter {
public:
  ContractionEmitter(Contraction contraction, ImplicitLocOpBuilder &b,
                     nn::ShapeBuilder &shapes, const Cpu &cpu)
      : c(std::move(contraction)), b(b), shapes(shapes),
        tile(getTile(cpu, c.getType())),
        kernel(getMicroKernel(c.op->getParentOfType<ModuleOp>(), tile, c.getType())),
        packedType(MemRefType::get({ShapedType::kDynamic}, c.getType())),
        mayRunInParallel(!c.op->getParentOfType<exec::ParallelOp>()) {}

  void emit();

private:
  using Index = SmallVector<Value>;

  Value number(int64_t value) { return b.create<arith::ConstantIndexOp>(value); }
  Value add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(x, y); }
  Value mul(Value x, Value y) { return b.createOrFold<arith::MulIOp>(x, y); }
  OpFoldResult getProduct(ArrayRef<unsigned> loops) {
    Shape sizes;
    for (unsigned d : loops)
      sizes.push_back(c.nest.sizes[d]);
    return shapes.product(sizes);
  }
  using Shape = nn::Shape;

  void emitRange(OpFoldResult count, int64_t workEach, function_ref<void(Value)>);
  Index splitBatch(Value flat, ArrayRef<unsigned> loops);
  Value joinBatch(const Index &index, ArrayRef<unsigned> loops);
  Value packAll(const PanelLayout &layout, OpFoldResult panels);
  void emitTask(Value task);
  void emitDepthBlock(const Index &batch, Value panel, Value lower, Value upper);
  void emitRowPanels(const Index &batch, Value rhs, Value rhsStart, Value lower,
                     Value stepDepth, Value outStart);
  int64_t guess(ArrayRef<unsigned> loops) {
    return nn::getStatic(getProduct(loops)).value_or(64);
  }

  Contraction c;
  ImplicitLocOpBuilder &b;
  nn::ShapeBuilder &shapes;
  Tile tile;
  func::FuncOp kernel;
  MemRefType packedType;
  bool mayRunInParallel;
  PanelLayout left, right;
  OpFoldResult depth, innerDepth, rows, columns, rowPanels, columnPanels;
  Value lhs;                ///< Packed whole.
  Value rhs;                ///< Packed whole, or null: block by block.
  Value scratch;            ///< Where blocks of rhs are packed, per thread.
  int64_t blockSize = 0;    ///< Of the first depth loop.
  OpFoldResult rowChunks;   ///< Parts that the row panels are cut into.
  Value columnsLeft, rowLower, rowUpper; ///< Of the task being emitted.
};

/// `body` for 0..count, on all threads.
void ContractionEmitter::emitRange(OpFoldResult count, int64_t workEach,
                                   function_ref<void(Value)> body) {
  OpBuilder::InsertionGuard guard(b);
  nn::ShapeBuilder::Scope scope(shapes);
  Value lower = number(0), upper = shapes.getValue(count), one = number(1);
  if (mayRunInParallel) {
    int64_t grain = std::max<int64_t>(1, workPerTask / std::max<int64_t>(1, workEach));
    auto parallel = b.create<exec::ParallelOp>(upper, grain);
    b.setInsertionPointToStart(&parallel.getBody().front());
    lower = parallel.getLower(), upper = parallel.getUpper();
    one = number(1);
  }
  auto loop = b.create<scf::ForOp>(lower, upper, one);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

/// One index per loop of the nest; only those of `loops` are there.
ContractionEmitter::Index
ContractionEmitter::splitBatch(Value flat, ArrayRef<unsigned> loops) {
  Index index(c.nest.getNumLoops());
  for (size_t k = loops.size(); k-- > 0;) {
    Value size = shapes.getValue(c.nest.sizes[loops[k]]);
    index[loops[k]] =
        k == 0 ? flat : b.create<arith::RemUIOp>(flat, size).getResult();
    if (k > 0)
      flat = b.create<arith::DivUIOp>(flat, size);
  }
  return index;
}

Value ContractionEmitter::joinBatch(const Index &index,
                                    ArrayRef<unsigned> loops) {
  Value flat = number(0);
  for (unsigned d : loops)
    flat = add(mul(flat, shapes.getValue(c.nest.sizes[d])), index[d]);
  return flat;
}

/// All panels of an operand, packed at run time into a buffer of their own.
Value ContractionEmitter::packAll(const PanelLayout &layout,
                                  OpFoldResult panels) {
  OpFoldResult batches = getProduct(layout.batch);
  OpFoldResult total = shapes.mul(shapes.mul(batches, panels),
                                  shapes.mul(depth, shapes.get(layout.width)));
  std::optional<int64_t> known = nn::getStatic(total);
  auto type = MemRefType::get({known.value_or(ShapedType::kDynamic)}, c.getType());
  Value buffer = b.create<memref::AllocOp>(
      type, known ? SmallVector<Value>() : SmallVector<Value>{shapes.getValue(total)});
  Value packed = known ? b.create<memref::CastOp>(packedType, buffer).getResult() : buffer;
  int64_t work = layout.width * guess(c.depth) * 4;
  emitRange(shapes.mul(batches, panels), work, [&](Value i) {
    Value count = shapes.getValue(panels);
    Value panel = i, batch = number(0);
    if (!layout.batch.empty()) {
      panel = b.create<arith::RemUIOp>(i, count);
      batch = b.create<arith::DivUIOp>(i, count);
    }
    Value start = mul(i, mul(shapes.getValue(depth), number(layout.width)));
    emitPackPanel(b, shapes, c, layout, splitBatch(batch, layout.batch), panel,
                  number(0), shapes.getValue(c.nest.sizes[c.depth[0]]), packed,
                  start, tile.lanes);
  });
  return packed;
}

/// Row panels [rowLower, rowUpper) against one panel of columns, for the steps of
/// depth from `lower` of the first depth loop.
void ContractionEmitter::emitRowPanels(const Index &batch, Value rhsBlock,
                                       Value rhsStart, Value lower,
                                       Value stepDepth, Value outStart) {
  Value panelBase =
      mul(joinBatch(batch, left.batch), shapes.getValue(rowPanels));
  Value depthStart = mul(lower, shapes.getValue(innerDepth));
  Value whole = shapes.getValue(depth);
  Value total = shapes.getValue(rows);
  Value stride = shapes.getValue(c.getOutput().coefficients[c.rows[0]]);
  Value out = c.getOutput().memory;
  if (out.getType() != kernel.getArgumentTypes()[4])
    out = b.create<memref::CastOp>(kernel.getArgumentTypes()[4], out);
  auto loop = b.create<scf::ForOp>(rowLower, rowUpper, number(1));
  OpBuilder::InsertionGuard guard(b);
  nn::ShapeBuilder::Scope scope(shapes);
  b.setInsertionPointToStart(loop.getBody());
  Value i = loop.getInductionVar();
  Value first = mul(i, number(tile.rows));
  Value count = b.create<arith::MinUIOp>(
      b.create<arith::SubIOp>(total, first), number(tile.rows));
  Value lhsStart = mul(add(mul(add(panelBase, i), whole), depthStart),
                       number(tile.rows));
  b.create<func::CallOp>(
      kernel, ValueRange{lhs, lhsStart, rhsBlock, rhsStart, out,
                         add(outStart, mul(first, stride)), stride, stepDepth,
                         count, columnsLeft});
}

void ContractionEmitter::emitDepthBlock(const Index &batch, Value panel,
                                        Value lower, Value upper) {
  Value inner = shapes.getValue(innerDepth);
  Value stepDepth = mul(b.createOrFold<arith::SubIOp>(upper, lower), inner);
  Value outStart = mul(panel, number(tile.getColumns()));
  for (unsigned d : c.batch)
    outStart = add(outStart,
                   mul(batch[d], shapes.getValue(c.getOutput().coefficients[d])));
  Value block = rhs, start;
  if (rhs) {
    Value index = add(mul(joinBatch(batch, right.batch),
                          shapes.getValue(columnPanels)),
                      panel);
    start = mul(add(mul(index, shapes.getValue(depth)), mul(lower, inner)),
                number(tile.getColumns()));
  } else {
    block = scratch;
    start = number(0);
    emitPackPanel(b, shapes, c, right, batch, panel, lower, upper, scratch,
                  start, tile.lanes);
  }
  emitRowPanels(batch, block, start, lower, stepDepth, outStart);
}

/// One panel of columns of one batch, against some row panels.
void ContractionEmitter::emitTask(Value task) {
  Value chunks = shapes.getValue(rowChunks);
  Value chunk = number(0);
  if (nn::getStatic(rowChunks) != 1) {
    chunk = b.create<arith::RemUIOp>(task, chunks);
    task = b.create<arith::DivUIOp>(task, chunks);
  }
  Value panels = shapes.getValue(columnPanels), panel = task;
  Value flatBatch = number(0);
  if (!c.batch.empty()) {
    panel = b.create<arith::RemUIOp>(task, panels);
    flatBatch = b.create<arith::DivUIOp>(task, panels);
  }
  Index batch = splitBatch(flatBatch, c.batch);
  Value first = mul(panel, number(tile.getColumns()));
  columnsLeft = b.create<arith::MinUIOp>(
      b.create<arith::SubIOp>(shapes.getValue(columns), first),
      number(tile.getColumns()));
  Value panelsLeft = shapes.getValue(rowPanels);
  rowLower = mul(chunk, number(rowsPerChunk));
  rowUpper = nn::getStatic(rowChunks) == 1
                 ? panelsLeft
                 : b.create<arith::MinUIOp>(add(rowLower, number(rowsPerChunk)),
                                            panelsLeft).getResult();
  Value size = shapes.getValue(c.nest.sizes[c.depth[0]]);
  if (std::optional<int64_t> known = nn::getStatic(c.nest.sizes[c.depth[0]]);
      known && *known <= blockSize)
    return emitDepthBlock(batch, panel, number(0), size);
  auto loop = b.create<scf::ForOp>(number(0), size, number(blockSize));
  OpBuilder::InsertionGuard guard(b);
  nn::ShapeBuilder::Scope scope(shapes);
  b.setInsertionPointToStart(loop.getBody());
  Value lower = loop.getInductionVar();
  Value upper = b.create<arith::MinUIOp>(add(lower, number(blockSize)), size);
  emitDepthBlock(batch, panel, lower, upper);
}

void ContractionEmitter::emit() {
  depth = getProduct(c.depth);
  innerDepth = getProduct(ArrayRef(c.depth).drop_front());
  rows = getProduct(c.rows);
  columns = getProduct(c.columns);
  rowPanels = shapes.ceilDiv(rows, shapes.get(tile.rows));
  columnPanels = shapes.ceilDiv(columns, shapes.get(tile.getColumns()));
  left = getPanelLayout(c, /*isLhs=*/true, tile);
  right = getPanelLayout(c, /*isLhs=*/false, tile);
  lhs = packConstant(b, c, left);
  if (!lhs)
    lhs = packAll(left, rowPanels);
  rhs = packConstant(b, c, right);
  std::optional<int64_t> inner = nn::getStatic(innerDepth);
  blockSize = std::max<int64_t>(1, depthBlock / inner.value_or(1));
  std::optional<int64_t> knownPanels = nn::getStatic(columnPanels);
  bool fewColumns = knownPanels && *knownPanels < 8 && c.batch.empty();
  if (!rhs && (fewColumns || !inner || *inner > 4 * depthBlock))
    rhs = packAll(right, columnPanels);
  // Where there are few panels of columns, threads share those of rows as well.
  rowChunks = shapes.get(1);
  if (rhs)
    rowChunks = shapes.ceilDiv(rowPanels, shapes.get(rowsPerChunk));
  int64_t work = guess(c.depth) * guess(c.rows) * tile.getColumns();
  OpFoldResult tasks = shapes.mul(getProduct(c.batch), columnPanels);
  emitRange(shapes.mul(tasks, rowChunks), work, [&](Value task) {
    if (!rhs) {
      int64_t elements = blockSize * *inner * tile.getColumns();
      scratch = b.create<memref::CastOp>(
          packedType, createStackBuffer(b, MemRefType::get({elements}, c.getType())));
    }
    emitTask(task);
  });
}

struct EmitContractions : impl::EmitContractionsBase<EmitContractions> {
  using EmitContractionsBase::EmitContractionsBase;

  void runOnOperation() override {
    Cpu cpu{vectorBits, registers};
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp op : ops) {
      ImplicitLocOpBuilder b(op.getLoc(), op);
      nn::ShapeBuilder shapes(b);
      shapes.setLoc(op.getLoc());
      std::optional<Contraction> contraction = matchContraction(op, shapes);
      if (!contraction) {
        ++numLeft;
        continue;
      }
      ContractionEmitter(*contraction, b, shapes, cpu).emit();
      op->erase();
      ++numEmitted;
    }
  }
};
} // namespace
} // namespace burin
