//===- Broadcasts.cpp - The layout of elementwise ops ---------------------===//

#include "dialects/NN/NN.h"

using namespace mlir;
using namespace burin::nn;

static int64_t getRank(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank();
}

void burin::nn::getBroadcastChannels(Operation *op,
                                     SmallVectorImpl<OpOperand *> &operands,
                                     SmallVectorImpl<OpResult> &results) {
  int64_t rank = getRank(op->getResult(0));
  if (rank < 3)
    return;
  for (OpOperand &operand : op->getOpOperands())
    if (getRank(operand.get()) == rank)
      operands.push_back(&operand);
  llvm::append_range(results, op->getResults());
}

/// `value` with dimensions of size 1 before it, `rank` of all, channels last.
static Value moveStretched(OpBuilder &b, Location loc, Value value,
                           int64_t rank) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t missing = rank - type.getRank();
  SmallVector<int64_t> shape(missing, 1);
  llvm::append_range(shape, type.getShape());
  Value axes = b.create<ConstantOp>(
      loc, cast<TypedAttr>(b.getI64TensorAttr(
               llvm::to_vector(llvm::seq<int64_t>(0, missing)))));
  Value wide = b.create<UnsqueezeOp>(
      loc, RankedTensorType::get(shape, type.getElementType()), value, axes);
  SmallVector<int64_t> permutation = getToLast(rank), moved;
  for (int64_t d : permutation)
    moved.push_back(shape[d]);
  return b.create<TransposeOp>(
      loc, RankedTensorType::get(moved, type.getElementType()), wide,
      permutation);
}

void burin::nn::moveBroadcastChannelsLast(Operation *op, OpBuilder &builder) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(op);
  int64_t rank = getRank(op->getResult(0));
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = cast<RankedTensorType>(operand.get().getType());
    bool isSame = type.hasStaticShape() && type.getNumElements() == 1;
    if (type.getRank() < rank && !isSame)
      operand.set(moveStretched(builder, op->getLoc(), operand.get(), rank));
  }
}
