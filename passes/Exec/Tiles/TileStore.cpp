//===- TileStore.cpp - From sums in a tile to results in memory -----------===//

#include "passes/Exec/Tiles/TileStore.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "passes/Exec/BodyEmitter.h"

using namespace mlir;
using namespace burin;

namespace {
class TileStoreEmitter {
public:
  TileStoreEmitter(ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                   const Contraction &c, const Tile &tile, const TilePlace &place)
      : b(b), shapes(shapes), c(c), tile(tile), place(place) {}

  void emit() {
    for (const LinearAccess &access : c.nest.accesses)
      bases.push_back(getBase(access));
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

  bool isWide(const LinearAccess &access) {
    return nn::getStatic(access.coefficients[c.columns.back()]) != 0;
  }

  /// Where the first element of the tile is.
  Value getBase(const LinearAccess &access) {
    if (!isa<MemRefType>(access.memory.getType()))
      return {};
    Value base = mul(place.firstRow, access.coefficients[c.rows[0]]);
    for (unsigned d : c.batch)
      base = add(base, mul(place.batch[d], access.coefficients[d]));
    return isWide(access) ? add(base, place.firstColumn) : base;
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
    addresses.clear();
    for (auto [base, access] : llvm::zip_equal(bases, c.nest.accesses))
      addresses.push_back(
          base ? add(base, mul(row, access.coefficients[c.rows[0]])) : base);
    Value sums = add(place.start, mul(row, number(tile.getColumns())));
    for (int64_t v = 0; v < tile.vectors; ++v) {
      column = v * tile.lanes;
      mask = masks[v];
      Value sum = b.create<vector::LoadOp>(
          VectorType::get(tile.lanes, c.getType()), place.memory,
          add(sums, number(column)));
      store(emitStages(sum));
    }
  }

  Value emitStages(Value sum) {
    Value value = addStart(sum);
    return c.finish ? emitStage(*c.finish, value) : value;
  }

  Value addStart(Value sum) {
    if (c.start && isZero(*c.start))
      return sum;
    Value start = c.start ? emitStage(*c.start, Value()) : load(2);
    if (isa<FloatType>(c.getType()))
      return b.create<arith::AddFOp>(start, sum);
    return b.create<arith::AddIOp>(start, sum);
  }

  /// linalg.fill with zero.
  bool isZero(const TileStage &stage) {
    auto given = dyn_cast<BlockArgument>(stage.body->getTerminator()->getOperand(0));
    if (!given || !stage.arguments[given.getArgNumber()])
      return false;
    Value scalar = c.getOperand(*stage.arguments[given.getArgNumber()]).memory;
    return matchPattern(scalar, m_AnyZeroFloat()) || matchPattern(scalar, m_Zero());
  }

  Value emitStage(const TileStage &stage, Value before) {
    SmallVector<Value> arguments;
    SmallVector<bool> uniform;
    for (auto [argument, access] :
         llvm::zip_equal(stage.body->getArguments(), stage.arguments)) {
      bool isUsed = !argument.use_empty();
      if (isUsed && access)
        arguments.push_back(load(*access));
      else if (isUsed)
        arguments.push_back(before);
      else
        arguments.push_back(
            b.create<arith::ConstantOp>(b.getZeroAttr(argument.getType())));
      uniform.push_back(!isa<VectorType>(arguments.back().getType()));
    }
    constexpr unsigned noLoop = ~0u;
    BodyEmitter body(*stage.body, noLoop, tile.lanes, uniform);
    return body.widen(b, body.emit(b, arguments, {}, mask)[0]);
  }

  /// A vector, or a scalar where all columns have one value.
  Value load(unsigned i) {
    const LinearAccess &access = c.getOperand(i);
    if (!isa<MemRefType>(access.memory.getType()))
      return access.memory;
    if (!isWide(access))
      return b.create<memref::LoadOp>(access.memory, addresses[i]);
    auto type = VectorType::get(tile.lanes, access.getElementType());
    Value at = add(addresses[i], number(column));
    if (!mask)
      return b.create<vector::LoadOp>(type, access.memory, at);
    Value rest = b.create<arith::ConstantOp>(b.getZeroAttr(type));
    return b.create<vector::MaskedLoadOp>(type, access.memory, at, mask, rest);
  }

  void store(Value value) {
    Value at = add(addresses[c.target], number(column));
    if (mask)
      b.create<vector::MaskedStoreOp>(c.getTarget().memory, at, mask, value);
    else
      b.create<vector::StoreOp>(value, c.getTarget().memory, at);
  }

  ImplicitLocOpBuilder &b;
  nn::ShapeBuilder &shapes;
  const Contraction &c;
  const Tile &tile;
  const TilePlace &place;
  SmallVector<Value> bases, addresses; ///< Per access; null where unknown.
  int64_t column = 0;                  ///< Of the vector at hand, in the tile.
  Value mask;                          ///< Of the vector at hand; null: all.
};
} // namespace

void burin::emitTileStore(ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                          const Contraction &c, const Tile &tile,
                          const TilePlace &place) {
  TileStoreEmitter(b, shapes, c, tile, place).emit();
}
