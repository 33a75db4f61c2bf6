//===- StrassenEmitter.cpp - Loops over products of quarters --------------===//

#include "passes/Exec/Strassen/StrassenEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Loops/IndexEmitter.h"
#include "passes/Exec/Tiles/ContractionEmitter.h"
#include "passes/Exec/Tiles/NextPanel.h"
#include "passes/Exec/Tiles/TileStore.h"

using namespace mlir;
using namespace burin;

namespace {
/// A quarter of an operand.
struct Quarter {
  int64_t lower, right; ///< Whether it is of the lower half, and of the right one.
};

/// What the left factor of a product is multiplied with.
struct RightFactor {
  Quarter quarter;
  bool takesAway = false;       ///< From the quarter, leaving the difference in a scratch:
  std::optional<Quarter> minus; ///< this one; none: what lies there.
};

constexpr Quarter b11{0, 0}, b12{0, 1}, b21{1, 0}, b22{1, 1};

/// In the order of the products.
constexpr RightFactor rightFactors[StrassenPlan::products] = {
    {b11, false, {}}, {b12, true, b11}, {b22, true, {}}, {b21, false, {}},
    {b21, true, {}},  {b22, true, b12}, {b22, false, {}}};

/// Where the left factor of a product is: in the operand, or in its sums, which lie as
/// that does: S1 and S3 in the upper half, S2 and S4 in the lower one.
struct LeftFactor {
  bool isSum;
  Quarter quarter;
};

/// In the order of the products.
constexpr LeftFactor leftFactors[StrassenPlan::products] = {
    {false, {0, 0}}, {true, {0, 0}}, {true, {1, 0}}, {false, {0, 1}},
    {false, {1, 1}}, {true, {0, 1}}, {true, {1, 1}}};

class StrassenEmitter : IndexEmitter {
public:
  StrassenEmitter(ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes, const Contraction &c,
                  const ContractionPlan &plan, const StrassenPlan &strassen);

  void emitIfWorth();

private:
  void emit();
  void enterBlock(Value inGroup);
  void emitGroup(Value first, Value count);
  Value getLeft(Value row);
  void emitSums(Value row);
  Value getOwnLeft(Quarter quarter, Value row);
  void emitTask();
  void emitProduct(int64_t product, Value from);
  void emitCall(int64_t product, Value panel, Value from, MicroKernelCall call);
  void ask(MicroKernelCall &call, int64_t product, Value panel, Value from);
  void clearTiles();
  void emitResults(Value panel);

  /// Of half a block: its rows, and their panels.
  Value getHalf() { return value(strassen.half.rows); }
  Value getCount() { return value(strassen.half.count); }
  RowPanelEmitter getPanels() { return {b, shapes, strassen.half}; }
  Value getTile(Value panel, int64_t product);
  /// Where the steps of the depth from `from` on are, of a pair of panels of columns.
  Value getQuarter(Value pair, Quarter quarter, Value from);
  Value sumUp(Value x, Value y) { return b.create<arith::AddFOp>(x, y); }

  nn::ShapeBuilder &shapes;
  const Contraction &c;
  const ContractionPlan &plan;
  const StrassenPlan &strassen;
  int64_t width, tileSize;
  VectorType vector;
  MicroKernels kernels;
  Value leftSums, leftCopy; ///< Of a group; null: rows are read where they lie.
  Value firstBlock, groupBlocks; ///< Of the group.
  // Of the block: its number in the group, its first row, and that of the bottom half.
  Value block, firstRow, bottom;
  Index batch;
  // Of the task.
  Value pair, scratch, sums;
};

StrassenEmitter::StrassenEmitter(ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                                 const Contraction &c, const ContractionPlan &plan,
                                 const StrassenPlan &strassen)
    : IndexEmitter(b, &shapes), shapes(shapes), c(c), plan(plan), strassen(strassen),
      width(plan.tile.getColumns()), tileSize(strassen.half.height * width),
      vector(VectorType::get(plan.tile.lanes, c.getType())),
      kernels(c.op->getParentOfType<ModuleOp>(), c.getType(), plan.tile,
              LhsLayout{shapes.get(strassen.pitch),
                        {{shapes.get(strassen.blockDepth), shapes.get(1)}}},
              /*accumulates=*/strassen.blockDepth < strassen.halfDepth) {}

/// Where row `row` of the left operand is.
Value StrassenEmitter::getLeft(Value row) {
  Index index = batch;
  index[c.rows[0]] = row;
  return getAddress(c.getOperand(c.lhs), index);
}

/// The same of the sums and the copy: row `row` of a half of the block.
Value StrassenEmitter::getOwnLeft(Quarter quarter, Value row) {
  Value halves = add(mul(block, number(2)), number(quarter.lower));
  return mul(add(mul(halves, getHalf()), row), number(strassen.pitch));
}

/// The sums of row `row` of both halves, and a copy of what collides.
void StrassenEmitter::emitSums(Value row) {
  Value top = getLeft(add(firstRow, row)), low = getLeft(add(add(firstRow, bottom), row));
  Value to[] = {getOwnLeft({0, 0}, row), getOwnLeft({1, 0}, row)};
  emitLoop(number(0), number(strassen.halfDepth), plan.tile.lanes, [&](Value step) {
    auto load = [&](Value start, int64_t right) -> Value {
      Value at = add(add(start, step), number(right * strassen.halfDepth));
      return b.create<vector::LoadOp>(vector, c.getOperand(c.lhs).memory, at);
    };
    auto sub = [&](Value x, Value y) -> Value { return b.create<arith::SubFOp>(x, y); };
    auto store = [&](Value memory, Quarter quarter, Value factor) {
      Value at = add(add(to[quarter.lower], step), number(quarter.right * strassen.halfDepth));
      b.create<vector::StoreOp>(factor, memory, at);
    };
    Value a11 = load(top, 0), a12 = load(top, 1), a21 = load(low, 0), a22 = load(low, 1);
    Value s1 = sumUp(a21, a22), s2 = sub(s1, a11);
    store(leftSums, {0, 0}, s1);
    store(leftSums, {1, 0}, s2);
    store(leftSums, {0, 1}, sub(a11, a21));
    store(leftSums, {1, 1}, sub(a12, s2));
    if (!leftCopy)
      return;
    store(leftCopy, {0, 0}, a11);
    store(leftCopy, {0, 1}, a12);
    store(leftCopy, {1, 1}, a22);
  });
}

Value StrassenEmitter::getQuarter(Value pair, Quarter quarter, Value from) {
  Value panel = add(pair, number(quarter.right * strassen.halfPanels));
  Value step = add(mul(panel, number(2 * strassen.halfDepth)),
                   add(from, number(quarter.lower * strassen.halfDepth)));
  return mul(step, number(width));
}

/// Tiles of a panel lie side by side.
Value StrassenEmitter::getTile(Value panel, int64_t product) {
  return mul(add(mul(panel, number(StrassenPlan::products)), number(product)),
             number(tileSize));
}

/// Kernels that multiply with what is stored ask for what is multiplied with after it: all
/// quarters of the next steps, or of the next pair's first ones.
void StrassenEmitter::ask(MicroKernelCall &call, int64_t product, Value panel, Value from) {
  constexpr int64_t asking = 3, quarters = 4; // Products; of 0, 3 and 6.
  Value calls = max(div(mul(getCount(), number(asking)), number(quarters)), number(1));
  NextPanel next(b, width, calls);
  auto [quarter, part] = split(add(mul(number(product / asking), getCount()), panel), calls);
  auto [right, lower] = split(min(quarter, number(quarters - 1)), number(2));
  auto [wraps, step] = split(add(from, number(strassen.blockDepth)), number(strassen.halfDepth));
  // The next block has the same columns.
  Value leaves = mul(wraps, div(add(block, number(1)), groupBlocks));
  Value ahead = rem(add(pair, leaves), number(strassen.halfPanels));
  Value start = add(mul(add(ahead, mul(right, number(strassen.halfPanels))),
                        number(2 * strassen.halfDepth)),
                    add(step, mul(lower, number(strassen.halfDepth))));
  call.next = next.getPart(mul(start, number(width)), number(strassen.blockDepth), part);
  call.nextStep = next.getPerStep();
  int64_t fewest = llvm::divideCeil(strassen.leastRows / 2, plan.tile.rows);
  int64_t least = std::max<int64_t>(fewest * asking / quarters, 1);
  call.linesAhead = getLinesAhead(c.getType(), width, getConstantIntValue(calls).value_or(least));
}

/// `call` for panel number `panel`, whose columns it has.
void StrassenEmitter::emitCall(int64_t product, Value panel, Value from, MicroKernelCall call) {
  auto [isSum, quarter] = leftFactors[product];
  Value own = isSum ? leftSums : leftCopy;
  call.a = own ? own : c.getOperand(c.lhs).memory, call.tile = sums;
  call.tileStart = getTile(panel, product);
  auto [first, rows] = getPanels().getRows(panel);
  Value row = add(add(firstRow, first), quarter.lower ? bottom : number(0));
  Value start = own ? getOwnLeft(quarter, first) : getLeft(row);
  call.aStart = add(add(start, from), number(quarter.right * strassen.halfDepth));
  getPanels().emit(rows, [&](Value, int64_t count) {
    kernels.emitCall(b, shapes, call, count, width);
  });
}

/// The steps from `from` on of product number `product`, for all rows.
void StrassenEmitter::emitProduct(int64_t product, Value from) {
  const RightFactor &factor = rightFactors[product];
  MicroKernelCall stored{}, left{};
  stored.b = plan.rhs, stored.bStart = getQuarter(pair, factor.quarter, from);
  left.b = scratch, left.bStart = number(0);
  if (factor.takesAway) {
    stored.minus = factor.minus ? plan.rhs : scratch;
    stored.minusStart = factor.minus ? getQuarter(pair, *factor.minus, from) : number(0);
    stored.difference = scratch, stored.differenceStart = number(0);
    emitCall(product, number(0), from, stored);
  }
  emitLoop(number(factor.takesAway), getCount(), 1, [&](Value panel) {
    if (factor.takesAway)
      return emitCall(product, panel, from, left);
    if (plan.asksForNext)
      ask(stored, product, panel, from);
    emitCall(product, panel, from, stored);
    if (product + 1 < StrassenPlan::products)
      return;
    Value last = number(strassen.halfDepth - strassen.blockDepth);
    emitIf(isEqual(from, last), [&] { emitResults(panel); });
  });
}

void StrassenEmitter::clearTiles() {
  Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(vector));
  emitLoop(number(0), getTile(getCount(), 0), plan.tile.lanes,
           [&](Value place) { b.create<vector::StoreOp>(zero, sums, place); });
}

/// The quarters' tiles of a panel take the place of the first four products'.
void StrassenEmitter::emitResults(Value panel) {
  emitLoop(number(0), number(tileSize), plan.tile.lanes, [&](Value place) {
    Value p[StrassenPlan::products];
    auto getPlace = [&](int64_t product) { return add(getTile(panel, product), place); };
    for (auto [product, sum] : llvm::enumerate(p))
      sum = b.create<vector::LoadOp>(vector, sums, getPlace(product));
    Value u2 = sumUp(p[0], p[2]), u3 = sumUp(u2, p[5]);
    Value quarters[] = {sumUp(p[0], p[3]), sumUp(sumUp(u2, p[1]), p[6]),
                        sumUp(u3, p[4]), sumUp(u3, p[1])};
    for (auto [product, sum] : llvm::enumerate(quarters))
      b.create<vector::StoreOp>(sum, sums, getPlace(product));
  });
  Value first, rows;
  std::tie(first, rows) = getPanels().getRows(panel);
  emitLoop(number(0), number(4), 1, [&](Value quarter) {
    auto [lower, right] = split(quarter, number(2));
    // Rows that are in both halves are stored with the lower one.
    Value inTop = sub(max(bottom, first), first);
    Value limit = add(min(inTop, rows), mul(lower, rows));
    TilePlace place{batch, add(add(firstRow, first), mul(lower, bottom)), min(limit, rows),
                    mul(add(pair, mul(right, number(strassen.halfPanels))), number(width)),
                    number(width)};
    Value start = add(getTile(panel, 0), mul(quarter, number(tileSize)));
    emitTileStore(b, shapes, c, plan.tile, place, sums, start);
  });
}

/// A panel of columns in either half against all rows of the block.
void StrassenEmitter::emitTask() {
  if (strassen.blockDepth == strassen.halfDepth) {
    for (int64_t product = 0; product < StrassenPlan::products; ++product)
      emitProduct(product, number(0));
  } else {
    clearTiles();
    emitLoop(number(0), number(strassen.halfDepth), strassen.blockDepth, [&](Value from) {
      for (int64_t product = 0; product < StrassenPlan::products; ++product)
        emitProduct(product, from);
    });
  }
}

/// Sets what is known of block number `inGroup` of the group. All have the same number of
/// rows, or one less.
void StrassenEmitter::enterBlock(Value inGroup) {
  block = inGroup;
  Value inBatch = value(strassen.blocks);
  auto [flat, part] = split(add(firstBlock, block), inBatch);
  batch.assign(c.nest.getNumLoops(), Value());
  split(flat, c.batch, c.nest, batch);
  Value rows = value(c.nest.sizes[c.rows[0]]);
  firstRow = div(mul(part, rows), inBatch);
  Value end = div(mul(add(part, number(1)), rows), inBatch);
  bottom = sub(sub(end, firstRow), getHalf());
}

/// `count` blocks from `first` on, which share the columns that a task has.
void StrassenEmitter::emitGroup(Value first, Value count) {
  firstBlock = first, groupBlocks = count;
  int64_t moved = 2 * (2 * strassen.halfDepth) * workPerMoved;
  emitRange(mul(count, getHalf()), getGrain(moved, plan.tile.lanes), [&](Value i) {
    auto [inGroup, row] = split(i, getHalf());
    enterBlock(inGroup);
    emitSums(row);
  });
  emitRange(mul(number(strassen.halfPanels), count), number(1), [&](Value task) {
    Value inGroup;
    std::tie(pair, inGroup) = split(task, count);
    enterBlock(inGroup);
    sums = createStackBuffer(b, strassen.mostPanels * StrassenPlan::products * tileSize,
                             c.getType());
    scratch = createStackBuffer(b, strassen.blockDepth * width, c.getType());
    emitTask();
  });
}

void StrassenEmitter::emit() {
  Value blocks = mul(value(c.getSize(shapes, c.batch)), value(strassen.blocks));
  Value inGroup = min(blocks, number(strassen.mostBlocks));
  Value elements = mul(mul(inGroup, getHalf()), number(2 * strassen.pitch));
  leftSums = createBuffer(b, elements, c.getType());
  if (plan.pitch)
    leftCopy = createBuffer(b, elements, c.getType());
  if (std::optional<int64_t> known = getConstantIntValue(blocks);
      known && *known <= strassen.mostBlocks)
    return emitGroup(number(0), blocks);
  emitLoop(number(0), blocks, strassen.mostBlocks, [&](Value first) {
    emitGroup(first, min(sub(blocks, first), number(strassen.mostBlocks)));
  });
}

void StrassenEmitter::emitIfWorth() {
  OpFoldResult rows = plan.rows.rows;
  OpFoldResult inAll = shapes.mul(rows, c.getSize(shapes, c.batch));
  if (nn::getStatic(inAll)) // It was planned for these.
    return emit();
  Value areMany = isAtMost(number(strassen.leastRows), value(rows));
  Value fit = isAtMost(value(inAll), number(strassen.mostInAll));
  emitIf(b.create<arith::AndIOp>(areMany, fit), [&] { emit(); },
         [&] { emitContraction(b, shapes, c, plan); });
}
} // namespace

void burin::emitStrassen(ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                         const Contraction &c, const ContractionPlan &plan,
                         const StrassenPlan &strassen) {
  StrassenEmitter(b, shapes, c, plan, strassen).emitIfWorth();
}
