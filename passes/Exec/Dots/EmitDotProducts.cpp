//===- EmitDotProducts.cpp - Products of bytes ----------------------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Dots/DotProduct.h"
#include "passes/Exec/Dots/ExactProducts.h"
#include "passes/Exec/Dots/RowCopy.h"
#include "passes/Exec/Loops/IndexEmitter.h"
#include "passes/Exec/Passes.h"
#include "passes/Exec/Tiles/DotKernel.h"
#include "passes/Exec/Tiles/NextPanel.h"
#include "passes/Exec/Tiles/Packing.h"
#include "passes/Exec/Vectors.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_EMITDOTPRODUCTS
#include "passes/Exec/Passes.h.inc"

namespace {
/// Of what stays in the second-level cache while all of the other factor goes by: the
/// rows that a thread copies at a time, or the weights.
constexpr int64_t residentBytes = secondLevelCache / 2;
/// Row tiles of one task at most: a panel of columns is read from the nearest cache
/// for all of them.
constexpr int64_t tilesPerChunk = 8;
/// Panels of columns of one task: the rows are copied once for all of them.
constexpr int64_t panelsPerGroup = 8;

class DotProductEmitter : IndexEmitter {
public:
  DotProductEmitter(DotProduct product, ImplicitLocOpBuilder &b,
                    nn::ShapeBuilder &shapes, const Cpu &cpu,
                    const DotInstruction &instruction)
      : IndexEmitter(b, &shapes), c(std::move(product)), instruction(instruction),
        columns(*nn::getStatic(c.nest.sizes[c.column])), copy(b, c, instruction, cpu),
        stages(b, c, c.column, cpu.getLanes()) {
    prepare(shapes, cpu);
  }

  void emit();

private:
  void prepare(nn::ShapeBuilder &shapes, const Cpu &cpu);
  bool shouldCopyFirst() const;
  void planTasks();
  void copyRows();
  void emitTask(Value task);
  void emitPanel(Value panel, Value first, Value count, Value flat, bool isLast);
  void emitCall(ArrayRef<std::pair<int64_t, func::FuncOp>> choices, Value left,
                ValueRange operands);
  Index getIndex(Value flat, Value row);
  void emitRow(Value panel, Index index, Value inTile, bool isLast);

  DotProduct c;
  DotInstruction instruction;
  int64_t columns;
  RowCopy copy;
  StageEmitter stages;
  Tile tile;
  /// By the rows they have; the last has those of a whole tile.
  SmallVector<std::pair<int64_t, func::FuncOp>> kernels;
  int64_t panels, groups, mostTiles, leastTiles;
  int64_t linesAhead = 0;
  std::optional<int64_t> knownCalls; ///< For the tiles of a chunk.
  bool columnsOutside;
  bool copiesFirst; ///< All rows, for all tasks.
  std::optional<int64_t> knownRows;
  bool isImage = false;  ///< Whether a batch is one: a part of the rows' loops.
  Value batches, rows;   ///< Their numbers; rows are of one batch,
  Value tiles, chunks;   ///< and what those are cut into.
  Value weights, lhs, sums;
  Value lhsStart; ///< Of the chunk, in the copy.
};

/// The tile with the least work for so many columns.
Tile chooseTile(Tile tile, int64_t columns) {
  auto cost = [&](int64_t vectors) {
    constexpr int64_t perStep = 2; // What a step costs beside the instructions.
    return llvm::divideCeil(columns, vectors * tile.lanes) *
           (tile.rows * vectors + perStep);
  };
  int64_t best = tile.vectors;
  for (int64_t vectors = tile.vectors - 1; vectors > 0; --vectors)
    if (cost(vectors) < cost(best))
      best = vectors;
  tile.vectors = best;
  return tile;
}

/// What `count` is known to be a multiple of: the rows of one image of an unknown number.
int64_t getFactor(Value count) {
  if (auto product = count.getDefiningOp<arith::MulIOp>())
    return getFactor(product.getLhs()) * getFactor(product.getRhs());
  return getConstantIntValue(count).value_or(1);
}

void DotProductEmitter::prepare(nn::ShapeBuilder &shapes, const Cpu &cpu) {
  constexpr int64_t leastPerImage = 128;
  OpFoldResult total = c.getSize(shapes, c.rows);
  rows = value(total);
  batches = value(c.getSize(shapes, c.batch));
  knownRows = nn::getStatic(total);
  // Images that are not counted are batches which share the weights, if each has rows
  // enough for tiles to be planned for these.
  if (int64_t perImage = getFactor(rows);
      !knownRows && c.batch.empty() && perImage >= leastPerImage) {
    batches = div(rows, number(perImage));
    rows = number(perImage);
    knownRows = perImage;
    isImage = true;
  }
  tile = chooseTile(getDotTile(cpu), columns);
  if (knownRows)
    tile.rows = std::clamp<int64_t>(*knownRows, 1, tile.rows);
  panels = llvm::divideCeil(columns, tile.getColumns());
  planTasks();
  auto module = c.op->getParentOfType<ModuleOp>();
  SmallVector<int64_t> counts = {1, 2, 4}; // Of the rows that may be left.
  if (knownRows)
    counts = {*knownRows % tile.rows};
  counts.push_back(tile.rows);
  for (int64_t count : counts)
    if (count > 0)
      kernels.push_back({count, getDotKernel(module, instruction,
                                             Tile{count, tile.vectors, tile.lanes},
                                             count > fewRows ? linesAhead : 0)});
}

/// Whether rows are copied before all panels. Else each task copies its own for a
/// group of panels, all of which must stay near for the next chunk of rows. Windows
/// make a copy larger than what they move over; threads wait for each other once more.
bool DotProductEmitter::shouldCopyFirst() const {
  constexpr int64_t mostOfWindows = 1 << 20, leastWork = 1 << 20;
  int64_t least = getFactor(rows);
  if (!columnsOutside || (!knownRows && least == 1))
    return columnsOutside && copy.isOneRun();
  int64_t bytes = least * copy.getRowBytes();
  return (copy.isOneRun() || bytes <= mostOfWindows) &&
         bytes / 4 * columns >= leastWork * tile.lanes;
}

/// Into how many chunks of rows and groups of panels the work is cut, each as equal
/// to the others as can be: two threads have half of it each.
void DotProductEmitter::planTasks() {
  int64_t depth = copy.getRowBytes() / 4;
  // Then chunks of rows go by one group of panels before the next, or by one panel if
  // their copy is there; the tiles of a chunk ask for the next panel while they multiply
  // with this one.
  columnsOutside = panels * copy.getRowBytes() * tile.getColumns() > residentBytes;
  copiesFirst = shouldCopyFirst();
  groups = copiesFirst ? panels : llvm::divideCeil(panels, panelsPerGroup);
  if (columnsOutside && !copiesFirst && panels > 1)
    groups = llvm::alignTo(groups, 2);
  mostTiles = std::max<int64_t>(residentBytes / (tile.rows * copy.getRowBytes()), 1);
  if (!copiesFirst)
    mostTiles = std::min(mostTiles, tilesPerChunk);
  if (knownRows)
    mostTiles = std::clamp<int64_t>(llvm::divideCeil(*knownRows, tile.rows), 1, mostTiles);
  leastTiles = std::min(mostTiles, getGrain(tile.rows * depth * tile.getColumns() *
                                                llvm::divideCeil(panels, groups),
                                            tile.lanes));
  tiles = ceilDiv(rows, number(tile.rows));
  int64_t others = groups;
  for (unsigned d : c.batch)
    others *= std::max<int64_t>(1, nn::getStatic(c.nest.sizes[d]).value_or(1));
  Value wanted = ceilDiv(tiles, number(llvm::divideCeil(tasksOfRows, others)));
  Value size = min(max(wanted, number(leastTiles)), number(mostTiles));
  chunks = ceilDiv(tiles, size);
  // An even number where they then still have work enough.
  if (!copiesFirst || (panels % 2 != 0 && panels < 2 * tasksOfRows)) {
    Value even = add(chunks, rem(chunks, number(2)));
    chunks = max(chunks, min(even, div(tiles, number(leastTiles))));
  }
  if (auto known = getConstantIntValue(chunks); known && *known > 0)
    knownCalls = std::max<int64_t>(1, *getConstantIntValue(tiles) / *known);
  if (columnsOutside)
    linesAhead = getLinesAhead(b.getI32Type(), tile.getColumns(), knownCalls);
}

void DotProductEmitter::emit() {
  weights = packWeights(b, c, instruction, tile.getColumns());
  if (copiesFirst)
    copyRows();
  int64_t groupColumns = tile.getColumns() * (copiesFirst ? 1 : panelsPerGroup);
  int64_t work = mostTiles * tile.rows * (copy.getRowBytes() / 4) *
                 std::min(columns, groupColumns);
  Value tasks = mul(batches, mul(chunks, number(groups)));
  emitRange(tasks, getGrain(work, tile.lanes), [&](Value task) { emitTask(task); });
}

/// The rows of all batches as groups of factors.
void DotProductEmitter::copyRows() {
  Value total = mul(batches, rows), there = total;
  if (!knownRows) // Kernels may read more rows than are left.
    there = add(there, number(tile.rows));
  Value buffer = burin::createBuffer(b, mul(there, number(copy.getRowBytes())), b.getI8Type());
  int64_t work = copy.getRowBytes() / 4 * workPerMoved;
  emitRange(total, getGrain(work, tile.lanes), [&](Value i) {
    auto [flat, row] = split(i, rows);
    Index index = getIndex(flat, row);
    copy.emit(getAddress(c.nest.accesses[c.lhs], index), buffer, i);
  });
  lhs = copy.createGroupView(buffer);
}

/// Some panels of columns of a chunk of rows of one batch.
void DotProductEmitter::emitTask(Value task) {
  Value rest, chunk, group, flat;
  if (columnsOutside && !copiesFirst) {
    std::tie(rest, chunk) = split(task, chunks);
    std::tie(flat, group) = split(rest, number(groups));
  } else {
    std::tie(rest, group) = split(task, number(groups));
    std::tie(flat, chunk) = split(rest, chunks);
  }
  if (c.batch.empty() && !isImage)
    flat = number(0);
  sums = createStackBuffer(b, tile.rows * tile.getColumns(), b.getI32Type());
  auto getFirst = [&](Value chunk) {
    return mul(div(mul(chunk, tiles), chunks), number(tile.rows));
  };
  Value first = getFirst(chunk);
  Value count = sub(min(getFirst(add(chunk, number(1))), rows), first);
  if (copiesFirst) {
    lhsStart = mul(add(mul(flat, rows), first), number(copy.getRowBytes() / 4));
  } else {
    Value buffer = copy.createBuffer(mostTiles * tile.rows);
    emitLoop(number(0), count, 1, [&](Value r) {
      Index index = getIndex(flat, add(first, r));
      copy.emit(getAddress(c.nest.accesses[c.lhs], index), buffer, r);
    });
    lhs = copy.createGroupView(buffer);
    lhsStart = number(0);
  }
  auto getPanel = [&](Value group) {
    return groups == panels ? group : div(mul(group, number(panels)), number(groups));
  };
  Value lower = getPanel(group), upper = getPanel(add(group, number(1)));
  bool hasPart = columns % tile.getColumns() != 0;
  emitLoop(lower, upper, 1, [&](Value panel) {
    auto emitThis = [&](bool isLast) {
      emitPanel(panel, first, count, flat, isLast);
    };
    if (!hasPart)
      return emitThis(/*isLast=*/false);
    emitIf(isEqual(panel, number(panels - 1)), [&] { emitThis(/*isLast=*/true); },
           [&] { emitThis(/*isLast=*/false); });
  });
}

/// The smallest of `choices` that has as many rows as are left.
void DotProductEmitter::emitCall(ArrayRef<std::pair<int64_t, func::FuncOp>> choices,
                                 Value left, ValueRange operands) {
  auto [count, kernel] = choices.front();
  auto emitFirst = [&, kernel = kernel] { b.create<func::CallOp>(kernel, operands); };
  if (choices.size() == 1)
    return emitFirst();
  emitIf(isAtMost(left, number(count)), emitFirst,
         [&] { emitCall(choices.drop_front(), left, operands); });
}

/// All row tiles of the chunk, `count` rows from `first`, against one panel of batch
/// number `flat`.
void DotProductEmitter::emitPanel(Value panel, Value first, Value count, Value flat,
                                  bool isLast) {
  int64_t groups = copy.getRowBytes() / 4;
  auto getStart = [&](Value panel) {
    Value before = c.batch.empty() ? number(0) : mul(flat, number(panels));
    return mul(add(before, panel), number((groups + 1) * tile.getColumns()));
  };
  Value start = getStart(panel);
  Value nextStart = getStart(min(add(panel, number(1)), number(panels - 1)));
  Value wholeTiles = max(div(count, number(tile.rows)), number(1));
  NextPanel next(b, tile.getColumns(), knownCalls ? number(*knownCalls) : wholeTiles);
  emitLoop(number(0), ceilDiv(count, number(tile.rows)), 1, [&](Value i) {
    Value firstInChunk = mul(i, number(tile.rows));
    Value left = min(sub(count, firstInChunk), number(tile.rows));
    SmallVector<Value> operands = {
        lhs, add(lhsStart, mul(firstInChunk, number(groups))), number(groups), weights, start, sums,
        number(groups), next.getPart(nextStart, number(groups), i), next.getPerStep()};
    emitCall(kernels, left, operands);
    emitLoop(number(0), left, 1, [&](Value r) {
      emitRow(panel, getIndex(flat, add(add(first, firstInChunk), r)), r, isLast);
    });
  });
}

/// Where row `row` of batch number `flat` is.
DotProductEmitter::Index DotProductEmitter::getIndex(Value flat, Value row) {
  Index index(c.nest.getNumLoops());
  split(flat, c.batch, c.nest, index);
  split(isImage ? add(mul(flat, rows), row) : row, c.rows, c.nest, index);
  return index;
}

/// What becomes of the sums of one row of the tile.
void DotProductEmitter::emitRow(Value panel, Index index, Value inTile, bool isLast) {
  index[c.column] = mul(panel, number(tile.getColumns()));
  SmallVector<Value> at = getAddresses(c.nest, c.getSums(), index);
  int64_t count = isLast ? columns % tile.getColumns() : tile.getColumns();
  for (int64_t v = 0; v * tile.lanes < count; ++v) {
    auto type = VectorType::get(tile.lanes, b.getI32Type());
    Value place = add(mul(inTile, number(tile.getColumns())), number(v * tile.lanes));
    Value value = b.create<vector::BitCastOp>(
        VectorType::get(tile.lanes, getSumType(b, instruction)),
        b.create<vector::LoadOp>(type, sums, place));
    Value mask;
    if (int64_t left = count - v * tile.lanes; left < tile.lanes)
      mask = createMask(b, tile.lanes, number(left));
    StageEmitter::Place to{at, v * tile.lanes, mask};
    stages.store(stages.evaluate(value, to), to);
  }
}

struct EmitDotProducts : impl::EmitDotProductsBase<EmitDotProducts> {
  using EmitDotProductsBase::EmitDotProductsBase;

  void runOnOperation() override {
    Cpu cpu{vectorBits, registers};
    DotInstruction instruction{intrinsic, group, isUnsigned, isFloat};
    llvm::DenseSet<Operation *> exact;
    if (isFloat)
      exact = findExactProducts(getOperation(), instruction);
    auto isWanted = [&](linalg::LinalgOp op) {
      return !exact.contains(op) && sumsProducts(op, instruction);
    };
    replaceFused(getOperation(), isWanted,
                 [&](linalg::LinalgOp op, const Fusion &fused,
                     ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes) {
                   std::optional<DotProduct> product =
                       matchDotProduct(op, fused, shapes, instruction);
                   if (product)
                     DotProductEmitter(std::move(*product), b, shapes, cpu, instruction)
                         .emit();
                   return product.has_value();
                 });
  }
};
} // namespace
} // namespace burin
