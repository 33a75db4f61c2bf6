//===- LowerMatrix.cpp - Matrix products ----------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/Lower/Lowering.h"

using namespace mlir;
using namespace burin;

/// acc + x * y in the type of acc, x and y widened by their nn types.
Value burin::buildMultiplyAdd(ImplicitLocOpBuilder &b, Value x, Type xType,
                              Value y, Type yType, Value acc) {
  Type type = acc.getType();
  auto widen = [&](Value value, Type element) {
    Value scalar = Lowering::toCompute(b, value, element);
    return scalar.getType() == type
               ? scalar
               : Lowering::castScalar(b, scalar, element, type, true);
  };
  Value p = widen(x, xType), q = widen(y, yType);
  if (isa<FloatType>(type))
    return b.create<arith::AddFOp>(acc, b.create<arith::MulFOp>(p, q));
  return b.create<arith::AddIOp>(acc, b.create<arith::MulIOp>(p, q));
}

Value Lowering::createRounded(Value sum, ArrayRef<OpFoldResult> shape,
                              Type element) {
  Type have = getElementTypeOrSelf(sum.getType());
  if (have == getStorageType(element))
    return sum;
  return createElementwise(
      sum, Shape(shape), shape, {have, element},
      [](ImplicitLocOpBuilder &, ArrayRef<Value> args) { return args[0]; });
}

/// Maps of an operand with batch dimensions from the loops (batch..., i, j, k).
static AffineMap getOperandMap(Lowering &l, ArrayRef<OpFoldResult> shape,
                               unsigned matrixDims, unsigned batchRank,
                               SmallVector<AffineExpr> matrix,
                               ArrayRef<OpFoldResult> batch) {
  MLIRContext *context = l.builder.getContext();
  SmallVector<AffineExpr> exprs;
  unsigned own = shape.size() - matrixDims;
  for (unsigned i = 0; i < own; ++i) {
    unsigned loop = batchRank - own + i;
    bool stretched = nn::getStatic(shape[i]) == 1 &&
                     !nn::areEqual(shape[i], batch[loop]);
    exprs.push_back(stretched ? getAffineConstantExpr(0, context)
                              : getAffineDimExpr(loop, context));
  }
  llvm::append_range(exprs, matrix);
  return AffineMap::get(batchRank + 3, 0, exprs, context);
}

static LogicalResult lowerMatMul(nn::MatMulOp op, Lowering &l) {
  ImplicitLocOpBuilder &b = l.builder;
  Shape lhs = l.getShape(op.getLhs()), rhs = l.getShape(op.getRhs());
  Shape out = l.getShape(op.getResult());
  bool isRow = lhs.size() == 1, isColumn = rhs.size() == 1;
  unsigned batchRank = out.size() - !isRow - !isColumn;
  ArrayRef<OpFoldResult> batch = ArrayRef(out).take_front(batchRank);
  AffineExpr i = b.getAffineDimExpr(batchRank), j = b.getAffineDimExpr(batchRank + 1),
             k = b.getAffineDimExpr(batchRank + 2);
  Value x = l.get(op.getLhs()), y = l.get(op.getRhs());
  requireEqual(l, isRow || !op.getTransLhs() ? lhs.back() : lhs[lhs.size() - 2],
               isColumn || op.getTransRhs() ? rhs.back() : rhs[rhs.size() - 2],
               "expects matrices whose sizes fit together");
  // Batches of sizes not known to be equal are made equal first.
  auto align = [&](Value &value, Shape &shape, unsigned matrixDims) {
    unsigned own = shape.size() - matrixDims;
    Shape wanted = shape;
    bool differs = false;
    for (unsigned d = 0; d < own; ++d) {
      OpFoldResult target = batch[batchRank - own + d];
      if (nn::areEqual(shape[d], target) || nn::getStatic(shape[d]))
        continue;
      wanted[d] = target;
      differs = true;
    }
    if (differs) {
      value = l.createBroadcast(value, shape, wanted);
      shape = wanted;
    }
  };
  align(x, lhs, isRow ? 1 : 2);
  align(y, rhs, isColumn ? 1 : 2);
  SmallVector<AffineExpr> lhsDims = isRow ? SmallVector<AffineExpr>{k}
                                    : op.getTransLhs() ? SmallVector<AffineExpr>{k, i}
                                                       : SmallVector<AffineExpr>{i, k};
  SmallVector<AffineExpr> rhsDims = isColumn ? SmallVector<AffineExpr>{k}
                                    : op.getTransRhs() ? SmallVector<AffineExpr>{j, k}
                                                       : SmallVector<AffineExpr>{k, j};
  SmallVector<AffineExpr> outDims;
  for (unsigned d = 0; d < batchRank; ++d)
    outDims.push_back(b.getAffineDimExpr(d));
  if (!isRow)
    outDims.push_back(i);
  if (!isColumn)
    outDims.push_back(j);
  // A vector's missing dimension is a loop of nothing: leave it out.
  SmallVector<AffineMap> maps = {
      getOperandMap(l, lhs, lhsDims.size(), batchRank, lhsDims, batch),
      getOperandMap(l, rhs, rhsDims.size(), batchRank, rhsDims, batch),
      AffineMap::get(batchRank + 3, 0, outDims, b.getContext())};
  SmallVector<utils::IteratorType> loops(batchRank + 2,
                                         utils::IteratorType::parallel);
  loops.push_back(utils::IteratorType::reduction);
  llvm::SmallBitVector unused(batchRank + 3);
  unused[batchRank] = isRow;
  unused[batchRank + 1] = isColumn;
  if (unused.any()) {
    maps = {projectDims(maps[0], unused, true), projectDims(maps[1], unused, true),
            projectDims(maps[2], unused, true)};
    loops.resize(batchRank + 2 - unused.count());
    loops.push_back(utils::IteratorType::reduction);
  }
  Type lhsType = getElementTypeOrSelf(op.getLhs().getType());
  Type rhsType = getElementTypeOrSelf(op.getRhs().getType());
  Type element = getElementTypeOrSelf(op.getType());
  Type sumType = getComputeType(element);
  Value init = l.createFilled(out, cast<TypedAttr>(b.getZeroAttr(sumType)));
  Value sum = l.createGeneric(
      {x, y}, init, maps, loops, [&](ImplicitLocOpBuilder &nested, ValueRange args) {
        return buildMultiplyAdd(nested, args[0], lhsType, args[1], rhsType, args[2]);
      });
  l.set(op, l.createRounded(sum, out, element));
  return success();
}

void burin::addMatrixLowerings(LowerTable &table) {
  addLowering<nn::MatMulOp, lowerMatMul>(table);
}
