//===- LowerMatMulNBits.cpp - Products with 4- and 8-bit matrices ---------===//
//
// The depth is split into halves, `h`: with 4 bits those of the even and the odd
// elements, which are the two nibbles of a byte, so that neither the bytes nor
// the floats they are multiplied with have to be shuffled:
//
//   out[m, n] = sum over h, j, i of a[h, m, j, i] * scale[n, j] * (w[h, n, j, i] - zero[n, j])
//
// Few rows multiply the integers where they lie. For many, columns become floats
// first: as many at a time as stay in the cache.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Reduction/Folding.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace burin {
void addMatMulNBitsLowering(LowerTable &table);
} // namespace burin

namespace {
/// Up to here the integers are read once for each row.
constexpr int64_t fewRows = 8;
/// Floats that are made of integers at a time: 1 MiB of them.
constexpr int64_t chunkElements = 1 << 18;

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
  Product(nn::MatMulNBitsOp op, Lowering &l);

  /// [rows, n] of f32.
  Value build();

private:
  OpFoldResult get(int64_t size) { return l.shapes.get(size); }
  AffineMap getMap(unsigned loops, ArrayRef<int> results);
  Value getAsF32(Value value, const Shape &shape);
  Value splitRows();
  Value unpackZeros();
  Value getInteger(B &b, Value byte, Value half);
  Value buildFewRows();
  Value unpack(OpFoldResult first, OpFoldResult count);
  Value multiply(Value weights, Value init);
  Value buildManyRows();

  nn::MatMulNBitsOp op;
  Lowering &l;
  Type f32;
  int64_t k, n, block, blocks, halves, width; ///< `width`: bytes of a block.
  bool isPacked;
  OpFoldResult rows;
  Value a;      ///< [halves, rows, blocks, width], f32.
  Value bytes;  ///< [n, blocks, width]
  Value scales; ///< [n, blocks], f32.
  Value zeros;  ///< The same, or null.
};

Product::Product(nn::MatMulNBitsOp op, Lowering &l)
    : op(op), l(l), f32(l.builder.getF32Type()), k(op.getK()), n(op.getN()),
      block(op.getBlockSize()), blocks((k + block - 1) / block),
      halves(op.getBits() == 4 ? 2 : 1), width(block / halves),
      isPacked(op.getZeroPoints() &&
               !isa<FloatType>(getElement(op.getZeroPoints()))) {
  Shape shape = l.getShape(op.getA());
  requireEqual(l, shape.back(), get(k), "expects rows of K elements");
  rows = l.shapes.product(ArrayRef(shape).drop_back());
  bytes = l.createReshape(l.get(op.getB()), l.getShape(op.getB()),
                          {get(n), get(blocks), get(width)});
  scales = getAsF32(op.getScales(), {get(n), get(blocks)});
  if (op.getZeroPoints())
    zeros = unpackZeros();
  a = splitRows();
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

Value Product::getAsF32(Value value, const Shape &shape) {
  Value tensor = l.createReshape(l.get(value), l.getShape(value), shape);
  if (getElement(value) == f32)
    return tensor;
  return l.createElementwise(tensor, shape, shape, {getElement(value), f32},
                             [](B &, ArrayRef<Value> args) { return args[0]; });
}

/// `a` by halves and blocks, zeros behind the last element.
Value Product::splitRows() {
  Value flat = getAsF32(op.getA(), {rows, get(k)});
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
    return getAsF32(op.getZeroPoints(), {get(n), get(blocks)});
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

/// The integer in one half (i32) of a byte.
Value Product::getInteger(B &b, Value byte, Value half) {
  Value bits = b.create<arith::ExtUIOp>(b.getI32Type(), byte);
  if (halves == 1)
    return bits;
  Value shift = b.create<arith::ShLIOp>(half, getInt(b, 2));
  return b.create<arith::AndIOp>(b.create<arith::ShRUIOp>(bits, shift),
                                 getInt(b, 15));
}

Value Product::buildFewRows() {
  // Loops m, n, j, i.
  SmallVector<Value> inputs = {bytes, scales};
  SmallVector<AffineMap> maps = {getMap(4, {1, 2, 3}), getMap(4, {1, 2})};
  for (int64_t half = 0; half < halves; ++half) {
    inputs.push_back(a);
    maps.push_back(getMap(4, {-1 - int(half), 0, 2, 3}));
  }
  if (zeros) {
    inputs.push_back(zeros);
    maps.push_back(getMap(4, {1, 2}));
  }
  maps.push_back(getMap(4, {0, 1}));
  Value init = l.createFilled({rows, get(n)}, l.builder.getF32FloatAttr(0));
  return l.createGeneric(
      inputs, init, maps, {parallel, parallel, reduction, reduction},
      [&](B &b, ValueRange args) -> Value {
        Value middle = zeros ? args[2 + halves]
                             : getFloat(b, halves == 2 ? 8 : 128);
        Value sum;
        for (int64_t half = 0; half < halves; ++half) {
          Value integer = getInteger(b, args[0], getInt(b, half));
          Value weight = b.create<arith::SubFOp>(
              b.create<arith::SIToFPOp>(f32, integer), middle);
          Value term = b.create<arith::MulFOp>(weight, args[2 + half]);
          sum = sum ? b.create<arith::AddFOp>(sum, term) : term;
        }
        Value scaled = b.create<arith::MulFOp>(sum, args[1]);
        return b.create<arith::AddFOp>(args.back(), scaled);
      });
}

/// Columns [first, first + count) of the matrix: [halves, count, blocks, width].
Value Product::unpack(OpFoldResult first, OpFoldResult count) {
  OpFoldResult zero = get(0), one = get(1);
  auto slice = [&](Value tensor, Shape sizes) -> Value {
    Shape offsets(sizes.size(), zero);
    offsets[0] = first;
    sizes[0] = count;
    return l.builder.create<tensor::ExtractSliceOp>(tensor, offsets, sizes,
                                                    Shape(sizes.size(), one));
  };
  // Loops h, n, j, i.
  SmallVector<Value> inputs = {
      slice(bytes, {one, get(blocks), get(width)}), slice(scales, {one, get(blocks)})};
  SmallVector<AffineMap> maps = {getMap(4, {1, 2, 3}), getMap(4, {1, 2})};
  if (zeros) {
    inputs.push_back(slice(zeros, {one, get(blocks)}));
    maps.push_back(getMap(4, {1, 2}));
  }
  maps.push_back(getMap(4, {0, 1, 2, 3}));
  return l.createGeneric(
      inputs, l.createEmpty({get(halves), count, get(blocks), get(width)}, f32),
      maps, SmallVector<utils::IteratorType>(4, parallel),
      [&](B &b, ValueRange args) -> Value {
        Value half = b.create<arith::IndexCastOp>(
            b.getI32Type(), b.create<linalg::IndexOp>(0));
        Value integer = getInteger(b, args[0], half);
        Value middle = zeros ? args[2] : getFloat(b, halves == 2 ? 8 : 128);
        Value weight = b.create<arith::SubFOp>(
            b.create<arith::SIToFPOp>(f32, integer), middle);
        return b.create<arith::MulFOp>(weight, args[1]);
      });
}

/// `a` times columns of floats, added to `init`.
Value Product::multiply(Value weights, Value init) {
  // Loops m, n, h, j, i.
  return l.createGeneric(
      {a, weights}, init,
      {getMap(5, {2, 0, 3, 4}), getMap(5, {2, 1, 3, 4}), getMap(5, {0, 1})},
      {parallel, parallel, reduction, reduction, reduction},
      [&](B &b, ValueRange args) {
        return buildMultiplyAdd(b, args[0], f32, args[1], f32, args[2]);
      });
}

/// The largest divisor of n up to `most`, or `most` if all are small.
static int64_t chooseChunk(int64_t n, int64_t most) {
  for (int64_t size = std::min(n, most); size * 4 >= most && size > 0; --size)
    if (n % size == 0)
      return size;
  return most;
}

Value Product::buildManyRows() {
  B &b = l.builder;
  Value result = l.createFilled({rows, get(n)}, b.getF32FloatAttr(0));
  int64_t most = std::max<int64_t>(32, chunkElements / (blocks * block) / 32 * 32);
  int64_t chunk = chooseChunk(n, most);
  if (chunk >= n)
    return multiply(unpack(get(0), get(n)), result);
  auto number = [&](int64_t value) -> Value {
    return b.create<arith::ConstantIndexOp>(value);
  };
  auto loop = b.create<scf::ForOp>(number(0), number(n), number(chunk), result);
  OpBuilder::InsertionGuard guard(b);
  nn::ShapeBuilder::Scope scope(l.shapes);
  b.setInsertionPointToStart(loop.getBody());
  Value first = loop.getInductionVar(), out = loop.getRegionIterArg(0);
  OpFoldResult count = get(chunk);
  if (n % chunk != 0)
    count = l.shapes.min(count, l.shapes.sub(get(n), first));
  Shape offsets = {get(0), first}, sizes = {rows, count}, steps(2, get(1));
  Value part = b.create<tensor::ExtractSliceOp>(out, offsets, sizes, steps);
  part = multiply(unpack(first, count), part);
  b.create<scf::YieldOp>(ValueRange{
      b.create<tensor::InsertSliceOp>(part, out, offsets, sizes, steps)});
  return loop.getResult(0);
}

Value Product::build() {
  if (std::optional<int64_t> known = nn::getStatic(rows))
    return *known <= fewRows ? buildFewRows() : buildManyRows();
  B &b = l.builder;
  Value isFew = b.create<arith::CmpIOp>(
      arith::CmpIPredicate::sle, l.shapes.getValue(rows),
      b.create<arith::ConstantIndexOp>(fewRows));
  auto type = RankedTensorType::get({ShapedType::kDynamic, n}, f32);
  auto choice = b.create<scf::IfOp>(type, isFew, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  for (bool few : {true, false}) {
    nn::ShapeBuilder::Scope scope(l.shapes);
    b.setInsertionPointToStart(few ? choice.thenBlock() : choice.elseBlock());
    b.create<scf::YieldOp>(few ? buildFewRows() : buildManyRows());
  }
  return choice.getResult(0);
}

LogicalResult lowerMatMulNBits(nn::MatMulNBitsOp op, Lowering &l) {
  Shape result = l.getShape(op.getResult());
  Type type = getElement(op.getA()), f32 = l.builder.getF32Type();
  OpFoldResult columns = l.shapes.get(op.getN());
  OpFoldResult rows = l.shapes.product(ArrayRef(result).drop_back());
  Value product = l.createReshape(Product(op, l).build(), {rows, columns}, result);
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
