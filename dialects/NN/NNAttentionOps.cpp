//===- NNAttentionOps.cpp - Shapes of attention ---------------------------===//

#include "dialects/NN/NN.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace burin::nn;

LogicalResult AttentionOp::verify() {
  ArrayRef<int64_t> q = cast<RankedTensorType>(getQuery().getType()).getShape();
  ArrayRef<int64_t> k = cast<RankedTensorType>(getKey().getType()).getShape();
  constexpr const char *dimNames[] = {"batch", "heads", "tokens", "depth"};
  for (int dim : {0, 1, 3})
    if (failed(verifyCompatibleDims({q[dim], k[dim]})))
      return emitOpError("expects query and key to agree in ")
             << dimNames[dim] << ", got " << q[dim] << " and " << k[dim];
  return success();
}

LogicalResult AttentionOp::inferShapes(ShapeBuilder &shapes,
                                       SmallVectorImpl<Shape> &results) {
  Shape shape = shapes.getDims(getQuery());
  shape[3] = shapes.getDim(getValue(), 3);
  results.push_back(shape);
  return success();
}
