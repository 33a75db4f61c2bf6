//===- Pad.cpp - Borders and triangles ------------------------------------===//

#include "dialects/NN/Shapes/ShapeRules.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Movement/MovementLowering.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

Value burin::createPadded(Lowering &l, Value tensor, Shape from,
                          ArrayRef<OpFoldResult> low,
                          ArrayRef<OpFoldResult> high, Value value) {
  OpFoldResult zero = l.shapes.get(0);
  SmallVector<OpFoldResult> ones(from.size(), l.shapes.get(1));
  SmallVector<OpFoldResult> starts, places, sizes;
  Shape shape;
  auto getNegative = [&](OpFoldResult pad) {
    return nn::isNonNegative(pad)
               ? zero
               : nn::clampToSize(l.shapes, l.shapes.sub(zero, pad));
  };
  for (auto [size, before, after] : llvm::zip_equal(from, low, high)) {
    OpFoldResult cut = getNegative(before);
    OpFoldResult left = l.shapes.sub(size, cut);
    left = l.shapes.sub(left, getNegative(after));
    sizes.push_back(nn::areEqual(left, size) ? size
                                             : nn::clampToSize(l.shapes, left));
    starts.push_back(l.shapes.min(cut, size));
    places.push_back(nn::clampToSize(l.shapes, before));
    shape.push_back(nn::clampToSize(
        l.shapes, l.shapes.add(l.shapes.add(size, before), after)));
  }
  auto isZero = [](OpFoldResult size) { return nn::getStatic(size) == 0; };
  if (!llvm::all_of(starts, isZero) || !llvm::equal(from, sizes, nn::areEqual))
    tensor = l.builder.create<tensor::ExtractSliceOp>(tensor, starts, sizes,
                                                      ones);
  Value result = l.createEmpty(shape, value.getType());
  result = l.builder.create<linalg::FillOp>(value, result).getResult(0);
  if (llvm::any_of(sizes, isZero))
    return result;
  return l.builder.create<tensor::InsertSliceOp>(tensor, result, places, sizes,
                                                 ones);
}

namespace {
/// Where in [0, size) the element at `i` of an endless continuation is; size is
/// at least 1.
Value continueIndex(B &b, Value i, Value size, StringRef mode) {
  Value one = b.create<arith::ConstantIndexOp>(1);
  Value last = subIndex(b, size, one);
  if (mode == "edge")
    return clampIndex(b, i, last);
  if (mode == "wrap")
    return floorMod(b, i, size);
  // There and back, the ends once.
  Value two = b.create<arith::ConstantIndexOp>(2);
  Value period = b.createOrFold<arith::MulIOp>(last, two);
  period = b.createOrFold<arith::MaxSIOp>(period, one);
  Value rest = floorMod(b, i, period);
  return b.create<arith::MinSIOp>(rest, subIndex(b, period, rest));
}

/// What lies beyond the borders is taken from inside.
LogicalResult createContinued(nn::PadOp op, Lowering &l, const Shape &from,
                              const Shape &low) {
  Shape shape = l.getShape(op);
  Value x = l.get(op.getX());
  SmallVector<Value> offsets, sizes;
  OpFoldResult one = l.shapes.get(1);
  for (auto [axis, pad] : llvm::zip(op.getAxes(), low)) {
    // Of nothing there is no continuation.
    requireAtMost(l, l.shapes.min(shape[axis], one), from[axis],
                  "Pad: continues a dimension of size 0");
    offsets.push_back(l.shapes.getValue(pad));
    sizes.push_back(l.shapes.getValue(l.shapes.max(from[axis], one)));
  }
  Type storage = cast<RankedTensorType>(x.getType()).getElementType();
  l.set(op, createIndexed(
                l, shape, storage, [&](B &b, ArrayRef<Value> indices) -> Value {
                  SmallVector<Value> at(indices);
                  for (auto [i, axis] : llvm::enumerate(op.getAxes()))
                    if (nn::getStatic(low[i]) != 0 ||
                        !nn::areEqual(from[axis], shape[axis]))
                      at[axis] =
                          continueIndex(b, subIndex(b, at[axis], offsets[i]),
                                        sizes[i], op.getMode());
                  return b.create<tensor::ExtractOp>(x, at);
                }));
  return success();
}

LogicalResult lowerPad(nn::PadOp op, Lowering &l) {
  Shape from = l.getShape(op.getX());
  Shape pads = l.shapes.getElements(op.getPads());
  size_t count = op.getAxes().size();
  Shape someLow(ArrayRef(pads).take_front(count));
  if (op.getMode() != "constant")
    return createContinued(op, l, from, someLow);
  Shape low(from.size(), l.shapes.get(0)), high = low;
  for (auto [i, axis] : llvm::enumerate(op.getAxes())) {
    low[axis] = pads[i];
    high[axis] = pads[count + i];
  }
  Type storage = getStorageType(getElementTypeOrSelf(op.getType()));
  Value value = op.getValue() ? extractScalar(l, l.get(op.getValue()))
                              : l.createConstant(storage, 0);
  l.set(op, createPadded(l, l.get(op.getX()), from, low, high, value));
  return success();
}

LogicalResult lowerCenterCropPad(nn::CenterCropPadOp op, Lowering &l) {
  Shape from = l.getShape(op.getX()), shape = l.getShape(op);
  OpFoldResult zero = l.shapes.get(0), two = l.shapes.get(2);
  Shape low, high;
  for (auto [have, want] : llvm::zip_equal(from, shape)) {
    OpFoldResult more = l.shapes.sub(want, have);
    OpFoldResult less = l.shapes.sub(have, want);
    OpFoldResult cut = l.shapes.sub(zero, l.shapes.floorDiv(less, two));
    low.push_back(l.shapes.selectLess(more, zero, cut,
                                      l.shapes.floorDiv(more, two)));
    high.push_back(l.shapes.sub(more, low.back()));
  }
  Type storage = getStorageType(getElementTypeOrSelf(op.getType()));
  l.set(op, createPadded(l, l.get(op.getX()), from, low, high,
                         l.createConstant(storage, 0)));
  return success();
}

LogicalResult lowerTrilu(nn::TriluOp op, Lowering &l) {
  Shape shape = l.getShape(op);
  int64_t rank = shape.size();
  Value k = l.shapes.getValue(l.shapes.getElements(op.getK())[0]);
  // Far beyond any size, but not so far that sums overflow.
  Value most = l.shapes.getValue(l.shapes.get(int64_t(1) << 48));
  Value least = l.shapes.getValue(l.shapes.get(-(int64_t(1) << 48)));
  k = l.builder.createOrFold<arith::MinSIOp>(k, most);
  k = l.builder.createOrFold<arith::MaxSIOp>(k, least);
  Value x = l.get(op.getX());
  Type storage = cast<RankedTensorType>(x.getType()).getElementType();
  auto predicate =
      op.getUpper() ? arith::CmpIPredicate::sge : arith::CmpIPredicate::sle;
  l.set(op, createIndexed(
                l, shape, storage, x, l.builder.getMultiDimIdentityMap(rank),
                [&](B &b, ArrayRef<Value> values) -> Value {
                  Value above = subIndex(b, values[rank - 1], values[rank - 2]);
                  Value stays = b.create<arith::CmpIOp>(predicate, above, k);
                  Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(storage));
                  return b.create<arith::SelectOp>(stays, values.back(), zero);
                }));
  return success();
}
} // namespace

void burin::addPadLowerings(LowerTable &table) {
  addLowering<nn::PadOp, lowerPad>(table);
  addLowering<nn::CenterCropPadOp, lowerCenterCropPad>(table);
  addLowering<nn::TriluOp, lowerTrilu>(table);
}
