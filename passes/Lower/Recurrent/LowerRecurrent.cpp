//===- LowerRecurrent.cpp - LSTM, GRU, RNN --------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/Lower/Reduction/Folding.h"
#include "passes/Lower/Recurrent/Recurrence.h"

using namespace mlir;
using namespace burin;

namespace {
using B = ImplicitLocOpBuilder;

Value add(B &b, Value x, Value y) { return b.create<arith::AddFOp>(x, y); }
Value mul(B &b, Value x, Value y) { return b.create<arith::MulFOp>(x, y); }
Value oneMinus(B &b, Value x) {
  Value one = b.create<arith::ConstantOp>(b.getFloatAttr(x.getType(), 1));
  return b.create<arith::SubFOp>(one, x);
}

template <typename OpTy>
RecurrentOp read(OpTy op, int64_t gates) {
  RecurrentOp result{op.getX(),        op.getW(),
                     op.getR(),        op.getBias(),
                     op.getSequenceLens(), op.getInitialH(),
                     gates,            op.getDirection() == "reverse",
                     op.getDirection() == "bidirectional", op.getBatchMajor(),
                     {},               {}};
  for (auto [name, alpha, beta] :
       llvm::zip_equal(op.getActivations().template getAsRange<StringAttr>(),
                       op.getAlphas(), op.getBetas()))
    result.activations.push_back({name.getValue(), alpha, beta});
  if (op.getClip())
    result.clip = op.getClip()->convertToFloat();
  return result;
}

//===- LSTM ---------------------------------------------------------------===//

class LSTM : public Recurrence {
public:
  LSTM(nn::LSTMOp lstm, Lowering &l) : Recurrence(read(lstm, 4), l), lstm(lstm) {
    for (Value value : {lstm.getInitialC(), lstm.getPeepholes()})
      if (value)
        checkMore(value);
  }

private:
  enum Gate { I, O, F, C };

  void checkMore(Value value) {
    Shape wanted = {directions, l.shapes.mul(get(3), hidden)};
    if (value == lstm.getInitialC())
      wanted = op.batchMajor ? Shape{batch, directions, hidden}
                             : Shape{directions, batch, hidden};
    for (auto [have, want] : llvm::zip_equal(l.getShape(value), wanted))
      requireEqual(l, have, want, "expects operands whose sizes fit together");
  }

  SmallVector<Value> getInitialStates() override {
    return {getInitialState(op.initialH), getInitialState(lstm.getInitialC())};
  }

  SmallVector<Value> buildStep(Step &step, ArrayRef<Value> states) override {
    Value gates = accumulate(step, states[0], 0, 4);
    SmallVector<Input> inputs = {asGate(gates, I), asGate(gates, F),
                                 asGate(gates, C)};
    bool peeps = bool(lstm.getPeepholes());
    if (peeps)
      llvm::append_range(inputs, ArrayRef{asParameter(lstm.getPeepholes(), 3, 0),
                                          asParameter(lstm.getPeepholes(), 3, 2)});
    Value cell = mapState(step, states[1], inputs, [&](B &b, ArrayRef<Value> args) {
      Value old = args.back(), i = args[0], f = args[1];
      if (peeps) {
        i = add(b, i, mul(b, args[3], old));
        f = add(b, f, mul(b, args[4], old));
      }
      i = activate(b, 0, i);
      f = lstm.getInputForget() ? oneMinus(b, i) : activate(b, 0, f);
      return add(b, mul(b, f, old), mul(b, i, activate(b, 1, args[2])));
    });
    inputs = {asGate(gates, O), asState(cell)};
    if (peeps)
      inputs.push_back(asParameter(lstm.getPeepholes(), 3, 1));
    Value h = mapState(step, states[0], inputs, [&](B &b, ArrayRef<Value> args) {
      Value o = peeps ? add(b, args[0], mul(b, args[2], args[1])) : args[0];
      return mul(b, activate(b, 0, o), apply(b, 2, args[1]));
    });
    return {h, cell};
  }

  nn::LSTMOp lstm;
};

LogicalResult lowerLSTM(nn::LSTMOp op, Lowering &l) {
  SmallVector<Value> results = LSTM(op, l).lower();
  l.set(op.getY(), results[0]);
  l.set(op.getYH(), results[1]);
  l.set(op.getYC(), results[2]);
  return success();
}

//===- GRU ----------------------------------------------------------------===//

class GRU : public Recurrence {
public:
  GRU(nn::GRUOp gru, Lowering &l) : Recurrence(read(gru, 3), l), gru(gru) {}

private:
  enum Gate { Z, R, H };

  bool keepsLastBias() override { return gru.getLinearBeforeReset(); }

  SmallVector<Value> buildStep(Step &step, ArrayRef<Value> states) override {
    return {gru.getLinearBeforeReset() ? buildLinear(step, states[0])
                                       : buildPlain(step, states[0])};
  }

  /// (1 - z) . n + z . old
  static Value blend(B &b, Value z, Value n, Value old) {
    return add(b, mul(b, oneMinus(b, z), n), mul(b, z, old));
  }

  Value buildPlain(Step &step, Value h) {
    Value gates = accumulate(step, h, Z, 2);
    Value reset = mapNew({asGate(gates, R), asState(h)},
                         [&](B &b, ArrayRef<Value> args) {
                           return mul(b, activate(b, 0, args[0]), args[1]);
                         });
    Value last = accumulate(step, reset, H, 1);
    return mapState(step, h, {asGate(gates, Z), asGate(last, 0)},
                    [&](B &b, ArrayRef<Value> args) {
                      return blend(b, activate(b, 0, args[0]),
                                   activate(b, 1, args[1]), args[2]);
                    });
  }

  Value buildLinear(Step &step, Value h) {
    // All gates of h in one product, beside those of x.
    Value own = project(h, 0, 3,
                        l.createFilled(getGateShape(3), l.builder.getZeroAttr(type)));
    SmallVector<Input> inputs;
    for (int64_t gate : {Z, R, H})
      llvm::append_range(inputs, ArrayRef{asGate(getInputGate(step, gate), 0),
                                          asGate(own, gate)});
    if (op.bias)
      inputs.push_back(asParameter(op.bias, 6, 3 + H));
    return mapState(step, h, inputs, [&](B &b, ArrayRef<Value> args) {
      Value z = activate(b, 0, add(b, args[0], args[1]));
      Value r = activate(b, 0, add(b, args[2], args[3]));
      Value linear = op.bias ? add(b, args[5], args[6]) : args[5];
      Value n = activate(b, 1, add(b, args[4], mul(b, r, linear)));
      return blend(b, z, n, args.back());
    });
  }

  nn::GRUOp gru;
};

LogicalResult lowerGRU(nn::GRUOp op, Lowering &l) {
  SmallVector<Value> results = GRU(op, l).lower();
  l.set(op.getY(), results[0]);
  l.set(op.getYH(), results[1]);
  return success();
}

//===- RNN ----------------------------------------------------------------===//

class RNN : public Recurrence {
public:
  RNN(nn::RNNOp rnn, Lowering &l) : Recurrence(read(rnn, 1), l) {}

private:
  SmallVector<Value> buildStep(Step &step, ArrayRef<Value> states) override {
    Value gate = accumulate(step, states[0], 0, 1);
    return {mapState(step, states[0], asGate(gate, 0),
                     [&](B &b, ArrayRef<Value> args) {
                       return activate(b, 0, args[0]);
                     })};
  }
};

LogicalResult lowerRNN(nn::RNNOp op, Lowering &l) {
  SmallVector<Value> results = RNN(op, l).lower();
  l.set(op.getY(), results[0]);
  l.set(op.getYH(), results[1]);
  return success();
}
} // namespace

void burin::addRecurrentLowerings(LowerTable &table) {
  addLowering<nn::LSTMOp, lowerLSTM>(table);
  addLowering<nn::GRUOp, lowerGRU>(table);
  addLowering<nn::RNNOp, lowerRNN>(table);
}
