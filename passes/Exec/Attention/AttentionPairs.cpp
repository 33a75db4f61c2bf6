//===- AttentionPairs.cpp - Operands as pairs of bf16 ----------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Attention/AttentionEmitter.h"
#include "passes/Exec/Dots/RowCopy.h"

using namespace mlir;
using namespace burin;

/// Steps of a panel that are packed as f32 before they are paired; even.
static constexpr int64_t stepsAtOnce = 64;

/// Whether all products can be of pairs, whose vectors are whole ones.
bool AttentionEmitter::canPair() const {
  return !dot.intrinsic.empty() && valueTile.lanes == keyTile.lanes &&
         nn::getStatic(shape.query.coefficients[3]);
}

/// Steps 2i and 2i + 1 of `scratch`, [step][column], as i32 number i of a column in
/// `target`, [pair][column] from `start` on. After an odd last step comes 0.
void AttentionEmitter::emitPairs(Value scratch, Value steps, int64_t columns,
                                 Value target, Value start) {
  int64_t lanes = keyTile.lanes;
  auto floats = VectorType::get(lanes, b.getF32Type());
  auto groups = VectorType::get(lanes, b.getI32Type());
  Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(floats));
  emitIf(isNotEqual(rem(steps, number(2)), number(0)), [&] {
    for (int64_t column = 0; column < columns; column += lanes)
      b.create<vector::StoreOp>(zero, scratch,
                                add(mul(steps, number(columns)), number(column)));
  });
  auto load = [&](Value at) {
    Value rounded = b.create<arith::TruncFOp>(
        VectorType::get(lanes, b.getBF16Type()),
        b.create<vector::LoadOp>(floats, scratch, at));
    Value bits = b.create<vector::BitCastOp>(VectorType::get(lanes, b.getI16Type()), rounded);
    return b.create<arith::ExtUIOp>(groups, bits);
  };
  Value half = b.create<arith::ConstantOp>(
      DenseElementsAttr::get(groups, b.getI32IntegerAttr(16)));
  emitLoop(number(0), ceilDiv(steps, number(2)), 1, [&](Value pair) {
    Value from = mul(pair, number(2 * columns)), to = add(start, mul(pair, number(columns)));
    for (int64_t column = 0; column < columns; column += lanes) {
      Value first = add(from, number(column));
      Value high = b.create<arith::ShLIOp>(load(add(first, number(columns))), half);
      Value both = b.create<arith::OrIOp>(high, load(first));
      b.create<vector::StoreOp>(both, target, add(to, number(column)));
    }
  });
}

/// Panel `panel` of an operand, its steps in pairs.
void AttentionEmitter::packPairs(const Contraction &c, const PanelLayout &layout,
                                 ArrayRef<Value> index, Value panel, Value target,
                                 Value start) {
  Value scratch = createBuffer(stepsAtOnce * layout.width);
  Value depth = value(c.getSize(shapes, c.depth));
  emitLoop(number(0), depth, stepsAtOnce, [&](Value lower) {
    Value upper = min(add(lower, number(stepsAtOnce)), depth);
    emitPackPanel(b, shapes, c, layout, index, panel, lower, upper, scratch, number(0),
                  keyTile.lanes);
    Value to = add(start, mul(div(lower, number(2)), number(layout.width)));
    emitPairs(scratch, sub(upper, lower), layout.width, target, to);
  });
}

/// The task's queries, a pair of their depth after the other.
void AttentionEmitter::copyQueries() {
  nn::Shape sizes{shape.batch, shape.heads, shape.queries, shape.depth};
  RowCopy copy(b, shape.query, sizes, /*loops=*/{3}, /*isUnsigned=*/false, dot, cpu);
  Value rows = copy.createBuffer(getHeight());
  Value from = getAddress(shape.query, {batch, head, firstRow, number(0)});
  emitLoop(number(0), rowsLeft, 1, [&](Value row) {
    copy.emit(add(from, mul(row, value(shape.query.coefficients[2]))), rows, row);
  });
  queries = copy.createGroupView(rows);
}
