//===- ColumnProduct.cpp - Products with packed columns -------------------===//

#include "passes/Lower/NBits/ColumnProduct.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

ColumnProduct::ColumnProduct(Lowering &l, nn::MatMulNBitsOp op, Value a,
                             OpFoldResult rows)
    : l(l), b(l.builder), f32(b.getF32Type()), k(op.getK()), n(op.getN()),
      bits(op.getBits()), fields(32 / bits),
      blocks(llvm::divideCeil(k, op.getBlockSize())),
      words(op.getBlockSize() / fields), panels(llvm::divideCeil(n, width)),
      rows(rows), a(a) {}

AffineMap ColumnProduct::getMap(unsigned loops, ArrayRef<int> results) {
  SmallVector<AffineExpr> exprs;
  for (int result : results)
    exprs.push_back(result < 0 ? b.getAffineConstantExpr(-1 - result)
                               : b.getAffineDimExpr(result));
  return AffineMap::get(loops, 0, exprs, b.getContext());
}

Value ColumnProduct::getInt(B &b, int64_t value) {
  return b.create<arith::ConstantOp>(b.getI32IntegerAttr(int32_t(value)));
}

Value ColumnProduct::getFloat(B &b, double value) {
  return b.create<arith::ConstantOp>(b.getF32FloatAttr(float(value)));
}

Value ColumnProduct::padRows(OpFoldResult count) {
  bool hasAllRows = nn::areEqual(count, rows);
  if (k == getDepth() && hasAllRows)
    return a;
  Value last = l.shapes.getValue(l.shapes.sub(rows, get(1)));
  return l.createGeneric(
      {}, l.createEmpty({count, get(getDepth())}, f32), getMap(2, {0, 1}),
      {parallel, parallel}, [&](B &b, ValueRange) -> Value {
        Value row = b.create<linalg::IndexOp>(0);
        Value at = b.create<linalg::IndexOp>(1);
        if (!hasAllRows)
          row = b.create<arith::MinSIOp>(row, last);
        if (k == getDepth())
          return b.create<tensor::ExtractOp>(a, ValueRange{row, at});
        Value end = b.create<arith::ConstantIndexOp>(k - 1);
        Value isInside =
            b.create<arith::CmpIOp>(arith::CmpIPredicate::sle, at, end);
        Value element = b.create<tensor::ExtractOp>(
            a, ValueRange{row, b.create<arith::MinSIOp>(at, end)});
        return b.create<arith::SelectOp>(isInside, element, getFloat(b, 0));
      });
}

Value ColumnProduct::trim(Value product) {
  if (panels * width == n)
    return product;
  return b.create<tensor::ExtractSliceOp>(product, Shape{get(0), get(0)},
                                          Shape{rows, get(n)},
                                          Shape{get(1), get(1)});
}
