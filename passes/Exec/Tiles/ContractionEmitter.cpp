//===- ContractionEmitter.cpp - Loops over tiles of sums ------------------===//

#include "passes/Exec/Tiles/ContractionEmitter.h"
#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Loops/IndexEmitter.h"
#include "passes/Exec/Tiles/NextPanel.h"
#include "passes/Exec/Tiles/OperandCopy.h"
#include "passes/Exec/Tiles/TileStore.h"

using namespace mlir;
using namespace burin;

namespace {
class ContractionEmitter : IndexEmitter {
public:
  ContractionEmitter(const Contraction &c, ContractionPlan plan,
                     ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes)
      : IndexEmitter(b, &shapes), c(c), plan(std::move(plan)), shapes(shapes),
        lhs(this->plan.lhs), rhs(this->plan.rhs) {}

  void emit();

private:
  Value joinBatch(const Index &index, ArrayRef<unsigned> loops);
  Value packAll(const PanelLayout &layout, OpFoldResult panels);
  Value createTile(int64_t elements);
  void emitTask(Value task);
  void emitDepthBlocks(function_ref<void(Value lower, Value upper, OpFoldResult size)>);
  void emitPositions(function_ref<void()> body);
  void takeColumns(Value lower, Value upper, OpFoldResult size);
  void emitKernels(Value lower);
  void emitKernel(Value lhsStart, Value firstRow, int64_t rows);
  void emitKernel(const MicroKernelCall &call, Value firstRow, int64_t rows,
                  int64_t columns);
  TilePlace getPlace() {
    return {batch, firstRow, rowsLeft, firstColumn, columnsLeft};
  }
  std::optional<int64_t> getKnownCalls() const;
  void emitStore();
  void clearTiles();

  const Contraction &c;
  ContractionPlan plan;
  nn::ShapeBuilder &shapes;
  Value lhs, rhs; ///< Packed whole, or where it lies (rhs: null).

  // Of the task that is being emitted.
  Value sums, scratch; ///< Tiles; a panel of columns.
  Index batch;
  Value panel, firstColumn, columnsLeft, lowerPosition, upperPosition;
  Value rhsBlock, rhsStart, nextStart, steps;
  std::optional<MicroKernels> kernels;
  std::optional<NextPanel> next;
  // Of the position in it.
  Value rowPanel, rowsLeft, tileStart, numberInTask;
  Value firstRow; ///< Of the outer loop of rows.
};

Value ContractionEmitter::joinBatch(const Index &index,
                                    ArrayRef<unsigned> loops) {
  Value flat = number(0);
  for (unsigned d : loops)
    flat = add(mul(flat, value(c.nest.sizes[d])), index[d]);
  return flat;
}

/// All panels of an operand, packed at run time into a buffer of their own.
Value ContractionEmitter::packAll(const PanelLayout &layout,
                                  OpFoldResult panels) {
  OpFoldResult batches = c.getSize(shapes, layout.batch);
  OpFoldResult total = shapes.mul(shapes.mul(batches, panels),
                                  shapes.mul(plan.depth, shapes.get(layout.width)));
  Value packed = createBuffer(b, value(total), c.getType());
  Value work = mul(value(plan.depth), number(layout.width * workPerStreamed));
  Value grain = emitGrain(work, plan.tile.lanes);
  emitRange(value(shapes.mul(batches, panels)), grain, [&](Value i) {
    Value panel = i, batch = number(0);
    if (!layout.batch.empty())
      std::tie(batch, panel) = split(i, value(panels));
    Value start = mul(i, mul(value(plan.depth), number(layout.width)));
    Index index(c.nest.getNumLoops());
    split(batch, layout.batch, c.nest, index);
    emitPackPanel(b, shapes, c, layout, index, panel, number(0),
                  value(c.nest.sizes[c.depth[0]]), packed, start, plan.tile.lanes);
  });
  return packed;
}

Value ContractionEmitter::createTile(int64_t elements) {
  return createStackBuffer(b, elements, c.getType());
}

/// Those of a task that ask for the next panel.
std::optional<int64_t> ContractionEmitter::getKnownCalls() const {
  if (!nn::getStatic(plan.positions))
    return std::nullopt;
  bool isLastSmall = nn::getStatic(plan.chunks) == 1 && plan.rows.tail > 0 && plan.rows.tail <= fewRows;
  return std::max<int64_t>(plan.chunk - isLastSmall, 1);
}

/// The kernel for `rows` rows of the panel from `row` on.
void ContractionEmitter::emitKernel(Value lhsStart, Value row, int64_t rows) {
  const Tile &tile = plan.tile;
  Value start = add(lhsStart, mul(row, value(kernels->getLayout().rowStride)));
  MicroKernelCall call{lhs, start, rhsBlock, rhsStart, sums, Value()};
  if (sums)
    call.tileStart = add(tileStart, mul(row, number(tile.getColumns())));
  if (plan.asksForNext && rows > fewRows) {
    call.linesAhead =
        getLinesAhead(cast<MemRefType>(rhs.getType()).getElementType(),
                      tile.getColumns(), getKnownCalls());
    call.next = next->getPart(nextStart, steps, numberInTask);
    call.nextStep = next->getPerStep();
  }
  // The last columns may need a part of the tile only.
  int64_t columns = nn::getStatic(plan.columns).value_or(0), width = tile.getColumns();
  int64_t rest = tile.roundUp(columns % width);
  if (rest == 0 || rest == width)
    return emitKernel(call, row, rows, width);
  if (columns < width)
    return emitKernel(call, row, rows, rest);
  emitIf(isAtMost(columnsLeft, number(rest)),
         [&] { emitKernel(call, row, rows, rest); },
         [&] { emitKernel(call, row, rows, width); });
}

/// One whose sums stay in registers is emitted in place, with what becomes of them.
void ContractionEmitter::emitKernel(const MicroKernelCall &call, Value row,
                                    int64_t rows, int64_t columns) {
  if (!plan.staysInRegisters)
    return kernels->emitCall(b, shapes, call, rows, columns);
  TilePlace place = getPlace();
  place.firstRow = add(firstRow, row);
  SmallVector<Value> results = kernels->emitInPlace(b, shapes, call, rows, columns);
  emitSumsStore(b, shapes, c, plan.tile, place, results, columns);
}

/// All rows of the position, from `lower` of the first depth loop on.
void ContractionEmitter::emitKernels(Value lower) {
  Value start;
  if (plan.pitch) {
    Value rows = mul(joinBatch(batch, plan.left.batch), value(plan.rows.rows));
    start = add(mul(add(rows, firstRow), number(plan.pitch)), lower);
  } else if (plan.readsLhs) {
    const LinearAccess &access = c.getOperand(c.lhs);
    Index index = batch;
    index[c.rows[0]] = firstRow, index[c.depth[0]] = lower;
    start = getAddress(access, index);
  } else {
    Value index = add(mul(joinBatch(batch, plan.left.batch), value(plan.rows.count)), rowPanel);
    start = mul(add(mul(index, value(plan.depth)), mul(lower, value(plan.innerDepth))),
                number(plan.rows.height));
  }
  RowPanelEmitter(b, shapes, plan.rows).emit(rowsLeft, [&](Value row, int64_t rows) {
    emitKernel(start, row, rows);
  });
}

void ContractionEmitter::emitStore() {
  emitTileStore(b, shapes, c, plan.tile, getPlace(), sums, tileStart);
}

/// `body` for each position of the task.
void ContractionEmitter::emitPositions(function_ref<void()> body) {
  emitLoop(lowerPosition, upperPosition, 1, [&](Value position) {
    ArrayRef<unsigned> around = ArrayRef(plan.inner).take_front(plan.numAround);
    ArrayRef<unsigned> within = ArrayRef(plan.inner).drop_front(plan.numAround);
    auto [rest, inner] = split(position, value(c.getSize(shapes, within)));
    split(inner, within, c.nest, batch);
    std::tie(rest, rowPanel) = split(rest, value(plan.rows.count));
    split(rest, around, c.nest, batch);
    std::tie(firstRow, rowsLeft) = RowPanelEmitter(b, shapes, plan.rows).getRows(rowPanel);
    if (c.rows.size() > 1)
      firstRow = mul(rowPanel, number(plan.rows.height / c.getRun()));
    numberInTask = sub(position, lowerPosition);
    tileStart = number(0);
    if (plan.staysInTiles()) // One for each.
      tileStart = mul(numberInTask, number(plan.rows.height * plan.tile.getColumns()));
    body();
  });
}

/// The panel's columns for the steps of the first depth loop in [lower, upper),
/// which are `size`, and kernels for them.
void ContractionEmitter::takeColumns(Value lower, Value upper, OpFoldResult size) {
  if (rhs) {
    int64_t width = plan.tile.getColumns();
    Value index = add(mul(joinBatch(batch, plan.right.batch), value(plan.columnPanels)), panel);
    rhsBlock = rhs;
    rhsStart = mul(add(mul(index, value(plan.depth)), mul(lower, value(plan.innerDepth))),
                   number(width));
    if (plan.asksForNext) {
      steps = mul(value(size), value(plan.innerDepth));
      Value block = mul(steps, number(width));
      Value end = mul(value(shapes.mul(plan.columnPanels, plan.depth)), number(width));
      // After the last block it is asked for itself, which is there.
      nextStart = min(add(rhsStart, block), sub(end, block));
    }
  } else {
    rhsBlock = scratch;
    rhsStart = number(0);
    emitPackPanel(b, shapes, c, plan.right, batch, panel, lower, upper, scratch,
                  rhsStart, plan.tile.lanes);
  }
  kernels.emplace(c.op->getParentOfType<ModuleOp>(), c.getType(), plan.tile,
                  getLhsLayout(shapes, c, plan, size),
                  /*accumulates=*/plan.staysInTiles());
}

/// `body` for each block of the depth.
void ContractionEmitter::emitDepthBlocks(
    function_ref<void(Value lower, Value upper, OpFoldResult size)> body) {
  OpFoldResult size = c.nest.sizes[c.depth[0]];
  if (plan.blockSize == 0)
    return body(number(0), value(size), size);
  std::optional<int64_t> known = nn::getStatic(size);
  emitLoop(number(0), value(size), plan.blockSize, [&](Value lower) {
    Value upper = add(lower, number(plan.blockSize));
    if (known && *known % plan.blockSize == 0)
      return body(lower, upper, shapes.get(plan.blockSize));
    upper = min(upper, value(size));
    body(lower, upper, sub(upper, lower));
  });
}

void ContractionEmitter::clearTiles() {
  int64_t elements = plan.chunk * plan.rows.height * plan.tile.getColumns();
  auto type = VectorType::get(plan.tile.lanes, c.getType());
  Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(type));
  emitLoop(number(0), number(elements), plan.tile.lanes,
           [&](Value place) { b.create<vector::StoreOp>(zero, sums, place); });
}

/// One panel of columns against some positions.
void ContractionEmitter::emitTask(Value task) {
  Value rest, chunk, flatBatch;
  if (plan.columnsOutside) {
    std::tie(panel, chunk) = split(task, value(plan.chunks));
    flatBatch = number(0);
  } else {
    std::tie(rest, panel) = split(task, value(plan.columnPanels));
    std::tie(flatBatch, chunk) = split(rest, value(plan.chunks));
  }
  batch.assign(c.nest.getNumLoops(), Value());
  split(flatBatch, plan.outer, c.nest, batch);
  int64_t width = plan.tile.getColumns();
  firstColumn = mul(panel, number(width));
  columnsLeft = min(sub(value(plan.columns), firstColumn), number(width));
  lowerPosition = number(0);
  upperPosition = value(plan.positions);
  if (nn::getStatic(plan.chunks) != 1) { // Of equal size, as far as possible.
    auto getFirst = [&](Value chunk) {
      return div(mul(chunk, value(plan.positions)), value(plan.chunks));
    };
    lowerPosition = getFirst(chunk);
    upperPosition = getFirst(add(chunk, number(1)));
  }
  if (plan.asksForNext) {
    std::optional<int64_t> calls = getKnownCalls();
    // The last position may be too small to ask.
    Value mayAsk = max(sub(sub(upperPosition, lowerPosition), number(1)), number(1));
    next.emplace(b, width, calls ? number(*calls) : mayAsk);
  }
  if (plan.staysInTiles())
    clearTiles();
  emitDepthBlocks([&](Value lower, Value upper, OpFoldResult size) {
    takeColumns(lower, upper, size);
    emitPositions([&] {
      emitKernels(lower);
      if (!plan.staysInTiles() && !plan.staysInRegisters)
        emitStore();
    });
  });
  if (plan.staysInTiles())
    emitPositions([&] { emitStore(); });
}

void ContractionEmitter::emit() {
  if (plan.pitch)
    lhs = copyRows(b, shapes, c, plan);
  else if (plan.readsLhs)
    lhs = c.getOperand(c.lhs).memory;
  else if (!lhs)
    lhs = packAll(plan.left, plan.rows.count);
  if (plan.packsRhs)
    rhs = packAll(plan.right, plan.columnPanels);
  int64_t width = plan.tile.getColumns(), height = plan.rows.height;
  OpFoldResult each = plan.positions;
  if (plan.chunk)
    each = shapes.min(each, shapes.get(plan.chunk));
  OpFoldResult tasks =
      shapes.product({c.getSize(shapes, plan.outer), plan.columnPanels, plan.chunks});
  Value work = mul(mul(value(plan.depth), value(each)), number(height * width));
  Value grain = emitGrain(work, plan.tile.lanes);
  emitRange(value(tasks), grain, [&](Value task) {
    if (!plan.staysInRegisters)
      sums = createTile((plan.staysInTiles() ? plan.chunk : 1) * height * width);
    if (!rhs) {
      int64_t steps = plan.blockSize ? plan.blockSize * *nn::getStatic(plan.innerDepth)
                                     : *nn::getStatic(plan.depth);
      scratch = createTile(steps * width);
    }
    emitTask(task);
  });
}
} // namespace

void burin::emitContraction(ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                            Contraction c, ContractionPlan plan) {
  if (plan.pixelPitch)
    c.nest.accesses[c.lhs] = copyPixels(b, shapes, c, plan);
  ContractionEmitter(c, std::move(plan), b, shapes).emit();
}
