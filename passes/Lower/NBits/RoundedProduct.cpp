//===- RoundedProduct.cpp - Bytes times packed columns --------------------===//
//
// Each block of a row becomes bytes and one factor. Four fields of a word, one in
// each of its bytes, are multiplied at once with four bytes of the row (exec.dot):
//
//   out[m, n] = sum over block: factor[m, block] * scale[n, block] *
//                 sum over k of the block: row[m, k] * (integer[n, k] - zero[n, block])
//
// The inner sum is exact.
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
/// Blocks of smaller numbers become 0: the factor's inverse would be infinite.
constexpr double leastBlock = 1e-34;
/// 1.5 * 2^23: what is added to it is rounded to an integer, the low bits.
constexpr double rounder = 12582912;
constexpr int64_t rounderBits = 0x4B400000;

class RoundedProduct : ColumnProduct {
public:
  RoundedProduct(Lowering &l, nn::MatMulNBitsOp op, const StoredMatrix &matrix,
                 Value a, OpFoldResult rows);

  Value build();

private:
  Value findLargest(Value padded);
  Value createPerBlock(Value from, function_ref<Value(B &, Value)> body);
  Value roundRows(Value padded, Value inverse);
  Value sumRows(Value padded, Value inverse);
  Value sumProducts(B &b, ValueRange words, ValueRange row, Value start);
  Value multiply();

  BlockRecords format;
  int64_t pieces, groups, middle;
  Value records;           ///< [panels, blocks, format.getLength(), width], i32.
  Value factors;           ///< What bytes count: [rows, blocks], f32.
  Value bytes;             ///< [rows, blocks, pieces, groups], i32 of four.
  Value starts;            ///< Sums of a piece's times -middle: [rows, blocks, pieces].
  Value totals;            ///< The sums themselves, f32; null without zero points.
};

RoundedProduct::RoundedProduct(Lowering &l, nn::MatMulNBitsOp op,
                               const StoredMatrix &matrix, Value a,
                               OpFoldResult rows)
    : ColumnProduct(l, op, a, rows), format(op), pieces(format.getPieces()),
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

/// A float whose lowest byte is the element's integer. NaN has none, and any will
/// do: the block's factor is NaN, too.
Value createRounded(B &b, Value element, Value inverse) {
  Value start = b.create<arith::ConstantOp>(b.getF32FloatAttr(float(rounder)));
  return b.create<math::FmaOp>(element, inverse, start);
}

Value RoundedProduct::roundRows(Value padded, Value inverse) {
  Value split = l.createReshape(
      padded, {rows, get(getDepth())},
      {rows, get(blocks), get(pieces), get(4), get(groups)});
  SmallVector<Value> inputs(4, split);
  SmallVector<AffineMap> maps;
  for (int byte = 0; byte < 4; ++byte)
    maps.push_back(getMap(4, {0, 1, 2, -1 - byte, 3}));
  inputs.push_back(inverse);
  maps.append({getMap(4, {0, 1}), getMap(4, {0, 1, 2, 3})});
  return l.createGeneric(
      inputs,
      l.createEmpty({rows, get(blocks), get(pieces), get(groups)}, b.getI32Type()),
      maps, SmallVector<utils::IteratorType>(4, parallel),
      [&](B &b, ValueRange args) -> Value {
        Value word;
        for (int64_t byte = 0; byte < 4; ++byte) {
          Value bits = b.create<arith::BitcastOp>(
              b.getI32Type(), createRounded(b, args[byte], args[4]));
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
  Value split = l.createReshape(
      padded, {rows, get(getDepth())},
      {rows, get(blocks), get(pieces), get(4 * groups)});
  Value init = l.createFilled({rows, get(blocks), get(pieces)}, b.getI32IntegerAttr(0));
  return l.createGeneric(
      {split, inverse}, init,
      {getMap(4, {0, 1, 2, 3}), getMap(4, {0, 1}), getMap(4, {0, 1, 2})},
      {parallel, parallel, parallel, reduction},
      [&](B &b, ValueRange args) -> Value {
        Value bits = b.create<arith::BitcastOp>(b.getI32Type(),
                                                createRounded(b, args[0], args[1]));
        Value integer = b.create<arith::SubIOp>(bits, getInt(b, rounderBits));
        integer = b.create<arith::MulIOp>(integer, getInt(b, -middle));
        return b.create<arith::AddIOp>(args[2], integer);
      });
}

/// `start` and the products of a row's bytes with the fields of some words. Integers
/// of 8 bits are two of 4: all are small enough for exec.dot.
Value RoundedProduct::sumProducts(B &b, ValueRange words, ValueRange row, Value start) {
  int64_t each = std::min<int64_t>(bits, 4);
  int64_t mask = ((int64_t(1) << each) - 1) * 0x01010101;
  Value sums[] = {start, getInt(b, 0)};
  for (auto [i, word] : llvm::enumerate(words))
    for (int64_t place = 0; place < 8; place += each) {
      Value moved = word;
      if (place > 0)
        moved = b.create<arith::ShRUIOp>(word, getInt(b, place));
      Value some = b.create<arith::AndIOp>(moved, getInt(b, mask));
      // Two sums, because each waits for its last addition.
      Value &sum = sums[place / each % 2];
      sum = b.create<exec::DotOp>(some, row[i * format.fields + place / bits], sum);
    }
  if (bits > each)
    sums[1] = b.create<arith::ShLIOp>(sums[1], getInt(b, each));
  return b.create<arith::AddIOp>(sums[0], sums[1]);
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
    AffineExpr word = b.getAffineDimExpr(4) * format.wordsOfPiece + i;
    add(records, AffineMap::get(5, 0,
                                {b.getAffineDimExpr(0), b.getAffineDimExpr(3), word,
                                 b.getAffineDimExpr(2)},
                                b.getContext()));
  }
  for (int64_t i = 0; i < groups; ++i)
    add(bytes, getMap(5, {1, 3, 4, -1 - int(i)}));
  size_t start = add(starts, getMap(5, {1, 3, 4}));
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
        ValueRange row = args.slice(format.wordsOfPiece, groups);
        Value sum = b.create<arith::SIToFPOp>(
            f32, sumProducts(b, args.take_front(format.wordsOfPiece), row, args[start]));
        if (format.hasZeros)
          sum = b.create<math::FmaOp>(b.create<arith::BitcastOp>(f32, args[zero]),
                                      args[total], sum);
        Value both = b.create<arith::MulFOp>(
            b.create<arith::BitcastOp>(f32, args[scale]), args[factor]);
        return b.create<math::FmaOp>(sum, both, args.back());
      });
}

Value RoundedProduct::build() {
  Value padded = padRows(rows), largest = findLargest(padded);
  Value inverse = createPerBlock(largest, [](B &b, Value largest) -> Value {
    Value isUsable = b.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, largest,
                                             getFloat(b, leastBlock));
    Value inverse = b.create<arith::DivFOp>(getFloat(b, largestByte), largest);
    return b.create<arith::SelectOp>(isUsable, inverse, getFloat(b, 0));
  });
  factors = createPerBlock(largest, [](B &b, Value largest) -> Value {
    return b.create<arith::MulFOp>(largest, getFloat(b, 1.0 / largestByte));
  });
  bytes = roundRows(padded, inverse);
  starts = sumRows(padded, inverse);
  if (format.hasZeros)
    totals = createPerBlock(starts, [&](B &b, Value start) -> Value {
      return b.create<arith::MulFOp>(b.create<arith::SIToFPOp>(f32, start),
                                     getFloat(b, -1.0 / double(middle)));
    });
  return trim(l.createReshape(multiply(), {rows, get(panels), get(width)},
                              {rows, get(panels * width)}));
}
} // namespace

Value burin::createRoundedProduct(Lowering &l, nn::MatMulNBitsOp op,
                                  const StoredMatrix &matrix, Value a,
                                  OpFoldResult rows) {
  return RoundedProduct(l, op, matrix, a, rows).build();
}
