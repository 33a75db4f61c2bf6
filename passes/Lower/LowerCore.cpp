//===- LowerCore.cpp - Constants, subgraphs -------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "passes/Lower/Lowering.h"

using namespace mlir;
using namespace burin;

namespace {
/// The same elements under the storage type.
ElementsAttr getStored(ElementsAttr value) {
  auto type = cast<RankedTensorType>(value.getShapedType());
  RankedTensorType stored = getStorageType(type);
  if (stored == type)
    return value;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    return DenseResourceElementsAttr::get(stored, resource.getRawHandle());
  auto dense = cast<DenseElementsAttr>(value);
  Type element = type.getElementType();
  if (auto integer = dyn_cast<IntegerType>(element);
      integer && integer.getWidth() < 8) {
    unsigned width = integer.getWidth();
    auto widen = [&](const APInt &bits) { return bits.zextOrTrunc(width).zext(8); };
    if (dense.isSplat())
      return DenseElementsAttr::get(stored, widen(dense.getSplatValue<APInt>()));
    return DenseElementsAttr::get(
        stored, llvm::map_to_vector(dense.getValues<APInt>(), widen));
  }
  return DenseElementsAttr::getFromRawBuffer(stored, dense.getRawData());
}

LogicalResult lowerConstant(nn::ConstantOp op, Lowering &l) {
  l.set(op, l.builder.create<arith::ConstantOp>(
                cast<TypedAttr>(Attribute(getStored(op.getValue())))));
  return success();
}

LogicalResult lowerIf(nn::IfOp op, Lowering &l) {
  ImplicitLocOpBuilder &b = l.builder;
  SmallVector<Value> at(
      cast<RankedTensorType>(op.getCondition().getType()).getRank(),
      l.shapes.getValue(l.shapes.get(0)));
  Value stored = b.create<tensor::ExtractOp>(l.get(op.getCondition()), at);
  Value condition = Lowering::toCompute(b, stored, b.getI1Type());
  SmallVector<Type> types;
  for (Type type : op.getResultTypes())
    types.push_back(getStorageType(cast<RankedTensorType>(type)));
  auto choice = b.create<scf::IfOp>(types, condition, /*withElseRegion=*/true);
  for (auto [from, to] : {std::pair(&op.getThen(), &choice.getThenRegion()),
                          std::pair(&op.getOtherwise(), &choice.getElseRegion())}) {
    OpBuilder::InsertionGuard guard(b);
    nn::ShapeBuilder::Scope scope(l.shapes);
    b.setInsertionPointToStart(&to->front());
    FailureOr<SmallVector<Value>> yielded = l.lowerBlock(from->front());
    if (failed(yielded))
      return failure();
    for (auto [value, type] : llvm::zip_equal(*yielded, types))
      if (value.getType() != type)
        value = b.create<tensor::CastOp>(op.getLoc(), type, value);
    b.create<scf::YieldOp>(op.getLoc(), *yielded);
  }
  for (auto [result, value] : llvm::zip_equal(op.getResults(), choice.getResults()))
    l.set(result, value);
  return success();
}
} // namespace

void burin::addCoreLowerings(LowerTable &table) {
  addLowering<nn::ConstantOp, lowerConstant>(table);
  addLowering<nn::IfOp, lowerIf>(table);
}
