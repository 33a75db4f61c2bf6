//===- AttentionEmitter.cpp - Attention in blocks of queries --------------===//

#include "passes/Exec/Attention/AttentionEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Attention/AttentionShape.h"
#include "passes/Exec/Attention/SingleQuery.h"
#include "passes/Exec/Attention/SoftmaxRows.h"
#include "passes/Exec/BodyEmitter.h"
#include "passes/Exec/Loops/IndexEmitter.h"

using namespace mlir;
using namespace burin;

namespace {
/// Keys of a block: all, if they are at most so many,
constexpr int64_t maxKeysAtOnce = 2048;
/// or so many at a time.
constexpr int64_t keyBlock = 512;
/// Of one query: elements that are multiplied without a loop; heads that share keys,
/// and how many of them share values in registers.
constexpr int64_t maxDepth = 256, maxShared = 32, sharedAtOnce = 4;

class AttentionEmitter : IndexEmitter {
public:
  AttentionEmitter(exec::AttentionOp op, ImplicitLocOpBuilder &b,
                   nn::ShapeBuilder &shapes, const Cpu &cpu);
  void emit();

private:
  Value getAddress(const LinearAccess &access, ArrayRef<Value> index);
  Value createBuffer(int64_t elements);

  Value packAll(const Contraction &c, const Tile &tile, OpFoldResult panels);
  bool mayBeSingle() const;
  void emitAll();
  void emitSingle();
  void emitTask(Value task);
  void emitBlocks();
  void clear();
  std::pair<Value, Value> getPosition(Value row);
  void emitRows(function_ref<void(Value row, int64_t rows)> body);
  void emitScores(Value firstPanel, Value panels);
  void emitDotScores(Value keys);
  void emitDotGroup(Value first, bool isLast);
  Value emitBody(Value score, Value row, Value key, Value mask);
  void emitProducts(Value firstKey, Value keys);
  void emitSharedProducts(Value firstKey, Value keys);
  void emitProduct(const LhsLayout &layout, bool accumulates, Value panel, Value firstKey,
                   Value block);
  void emitStore();
  void scaleRow(Value row, Value factor);
  void forVectors(Value row, function_ref<void(Value place, Value column, Value mask)> body);

  exec::AttentionOp op;
  nn::ShapeBuilder &shapes;
  AttentionShape shape;
  Tile keyTile, valueTile;
  MemRefType bufferType;
  VectorType valueType; ///< Of products.
  OpFoldResult keyPanels, valuePanels, rowPanels;
  int64_t height = 0, tail = 0; ///< Rows of a panel; of the last one, if it has less.
  int64_t blockPanels = 0;      ///< Panels of a block of keys.
  bool isOneBlock = false;
  int64_t registers;
  /// One query: the rows are the heads that share keys. Else `head` is for all rows.
  bool isSingle = false;
  Value packedKeys, packedValues;

  // Of the task that is being emitted.
  Value batch, group, head, firstRow, rowsLeft, blockKey;
  Value scores, products; ///< Tiles: [panel][row][column].
  ScoreRows rows;
};

AttentionEmitter::AttentionEmitter(exec::AttentionOp op, ImplicitLocOpBuilder &b,
                                   nn::ShapeBuilder &shapes, const Cpu &cpu)
    : IndexEmitter(b, &shapes), op(op), shapes(shapes), shape(op, b, shapes),
      bufferType(MemRefType::get({ShapedType::kDynamic}, b.getF32Type())),
      registers(cpu.registers) {
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
  height = keyTile.rows;
  if (std::optional<int64_t> count = nn::getStatic(shape.queries); count && *count > 0) {
    height = llvm::divideCeil(*count, llvm::divideCeil(*count, height));
    tail = *count % height;
  }
  rowPanels = shapes.ceilDiv(shape.queries, shapes.get(height));
  std::optional<int64_t> keys = nn::getStatic(shape.keys);
  isOneBlock = keys && *keys <= maxKeysAtOnce;
  blockPanels = isOneBlock ? *nn::getStatic(keyPanels) : keyBlock / keyTile.getColumns();
}

Value AttentionEmitter::getAddress(const LinearAccess &access, ArrayRef<Value> index) {
  Value address = number(0);
  for (auto [i, coefficient] : llvm::zip_equal(index, access.coefficients))
    if (nn::getStatic(coefficient) != 0)
      address = add(address, mul(i, value(coefficient)));
  return address;
}

Value AttentionEmitter::createBuffer(int64_t elements) {
  auto type = MemRefType::get({elements}, b.getF32Type());
  return b.create<memref::CastOp>(bufferType, createStackBuffer(b, type));
}

/// Keys or values in panels, of all batches and heads: each is read by many rows.
Value AttentionEmitter::packAll(const Contraction &c, const Tile &tile,
                                OpFoldResult panels) {
  PanelLayout layout = getPanelLayout(c, /*isLhs=*/false, tile.getColumns());
  layout.batch = {0, 1};
  OpFoldResult depth = c.getSize(shapes, c.depth);
  OpFoldResult each = shapes.mul(depth, shapes.get(layout.width));
  OpFoldResult count = shapes.product({shape.batch, shape.groups, panels});
  OpFoldResult total = shapes.mul(count, each);
  std::optional<int64_t> known = nn::getStatic(total);
  auto type = MemRefType::get({known.value_or(ShapedType::kDynamic)}, b.getF32Type());
  Value buffer = b.create<memref::AllocOp>(
      type, known ? SmallVector<Value>() : SmallVector<Value>{value(total)});
  Value packed = b.createOrFold<memref::CastOp>(bufferType, buffer);
  int64_t work = layout.width * nn::getStatic(depth).value_or(64) * 4;
  emitRange(value(count), getGrain(work, keyTile.lanes), [&](Value i) {
    auto [heads, panel] = split(i, value(panels));
    auto [batch, group] = split(heads, value(shape.groups));
    emitPackPanel(b, shapes, c, layout, {batch, group}, panel, number(0), value(depth),
                  packed, mul(i, value(each)), tile.lanes);
  });
  return packed;
}

/// `body` for all rows at once; where their number is not known, for powers of two.
void AttentionEmitter::emitRows(function_ref<void(Value, int64_t)> body) {
  bool isKnown = nn::getStatic(shape.queries).has_value();
  if (isKnown && tail == 0)
    return body(number(0), height);
  auto emitWhole = [&] { body(number(0), height); };
  emitIf(isEqual(rowsLeft, number(height)), emitWhole, [&] {
    if (isKnown)
      return body(number(0), tail);
    for (int64_t part = llvm::bit_floor<uint64_t>(height - 1); part > 0; part /= 2) {
      Value bit = b.create<arith::AndIOp>(rowsLeft, number(part));
      emitIf(isNotEqual(bit, number(0)), [&] {
        body(b.create<arith::AndIOp>(rowsLeft, number(-2 * part)), part);
      });
    }
  });
}

/// Products of queries and keys for a block of panels.
void AttentionEmitter::emitScores(Value firstPanel, Value panels) {
  LhsLayout layout{shape.query.coefficients[2],
                   {{shape.depth, shape.query.coefficients[3]}}};
  MicroKernels kernels(op->getParentOfType<ModuleOp>(), b.getF32Type(), keyTile, layout,
                       /*accumulates=*/false);
  Value query = getAddress(shape.query, {batch, head, firstRow, number(0)});
  Value heads = add(mul(batch, value(shape.groups)), group);
  Value start = mul(add(mul(heads, value(keyPanels)), firstPanel),
                    mul(value(shape.depth), number(keyTile.getColumns())));
  emitLoop(number(0), panels, 1, [&](Value panel) {
    Value right = add(start, mul(panel, mul(value(shape.depth), number(keyTile.getColumns()))));
    Value tile = mul(panel, number(height * keyTile.getColumns()));
    emitRows([&](Value row, int64_t count) {
      MicroKernelCall call{shape.query.memory,
                           add(query, mul(row, value(layout.rowStride))),
                           packedKeys,
                           right,
                           scores,
                           add(tile, mul(row, number(keyTile.getColumns())))};
      kernels.emitCall(b, shapes, call, count, keyTile.vectors);
    });
  });
}

/// The head and the query of a row.
std::pair<Value, Value> AttentionEmitter::getPosition(Value row) {
  if (isSingle)
    return {add(mul(group, value(shape.shared)), row), number(0)};
  return {head, add(firstRow, row)};
}

/// Products of one query and a vector of keys; those past the last are the last one.
void AttentionEmitter::emitDotGroup(Value first, bool isLast) {
  Value base = getAddress(shape.key, {batch, group, number(0), number(0)});
  Value stride = value(shape.key.coefficients[2]), from = add(blockKey, first);
  SmallVector<Value> places;
  for (int64_t lane = 0; lane < keyTile.lanes; ++lane) {
    Value key = add(from, number(lane));
    if (isLast)
      key = min(key, sub(value(shape.keys), number(1)));
    places.push_back(add(base, mul(key, stride)));
  }
  emitLoop(number(0), rowsLeft, 1, [&](Value row) {
    auto [head, query] = getPosition(row);
    Value at = getAddress(shape.query, {batch, head, query, number(0)});
    Value dots = emitDots(b, shape.query.memory, at, shape.key.memory, places,
                          *nn::getStatic(shape.depth));
    b.create<vector::StoreOp>(dots, scores,
                              add(mul(row, number(rows.rowStride)), first));
  });
}

void AttentionEmitter::emitDotScores(Value keys) {
  OpFoldResult count = getAsOpFoldResult(keys), lanes = shapes.get(keyTile.lanes);
  OpFoldResult whole = shapes.mul(shapes.floorDiv(count, lanes), lanes);
  emitLoop(number(0), value(whole), keyTile.lanes,
           [&](Value first) { emitDotGroup(first, /*isLast=*/false); });
  if (nn::areEqual(whole, count))
    return;
  emitIf(isNotEqual(value(whole), keys),
         [&] { emitDotGroup(value(whole), /*isLast=*/true); });
}

/// The op's body on a vector of scores.
Value AttentionEmitter::emitBody(Value score, Value row, Value key, Value mask) {
  Block &body = op.getBody().front();
  int64_t lanes = keyTile.lanes;
  auto [head, query] = getPosition(row);
  key = add(blockKey, key);
  SmallVector<Value> arguments = {score};
  SmallVector<bool> uniform = {false};
  for (auto [i, extra] : llvm::enumerate(shape.extras)) {
    bool isOne = nn::getStatic(extra.coefficients[3]) == 0;
    uniform.push_back(isOne);
    Type element = extra.getElementType();
    if (body.getArgument(i + 1).use_empty()) {
      arguments.push_back(b.create<arith::ConstantOp>(b.getZeroAttr(element)));
      continue;
    }
    Value at = getAddress(extra, {batch, head, query, key});
    auto type = VectorType::get(lanes, element);
    if (isOne)
      arguments.push_back(b.create<memref::LoadOp>(extra.memory, at));
    else if (!mask)
      arguments.push_back(b.create<vector::LoadOp>(type, extra.memory, at));
    else
      arguments.push_back(b.create<vector::MaskedLoadOp>(
          type, extra.memory, at, mask, b.create<arith::ConstantOp>(b.getZeroAttr(type))));
  }
  arguments.push_back(query);
  uniform.push_back(true);
  auto positions = VectorType::get(lanes, b.getIndexType());
  SmallVector<int64_t> steps = llvm::to_vector(llvm::seq<int64_t>(0, lanes));
  arguments.push_back(b.create<arith::AddIOp>(
      b.create<vector::BroadcastOp>(positions, key),
      b.create<arith::ConstantOp>(
          DenseElementsAttr::get(positions, ArrayRef<int64_t>(steps)))));
  uniform.push_back(false);
  constexpr unsigned noLoop = ~0u;
  BodyEmitter emitter(body, noLoop, lanes, uniform);
  return emitter.widen(b, emitter.emit(b, arguments, {}, mask)[0]);
}

/// Exponentials times values, for one panel of the values' columns.
void AttentionEmitter::emitProduct(const LhsLayout &layout, bool accumulates, Value panel,
                                   Value firstKey, Value block) {
  MicroKernels kernels(op->getParentOfType<ModuleOp>(), b.getF32Type(), valueTile, layout,
                       accumulates);
  int64_t width = valueTile.getColumns();
  Value heads = add(mul(batch, value(shape.groups)), group);
  Value panels = add(mul(heads, value(valuePanels)), panel);
  Value right = mul(add(mul(panels, value(shape.keys)), firstKey), number(width));
  Value tile = mul(panel, number(height * width));
  emitRows([&](Value row, int64_t count) {
    MicroKernelCall call{scores,
                         add(block, mul(row, number(keyTile.getColumns()))),
                         packedValues,
                         right,
                         products,
                         add(tile, mul(row, number(width)))};
    kernels.emitCall(b, shapes, call, count, valueTile.vectors);
  });
}

/// Keys that fill panels first, then those that are left.
void AttentionEmitter::emitProducts(Value firstKey, Value keys) {
  int64_t columns = keyTile.getColumns();
  OpFoldResult count = getAsOpFoldResult(keys), one = shapes.get(1);
  OpFoldResult whole = shapes.floorDiv(count, shapes.get(columns));
  OpFoldResult rest = shapes.sub(count, shapes.mul(whole, shapes.get(columns)));
  LhsLayout panels{shapes.get(columns),
                   {{whole, shapes.get(height * columns)}, {shapes.get(columns), one}}};
  LhsLayout last{shapes.get(columns), {{rest, one}}};
  bool hasWhole = nn::getStatic(whole) != 0, hasRest = nn::getStatic(rest) != 0;
  emitLoop(number(0), value(valuePanels), 1, [&](Value panel) {
    if (hasWhole)
      emitProduct(panels, /*accumulates=*/!isOneBlock, panel, firstKey, number(0));
    if (!hasRest)
      return;
    Value done = mul(value(whole), number(columns));
    emitProduct(last, /*accumulates=*/!isOneBlock || hasWhole, panel, add(firstKey, done),
                mul(value(whole), number(height * columns)));
  });
}

/// Exponentials times values where these lie, for some heads and vectors at a time.
void AttentionEmitter::emitSharedProducts(Value firstKey, Value keys) {
  int64_t lanes = valueTile.lanes, width = valueTile.getColumns();
  int64_t vectors = *nn::getStatic(shape.width) / lanes;
  int64_t rowsAtOnce = std::min(height, sharedAtOnce);
  int64_t atOnce = std::max<int64_t>(1, registers / 2 / rowsAtOnce);
  for (int64_t row = 0; row < height; row += rowsAtOnce)
    for (int64_t v = 0; v < vectors; v += atOnce) {
      WeightedValues values{shape.value.memory,
                            getAddress(shape.value, {batch, group, firstKey, number(v * lanes)}),
                            value(shape.value.coefficients[2]),
                            scores,
                            {},
                            keys};
      SmallVector<Value> sums, places;
      for (int64_t r = row; r < std::min(row + rowsAtOnce, height); ++r) {
        values.rows.push_back(number(r * rows.rowStride));
        for (int64_t i = v; i < std::min(v + atOnce, vectors); ++i) {
          int64_t panel = i * lanes / width;
          places.push_back(number((panel * height + r) * width + i * lanes % width));
          sums.push_back(
              isOneBlock ? b.create<arith::ConstantOp>(b.getZeroAttr(valueType)).getResult()
                         : b.create<vector::LoadOp>(valueType, products, places.back()).getResult());
        }
      }
      for (auto [sum, place] : llvm::zip_equal(emitWeightedSums(b, values, sums), places))
        b.create<vector::StoreOp>(sum, products, place);
    }
}

/// The vectors of a row of the products, and the columns of the result they are.
void AttentionEmitter::forVectors(Value row,
                                  function_ref<void(Value, Value, Value)> body) {
  int64_t lanes = valueTile.lanes, width = *nn::getStatic(shape.width);
  for (int64_t column = 0; column < width; column += lanes) {
    int64_t panel = column / valueTile.getColumns(), rest = width - column;
    Value place = add(mul(add(number(panel * height), row), number(valueTile.getColumns())),
                      number(column % valueTile.getColumns()));
    Value mask;
    if (rest < lanes)
      mask = b.create<vector::CreateMaskOp>(VectorType::get(lanes, b.getI1Type()),
                                            ValueRange{number(rest)});
    body(place, number(column), mask);
  }
}

void AttentionEmitter::scaleRow(Value row, Value factor) {
  Value wide = b.create<vector::BroadcastOp>(valueType, factor);
  forVectors(row, [&](Value place, Value, Value) {
    Value old = b.create<vector::LoadOp>(valueType, products, place);
    b.create<vector::StoreOp>(b.create<arith::MulFOp>(old, wide), products, place);
  });
}

/// The products, divided by the sums of the exponentials.
void AttentionEmitter::emitStore() {
  Type f32 = b.getF32Type();
  Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(f32));
  Value one = b.create<arith::ConstantOp>(b.getFloatAttr(f32, 1));
  Value nothing = b.create<arith::ConstantOp>(b.getZeroAttr(valueType));
  emitLoop(number(0), rowsLeft, 1, [&](Value row) {
    Value sum = b.create<memref::LoadOp>(rows.sums, row), isZero;
    if (op.getZeroNan())
      isZero = b.create<arith::CmpFOp>(arith::CmpFPredicate::ULE, sum, zero);
    else if (op.getZeroUnseen())
      isZero = b.create<arith::CmpFOp>(arith::CmpFPredicate::OEQ, sum, zero);
    Value factor = b.create<vector::BroadcastOp>(valueType,
                                                 b.create<arith::DivFOp>(one, sum));
    auto [head, query] = getPosition(row);
    Value to = getAddress(shape.result, {batch, head, query, number(0)});
    forVectors(row, [&](Value place, Value column, Value mask) {
      Value result = b.create<arith::MulFOp>(
          b.create<vector::LoadOp>(valueType, products, place), factor);
      if (isZero)
        result = b.create<arith::SelectOp>(isZero, nothing, result);
      Value at = add(to, column);
      if (mask)
        b.create<vector::MaskedStoreOp>(shape.result.memory, at, mask, result);
      else
        b.create<vector::StoreOp>(result, shape.result.memory, at);
    });
  });
}

/// Nothing has been seen yet.
void AttentionEmitter::clear() {
  Value none = b.create<arith::ConstantOp>(b.getFloatAttr(b.getF32Type(), -INFINITY));
  Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(b.getF32Type()));
  Value nothing = b.create<arith::ConstantOp>(b.getZeroAttr(valueType));
  emitLoop(number(0), rowsLeft, 1, [&](Value row) {
    b.create<memref::StoreOp>(none, rows.largest, row);
    b.create<memref::StoreOp>(zero, rows.sums, row);
    forVectors(row, [&](Value place, Value, Value) {
      b.create<vector::StoreOp>(nothing, products, place);
    });
  });
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
  if (isOneBlock) {
    emitBlock(number(0), value(keyPanels), value(shape.keys));
  } else {
    clear();
    emitLoop(number(0), value(keyPanels), blockPanels, [&](Value first) {
      Value panels = min(sub(value(keyPanels), first), number(blockPanels));
      Value keys = sub(value(shape.keys), mul(first, number(columns)));
      emitBlock(first, panels, min(keys, number(blockPanels * columns)));
    });
  }
  emitStore();
}

void AttentionEmitter::emitTask(Value task) {
  if (isSingle) {
    std::tie(batch, group) = split(task, value(shape.groups));
    rowsLeft = number(height);
    return emitBlocks();
  }
  auto [heads, panel] = split(task, value(rowPanels));
  Value groups, sharing;
  std::tie(groups, sharing) = split(heads, value(shape.shared));
  std::tie(batch, group) = split(groups, value(shape.groups));
  head = add(mul(group, value(shape.shared)), sharing);
  firstRow = mul(panel, number(height));
  rowsLeft = min(sub(value(shape.queries), firstRow), number(height));
  emitBlocks();
}

/// All tasks: one for each panel of queries, or for the heads that share keys.
void AttentionEmitter::emitAll() {
  int64_t columns = keyTile.getColumns();
  if (!isSingle) {
    packedKeys = packAll(shape.getKeyColumns(), keyTile, keyPanels);
    packedValues = packAll(shape.getValueColumns(), valueTile, valuePanels);
  }
  auto guess = [](OpFoldResult size) { return nn::getStatic(size).value_or(64); };
  int64_t keys = nn::getStatic(shape.keys).value_or(isSingle ? keyBlock : 64);
  int64_t work = height * keys * (guess(shape.depth) + guess(shape.width));
  OpFoldResult tasks = isSingle ? shapes.mul(shape.batch, shape.groups)
                                : shapes.product({shape.batch, shape.heads, rowPanels});
  emitRange(value(tasks), getGrain(work, keyTile.lanes), [&](Value task) {
    scores = createBuffer(blockPanels * height * columns);
    products = createBuffer(*nn::getStatic(valuePanels) * height * valueTile.getColumns());
    // A row's scores next to each other, or those of a panel.
    rows = {scores,
            isSingle ? columns : height * columns,
            isSingle ? blockPanels * columns : columns,
            columns,
            keyTile.lanes,
            createBuffer(height),
            createBuffer(height)};
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
  int64_t panelHeight = std::exchange(height, *nn::getStatic(shape.shared));
  emitAll();
  height = panelHeight;
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
} // namespace

void burin::emitAttention(exec::AttentionOp op, const Cpu &cpu) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  nn::ShapeBuilder shapes(b);
  shapes.setLoc(op.getLoc());
  AttentionEmitter(op, b, shapes, cpu).emit();
  op.erase();
}
