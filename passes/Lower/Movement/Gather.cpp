//===- Gather.cpp - Elements chosen by index ------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Movement/MovementLowering.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace {
/// An element of an index tensor as an index: negative ones count from the end.
/// Never outside of [0, size), whatever the data are.
Value normalizeIndex(B &b, Value stored, Value size) {
  Value index = b.create<arith::IndexCastOp>(b.getIndexType(), stored);
  Value zero = b.create<arith::ConstantIndexOp>(0);
  Value one = b.create<arith::ConstantIndexOp>(1);
  Value isNegative =
      b.create<arith::CmpIOp>(arith::CmpIPredicate::slt, index, zero);
  index = b.create<arith::SelectOp>(isNegative, addIndex(b, index, size), index);
  return clampIndex(b, index, subIndex(b, size, one));
}

/// True if all numbers are known and in [-size, size).
bool areInside(Value indices, OpFoldResult size) {
  DenseIntElementsAttr constant;
  std::optional<int64_t> known = nn::getStatic(size);
  if (!known || !matchPattern(indices, m_Constant(&constant)))
    return false;
  return llvm::all_of(constant.getValues<APInt>(), [&](const APInt &index) {
    return index.sge(-*known) && index.slt(*known);
  });
}

/// Fails the run if an element is outside of [-size, size). Of tuples (in the
/// last dimension) each component has a size of its own.
void checkIndices(Lowering &l, Value nnIndices, ArrayRef<OpFoldResult> sizes,
                  bool isTuple, StringRef name) {
  if (!isTuple && areInside(nnIndices, sizes[0]))
    return;
  B &b = l.builder;
  Value indices = l.get(nnIndices);
  auto type = cast<RankedTensorType>(indices.getType());
  int64_t rank = type.getRank();
  SmallVector<Value> bounds;
  for (OpFoldResult size : sizes)
    bounds.push_back(b.create<arith::IndexCastOp>(type.getElementType(),
                                                  l.shapes.getValue(size)));
  Value table = b.create<tensor::FromElementsOp>(
      RankedTensorType::get({int64_t(bounds.size())}, type.getElementType()),
      bounds);
  MLIRContext *context = b.getContext();
  AffineMap tableMap = AffineMap::get(
      rank, 0,
      isTuple ? getAffineDimExpr(rank - 1, context)
              : getAffineConstantExpr(0, context));
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::reduction);
  Value init = l.createFilled({}, b.getI8IntegerAttr(0));
  Value wrong = l.createGeneric(
      {indices, table}, init,
      {b.getMultiDimIdentityMap(rank), tableMap, AffineMap::get(rank, 0, context)},
      loops, [](B &nested, ValueRange args) -> Value {
        Value zero =
            nested.create<arith::ConstantOp>(nested.getZeroAttr(args[1].getType()));
        Value least = nested.create<arith::SubIOp>(zero, args[1]);
        Value isBelow = nested.create<arith::CmpIOp>(arith::CmpIPredicate::slt,
                                                     args[0], least);
        Value isAbove = nested.create<arith::CmpIOp>(arith::CmpIPredicate::sge,
                                                     args[0], args[1]);
        Value isWrong = nested.create<arith::OrIOp>(isBelow, isAbove);
        return nested.create<arith::OrIOp>(
            nested.create<arith::ExtUIOp>(nested.getI8Type(), isWrong), args[2]);
      });
  Value zero = l.createConstant(b.getI8Type(), 0);
  l.createCheck(b.create<arith::CmpIOp>(arith::CmpIPredicate::eq,
                                        extractScalar(l, wrong), zero),
                name + ": an index is out of range");
}

Type getStored(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getElementType();
}

/// The number of a constant scalar that may be an index of `size`.
std::optional<int64_t> findIndex(Value indices, OpFoldResult size) {
  DenseIntElementsAttr constant;
  if (!matchPattern(indices, m_Constant(&constant)) || constant.getType().getRank() != 0 ||
      (nn::getStatic(size) && !areInside(indices, size)))
    return std::nullopt;
  return (*constant.begin()).getSExtValue();
}

/// Whether other sizes lie between `axis` and one of 1. Which dimension a slice is
/// without is found by its strides later: nobody could tell then.
bool hasUnitsApart(ArrayRef<OpFoldResult> sizes, int64_t axis) {
  auto isUnit = [](OpFoldResult size) { return nn::getStatic(size) == 1; };
  auto areApart = [&](auto &&others) {
    auto first = llvm::find_if_not(others, isUnit);
    return std::find_if(first, others.end(), isUnit) != others.end();
  };
  return areApart(sizes.drop_front(axis + 1)) ||
         areApart(llvm::reverse(sizes.take_front(axis)));
}

/// Element `index` of `axis`, as a view.
Value createElementView(nn::GatherOp op, Lowering &l, int64_t axis, int64_t index) {
  nn::ShapeBuilder &s = l.shapes;
  Shape sizes = l.getShape(op.getX()), shape = l.getShape(op);
  bool fromEnd = index < 0;
  requireAtMost(l, s.get(fromEnd ? ~index : index), s.sub(sizes[axis], s.get(1)),
                "Gather: an index is out of range");
  Value x = l.get(op.getX());
  if (nn::getStatic(sizes[axis]) == 1) // All of it: ops are fused through reshapes.
    return l.createReshape(x, sizes, shape);
  SmallVector<OpFoldResult> offsets(sizes.size(), s.get(0)), steps(sizes.size(), s.get(1));
  offsets[axis] = fromEnd ? s.add(sizes[axis], s.get(index)) : s.get(index);
  sizes[axis] = s.get(1);
  if (hasUnitsApart(sizes, axis)) {
    x = l.builder.create<tensor::ExtractSliceOp>(x, offsets, sizes, steps);
    return l.createReshape(x, sizes, shape);
  }
  auto type = RankedTensorType::get(nn::getStaticShape(shape), getStored(x));
  return l.builder.create<tensor::ExtractSliceOp>(type, x, offsets, sizes, steps);
}

LogicalResult lowerGather(nn::GatherOp op, Lowering &l) {
  Shape from = l.getShape(op.getX()), shape = l.getShape(op);
  int64_t axis = op.getAxis(), rank = shape.size();
  int64_t count = l.getShape(op.getIndices()).size();
  if (std::optional<int64_t> index = findIndex(op.getIndices(), from[axis])) {
    l.set(op, createElementView(op, l, axis, *index));
    return success();
  }
  checkIndices(l, op.getIndices(), from[axis], /*isTuple=*/false, "Gather");
  Value x = l.get(op.getX()), size = l.shapes.getValue(from[axis]);
  SmallVector<int64_t> dims =
      llvm::to_vector(llvm::seq<int64_t>(axis, axis + count));
  l.set(op, createIndexed(
                l, shape, getStored(x), l.get(op.getIndices()),
                getDimsMap(l, rank, dims),
                [&](B &b, ArrayRef<Value> values) -> Value {
                  SmallVector<Value> at(values.take_front(axis));
                  at.push_back(normalizeIndex(b, values.back(), size));
                  llvm::append_range(at,
                                     values.drop_back().drop_front(axis + count));
                  return b.create<tensor::ExtractOp>(x, at);
                }));
  return success();
}

LogicalResult lowerGatherElements(nn::GatherElementsOp op, Lowering &l) {
  Shape from = l.getShape(op.getX()), shape = l.getShape(op);
  int64_t axis = op.getAxis(), rank = shape.size();
  for (int64_t d = 0; d < rank; ++d)
    if (d != axis)
      requireAtMost(l, shape[d], from[d], "GatherElements: too many indices");
  checkIndices(l, op.getIndices(), from[axis], /*isTuple=*/false,
               "GatherElements");
  Value x = l.get(op.getX()), size = l.shapes.getValue(from[axis]);
  l.set(op, createIndexed(
                l, shape, getStored(x), l.get(op.getIndices()),
                l.builder.getMultiDimIdentityMap(rank),
                [&](B &b, ArrayRef<Value> values) -> Value {
                  SmallVector<Value> at(values.drop_back());
                  at[axis] = normalizeIndex(b, values.back(), size);
                  return b.create<tensor::ExtractOp>(x, at);
                }));
  return success();
}

LogicalResult lowerGatherND(nn::GatherNDOp op, Lowering &l) {
  Shape from = l.getShape(op.getX()), tuples = l.getShape(op.getIndices());
  Shape shape = l.getShape(op);
  int64_t batch = op.getBatchDims(), outer = tuples.size() - 1;
  int64_t length = *nn::getStatic(tuples.back());
  for (int64_t d = 0; d < batch; ++d)
    requireEqual(l, from[d], tuples[d], "GatherND: batches differ");
  ArrayRef<OpFoldResult> sizes = ArrayRef(from).slice(batch, length);
  Value x = l.get(op.getX()), indices = l.get(op.getIndices());
  checkIndices(l, op.getIndices(), sizes, /*isTuple=*/true, "GatherND");
  SmallVector<Value> bounds;
  for (OpFoldResult size : sizes)
    bounds.push_back(l.shapes.getValue(size));
  l.set(op, createIndexed(
                l, shape, getStored(x),
                [&](B &b, ArrayRef<Value> loops) -> Value {
                  SmallVector<Value> at(loops.take_front(batch));
                  SmallVector<Value> place(loops.take_front(outer));
                  for (auto [i, bound] : llvm::enumerate(bounds)) {
                    place.push_back(b.create<arith::ConstantIndexOp>(i));
                    Value index = b.create<tensor::ExtractOp>(indices, place);
                    place.pop_back();
                    at.push_back(normalizeIndex(b, index, bound));
                  }
                  llvm::append_range(at, loops.drop_front(outer));
                  return b.create<tensor::ExtractOp>(x, at);
                }));
  return success();
}

LogicalResult lowerOneHot(nn::OneHotOp op, Lowering &l) {
  Shape shape = l.getShape(op);
  int64_t rank = shape.size(), axis = op.getAxis();
  B &b = l.builder;
  Value values = l.get(op.getValues());
  requireEqual(l, l.getShape(op.getValues())[0], l.shapes.get(2),
               "OneHot: not two values");
  Value off = extractScalar(l, values);
  Value on = b.create<tensor::ExtractOp>(
      values, ValueRange{l.shapes.getValue(l.shapes.get(1))});
  Value depth = l.shapes.getValue(shape[axis]);
  SmallVector<int64_t> dims;
  for (int64_t d = 0; d < rank; ++d)
    if (d != axis)
      dims.push_back(d);
  l.set(op, createIndexed(
                l, shape, off.getType(), l.get(op.getIndices()),
                getDimsMap(l, rank, dims),
                [&](B &b, ArrayRef<Value> args) -> Value {
                  Value index = b.create<arith::IndexCastOp>(b.getIndexType(),
                                                             args.back());
                  Value isSame = b.create<arith::CmpIOp>(
                      arith::CmpIPredicate::eq, index, args[axis]);
                  Value isWrapped = b.create<arith::CmpIOp>(
                      arith::CmpIPredicate::eq, addIndex(b, index, depth),
                      args[axis]);
                  return b.create<arith::SelectOp>(
                      b.create<arith::OrIOp>(isSame, isWrapped), on, off);
                }));
  return success();
}
} // namespace

void burin::addGatherLowerings(LowerTable &table) {
  addLowering<nn::GatherOp, lowerGather>(table);
  addLowering<nn::GatherElementsOp, lowerGatherElements>(table);
  addLowering<nn::GatherNDOp, lowerGatherND>(table);
  addLowering<nn::OneHotOp, lowerOneHot>(table);
}
