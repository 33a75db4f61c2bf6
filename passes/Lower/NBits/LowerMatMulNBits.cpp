//===- LowerMatMulNBits.cpp - Products with matrices of small integers ----===//
//
// Constant matrices are packed (PackedColumns.h, BlockRecords.h). Others become floats whenever
// the op runs. Their depth is split into parts, `h`: with 4 bits those of the even
// and the odd elements, which are the two halves of a byte, so that neither the
// bytes nor the floats they are multiplied with have to be shuffled:
//
//   out[m, n] = sum over h, j, i of a[h, m, j, i] * scale[n, j] * (w[h, n, j, i] - zero[n, j])
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/NBits/ColumnProduct.h"
#include "passes/Lower/Reduction/Folding.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace burin {
void addMatMulNBitsLowering(LowerTable &table);
} // namespace burin

namespace {
constexpr auto parallel = utils::IteratorType::parallel;
constexpr auto reduction = utils::IteratorType::reduction;

Type getElement(Value nnTensor) {
  return getElementTypeOrSelf(nnTensor.getType());
}

Value getInt(B &b, int64_t value) {
  return b.create<arith::ConstantOp>(b.getI32IntegerAttr(value));
}

Value getFloat(B &b, double value) {
  return b.create<arith::ConstantOp>(b.getF32FloatAttr(float(value)));
}

class Product {
public:
  Product(nn::MatMulNBitsOp op, Lowering &l, Value flat, OpFoldResult rows);

  /// [rows, n] of f32.
  Value build() { return multiply(unpack()); }

private:
  OpFoldResult get(int64_t size) { return l.shapes.get(size); }
  AffineMap getMap(unsigned loops, ArrayRef<int> results);
  Value splitRows(Value flat);
  Value unpackZeros();
  Value getInteger(B &b, Value byte, Value half);
  Value unpack();
  Value multiply(Value weights);

  nn::MatMulNBitsOp op;
  Lowering &l;
  Type f32;
  int64_t k, n, block, blocks, bits;
  int64_t halves, width; ///< Integers of a byte, bytes of a block.
  bool isPacked;
  OpFoldResult rows;
  Value a;      ///< [halves, rows, blocks, width], f32.
  Value bytes;  ///< [n, blocks, width]
  Value scales; ///< [n, blocks], f32.
  Value zeros;  ///< The same, or null.
};

Value getAsF32(Lowering &l, Value value, const Shape &shape) {
  Value tensor = l.createReshape(l.get(value), l.getShape(value), shape);
  Type f32 = l.builder.getF32Type();
  if (getElement(value) == f32)
    return tensor;
  return l.createElementwise(tensor, shape, shape, {getElement(value), f32},
                             [](B &, ArrayRef<Value> args) { return args[0]; });
}

Product::Product(nn::MatMulNBitsOp op, Lowering &l, Value flat, OpFoldResult rows)
    : op(op), l(l), f32(l.builder.getF32Type()), k(op.getK()), n(op.getN()),
      block(op.getBlockSize()), blocks((k + block - 1) / block),
      bits(op.getBits()), halves(8 / bits), width(block / halves),
      isPacked(op.getZeroPoints() &&
               !isa<FloatType>(getElement(op.getZeroPoints()))),
      rows(rows) {
  bytes = l.createReshape(l.get(op.getB()), l.getShape(op.getB()),
                          {get(n), get(blocks), get(width)});
  scales = getAsF32(l, op.getScales(), {get(n), get(blocks)});
  if (op.getZeroPoints())
    zeros = unpackZeros();
  a = splitRows(flat);
}

/// From `loops` dimensions to `results`, of which -1 - c is the constant c.
AffineMap Product::getMap(unsigned loops, ArrayRef<int> results) {
  B &b = l.builder;
  SmallVector<AffineExpr> exprs;
  for (int result : results)
    exprs.push_back(result < 0 ? b.getAffineConstantExpr(-1 - result)
                               : b.getAffineDimExpr(result));
  return AffineMap::get(loops, 0, exprs, b.getContext());
}

/// `a` by halves and blocks, zeros behind the last element.
Value Product::splitRows(Value flat) {
  if (k % block != 0)
    flat = l.createGeneric(
        {}, l.createEmpty({rows, get(blocks * block)}, f32), getMap(2, {0, 1}),
        {parallel, parallel}, [&, flat](B &b, ValueRange) -> Value {
          Value row = b.create<linalg::IndexOp>(0);
          Value at = b.create<linalg::IndexOp>(1);
          Value last = b.create<arith::ConstantIndexOp>(k - 1);
          Value isInside =
              b.create<arith::CmpIOp>(arith::CmpIPredicate::sle, at, last);
          Value element = b.create<tensor::ExtractOp>(
              flat, ValueRange{row, b.create<arith::MinSIOp>(at, last)});
          return b.create<arith::SelectOp>(isInside, element, getFloat(b, 0));
        });
  Value split = l.createReshape(
      flat, {rows, get(blocks * block)},
      {rows, get(blocks), get(width), get(halves)});
  return l.createGeneric(
      split, l.createEmpty({get(halves), rows, get(blocks), get(width)}, f32),
      {getMap(4, {1, 2, 3, 0}), getMap(4, {0, 1, 2, 3})},
      SmallVector<utils::IteratorType>(4, parallel),
      [](B &, ValueRange args) { return args[0]; });
}

Value Product::unpackZeros() {
  if (!isPacked)
    return getAsF32(l, op.getZeroPoints(), {get(n), get(blocks)});
  int64_t perRow = (blocks + halves - 1) / halves;
  Value packed = l.createReshape(l.get(op.getZeroPoints()),
                                 l.getShape(op.getZeroPoints()),
                                 {get(n), get(perRow)});
  AffineMap map = getMap(2, {0, 1});
  return l.createGeneric(
      {}, l.createEmpty({get(n), get(blocks)}, f32), map, {parallel, parallel},
      [&](B &b, ValueRange) -> Value {
        Value count = b.create<arith::ConstantIndexOp>(halves);
        Value row = b.create<linalg::IndexOp>(0), at = b.create<linalg::IndexOp>(1);
        Value place = b.create<arith::DivUIOp>(at, count);
        Value byte = b.create<tensor::ExtractOp>(packed, ValueRange{row, place});
        Value half = b.create<arith::RemUIOp>(at, count);
        half = b.create<arith::IndexCastOp>(b.getI32Type(), half);
        return b.create<arith::SIToFPOp>(f32, getInteger(b, byte, half));
      });
}

/// The integer in part `half` (i32) of a byte.
Value Product::getInteger(B &b, Value byte, Value half) {
  Value whole = b.create<arith::ExtUIOp>(b.getI32Type(), byte);
  if (halves == 1)
    return whole;
  Value shift = b.create<arith::MulIOp>(half, getInt(b, bits));
  return b.create<arith::AndIOp>(b.create<arith::ShRUIOp>(whole, shift),
                                 getInt(b, (1 << bits) - 1));
}

/// The matrix as floats: [halves, n, blocks, width].
Value Product::unpack() {
  // Loops h, n, j, i.
  SmallVector<Value> inputs = {bytes, scales};
  SmallVector<AffineMap> maps = {getMap(4, {1, 2, 3}), getMap(4, {1, 2})};
  if (zeros) {
    inputs.push_back(zeros);
    maps.push_back(getMap(4, {1, 2}));
  }
  maps.push_back(getMap(4, {0, 1, 2, 3}));
  return l.createGeneric(
      inputs, l.createEmpty({get(halves), get(n), get(blocks), get(width)}, f32),
      maps, SmallVector<utils::IteratorType>(4, parallel),
      [&](B &b, ValueRange args) -> Value {
        Value half = b.create<arith::IndexCastOp>(
            b.getI32Type(), b.create<linalg::IndexOp>(0));
        Value integer = getInteger(b, args[0], half);
        Value middle = zeros ? args[2] : getFloat(b, 1 << (bits - 1));
        Value weight = b.create<arith::SubFOp>(
            b.create<arith::SIToFPOp>(f32, integer), middle);
        return b.create<arith::MulFOp>(weight, args[1]);
      });
}

Value Product::multiply(Value weights) {
  // Loops m, n, h, j, i.
  Value init = l.createFilled({rows, get(n)}, l.builder.getF32FloatAttr(0));
  return l.createGeneric(
      {a, weights}, init,
      {getMap(5, {2, 0, 3, 4}), getMap(5, {2, 1, 3, 4}), getMap(5, {0, 1})},
      {parallel, parallel, reduction, reduction, reduction},
      [&](B &b, ValueRange args) {
        return buildMultiplyAdd(b, args[0], f32, args[1], f32, args[2]);
      });
}

LogicalResult lowerMatMulNBits(nn::MatMulNBitsOp op, Lowering &l) {
  Shape shape = l.getShape(op.getA()), result = l.getShape(op.getResult());
  Type type = getElement(op.getA()), f32 = l.builder.getF32Type();
  OpFoldResult columns = l.shapes.get(op.getN());
  OpFoldResult rows = l.shapes.product(ArrayRef(result).drop_back());
  OpFoldResult depth = l.shapes.get(op.getK());
  requireEqual(l, shape.back(), depth, "expects rows of K elements");
  Value a = getAsF32(l, op.getA(), {rows, depth});
  std::optional<StoredMatrix> matrix = StoredMatrix::find(op);
  bool mayRound = op.getAccuracyLevel() == 4 && !l.strictMath;
  Value product = !matrix    ? Product(op, l, a, rows).build()
                  : mayRound ? createRoundedProduct(l, op, *matrix, a, rows)
                  : l.multipliesBytes ? createDigitProduct(l, op, *matrix, a, rows)
                             : createExactProduct(l, op, *matrix, a, rows);
  product = l.createReshape(product, {rows, columns}, result);
  if (!op.getBias()) {
    l.set(op, l.createRounded(product, result, type));
    return success();
  }
  Value bias = l.createReshape(l.get(op.getBias()), l.getShape(op.getBias()),
                               {columns});
  l.set(op, l.createElementwise({product, bias}, {result, Shape{columns}}, result,
                                {f32, type, type},
                                [](B &b, ArrayRef<Value> args) -> Value {
                                  return b.create<arith::AddFOp>(args[0], args[1]);
                                }));
  return success();
}
} // namespace

void burin::addMatMulNBitsLowering(LowerTable &table) {
  addLowering<nn::MatMulNBitsOp, lowerMatMulNBits>(table);
}
