//===- EmitWinograd.cpp - 3 x 3 convolutions by fewer products ------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Loops/IndexEmitter.h"
#include "passes/Exec/Passes.h"
#include "passes/Exec/Tiles/Packing.h"
#include "passes/Exec/Tiles/TileStore.h"
#include "passes/Exec/Vectors.h"
#include "passes/Exec/Winograd/Plan.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_EMITWINOGRAD
#include "passes/Exec/Passes.h.inc"

namespace {
/// Along a loop over the output.
OpFoldResult getTiles(const WinogradConv &conv, const WinogradPlan &plan, unsigned loop,
                      nn::ShapeBuilder &shapes) {
  return shapes.ceilDiv(conv.c.nest.sizes[loop], shapes.get(plan.algorithm.outputs));
}

/// Of all images.
OpFoldResult getTiles(const WinogradConv &conv, const WinogradPlan &plan,
                      nn::ShapeBuilder &shapes) {
  return shapes.mul(conv.imageCount, shapes.mul(getTiles(conv, plan, conv.y, shapes),
                                                getTiles(conv, plan, conv.x, shapes)));
}

class WinogradEmitter : IndexEmitter {
public:
  WinogradEmitter(const WinogradConv &conv, const WinogradPlan &plan, Value weights,
                  ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes);

  void emitShared();
  void emitOwn();

private:
  Value inputStep(unsigned loop) { return value(c.getOperand(c.lhs).coefficients[loop]); }
  Value getSize(unsigned loop) { return value(c.nest.sizes[loop]); }
  Value createBuffer(int64_t elements);

  void startBlock(Value first);
  void emitBlock(Value first);
  void createTaskBuffers();
  void findTile(Value tile);
  void emitInputs(Value row);
  void emitInputTile(Value row, bool isInside);
  void emitChannels(ArrayRef<Value> places, Value base, Value target, Value channel,
                    int64_t count);
  void emitTask(Value task, Value taskCount);
  void emitProducts(Value firstRow, Value rows, Value panel);
  void emitResults(Value row, Value panel);

  const WinogradConv &conv;
  const WinogradPlan &plan;
  const Contraction &c;
  nn::ShapeBuilder &shapes;
  OpFoldResult tiles, tilesY, tilesX;
  VectorType vector;
  MicroKernels kernels;
  Value weights, inputs;
  Value firstTile, blockRows; ///< Of the block.
  Value sums, results;        ///< Of the task.
  // Of the tile: which it is, and the first of its results.
  SmallVector<Value> image;
  Value y, x;
};

WinogradEmitter::WinogradEmitter(const WinogradConv &conv, const WinogradPlan &plan,
                                 Value weights, ImplicitLocOpBuilder &b,
                                 nn::ShapeBuilder &shapes)
    : IndexEmitter(b, &shapes), conv(conv), plan(plan), c(conv.c), shapes(shapes),
      tiles(getTiles(conv, plan, shapes)), tilesY(getTiles(conv, plan, conv.y, shapes)),
      tilesX(getTiles(conv, plan, conv.x, shapes)),
      vector(VectorType::get(plan.tile.lanes, c.getType())),
      kernels(c.op->getParentOfType<ModuleOp>(), c.getType(), plan.tile,
              LhsLayout{shapes.get(plan.rowPitch),
                        {{shapes.get(conv.channels), shapes.get(1)}}},
              /*accumulates=*/false),
      weights(weights), image(c.nest.getNumLoops()) {}

Value WinogradEmitter::createBuffer(int64_t elements) {
  return createStackBuffer(b, elements, c.getType());
}

/// Sets image, y and x to those of tile number `tile`.
void WinogradEmitter::findTile(Value tile) {
  auto [rest, tileX] = split(tile, value(tilesX));
  auto [images, tileY] = split(rest, value(tilesY));
  Value outputs = number(plan.algorithm.outputs);
  x = mul(tileX, outputs);
  y = mul(tileY, outputs);
  for (size_t k = conv.images.size(); k-- > 0;) {
    Value &index = image[conv.images[k]];
    if (k == 0)
      index = images;
    else
      std::tie(images, index) = split(images, getSize(conv.images[k]));
  }
}

/// Row `row` of the block's inputs.
void WinogradEmitter::emitInputs(Value row) {
  findTile(add(firstTile, row));
  int64_t outputs = plan.algorithm.outputs;
  if (conv.isSized && conv.height % outputs == 0 && conv.width % outputs == 0)
    return emitInputTile(row, /*isInside=*/true);
  auto isInside = [&](Value at, unsigned loop) {
    return isAtMost(add(at, number(outputs)), getSize(loop));
  };
  Value inside = b.create<arith::AndIOp>(isInside(y, conv.y), isInside(x, conv.x));
  emitIf(inside, [&] { emitInputTile(row, /*isInside=*/true); },
         [&] { emitInputTile(row, /*isInside=*/false); });
}

/// Of a tile that sticks out the last row and column are there again and again:
/// no result that is kept depends on them.
void WinogradEmitter::emitInputTile(Value row, bool isInside) {
  int64_t size = plan.algorithm.getInputs();
  Value base = number(0);
  for (unsigned d : conv.images)
    base = add(base, mul(image[d], inputStep(d)));
  SmallVector<Value> rows, columns, places;
  for (auto [places, at, loop] :
       {std::tuple(&rows, y, conv.y), std::tuple(&columns, x, conv.x)}) {
    if (isInside)
      base = add(base, mul(at, inputStep(loop)));
    Value last = add(getSize(loop), number(Winograd::taps - 2));
    for (int64_t i = 0; i < size; ++i) {
      Value index = isInside ? number(i) : min(add(at, number(i)), last);
      places->push_back(mul(index, inputStep(loop)));
    }
  }
  for (Value inRow : rows)
    for (Value inColumn : columns)
      places.push_back(add(inRow, inColumn));
  Value target = mul(row, number(plan.rowPitch));
  int64_t lanes = plan.tile.lanes, whole = conv.channels / lanes * lanes;
  if (whole > 0)
    emitLoop(number(0), number(whole), lanes, [&](Value channel) {
      emitChannels(places, base, target, channel, lanes);
    });
  if (whole < conv.channels)
    emitChannels(places, base, target, number(whole), conv.channels - whole);
}

/// `count` channels from `channel` on.
void WinogradEmitter::emitChannels(ArrayRef<Value> places, Value base, Value target,
                                   Value channel, int64_t count) {
  Value from = add(base, channel), mask;
  if (count < plan.tile.lanes)
    mask = createMask(b, plan.tile.lanes, number(count));
  SmallVector<Value> tile;
  for (Value place : places)
    tile.push_back(
        loadVector(b, vector, c.getOperand(c.lhs).memory, add(from, place), mask));
  Value to = add(target, channel);
  for (auto [p, value] : llvm::enumerate(plan.algorithm.transformInputs(b, tile)))
    b.create<vector::StoreOp>(value, inputs, add(to, number(p * plan.inputPitch)));
}

/// The products of `rows` tiles from `firstRow` of the block on with a panel.
void WinogradEmitter::emitProducts(Value firstRow, Value rows, Value panel) {
  int64_t products = plan.algorithm.getProducts(), width = plan.tile.getColumns();
  emitLoop(number(0), number(products), 1, [&](Value product) {
    Value filters = mul(add(mul(panel, number(products)), product),
                        number(conv.channels * width));
    emitLoop(number(0), rows, plan.panelRows, [&](Value row) {
      Value start = add(mul(product, number(plan.inputPitch)),
                        mul(add(firstRow, row), number(plan.rowPitch)));
      Value to = add(mul(product, number(plan.productPitch)), mul(row, number(width)));
      MicroKernelCall call{inputs, start, weights, filters, sums, to};
      if (plan.tail == 0)
        return kernels.emitCall(b, shapes, call, plan.panelRows, width);
      // Rows past the last tile have any values, which nobody looks at.
      auto emitCall = [&](int64_t count) {
        kernels.emitCall(b, shapes, call, count, width);
      };
      emitIf(isAtMost(sub(rows, row), number(plan.tail)), [&] { emitCall(plan.tail); },
             [&] { emitCall(plan.panelRows); });
    });
  });
}

/// Row `row` of the task's sums as results in memory.
void WinogradEmitter::emitResults(Value row, Value panel) {
  int64_t outputs = plan.algorithm.outputs, width = plan.tile.getColumns();
  for (int64_t v = 0; v < plan.tile.vectors; ++v) {
    Value from = add(mul(row, number(width)), number(v * plan.tile.lanes));
    SmallVector<Value> tile;
    for (int64_t p = 0; p < plan.algorithm.getProducts(); ++p)
      tile.push_back(b.create<vector::LoadOp>(
          vector, sums, add(from, number(p * plan.productPitch))));
    for (auto [i, value] : llvm::enumerate(plan.algorithm.transformProducts(b, tile)))
      b.create<vector::StoreOp>(value, results,
                                number(i * width + v * plan.tile.lanes));
  }
  Value firstColumn = mul(panel, number(width));
  Value columns = min(sub(number(conv.filters), firstColumn), number(width));
  Value pixels = min(sub(getSize(conv.x), x), number(outputs));
  Value lines = min(sub(getSize(conv.y), y), number(outputs));
  emitLoop(number(0), lines, 1, [&](Value line) {
    SmallVector<Value> batch = image;
    batch[conv.y] = add(y, line);
    emitTileStore(b, shapes, c, plan.tile,
                  {batch, x, pixels, firstColumn, columns}, results,
                  mul(line, number(outputs * width)));
  });
}

void WinogradEmitter::emitTask(Value task, Value taskCount) {
  Value panel, inPanel;
  std::tie(panel, inPanel) = split(task, taskCount);
  Value firstRow = mul(inPanel, number(plan.taskRows));
  Value rows = min(sub(blockRows, firstRow), number(plan.taskRows));
  emitProducts(firstRow, rows, panel);
  emitLoop(number(0), rows, 1, [&](Value row) {
    findTile(add(firstTile, add(firstRow, row)));
    emitResults(row, panel);
  });
}

/// The tiles of the block from `first` on.
void WinogradEmitter::startBlock(Value first) {
  firstTile = first;
  blockRows = min(sub(value(tiles), first), number(plan.blockRows));
}

void WinogradEmitter::createTaskBuffers() {
  int64_t products = plan.algorithm.getProducts();
  sums = createBuffer(products * plan.productPitch);
  results = createBuffer(products * plan.tile.getColumns());
}

/// All threads work on the block.
void WinogradEmitter::emitBlock(Value first) {
  startBlock(first);
  int64_t lanes = plan.tile.lanes;
  int64_t inputWork = llvm::alignTo(conv.channels, lanes) * plan.algorithm.getInputCost();
  emitRange(blockRows, getGrain(inputWork, lanes), [&](Value row) { emitInputs(row); });
  Value perPanel = ceilDiv(blockRows, number(plan.taskRows));
  int64_t products = plan.algorithm.getProducts();
  int64_t work = products * plan.taskRows * plan.tile.getColumns() * conv.channels;
  Value tasks = mul(perPanel, number(plan.columnPanels));
  emitRange(tasks, getGrain(work, lanes), [&](Value task) {
    createTaskBuffers();
    emitTask(task, perPanel);
  });
}

void WinogradEmitter::emitShared() {
  int64_t elements = plan.algorithm.getProducts() * plan.inputPitch;
  inputs = burin::createBuffer(b, number(elements), c.getType());
  if (std::optional<int64_t> known = nn::getStatic(tiles);
      known && *known <= plan.blockRows)
    return emitBlock(number(0));
  emitLoop(number(0), value(tiles), plan.blockRows,
           [&](Value first) { emitBlock(first); });
}

/// A block at a time is one thread's.
void WinogradEmitter::emitOwn() {
  Value blocks = value(shapes.ceilDiv(tiles, shapes.get(plan.blockRows)));
  emitRanges(blocks, /*grain=*/1, [&](Value lower, Value upper) {
    inputs = createBuffer(plan.algorithm.getProducts() * plan.inputPitch);
    createTaskBuffers();
    emitLoop(lower, upper, 1, [&](Value block) {
      startBlock(mul(block, number(plan.blockRows)));
      emitLoop(number(0), blockRows, 1, [&](Value row) { emitInputs(row); });
      Value perPanel = ceilDiv(blockRows, number(plan.taskRows));
      emitLoop(number(0), mul(perPanel, number(plan.columnPanels)), 1,
               [&](Value task) { emitTask(task, perPanel); });
    });
  });
}

/// Own blocks where there are enough of them, which may turn out at run time.
void emitWinograd(const WinogradConv &conv, const WinogradPlan &shared, const Cpu &cpu,
                  Value weights, ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes) {
  std::optional<WinogradPlan> own = planOwnBlocks(conv, cpu, shared);
  auto emitShared = [&] {
    WinogradEmitter(conv, shared, weights, b, shapes).emitShared();
  };
  auto emitOwn = [&] { WinogradEmitter(conv, *own, weights, b, shapes).emitOwn(); };
  if (!own)
    return emitShared();
  OpFoldResult tiles = getTiles(conv, shared, shapes);
  int64_t least = own->leastTiles;
  std::optional<int64_t> known = nn::getStatic(tiles);
  // Of an unknown number of images there is one, or nothing to do.
  int64_t fewest = conv.isSized ? own->tilesY * own->tilesX : 0;
  if (known.value_or(fewest) >= least)
    return emitOwn();
  if (known)
    return emitShared();
  Value areMany = b.create<arith::CmpIOp>(
      arith::CmpIPredicate::uge, shapes.getValue(tiles),
      b.create<arith::ConstantIndexOp>(least));
  auto choice = b.create<scf::IfOp>(areMany, /*withElseRegion=*/true);
  for (bool areOwn : {true, false}) {
    OpBuilder::InsertionGuard guard(b);
    nn::ShapeBuilder::Scope scope(shapes);
    b.setInsertionPointToStart(areOwn ? choice.thenBlock() : choice.elseBlock());
    areOwn ? emitOwn() : emitShared();
  }
}

/// Bytes of filters that the compiler, which holds them twice while it writes them, has
/// room for in twice the memory of `module`'s constants and a little more.
int64_t getAffordable(ModuleOp module) {
  int64_t bytes = 256 << 20;
  for (auto global : module.getOps<memref::GlobalOp>())
    bytes += global.getType().getNumElements() * global.getType().getElementTypeBitWidth() / 8;
  return bytes / 2;
}

struct EmitWinograd : impl::EmitWinogradBase<EmitWinograd> {
  using EmitWinogradBase::EmitWinogradBase;

  void runOnOperation() override {
    Cpu cpu{vectorBits, registers};
    int64_t bytesLeft = maxBytes > 0 ? maxBytes : getAffordable(getOperation());
    auto isWanted = [](linalg::LinalgOp op) {
      return isSumOfProducts(op) && op.getNumReductionLoops() == 3 &&
             !op->getParentOfType<exec::ParallelOp>();
    };
    replaceFused(getOperation(), isWanted,
                 [&](linalg::LinalgOp op, const Fusion &fused,
                     ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes) {
                   std::optional<WinogradConv> conv = matchWinograd(op, fused, shapes, cpu);
                   if (!conv)
                     return false;
                   std::optional<WinogradPlan> plan =
                       planWinograd(*conv, cpu, directGroup, bytesLeft);
                   int64_t bytes = plan ? countNewWeights(*conv, *plan) : 0;
                   Value weights = plan ? createWinogradWeights(b, *conv, *plan) : Value();
                   if (!weights)
                     return false;
                   bytesLeft -= bytes;
                   emitWinograd(*conv, *plan, cpu, weights, b, shapes);
                   return true;
                 },
                 /*pools=*/true);
  }
};
} // namespace
} // namespace burin
