//===- Views.cpp - Layouts of other shapes of the same elements -----------===//
//
// They move if they leave batch and channels alone and change only the spatial
// dimensions.
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NN.h"
#include "dialects/NN/Shapes/ShapeRules.h"

using namespace mlir;
using namespace burin::nn;

using Operands = SmallVectorImpl<OpOperand *>;
using Results = SmallVectorImpl<OpResult>;

static RankedTensorType getRanked(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static Value getConstant(OpBuilder &b, Location loc, ArrayRef<int64_t> values) {
  return b.create<ConstantOp>(loc, cast<TypedAttr>(b.getI64TensorAttr(values)));
}

//===- Reshape ------------------------------------------------------------===//

/// The product of all spatial sizes; none if it is not known.
static std::optional<int64_t> getArea(RankedTensorType type) {
  int64_t area = 1;
  for (int64_t size : type.getShape().drop_front(2)) {
    if (ShapedType::isDynamic(size) || size == 0)
      return std::nullopt;
    area *= size;
  }
  return area;
}

/// Batch and channels are the same, and no more than one size is unknown.
static bool keepsChannels(RankedTensorType from, RankedTensorType to) {
  if (from.getRank() < 3 || to.getRank() < 3 || from.isDynamicDim(1) ||
      from.getDimSize(1) != to.getDimSize(1) || from.getDimSize(1) == 0)
    return false;
  if (to.getNumDynamicDims() > 1)
    return false;
  if (!from.isDynamicDim(0) && from.getDimSize(0) != 0)
    return from.getDimSize(0) == to.getDimSize(0);
  return getArea(from) && getArea(from) == getArea(to);
}

void ReshapeOp::getChannelValues(Operands &operands, Results &results) {
  if (!keepsChannels(getRanked(getX()), getRanked(getResult())))
    return;
  operands.push_back(&(*this)->getOpOperand(0));
  results.push_back((*this)->getResult(0));
}

void ReshapeOp::moveChannelsLast(OpBuilder &builder) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(*this);
  RankedTensorType type = getRanked(getResult());
  SmallVector<int64_t> sizes;
  for (int64_t d : getToLast(type.getRank()))
    sizes.push_back(type.isDynamicDim(d) ? -1 : type.getDimSize(d));
  getShapeMutable().set(getConstant(builder, getLoc(), sizes));
}

//===- Squeeze, Unsqueeze -------------------------------------------------===//

/// The axes, if they are known and all spatial.
template <typename OpTy>
static std::optional<SmallVector<int64_t>> getSpatialAxes(OpTy op,
                                                          int64_t rank) {
  OpBuilder builder(op);
  std::optional<SmallVector<int64_t>> axes =
      ShapeBuilder(builder).findConstants(op.getAxes());
  if (axes)
    axes = normalizeAxes(*axes, rank);
  if (!axes || llvm::any_of(*axes, [](int64_t axis) { return axis < 2; }))
    return std::nullopt;
  return axes;
}

template <typename OpTy>
static void moveAxes(OpTy op, OpBuilder &builder, int64_t rank) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(op);
  SmallVector<int64_t> axes = *getSpatialAxes(op, rank);
  for (int64_t &axis : axes)
    --axis;
  op.getAxesMutable().set(getConstant(builder, op.getLoc(), axes));
}

void SqueezeOp::getChannelValues(Operands &operands, Results &results) {
  int64_t rank = getRanked(getX()).getRank();
  if (rank < 3 || !getSpatialAxes(*this, rank))
    return;
  operands.push_back(&(*this)->getOpOperand(0));
  if (getRanked(getResult()).getRank() >= 3)
    results.push_back((*this)->getResult(0));
}

void SqueezeOp::moveChannelsLast(OpBuilder &builder) {
  moveAxes(*this, builder, getRanked(getX()).getRank());
}

void UnsqueezeOp::getChannelValues(Operands &operands, Results &results) {
  int64_t rank = getRanked(getResult()).getRank();
  if (rank < 3 || getRanked(getX()).getRank() < 2 ||
      !getSpatialAxes(*this, rank))
    return;
  if (getRanked(getX()).getRank() >= 3)
    operands.push_back(&(*this)->getOpOperand(0));
  results.push_back((*this)->getResult(0));
}

void UnsqueezeOp::moveChannelsLast(OpBuilder &builder) {
  moveAxes(*this, builder, getRanked(getResult()).getRank());
}
