//===- NNAttentionOps.cpp - Shapes of attention ---------------------------===//

#include "dialects/NN/NN.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace burin::nn;

static RankedTensorType getRanked(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// attention
//===----------------------------------------------------------------------===//

/// The tensors that say which keys are hidden.
static LogicalResult verifyHiding(AttentionOp op) {
  if (Value bias = op.getBias()) {
    Type type = getRanked(bias).getElementType();
    if (getRanked(bias).getRank() > 4 ||
        !(type.isInteger(1) || isa<FloatType>(type)))
      return op.emitOpError("expects bias of float or i1 and rank 0 to 4, got ")
             << bias.getType();
  }
  for (Value positions : {op.getOffset(), op.getLengths()})
    if (positions && (getRanked(positions).getRank() != 1 ||
                      !getRanked(positions).getElementType().isInteger(64)))
      return op.emitOpError("expects offset and lengths of i64 and rank 1, got ")
             << positions.getType();
  return success();
}

LogicalResult AttentionOp::verify() {
  ArrayRef<int64_t> q = getRanked(getQuery()).getShape();
  ArrayRef<int64_t> k = getRanked(getKey()).getShape();
  ArrayRef<int64_t> v = getRanked(getValue()).getShape();
  constexpr const char *dimNames[] = {"batch", "heads", "tokens", "depth"};
  for (int dim : {0, 3})
    if (failed(verifyCompatibleDims({q[dim], k[dim]})))
      return emitOpError("expects query and key to agree in ")
             << dimNames[dim] << ", got " << q[dim] << " and " << k[dim];
  for (int dim : {0, 1, 2})
    if (failed(verifyCompatibleDims({k[dim], v[dim]})))
      return emitOpError("expects key and value to agree in ")
             << dimNames[dim] << ", got " << k[dim] << " and " << v[dim];
  int64_t heads = q[1], shared = k[1];
  if (!ShapedType::isDynamic(heads) && !ShapedType::isDynamic(shared) &&
      heads != shared && (shared == 0 || heads % shared != 0))
    return emitOpError("expects the heads of key to divide those of query, got ")
           << shared << " and " << heads;
  if (getScoresStage() < 0 || getScoresStage() > 3)
    return emitOpError("expects a scores_stage of 0 to 3, got ")
           << getScoresStage();
  return verifyHiding(*this);
}

LogicalResult AttentionOp::inferShapes(ShapeBuilder &shapes,
                                       SmallVectorImpl<Shape> &results) {
  // Of an op that is being imported the verifier has not seen the operands.
  if (failed(verify()))
    return failure();
  // Batches of sizes that are not known may broadcast, as those of products do.
  Shape shape = shapes.getDims(getQuery());
  for (Value operand : {getKey(), getValue()})
    if (std::optional<OpFoldResult> both = shapes.broadcast(shape[0], shapes.getDim(operand, 0)))
      shape[0] = *both;
  Shape scores = shape;
  scores[3] = shapes.getDim(getKey(), 2);
  if (getBias()) {
    Shape bias = shapes.getDims(getBias());
    if (!bias.empty()) // It may have fewer columns.
      bias.back() = scores[3];
    std::optional<Shape> both = shapes.broadcast(scores, bias);
    if (!both || both->size() != 4)
      return emitOpError("expects bias to broadcast to the scores, got ")
             << getBias().getType();
  }
  shape[3] = shapes.getDim(getValue(), 3);
  results.push_back(shape);
  if (getScores())
    results.push_back(scores);
  return success();
}

//===----------------------------------------------------------------------===//
// rotary_embedding
//===----------------------------------------------------------------------===//

LogicalResult
RotaryEmbeddingOp::inferShapes(ShapeBuilder &shapes,
                               SmallVectorImpl<Shape> &results) {
  Shape x = shapes.getDims(getX());
  int64_t heads = getHeads();
  if (x.size() != (heads ? 3 : 4) || heads < 0)
    return emitOpError("expects rank 3 and heads, or rank 4, got ")
           << getX().getType() << " and " << heads << " heads";
  std::optional<int64_t> depth = getStatic(x.back());
  if (depth && heads && *depth % heads != 0)
    return emitOpError("expects heads to divide ") << *depth << ", got " << heads;
  if (depth && heads)
    depth = *depth / heads;
  for (Value table : {getCos(), getSin()}) {
    Shape dims = shapes.getDims(table);
    if (dims.size() != 3)
      return emitOpError("expects cos and sin of rank 3, got ")
             << table.getType();
    std::optional<int64_t> pairs = getStatic(dims.back());
    if (depth && pairs && *pairs > *depth / 2)
      return emitOpError("expects cos and sin of at most ")
             << *depth / 2 << " columns, got " << *pairs;
  }
  results.push_back(x);
  return success();
}

//===----------------------------------------------------------------------===//
// linear_attention
//===----------------------------------------------------------------------===//

/// The size of one of `heads` equal parts; none if it is known not to exist.
static std::optional<OpFoldResult> splitHeads(ShapeBuilder &shapes,
                                              OpFoldResult size, int64_t heads) {
  std::optional<int64_t> known = getStatic(size);
  if (known && *known % heads != 0)
    return std::nullopt;
  return shapes.floorDiv(size, shapes.get(heads));
}

LogicalResult
LinearAttentionOp::inferShapes(ShapeBuilder &shapes,
                               SmallVectorImpl<Shape> &results) {
  int64_t heads = getQHeads(), shared = getKvHeads();
  if (heads <= 0 || shared <= 0 || heads % shared != 0)
    return emitOpError("expects kv_heads to divide q_heads, got ")
           << shared << " and " << heads;
  for (auto [value, rank] :
       {std::pair<Value, int>(getQuery(), 3), {getKey(), 3}, {getValue(), 3},
        {getState(), 4}, {getDecay(), 3}, {getBeta(), 3}})
    if (value && getRanked(value).getRank() != rank)
      return emitOpError("expects an operand of rank ")
             << rank << ", got " << value.getType();
  Shape q = shapes.getDims(getQuery());
  auto depth = splitHeads(shapes, q[2], heads);
  auto keyDepth = splitHeads(shapes, shapes.getDim(getKey(), 2), shared);
  auto width = splitHeads(shapes, shapes.getDim(getValue(), 2), shared);
  if (!depth || !keyDepth || !width || !shapes.broadcast(*depth, *keyDepth))
    return emitOpError("expects hidden sizes of whole heads, got ")
           << getOperandTypes();
  results.push_back({q[0], q[1], shapes.mul(*width, shapes.get(heads))});
  results.push_back({q[0], shapes.get(shared), *depth, *width});
  return success();
}
