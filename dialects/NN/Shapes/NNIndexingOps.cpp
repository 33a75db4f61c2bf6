//===- NNIndexingOps.cpp - Shapes of gathering and scattering -------------===//

#include "dialects/NN/NN.h"
#include "dialects/NN/Shapes/ShapeRules.h"

using namespace mlir;
using namespace burin::nn;

using Results = SmallVectorImpl<Shape>;

static int64_t getRank(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getRank();
}

/// Equal, or perhaps so.
static bool mayBeEqual(OpFoldResult a, OpFoldResult b) {
  std::optional<int64_t> x = getStatic(a), y = getStatic(b);
  return !x || !y || *x == *y;
}

//===- Gathering -----------------------------------------------------------===//

LogicalResult GatherOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape from = shapes.getDims(getX()), result(ArrayRef(from).take_front(getAxis()));
  result.append(shapes.getDims(getIndices()));
  result.append(from.begin() + getAxis() + 1, from.end());
  results.push_back(result);
  return success();
}

std::optional<Shape> GatherOp::inferElements(ShapeBuilder &shapes) {
  if (getRank(getX()) != 1 || getRank(getIndices()) > 1)
    return std::nullopt;
  std::optional<Shape> elements = shapes.findElements(getX());
  std::optional<SmallVector<int64_t>> indices =
      shapes.findConstants(getIndices());
  if (!elements || !indices)
    return std::nullopt;
  Shape result;
  for (int64_t index : *indices) {
    int64_t size = elements->size();
    if (index < -size || index >= size)
      return std::nullopt;
    result.push_back((*elements)[index < 0 ? index + size : index]);
  }
  return result;
}

LogicalResult GatherElementsOp::inferShapes(ShapeBuilder &shapes,
                                            Results &results) {
  results.push_back(shapes.getDims(getIndices()));
  return success();
}

/// The length of the tuples that `indices` consists of.
static FailureOr<int64_t> getTupleSize(Operation *op, Value indices,
                                       int64_t most) {
  auto type = cast<RankedTensorType>(indices.getType());
  if (type.getRank() == 0 || type.isDynamicDim(type.getRank() - 1))
    return op->emitOpError("expects tuples of a known length, got ") << type;
  int64_t size = type.getShape().back();
  if (size < 1 || size > most)
    return op->emitOpError("expects 1 to ")
           << most << " indices per tuple, got " << size;
  return size;
}

LogicalResult GatherNDOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape from = shapes.getDims(getX()), at = shapes.getDims(getIndices());
  int64_t batch = getBatchDims();
  FailureOr<int64_t> size =
      getTupleSize(*this, getIndices(), int64_t(from.size()) - batch);
  if (failed(size))
    return failure();
  for (int64_t d = 0; d < batch; ++d)
    if (!mayBeEqual(from[d], at[d]))
      return emitOpError("expects equal batch dimensions, got ")
             << getOperandTypes();
  Shape result(at.begin(), at.end() - 1);
  result.append(from.begin() + batch + *size, from.end());
  results.push_back(result);
  return success();
}

LogicalResult OneHotOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape result = shapes.getDims(getIndices());
  OpFoldResult depth = shapes.getElements(getDepth())[0];
  result.insert(result.begin() + getAxis(),
                getStatic(depth) ? depth : clampToSize(shapes, depth));
  results.push_back(result);
  return success();
}

//===- Scattering ----------------------------------------------------------===//

LogicalResult ScatterElementsOp::inferShapes(ShapeBuilder &shapes,
                                             Results &results) {
  Shape at = shapes.getDims(getIndices()), updates = shapes.getDims(getUpdates());
  if (at.size() != updates.size() ||
      !llvm::all_of(llvm::zip(at, updates), [](auto sizes) {
        return mayBeEqual(std::get<0>(sizes), std::get<1>(sizes));
      }))
    return emitOpError("expects as many updates as indices, got ")
           << getOperandTypes();
  results.push_back(shapes.getDims(getX()));
  return success();
}

LogicalResult ScatterNDOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape from = shapes.getDims(getX()), at = shapes.getDims(getIndices());
  FailureOr<int64_t> size = getTupleSize(*this, getIndices(), from.size());
  if (failed(size))
    return failure();
  Shape wanted(at.begin(), at.end() - 1), have = shapes.getDims(getUpdates());
  wanted.append(from.begin() + *size, from.end());
  if (wanted.size() != have.size() ||
      !llvm::all_of(llvm::zip(wanted, have), [](auto sizes) {
        return mayBeEqual(std::get<0>(sizes), std::get<1>(sizes));
      }))
    return emitOpError("expects a slice per tuple of indices, got ")
           << getOperandTypes();
  results.push_back(from);
  return success();
}

LogicalResult TensorScatterOp::inferShapes(ShapeBuilder &shapes,
                                           Results &results) {
  Shape past = shapes.getDims(getPast()), more = shapes.getDims(getUpdate());
  for (auto [d, sizes] : llvm::enumerate(llvm::zip(past, more))) {
    auto [have, want] = sizes;
    std::optional<int64_t> x = getStatic(have), y = getStatic(want);
    if (d == getAxis() ? x && y && *y > *x : !mayBeEqual(have, want))
      return emitOpError("expects an update that fits into the cache, got ")
             << getOperandTypes();
  }
  if (getAt() && !mayBeEqual(past[0], shapes.getDim(getAt(), 0)))
    return emitOpError("expects one position per batch, got ")
           << getAt().getType();
  results.push_back(past);
  return success();
}

//===- As many elements as the data say ------------------------------------===//

LogicalResult NonZeroOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  results.push_back({shapes.get(getRank(getX())), OpFoldResult()});
  return success();
}

LogicalResult CompressOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape result{OpFoldResult()};
  if (std::optional<uint64_t> axis = getAxis()) {
    result = shapes.getDims(getX());
    result[*axis] = OpFoldResult();
  }
  results.push_back(result);
  return success();
}

LogicalResult UniqueOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape from = shapes.getDims(getX()), values{OpFoldResult()};
  OpFoldResult count = shapes.product(from);
  if (std::optional<uint64_t> axis = getAxis()) {
    values = from;
    values[*axis] = OpFoldResult();
    count = from[*axis];
  }
  results.append({values, {OpFoldResult()}, {count}, {OpFoldResult()}});
  return success();
}

LogicalResult NonMaxSuppressionOp::inferShapes(ShapeBuilder &shapes,
                                               Results &results) {
  Shape boxes = shapes.getDims(getBoxes()), scores = shapes.getDims(getScores());
  if (!mayBeEqual(boxes[0], scores[0]) || !mayBeEqual(boxes[1], scores[2]) ||
      !mayBeEqual(boxes[2], shapes.get(4)))
    return emitOpError("expects boxes [n, b, 4] and scores [n, c, b], got ")
           << getBoxes().getType() << " and " << getScores().getType();
  results.push_back({OpFoldResult(), shapes.get(3)});
  return success();
}
