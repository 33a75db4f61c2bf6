//===- EmitContractions.cpp - Matrix products and convolutions ------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Passes.h"
#include "passes/Exec/Tiles/ContractionPlan.h"
#include "passes/Exec/Tiles/TileStore.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_EMITCONTRACTIONS
#include "passes/Exec/Passes.h.inc"

namespace {
/// Row panels of one task.
constexpr int64_t rowsPerChunk = 8;
/// Multiplications worth a thread's while.
constexpr int64_t workPerTask = 1 << 16;

class ContractionEmitter {
public:
  ContractionEmitter(const Contraction &c, ContractionPlan plan,
                     ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes)
      : c(c), plan(std::move(plan)), b(b), shapes(shapes), lhs(this->plan.lhs),
        rhs(this->plan.rhs),
        packedType(MemRefType::get({ShapedType::kDynamic}, c.getType())),
        mayRunInParallel(!c.op->getParentOfType<exec::ParallelOp>()) {}

  void emit();

private:
  using Index = SmallVector<Value>;

  Value number(int64_t value) { return b.create<arith::ConstantIndexOp>(value); }
  Value add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(x, y); }
  Value sub(Value x, Value y) { return b.createOrFold<arith::SubIOp>(x, y); }
  Value mul(Value x, Value y) { return b.createOrFold<arith::MulIOp>(x, y); }
  Value min(Value x, Value y) { return b.createOrFold<arith::MinUIOp>(x, y); }
  Value value(OpFoldResult size) { return shapes.getValue(size); }
  int64_t guess(ArrayRef<unsigned> loops) {
    return nn::getStatic(c.getSize(shapes, loops)).value_or(64);
  }
  std::pair<Value, Value> split(Value flat, OpFoldResult inner);

  void emitRange(OpFoldResult count, int64_t workEach, function_ref<void(Value)>);
  Index splitBatch(Value flat, ArrayRef<unsigned> loops);
  Value joinBatch(const Index &index, ArrayRef<unsigned> loops);
  Value packAll(const PanelLayout &layout, OpFoldResult panels);
  Value createBuffer(int64_t elements);
  void emitTask(Value task);
  void emitDepthBlock(Value lower, Value upper, OpFoldResult size);
  void emitRowPanel(Value panel, Value lower);
  void emitKernels(Value lhsStart, Value left);
  void emitKernel(Value lhsStart, int64_t firstRow, int64_t rows);

  const Contraction &c;
  ContractionPlan plan;
  ImplicitLocOpBuilder &b;
  nn::ShapeBuilder &shapes;
  Value lhs, rhs; ///< Packed whole, or where it lies (rhs: null).
  MemRefType packedType;
  bool mayRunInParallel;
  OpFoldResult rowChunks; ///< Parts that the row panels are cut into.

  // Of the task that is being emitted.
  Value sums, scratch; ///< A tile; a panel of columns.
  Index batch;
  Value panel, firstColumn, columnsLeft, rowLower, rowUpper;
  Value rhsBlock, rhsStart;
  std::optional<MicroKernels> kernels;
};

/// `body` for 0..count, on all threads.
void ContractionEmitter::emitRange(OpFoldResult count, int64_t workEach,
                                   function_ref<void(Value)> body) {
  OpBuilder::InsertionGuard guard(b);
  nn::ShapeBuilder::Scope scope(shapes);
  Value lower = number(0), upper = value(count), one = number(1);
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
    Value size = value(c.nest.sizes[loops[k]]);
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
  OpFoldResult batches = c.getSize(shapes, layout.batch);
  OpFoldResult total = shapes.mul(shapes.mul(batches, panels),
                                  shapes.mul(plan.depth, shapes.get(layout.width)));
  std::optional<int64_t> known = nn::getStatic(total);
  auto type = MemRefType::get({known.value_or(ShapedType::kDynamic)}, c.getType());
  Value buffer = b.create<memref::AllocOp>(
      type, known ? SmallVector<Value>() : SmallVector<Value>{value(total)});
  Value packed = known ? b.create<memref::CastOp>(packedType, buffer).getResult() : buffer;
  int64_t work = layout.width * guess(c.depth) * 4;
  emitRange(shapes.mul(batches, panels), work, [&](Value i) {
    Value count = value(panels);
    Value panel = i, batch = number(0);
    if (!layout.batch.empty()) {
      panel = b.create<arith::RemUIOp>(i, count);
      batch = b.create<arith::DivUIOp>(i, count);
    }
    Value start = mul(i, mul(value(plan.depth), number(layout.width)));
    emitPackPanel(b, shapes, c, layout, splitBatch(batch, layout.batch), panel,
                  number(0), value(c.nest.sizes[c.depth[0]]), packed,
                  start, plan.tile.lanes);
  });
  return packed;
}

/// `flat` / inner and `flat` % inner.
std::pair<Value, Value> ContractionEmitter::split(Value flat, OpFoldResult inner) {
  if (nn::getStatic(inner) == 1)
    return {flat, number(0)};
  return {b.create<arith::DivUIOp>(flat, value(inner)),
          b.create<arith::RemUIOp>(flat, value(inner))};
}

Value ContractionEmitter::createBuffer(int64_t elements) {
  auto type = MemRefType::get({elements}, c.getType());
  return b.create<memref::CastOp>(packedType, createStackBuffer(b, type));
}

void ContractionEmitter::emitKernel(Value lhsStart, int64_t firstRow, int64_t rows) {
  const Tile &tile = plan.tile;
  Value row = number(firstRow);
  Value start = add(lhsStart, mul(row, value(kernels->getLayout().rowStride)));
  MicroKernelCall call{lhs, start, rhsBlock, rhsStart, sums,
                       mul(row, number(tile.getColumns()))};
  // The last columns may need half of the vectors only.
  std::optional<int64_t> columns = nn::getStatic(plan.columns);
  int64_t rest = columns ? *columns % tile.getColumns() : 0;
  if (rest == 0 || rest > tile.lanes)
    return kernels->emitCall(b, shapes, call, rows, tile.vectors);
  Value few = b.create<arith::CmpIOp>(arith::CmpIPredicate::ule, columnsLeft,
                                      number(tile.lanes));
  auto choice = b.create<scf::IfOp>(few, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  kernels->emitCall(b, shapes, call, rows, 1);
  b.setInsertionPointToStart(choice.elseBlock());
  kernels->emitCall(b, shapes, call, rows, tile.vectors);
}

/// All rows of a panel of which `left` are there. A number that is not known is
/// made up of powers of two.
void ContractionEmitter::emitKernels(Value lhsStart, Value left) {
  auto choose = [&](Value condition, function_ref<void()> then, function_ref<void()> otherwise) {
    auto choice = b.create<scf::IfOp>(condition, bool(otherwise));
    OpBuilder::InsertionGuard guard(b);
    nn::ShapeBuilder::Scope scope(shapes);
    b.setInsertionPointToStart(choice.thenBlock());
    then();
    if (!otherwise)
      return;
    b.setInsertionPointToStart(choice.elseBlock());
    otherwise();
  };
  auto whole = [&] { emitKernel(lhsStart, 0, plan.height); };
  bool isKnown = nn::getStatic(plan.rows).has_value();
  if (isKnown && plan.tail == 0)
    return whole();
  Value isWhole = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, left,
                                          number(plan.height));
  choose(isWhole, whole, [&] {
    if (isKnown)
      return emitKernel(lhsStart, 0, plan.tail);
    // Where the part of size `part` starts: after the larger ones.
    for (int64_t part = llvm::bit_floor<uint64_t>(plan.height - 1); part > 0; part /= 2) {
      Value bits = b.create<arith::AndIOp>(left, number(part));
      Value isThere = b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, bits, number(0));
      choose(isThere, [&] {
        Value above = b.create<arith::AndIOp>(left, number(-2 * part));
        Value start = add(lhsStart, mul(above, value(kernels->getLayout().rowStride)));
        MicroKernelCall call{lhs, start, rhsBlock, rhsStart, sums,
                             mul(above, number(plan.tile.getColumns()))};
        kernels->emitCall(b, shapes, call, part, plan.tile.vectors);
      }, nullptr);
    }
  });
}

/// Panel number `i` of the rows against the block of columns, from `lower` of the
/// first depth loop on.
void ContractionEmitter::emitRowPanel(Value i, Value lower) {
  Value firstRow = mul(i, number(plan.height));
  Value left = min(sub(value(plan.rows), firstRow), number(plan.height));
  Value lhsStart;
  if (plan.readsLhs) {
    const LinearAccess &access = c.getOperand(c.lhs);
    lhsStart = mul(firstRow, value(access.coefficients[c.rows[0]]));
    for (unsigned d : c.batch)
      lhsStart = add(lhsStart, mul(batch[d], value(access.coefficients[d])));
    lhsStart = add(lhsStart, mul(lower, value(access.coefficients[c.depth[0]])));
  } else {
    Value index = add(mul(joinBatch(batch, plan.left.batch), value(plan.rowPanels)), i);
    lhsStart = mul(add(mul(index, value(plan.depth)), mul(lower, value(plan.innerDepth))),
                   number(plan.height));
  }
  emitKernels(lhsStart, left);
  emitTileStore(b, shapes, c, plan.tile, {sums, batch, firstRow, left, firstColumn, columnsLeft});
}

/// Row panels [rowLower, rowUpper) against one panel of columns, for the steps of
/// the first depth loop in [lower, upper), which are `size`.
void ContractionEmitter::emitDepthBlock(Value lower, Value upper, OpFoldResult size) {
  if (rhs) {
    Value index = add(mul(joinBatch(batch, plan.right.batch), value(plan.columnPanels)), panel);
    rhsBlock = rhs;
    rhsStart = mul(add(mul(index, value(plan.depth)), mul(lower, value(plan.innerDepth))),
                   number(plan.tile.getColumns()));
  } else {
    rhsBlock = scratch;
    rhsStart = number(0);
    emitPackPanel(b, shapes, c, plan.right, batch, panel, lower, upper, scratch,
                  rhsStart, plan.tile.lanes);
  }
  kernels.emplace(c.op->getParentOfType<ModuleOp>(), c.getType(), plan.tile,
                  getLhsLayout(shapes, c, plan, size));
  auto loop = b.create<scf::ForOp>(rowLower, rowUpper, number(1));
  OpBuilder::InsertionGuard guard(b);
  nn::ShapeBuilder::Scope scope(shapes);
  b.setInsertionPointToStart(loop.getBody());
  emitRowPanel(loop.getInductionVar(), lower);
}

/// One panel of columns of one batch, against some row panels.
void ContractionEmitter::emitTask(Value task) {
  OpFoldResult batches = c.getSize(shapes, c.batch);
  Value position;
  if (plan.columnsOutside)
    std::tie(panel, position) = split(task, shapes.mul(batches, rowChunks));
  else
    std::tie(position, panel) = split(task, plan.columnPanels);
  auto [flatBatch, chunk] = split(position, rowChunks);
  batch = splitBatch(flatBatch, c.batch);
  int64_t width = plan.tile.getColumns();
  firstColumn = mul(panel, number(width));
  columnsLeft = min(sub(value(plan.columns), firstColumn), number(width));
  rowLower = mul(chunk, number(rowsPerChunk));
  rowUpper = value(plan.rowPanels);
  if (nn::getStatic(rowChunks) != 1)
    rowUpper = min(add(rowLower, number(rowsPerChunk)), rowUpper);
  OpFoldResult size = c.nest.sizes[c.depth[0]];
  if (plan.isWhole())
    return emitDepthBlock(number(0), value(size), size);
  auto loop = b.create<scf::ForOp>(number(0), value(size), number(plan.blockSize));
  OpBuilder::InsertionGuard guard(b);
  nn::ShapeBuilder::Scope scope(shapes);
  b.setInsertionPointToStart(loop.getBody());
  Value lower = loop.getInductionVar();
  Value upper = min(add(lower, number(plan.blockSize)), value(size));
  emitDepthBlock(lower, upper, sub(upper, lower));
}

void ContractionEmitter::emit() {
  if (plan.readsLhs)
    lhs = c.getOperand(c.lhs).memory;
  else if (!lhs)
    lhs = packAll(plan.left, plan.rowPanels);
  if (plan.packsRhs)
    rhs = packAll(plan.right, plan.columnPanels);
  // What a task packs serves all rows.
  rowChunks = rhs ? shapes.ceilDiv(plan.rowPanels, shapes.get(rowsPerChunk)) : shapes.get(1);
  int64_t width = plan.tile.getColumns();
  int64_t taskRows = rhs ? std::min(guess(c.rows), rowsPerChunk * plan.height) : guess(c.rows);
  OpFoldResult tasks = shapes.mul(
      shapes.mul(c.getSize(shapes, c.batch), plan.columnPanels), rowChunks);
  emitRange(tasks, guess(c.depth) * taskRows * width, [&](Value task) {
    sums = createBuffer(plan.height * width);
    if (!rhs) {
      int64_t steps = plan.isWhole() ? *nn::getStatic(plan.depth)
                                     : plan.blockSize * *nn::getStatic(plan.innerDepth);
      scratch = createBuffer(steps * width);
    }
    emitTask(task);
  });
}

/// Emits `op` with what `fused` says around it; none of it where that does not fit.
bool emitContraction(linalg::LinalgOp op, const Fusion &fused, const Cpu &cpu) {
  Operation *place = fused.finish ? fused.finish : op;
  ImplicitLocOpBuilder b(op.getLoc(), place);
  nn::ShapeBuilder shapes(b);
  shapes.setLoc(op.getLoc());
  std::optional<Contraction> c = matchContraction(op, fused, shapes);
  if (!c)
    return false;
  ContractionPlan plan = planContraction(b, shapes, *c, cpu);
  if (!plan.isWhole() && (fused.start || fused.finish))
    return false;
  ContractionEmitter(*c, std::move(plan), b, shapes).emit();
  for (linalg::LinalgOp done : {fused.finish, op, fused.start})
    if (done)
      done->erase();
  return true;
}

struct EmitContractions : impl::EmitContractionsBase<EmitContractions> {
  using EmitContractionsBase::EmitContractionsBase;

  void runOnOperation() override {
    Cpu cpu{vectorBits, registers};
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (isSumOfProducts(op))
        ops.push_back(op);
    });
    for (linalg::LinalgOp op : ops) {
      Fusion fusion = findFusion(op);
      // Less and less of it; what is no contraction at all is left.
      SmallVector<Fusion> choices{fusion};
      if (fusion.finish)
        choices.push_back({fusion.start, {}, 0});
      if (fusion.start)
        choices.push_back({});
      (void)llvm::any_of(choices, [&](const Fusion &choice) {
        return emitContraction(op, choice, cpu);
      });
    }
  }
};
} // namespace
} // namespace burin
