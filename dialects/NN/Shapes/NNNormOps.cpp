//===- NNNormOps.cpp - Shapes of normalizations ---------------------------===//

#include "dialects/NN/NN.h"

using namespace mlir;
using namespace burin::nn;

using Results = SmallVectorImpl<Shape>;

/// True if `parameter` surely does not broadcast to `x`.
static bool cannotBroadcast(Value parameter, const Shape &x,
                            ShapeBuilder &shapes) {
  Shape shape = shapes.getDims(parameter);
  if (shape.size() > x.size())
    return true;
  for (auto [have, want] :
       llvm::zip(llvm::reverse(shape), llvm::reverse(x))) {
    std::optional<int64_t> a = getStatic(have), b = getStatic(want);
    if (a && b && *a != 1 && *a != *b)
      return true;
  }
  return false;
}

/// `result` has the shape of `x`, to which `parameters` must broadcast.
static LogicalResult inferRows(Operation *op, Value x, ValueRange parameters,
                               ShapeBuilder &shapes, Results &results) {
  Shape shape = shapes.getDims(x);
  for (Value parameter : parameters)
    if (cannotBroadcast(parameter, shape, shapes))
      return op->emitOpError("expects parameters that broadcast to x, got ")
             << parameter.getType() << " for " << x.getType();
  results.push_back(shape);
  return success();
}

LogicalResult LayerNormOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  return inferRows(*this, getX(), getOperands().drop_front(), shapes, results);
}

LogicalResult RMSNormOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  return inferRows(*this, getX(), getScale(), shapes, results);
}

/// `result` has the shape of `x`, whose rank is at least 2; `parameters` have
/// `channels` elements each, which are those of `x` unless given.
static LogicalResult inferChannels(Operation *op, Value x,
                                   ValueRange parameters,
                                   std::optional<int64_t> channels,
                                   ShapeBuilder &shapes, Results &results) {
  Shape shape = shapes.getDims(x);
  if (shape.size() < 2)
    return op->emitOpError("expects x of rank 2 or more, got ") << x.getType();
  if (!channels)
    channels = getStatic(shape[getChannelDim(op, shape.size())]);
  for (Value parameter : parameters) {
    Shape sizes = shapes.getDims(parameter);
    std::optional<int64_t> size =
        sizes.size() == 1 ? getStatic(sizes[0]) : std::nullopt;
    if (sizes.size() != 1 || (size && channels && *size != *channels))
      return op->emitOpError("expects one parameter per channel, got ")
             << parameter.getType() << " for " << x.getType();
  }
  results.push_back(shape);
  return success();
}

LogicalResult GroupNormOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  int64_t groups = getGroups();
  std::optional<int64_t> count;
  if (getPerGroup())
    count = groups;
  if (failed(inferChannels(*this, getX(), {getScale(), getBias()}, count,
                           shapes, results)))
    return failure();
  std::optional<int64_t> channels = 
      getStatic(results.back()[getChannelDim(*this, results.back().size())]);
  if (groups < 1 || (channels && *channels % groups))
    return emitOpError("expects groups that divide the channels, got ")
           << groups << " for " << getX().getType();
  return success();
}

LogicalResult InstanceNormOp::inferShapes(ShapeBuilder &shapes,
                                          Results &results) {
  return inferChannels(*this, getX(), {getScale(), getBias()}, std::nullopt,
                       shapes, results);
}

LogicalResult BatchNormOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  ValueRange parameters = getOperands().drop_front();
  if (cast<RankedTensorType>(getX().getType()).getRank() != 1)
    return inferChannels(*this, getX(), parameters, std::nullopt, shapes,
                         results);
  return inferRows(*this, getX(), parameters, shapes, results);
}

LogicalResult LRNOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  if (int64_t(getSize()) < 1)
    return emitOpError("expects a size of 1 or more, got ")
           << int64_t(getSize());
  return inferChannels(*this, getX(), {}, std::nullopt, shapes, results);
}
