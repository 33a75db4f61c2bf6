//===- Axes.cpp - Layouts of ops whose attributes name dimensions ---------===//

#include "dialects/NN/NN.h"

using namespace mlir;
using namespace burin::nn;

using Operands = SmallVectorImpl<OpOperand *>;
using Results = SmallVectorImpl<OpResult>;

static int64_t getRank(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank();
}

/// `x` and the results `of` move, if they have spatial dimensions.
static void addFirst(Operation *op, ResultRange of, Operands &operands,
                     Results &results) {
  if (getRank(op->getOperand(0)) < 3)
    return;
  operands.push_back(&op->getOpOperand(0));
  llvm::append_range(results, of);
}

static int64_t getMoved(Operation *op, uint64_t axis) {
  return burin::nn::moveAxis(axis, getRank(op->getOperand(0)));
}

static SmallVector<int64_t> moveAxes(Operation *op, ArrayRef<int64_t> axes) {
  return llvm::map_to_vector(axes,
                             [&](int64_t axis) { return getMoved(op, axis); });
}

static SmallVector<int64_t> moveAscending(Operation *op,
                                          ArrayRef<int64_t> axes) {
  SmallVector<int64_t> moved = moveAxes(op, axes);
  llvm::sort(moved);
  return moved;
}

//===- One axis, any order of several -------------------------------------===//

#define BURIN_FIRST(Op)                                                        \
  void Op::getChannelValues(Operands &operands, Results &results) {            \
    addFirst(*this, (*this)->getResults(), operands, results);                 \
  }
BURIN_FIRST(SplitOp)
BURIN_FIRST(SliceOp)
BURIN_FIRST(PadOp)
BURIN_FIRST(ResizeOp)
BURIN_FIRST(SoftmaxOp)
BURIN_FIRST(LogSoftmaxOp)
BURIN_FIRST(LpNormalizeOp)
BURIN_FIRST(MeanVarianceNormOp)
#undef BURIN_FIRST

#define BURIN_AXIS(Op)                                                         \
  void Op::moveChannelsLast(OpBuilder &) { setAxis(getMoved(*this, getAxis())); }
BURIN_AXIS(ConcatOp)
BURIN_AXIS(SplitOp)
BURIN_AXIS(LpNormalizeOp)
BURIN_AXIS(QuantizeOp)
BURIN_AXIS(DequantizeOp)
BURIN_AXIS(ArgMaxOp)
BURIN_AXIS(ArgMinOp)
#undef BURIN_AXIS

#define BURIN_AXES(Op, move)                                                   \
  void Op::moveChannelsLast(OpBuilder &) { setAxes(move(*this, getAxes())); }
BURIN_AXES(SliceOp, moveAxes)
BURIN_AXES(PadOp, moveAxes)
BURIN_AXES(ResizeOp, moveAxes)
BURIN_AXES(SoftmaxOp, moveAscending)
BURIN_AXES(LogSoftmaxOp, moveAscending)
BURIN_AXES(MeanVarianceNormOp, moveAscending)
BURIN_AXES(ReduceSumOp, moveAscending)
BURIN_AXES(ReduceProdOp, moveAscending)
BURIN_AXES(ReduceMaxOp, moveAscending)
BURIN_AXES(ReduceMinOp, moveAscending)
BURIN_AXES(ReduceMeanOp, moveAscending)
BURIN_AXES(ReduceL1Op, moveAscending)
BURIN_AXES(ReduceL2Op, moveAscending)
BURIN_AXES(ReduceSumSquareOp, moveAscending)
BURIN_AXES(ReduceLogSumOp, moveAscending)
BURIN_AXES(ReduceLogSumExpOp, moveAscending)
#undef BURIN_AXES

void ConcatOp::getChannelValues(Operands &operands, Results &results) {
  if (getRank(getResult()) < 3)
    return;
  for (OpOperand &operand : (*this)->getOpOperands())
    operands.push_back(&operand);
  results.push_back((*this)->getResult(0));
}

//===- Quantization -------------------------------------------------------===//

/// Scales of blocks have all dimensions of `x` and would have to move too.
template <typename OpTy>
static void addScaled(OpTy op, Operands &operands, Results &results) {
  if (op.getBlockSize() == 0)
    addFirst(op, op->getResults(), operands, results);
}

void QuantizeOp::getChannelValues(Operands &operands, Results &results) {
  addScaled(*this, operands, results);
}

void DequantizeOp::getChannelValues(Operands &operands, Results &results) {
  addScaled(*this, operands, results);
}

void DynamicQuantizeOp::getChannelValues(Operands &operands, Results &results) {
  addFirst(*this, (*this)->getResults().take_front(), operands, results);
}

void DynamicQuantizeOp::moveChannelsLast(OpBuilder &) {}

//===- Folding dimensions -------------------------------------------------===//

/// A result that keeps batch and channels moves too. One without dimensions in
/// front of the spatial ones that are left has these in their order.
static void addReduction(Operation *op, ArrayRef<int64_t> axes, bool keepdims,
                         Operands &operands, Results &results) {
  bool keepsBatch = !llvm::is_contained(axes, 0);
  bool keepsChannels = !llvm::is_contained(axes, 1);
  int64_t rank = getRank(op->getResult(0));
  if (keepdims || (keepsBatch && keepsChannels && rank >= 3))
    return addFirst(op, op->getResults(), operands, results);
  if (!keepsChannels || rank < 2 || (keepsBatch && rank == 2))
    addFirst(op, op->getResults().take_front(0), operands, results);
}

#define BURIN_REDUCTION(Op)                                                    \
  void Op::getChannelValues(Operands &operands, Results &results) {            \
    addReduction(*this, getAxes(), getKeepdims(), operands, results);          \
  }
#include "dialects/NN/Shapes/Reductions.def"

void ArgMaxOp::getChannelValues(Operands &operands, Results &results) {
  addReduction(*this, int64_t(getAxis()), getKeepdims(), operands, results);
}

void ArgMinOp::getChannelValues(Operands &operands, Results &results) {
  addReduction(*this, int64_t(getAxis()), getKeepdims(), operands, results);
}
