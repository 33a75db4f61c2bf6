//===- LowerDynamicAxes.cpp - Reductions whose axes the model computes ----===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Reduction/Folding.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace burin {
void addDynamicAxesLowerings(LowerTable &table);
} // namespace burin

namespace {
Value extract(Lowering &l, Value tensor, int64_t i) {
  return l.builder.create<tensor::ExtractOp>(
      tensor, ValueRange{l.shapes.getValue(l.shapes.get(i))});
}

/// How often each dimension is named: i64.
Value countNames(nn::AxesMaskOp op, Lowering &l, OpFoldResult count) {
  Type i64 = l.builder.getI64Type();
  int64_t rank = op.getRank();
  Folding folding(l, {l.shapes.get(rank), count}, 1);
  Type element = getElementTypeOrSelf(op.getAxes().getType());
  return folding.foldSum(
      folding.withDims(l.get(op.getAxes()), 1, element, i64), i64,
      [&](B &b, ArrayRef<Value> args) -> Value {
        Value d =
            b.create<arith::IndexCastOp>(i64, b.create<linalg::IndexOp>(0));
        Value fromEnd = b.create<arith::SubIOp>(
            d, b.create<arith::ConstantOp>(b.getI64IntegerAttr(rank)));
        Value isNamed = b.create<arith::OrIOp>(
            b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, args[0], d),
            b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, args[0],
                                    fromEnd));
        return b.create<arith::ExtUIOp>(i64, isNamed);
      });
}

LogicalResult lowerAxesMask(nn::AxesMaskOp op, Lowering &l) {
  B &b = l.builder;
  OpFoldResult count = l.getShape(op.getAxes())[0], sum = l.shapes.get(0);
  Value counts = countNames(op, l, count);
  OpFoldResult one = l.shapes.get(1), zero = l.shapes.get(0), wrong = zero;
  OpFoldResult isAll =
      op.getAllIfEmpty() ? l.shapes.selectEqual(count, zero, one, zero) : zero;
  SmallVector<Value> bits;
  for (int64_t d = 0; d < int64_t(op.getRank()); ++d) {
    OpFoldResult named = b.create<arith::IndexCastOp>(b.getIndexType(),
                                                      extract(l, counts, d))
                             .getResult();
    sum = l.shapes.add(sum, named);
    wrong = l.shapes.selectLess(one, named, one, wrong);
    bits.push_back(b.create<arith::IndexCastOp>(
        b.getI8Type(), l.shapes.getValue(l.shapes.max(
                           isAll, l.shapes.min(named, one)))));
  }
  wrong = l.shapes.selectEqual(sum, count, wrong, one);
  requireEqual(l, wrong, zero, "axes are out of range or named twice");
  auto type = RankedTensorType::get(int64_t(op.getRank()), b.getI8Type());
  if (bits.empty())
    l.set(op, l.createEmpty(zero, b.getI8Type()));
  else
    l.set(op, b.create<tensor::FromElementsOp>(type, bits));
  return success();
}

/// 1 for each dimension that is masked, 0 for the others.
SmallVector<OpFoldResult> getBits(Lowering &l, Value nnMask, int64_t rank) {
  SmallVector<OpFoldResult> bits;
  for (int64_t d = 0; d < rank; ++d)
    bits.push_back(l.builder
                       .create<arith::IndexCastOp>(l.builder.getIndexType(),
                                                   extract(l, l.get(nnMask), d))
                       .getResult());
  return bits;
}

/// What an index of the group is divided by, and then by what it is taken
/// modulo, to be the one of a dimension; none is 0.
struct Digit {
  Value isMasked, stride, size;
};

LogicalResult lowerGroupAxes(nn::GroupAxesOp op, Lowering &l) {
  Shape shape = l.getShape(op.getX());
  SmallVector<OpFoldResult> bits = getBits(l, op.getMask(), shape.size());
  OpFoldResult one = l.shapes.get(1), zero = l.shapes.get(0);
  Shape groups = {one, one};
  SmallVector<Digit> digits(shape.size());
  for (int64_t d = int64_t(shape.size()) - 1; d >= 0; --d) {
    OpFoldResult stride =
        l.shapes.selectEqual(bits[d], zero, groups[0], groups[1]);
    digits[d] = {l.builder.create<arith::CmpIOp>(arith::CmpIPredicate::ne,
                                                 l.shapes.getValue(bits[d]),
                                                 l.shapes.getValue(zero)),
                 l.shapes.getValue(l.shapes.max(stride, one)),
                 l.shapes.getValue(l.shapes.max(shape[d], one))};
    OpFoldResult keptSize = l.shapes.selectEqual(bits[d], zero, shape[d], one);
    OpFoldResult size = l.shapes.selectEqual(bits[d], zero, one, shape[d]);
    groups[0] = l.shapes.mul(groups[0], keptSize);
    groups[1] = l.shapes.mul(groups[1], size);
  }
  l.shapes.setDims(op, groups);
  Value x = l.get(op.getX());
  Value empty = l.createEmpty(groups, getElementTypeOrSelf(x.getType()));
  SmallVector<utils::IteratorType> loops(2, utils::IteratorType::parallel);
  AffineMap identity = l.builder.getMultiDimIdentityMap(2);
  auto read = [&](B &b, ValueRange) -> Value {
    Value row = b.create<linalg::IndexOp>(0);
    Value column = b.create<linalg::IndexOp>(1);
    SmallVector<Value> at;
    for (const Digit &digit : digits) {
      Value i = b.create<arith::SelectOp>(digit.isMasked, column, row);
      at.push_back(b.create<arith::RemUIOp>(
          b.create<arith::DivUIOp>(i, digit.stride), digit.size));
    }
    return b.create<tensor::ExtractOp>(x, at);
  };
  l.set(op, l.createGeneric({}, empty, identity, loops, read));
  return success();
}

LogicalResult lowerUngroupAxes(nn::UngroupAxesOp op, Lowering &l) {
  Shape shape = l.getShape(op.getX());
  int64_t rank = op.getRank();
  SmallVector<OpFoldResult> bits = getBits(l, op.getMask(), shape.size());
  OpFoldResult one = l.shapes.get(1), zero = l.shapes.get(0);
  Shape result(rank, one);
  if (rank == int64_t(shape.size())) {
    for (auto [size, bit, from] : llvm::zip_equal(result, bits, shape))
      size = l.shapes.selectEqual(bit, zero, from, one);
  } else {
    OpFoldResult place = zero; // Of the next dimension that is kept.
    for (auto [bit, size] : llvm::zip_equal(bits, shape)) {
      for (auto [j, to] : llvm::enumerate(result))
        to = l.shapes.selectEqual(
            bit, zero, l.shapes.selectEqual(place, l.shapes.get(j), size, to),
            to);
      place = l.shapes.add(place, l.shapes.sub(one, bit));
    }
    requireEqual(l, place, l.shapes.get(rank), "axes are named twice");
  }
  l.shapes.setDims(op, result);
  l.set(op, l.createReshape(l.get(op.getReduced()),
                            l.getShape(op.getReduced()), result));
  return success();
}
} // namespace

void burin::addDynamicAxesLowerings(LowerTable &table) {
  addLowering<nn::AxesMaskOp, lowerAxesMask>(table);
  addLowering<nn::GroupAxesOp, lowerGroupAxes>(table);
  addLowering<nn::UngroupAxesOp, lowerUngroupAxes>(table);
}
