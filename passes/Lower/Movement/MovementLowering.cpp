//===- MovementLowering.cpp - What movement and indexing share ------------===//

#include "passes/Lower/Movement/MovementLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

Value burin::createIndexed(Lowering &l, ArrayRef<OpFoldResult> shape,
                           Type storage, ArrayRef<Value> inputs,
                           ArrayRef<AffineMap> maps, IndexedBody body) {
  unsigned rank = shape.size();
  SmallVector<AffineMap> allMaps(maps);
  allMaps.push_back(l.builder.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  return l.createGeneric(
      inputs, l.createEmpty(shape, storage), allMaps, loops,
      [&](B &b, ValueRange args) {
        SmallVector<Value> values;
        for (unsigned d = 0; d < rank; ++d)
          values.push_back(b.create<linalg::IndexOp>(d));
        llvm::append_range(values, args.drop_back());
        return body(b, values);
      });
}

Value burin::createIndexed(Lowering &l, ArrayRef<OpFoldResult> shape,
                           Type storage, IndexedBody body) {
  return createIndexed(l, shape, storage, {}, {}, body);
}

AffineMap burin::getDimsMap(Lowering &l, int64_t rank, ArrayRef<int64_t> dims) {
  SmallVector<AffineExpr> exprs;
  for (int64_t d : dims)
    exprs.push_back(l.builder.getAffineDimExpr(d));
  return AffineMap::get(rank, 0, exprs, l.builder.getContext());
}

Value burin::extractScalar(Lowering &l, Value tensor) {
  SmallVector<Value> at(cast<RankedTensorType>(tensor.getType()).getRank(),
                        l.shapes.getValue(l.shapes.get(0)));
  return l.builder.create<tensor::ExtractOp>(tensor, at);
}

Value burin::addIndex(B &b, Value x, Value y) {
  return b.createOrFold<arith::AddIOp>(x, y);
}

Value burin::subIndex(B &b, Value x, Value y) {
  return b.createOrFold<arith::SubIOp>(x, y);
}

Value burin::clampIndex(B &b, Value x, Value last) {
  Value zero = b.create<arith::ConstantIndexOp>(0);
  Value below = b.createOrFold<arith::MinSIOp>(x, last);
  return b.createOrFold<arith::MaxSIOp>(below, zero);
}

Value burin::floorMod(B &b, Value x, Value y) {
  Value zero = b.create<arith::ConstantIndexOp>(0);
  Value rest = b.create<arith::RemSIOp>(x, y);
  Value isNegative =
      b.create<arith::CmpIOp>(arith::CmpIPredicate::slt, rest, zero);
  return b.create<arith::SelectOp>(isNegative, addIndex(b, rest, y), rest);
}

void burin::requireAtMost(Lowering &l, OpFoldResult a, OpFoldResult b,
                          const Twine &message) {
  std::optional<int64_t> x = nn::getStatic(a), y = nn::getStatic(b);
  if (nn::areEqual(a, b) || (x && y && *x <= *y))
    return;
  l.createCheck(l.builder.create<arith::CmpIOp>(arith::CmpIPredicate::sle,
                                                l.shapes.getValue(a),
                                                l.shapes.getValue(b)),
                message);
}

void burin::addMovementLowerings(LowerTable &table) {
  addReshapeLowerings(table);
  addSliceLowerings(table);
  addPadLowerings(table);
  addFillLowerings(table);
}

void burin::addIndexingLowerings(LowerTable &table) {
  addGatherLowerings(table);
  addScatterLowerings(table);
  addSelectionLowerings(table);
  addResizeLowerings(table);
  addSamplingLowerings(table);
}
