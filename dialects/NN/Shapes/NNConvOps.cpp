//===- NNConvOps.cpp - Shapes of matrix products and windows --------------===//

#include "dialects/NN/NN.h"
#include "dialects/NN/Shapes/Windows.h"

using namespace mlir;
using namespace burin::nn;

LogicalResult MatMulOp::inferShapes(ShapeBuilder &shapes,
                                    SmallVectorImpl<Shape> &results) {
  Shape a = shapes.getDims(getLhs()), b = shapes.getDims(getRhs());
  if (a.empty() || b.empty())
    return emitOpError("expects operands of rank 1 or more, got ")
           << getOperandTypes();
  bool isRow = a.size() == 1, isColumn = b.size() == 1;
  if (isRow)
    a.insert(a.begin(), shapes.get(1));
  if (isColumn)
    b.push_back(shapes.get(1));
  if (getTransLhs())
    std::swap(a[a.size() - 1], a[a.size() - 2]);
  if (getTransRhs())
    std::swap(b[b.size() - 1], b[b.size() - 2]);
  OpFoldResult depthA = a.back(), depthB = b[b.size() - 2];
  std::optional<Shape> batch = shapes.broadcast(
      ArrayRef(a).drop_back(2), ArrayRef(b).drop_back(2));
  if ((getStatic(depthA) && getStatic(depthB) && !areEqual(depthA, depthB)) ||
      !batch)
    return emitOpError("expects matrices that fit together, got ")
           << getOperandTypes();
  if (!isRow)
    batch->push_back(a[a.size() - 2]);
  if (!isColumn)
    batch->push_back(b.back());
  results.push_back(*batch);
  return success();
}

static Shape getKernel(ShapeBuilder &shapes, Value w) {
  Shape dims = shapes.getDims(w);
  return Shape(ArrayRef(dims).drop_front(std::min<size_t>(2, dims.size())));
}

static Shape getKernel(ShapeBuilder &shapes, ArrayRef<int64_t> sizes) {
  Shape kernel;
  for (int64_t size : sizes)
    kernel.push_back(shapes.get(size));
  return kernel;
}

/// Batch, channels and one output size per window, as `op` orders them.
static Shape getOutput(Operation *op, OpFoldResult batch, OpFoldResult channels,
                       ArrayRef<Window> windows) {
  Shape result{batch};
  for (const Window &window : windows)
    result.push_back(window.output);
  result.insert(result.begin() + getChannelDim(op, result.size() + 1), channels);
  return result;
}

/// Known sizes that are not equal.
static bool differ(OpFoldResult a, OpFoldResult b) {
  return getStatic(a) && getStatic(b) && !areEqual(a, b);
}

static LogicalResult checkBias(Operation *op, ShapeBuilder &shapes, Value bias,
                               OpFoldResult filters) {
  if (bias && (cast<RankedTensorType>(bias.getType()).getRank() != 1 ||
               differ(shapes.getDim(bias, 0), filters)))
    return op->emitOpError("expects one bias per filter, got ")
           << bias.getType();
  return success();
}

static FailureOr<int64_t> getOneRank(Operation *op, Value x, Value w) {
  int64_t rank = cast<RankedTensorType>(x.getType()).getRank();
  if (rank >= 3 && cast<RankedTensorType>(w.getType()).getRank() == rank)
    return rank;
  return op->emitOpError("expects input and weights of one rank of at least 3, "
                         "got ")
         << op->getOperandTypes();
}

LogicalResult ConvOp::inferShapes(ShapeBuilder &shapes,
                                  SmallVectorImpl<Shape> &results) {
  FailureOr<int64_t> rank = getOneRank(*this, getX(), getW());
  if (failed(rank))
    return failure();
  OpFoldResult group = shapes.get(getGroup());
  OpFoldResult channels = shapes.getDim(getX(), getChannelDim(*this, *rank));
  OpFoldResult filters = shapes.getDim(getW(), 0);
  if (int64_t(getGroup()) < 1 || int64_t(getGroup()) > INT32_MAX ||
      differ(channels, shapes.mul(shapes.getDim(getW(), 1), group)) ||
      (getStatic(filters) && *getStatic(filters) % int64_t(getGroup())))
    return emitOpError("expects group * weight channels = input channels and "
                       "filters that the group divides, got group ")
           << int64_t(getGroup()) << " and " << getOperandTypes();
  FailureOr<SmallVector<Window>> windows =
      getWindows(*this, shapes, getX(), getKernel(shapes, getW()));
  if (failed(windows) || failed(checkBias(*this, shapes, getBias(), filters)))
    return failure();
  results.push_back(getOutput(*this, shapes.getDim(getX(), 0), filters, *windows));
  return success();
}

LogicalResult ConvTransposeOp::inferShapes(ShapeBuilder &shapes,
                                           SmallVectorImpl<Shape> &results) {
  FailureOr<int64_t> rank = getOneRank(*this, getX(), getW());
  if (failed(rank))
    return failure();
  OpFoldResult channels = shapes.getDim(getX(), getChannelDim(*this, *rank));
  if (int64_t(getGroup()) < 1 || int64_t(getGroup()) > INT32_MAX ||
      differ(channels, shapes.getDim(getW(), 0)) ||
      (getStatic(channels) && *getStatic(channels) % int64_t(getGroup())))
    return emitOpError("expects as many weight channels as input channels, and "
                       "a group that divides them, got group ")
           << int64_t(getGroup()) << " and " << getOperandTypes();
  OpFoldResult filters =
      shapes.mul(shapes.getDim(getW(), 1), shapes.get(getGroup()));
  FailureOr<SmallVector<Window>> windows =
      getTransposedWindows(*this, shapes, getX(), getKernel(shapes, getW()));
  if (failed(windows) || failed(checkBias(*this, shapes, getBias(), filters)))
    return failure();
  results.push_back(getOutput(*this, shapes.getDim(getX(), 0), filters, *windows));
  return success();
}

/// The same for every pooling: as many results as `count` of one shape.
static LogicalResult inferPool(Operation *op, Value x, ArrayRef<int64_t> kernel,
                               ShapeBuilder &shapes, unsigned count,
                               SmallVectorImpl<Shape> &results) {
  int64_t rank = cast<RankedTensorType>(x.getType()).getRank();
  if (rank < 3)
    return op->emitOpError("expects an input of rank 3 or more, got ")
           << x.getType();
  FailureOr<SmallVector<Window>> windows =
      getWindows(op, shapes, x, getKernel(shapes, kernel));
  if (failed(windows))
    return failure();
  results.append(count, getOutput(op, shapes.getDim(x, 0),
                                  shapes.getDim(x, getChannelDim(op, rank)),
                                  *windows));
  return success();
}

LogicalResult MaxPoolOp::inferShapes(ShapeBuilder &shapes,
                                     SmallVectorImpl<Shape> &results) {
  return inferPool(*this, getX(), getKernel(), shapes, 2, results);
}

LogicalResult AveragePoolOp::inferShapes(ShapeBuilder &shapes,
                                         SmallVectorImpl<Shape> &results) {
  return inferPool(*this, getX(), getKernel(), shapes, 1, results);
}

LogicalResult LpPoolOp::inferShapes(ShapeBuilder &shapes,
                                    SmallVectorImpl<Shape> &results) {
  return inferPool(*this, getX(), getKernel(), shapes, 1, results);
}
