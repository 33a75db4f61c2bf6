//===- Selection.cpp - As many elements as the data say -------------------===//
//
// A loop or kernel counts, a tensor of that size is made, another one fills it.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Movement/MovementLowering.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace {
Type getElement(Value value) { return getElementTypeOrSelf(value.getType()); }

/// A scalar of a tensor as a size.
OpFoldResult extractSize(Lowering &l, Value tensor) {
  return l.builder
      .create<arith::IndexCastOp>(l.builder.getIndexType(),
                                  extractScalar(l, tensor))
      .getResult();
}

/// True for numbers other than 0; NaN is one.
Value isNonZero(B &b, Value stored, Type element) {
  Value x = Lowering::toCompute(b, stored, element);
  if (x.getType().isInteger(1))
    return x;
  Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(x.getType()));
  if (isa<FloatType>(x.getType()))
    return b.create<arith::CmpFOp>(arith::CmpFPredicate::UNE, x, zero);
  return b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, x, zero);
}

/// How many elements of `tensor` are not 0.
OpFoldResult countNonZeros(Lowering &l, Value tensor, Type element) {
  B &b = l.builder;
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::reduction);
  Value count = l.createGeneric(
      tensor, l.createFilled({}, b.getI64IntegerAttr(0)),
      {b.getMultiDimIdentityMap(rank), AffineMap::get(rank, 0, b.getContext())},
      loops, [&](B &nested, ValueRange args) -> Value {
        Value one = nested.create<arith::ExtUIOp>(
            nested.getI64Type(), isNonZero(nested, args[0], element));
        return nested.create<arith::AddIOp>(one, args[1]);
      });
  return extractSize(l, count);
}

LogicalResult lowerNonZero(nn::NonZeroOp op, Lowering &l) {
  Value x = l.get(op.getX());
  Type element = getElement(op.getX()), i64 = l.builder.getI64Type();
  int64_t rank = cast<RankedTensorType>(x.getType()).getRank();
  Shape shape = {l.shapes.get(rank), countNonZeros(l, x, element)};
  l.shapes.setDims(op, shape);
  l.set(op, l.createCall("burin_nonzero", x, l.createEmpty(shape, i64), {},
                         {element, i64})[0]);
  return success();
}

LogicalResult lowerCompress(nn::CompressOp op, Lowering &l) {
  B &b = l.builder;
  Shape from = l.getShape(op.getX()), shape;
  Value x = l.get(op.getX()), condition = l.get(op.getCondition());
  Type element = getElement(op.getX()), i1 = b.getI1Type();
  int64_t axis = 0;
  if (op.getAxis()) {
    axis = *op.getAxis();
    shape = from;
  } else {
    shape = {l.shapes.product(from)};
    x = l.createReshape(x, from, shape);
  }
  // What the condition says beyond the end does not count.
  SmallVector<OpFoldResult> zero{l.shapes.get(0)}, one{l.shapes.get(1)};
  SmallVector<OpFoldResult> length{
      l.shapes.min(l.getShape(op.getCondition())[0], shape[axis])};
  condition = b.create<tensor::ExtractSliceOp>(condition, zero, length, one);
  shape[axis] = countNonZeros(l, condition, i1);
  l.shapes.setDims(op, shape);
  Value result = l.createEmpty(shape, getStorageType(element));
  l.set(op, l.createCall("burin_compress", {x, condition}, result, axis,
                         {element, i1, element})[0]);
  return success();
}

/// The first `count` elements.
Value takeFirst(Lowering &l, Value tensor, OpFoldResult count) {
  SmallVector<OpFoldResult> zero{l.shapes.get(0)}, one{l.shapes.get(1)};
  return l.builder.create<tensor::ExtractSliceOp>(
      tensor, zero, SmallVector<OpFoldResult>{count}, one);
}

LogicalResult lowerUnique(nn::UniqueOp op, Lowering &l) {
  B &b = l.builder;
  Shape from = l.getShape(op.getX()), shape = from;
  Value x = l.get(op.getX());
  Type element = getElement(op.getX()), i64 = b.getI64Type();
  int64_t axis = op.getAxis().value_or(0);
  if (!op.getAxis()) {
    shape = {l.shapes.product(from)};
    x = l.createReshape(x, from, shape);
  }
  SmallVector<OpFoldResult> most{shape[axis]};
  Value list = l.createEmpty(most, i64), number = l.createEmpty({}, i64);
  int64_t params[] = {axis, op.getSorted()};
  SmallVector<Value> found =
      l.createCall("burin_unique", x, {list, list, list, number}, params,
                   {element, i64, i64, i64, i64});
  OpFoldResult count = extractSize(l, found[3]);
  Value first = takeFirst(l, found[0], count);
  shape[axis] = count;
  int64_t rank = shape.size();
  Value last = b.create<arith::SubIOp>(l.shapes.getValue(most[0]),
                                       l.shapes.getValue(l.shapes.get(1)));
  Value values = createIndexed(
      l, shape, getStorageType(element), first, getDimsMap(l, rank, axis),
      [&](B &nested, ArrayRef<Value> args) -> Value {
        SmallVector<Value> at(args.drop_back());
        Value index = nested.create<arith::IndexCastOp>(nested.getIndexType(),
                                                        args.back());
        at[axis] = clampIndex(nested, index, last);
        return nested.create<tensor::ExtractOp>(x, at);
      });
  l.set(op.getValues(), values);
  l.set(op.getFirst(), first);
  l.set(op.getInverse(), found[1]);
  l.set(op.getCounts(), takeFirst(l, found[2], count));
  l.shapes.setDims(op.getValues(), shape);
  l.shapes.setDims(op.getFirst(), {count});
  l.shapes.setDims(op.getInverse(), most);
  l.shapes.setDims(op.getCounts(), {count});
  return success();
}

LogicalResult lowerNonMaxSuppression(nn::NonMaxSuppressionOp op, Lowering &l) {
  B &b = l.builder;
  Type i64 = b.getI64Type(), f32 = b.getF32Type();
  Shape scores = l.getShape(op.getScores());
  OpFoldResult zero = l.shapes.get(0), most = zero;
  if (op.getMaxBoxes())
    most = l.shapes.min(
        l.shapes.max(l.shapes.getElements(op.getMaxBoxes())[0], zero),
        scores[2]);
  // As many rows as there can be, of which the first are used.
  Shape all = {l.shapes.product({scores[0], scores[1], most}), l.shapes.get(3)};
  SmallVector<Value> inputs{l.get(op.getBoxes()), l.get(op.getScores())};
  SmallVector<Type> types{f32, f32};
  for (Value threshold : {op.getIouThreshold(), op.getScoreThreshold()})
    if (threshold) {
      inputs.push_back(l.get(threshold));
      types.push_back(f32);
    }
  types.append({i64, i64});
  int64_t params[] = {op.getCenter(), bool(op.getIouThreshold()),
                      bool(op.getScoreThreshold())};
  SmallVector<Value> found = l.createCall(
      "burin_non_max_suppression", inputs,
      {l.createEmpty(all, i64), l.createEmpty({}, i64)}, params, types);
  Shape shape = {extractSize(l, found[1]), all[1]};
  SmallVector<OpFoldResult> zeros(2, zero), ones(2, l.shapes.get(1));
  l.set(op, b.create<tensor::ExtractSliceOp>(
                found[0], zeros, SmallVector<OpFoldResult>(ArrayRef(shape)), ones));
  l.shapes.setDims(op, shape);
  return success();
}
} // namespace

void burin::addSelectionLowerings(LowerTable &table) {
  addLowering<nn::NonZeroOp, lowerNonZero>(table);
  addLowering<nn::CompressOp, lowerCompress>(table);
  addLowering<nn::UniqueOp, lowerUnique>(table);
  addLowering<nn::NonMaxSuppressionOp, lowerNonMaxSuppression>(table);
}
