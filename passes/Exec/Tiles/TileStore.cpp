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

  void emit() {
    for (unsigned i = 0; i < c.nest.accesses.size(); ++i)
      bases.push_back(getBase(i));
    std::optional<int64_t> columns = nn::getStatic(c.getSize(shapes, c.columns));
    if (columns && *columns % tile.getColumns() == 0)
      return emitRows(/*isMasked=*/false);
    if (columns && *columns < tile.getColumns())
      return emitRows(/*isMasked=*/true);
    Value whole = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq,
                                          place.columns, number(tile.getColumns()));
    auto choice = b.create<scf::IfOp>(whole, /*withElseRegion=*/true);
    for (auto [block, isMasked] : {std::pair(choice.thenBlock(), false),
                                   std::pair(choice.elseBlock(), true)}) {
      OpBuilder::InsertionGuard guard(b);
      nn::ShapeBuilder::Scope scope(shapes);
      b.setInsertionPointToStart(block);
      emitRows(isMasked);
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

  void emitRows(bool isMasked) {
    SmallVector<Value> masks(tile.vectors);
    if (isMasked)
      for (int64_t v = 0; v < tile.vectors; ++v)
        masks[v] = b.create<vector::CreateMaskOp>(
            VectorType::get(tile.lanes, b.getI1Type()),
            ValueRange{b.createOrFold<arith::SubIOp>(place.columns,
                                                     number(v * tile.lanes))});
    auto loop = b.create<scf::ForOp>(number(0), place.rows, number(1));
    OpBuilder::InsertionGuard guard(b);
    nn::ShapeBuilder::Scope scope(shapes);
    b.setInsertionPointToStart(loop.getBody());
    Value row = loop.getInductionVar();
    SmallVector<Value> addresses;
    for (auto [base, access] : llvm::zip_equal(bases, c.nest.accesses))
      addresses.push_back(
          base ? add(base, mul(row, access.coefficients[c.rows[0]])) : base);
    Value sums = add(place.start, mul(row, number(tile.getColumns())));
    for (int64_t v = 0; v < tile.vectors; ++v) {
      int64_t column = v * tile.lanes;
      Value sum = b.create<vector::LoadOp>(
          VectorType::get(tile.lanes, c.getType()), place.memory,
          add(sums, number(column)));
      stages.emit(sum, addresses, column, masks[v]);
    }
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
                          const TilePlace &place) {
  TileStoreEmitter(b, shapes, c, tile, place).emit();
}
