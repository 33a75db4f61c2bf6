//===- Channels.cpp - Layouts of ops that know their channels -------------===//

#include "dialects/NN/NN.h"

using namespace mlir;
using namespace burin::nn;

using Operands = SmallVectorImpl<OpOperand *>;
using Results = SmallVectorImpl<OpResult>;

/// Already so, or without spatial dimensions.
static bool isFixed(Operation *op) {
  return isChannelsLast(op) ||
         cast<RankedTensorType>(op->getOperand(0).getType()).getRank() < 3;
}

#define BURIN_CHANNELS(Op)                                                     \
  void Op::getChannelValues(Operands &operands, Results &results) {            \
    if (isFixed(*this))                                                        \
      return;                                                                  \
    operands.push_back(&(*this)->getOpOperand(0));                             \
    results.push_back((*this)->getResult(0));                                  \
  }                                                                            \
  void Op::moveChannelsLast(OpBuilder &) { setChannelsLast(true); }
BURIN_CHANNELS(ConvOp)
BURIN_CHANNELS(ConvTransposeOp)
BURIN_CHANNELS(AveragePoolOp)
BURIN_CHANNELS(LpPoolOp)
BURIN_CHANNELS(GroupNormOp)
BURIN_CHANNELS(InstanceNormOp)
BURIN_CHANNELS(BatchNormOp)
BURIN_CHANNELS(LRNOp)
BURIN_CHANNELS(DepthToSpaceOp)
BURIN_CHANNELS(SpaceToDepthOp)
#undef BURIN_CHANNELS

/// The indices are the numbers of elements in ONNX's order.
void MaxPoolOp::getChannelValues(Operands &operands, Results &results) {
  if (isFixed(*this) || !getIndices().use_empty())
    return;
  operands.push_back(&(*this)->getOpOperand(0));
  llvm::append_range(results, (*this)->getResults());
}

void MaxPoolOp::moveChannelsLast(OpBuilder &) { setChannelsLast(true); }
