//===- LowerScan.cpp - CumSum, CumProd, TopK, Det: library kernels --------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Reduction/Folding.h"

using namespace mlir;
using namespace burin;

namespace burin {
void addScanLowerings(LowerTable &table);
} // namespace burin

namespace {
/// The one element of an integer tensor of rank 0 or 1.
FailureOr<OpFoldResult> getOnly(Operation *op, Value nnTensor, Lowering &l) {
  if (std::optional<Shape> known = l.shapes.findElements(nnTensor);
      known && known->size() == 1)
    return known->front();
  SmallVector<Value> at;
  for (OpFoldResult size : l.getShape(nnTensor)) {
    std::optional<int64_t> known = nn::getStatic(size);
    if (known && *known != 1)
      return op->emitOpError("expects one number, got ") << nnTensor.getType();
    requireEqual(l, size, l.shapes.get(1), "expects a tensor of one number");
    at.push_back(l.shapes.getValue(l.shapes.get(0)));
  }
  Value element = l.builder.create<tensor::ExtractOp>(l.get(nnTensor), at);
  if (element.getType().getIntOrFloatBitWidth() < 64)
    element = l.builder.create<arith::ExtSIOp>(l.builder.getI64Type(), element);
  Value index =
      l.builder.create<arith::IndexCastOp>(l.builder.getIndexType(), element);
  return OpFoldResult(index);
}

/// Fails the run unless least <= number <= most.
void requireRange(Lowering &l, OpFoldResult number, OpFoldResult least,
                  OpFoldResult most, const Twine &what) {
  OpFoldResult one = l.shapes.get(1), zero = l.shapes.get(0);
  OpFoldResult wrong = l.shapes.selectLess(
      number, least, one, l.shapes.selectLess(most, number, one, zero));
  requireEqual(l, wrong, zero, what);
}

//===- CumSum, CumProd ----------------------------------------------------===//

/// The dimensions before, at and after `axis`, as one each.
Shape joinAround(Lowering &l, const Shape &shape, OpFoldResult axis) {
  OpFoldResult one = l.shapes.get(1);
  Shape joined(3, one);
  for (auto [d, size] : llvm::enumerate(shape)) {
    OpFoldResult i = l.shapes.get(d);
    joined[0] = l.shapes.mul(joined[0],
                             l.shapes.selectLess(i, axis, size, one));
    joined[1] = l.shapes.selectEqual(i, axis, size, joined[1]);
    joined[2] = l.shapes.mul(joined[2],
                             l.shapes.selectLess(axis, i, size, one));
  }
  return joined;
}

template <typename OpTy, bool isProduct>
LogicalResult lowerScan(OpTy op, Lowering &l) {
  FailureOr<OpFoldResult> given = getOnly(op, op.getAxis(), l);
  if (failed(given))
    return failure();
  Shape shape = l.getShape(op.getX());
  int64_t rank = shape.size();
  OpFoldResult zero = l.shapes.get(0);
  OpFoldResult axis = l.shapes.selectLess(
      *given, zero, l.shapes.add(*given, l.shapes.get(rank)), *given);
  requireRange(l, axis, zero, l.shapes.get(rank - 1), "axis is out of range");
  Shape joined = joinAround(l, shape, axis);
  Type element = getElementTypeOrSelf(op.getX().getType());
  Value x = l.createReshape(l.get(op.getX()), shape, joined);
  Value result = l.createEmpty(joined, getStorageType(element));
  int64_t params[] = {op.getExclusive(), op.getReverse(), isProduct};
  result = l.createCall("burin_scan", x, result, params, {element, element})[0];
  l.set(op, l.createReshape(result, joined, shape));
  return success();
}

//===- TopK ---------------------------------------------------------------===//

LogicalResult lowerTopK(nn::TopKOp op, Lowering &l) {
  FailureOr<OpFoldResult> k = getOnly(op, op.getK(), l);
  if (failed(k))
    return failure();
  Shape shape = l.getShape(op.getX());
  OpFoldResult &size = shape[op.getAxis()], zero = l.shapes.get(0);
  requireRange(l, *k, zero, size, "TopK: k is out of range");
  size = nn::getStatic(*k) ? *k : l.shapes.max(zero, l.shapes.min(*k, size));
  Type element = getElementTypeOrSelf(op.getX().getType());
  Type i64 = l.builder.getI64Type();
  Value values = l.createEmpty(shape, getStorageType(element));
  Value indices = l.createEmpty(shape, i64);
  int64_t params[] = {int64_t(op.getAxis()), op.getLargest(), op.getSorted()};
  SmallVector<Value> results =
      l.createCall("burin_topk", l.get(op.getX()), {values, indices}, params,
                   {element, element, i64});
  for (auto [nnResult, result] : llvm::zip_equal(op.getResults(), results)) {
    l.set(nnResult, result);
    l.shapes.setDims(nnResult, shape);
  }
  return success();
}

//===- Det ----------------------------------------------------------------===//

LogicalResult lowerDet(nn::DetOp op, Lowering &l) {
  Shape shape = l.getShape(op.getX());
  requireEqual(l, shape.back(), shape[shape.size() - 2],
               "Det: the matrices are not square");
  Type element = getElementTypeOrSelf(op.getX().getType());
  Value result = l.createEmpty(l.getShape(op), getStorageType(element));
  l.set(op, l.createCall("burin_det", l.get(op.getX()), result, {},
                         {element, element})[0]);
  return success();
}
} // namespace

void burin::addScanLowerings(LowerTable &table) {
  addLowering<nn::CumSumOp, lowerScan<nn::CumSumOp, false>>(table);
  addLowering<nn::CumProdOp, lowerScan<nn::CumProdOp, true>>(table);
  addLowering<nn::TopKOp, lowerTopK>(table);
  addLowering<nn::DetOp, lowerDet>(table);
}
