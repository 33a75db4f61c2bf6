//===- Recurrence.h - The loop that LSTM, GRU and RNN share -----*- C++ -*-===//
//
// Both directions run in one loop, so that the weights of both are one operand
// of each product. What runs backwards is turned round before and after:
//
//   xw[d, t, b, g, j] = bias[d, g, j] + sum over i of x[time(d, t), b, i] * w[d, g, j, i]
//   for t: states = step(xw[:, t], states), steps[t] = h
//   y[time(d, t), d, b, j] = steps[t, d, b, j]
//
// States are [directions, batch, hidden], in the compute type.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_LOWER_RECURRENT_RECURRENCE_H
#define BURIN_PASSES_LOWER_RECURRENT_RECURRENCE_H

#include "passes/Lower/Recurrent/Activations.h"
#include "passes/Lower/Lowering.h"

namespace burin {

/// The operands and attributes of lstm, gru or rnn.
struct RecurrentOp {
  mlir::Value x, w, r, bias, lengths, initialH;
  int64_t gates;
  bool reverse, bidirectional, batchMajor;
  llvm::SmallVector<Activation> activations; ///< Of all directions.
  std::optional<float> clip;
};

class Recurrence {
public:
  Recurrence(const RecurrentOp &op, Lowering &l);
  virtual ~Recurrence() = default;

  /// y and the final states, as the op has them.
  llvm::SmallVector<mlir::Value> lower();

protected:
  using B = mlir::ImplicitLocOpBuilder;
  using Shape = nn::Shape;

  /// One step of the loop, being built.
  struct Step {
    mlir::Value t;
    mlir::Value xw; ///< All of it; `accumulate` puts a newer one here.
  };

  /// The states before the first step.
  virtual llvm::SmallVector<mlir::Value> getInitialStates() {
    return {getInitialState(op.initialH)};
  }
  /// Their new values, the first being h.
  virtual llvm::SmallVector<mlir::Value>
  buildStep(Step &step, llvm::ArrayRef<mlir::Value> states) = 0;

  mlir::Value getInitialState(mlir::Value given);

  /// Gates `first`, ... (`count` of them) of this step: xw + r h, of shape
  /// [directions, batch, count, hidden].
  mlir::Value accumulate(Step &step, mlir::Value h, int64_t first, int64_t count);
  /// The same without adding: r h + `init`.
  mlir::Value project(mlir::Value h, int64_t first, int64_t count,
                      mlir::Value init);
  /// Gate `index` of this step as it is.
  mlir::Value getInputGate(const Step &step, int64_t index);

  /// What the body of mapState reads.
  struct Input {
    mlir::Value tensor;
    mlir::AffineMap map; ///< From (direction, batch, hidden).
    mlir::Type element;
  };
  Input asState(mlir::Value tensor);
  /// Gate `index` of a tensor of gates.
  Input asGate(mlir::Value gates, int64_t index);
  /// [directions, count, hidden], at `index`, of an nn value.
  Input asParameter(mlir::Value nnValue, int64_t count, int64_t index);

  /// A new state in place of `old`: body(inputs..., old), where the sequence has
  /// not ended.
  using Body = llvm::function_ref<mlir::Value(B &, llvm::ArrayRef<mlir::Value>)>;
  mlir::Value mapState(const Step &step, mlir::Value old,
                       llvm::ArrayRef<Input> inputs, Body body);
  /// A new tensor of a state's shape.
  mlir::Value mapNew(llvm::ArrayRef<Input> inputs, Body body);

  /// Function number `index` of the present direction, its operand clipped.
  mlir::Value activate(B &b, int64_t index, mlir::Value x);
  /// The same, not clipped.
  mlir::Value apply(B &b, int64_t index, mlir::Value x);

  /// Whether recurrent biases of the last gate are added by the step itself.
  virtual bool keepsLastBias() { return false; }

  mlir::OpFoldResult get(int64_t number) { return l.shapes.get(number); }
  Shape getStateShape() { return {directions, batch, hidden}; }
  Shape getGateShape(int64_t count) {
    return {directions, batch, get(count), hidden};
  }

  RecurrentOp op;
  Lowering &l;
  mlir::Type element, type; ///< Of the tensors; computed in.
  mlir::OpFoldResult steps, batch, inputs, directions, hidden;

private:
  struct Operands;

  void check();
  mlir::Value getTime(B &b, mlir::Value t, mlir::Value direction);
  mlir::Value orderInputs();
  mlir::Value projectInputs();
  mlir::Value isAlive(B &b, mlir::Value t, mlir::Value length);
  mlir::Value roundStep(const Step &step, mlir::Value h);
  mlir::Value orderOutputs(mlir::Value outputs);
  mlir::Value finishState(mlir::Value state);
  bool isReordered() { return op.reverse || op.bidirectional; }

  mlir::Value r; ///< [directions, gates, hidden, hidden]
};

} // namespace burin

#endif // BURIN_PASSES_LOWER_RECURRENT_RECURRENCE_H
