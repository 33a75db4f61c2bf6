//===- Plan.cpp - Which convolutions, and how they are cut ----------------===//

#include "passes/Exec/Winograd/Plan.h"
#include "passes/Exec/Loops/IndexEmitter.h"

using namespace mlir;
using namespace burin;

/// The loop of `loops` that moves operand `i` by as much as loop `like` does.
static std::optional<unsigned> findTwin(const Contraction &c, unsigned i,
                                        ArrayRef<unsigned> loops, unsigned like) {
  ArrayRef<OpFoldResult> steps = c.getOperand(i).coefficients;
  for (unsigned d : loops)
    if (nn::areEqual(steps[d], steps[like]))
      return d;
  return std::nullopt;
}

/// What unknown heights and widths are taken for. Filters that come from memory for
/// one image are worth it from about 8 on.
static constexpr int64_t assumedSize = 16;

std::optional<WinogradConv> burin::matchWinograd(linalg::LinalgOp op,
                                                 const Fusion &fused,
                                                 nn::ShapeBuilder &shapes,
                                                 const Cpu &cpu) {
  std::optional<Contraction> c = matchContraction(op, fused, shapes, cpu);
  if (!c || !c->getType().isF32() || c->depth.size() != 3 || c->columns.size() != 1)
    return std::nullopt;
  for (unsigned i : {c->lhs, c->rhs})
    if (!c->isPlain(i) || !c->getOperand(i).getElementType().isF32())
      return std::nullopt;
  auto size = [&](unsigned d) { return nn::getStatic(c->nest.sizes[d]).value_or(0); };
  WinogradConv conv;
  // The depth is sorted by how far it moves the input.
  conv.channel = c->depth[2];
  ArrayRef<OpFoldResult> steps = c->getOperand(c->lhs).coefficients;
  if (nn::getStatic(steps[conv.channel]) != 1)
    return std::nullopt;
  // Tiles are of lines of their own.
  conv.x = c->rows.pop_back_val();
  c->batch.append(c->rows);
  llvm::sort(c->batch);
  c->rows = {conv.x};
  ArrayRef<unsigned> taps = ArrayRef(c->depth).take_front(2);
  std::optional<unsigned> tapX = findTwin(*c, c->lhs, taps, conv.x);
  if (!tapX)
    return std::nullopt;
  conv.tapX = *tapX;
  conv.tapY = taps[conv.tapX == taps[0]];
  std::optional<unsigned> y = findTwin(*c, c->lhs, c->batch, conv.tapY);
  if (!y || size(conv.tapX) != Winograd::taps || size(conv.tapY) != Winograd::taps)
    return std::nullopt;
  conv.y = *y;
  for (unsigned d : c->batch) {
    if (nn::getStatic(c->getOperand(c->rhs).coefficients[d]) != 0)
      return std::nullopt;
    if (d != conv.y)
      conv.images.push_back(d);
  }
  std::optional<int64_t> height = nn::getStatic(c->nest.sizes[conv.y]);
  std::optional<int64_t> width = nn::getStatic(c->nest.sizes[conv.x]);
  conv.isSized = height && width;
  conv.height = height.value_or(assumedSize), conv.width = width.value_or(assumedSize);
  conv.channels = size(conv.channel), conv.filters = size(c->columns[0]);
  if (!conv.height || !conv.width || !conv.channels || !conv.filters)
    return std::nullopt;
  conv.imageCount = c->getSize(shapes, conv.images);
  if (c->pool)
    c->pool->line = conv.y;
  conv.c = std::move(*c);
  return conv;
}

namespace {
/// Bytes of inputs of a block that filters are worth being read for once more.
constexpr int64_t minBlock = 512 << 10, maxBlock = 4 << 20;
/// Bytes of a task's sums: they stay in the second-level cache beside the filters
/// and inputs that stream through it.
constexpr int64_t maxSums = secondLevelCache / 4;
/// Filters come from memory, not from a cache: 512 channels at 7 x 7 take 1.30 ms
/// instead of the 1.43 with 8.
constexpr int64_t stepsAhead = 64;
/// Bytes that memory delivers in the time of one vector multiplication.
constexpr int64_t bytesPerStep = 4;
constexpr int64_t elementBytes = 4;
/// Bytes of inputs of a block that lie on a thread's stack, in the second-level
/// cache.
constexpr int64_t maxOwnBlock = secondLevelCache;
/// From so many blocks on each thread has its own: their number divides well. To
/// write what another core has read last takes eight times as long.
constexpr int64_t minOwnBlocks = 8;
/// Filters up to here come from a cache for each block: two blocks are enough.
constexpr int64_t maxCached = 4 << 20;

/// An odd number of cache lines, so that what is so far apart spreads over the
/// whole cache.
int64_t getPitch(int64_t elements) {
  int64_t lines = llvm::divideCeil(elements * elementBytes, cacheLine);
  return (lines | 1) * cacheLine / elementBytes;
}

/// All images' tiles, if known.
std::optional<int64_t> getTiles(const WinogradConv &conv, const WinogradPlan &plan) {
  std::optional<int64_t> images = nn::getStatic(conv.imageCount);
  if (!images || !conv.isSized)
    return std::nullopt;
  return std::max<int64_t>(1, *images * plan.tilesY * plan.tilesX);
}

/// Panels of `tiles` tiles, of equal height as far as possible; a multiple of
/// `multiple`. Of an unknown number of tiles they are as high as can be, and the last
/// one may be half as high.
void planPanels(const WinogradConv &conv, WinogradPlan &plan, int64_t tiles,
                int64_t multiple = 1) {
  if (!conv.isSized) {
    plan.panelRows = plan.tile.rows;
    plan.tail = llvm::divideCeil(plan.tile.rows, 2);
    return;
  }
  int64_t panels = llvm::alignTo(llvm::divideCeil(tiles, plan.tile.rows), multiple);
  plan.panelRows = llvm::divideCeil(tiles, panels);
  plan.tail = tiles % plan.panelRows;
}

int64_t getPanelBytes(const WinogradPlan &plan) {
  return plan.algorithm.getProducts() * plan.panelRows * plan.rowPitch * elementBytes;
}

/// Blocks of `perBlock` panels.
void planBlocks(WinogradPlan &plan, int64_t perBlock) {
  plan.blockRows = perBlock * plan.panelRows;
  plan.inputPitch = getPitch(plan.blockRows * plan.rowPitch);
  int64_t sumBytes = plan.algorithm.getProducts() * plan.panelRows *
                     plan.tile.getColumns() * elementBytes;
  int64_t perTask = std::clamp<int64_t>(maxSums / sumBytes, 1, perBlock);
  plan.taskRows = getEvenPart(perBlock, perTask) * plan.panelRows;
  plan.productPitch = getPitch(plan.taskRows * plan.tile.getColumns());
}

/// The tile with fewer columns past the last filter: 2 vectors wide, or 3.
Tile chooseTile(const WinogradConv &conv, const Cpu &cpu) {
  Tile tile = getTile(cpu, conv.c.getType(), conv.filters);
  Tile wide = tile;
  wide.vectors = 3, wide.rows = 9;
  auto countColumns = [&](const Tile &tile) {
    return llvm::alignTo(conv.filters, tile.getColumns());
  };
  bool fits = cpu.registers >= 32;
  tile = fits && countColumns(wide) < countColumns(tile) ? wide : tile;
  tile.ahead = stepsAhead;
  return tile;
}

WinogradPlan createPlan(const WinogradConv &conv, const Cpu &cpu, int64_t outputs) {
  WinogradPlan plan;
  plan.algorithm = {outputs};
  plan.tile = chooseTile(conv, cpu);
  plan.tilesY = llvm::divideCeil(conv.height, outputs);
  plan.tilesX = llvm::divideCeil(conv.width, outputs);
  plan.columnPanels = llvm::divideCeil(conv.filters, plan.tile.getColumns());
  plan.rowPitch = getPitch(conv.channels);
  // One image at least is known to be there; blocks of it are of equal size.
  int64_t tiles = getTiles(conv, plan).value_or(plan.tilesY * plan.tilesX);
  planPanels(conv, plan, tiles);
  int64_t maxInputs = std::clamp(plan.getWeights(conv) * elementBytes, minBlock, maxBlock);
  int64_t perBlock = std::max<int64_t>(1, maxInputs / getPanelBytes(plan));
  int64_t panels = llvm::divideCeil(tiles, plan.panelRows);
  planBlocks(plan, conv.isSized ? getEvenPart(panels, perBlock) : perBlock);
  return plan;
}

/// Sums go to memory and come from there once more.
constexpr int64_t stepsPerSum = 3;

/// Vector operations as long as reading the filters' bytes, for one image of all.
int64_t getReadCost(const WinogradConv &conv, int64_t bytes) {
  int64_t images = nn::getStatic(conv.imageCount).value_or(1);
  return bytes / bytesPerStep / std::max<int64_t>(1, images);
}

/// Vector operations for one image.
int64_t getCost(const WinogradConv &conv, const WinogradPlan &plan) {
  int64_t tiles = plan.tilesY * plan.tilesX, products = plan.algorithm.getProducts();
  int64_t vectors = plan.columnPanels * plan.tile.vectors;
  int64_t multiply = products * tiles * vectors * (conv.channels + stepsPerSum);
  int64_t read = getReadCost(conv, plan.getWeights(conv) * elementBytes);
  int64_t inputs = llvm::divideCeil(conv.channels, plan.tile.lanes);
  return std::max(multiply, read) +
         tiles * inputs * plan.algorithm.getInputCost() +
         tiles * vectors * plan.algorithm.getProductCost();
}

int64_t getDirectCost(const WinogradConv &conv, const Cpu &cpu, int64_t group) {
  Tile tile = getTile(cpu, conv.c.getType(), conv.filters);
  int64_t vectors = llvm::divideCeil(conv.filters, tile.getColumns()) * tile.vectors;
  int64_t depth = Winograd::taps * Winograd::taps * conv.channels;
  int64_t multiply = conv.height * conv.width * vectors *
                     (llvm::divideCeil(depth, group) + stepsPerSum);
  int64_t read = getReadCost(conv, depth * conv.filters * elementBytes / group);
  return std::max(multiply, read);
}
} // namespace

std::optional<WinogradPlan> burin::planWinograd(const WinogradConv &conv,
                                                const Cpu &cpu, int64_t directGroup,
                                                int64_t maxBytes) {
  std::optional<WinogradPlan> best;
  // What cannot be foreseen that well is not worth the rounding.
  int64_t least = getDirectCost(conv, cpu, directGroup) * 9 / 10;
  for (int64_t outputs : {2, 4}) {
    WinogradPlan plan = createPlan(conv, cpu, outputs);
    int64_t cost = getCost(conv, plan);
    if (cost >= least || countNewWeights(conv, plan) > maxBytes)
      continue;
    least = cost;
    best = plan;
  }
  return best;
}

std::optional<WinogradPlan> burin::planOwnBlocks(const WinogradConv &conv, const Cpu &cpu,
                                                 const WinogradPlan &shared) {
  WinogradPlan plan = shared;
  int64_t perImage = plan.tilesY * plan.tilesX;
  std::optional<int64_t> tiles = getTiles(conv, plan);
  bool mayBeFew = (tiles || !conv.isSized || perImage >= plan.tile.rows) &&
                  plan.getWeights(conv) * elementBytes <= maxCached;
  if (mayBeFew) // But two threads, or four, get the same.
    planPanels(conv, plan, tiles.value_or(perImage), /*multiple=*/2);
  else if (!tiles && conv.isSized && perImage < plan.tile.rows) {
    // There are many images, or these blocks are not taken.
    plan.panelRows = plan.tile.rows / perImage * perImage;
    plan.tail = plan.panelRows == perImage ? 0 : perImage;
  }
  // As many rows as a kernel has are enough for filters from any cache.
  int64_t perBlock = mayBeFew ? 1 : llvm::divideCeil(plan.tile.rows, plan.panelRows);
  if (perBlock * getPanelBytes(plan) > maxOwnBlock)
    return std::nullopt;
  planBlocks(plan, perBlock);
  plan.leastTiles = plan.blockRows * (mayBeFew ? 2 : minOwnBlocks);
  return plan;
}
