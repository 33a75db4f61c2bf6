//===- StrassenPlan.cpp - Seven products instead of eight -----------------===//

#include "passes/Exec/Strassen/StrassenPlan.h"
#include "dialects/Exec/Exec.h"
#include "passes/Exec/Loops/IndexEmitter.h"

using namespace mlir;
using namespace burin;

/// Of fewer steps and columns models gain nothing, though lone products do, and two
/// threads do not share the columns well.
static constexpr int64_t fewestRows = 64, fewestSteps = 192, fewestPanels = tasksOfRows;
/// Of so many rows and more, whose number is not known, halves overlap by few.
static constexpr int64_t fewestUnknown = 96;
/// Vectors of less have not been measured.
static constexpr int64_t leastLanes = 8;
/// Steps of a block: two of the right operand's and what is taken from them stay in the
/// second-level cache. With 384 ViT-B/16 takes 1.01 of the time on a Zen 5.
static constexpr int64_t mostSteps = 512;
/// Panels of rows in half a block: their sums stay in the second-level cache.
static constexpr int64_t mostPanels = 12;
/// Bytes of the left operand's sums that tasks of different columns find in a cache.
static constexpr int64_t mostSums = 4 << 20;
/// Bytes of rows and results that are likely to be in a cache. Others come from memory once
/// more: that is worth it with so many multiplications for each, not for 2048 x 768 x 768.
static constexpr int64_t mostCached = 8 << 20, leastIntensity = 700;

/// Whether the operands are matrices of f32, the right one packed, in memory that all
/// threads see.
static bool areMatrices(const Contraction &c, const ContractionPlan &plan) {
  return c.getType().isF32() && plan.rhs && plan.right.batch.empty() &&
         cast<MemRefType>(plan.rhs.getType()).getElementType().isF32() && plan.readsLhs &&
         c.rows.size() == 1 && c.depth.size() == 1 && !c.pool &&
         !c.op->getParentOfType<exec::ParallelOp>();
}

/// Rows of all batches that may come from a cache, or come from memory with so many
/// multiplications that it does not matter.
static int64_t getMostInAll(int64_t depth, int64_t columns) {
  if (depth * columns / (depth + columns) >= leastIntensity)
    return std::numeric_limits<int64_t>::max();
  return mostCached / (int64_t(sizeof(float)) * (depth + columns));
}

/// Blocks of `rows` rows, equal but for one row. Halves overlap by a few where heights of
/// panels that are not known would else be too many.
static void planBlocks(StrassenPlan &plan, OpFoldResult rows, const Tile &tile,
                       nn::ShapeBuilder &shapes) {
  int64_t most = mostPanels * tile.rows;
  plan.blocks = shapes.ceilDiv(rows, shapes.get(2 * most));
  OpFoldResult half = shapes.ceilDiv(shapes.ceilDiv(rows, plan.blocks), shapes.get(2));
  plan.half = planRowPanels(shapes, half, tile.rows);
  makeEqual(plan.half, shapes);
  plan.mostPanels = nn::getStatic(plan.half.count).value_or(mostPanels);
  int64_t bytes =
      2 * nn::getStatic(half).value_or(most) * plan.pitch * int64_t(sizeof(float));
  plan.mostBlocks = std::max<int64_t>(1, mostSums / bytes);
}

std::optional<StrassenPlan> burin::planStrassen(const Contraction &c,
                                                const ContractionPlan &plan,
                                                nn::ShapeBuilder &shapes) {
  std::optional<int64_t> depth = nn::getStatic(plan.depth);
  std::optional<int64_t> columns = nn::getStatic(plan.columns);
  const Tile &tile = plan.tile;
  if (!areMatrices(c, plan) || tile.lanes < leastLanes || !depth || !columns ||
      *depth % (2 * tile.lanes) != 0 || *columns % (2 * tile.getColumns()) != 0)
    return std::nullopt;
  StrassenPlan strassen;
  strassen.halfDepth = *depth / 2;
  strassen.halfPanels = *columns / tile.getColumns() / 2;
  int64_t blocks = llvm::divideCeil(strassen.halfDepth, mostSteps);
  while (strassen.halfDepth % blocks != 0)
    ++blocks;
  strassen.blockDepth = strassen.halfDepth / blocks;
  if (strassen.blockDepth < fewestSteps || strassen.halfPanels < fewestPanels)
    return std::nullopt;
  strassen.pitch = plan.pitch;
  if (!plan.pitch)
    strassen.pitch = *nn::getStatic(c.getOperand(c.lhs).coefficients[c.rows[0]]);
  std::optional<int64_t> rows = nn::getStatic(plan.rows.rows);
  OpFoldResult inAll = shapes.mul(plan.rows.rows, c.getSize(shapes, c.batch));
  strassen.leastRows = rows ? fewestRows : fewestUnknown;
  strassen.mostInAll = getMostInAll(*depth, *columns);
  if (rows.value_or(fewestRows) < fewestRows ||
      nn::getStatic(inAll).value_or(0) > strassen.mostInAll)
    return std::nullopt;
  planBlocks(strassen, plan.rows.rows, tile, shapes);
  return strassen;
}
