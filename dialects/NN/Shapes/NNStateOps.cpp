//===- NNStateOps.cpp - Shapes of what states hold ------------------------===//

#include "dialects/NN/NN.h"

using namespace mlir;
using namespace burin::nn;

StateOp burin::nn::findState(Operation *op, FlatSymbolRefAttr name) {
  return SymbolTable::lookupNearestSymbolFrom<StateOp>(op, name);
}

/// The state's shape with another number of slices; a null size where only the
/// run knows it.
static Shape getShape(StateOp state, ShapeBuilder &shapes, OpFoldResult slices) {
  Shape shape;
  for (int64_t size : state.getStateType().getShape())
    shape.push_back(shapes.get(size));
  shape[state.getAxis()] = slices;
  return shape;
}

static LogicalResult checkState(Operation *op, FlatSymbolRefAttr name) {
  if (findState(op, name))
    return success();
  return op->emitOpError("expects a state called ") << name;
}

LogicalResult StateReadOp::inferShapes(ShapeBuilder &shapes,
                                       SmallVectorImpl<Shape> &results) {
  if (failed(checkState(*this, getStateAttr())))
    return failure();
  results.push_back(
      getShape(findState(*this, getStateAttr()), shapes, OpFoldResult()));
  return success();
}

LogicalResult StateAppendOp::inferShapes(ShapeBuilder &shapes,
                                         SmallVectorImpl<Shape> &results) {
  if (failed(checkState(*this, getStateAttr())))
    return failure();
  results.push_back(
      getShape(findState(*this, getStateAttr()), shapes, OpFoldResult()));
  return success();
}

LogicalResult StateWriteOp::inferShapes(ShapeBuilder &,
                                        SmallVectorImpl<Shape> &) {
  return checkState(*this, getStateAttr());
}
