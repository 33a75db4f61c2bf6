//===- ContractionPlan.cpp - How a contraction is cut into tiles ----------===//

#include "passes/Exec/Tiles/ContractionPlan.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/Exec/Loops/IndexEmitter.h"
#include "passes/Exec/Tiles/OperandCopy.h"
#include <numeric>

using namespace mlir;
using namespace burin;

/// Depth up to which a panel is packed at once on a thread's stack: with 32 floats
/// each these are half a megabyte, which the second-level cache holds.
static constexpr int64_t maxDepthAtOnce = 4096;
/// Depth of the blocks where it is more, or unknown.
static constexpr int64_t depthBlock = 384;
/// Constants up to this many bytes stay in the second-level cache while rows go by.
static constexpr int64_t maxResident = secondLevelCache / 4 * 3;
/// Bytes of a packed panel that positions share: beside the left operand they stay
/// in the second-level cache even where two threads share it.
static constexpr int64_t maxPanel = maxResident / 2;
/// Constants of more bytes are asked for ahead, a panel at a time: a run of the model later
/// they come from far away again. The 1x1 convolutions of MobileNetV2 take 0.92 to 0.99 of
/// the time on a Zen 5.
static constexpr int64_t fewestAhead = 2 * page;
/// Positions of a task: their tiles stay in the first-level cache.
static constexpr int64_t maxChunk = 12;

/// Whether rows `stride` elements apart drive each other out of the nearest cache:
/// multiples of a page do.
static bool collide(int64_t stride, const ContractionPlan &plan, const Contraction &c) {
  constexpr int64_t ways = 8;
  int64_t bytes = stride * c.getType().getIntOrFloatBitWidth() / 8;
  int64_t places = page / std::gcd(page, std::max(bytes, cacheLine));
  return int64_t(llvm::divideCeil(plan.rows.height, places)) > ways;
}

/// Whether the kernel can read rows of the left operand as they are. Those that
/// collide it reads in a copy, where they are a line further apart.
static void planLhs(ContractionPlan &plan, const Contraction &c) {
  const LinearAccess &access = c.getOperand(c.lhs);
  std::optional<int64_t> stride = nn::getStatic(access.coefficients[c.rows.back()]);
  plan.readsLhs = !plan.lhs && stride && c.isPlain(c.lhs) &&
                  access.getElementType() == c.getType() &&
                  nn::getStatic(access.coefficients[c.depth.back()]) == 1;
  std::optional<int64_t> panels = nn::getStatic(plan.columnPanels);
  if (!plan.readsLhs || !collide(*stride, plan, c) || (panels && *panels <= 2))
    return;
  int64_t line = 8 * cacheLine / c.getType().getIntOrFloatBitWidth();
  if (c.depth.size() > 1) {
    if (!hasPixels(c, plan.tile.lanes))
      return;
    int64_t size = *nn::getStatic(c.nest.sizes[c.depth.back()]);
    if (!collide(*stride / size * (size + line), plan, c))
      plan.pixelPitch = size + line;
    return;
  }
  std::optional<int64_t> depth = nn::getStatic(plan.depth);
  plan.readsLhs = depth && *depth >= plan.tile.lanes && c.rows.size() == 1;
  if (!plan.readsLhs)
    return;
  plan.pitch = llvm::alignTo(*depth, line);
  if (collide(plan.pitch, plan, c))
    plan.pitch += line;
}

static void planRhs(ContractionPlan &plan, const Contraction &c) {
  std::optional<int64_t> depth = nn::getStatic(plan.depth);
  std::optional<int64_t> inner = nn::getStatic(plan.innerDepth);
  std::optional<int64_t> panels = nn::getStatic(plan.columnPanels);
  if (!plan.rhs) {
    bool fewColumns = panels && *panels < 8 && c.batch.empty();
    plan.packsRhs = fewColumns || !inner || *inner > maxDepthAtOnce;
    if (!plan.packsRhs && (!depth || *depth > maxDepthAtOnce))
      plan.blockSize = std::max<int64_t>(1, depthBlock / *inner);
    return;
  }
  // Weights of 8 or 16 bits are packed as they are.
  Type stored = cast<MemRefType>(plan.rhs.getType()).getElementType();
  int64_t bytes = stored.getIntOrFloatBitWidth() / 8;
  int64_t stepBytes = *inner * plan.tile.getColumns() * bytes;
  int64_t all = *panels * *depth * plan.tile.getColumns() * bytes;
  plan.columnsOutside = plan.right.batch.empty() && all > maxResident;
  plan.asksForNext =
      plan.right.batch.empty() && all > fewestAhead && plan.rows.height > fewRows;
  int64_t size = *depth / *inner, blocks = llvm::divideCeil(size * stepBytes, maxPanel);
  if (blocks > 1)
    plan.blockSize = llvm::divideCeil(size, std::min(blocks, size));
  if (plan.blockSize == size)
    plan.blockSize = 0;
}

/// Whether what becomes of the sums is emitted for each of them, so that they need
/// no tile: over a long depth that takes little of the time, and much code.
static bool shouldStayInRegisters(const ContractionPlan &plan, const Contraction &c) {
  constexpr int64_t longest = 256, mostOps = 8;
  std::optional<int64_t> depth = nn::getStatic(plan.depth);
  if (plan.blockSize != 0 || !depth || *depth > longest)
    return false;
  int64_t ops = 0;
  for (const std::optional<TileStage> &stage : {c.start, c.finish})
    if (stage)
      for (Operation &op : *stage->body)
        ops += isa<math::MathDialect>(op.getDialect()) ? mostOps : 1;
  return ops <= mostOps + 2; // Of them two that yield.
}

/// The product of those sizes that are known of what positions are; `least` at least.
static int64_t getKnownPart(const ContractionPlan &plan, const Contraction &c,
                            int64_t least) {
  int64_t known = nn::getStatic(plan.rows.count).value_or(1);
  for (unsigned d : plan.inner)
    known *= nn::getStatic(c.nest.sizes[d]).value_or(1);
  return std::max(known, least);
}

/// An even number of chunks, of which two threads have half each, where they are worth
/// a task then and their number matters. Where columns are inside of them, that is the
/// same half of an image for each thread in one layer after the other.
static void makeEven(ContractionPlan &plan, nn::ShapeBuilder &shapes,
                     const Contraction &c) {
  std::optional<int64_t> depth = nn::getStatic(plan.depth);
  std::optional<int64_t> panels = nn::getStatic(plan.columnPanels);
  if (!depth || *depth == 0 || !panels)
    return;
  int64_t others = plan.columnsOutside ? *panels : 1;
  for (unsigned d : plan.outer)
    others *= nn::getStatic(c.nest.sizes[d]).value_or(1);
  if (others % 2 == 0 || others >= 2 * tasksOfRows)
    return;
  int64_t work = *depth * plan.rows.height * plan.tile.vectors;
  OpFoldResult most = shapes.floorDiv(
      plan.positions, shapes.get(llvm::divideCeil(workPerTask, work)));
  OpFoldResult pairs = shapes.ceilDiv(plan.chunks, shapes.get(2));
  OpFoldResult even = shapes.min(shapes.mul(pairs, shapes.get(2)), most);
  plan.chunks = shapes.max(plan.chunks, even);
  std::optional<int64_t> chunks = nn::getStatic(plan.chunks);
  if (std::optional<int64_t> known = nn::getStatic(plan.positions); known && chunks)
    plan.chunk = std::max<int64_t>(1, llvm::divideCeil(*known, std::max<int64_t>(1, *chunks)));
}

/// Which batches share columns, and how many positions are one task.
static void planPositions(ContractionPlan &plan, nn::ShapeBuilder &shapes,
                          const Contraction &c) {
  for (unsigned d : c.batch)
    (llvm::is_contained(plan.right.batch, d) ? plan.outer : plan.inner).push_back(d);
  // In the order of the loops, as others go over what is read and written.
  plan.numAround = llvm::count_if(plan.inner, [&](unsigned d) { return d < c.rows[0]; });
  plan.positions = shapes.mul(c.getSize(shapes, plan.inner), plan.rows.count);
  plan.chunks = shapes.get(1);
  if (!plan.hasPackedRhs())
    return;
  int64_t known = nn::getStatic(plan.positions).value_or(maxChunk * tasksOfRows / 2);
  int64_t most = maxChunk;
  // Columns that stay in a cache may come from there for a few positions each.
  std::optional<int64_t> depth = nn::getStatic(plan.depth);
  if (depth && !plan.columnsOutside && plan.blockSize == 0) {
    int64_t work = std::max<int64_t>(*depth, 1) * plan.rows.height * plan.tile.vectors;
    int64_t least = std::min<int64_t>(llvm::divideCeil(2 * workPerTask, work), maxChunk);
    most = std::clamp<int64_t>(llvm::divideCeil(known, tasksOfRows), least, maxChunk);
  }
  if (!nn::getStatic(plan.positions)) // A batch may well be one.
    known = getKnownPart(plan, c, most);
  plan.chunk = getEvenPart(known, most);
  plan.chunks = shapes.ceilDiv(plan.positions, shapes.get(plan.chunk));
  makeEven(plan, shapes, c);
  // One position gains nothing from blocks.
  if (plan.chunk == 1)
    plan.blockSize = 0;
}

ContractionPlan burin::planContraction(ImplicitLocOpBuilder &b,
                                       nn::ShapeBuilder &shapes,
                                       const Contraction &c, const Cpu &cpu) {
  ContractionPlan plan;
  plan.depth = c.getSize(shapes, c.depth);
  plan.innerDepth = c.getSize(shapes, ArrayRef(c.depth).drop_front());
  plan.columns = c.getSize(shapes, c.columns);
  plan.tile = getTile(cpu, c.getType(),
                      nn::getStatic(plan.columns).value_or(ShapedType::kDynamic));
  plan.columnPanels =
      shapes.ceilDiv(plan.columns, shapes.get(plan.tile.getColumns()));
  plan.rows = planRowPanels(shapes, c.getSize(shapes, c.rows), plan.tile.rows, c.getRun());
  plan.left = getPanelLayout(c, /*isLhs=*/true, plan.rows.height);
  plan.right = getPanelLayout(c, /*isLhs=*/false, plan.tile.getColumns());
  plan.lhs = packConstant(b, c, plan.left);
  planLhs(plan, c);
  if (plan.readsLhs && c.rows.size() == 1 && !c.pool)
    makeEqual(plan.rows);
  plan.rhs = packConstant(b, c, plan.right);
  planRhs(plan, c);
  planPositions(plan, shapes, c);
  plan.staysInRegisters = shouldStayInRegisters(plan, c);
  return plan;
}

LhsLayout burin::getLhsLayout(nn::ShapeBuilder &shapes, const Contraction &c,
                              const ContractionPlan &plan,
                              OpFoldResult firstSize) {
  if (!plan.readsLhs)
    return {shapes.get(1),
            {{shapes.mul(firstSize, plan.innerDepth), shapes.get(plan.rows.height)}}};
  if (plan.pitch)
    return {shapes.get(plan.pitch), {{firstSize, shapes.get(1)}}};
  const LinearAccess &access = c.getOperand(c.lhs);
  LhsLayout layout{access.coefficients[c.rows.back()], {}};
  if (c.rows.size() > 1) {
    layout.run = c.getRun();
    layout.runStride = access.coefficients[c.rows[0]];
  }
  for (unsigned d : c.depth) {
    OpFoldResult size = d == c.depth.front() ? firstSize : c.nest.sizes[d];
    OpFoldResult stride = access.coefficients[d];
    if (nn::getStatic(size) == 1)
      continue;
    // One run with the loop around it?
    if (!layout.depth.empty() &&
        nn::areEqual(layout.depth.back().stride, shapes.mul(size, stride)))
      size = shapes.mul(size, layout.depth.pop_back_val().size);
    layout.depth.push_back({size, stride});
  }
  return layout;
}
