//===- RoundedProduct.cpp - Bytes times packed columns --------------------===//
//
// Each block of a row becomes bytes and one factor. Four fields of a word, one in
// each of its bytes, are multiplied at once with four bytes of the row (exec.dot):
//
//   out[m, n] = sum over block: factor[m, block] * scale[n, block] *
//                 sum over k of the block: row[m, k] * (integer[n, k] - zero[n, block])
//
// The inner sum is exact. A byte is one digit of the row's elements, 8 bits of them.
// Three are as good as floats: they leave out what is less than 2^-24 of the largest
// element of the block.
//
//===----------------------------------------------------------------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/NBits/BlockRecords.h"
#include "passes/Lower/NBits/ColumnProduct.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace {
constexpr int64_t largestByte = 127;
/// Digits of rows that are not to be rounded.
constexpr int64_t allDigits = 3;
/// Blocks of smaller numbers become 0: the factor's inverse would be infinite.
constexpr double leastBlock = 1e-30;
/// 1.5 * 2^23: what is added to it is rounded to an integer, the low bits.
constexpr double rounder = 12582912;

class RoundedProduct : ColumnProduct {
public:
  RoundedProduct(Lowering &l, nn::MatMulNBitsOp op, const StoredMatrix &matrix,
                 Value a, OpFoldResult rows, int64_t digits);

  Value build();

private:
  int64_t getLargest() const { return largestByte << (8 * (digits - 1)); }
  Value createDigits(B &b, Value element, Value inverse);
  Value findLargest(Value padded);
  Value createPerBlock(Value from, function_ref<Value(B &, Value)> body);
  Value roundRows(Value padded, Value inverse);
  Value sumRows(Value padded, Value inverse);
  Value sumTotals();
  Value sumProducts(B &b, ValueRange words, ValueRange row, Value start);
  Value joinDigits(B &b, ArrayRef<Value> sums);
  Value multiply();

  BlockRecords format;
  int64_t digits, pieces, groups, middle;
  Value records; ///< [panels, blocks, format.getLength(), width], i32.
  Value factors; ///< What the lowest digit counts: [rows, blocks], f32.
  // Digits are ordered from the lowest.
  Value bytes;  ///< [rows, blocks, pieces, digits, groups], i32 of four.
  Value starts; ///< Sums of a piece's times -middle: [rows, blocks, pieces, digits].
  Value totals; ///< Sums of all digits, f32; null without zero points.
};

RoundedProduct::RoundedProduct(Lowering &l, nn::MatMulNBitsOp op,
                               const StoredMatrix &matrix, Value a,
                               OpFoldResult rows, int64_t digits)
    : ColumnProduct(l, op, a, rows), format(op), digits(digits),
      pieces(format.getPieces()),
      groups(format.getGroups()), middle(int64_t(1) << (bits - 1)) {
  Value packed =
      b.create<arith::ConstantOp>(cast<TypedAttr>(format.pack(op, matrix)));
  int64_t length = format.getLength();
  records = l.createReshape(packed, {get(panels), get(blocks * length), get(width)},
                            {get(panels), get(blocks), get(length), get(width)});
}

/// The largest magnitude of each block.
Value RoundedProduct::findLargest(Value padded) {
  Value split = l.createReshape(padded, {rows, get(getDepth())},
                                {rows, get(blocks), get(getDepth() / blocks)});
  Value init = l.createFilled({rows, get(blocks)}, b.getF32FloatAttr(0));
  return l.createGeneric(
      split, init, {getMap(3, {0, 1, 2}), getMap(3, {0, 1})},
      {parallel, parallel, reduction}, [](B &b, ValueRange args) -> Value {
        return b.create<arith::MaximumFOp>(args[1], b.create<math::AbsFOp>(args[0]));
      });
}

Value RoundedProduct::createPerBlock(Value from, function_ref<Value(B &, Value)> body) {
  int64_t rank = cast<RankedTensorType>(from.getType()).getRank();
  Shape shape = {rows, get(blocks), get(pieces)};
  AffineMap map = b.getMultiDimIdentityMap(rank);
  return l.createGeneric(
      from, l.createEmpty(ArrayRef(shape).take_front(rank), f32), {map, map},
      SmallVector<utils::IteratorType>(rank, parallel),
      [&](B &b, ValueRange args) { return body(b, args[0]); });
}

/// Bytes `b` from the lowest so that the element's integer is the sum of b[i] * 256^i.
/// NaN has none, and any will do: the block's factor is NaN, too.
Value RoundedProduct::createDigits(B &b, Value element, Value inverse) {
  Type i32 = b.getI32Type();
  if (digits == 1) {
    Value start = b.create<arith::ConstantOp>(b.getF32FloatAttr(float(rounder)));
    return b.create<arith::BitcastOp>(
        i32, b.create<math::FmaOp>(element, inverse, start));
  }
  Value real = b.create<arith::MulFOp>(element, inverse);
  Value integer = b.create<arith::FPToSIOp>(i32, b.create<math::RoundEvenOp>(real));
  // A byte above 127 is negative, for which the next one is one more.
  Value halves = getInt(b, 0x808080);
  return b.create<arith::XOrIOp>(b.create<arith::AddIOp>(integer, halves), halves);
}

/// 8 * the digit that loop `loop` is about.
Value getPlace(B &b, int64_t loop) {
  Value digit = b.create<arith::IndexCastOp>(b.getI32Type(),
                                             b.create<linalg::IndexOp>(loop));
  return b.create<arith::MulIOp>(digit, b.create<arith::ConstantOp>(b.getI32IntegerAttr(8)));
}

Value RoundedProduct::roundRows(Value padded, Value inverse) {
  // Loops: row, block, piece, digit, group.
  Value split = l.createReshape(
      padded, {rows, get(getDepth())},
      {rows, get(blocks), get(pieces), get(4), get(groups)});
  SmallVector<Value> inputs(4, split);
  SmallVector<AffineMap> maps;
  for (int byte = 0; byte < 4; ++byte)
    maps.push_back(getMap(5, {0, 1, 2, -1 - byte, 4}));
  inputs.push_back(inverse);
  maps.append({getMap(5, {0, 1}), getMap(5, {0, 1, 2, 3, 4})});
  Shape shape = {rows, get(blocks), get(pieces), get(digits), get(groups)};
  return l.createGeneric(
      inputs, l.createEmpty(shape, b.getI32Type()), maps,
      SmallVector<utils::IteratorType>(5, parallel),
      [&](B &b, ValueRange args) -> Value {
        Value word, place = digits > 1 ? getPlace(b, 3) : Value();
        for (int64_t byte = 0; byte < 4; ++byte) {
          Value bits = createDigits(b, args[byte], args[4]);
          if (place)
            bits = b.create<arith::ShRUIOp>(bits, place);
          if (byte < 3)
            bits = b.create<arith::AndIOp>(bits, getInt(b, 0xFF));
          if (byte > 0)
            bits = b.create<arith::ShLIOp>(bits, getInt(b, byte * 8));
          word = word ? b.create<arith::OrIOp>(word, bits).getResult() : bits;
        }
        return word;
      });
}

Value RoundedProduct::sumRows(Value padded, Value inverse) {
  // Loops: row, block, piece, digit, element.
  Value split = l.createReshape(
      padded, {rows, get(getDepth())},
      {rows, get(blocks), get(pieces), get(4 * groups)});
  Value init = l.createFilled({rows, get(blocks), get(pieces), get(digits)},
                              b.getI32IntegerAttr(0));
  return l.createGeneric(
      {split, inverse}, init,
      {getMap(5, {0, 1, 2, 4}), getMap(5, {0, 1}), getMap(5, {0, 1, 2, 3})},
      {parallel, parallel, parallel, parallel, reduction},
      [&](B &b, ValueRange args) -> Value {
        Value up = getInt(b, 24);
        if (digits > 1)
          up = b.create<arith::SubIOp>(up, getPlace(b, 3));
        Value bits = b.create<arith::ShLIOp>(createDigits(b, args[0], args[1]), up);
        Value integer = b.create<arith::ShRSIOp>(bits, getInt(b, 24));
        integer = b.create<arith::MulIOp>(integer, getInt(b, -middle));
        return b.create<arith::AddIOp>(args[2], integer);
      });
}

/// `start` and the products of a row's bytes with the fields of some words.
Value RoundedProduct::sumProducts(B &b, ValueRange words, ValueRange row, Value start) {
  int64_t mask = ((int64_t(1) << bits) - 1) * 0x01010101;
  // Two sums, because each waits for its last addition; digits have one each.
  SmallVector<Value> sums{start};
  if (digits == 1)
    sums.push_back(getInt(b, 0));
  size_t next = 0;
  for (auto [i, word] : llvm::enumerate(words))
    for (int64_t field = 0; field < format.fields; ++field) {
      Value some = word;
      if (field > 0)
        some = b.create<arith::ShRUIOp>(some, getInt(b, field * bits));
      if (bits < 8)
        some = b.create<arith::AndIOp>(some, getInt(b, mask));
      Value &sum = sums[next++ % sums.size()];
      sum = b.create<exec::DotOp>(sum.getType(), some, row[i * format.fields + field],
                                  sum, /*is_wide=*/bits == 8);
    }
  return sums.size() == 1 ? sums[0] : b.create<arith::AddIOp>(sums[0], sums[1]);
}

/// The sums of each digit, from the lowest, as one float. Two fit into 32 bits.
Value RoundedProduct::joinDigits(B &b, ArrayRef<Value> sums) {
  if (digits == 1)
    return b.create<arith::SIToFPOp>(f32, sums[0]);
  Value low = b.create<arith::AddIOp>(
      b.create<arith::ShLIOp>(sums[1], getInt(b, 8)), sums[0]);
  return b.create<math::FmaOp>(b.create<arith::SIToFPOp>(f32, sums[2]),
                               getFloat(b, 1 << 16),
                               b.create<arith::SIToFPOp>(f32, low));
}

/// [rows, panels, width]
Value RoundedProduct::multiply() {
  // Loops: panel, row, lane, block, piece.
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  auto add = [&](Value input, AffineMap map) {
    inputs.push_back(input);
    maps.push_back(map);
    return inputs.size() - 1;
  };
  for (int64_t i = 0; i < format.wordsOfPiece; ++i) {
    // A piece of one word would look as if the pieces were what a record is long.
    AffineExpr word = b.getAffineConstantExpr(i);
    if (pieces > 1)
      word = b.getAffineDimExpr(4) * format.wordsOfPiece + i;
    add(records, AffineMap::get(5, 0,
                                {b.getAffineDimExpr(0), b.getAffineDimExpr(3), word,
                                 b.getAffineDimExpr(2)},
                                b.getContext()));
  }
  for (int64_t digit = 0; digit < digits; ++digit)
    for (int64_t i = 0; i < groups; ++i)
      add(bytes, getMap(5, {1, 3, 4, -1 - int(digit), -1 - int(i)}));
  size_t start = inputs.size();
  for (int64_t digit = 0; digit < digits; ++digit)
    add(starts, getMap(5, {1, 3, 4, -1 - int(digit)}));
  size_t factor = add(factors, getMap(5, {1, 3}));
  size_t scale = add(records, getMap(5, {0, 3, -1 - int(format.getScale()), 2}));
  size_t zero = 0, total = 0;
  if (format.hasZeros) {
    zero = add(records, getMap(5, {0, 3, -1 - int(format.getZero()), 2}));
    total = add(totals, getMap(5, {1, 3, 4}));
  }
  maps.push_back(getMap(5, {1, 0, 2}));
  Value init = l.createFilled({rows, get(panels), get(width)}, b.getF32FloatAttr(0));
  return l.createGeneric(
      inputs, init, maps, {parallel, parallel, parallel, reduction, reduction},
      [&](B &b, ValueRange args) -> Value {
        SmallVector<Value> sums;
        for (int64_t digit = 0; digit < digits; ++digit)
          sums.push_back(sumProducts(
              b, args.take_front(format.wordsOfPiece),
              args.slice(format.wordsOfPiece + digit * groups, groups),
              args[start + digit]));
        Value sum = joinDigits(b, sums);
        if (format.hasZeros)
          sum = b.create<math::FmaOp>(b.create<arith::BitcastOp>(f32, args[zero]),
                                      args[total], sum);
        Value both = b.create<arith::MulFOp>(
            b.create<arith::BitcastOp>(f32, args[scale]), args[factor]);
        return b.create<math::FmaOp>(sum, both, args.back());
      });
}

/// The sum of each piece of the rows.
Value RoundedProduct::sumTotals() {
  SmallVector<AffineMap> maps;
  for (int64_t digit = 0; digit < digits; ++digit)
    maps.push_back(getMap(3, {0, 1, 2, -1 - int(digit)}));
  maps.push_back(getMap(3, {0, 1, 2}));
  return l.createGeneric(
      SmallVector<Value>(digits, starts),
      l.createEmpty({rows, get(blocks), get(pieces)}, f32), maps,
      SmallVector<utils::IteratorType>(3, parallel),
      [&](B &b, ValueRange args) -> Value {
        Value sum = joinDigits(b, SmallVector<Value>(args.take_front(digits)));
        return b.create<arith::MulFOp>(sum, getFloat(b, -1.0 / double(middle)));
      });
}

Value RoundedProduct::build() {
  Value padded = padRows(rows), largest = findLargest(padded);
  Value inverse = createPerBlock(largest, [&](B &b, Value largest) -> Value {
    Value isUsable = b.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, largest,
                                             getFloat(b, leastBlock));
    Value inverse = b.create<arith::DivFOp>(getFloat(b, getLargest()), largest);
    return b.create<arith::SelectOp>(isUsable, inverse, getFloat(b, 0));
  });
  factors = createPerBlock(largest, [&](B &b, Value largest) -> Value {
    return b.create<arith::MulFOp>(largest, getFloat(b, 1.0 / getLargest()));
  });
  bytes = roundRows(padded, inverse);
  starts = sumRows(padded, inverse);
  if (format.hasZeros)
    totals = sumTotals();
  return trim(l.createReshape(multiply(), {rows, get(panels), get(width)},
                              {rows, get(panels * width)}));
}
} // namespace

Value burin::createRoundedProduct(Lowering &l, nn::MatMulNBitsOp op,
                                  const StoredMatrix &matrix, Value a,
                                  OpFoldResult rows) {
  return RoundedProduct(l, op, matrix, a, rows, /*digits=*/1).build();
}

Value burin::createDigitProduct(Lowering &l, nn::MatMulNBitsOp op,
                                const StoredMatrix &matrix, Value a,
                                OpFoldResult rows) {
  return RoundedProduct(l, op, matrix, a, rows, allDigits).build();
}
