//===- NNCoreOps.cpp - Constants, shapes, subgraphs -----------------------===//

#include "dialects/NN/NN.h"

using namespace mlir;
using namespace burin::nn;

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValueAttr(); }

LogicalResult ConstantOp::verify() {
  if (getValue().getShapedType() != getType())
    return emitOpError("expects the type of its value, got ") << getType();
  return success();
}

LogicalResult ShapeOp::inferShapes(ShapeBuilder &shapes,
                                   SmallVectorImpl<Shape> &results) {
  results.push_back({shapes.get(std::max<int64_t>(0, getEnd() - getStart()))});
  return success();
}

LogicalResult SizeOp::inferShapes(ShapeBuilder &,
                                  SmallVectorImpl<Shape> &results) {
  results.emplace_back();
  return success();
}

LogicalResult IfOp::inferShapes(ShapeBuilder &shapes,
                                SmallVectorImpl<Shape> &results) {
  auto yieldThen = cast<YieldOp>(getThen().front().getTerminator());
  auto yieldElse = cast<YieldOp>(getOtherwise().front().getTerminator());
  if (yieldThen.getNumOperands() != yieldElse.getNumOperands())
    return emitOpError("expects branches with equally many outputs, got ")
           << yieldThen.getNumOperands() << " and "
           << yieldElse.getNumOperands();
  for (auto [result, a, b] : llvm::zip(
           getResults(), yieldThen.getOperands(), yieldElse.getOperands())) {
    auto x = cast<RankedTensorType>(a.getType());
    auto y = cast<RankedTensorType>(b.getType());
    if (x.getRank() != y.getRank() || x.getElementType() != y.getElementType())
      return emitOpError("expects branches of the same ranks and types, got ")
             << x << " and " << y;
    Shape shape;
    for (int64_t i = 0; i < x.getRank(); ++i)
      if (x.getDimSize(i) == y.getDimSize(i) && !x.isDynamicDim(i))
        shape.push_back(shapes.get(x.getDimSize(i)));
      else // Known once it has run.
        shape.push_back(OpFoldResult());
    results.push_back(shape);
  }
  return success();
}

LogicalResult burin::nn::inferBroadcast(Operation *op, ShapeBuilder &shapes,
                                        SmallVectorImpl<Shape> &results) {
  Shape result;
  for (Value operand : op->getOperands()) {
    std::optional<Shape> both =
        shapes.broadcast(result, shapes.getDims(operand));
    if (!both)
      return op->emitOpError("expects operands that broadcast, got ")
             << op->getOperandTypes();
    result = *both;
  }
  results.push_back(result);
  return success();
}

LogicalResult burin::nn::inferTypes(ShapeOpInterface op, ShapeBuilder &shapes) {
  SmallVector<Shape> inferred;
  if (failed(op.inferShapes(shapes, inferred)))
    return failure();
  for (auto [result, shape] : llvm::zip_equal(op->getResults(), inferred)) {
    for (OpFoldResult size : shape)
      if (std::optional<int64_t> known = size ? getStatic(size) : std::nullopt;
          known && *known < 0)
        return op->emitOpError("has a result of negative size ") << *known;
    result.setType(
        RankedTensorType::get(getStaticShape(shape),
                              cast<TensorType>(result.getType()).getElementType()));
    if (llvm::all_of(shape, [](OpFoldResult size) { return bool(size); }))
      shapes.setDims(result, shape);
  }
  recordElements(op, shapes);
  return success();
}
