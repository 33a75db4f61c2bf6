//===- Resize.cpp - Resampling along axes ---------------------------------===//
//
// A kernel writes, for each position along an axis, which elements are read and
// with which weights; loops apply these tables axis by axis. Repeating elements
// a whole number of times needs no table.
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/Shapes/ShapeRules.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Movement/MovementLowering.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace {
/// What is read along one axis: [taps, size] each; [size] values to add.
struct Table {
  Value indices, weights, bias;
  OpFoldResult taps;
};

/// What is resampled along `axis`, and the sizes then.
struct AxisInput {
  Value x;
  Shape shape;
  Type type; ///< The nn element type of `x`.
  int64_t axis;
};

struct Resizer {
  nn::ResizeOp op;
  Lowering &l;
  Shape from, shape;
  Type element;

  Resizer(nn::ResizeOp op, Lowering &l)
      : op(op), l(l), from(l.getShape(op.getX())),
        element(getElementTypeOrSelf(op.getType())) {}

  LogicalResult findShape();
  OpFoldResult multiply(OpFoldResult size, size_t i);
  std::optional<float> findScale(size_t i);
  bool isUnchanged(size_t i);
  bool grows(size_t i);
  std::optional<int64_t> getRepeats(size_t i);
  OpFoldResult getTaps(int64_t axis);
  Table createTable(size_t i);
  bool isCropped() { return op.getCoordinates() == "tf_crop_and_resize"; }

  Value repeat(Value x);
  Value pickNearest(Value x);
  Value interpolate(Value x, SmallVector<size_t> changed);
  Value sumTaps(const AxisInput &input, const Table &table, int64_t taps,
                bool isLast);
  Value loopOverTaps(const AxisInput &input, const Table &table, bool isLast);
  Type getWideType() {
    return element.isF64() ? element : Type(l.builder.getF32Type());
  }
  Value finish(B &b, Value sum);
};
} // namespace

//===- Sizes ---------------------------------------------------------------===//

std::optional<float> Resizer::findScale(size_t i) {
  DenseFPElementsAttr scales;
  if (!op.getScales() || !matchPattern(op.getScales(), m_Constant(&scales)))
    return std::nullopt;
  return scales.getValues<float>()[i];
}

/// floor(size * scale) where the scale is known only at run time.
OpFoldResult Resizer::multiply(OpFoldResult size, size_t i) {
  B &b = l.builder;
  Type f64 = b.getF64Type();
  Value scale = b.create<tensor::ExtractOp>(
      l.get(op.getScales()), ValueRange{l.shapes.getValue(l.shapes.get(i))});
  Value length = b.create<arith::SIToFPOp>(
      f64, b.create<arith::IndexCastOp>(b.getI64Type(), l.shapes.getValue(size)));
  Value product = b.create<math::FloorOp>(b.create<arith::MulFOp>(
      b.create<arith::ExtFOp>(f64, scale), length));
  product = b.create<arith::MaxNumFOp>(product, l.createConstant(f64, 0));
  product = b.create<arith::MinNumFOp>(product, l.createConstant(f64, 1e15));
  return b
      .create<arith::IndexCastOp>(
          b.getIndexType(), b.create<arith::FPToSIOp>(b.getI64Type(), product))
      .getResult();
}

LogicalResult Resizer::findShape() {
  SmallVector<Shape> inferred;
  if (failed(op.inferShapes(l.shapes, inferred)))
    return failure();
  shape = inferred[0];
  for (auto [i, axis] : llvm::enumerate(op.getAxes()))
    if (!shape[axis])
      shape[axis] = multiply(from[axis], i);
  l.shapes.setDims(op, shape);
  return success();
}

/// Each element is read once, in order.
bool Resizer::isUnchanged(size_t i) {
  int64_t axis = op.getAxes()[i];
  if (isCropped() || !nn::areEqual(from[axis], shape[axis]))
    return false;
  return op.getSizes() ? op.getPolicy() == "stretch" : findScale(i) == 1.0f;
}

bool Resizer::grows(size_t i) {
  int64_t axis = op.getAxes()[i];
  std::optional<int64_t> have = nn::getStatic(from[axis]);
  std::optional<int64_t> want = nn::getStatic(shape[axis]);
  return have && want ? *want > *have : findScale(i).value_or(0) > 1;
}

/// How often each element is repeated, if it is that simple.
std::optional<int64_t> Resizer::getRepeats(size_t i) {
  if (isUnchanged(i))
    return 1;
  StringRef where = op.getCoordinates(), how = op.getNearest();
  bool isPlain = (where == "asymmetric" && how == "floor") ||
                 (where.contains("half_pixel") && how.starts_with("round"));
  if (op.getMode() != "nearest" || !isPlain)
    return std::nullopt;
  if (std::optional<float> scale = findScale(i))
    return *scale >= 1 && *scale == std::floor(*scale)
               ? std::optional(int64_t(*scale))
               : std::nullopt;
  int64_t axis = op.getAxes()[i];
  std::optional<int64_t> have = nn::getStatic(from[axis]);
  std::optional<int64_t> want = nn::getStatic(shape[axis]);
  if (!op.getSizes() || op.getPolicy() != "stretch" || !have || !want ||
      *have == 0 || *want == 0 || *want % *have)
    return std::nullopt;
  return *want / *have;
}

//===- Tables --------------------------------------------------------------===//

/// How many elements are read per position: more when shrinking smoothly.
OpFoldResult Resizer::getTaps(int64_t axis) {
  if (op.getMode() == "nearest")
    return l.shapes.get(1);
  int64_t radius = op.getMode() == "cubic" ? 2 : 1;
  std::optional<int64_t> have = nn::getStatic(from[axis]);
  std::optional<int64_t> want = nn::getStatic(shape[axis]);
  if (!op.getAntialias() || (have && want && *want >= *have))
    return l.shapes.get(2 * radius);
  OpFoldResult one = l.shapes.get(1);
  OpFoldResult reach =
      l.shapes.ceilDiv(l.shapes.mul(from[axis], l.shapes.get(radius)),
                       l.shapes.max(shape[axis], one));
  reach = l.shapes.max(reach, l.shapes.get(radius));
  return l.shapes.mul(l.shapes.get(2), l.shapes.add(reach, one));
}

/// The place of `name` in a list of burin/kernels.h.
static int64_t getNumber(StringRef name, ArrayRef<StringRef> names) {
  return llvm::find(names, name) - names.begin();
}

Table Resizer::createTable(size_t i) {
  B &b = l.builder;
  int64_t axis = op.getAxes()[i];
  Type i32 = b.getI32Type(), f32 = b.getF32Type();
  SmallVector<Value> inputs = {l.get(op.getX())};
  SmallVector<Type> types = {element};
  for (Value operand : {op.getScales(), op.getSizes(), op.getRoi()})
    if (operand) {
      inputs.push_back(l.get(operand));
      types.push_back(getElementTypeOrSelf(operand.getType()));
    }
  types.append({i32, f32, f32});
  SmallVector<int64_t> params = {
      axis, int64_t(i), getNumber(op.getMode(), {"nearest", "linear", "cubic"}),
      getNumber(op.getCoordinates(),
                {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",
                 "align_corners", "asymmetric", "tf_crop_and_resize",
                 "tf_half_pixel_for_nn"}),
      getNumber(op.getNearest(),
                {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"}),
      getNumber(op.getPolicy(), {"stretch", "not_larger", "not_smaller"}),
      op.getAntialias(), op.getExcludeOutside(),
      int64_t(llvm::bit_cast<uint32_t>(op.getCubic().convertToFloat())),
      int64_t(llvm::bit_cast<uint32_t>(op.getExtrapolation().convertToFloat())),
      bool(op.getScales()), bool(op.getSizes()), bool(op.getRoi()),
      int64_t(op.getAxes().size())};
  llvm::append_range(params, op.getAxes());
  OpFoldResult taps = getTaps(axis);
  Shape table = {taps, shape[axis]};
  SmallVector<Value> results = l.createCall(
      "burin_resize_table", inputs,
      {l.createEmpty(table, i32), l.createEmpty(table, f32),
       l.createEmpty(shape[axis], f32)},
      params, types);
  return {results[0], results[1], results[2], taps};
}

//===- Loops ---------------------------------------------------------------===//

/// Every element a whole number of times along each axis.
Value Resizer::repeat(Value x) {
  MLIRContext *context = op.getContext();
  Shape split;
  SmallVector<AffineExpr> exprs;
  for (int64_t d = 0, e = from.size(); d < e; ++d) {
    exprs.push_back(getAffineDimExpr(split.size(), context));
    split.push_back(from[d]);
    auto axis = llvm::find(op.getAxes(), d);
    if (axis == op.getAxes().end())
      continue;
    if (int64_t count = *getRepeats(axis - op.getAxes().begin()); count != 1)
      split.push_back(l.shapes.get(count));
  }
  SmallVector<utils::IteratorType> loops(split.size(),
                                         utils::IteratorType::parallel);
  Value repeated = l.createGeneric(
      x, l.createEmpty(split, getStorageType(element)),
      {AffineMap::get(split.size(), 0, exprs, context),
       l.builder.getMultiDimIdentityMap(split.size())},
      loops, [](B &, ValueRange args) { return args[0]; });
  return l.createReshape(repeated, split, shape);
}

/// The map to row `tap` of a table: tables have the axis as second dimension.
static AffineMap getRowMap(Lowering &l, int64_t loops, AffineExpr tap,
                           int64_t axis) {
  return AffineMap::get(loops, 0, {tap, l.builder.getAffineDimExpr(axis)},
                        l.builder.getContext());
}

Value Resizer::pickNearest(Value x) {
  int64_t rank = shape.size();
  SmallVector<Value> tables;
  SmallVector<AffineMap> maps;
  SmallVector<int64_t> axes;
  for (auto [i, axis] : llvm::enumerate(op.getAxes())) {
    if (isUnchanged(i))
      continue;
    tables.push_back(createTable(i).indices);
    maps.push_back(
        getRowMap(l, rank, getAffineConstantExpr(0, op.getContext()), axis));
    axes.push_back(axis);
  }
  return createIndexed(
      l, shape, getStorageType(element), tables, maps,
      [&](B &b, ArrayRef<Value> values) -> Value {
        SmallVector<Value> at(values.take_front(rank));
        Value zero = b.create<arith::ConstantIndexOp>(0), isOutside;
        for (auto [axis, stored] : llvm::zip(axes, values.drop_front(rank))) {
          at[axis] = b.create<arith::IndexCastOp>(b.getIndexType(), stored);
          if (!isCropped())
            continue;
          Value test = b.create<arith::CmpIOp>(arith::CmpIPredicate::slt,
                                               at[axis], zero);
          isOutside = isOutside ? b.create<arith::OrIOp>(isOutside, test) : test;
          at[axis] = b.create<arith::MaxSIOp>(at[axis], zero);
        }
        Value picked = b.create<tensor::ExtractOp>(x, at);
        if (!isOutside)
          return picked;
        Value rest = b.create<arith::ConstantOp>(
            b.getF32FloatAttr(op.getExtrapolation().convertToFloat()));
        rest = Lowering::toStorage(
            b, Lowering::castScalar(b, rest, b.getF32Type(), element, true),
            element);
        return b.create<arith::SelectOp>(isOutside, rest, picked);
      });
}

/// Of integers the nearest one in range, halves to even.
Value Resizer::finish(B &b, Value sum) {
  Type type = sum.getType();
  if (auto integer = dyn_cast<IntegerType>(element)) {
    unsigned width = integer.getWidth();
    bool isUnsigned = burin::isUnsigned(element);
    APInt least = isUnsigned ? APInt(width, 0) : APInt::getSignedMinValue(width);
    APInt most = isUnsigned ? APInt::getMaxValue(width)
                            : APInt::getSignedMaxValue(width);
    auto bound = [&](APInt value) -> Value {
      return b.create<arith::ConstantOp>(
          b.getFloatAttr(type, value.roundToDouble(!isUnsigned)));
    };
    sum = b.create<math::RoundEvenOp>(sum);
    sum = b.create<arith::MaximumFOp>(sum, bound(least));
    sum = b.create<arith::MinimumFOp>(sum, bound(most));
  }
  return Lowering::toStorage(b, Lowering::castScalar(b, sum, type, element, true),
                             element);
}

/// The element of `x` that a row of a table says, times its weight, in `wide`.
static Value createTerm(B &b, const AxisInput &input, ArrayRef<Value> loops,
                        Value index, Value weight, Type wide) {
  SmallVector<Value> at(loops);
  at[input.axis] = b.create<arith::IndexCastOp>(b.getIndexType(), index);
  Value value = Lowering::toCompute(
      b, b.create<tensor::ExtractOp>(input.x, at), input.type);
  value = Lowering::castScalar(b, value, input.type, wide, true);
  weight = Lowering::castScalar(b, weight, b.getF32Type(), wide, true);
  return b.create<arith::MulFOp>(value, weight);
}

/// A few taps: all in one body.
Value Resizer::sumTaps(const AxisInput &input, const Table &table,
                       int64_t taps, bool isLast) {
  int64_t rank = input.shape.size();
  Type wide = getWideType();
  SmallVector<Value> inputs = {table.bias};
  SmallVector<AffineMap> maps = {getDimsMap(l, rank, input.axis)};
  for (int64_t tap = 0; tap < taps; ++tap) {
    AffineExpr row = getAffineConstantExpr(tap, op.getContext());
    inputs.append({table.indices, table.weights});
    maps.append(2, getRowMap(l, rank, row, input.axis));
  }
  return createIndexed(
      l, input.shape, isLast ? getStorageType(element) : wide, inputs, maps,
      [&](B &b, ArrayRef<Value> values) -> Value {
        ArrayRef<Value> loops = values.take_front(rank);
        Value sum =
            Lowering::castScalar(b, values[rank], b.getF32Type(), wide, true);
        for (ArrayRef<Value> rest = values.drop_front(rank + 1); !rest.empty();
             rest = rest.drop_front(2))
          sum = b.create<arith::AddFOp>(
              sum, createTerm(b, input, loops, rest[0], rest[1], wide));
        return isLast ? finish(b, sum) : sum;
      });
}

/// Any number of taps: one more loop, which starts at the values to add.
Value Resizer::loopOverTaps(const AxisInput &input, const Table &table,
                            bool isLast) {
  int64_t rank = input.shape.size();
  Type wide = getWideType();
  Value init = createIndexed(
      l, input.shape, wide, table.bias, getDimsMap(l, rank, input.axis),
      [&](B &b, ArrayRef<Value> values) {
        return Lowering::castScalar(b, values.back(), b.getF32Type(), wide, true);
      });
  AffineMap rowMap = getRowMap(
      l, rank + 1, getAffineDimExpr(rank, op.getContext()), input.axis);
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  loops.push_back(utils::IteratorType::reduction);
  Value sums = l.createGeneric(
      {table.indices, table.weights}, init,
      {rowMap, rowMap,
       getDimsMap(l, rank + 1, llvm::to_vector(llvm::seq<int64_t>(rank)))},
      loops, [&](B &b, ValueRange args) -> Value {
        SmallVector<Value> at;
        for (int64_t d = 0; d < rank; ++d)
          at.push_back(b.create<linalg::IndexOp>(d));
        return b.create<arith::AddFOp>(
            args[2], createTerm(b, input, at, args[0], args[1], wide));
      });
  if (!isLast)
    return sums;
  return createIndexed(l, input.shape, getStorageType(element), sums,
                       l.builder.getMultiDimIdentityMap(rank),
                       [&](B &b, ArrayRef<Value> values) {
                         return finish(b, values.back());
                       });
}

/// Axis after axis; all but the last result stay in a wide type. Along the innermost
/// one elements are read one by one: while there are few of them.
Value Resizer::interpolate(Value x, SmallVector<size_t> changed) {
  auto *innermost = llvm::find_if(changed, [&](size_t i) {
    return op.getAxes()[i] + 1 == int64_t(from.size()) && grows(i);
  });
  if (innermost != changed.end())
    std::rotate(changed.begin(), innermost, innermost + 1);
  AxisInput input{x, from, element, 0};
  for (size_t i : changed) {
    bool isLast = i == changed.back();
    input.axis = op.getAxes()[i];
    input.shape[input.axis] = shape[input.axis];
    Table table = createTable(i);
    std::optional<int64_t> taps = nn::getStatic(table.taps);
    input.x = taps && *taps <= 4 ? sumTaps(input, table, *taps, isLast)
                                 : loopOverTaps(input, table, isLast);
    input.type = getWideType();
  }
  return input.x;
}

static LogicalResult lowerResize(nn::ResizeOp op, Lowering &l) {
  Resizer resizer(op, l);
  if (failed(resizer.findShape()))
    return failure();
  Value x = l.get(op.getX());
  SmallVector<size_t> changed;
  bool repeats = true;
  for (size_t i = 0; i < op.getAxes().size(); ++i) {
    repeats &= resizer.getRepeats(i).has_value();
    if (!resizer.isUnchanged(i))
      changed.push_back(i);
  }
  if (changed.empty()) {
    l.set(op, l.createCast(x, resizer.shape));
  } else if (repeats) {
    l.set(op, resizer.repeat(x));
  } else if (op.getMode() == "nearest") {
    l.set(op, resizer.pickNearest(x));
  } else {
    l.set(op, resizer.interpolate(x, changed));
  }
  return success();
}

void burin::addResizeLowerings(LowerTable &table) {
  addLowering<nn::ResizeOp, lowerResize>(table);
}
