//===- AttentionEmitter.cpp - Attention in blocks of queries ---------------===//

#include "passes/Exec/Attention/AttentionEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "passes/Exec/Tiles/NextPanel.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace burin;

namespace {
/// Keys of a block: all, if they are at most so many,
constexpr int64_t maxKeysAtOnce = 2048;
/// or so many at a time.
constexpr int64_t keyBlock = 512;
/// Of one query: elements that are multiplied without a loop; heads that share keys.
constexpr int64_t maxDepth = 256, maxShared = 32;
} // namespace

AttentionEmitter::AttentionEmitter(exec::AttentionOp op, ImplicitLocOpBuilder &b,
                                   nn::ShapeBuilder &shapes, const Cpu &cpu,
                                   const DotInstruction &dot)
    : IndexEmitter(b, &shapes), op(op), shapes(shapes), shape(op, b, shapes),
      bufferType(MemRefType::get({ShapedType::kDynamic}, b.getF32Type())),
      cpu(cpu), dot(dot) {
  auto known = [](OpFoldResult size) {
    return nn::getStatic(size).value_or(ShapedType::kDynamic);
  };
  keyTile = getTile(cpu, b.getF32Type(), known(shape.keys));
  valueTile = getTile(cpu, b.getF32Type(), known(shape.width));
  // Vectors no longer than what there is to do.
  while (nn::getStatic(shape.width) && valueTile.lanes > 4 &&
         *nn::getStatic(shape.width) <= valueTile.lanes / 2)
    valueTile.lanes /= 2;
  valueType = VectorType::get(valueTile.lanes, b.getF32Type());
  keyPanels = shapes.ceilDiv(shape.keys, shapes.get(keyTile.getColumns()));
  valuePanels = shapes.ceilDiv(shape.width, shapes.get(valueTile.getColumns()));
  queryPanels = planRowPanels(shapes, shape.queries, keyTile.rows);
  makeEqual(queryPanels);
  std::optional<int64_t> keys = nn::getStatic(shape.keys);
  isOneBlock = keys && *keys <= maxKeysAtOnce;
  blockPanels = isOneBlock ? *nn::getStatic(keyPanels) : keyBlock / keyTile.getColumns();
}

Value AttentionEmitter::createBuffer(int64_t elements) {
  return createStackBuffer(b, elements, b.getF32Type());
}

/// Of the kernel, for products over `depth`.
OpFoldResult AttentionEmitter::getSteps(OpFoldResult depth) {
  return shapes.ceilDiv(depth, shapes.get(perStep));
}

MicroKernels AttentionEmitter::createKernels(const Tile &tile, const LhsLayout &layout,
                                             bool accumulates) {
  return {op->getParentOfType<ModuleOp>(), b.getF32Type(), tile, layout, accumulates,
          perStep > 1 ? dot : DotInstruction()};
}

/// Keys or values in panels, of all batches and heads: each is read by many rows.
Value AttentionEmitter::packAll(const Contraction &c, const Tile &tile,
                                OpFoldResult panels) {
  PanelLayout layout = getPanelLayout(c, /*isLhs=*/false, tile.getColumns());
  layout.batch = {0, 1};
  OpFoldResult depth = c.getSize(shapes, c.depth);
  OpFoldResult each = shapes.mul(getSteps(depth), shapes.get(layout.width));
  OpFoldResult count = shapes.product({shape.batch, shape.groups, panels});
  OpFoldResult total = shapes.mul(count, each);
  Value packed = burin::createBuffer(b, value(total),
                                     perStep > 1 ? Type(b.getI32Type()) : b.getF32Type());
  Value work = mul(value(depth), number(layout.width * workPerStreamed));
  emitRange(value(count), emitGrain(work, keyTile.lanes), [&](Value i) {
    auto [heads, panel] = split(i, value(panels));
    auto [batch, group] = split(heads, value(shape.groups));
    Value start = mul(i, value(each));
    if (perStep > 1)
      return packPairs(c, layout, {batch, group}, panel, packed, start);
    emitPackPanel(b, shapes, c, layout, {batch, group}, panel, number(0), value(depth),
                  packed, start, tile.lanes);
  });
  return packed;
}

/// The head and the query of a row.
std::pair<Value, Value> AttentionEmitter::getPosition(Value row) {
  if (isSingle)
    return {add(mul(group, value(shape.shared)), row), number(0)};
  return {head, add(firstRow, row)};
}

/// The rows of the task against all keys.
void AttentionEmitter::emitBlocks() {
  int64_t columns = keyTile.getColumns();
  auto emitBlock = [&](Value firstPanel, Value panels, Value keys) {
    blockKey = mul(firstPanel, number(columns));
    isSingle ? emitDotScores(keys) : emitScores(firstPanel, panels);
    auto body = [&](Value score, Value row, Value key, Value mask) {
      nn::ShapeBuilder::Scope scope(shapes);
      return emitBody(score, row, key, mask);
    };
    auto scale = [&](Value row, Value factor) { scaleRow(row, factor); };
    if (isOneBlock)
      emitSoftmaxRows(b, rows, rowsLeft, keys, body, nullptr);
    else
      emitSoftmaxRows(b, rows, rowsLeft, keys, body, scale);
    isSingle ? emitSharedProducts(blockKey, keys) : emitProducts(blockKey, keys);
  };
  auto emitOne = [&] {
    llvm::SaveAndRestore one(isOneBlock, true);
    emitBlock(number(0), value(keyPanels), value(shape.keys));
  };
  auto emitSome = [&] {
    clear();
    emitLoop(number(0), value(keyPanels), blockPanels, [&](Value first) {
      Value panels = min(sub(value(keyPanels), first), number(blockPanels));
      Value keys = sub(value(shape.keys), mul(first, number(columns)));
      emitBlock(first, panels, min(keys, number(blockPanels * columns)));
    });
  };
  // One block needs no sums of those before it.
  if (isOneBlock)
    emitOne();
  else
    emitIf(isAtMost(value(keyPanels), number(blockPanels)), emitOne, emitSome);
  emitStore();
}

void AttentionEmitter::emitTask(Value task) {
  if (isSingle) {
    std::tie(batch, group) = split(task, value(shape.groups));
    rowsLeft = number(getHeight());
    return emitBlocks();
  }
  auto [heads, panel] = split(task, value(queryPanels.count));
  Value groups, sharing;
  std::tie(groups, sharing) = split(heads, value(shape.shared));
  std::tie(batch, group) = split(groups, value(shape.groups));
  head = add(mul(group, value(shape.shared)), sharing);
  std::tie(firstRow, rowsLeft) = RowPanelEmitter(b, shapes, queryPanels).getRows(panel);
  if (perStep > 1)
    copyQueries();
  else
    askForQueries();
  emitBlocks();
}

/// Those of the panel after this one: they lie as far apart as rows of all heads are long,
/// so that no processor guesses them.
void AttentionEmitter::askForQueries() {
  std::optional<int64_t> depth = nn::getStatic(shape.depth);
  if (!depth || nn::getStatic(shape.query.coefficients[3]) != 1)
    return;
  Value last = sub(value(shape.queries), number(1));
  emitLoop(number(0), number(getHeight()), 1, [&](Value row) {
    Value query = min(add(add(firstRow, rowsLeft), row), last);
    emitRequest(b, shape.query.memory, getAddress(shape.query, {batch, head, query, number(0)}),
                llvm::divideCeil(*depth * 4, cacheLine));
  });
}

/// All tasks: one for each panel of queries, or for the heads that share keys.
void AttentionEmitter::emitAll() {
  int64_t columns = keyTile.getColumns();
  perStep = !isSingle && canPair() ? 2 : 1;
  if (!isSingle) {
    packedKeys = packAll(shape.getKeyColumns(), keyTile, keyPanels);
    packedValues = packAll(shape.getValueColumns(), valueTile, valuePanels);
  }
  Value work = mul(mul(value(shape.keys), number(getHeight())),
                   add(value(shape.depth), value(shape.width)));
  OpFoldResult tasks = isSingle ? shapes.mul(shape.batch, shape.groups)
                                : shapes.product({shape.batch, shape.heads, queryPanels.count});
  emitRange(value(tasks), emitGrain(work, keyTile.lanes), [&](Value task) {
    int64_t size = blockPanels * getHeight() * columns;
    Value memory = createStackBuffer(b, MemRefType::get({size * 4}, b.getI8Type()));
    scores = b.create<memref::CastOp>(bufferType,
                                      createElementView(b, memory, b.getF32Type()));
    Value rounded;
    if (perStep > 1) {
      rounded = createElementView(b, memory, b.getBF16Type());
      powers = b.create<memref::CastOp>(MemRefType::get({ShapedType::kDynamic}, b.getI32Type()),
                                        createElementView(b, memory, b.getI32Type()));
    } else {
      powers = scores;
    }
    products = createBuffer(*nn::getStatic(valuePanels) * getHeight() * valueTile.getColumns());
    // A row's scores next to each other, or those of a panel.
    rows = {scores,
            rounded,
            isSingle ? columns : getHeight() * columns,
            isSingle ? blockPanels * columns : columns,
            columns,
            keyTile.lanes,
            createBuffer(getHeight()),
            createBuffer(getHeight())};
    emitTask(task);
  });
}

/// Whether vectors can be read along the depth of all operands.
bool AttentionEmitter::mayBeSingle() const {
  std::optional<int64_t> queries = nn::getStatic(shape.queries);
  std::optional<int64_t> depth = nn::getStatic(shape.depth), width = nn::getStatic(shape.width);
  std::optional<int64_t> shared = nn::getStatic(shape.shared);
  if ((queries && *queries != 1) || !depth || *depth % keyTile.lanes != 0 ||
      *depth > maxDepth || !width || *width % valueTile.lanes != 0 || !shared ||
      *shared > maxShared || *shared < 1)
    return false;
  return llvm::all_of(ArrayRef({&shape.query, &shape.key, &shape.value}),
                      [](const LinearAccess *access) {
                        return nn::getStatic(access->coefficients[3]) == 1;
                      });
}

void AttentionEmitter::emitSingle() {
  isSingle = true;
  emitAll();
  isSingle = false;
}

void AttentionEmitter::emit() {
  if (!mayBeSingle())
    return emitAll();
  if (nn::getStatic(shape.queries))
    return emitSingle();
  emitIf(isEqual(value(shape.queries), number(1)), [&] { emitSingle(); },
         [&] { emitAll(); });
}
