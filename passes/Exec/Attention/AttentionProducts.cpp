//===- AttentionProducts.cpp - Exponentials times values -------------------===//

#include "passes/Exec/Attention/AttentionEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Attention/SingleQuery.h"
#include "passes/Exec/Vectors.h"

using namespace mlir;
using namespace burin;

/// Of one query: heads whose values are in registers at once.
static constexpr int64_t sharedAtOnce = 4;

/// Exponentials times values, for one panel of the values' columns.
void AttentionEmitter::emitProduct(const LhsLayout &layout, bool accumulates, Value panel,
                                   Value firstKey, Value block) {
  MicroKernels kernels = createKernels(valueTile, layout, accumulates);
  int64_t width = valueTile.getColumns();
  Value heads = add(mul(batch, value(shape.groups)), group);
  Value panels = add(mul(heads, value(valuePanels)), panel);
  Value firstStep = div(firstKey, number(perStep));
  Value right = mul(add(mul(panels, value(getSteps(shape.keys))), firstStep), number(width));
  Value tile = mul(panel, number(getHeight() * width));
  RowPanelEmitter(b, shapes, queryPanels).emit(rowsLeft, [&](Value row, int64_t count) {
    MicroKernelCall call{powers,
                         add(block, mul(row, number(keyTile.getColumns()))),
                         packedValues,
                         right,
                         products,
                         add(tile, mul(row, number(width)))};
    kernels.emitCall(b, shapes, call, count, valueTile.getColumns());
  });
}

/// Keys that fill panels first, then those that are left.
void AttentionEmitter::emitProducts(Value firstKey, Value keys) {
  int64_t columns = keyTile.getColumns();
  OpFoldResult count = getAsOpFoldResult(keys), one = shapes.get(1);
  OpFoldResult whole = shapes.floorDiv(count, shapes.get(columns));
  OpFoldResult rest = shapes.sub(count, shapes.mul(whole, shapes.get(columns)));
  LhsLayout panels{shapes.get(columns),
                   {{whole, shapes.get(getHeight() * columns)},
                    {getSteps(shapes.get(columns)), one}}};
  LhsLayout last{shapes.get(columns), {{getSteps(rest), one}}};
  bool hasWhole = nn::getStatic(whole) != 0, hasRest = nn::getStatic(rest) != 0;
  emitLoop(number(0), value(valuePanels), 1, [&](Value panel) {
    if (hasWhole)
      emitProduct(panels, /*accumulates=*/!isOneBlock, panel, firstKey, number(0));
    if (!hasRest)
      return;
    Value done = mul(value(whole), number(columns));
    emitProduct(last, /*accumulates=*/!isOneBlock || hasWhole, panel, add(firstKey, done),
                mul(value(whole), number(getHeight() * columns)));
  });
}

/// Exponentials times values where these lie, for some heads and vectors at a time.
void AttentionEmitter::emitSharedProducts(Value firstKey, Value keys) {
  int64_t lanes = valueTile.lanes, width = valueTile.getColumns();
  int64_t vectors = *nn::getStatic(shape.width) / lanes;
  int64_t rowsAtOnce = std::min(getHeight(), sharedAtOnce);
  int64_t atOnce = std::max<int64_t>(1, cpu.registers / 2 / rowsAtOnce);
  for (int64_t row = 0; row < getHeight(); row += rowsAtOnce)
    for (int64_t v = 0; v < vectors; v += atOnce) {
      WeightedValues values{shape.value.memory,
                            getAddress(shape.value, {batch, group, firstKey, number(v * lanes)}),
                            value(shape.value.coefficients[2]),
                            scores,
                            {},
                            keys};
      SmallVector<Value> sums, places;
      for (int64_t r = row; r < std::min(row + rowsAtOnce, getHeight()); ++r) {
        values.rows.push_back(number(r * rows.rowStride));
        for (int64_t i = v; i < std::min(v + atOnce, vectors); ++i) {
          int64_t panel = i * lanes / width;
          places.push_back(number((panel * getHeight() + r) * width + i * lanes % width));
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
    Value place = add(mul(add(number(panel * getHeight()), row), number(valueTile.getColumns())),
                      number(column % valueTile.getColumns()));
    Value mask;
    if (rest < lanes)
      mask = createMask(b, lanes, number(rest));
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
      storeVector(b, result, shape.result.memory, add(to, column), mask);
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
