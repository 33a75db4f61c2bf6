//===- ExactProduct.cpp - Floats times packed columns ---------------------===//
//
// Few rows multiply the integers where they lie. An integer becomes a float
// without conversion: its bits, where they are in the word, are put into the
// mantissa of 2^23, and what is too much is subtracted. At bit `p` that makes it
// 2^p times as large, so the activation is made 2^p times smaller beforehand;
// all of that is exact.
//
// For many rows, columns become floats first: as many at a time as stay in the
// cache.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/NBits/ColumnProduct.h"
#include "passes/Lower/NBits/PackedColumns.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace {
/// Up to here the integers are read once for each row.
constexpr int64_t fewRows = 4;
/// Floats that are made of integers at a time: 1 MiB of them.
constexpr int64_t chunkElements = 1 << 18;
/// Bits of a float's mantissa, and the float 2^23.
constexpr int64_t mantissaBits = 23;
constexpr int64_t twoTo23 = 0x4B000000;

class ExactProduct : ColumnProduct {
public:
  ExactProduct(Lowering &l, nn::MatMulNBitsOp op, const PackedColumns &columns,
               Value a, OpFoldResult rows);

  Value build();

private:
  int64_t getShift(int64_t field) const;
  int64_t getPlace(int64_t field) const { return field * bits - getShift(field); }
  Value getField(B &b, Value word, int64_t field);

  Value scaleRows(Value padded);
  Value sumWords(Value padded);
  Value buildFewRows();
  Value unpack(OpFoldResult first, OpFoldResult count);
  Value spreadRows(Value padded);
  Value multiply(Value padded, Value floats, Value init, OpFoldResult count);
  Value buildManyRows();

  Value integers; ///< [panels, blocks, words, width], i32.
  Value scales;   ///< [panels, blocks, width]
  Value zeros;    ///< The same, or null.
};

ExactProduct::ExactProduct(Lowering &l, nn::MatMulNBitsOp op,
                           const PackedColumns &columns, Value a, OpFoldResult rows)
    : ColumnProduct(l, op, a, rows) {
  auto create = [&](ElementsAttr elements) -> Value {
    return b.create<arith::ConstantOp>(cast<TypedAttr>(elements));
  };
  integers = l.createReshape(
      create(columns.words), {get(panels), get(blocks * words), get(width)},
      {get(panels), get(blocks), get(words), get(width)});
  scales = create(columns.scales);
  if (columns.zeros)
    zeros = create(columns.zeros);
}

/// As many fields as fit into a mantissa are read before the word is shifted.
int64_t ExactProduct::getShift(int64_t field) const {
  int64_t together = mantissaBits / bits;
  return field / together * together * bits;
}

/// The integer in `field` minus the middle of its range, times 2^place.
Value ExactProduct::getField(B &b, Value word, int64_t field) {
  int64_t shift = getShift(field), place = getPlace(field);
  if (shift != 0)
    word = b.create<arith::ShRUIOp>(word, getInt(b, shift));
  int64_t mask = ((int64_t(1) << bits) - 1) << place;
  word = b.create<arith::AndIOp>(word, getInt(b, mask));
  word = b.create<arith::OrIOp>(word, getInt(b, twoTo23));
  Value number = b.create<arith::BitcastOp>(f32, word);
  double middle = double(int64_t(1) << (bits - 1 + place));
  return b.create<arith::SubFOp>(number, getFloat(b, 8388608.0 + middle));
}

/// The rows as factors of fields: [rows, blocks, words, fields].
Value ExactProduct::scaleRows(Value padded) {
  SmallVector<float> factors;
  for (int64_t field = 0; field < fields; ++field)
    factors.push_back(1.0f / float(int64_t(1) << getPlace(field)));
  Value table = b.create<arith::ConstantOp>(DenseElementsAttr::get(
      RankedTensorType::get({fields}, f32), ArrayRef(factors)));
  int64_t count = blocks * words;
  Value split = l.createReshape(padded, {rows, get(count * fields)},
                                {rows, get(count), get(fields)});
  Value scaled = l.createGeneric(
      {split, table}, l.createEmpty({rows, get(count), get(fields)}, f32),
      {getMap(3, {0, 1, 2}), getMap(3, {2}), getMap(3, {0, 1, 2})},
      {parallel, parallel, parallel}, [](B &b, ValueRange args) -> Value {
        return b.create<arith::MulFOp>(args[0], args[1]);
      });
  return l.createReshape(scaled, {rows, get(count), get(fields)},
                         {rows, get(blocks), get(words), get(fields)});
}

/// The sum of each word's elements: [rows, blocks, words].
Value ExactProduct::sumWords(Value padded) {
  Value split = l.createReshape(padded, {rows, get(blocks * words * fields)},
                                {rows, get(blocks), get(words), get(fields)});
  Value init = l.createFilled({rows, get(blocks), get(words)}, b.getF32FloatAttr(0));
  return l.createGeneric(
      split, init, {getMap(4, {0, 1, 2, 3}), getMap(4, {0, 1, 2})},
      {parallel, parallel, parallel, reduction},
      [](B &b, ValueRange args) -> Value {
        return b.create<arith::AddFOp>(args[1], args[0]);
      });
}

Value ExactProduct::buildFewRows() {
  // Loops: row, panel, lane, block, word.
  Value padded = padRows(rows), factors = scaleRows(padded);
  SmallVector<Value> inputs = {integers, scales};
  SmallVector<AffineMap> maps = {getMap(5, {1, 3, 4, 2}), getMap(5, {1, 3, 2})};
  for (int64_t field = 0; field < fields; ++field) {
    inputs.push_back(factors);
    maps.push_back(getMap(5, {0, 3, 4, -1 - int(field)}));
  }
  if (zeros) {
    inputs.append({zeros, sumWords(padded)});
    maps.append({getMap(5, {1, 3, 2}), getMap(5, {0, 3, 4})});
  }
  maps.push_back(getMap(5, {0, 1, 2}));
  Value init = l.createFilled({rows, get(panels), get(width)}, b.getF32FloatAttr(0));
  Value product = l.createGeneric(
      inputs, init, maps, {parallel, parallel, parallel, reduction, reduction},
      [&](B &b, ValueRange args) -> Value {
        // Two sums, because each waits for its last addition.
        Value sums[2];
        for (int64_t field = 0; field < fields; ++field) {
          Value number = getField(b, args[0], field), factor = args[2 + field];
          Value &sum = sums[field % 2];
          sum = sum ? b.create<math::FmaOp>(number, factor, sum).getResult()
                    : b.create<arith::MulFOp>(number, factor).getResult();
        }
        Value sum = b.create<arith::AddFOp>(sums[0], sums[1]);
        if (zeros) {
          Value zero = b.create<arith::NegFOp>(args[2 + fields]);
          sum = b.create<math::FmaOp>(zero, args[3 + fields], sum);
        }
        return b.create<math::FmaOp>(sum, args[1], args.back());
      });
  return trim(l.createReshape(product, {rows, get(panels), get(width)},
                              {rows, get(panels * width)}));
}

/// Panels [first, first + count) as floats: [count, depth, width].
Value ExactProduct::unpack(OpFoldResult first, OpFoldResult count) {
  auto slice = [&](Value tensor, Shape sizes) -> Value {
    Shape offsets(sizes.size(), get(0));
    offsets[0] = first;
    sizes[0] = count;
    return b.create<tensor::ExtractSliceOp>(tensor, offsets, sizes,
                                            Shape(sizes.size(), get(1)));
  };
  // Loops: panel, block, word, field, lane.
  SmallVector<Value> inputs = {
      slice(integers, {count, get(blocks), get(words), get(width)}),
      slice(scales, {count, get(blocks), get(width)})};
  SmallVector<AffineMap> maps = {getMap(5, {0, 1, 2, 4}), getMap(5, {0, 1, 4})};
  if (zeros) {
    inputs.push_back(slice(zeros, {count, get(blocks), get(width)}));
    maps.push_back(getMap(5, {0, 1, 4}));
  }
  maps.push_back(getMap(5, {0, 1, 2, 3, 4}));
  Shape shape = {count, get(blocks), get(words), get(fields), get(width)};
  Value floats = l.createGeneric(
      inputs, l.createEmpty(shape, f32), maps,
      SmallVector<utils::IteratorType>(5, parallel),
      [&](B &b, ValueRange args) -> Value {
        Value field = b.create<arith::IndexCastOp>(
            b.getI32Type(), b.create<linalg::IndexOp>(3));
        Value shift = b.create<arith::MulIOp>(field, getInt(b, bits));
        Value integer = b.create<arith::AndIOp>(
            b.create<arith::ShRUIOp>(args[0], shift),
            getInt(b, (int64_t(1) << bits) - 1));
        Value number = b.create<arith::SubFOp>(
            b.create<arith::SIToFPOp>(f32, integer),
            getFloat(b, 1 << (bits - 1)));
        if (zeros)
          number = b.create<arith::SubFOp>(number, args[2]);
        return b.create<arith::MulFOp>(number, args[1]);
      });
  return l.createReshape(floats, shape,
                         {count, get(blocks * words * fields), get(width)});
}

/// The rows a line of the cache further apart: rows that are pages apart drive
/// each other out of it, and would be packed anew for every chunk.
Value ExactProduct::spreadRows(Value padded) {
  int64_t depth = getDepth();
  Value gap = l.createFilled({rows, get(width)}, b.getF32FloatAttr(0));
  Value spread = l.createEmpty({rows, get(depth + width)}, f32);
  Shape zero = {get(0), get(0)}, one = {get(1), get(1)};
  Shape sizes = {rows, get(depth)};
  spread = b.create<tensor::InsertSliceOp>(padded, spread, zero, sizes, one);
  spread = b.create<tensor::InsertSliceOp>(
      gap, spread, Shape{get(0), get(depth)}, Shape{rows, get(width)}, one);
  return b.create<tensor::ExtractSliceOp>(spread, zero, sizes, one);
}

/// Rows times columns of floats, added to `init`: [rows, count * width].
Value ExactProduct::multiply(Value padded, Value floats, Value init,
                              OpFoldResult count) {
  // Loops: row, panel, lane, depth.
  Shape joined = {rows, l.shapes.mul(count, get(width))};
  Shape split = {rows, count, get(width)};
  Value product = l.createGeneric(
      {padded, floats}, l.createReshape(init, joined, split),
      {getMap(4, {0, 3}), getMap(4, {1, 3, 2}), getMap(4, {0, 1, 2})},
      {parallel, parallel, parallel, reduction}, [&](B &b, ValueRange args) {
        return buildMultiplyAdd(b, args[0], f32, args[1], f32, args[2]);
      });
  return l.createReshape(product, split, joined);
}

/// The largest divisor of n up to `most`, or `most` if all are small.
int64_t chooseChunk(int64_t n, int64_t most) {
  for (int64_t size = std::min(n, most); size * 4 >= most && size > 0; --size)
    if (n % size == 0)
      return size;
  return most;
}

Value ExactProduct::buildManyRows() {
  Value padded = spreadRows(padRows(rows));
  int64_t depth = getDepth();
  Value result = l.createFilled({rows, get(panels * width)}, b.getF32FloatAttr(0));
  int64_t chunk =
      chooseChunk(panels, std::max<int64_t>(2, chunkElements / (depth * width)));
  if (chunk >= panels) {
    result = multiply(padded, unpack(get(0), get(panels)), result, get(panels));
  } else {
    auto number = [&](int64_t value) -> Value {
      return b.create<arith::ConstantIndexOp>(value);
    };
    auto loop =
        b.create<scf::ForOp>(number(0), number(panels), number(chunk), result);
    OpBuilder::InsertionGuard guard(b);
    nn::ShapeBuilder::Scope scope(l.shapes);
    b.setInsertionPointToStart(loop.getBody());
    Value first = loop.getInductionVar(), out = loop.getRegionIterArg(0);
    OpFoldResult count = get(chunk);
    if (panels % chunk != 0)
      count = l.shapes.min(count, l.shapes.sub(get(panels), first));
    Shape offsets = {get(0), l.shapes.mul(first, get(width))};
    Shape sizes = {rows, l.shapes.mul(count, get(width))}, steps(2, get(1));
    Value part = b.create<tensor::ExtractSliceOp>(out, offsets, sizes, steps);
    part = multiply(padded, unpack(first, count), part, count);
    b.create<scf::YieldOp>(ValueRange{
        b.create<tensor::InsertSliceOp>(part, out, offsets, sizes, steps)});
    result = loop.getResult(0);
  }
  return trim(result);
}

Value ExactProduct::build() {
  if (std::optional<int64_t> known = nn::getStatic(rows))
    return *known <= fewRows ? buildFewRows() : buildManyRows();
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
} // namespace

Value burin::createExactProduct(Lowering &l, nn::MatMulNBitsOp op,
                                const StoredMatrix &matrix, Value a,
                                OpFoldResult rows) {
  return ExactProduct(l, op, packColumns(op, matrix), a, rows).build();
}
