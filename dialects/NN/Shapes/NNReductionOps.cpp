//===- NNReductionOps.cpp - Shapes of reductions, scans, Einsum -----------===//

#include "dialects/NN/NN.h"

using namespace mlir;
using namespace burin::nn;

using Results = SmallVectorImpl<Shape>;

//===- Folding dimensions -------------------------------------------------===//

/// The shape of `x` with the dimensions `axes` made 1 or left out.
static LogicalResult reduce(Value x, ArrayRef<int64_t> axes, bool keepdims,
                            ShapeBuilder &shapes, Results &results) {
  Shape shape;
  for (auto [d, size] : llvm::enumerate(shapes.getDims(x)))
    if (!llvm::is_contained(axes, int64_t(d)))
      shape.push_back(size);
    else if (keepdims)
      shape.push_back(shapes.get(1));
  results.push_back(shape);
  return success();
}

#define BURIN_REDUCTION(Op)                                                    \
  LogicalResult Op::inferShapes(ShapeBuilder &shapes, Results &results) {      \
    return reduce(getX(), getAxes(), getKeepdims(), shapes, results);          \
  }
#include "dialects/NN/Shapes/Reductions.def"

/// The elements of a small integer tensor, folded by `combine`; `empty` is the
/// result for none, if it is a size.
template <typename OpTy>
static std::optional<Shape>
foldElements(OpTy op, ShapeBuilder &shapes, std::optional<int64_t> empty,
             OpFoldResult (ShapeBuilder::*combine)(OpFoldResult,
                                                   OpFoldResult)) {
  std::optional<Shape> elements = shapes.findElements(op.getX());
  if (!elements || op.getAxes().empty())
    return elements;
  if (elements->empty() && !empty)
    return std::nullopt;
  OpFoldResult result =
      elements->empty() ? shapes.get(*empty) : elements->front();
  for (OpFoldResult element : ArrayRef(*elements).drop_front(!elements->empty()))
    result = (shapes.*combine)(result, element);
  return Shape{result};
}

std::optional<Shape> ReduceSumOp::inferElements(ShapeBuilder &shapes) {
  return foldElements(*this, shapes, 0, &ShapeBuilder::add);
}
std::optional<Shape> ReduceProdOp::inferElements(ShapeBuilder &shapes) {
  return foldElements(*this, shapes, 1, &ShapeBuilder::mul);
}
std::optional<Shape> ReduceMaxOp::inferElements(ShapeBuilder &shapes) {
  return foldElements(*this, shapes, std::nullopt, &ShapeBuilder::max);
}
std::optional<Shape> ReduceMinOp::inferElements(ShapeBuilder &shapes) {
  return foldElements(*this, shapes, std::nullopt, &ShapeBuilder::min);
}

//===- Axes that are known only at run time -------------------------------===//

LogicalResult AxesMaskOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  if (cast<RankedTensorType>(getAxes().getType()).getRank() != 1)
    return emitOpError("expects axes of rank 1, got ") << getAxes().getType();
  results.push_back({shapes.get(getRank())});
  return success();
}

LogicalResult GroupAxesOp::inferShapes(ShapeBuilder &, Results &results) {
  results.push_back(Shape(2)); // Known once the mask is.
  return success();
}

LogicalResult UngroupAxesOp::inferShapes(ShapeBuilder &, Results &results) {
  int64_t rank = cast<RankedTensorType>(getX().getType()).getRank();
  if (getRank() > uint64_t(rank))
    return emitOpError("expects at most the rank of x, ")
           << rank << ", got " << getRank();
  results.push_back(Shape(getRank())); // Known once the mask is.
  return success();
}

//===- Places -------------------------------------------------------------===//

LogicalResult ArgMaxOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  return reduce(getX(), int64_t(getAxis()), getKeepdims(), shapes, results);
}

LogicalResult ArgMinOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  return reduce(getX(), int64_t(getAxis()), getKeepdims(), shapes, results);
}

LogicalResult HardmaxOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  results.push_back(shapes.getDims(getX()));
  return success();
}

LogicalResult TopKOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape shape = shapes.getDims(getX());
  OpFoldResult &size = shape[getAxis()], k;
  if (std::optional<Shape> elements = shapes.findElements(getK())) {
    if (elements->size() != 1)
      return emitOpError("expects k to be one number, got ")
             << getK().getType();
    k = elements->front();
    std::optional<int64_t> number = getStatic(k), most = getStatic(size);
    if (number && (*number < 0 || (most && *number > *most)))
      return emitOpError("expects k from 0 to ")
             << (most ? *most : INT64_MAX) << ", got " << *number;
    if (!number) // What is wrong fails at run time, at a sane size.
      k = shapes.max(shapes.get(0), shapes.min(k, size));
  }
  size = k;
  results.assign(2, shape);
  return success();
}

//===- Products of several tensors ----------------------------------------===//

LogicalResult EinsumOp::verify() {
  SmallVector<AffineMap> maps =
      llvm::to_vector(getMaps().getAsValueRange<AffineMapAttr>());
  if (maps.size() != getInputs().size() + 1)
    return emitOpError("expects one map per input and one for the result, got ")
           << maps.size();
  llvm::SmallBitVector bound(maps.front().getNumDims());
  for (auto [value, map] : llvm::zip_first(getInputs(), maps)) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || type.getRank() != map.getNumResults())
      return emitOpError("expects one map result per dimension, got ")
             << AffineMapAttr::get(map) << " for " << value.getType();
    for (AffineExpr expr : map.getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr);
          dim && dim.getPosition() < bound.size())
        bound.set(dim.getPosition());
      else
        return emitOpError("expects maps from loops to dimensions, got ")
               << AffineMapAttr::get(map);
  }
  for (AffineMap map : maps)
    if (map.getNumDims() != bound.size() || map.getNumSymbols())
      return emitOpError("expects maps of the same loops, got ")
             << AffineMapAttr::get(map);
  if (!bound.all() || !maps.back().isProjectedPermutation())
    return emitOpError("expects every loop in an input, and in the result at "
                       "most once");
  return success();
}

FailureOr<Shape> EinsumOp::getLoopSizes(ShapeBuilder &shapes) {
  SmallVector<AffineMap> maps =
      llvm::to_vector(getMaps().getAsValueRange<AffineMapAttr>());
  Shape sizes(maps.back().getNumDims());
  for (auto [input, map] : llvm::zip_first(getInputs(), maps))
    for (auto [i, dim] : llvm::enumerate(shapes.getDims(input))) {
      OpFoldResult &size = sizes[map.getDimPosition(i)];
      std::optional<int64_t> old = size ? getStatic(size) : 1;
      std::optional<int64_t> given = getStatic(dim);
      if (old && given && *old != 1 && *given != 1 && *old != *given)
        return emitOpError("expects equal sizes under one letter, got ")
               << *old << " and " << *given;
      // The best known: a number, else what is not surely 1.
      if (!size || old == 1 || (!old && given && *given != 1))
        size = dim;
    }
  return sizes;
}

LogicalResult EinsumOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  FailureOr<Shape> sizes = getLoopSizes(shapes);
  if (failed(sizes))
    return failure();
  auto map = cast<AffineMapAttr>(getMaps().getValue().back()).getValue();
  Shape shape;
  for (unsigned i = 0; i < map.getNumResults(); ++i)
    shape.push_back((*sizes)[map.getDimPosition(i)]);
  results.push_back(shape);
  return success();
}

//===- Matrices -----------------------------------------------------------===//

LogicalResult DetOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape shape = shapes.getDims(getX());
  std::optional<int64_t> rows, columns;
  if (shape.size() >= 2) {
    rows = getStatic(shape.pop_back_val());
    columns = getStatic(shape.pop_back_val());
  }
  if ((rows && columns && *rows != *columns) ||
      cast<RankedTensorType>(getX().getType()).getRank() < 2)
    return emitOpError("expects square matrices, got ") << getX().getType();
  results.push_back(shape);
  return success();
}
