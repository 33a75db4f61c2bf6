//===- TileStore.cpp - From sums in a tile to results in memory -----------===//

#include "passes/Exec/Tiles/TileStore.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace burin;

namespace {
class TileStoreEmitter {
public:
  TileStoreEmitter(ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                   const Contraction &c, const Tile &tile, const TilePlace &place)
      : b(b), shapes(shapes), c(c), tile(tile), place(place),
        stages(b, c, c.columns.back(), tile.lanes) {}

  /// `body` for what the columns may be: whole vectors, or with masks. Of the
  /// tile's vectors the first `vectors` are there; no mask: nothing of it is.
  void emit(int64_t vectors, function_ref<void(ArrayRef<std::optional<Value>>)> body) {
    for (unsigned i = 0; i < c.nest.accesses.size(); ++i)
      bases.push_back(getBase(i));
    SmallVector<std::optional<Value>> whole(vectors, Value());
    std::optional<int64_t> columns = nn::getStatic(c.getSize(shapes, c.columns));
    if (columns && *columns % tile.getColumns() == 0)
      return body(whole);
    if (vectors < tile.vectors || (columns && *columns < tile.getColumns()))
      return body(getMasks(vectors, columns));
    Value isWhole = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, place.columns,
                                            number(tile.getColumns()));
    auto choice = b.create<scf::IfOp>(isWhole, /*withElseRegion=*/true);
    for (Block *block : {choice.thenBlock(), choice.elseBlock()}) {
      OpBuilder::InsertionGuard guard(b);
      nn::ShapeBuilder::Scope scope(shapes);
      b.setInsertionPointToStart(block);
      body(block == choice.thenBlock() ? whole : getMasks(vectors, columns));
    }
  }

  /// Where accesses are in a row of the tile, which is iteration `row` of the loops
  /// of rows; null for factors and scalars.
  SmallVector<Value> getAddresses(ArrayRef<Value> row) {
    SmallVector<Value> addresses;
    for (auto [base, access] : llvm::zip_equal(bases, c.nest.accesses)) {
      addresses.push_back(base);
      if (base)
        for (auto [i, d] : llvm::zip_equal(row, c.rows))
          addresses.back() = add(addresses.back(), mul(i, access.coefficients[d]));
    }
    return addresses;
  }

  /// `body` for each row of the tile, its number and its iteration.
  void forEachRow(function_ref<void(Value flat, ArrayRef<Value> row)> body) {
    Value run = number(c.getRun());
    SmallVector<Value> sizes{b.createOrFold<arith::DivUIOp>(place.rows, run), run}, row;
    Value flat = number(0);
    OpBuilder::InsertionGuard guard(b);
    nn::ShapeBuilder::Scope scope(shapes);
    for (Value size : ArrayRef(sizes).take_front(c.rows.size())) {
      auto loop = b.create<scf::ForOp>(number(0), size, number(1));
      b.setInsertionPointToStart(loop.getBody());
      flat = add(mul(flat, size), loop.getInductionVar());
      row.push_back(loop.getInductionVar());
    }
    body(flat, row);
  }

  void emitRows(Value memory, Value start, ArrayRef<std::optional<Value>> masks) {
    forEachRow([&](Value flat, ArrayRef<Value> row) {
      SmallVector<Value> addresses = getAddresses(row);
      Value sums = add(start, mul(flat, number(tile.getColumns())));
      for (auto [v, mask] : llvm::enumerate(masks)) {
        if (!mask)
          continue;
        StageEmitter::Place at{addresses, int64_t(v) * tile.lanes, *mask};
        Value sum = b.create<vector::LoadOp>(VectorType::get(tile.lanes, c.getType()),
                                             memory, add(sums, number(at.offset)));
        stages.store(stages.evaluate(sum, at), at);
      }
    });
  }

  /// All are calculated before the first is stored, so that what several rows
  /// need is loaded once.
  void emitSums(ArrayRef<Value> sums, ArrayRef<std::optional<Value>> masks) {
    int64_t rows = sums.size() / masks.size();
    SmallVector<SmallVector<Value>> addresses;
    SmallVector<Value> results(sums);
    int64_t run = c.getRun();
    for (int64_t row = 0; row < rows; ++row)
      addresses.push_back(c.rows.size() == 1
                              ? getAddresses(number(row))
                              : getAddresses({number(row / run), number(row % run)}));
    for (bool isStored : {false, true})
      for (auto [i, value] : llvm::enumerate(results)) {
        size_t v = i % masks.size();
        if (!masks[v])
          continue;
        StageEmitter::Place at{addresses[i / masks.size()], int64_t(v) * tile.lanes,
                               *masks[v]};
        if (isStored)
          stages.store(value, at);
        else
          value = stages.evaluate(value, at);
      }
  }

private:
  Value number(int64_t value) { return b.create<arith::ConstantIndexOp>(value); }
  Value add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(x, y); }
  Value mul(Value x, Value y) { return b.createOrFold<arith::MulIOp>(x, y); }
  Value mul(Value x, OpFoldResult y) { return mul(x, shapes.getValue(y)); }

  /// Where the first element of the tile is.
  Value getBase(unsigned i) {
    const LinearAccess &access = c.getOperand(i);
    if (i < c.getSums() || !isa<MemRefType>(access.memory.getType()))
      return {};
    Value base = mul(place.firstRow, access.coefficients[c.rows[0]]);
    for (unsigned d : c.batch)
      base = add(base, mul(place.batch[d], access.coefficients[d]));
    return stages.isWide(i) ? add(base, place.firstColumn) : base;
  }

  /// For the last columns, of `columns` if that is known.
  SmallVector<std::optional<Value>> getMasks(int64_t vectors,
                                             std::optional<int64_t> columns) {
    SmallVector<std::optional<Value>> masks;
    auto type = VectorType::get(tile.lanes, b.getI1Type());
    for (int64_t first = 0; first < vectors * tile.lanes; first += tile.lanes) {
      int64_t left = columns ? *columns % tile.getColumns() - first : 0;
      if (columns && left <= 0)
        masks.push_back(std::nullopt);
      else if (left >= tile.lanes)
        masks.push_back(Value());
      else
        masks.push_back(b.create<vector::CreateMaskOp>(
            type, columns ? number(left)
                          : b.createOrFold<arith::SubIOp>(place.columns, number(first))));
    }
    return masks;
  }

  ImplicitLocOpBuilder &b;
  nn::ShapeBuilder &shapes;
  const Contraction &c;
  const Tile &tile;
  const TilePlace &place;
  StageEmitter stages;
  SmallVector<Value> bases; ///< Per access; null for factors and scalars.
};
} // namespace

void burin::emitTileStore(ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                          const Contraction &c, const Tile &tile,
                          const TilePlace &place, Value memory, Value start) {
  TileStoreEmitter emitter(b, shapes, c, tile, place);
  emitter.emit(tile.vectors, [&](ArrayRef<std::optional<Value>> masks) {
    emitter.emitRows(memory, start, masks);
  });
}

void burin::emitSumsStore(ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                          const Contraction &c, const Tile &tile,
                          const TilePlace &place, ArrayRef<Value> sums,
                          int64_t vectors) {
  TileStoreEmitter emitter(b, shapes, c, tile, place);
  emitter.emit(vectors, [&](ArrayRef<std::optional<Value>> masks) {
    emitter.emitSums(sums, masks);
  });
}
