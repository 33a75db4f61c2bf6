//===- RoundedProduct.cpp - Integers times packed columns -----------------===//
//
// Each block of a row becomes integers of 16 bits and one factor. Fields `i` and
// `i + fields / 2` of a word, one in each half, are multiplied at once with two
// neighbouring integers of the row (exec.dot):
//
//   out[m, n] = sum over block: factor[m, block] * scale[n, block] *
//                 sum over k of the block: row[m, k] * (integer[n, k] - zero[n, block])
//
// The inner sum is exact. Several rows at a time share what is read of a column.
//
//===----------------------------------------------------------------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/NBits/ColumnProduct.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace {
/// Rows that are multiplied with a word while it is in a register.
constexpr int64_t rowsAtOnce = 4;
/// Words whose sums are joined before they become floats.
constexpr int64_t wordsAtOnce = 4;
constexpr int64_t largestInteger = 32767;
/// Blocks of smaller numbers become 0: the factor's inverse would be infinite.
constexpr double leastBlock = 1e-34;

class RoundedProduct : ColumnProduct {
public:
  RoundedProduct(Lowering &l, nn::MatMulNBitsOp op, const PackedColumns &columns,
                 Value a, OpFoldResult rows)
      : ColumnProduct(l, op, columns, a, rows), pairs(fields / 2),
        step(std::min(words, wordsAtOnce)), steps(words / step) {}

  Value build();

private:
  Value findLargest(Value split);
  Value roundRows(Value split);
  Value sumRows();
  SmallVector<Value> multiply(OpFoldResult first, OpFoldResult count,
                              int64_t atOnce);
  Value emitRow(B &b, ArrayRef<Value> at, ValueRange fields, ValueRange args,
                Value acc);

  int64_t pairs; ///< Per word.
  int64_t step;  ///< Words at once,
  int64_t steps; ///< and how many times in a block.
  Value largest; ///< Of a block: [rows, blocks], f32.
  Value rounded; ///< [rows, blocks, steps, step, pairs], i32 of two integers.
  Value starts;  ///< Sums of those times -middle: [rows, blocks, steps], i32.
};

/// The largest magnitude of each block; `split` is [rows, blocks, ...].
Value RoundedProduct::findLargest(Value split) {
  Value init = l.createFilled({rows, get(blocks)}, b.getF32FloatAttr(0));
  return l.createGeneric(
      split, init, {getMap(5, {0, 1, 2, 3, 4}), getMap(5, {0, 1})},
      {parallel, parallel, reduction, reduction, reduction},
      [](B &b, ValueRange args) -> Value {
        return b.create<arith::MaximumFOp>(args[1],
                                           b.create<math::AbsFOp>(args[0]));
      });
}

/// `split` is [rows, blocks, words, 2, pairs].
Value RoundedProduct::roundRows(Value split) {
  Value inverse = l.createGeneric(
      largest, l.createEmpty({rows, get(blocks)}, f32),
      {getMap(2, {0, 1}), getMap(2, {0, 1})}, {parallel, parallel},
      [](B &b, ValueRange args) -> Value {
        Value isUsable = b.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, args[0],
                                                 getFloat(b, leastBlock));
        Value inverse =
            b.create<arith::DivFOp>(getFloat(b, largestInteger), args[0]);
        return b.create<arith::SelectOp>(isUsable, inverse, getFloat(b, 0));
      });
  auto round = [](B &b, Value element, Value factor) -> Value {
    Value scaled = b.create<arith::MulFOp>(element, factor);
    Value number = b.create<math::RoundEvenOp>(scaled);
    // NaN has no integer; the block's factor is NaN, too.
    Value isNumber =
        b.create<arith::CmpFOp>(arith::CmpFPredicate::ORD, number, number);
    number = b.create<arith::SelectOp>(isNumber, number, getFloat(b, 0));
    return b.create<arith::FPToSIOp>(b.getI32Type(), number);
  };
  Shape shape = {rows, get(blocks), get(words), get(pairs)};
  Value packed = l.createGeneric(
      {split, split, inverse}, l.createEmpty(shape, b.getI32Type()),
      {getMap(4, {0, 1, 2, -1, 3}), getMap(4, {0, 1, 2, -2, 3}), getMap(4, {0, 1}),
       getMap(4, {0, 1, 2, 3})},
      SmallVector<utils::IteratorType>(4, parallel),
      [&](B &b, ValueRange args) -> Value {
        Value low = round(b, args[0], args[2]), high = round(b, args[1], args[2]);
        low = b.create<arith::AndIOp>(low, getInt(b, 0xFFFF));
        high = b.create<arith::ShLIOp>(high, getInt(b, 16));
        return b.create<arith::OrIOp>(low, high);
      });
  return l.createReshape(packed, shape,
                         {rows, get(blocks), get(steps), get(step), get(pairs)});
}

Value RoundedProduct::sumRows() {
  Value init = l.createFilled({rows, get(blocks), get(steps)}, b.getI32IntegerAttr(0));
  return l.createGeneric(
      rounded, init, {getMap(5, {0, 1, 2, 3, 4}), getMap(5, {0, 1, 2})},
      {parallel, parallel, parallel, reduction, reduction},
      [&](B &b, ValueRange args) -> Value {
        int64_t middle = -(int64_t(1) << (bits - 1));
        Value factor = getInt(b, (middle & 0xFFFF) | middle * 0x10000);
        return b.create<exec::DotOp>(args[0], factor, args[1]);
      });
}

/// `acc` plus what one row's integers and the fields of some words give. `at`:
/// row, block and step; `args`: scales and zeros.
Value RoundedProduct::emitRow(B &b, ArrayRef<Value> at, ValueRange words,
                              ValueRange args, Value acc) {
  auto number = [&](int64_t i) -> Value {
    return b.create<arith::ConstantIndexOp>(i);
  };
  Value start = b.create<tensor::ExtractOp>(starts, at);
  // One sum per pair of fields: each waits for its last addition.
  SmallVector<Value> sums(pairs, getInt(b, 0));
  sums[0] = start;
  for (int64_t i = 0; i < step; ++i)
    for (int64_t pair = 0; pair < pairs; ++pair) {
      SmallVector<Value> place(at);
      place.append({number(i), number(pair)});
      Value factors = b.create<tensor::ExtractOp>(rounded, place);
      sums[pair] = b.create<exec::DotOp>(words[i * pairs + pair], factors, sums[pair]);
    }
  Value sum = sums[0];
  for (Value other : ArrayRef(sums).drop_front())
    sum = b.create<arith::AddIOp>(sum, other);
  sum = b.create<arith::SIToFPOp>(f32, sum);
  if (zeros) {
    double middle = double(int64_t(1) << (bits - 1));
    Value total = b.create<arith::SIToFPOp>(f32, start);
    total = b.create<arith::MulFOp>(total, getFloat(b, 1 / middle));
    sum = b.create<math::FmaOp>(args[1], total, sum);
  }
  Value factor = b.create<tensor::ExtractOp>(largest, at.take_front(2));
  factor = b.create<arith::MulFOp>(factor, getFloat(b, 1.0 / largestInteger));
  Value scale = b.create<arith::MulFOp>(args[0], factor);
  return b.create<math::FmaOp>(sum, scale, acc);
}

/// Rows first + atOnce * i + r for i up to `count`, a result for each `r`:
/// [count, panels, width].
SmallVector<Value> RoundedProduct::multiply(OpFoldResult first, OpFoldResult count,
                                            int64_t atOnce) {
  // Loops: panel, group of rows, lane, block, step.
  Value split = l.createReshape(
      integers, {get(panels), get(blocks), get(words), get(width)},
      {get(panels), get(blocks), get(steps), get(step), get(width)});
  SmallVector<Value> inputs(step, split);
  SmallVector<AffineMap> maps;
  for (int64_t i = 0; i < step; ++i)
    maps.push_back(getMap(5, {0, 3, 4, -1 - int(i), 2}));
  inputs.push_back(scales);
  if (zeros)
    inputs.push_back(zeros);
  maps.append(inputs.size() - step, getMap(5, {0, 3, 2}));
  SmallVector<Value> inits;
  for (int64_t r = 0; r < atOnce; ++r)
    inits.push_back(l.createFilled({count, get(panels), get(width)},
                                   b.getF32FloatAttr(0)));
  maps.append(atOnce, getMap(5, {1, 0, 2}));
  Value firstRow = l.shapes.getValue(first);
  auto op = b.create<linalg::GenericOp>(
      TypeRange(ValueRange(inits)), inputs, inits, maps,
      ArrayRef{parallel, parallel, parallel, reduction, reduction},
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        B b(loc, nested);
        SmallVector<Value> fields;
        for (Value word : args.take_front(step))
          for (int64_t pair = 0; pair < pairs; ++pair) {
            int64_t mask = (int64_t(1) << bits) - 1;
            Value moved = word;
            if (pair > 0)
              moved = b.create<arith::ShRUIOp>(word, getInt(b, pair * bits));
            fields.push_back(
                b.create<arith::AndIOp>(moved, getInt(b, mask | mask << 16)));
          }
        Value group = b.create<arith::MulIOp>(
            b.create<linalg::IndexOp>(1),
            b.create<arith::ConstantIndexOp>(atOnce));
        SmallVector<Value> results;
        for (int64_t r = 0; r < atOnce; ++r) {
          Value row = b.create<arith::AddIOp>(
              b.create<arith::AddIOp>(firstRow, group),
              b.create<arith::ConstantIndexOp>(r));
          SmallVector<Value> at = {row, b.create<linalg::IndexOp>(3),
                                   b.create<linalg::IndexOp>(4)};
          results.push_back(emitRow(b, at, fields,
                                    args.slice(step, inputs.size() - step),
                                    args[inputs.size() + r]));
        }
        b.create<linalg::YieldOp>(results);
      });
  return SmallVector<Value>(op.getResults());
}

Value RoundedProduct::build() {
  Value padded = padRows(rows);
  Value split = l.createReshape(
      padded, {rows, get(getDepth())},
      {rows, get(blocks), get(words), get(2), get(pairs)});
  largest = findLargest(split);
  rounded = roundRows(split);
  starts = sumRows();
  OpFoldResult groups = l.shapes.floorDiv(rows, get(rowsAtOnce));
  OpFoldResult grouped = l.shapes.mul(groups, get(rowsAtOnce));
  OpFoldResult rest = l.shapes.sub(rows, grouped);
  Value result = l.createEmpty({rows, get(panels), get(width)}, f32);
  auto insert = [&](Value part, OpFoldResult first, OpFoldResult count,
                    int64_t stride) {
    result = b.create<tensor::InsertSliceOp>(
        part, result, Shape{first, get(0), get(0)},
        Shape{count, get(panels), get(width)}, Shape{get(stride), get(1), get(1)});
  };
  if (nn::getStatic(groups) != 0)
    for (auto [r, part] : llvm::enumerate(multiply(get(0), groups, rowsAtOnce)))
      insert(part, get(r), groups, rowsAtOnce);
  if (nn::getStatic(rest) != 0)
    insert(multiply(grouped, rest, 1)[0], grouped, rest, 1);
  return trim(l.createReshape(result, {rows, get(panels), get(width)},
                              {rows, get(panels * width)}));
}
} // namespace

bool burin::canRound(nn::MatMulNBitsOp op) {
  return op.getBlockSize() * (int64_t(1) << (op.getBits() - 1)) * largestInteger <
         int64_t(1) << 31;
}

Value burin::createRoundedProduct(Lowering &l, nn::MatMulNBitsOp op,
                                  const PackedColumns &columns, Value a,
                                  OpFoldResult rows) {
  return RoundedProduct(l, op, columns, a, rows).build();
}
