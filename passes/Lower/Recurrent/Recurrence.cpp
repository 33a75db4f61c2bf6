//===- Recurrence.cpp - The loop that LSTM, GRU and RNN share -------------===//

#include "passes/Lower/Recurrent/Recurrence.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Reduction/Folding.h"

using namespace mlir;
using namespace burin;

static constexpr auto parallel = utils::IteratorType::parallel;
static constexpr auto reduction = utils::IteratorType::reduction;

static Value getIndex(ImplicitLocOpBuilder &b, int64_t value) {
  return b.create<arith::ConstantIndexOp>(value);
}

Recurrence::Recurrence(const RecurrentOp &op, Lowering &l) : op(op), l(l) {
  element = getElementTypeOrSelf(op.x.getType());
  type = getComputeType(element);
  Shape x = l.getShape(op.x);
  steps = x[op.batchMajor ? 1 : 0];
  batch = x[op.batchMajor ? 0 : 1];
  inputs = x[2];
  directions = get(op.bidirectional ? 2 : 1);
  hidden = l.getShape(op.r)[2];
}

/// Sizes that are known only when the model runs must agree, too.
void Recurrence::check() {
  OpFoldResult rows = l.shapes.mul(get(op.gates), hidden);
  Shape state = op.batchMajor ? Shape{batch, directions, hidden}
                              : Shape{directions, batch, hidden};
  for (auto &[value, wanted] :
       {std::pair<Value, Shape>{op.w, {directions, rows, inputs}},
        {op.r, {directions, rows, hidden}},
        {op.bias, {directions, l.shapes.mul(rows, get(2))}},
        {op.lengths, {batch}},
        {op.initialH, state}}) {
    if (!value)
      continue;
    for (auto [have, want] : llvm::zip_equal(l.getShape(value), wanted))
      requireEqual(l, have, want, "expects operands whose sizes fit together");
  }
}

//===----------------------------------------------------------------------===//
// Before the loop
//===----------------------------------------------------------------------===//

/// The step of the sequence that iteration `t` is about.
Value Recurrence::getTime(B &b, Value t, Value direction) {
  if (!isReordered())
    return t;
  Value last = b.create<arith::SubIOp>(l.shapes.getValue(steps), getIndex(b, 1));
  Value backwards = b.create<arith::SubIOp>(last, t);
  if (!op.bidirectional)
    return backwards;
  Value isFirst = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, direction,
                                          getIndex(b, 0));
  return b.create<arith::SelectOp>(isFirst, t, backwards);
}

/// x as [directions, steps, batch, inputs] in the order of the iterations.
Value Recurrence::orderInputs() {
  Value x = l.get(op.x);
  Shape shape = {directions, steps, batch, inputs};
  if (!isReordered()) {
    if (op.batchMajor)
      x = l.createTranspose(x, l.getShape(op.x), {1, 0, 2});
    return l.createReshape(x, {steps, batch, inputs}, shape);
  }
  l.shapes.getValue(steps); // Before the body, which may not add it.
  return l.createGeneric(
      {}, l.createEmpty(shape, getStorageType(element)),
      l.builder.getMultiDimIdentityMap(4),
      SmallVector<utils::IteratorType>(4, parallel), [&](B &b, ValueRange) -> Value {
        Value t = getTime(b, b.create<linalg::IndexOp>(1),
                          b.create<linalg::IndexOp>(0));
        SmallVector<Value> at = {t, b.create<linalg::IndexOp>(2),
                                 b.create<linalg::IndexOp>(3)};
        if (op.batchMajor)
          std::swap(at[0], at[1]);
        return b.create<tensor::ExtractOp>(x, at);
      });
}

/// xw: what the inputs and the biases contribute, for all steps at once.
Value Recurrence::projectInputs() {
  B &b = l.builder;
  AffineExpr d, t, n, g, j, i;
  bindDims(b.getContext(), d, t, n, g, j, i);
  Shape shape = {directions, steps, batch, get(op.gates), hidden};
  Value init;
  if (op.bias) {
    Value bias = l.createReshape(l.get(op.bias), l.getShape(op.bias),
                                 {directions, get(2), get(op.gates), hidden});
    AffineExpr zero = getAffineConstantExpr(0, b.getContext());
    AffineExpr one = getAffineConstantExpr(1, b.getContext());
    init = l.createGeneric(
        {bias, bias}, l.createEmpty(shape, type),
        {AffineMap::get(5, 0, {d, zero, g, j}, b.getContext()),
         AffineMap::get(5, 0, {d, one, g, j}, b.getContext()),
         b.getMultiDimIdentityMap(5)},
        SmallVector<utils::IteratorType>(5, parallel),
        [&](B &nested, ValueRange args) -> Value {
          Value input = Lowering::toCompute(nested, args[0], element);
          Value recurrent = Lowering::toCompute(nested, args[1], element);
          Value sum = nested.create<arith::AddFOp>(input, recurrent);
          if (!keepsLastBias())
            return sum;
          Value isLast = nested.create<arith::CmpIOp>(
              arith::CmpIPredicate::eq, nested.create<linalg::IndexOp>(3),
              getIndex(nested, op.gates - 1));
          return nested.create<arith::SelectOp>(isLast, input, sum);
        });
  } else {
    init = l.createFilled(shape, b.getZeroAttr(type));
  }
  Value w = l.createReshape(l.get(op.w), l.getShape(op.w),
                            {directions, get(op.gates), hidden, inputs});
  SmallVector<utils::IteratorType> loops(5, parallel);
  loops.push_back(reduction);
  return l.createGeneric(
      {orderInputs(), w}, init,
      {AffineMap::get(6, 0, {d, t, n, i}, b.getContext()),
       AffineMap::get(6, 0, {d, g, j, i}, b.getContext()),
       AffineMap::get(6, 0, {d, t, n, g, j}, b.getContext())},
      loops, [&](B &nested, ValueRange args) {
        return buildMultiplyAdd(nested, args[0], element, args[1], element,
                                args[2]);
      });
}

Value Recurrence::getInitialState(Value given) {
  if (!given)
    return l.createFilled(getStateShape(), l.builder.getZeroAttr(type));
  B &b = l.builder;
  AffineMap from = b.getMultiDimIdentityMap(3);
  if (op.batchMajor)
    from = AffineMap::getPermutationMap(ArrayRef<unsigned>{1, 0, 2}, b.getContext());
  return l.createGeneric(l.get(given), l.createEmpty(getStateShape(), type),
                         {from, b.getMultiDimIdentityMap(3)},
                         SmallVector<utils::IteratorType>(3, parallel),
                         [&](B &nested, ValueRange args) {
                           return Lowering::toCompute(nested, args[0], element);
                         });
}

//===----------------------------------------------------------------------===//
// In the loop
//===----------------------------------------------------------------------===//

/// Part [:, t, :, first.., :] of xw, for extract_slice and insert_slice.
static std::array<Shape, 3> getPart(Lowering &l, Value t, const Shape &gates,
                                    int64_t first) {
  OpFoldResult zero = l.shapes.get(0), one = l.shapes.get(1);
  return {Shape{zero, t, zero, l.shapes.get(first), zero},
          Shape{gates[0], one, gates[1], gates[2], gates[3]},
          Shape(5, one)};
}

Value Recurrence::project(Value h, int64_t first, int64_t count, Value init) {
  B &b = l.builder;
  Value weights = r;
  if (count != op.gates) {
    OpFoldResult zero = get(0), one = get(1);
    Shape offsets = {zero, get(first), zero, zero};
    Shape sizes = {directions, get(count), hidden, hidden};
    weights = b.create<tensor::ExtractSliceOp>(r, offsets, sizes, Shape(4, one));
  }
  AffineExpr d, n, g, j, k;
  bindDims(b.getContext(), d, n, g, j, k);
  SmallVector<utils::IteratorType> loops(4, parallel);
  loops.push_back(reduction);
  return l.createGeneric(
      {h, weights}, init,
      {AffineMap::get(5, 0, {d, n, k}, b.getContext()),
       AffineMap::get(5, 0, {d, g, j, k}, b.getContext()),
       AffineMap::get(5, 0, {d, n, g, j}, b.getContext())},
      loops, [&](B &nested, ValueRange args) {
        return buildMultiplyAdd(nested, args[0], type, args[1], element, args[2]);
      });
}

Value Recurrence::accumulate(Step &step, Value h, int64_t first, int64_t count) {
  // In place: xw is not needed any more.
  B &b = l.builder;
  auto [offsets, sizes, strides] = getPart(l, step.t, getGateShape(count), first);
  auto part = RankedTensorType::get(nn::getStaticShape(getGateShape(count)), type);
  Value init = b.create<tensor::ExtractSliceOp>(part, step.xw, offsets, sizes, strides);
  Value gates = project(h, first, count, init);
  step.xw = b.create<tensor::InsertSliceOp>(gates, step.xw, offsets, sizes, strides);
  return gates;
}

Value Recurrence::getInputGate(const Step &step, int64_t index) {
  auto [offsets, sizes, strides] = getPart(l, step.t, getGateShape(1), index);
  auto part = RankedTensorType::get(nn::getStaticShape(getGateShape(1)), type);
  return l.builder.create<tensor::ExtractSliceOp>(part, step.xw, offsets, sizes,
                                                  strides);
}

Recurrence::Input Recurrence::asState(Value tensor) {
  return {tensor, l.builder.getMultiDimIdentityMap(3), type};
}

Recurrence::Input Recurrence::asGate(Value gates, int64_t index) {
  AffineExpr d, n, j, gate = l.builder.getAffineConstantExpr(index);
  bindDims(l.builder.getContext(), d, n, j);
  return {gates, AffineMap::get(3, 0, {d, n, gate, j}, l.builder.getContext()),
          type};
}

Recurrence::Input Recurrence::asParameter(Value nnValue, int64_t count,
                                          int64_t index) {
  Value tensor = l.createReshape(l.get(nnValue), l.getShape(nnValue),
                                 {directions, get(count), hidden});
  AffineExpr d, n, j, place = l.builder.getAffineConstantExpr(index);
  bindDims(l.builder.getContext(), d, n, j);
  return {tensor, AffineMap::get(3, 0, {d, place, j}, l.builder.getContext()),
          element};
}

/// Whether the sequence of `length` (i32) has not ended.
Value Recurrence::isAlive(B &b, Value t, Value length) {
  Value time = getTime(b, t, b.create<linalg::IndexOp>(0));
  Value end = b.create<arith::IndexCastOp>(b.getIndexType(), length);
  return b.create<arith::CmpIOp>(arith::CmpIPredicate::slt, time, end);
}

static SmallVector<Value> load(ImplicitLocOpBuilder &b,
                               ArrayRef<Type> elements, ValueRange args) {
  SmallVector<Value> scalars;
  for (auto [element, arg] : llvm::zip(elements, args))
    scalars.push_back(Lowering::toCompute(b, arg, element));
  return scalars;
}

/// What a linalg op reads, and how.
struct Recurrence::Operands {
  SmallVector<Value> tensors;
  SmallVector<AffineMap> maps;
  SmallVector<Type> types;

  explicit Operands(ArrayRef<Input> inputs) {
    for (const Input &input : inputs) {
      tensors.push_back(input.tensor);
      maps.push_back(input.map);
      types.push_back(input.element);
    }
  }
};

Value Recurrence::mapState(const Step &step, Value old, ArrayRef<Input> inputs,
                           Body body) {
  Operands read(inputs);
  if (op.lengths) {
    read.tensors.push_back(l.get(op.lengths));
    read.maps.push_back(AffineMap::get(3, 0, l.builder.getAffineDimExpr(1)));
  }
  read.maps.push_back(l.builder.getMultiDimIdentityMap(3));
  return l.createGeneric(
      read.tensors, old, read.maps,
      SmallVector<utils::IteratorType>(3, parallel),
      [&](B &b, ValueRange args) -> Value {
        SmallVector<Value> scalars = load(b, read.types, args);
        scalars.push_back(args.back());
        Value result = body(b, scalars);
        if (!op.lengths)
          return result;
        Value alive = isAlive(b, step.t, args[read.types.size()]);
        return b.create<arith::SelectOp>(alive, result, args.back());
      });
}

Value Recurrence::mapNew(ArrayRef<Input> inputs, Body body) {
  Operands read(inputs);
  read.maps.push_back(l.builder.getMultiDimIdentityMap(3));
  return l.createGeneric(
      read.tensors, l.createEmpty(getStateShape(), type), read.maps,
      SmallVector<utils::IteratorType>(3, parallel),
      [&](B &b, ValueRange args) { return body(b, load(b, read.types, args)); });
}

Value Recurrence::activate(B &b, int64_t index, Value x) {
  if (op.clip) {
    Value most = b.create<arith::ConstantOp>(b.getFloatAttr(type, *op.clip));
    Value least = b.create<arith::ConstantOp>(b.getFloatAttr(type, -*op.clip));
    x = b.create<arith::MaximumFOp>(b.create<arith::MinimumFOp>(x, most), least);
  }
  return apply(b, index, x);
}

Value Recurrence::apply(B &b, int64_t index, Value x) {
  size_t perDirection = op.activations.size() / (op.bidirectional ? 2 : 1);
  const Activation &first = op.activations[index];
  Value result = first.build(b, x);
  if (!op.bidirectional || op.activations[index + perDirection] == first)
    return result;
  Value other = op.activations[index + perDirection].build(b, x);
  Value isFirst =
      b.create<arith::CmpIOp>(arith::CmpIPredicate::eq,
                              b.create<linalg::IndexOp>(0), getIndex(b, 0));
  return b.create<arith::SelectOp>(isFirst, result, other);
}

/// h as the output of this step: 0 where the sequence has ended.
Value Recurrence::roundStep(const Step &step, Value h) {
  if (!op.lengths)
    return l.createRounded(h, getStateShape(), element);
  AffineMap all = l.builder.getMultiDimIdentityMap(3);
  return l.createGeneric(
      {h, l.get(op.lengths)}, l.createEmpty(getStateShape(), getStorageType(element)),
      {all, AffineMap::get(3, 0, l.builder.getAffineDimExpr(1)), all},
      SmallVector<utils::IteratorType>(3, parallel),
      [&](B &b, ValueRange args) -> Value {
        Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(type));
        Value kept = b.create<arith::SelectOp>(isAlive(b, step.t, args[1]),
                                               args[0], zero);
        return Lowering::toStorage(b, kept, element);
      });
}

//===----------------------------------------------------------------------===//
// After the loop
//===----------------------------------------------------------------------===//

/// From [steps, directions, batch, hidden] in the order of the iterations to y.
Value Recurrence::orderOutputs(Value outputs) {
  Shape shape = {steps, directions, batch, hidden};
  if (!isReordered())
    return op.batchMajor ? l.createTranspose(outputs, shape, {2, 0, 1, 3})
                         : outputs;
  if (op.batchMajor)
    shape = {batch, steps, directions, hidden};
  int64_t t = op.batchMajor ? 1 : 0, d = t + 1, n = op.batchMajor ? 0 : 2;
  return l.createGeneric(
      {}, l.createEmpty(shape, getStorageType(element)),
      l.builder.getMultiDimIdentityMap(4),
      SmallVector<utils::IteratorType>(4, parallel), [&](B &b, ValueRange) -> Value {
        // Turning round is its own inverse.
        Value direction = b.create<linalg::IndexOp>(d);
        Value time = getTime(b, b.create<linalg::IndexOp>(t), direction);
        return b.create<tensor::ExtractOp>(
            outputs, ValueRange{time, direction, b.create<linalg::IndexOp>(n),
                                b.create<linalg::IndexOp>(3)});
      });
}

Value Recurrence::finishState(Value state) {
  state = l.createRounded(state, getStateShape(), element);
  return op.batchMajor ? l.createTranspose(state, getStateShape(), {1, 0, 2})
                       : state;
}

SmallVector<Value> Recurrence::lower() {
  check();
  B &b = l.builder;
  r = l.createReshape(l.get(op.r), l.getShape(op.r),
                      {directions, get(op.gates), hidden, hidden});
  SmallVector<Value> carried = {
      l.createEmpty({steps, directions, batch, hidden}, getStorageType(element)),
      projectInputs()};
  llvm::append_range(carried, getInitialStates());
  auto loop = b.create<scf::ForOp>(getIndex(b, 0), l.shapes.getValue(steps),
                                   getIndex(b, 1), carried);
  {
    OpBuilder::InsertionGuard guard(b);
    nn::ShapeBuilder::Scope scope(l.shapes);
    b.setInsertionPointToStart(loop.getBody());
    Step step{loop.getInductionVar(), loop.getRegionIterArg(1)};
    SmallVector<Value> states(loop.getRegionIterArgs().drop_front(2));
    states = buildStep(step, states);
    OpFoldResult zero = get(0), one = get(1);
    Shape offsets = {step.t, zero, zero, zero};
    Shape sizes = {one, directions, batch, hidden};
    Value outputs = b.create<tensor::InsertSliceOp>(
        roundStep(step, states[0]), loop.getRegionIterArg(0), offsets, sizes,
        Shape(4, one));
    SmallVector<Value> yielded = {outputs, step.xw};
    llvm::append_range(yielded, states);
    b.create<scf::YieldOp>(yielded);
  }
  SmallVector<Value> results = {orderOutputs(loop.getResult(0))};
  for (Value state : loop.getResults().drop_front(2))
    results.push_back(finishState(state));
  return results;
}
