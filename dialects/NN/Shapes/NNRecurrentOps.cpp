//===- NNRecurrentOps.cpp - Shapes of LSTM, GRU and RNN -------------------===//

#include "dialects/NN/NN.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace burin::nn;

/// Sizes that the operands of a recurrence must agree on.
namespace {
struct Sizes {
  OpFoldResult steps, batch, inputs, directions, hidden;
};
} // namespace

/// One operand and the shape it is to have.
static LogicalResult expectShape(Operation *op, ShapeBuilder &shapes,
                                 StringRef name, Value value,
                                 ArrayRef<OpFoldResult> wanted) {
  if (!value)
    return success();
  Shape got = shapes.getDims(value);
  bool fits = got.size() == wanted.size();
  for (size_t d = 0; fits && d < got.size(); ++d) {
    std::optional<int64_t> x = getStatic(got[d]), y = getStatic(wanted[d]);
    fits = !x || !y || *x == *y;
  }
  if (fits)
    return success();
  InFlightDiagnostic diagnostic = op->emitOpError("expects ");
  diagnostic << name << " of shape [";
  llvm::interleaveComma(wanted, diagnostic, [&](OpFoldResult size) {
    if (std::optional<int64_t> known = getStatic(size))
      diagnostic << *known;
    else
      diagnostic << "?";
  });
  return diagnostic << "], got " << value.getType();
}

/// Attributes that lstm, gru and rnn share.
template <typename OpTy>
static LogicalResult verifyRecurrent(OpTy op, size_t perDirection) {
  StringRef direction = op.getDirection();
  if (direction != "forward" && direction != "reverse" &&
      direction != "bidirectional")
    return op.emitOpError(
               "expects a direction forward, reverse or bidirectional, got ")
           << op.getDirectionAttr();
  size_t count = perDirection * (direction == "bidirectional" ? 2 : 1);
  if (op.getActivations().size() != count || op.getAlphas().size() != count ||
      op.getBetas().size() != count)
    return op.emitOpError("expects ")
           << count << " activations, alphas and betas, got "
           << op.getActivations().size() << ", " << op.getAlphas().size()
           << " and " << op.getBetas().size();
  static const llvm::StringSet<> known = {
      "Relu",       "Tanh",        "Sigmoid", "Affine",   "LeakyRelu", "ThresholdedRelu",
      "ScaledTanh", "HardSigmoid", "Elu",     "Softsign", "Softplus"};
  for (auto name : op.getActivations().template getAsRange<StringAttr>())
    if (!known.contains(name.getValue()))
      return op.emitOpError("expects a known activation, got ") << name;
  return success();
}

LogicalResult LSTMOp::verify() { return verifyRecurrent(*this, 3); }
LogicalResult GRUOp::verify() { return verifyRecurrent(*this, 2); }
LogicalResult RNNOp::verify() { return verifyRecurrent(*this, 1); }

/// Checks the operands all three have and adds the shapes of y and y_h.
template <typename OpTy>
static FailureOr<Sizes> inferRecurrent(OpTy op, int64_t gates,
                                       ShapeBuilder &shapes,
                                       SmallVectorImpl<Shape> &results) {
  for (Value value : {op.getX(), op.getW(), op.getR()})
    if (cast<RankedTensorType>(value.getType()).getRank() != 3)
      return FailureOr<Sizes>(op.emitOpError("expects x, w and r of rank 3, got ")
                              << value.getType());
  bool batchMajor = op.getBatchMajor();
  Sizes sizes;
  sizes.steps = shapes.getDim(op.getX(), batchMajor ? 1 : 0);
  sizes.batch = shapes.getDim(op.getX(), batchMajor ? 0 : 1);
  sizes.inputs = shapes.getDim(op.getX(), 2);
  sizes.directions = shapes.get(op.getDirection() == "bidirectional" ? 2 : 1);
  sizes.hidden = shapes.getDim(op.getR(), 2);
  OpFoldResult rows = shapes.mul(sizes.hidden, shapes.get(gates));
  OpFoldResult biases = shapes.mul(rows, shapes.get(2));
  Shape state = batchMajor ? Shape{sizes.batch, sizes.directions, sizes.hidden}
                           : Shape{sizes.directions, sizes.batch, sizes.hidden};
  if (failed(expectShape(op, shapes, "w", op.getW(),
                         {sizes.directions, rows, sizes.inputs})) ||
      failed(expectShape(op, shapes, "r", op.getR(),
                         {sizes.directions, rows, sizes.hidden})) ||
      failed(expectShape(op, shapes, "bias", op.getBias(),
                         {sizes.directions, biases})) ||
      failed(expectShape(op, shapes, "sequence_lens", op.getSequenceLens(),
                         {sizes.batch})) ||
      failed(expectShape(op, shapes, "initial_h", op.getInitialH(), state)))
    return failure();
  Shape y = state;
  y.insert(y.begin() + (batchMajor ? 1 : 0), sizes.steps);
  results.push_back(y);
  results.push_back(state);
  return sizes;
}

LogicalResult LSTMOp::inferShapes(ShapeBuilder &shapes,
                                  SmallVectorImpl<Shape> &results) {
  FailureOr<Sizes> sizes = inferRecurrent(*this, 4, shapes, results);
  if (failed(sizes) ||
      failed(expectShape(*this, shapes, "initial_c", getInitialC(), results[1])) ||
      failed(expectShape(*this, shapes, "peepholes", getPeepholes(),
                         {sizes->directions,
                          shapes.mul(sizes->hidden, shapes.get(3))})))
    return failure();
  results.push_back(results[1]);
  return success();
}

LogicalResult GRUOp::inferShapes(ShapeBuilder &shapes,
                                 SmallVectorImpl<Shape> &results) {
  return inferRecurrent(*this, 3, shapes, results);
}

LogicalResult RNNOp::inferShapes(ShapeBuilder &shapes,
                                 SmallVectorImpl<Shape> &results) {
  return inferRecurrent(*this, 1, shapes, results);
}
