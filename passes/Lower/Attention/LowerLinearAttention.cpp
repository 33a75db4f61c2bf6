//===- LowerLinearAttention.cpp - Attention by a recurrent state ----------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Reduction/Folding.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace burin {
void addLinearAttentionLowering(LowerTable &table);
} // namespace burin

namespace {
constexpr auto parallel = utils::IteratorType::parallel;
constexpr auto reduction = utils::IteratorType::reduction;

/// Everything is indexed by batch, key head, query head of that, depth, width:
/// the loops of all generics here, or the first of them.
class LinearAttention {
public:
  LinearAttention(nn::LinearAttentionOp op, Lowering &l);
  void lower();

private:
  /// A tensor of one step and how the loops b, g, d, e find its elements.
  struct Operand {
    Value tensor;
    AffineMap map;
    Type element;
  };
  Value split(Value value, OpFoldResult heads, OpFoldResult size);
  Operand getStep(Value nnValue, Value all, Value t, OpFoldResult heads,
                  OpFoldResult size, ArrayRef<AffineExpr> dims);
  Value getInitialState();
  Value decay(Value state, const Operand &gate);
  Value correct(Value state, const Operand &key, const Operand &value,
                const Operand &beta);
  Value write(Value state, const Operand &key, const Operand &value);
  Value read(Value state, Value query);
  AffineMap getMap(unsigned loops, ArrayRef<AffineExpr> dims) {
    return AffineMap::get(loops, 0, dims, l.builder.getContext());
  }

  nn::LinearAttentionOp op;
  Lowering &l;
  Type element, f32;
  OpFoldResult batch, steps, groups, shared, depth, width, decays, betas;
  Value queries, keys, values, gates, rates; ///< All steps, by head.
  AffineExpr b, g, d, e;
};

LinearAttention::LinearAttention(nn::LinearAttentionOp op, Lowering &l)
    : op(op), l(l), element(getElementTypeOrSelf(op.getQuery().getType())),
      f32(l.builder.getF32Type()) {
  nn::ShapeBuilder &shapes = l.shapes;
  bindDims(l.builder.getContext(), b, g, d, e);
  Shape q = l.getShape(op.getQuery()), v = l.getShape(op.getValue());
  batch = q[0], steps = q[1];
  groups = shapes.get(op.getKvHeads());
  shared = shapes.get(op.getQHeads() / op.getKvHeads());
  OpFoldResult heads = shapes.get(op.getQHeads());
  depth = shapes.floorDiv(q[2], heads);
  width = shapes.floorDiv(v[2], groups);
  queries = split(op.getQuery(), heads, depth);
  keys = split(op.getKey(), groups, depth);
  values = split(op.getValue(), groups, width);
  // One decay for each row, or for each head; one rate for each head, or for all.
  if (op.getDecay()) {
    OpFoldResult size = l.getShape(op.getDecay())[2], one = shapes.get(1);
    decays = nn::areEqual(size, groups) ? one : depth;
    gates = split(op.getDecay(), groups, decays);
  }
  if (op.getBeta()) {
    betas = nn::getStatic(l.getShape(op.getBeta())[2]) == 1 ? shapes.get(1) : groups;
    rates = split(op.getBeta(), betas, shapes.get(1));
  }
}

/// [B, T, heads size] as [B, T, heads, size].
Value LinearAttention::split(Value value, OpFoldResult heads, OpFoldResult size) {
  Shape from = l.getShape(value);
  Shape wanted = {batch, steps, l.shapes.mul(heads, size)};
  for (auto [have, want] : llvm::zip_equal(from, wanted))
    requireEqual(l, have, want, "expects operands whose sizes fit together");
  return l.createReshape(l.get(value), from, {batch, steps, heads, size});
}

LinearAttention::Operand
LinearAttention::getStep(Value nnValue, Value all, Value t, OpFoldResult heads,
                         OpFoldResult size, ArrayRef<AffineExpr> dims) {
  OpFoldResult zero = l.shapes.get(0), one = l.shapes.get(1);
  Type stored = getElementTypeOrSelf(all.getType());
  auto type = RankedTensorType::get(nn::getStaticShape({batch, heads, size}), stored);
  Value tensor = l.builder.create<tensor::ExtractSliceOp>(
      type, all, Shape{zero, t, zero, zero}, Shape{batch, one, heads, size},
      Shape(4, one));
  return {tensor, getMap(4, dims), getElementTypeOrSelf(nnValue.getType())};
}

Value LinearAttention::getInitialState() {
  Shape shape = {batch, groups, depth, width};
  if (!op.getState())
    return l.createFilled(shape, l.builder.getZeroAttr(f32));
  for (auto [have, want] : llvm::zip_equal(l.getShape(op.getState()), shape))
    requireEqual(l, have, want, "expects a state of the sizes of the heads");
  Type from = getElementTypeOrSelf(op.getState().getType());
  return l.createGeneric(l.get(op.getState()), l.createEmpty(shape, f32),
                         SmallVector<AffineMap>(2, getMap(4, {b, g, d, e})),
                         SmallVector<utils::IteratorType>(4, parallel),
                         [&](B &nested, ValueRange args) {
                           return Lowering::toCompute(nested, args[0], from);
                         });
}

/// exp(gate) . state, in place.
Value LinearAttention::decay(Value state, const Operand &gate) {
  return l.createGeneric(
      gate.tensor, state, {gate.map, getMap(4, {b, g, d, e})},
      SmallVector<utils::IteratorType>(4, parallel),
      [&](B &nested, ValueRange args) -> Value {
        Value power = Lowering::toCompute(nested, args[0], gate.element);
        return nested.create<arith::MulFOp>(args[1],
                                            nested.create<math::ExpOp>(power));
      });
}

/// beta . (value - state^T key), as [B, G, E] of f32.
Value LinearAttention::correct(Value state, const Operand &key,
                               const Operand &value, const Operand &beta) {
  Shape shape = {batch, groups, width};
  Value found = l.createGeneric(
      {state, key.tensor}, l.createFilled(shape, l.builder.getZeroAttr(f32)),
      {getMap(4, {b, g, d, e}), key.map, getMap(4, {b, g, e})},
      {parallel, parallel, reduction, parallel}, [&](B &nested, ValueRange args) {
        return buildMultiplyAdd(nested, args[0], f32, args[1], key.element, args[2]);
      });
  // Loops b, g, e here.
  auto third = [&](AffineMap map) {
    return map.replaceDimsAndSymbols({b, g, d, d}, {}, 3, 0);
  };
  return l.createGeneric(
      {found, value.tensor, beta.tensor}, l.createEmpty(shape, f32),
      {getMap(3, {b, g, d}), third(value.map), third(beta.map), getMap(3, {b, g, d})},
      SmallVector<utils::IteratorType>(3, parallel),
      [&](B &nested, ValueRange args) -> Value {
        Value wanted = Lowering::toCompute(nested, args[1], value.element);
        Value rate = Lowering::toCompute(nested, args[2], beta.element);
        Value error = nested.create<arith::SubFOp>(wanted, args[0]);
        return nested.create<arith::MulFOp>(rate, error);
      });
}

/// state + key value^T, in place.
Value LinearAttention::write(Value state, const Operand &key,
                             const Operand &value) {
  return l.createGeneric(
      {key.tensor, value.tensor}, state,
      {key.map, value.map, getMap(4, {b, g, d, e})},
      SmallVector<utils::IteratorType>(4, parallel), [&](B &nested, ValueRange args) {
        return buildMultiplyAdd(nested, args[0], key.element, args[1],
                                value.element, args[2]);
      });
}

/// scale * state^T query, as [B, G, R, E] of the result's elements.
Value LinearAttention::read(Value state, Value query) {
  AffineExpr r, depthLoop, column;
  bindDims(l.builder.getContext(), b, g, r, column, depthLoop);
  Shape shape = {batch, groups, shared, width};
  Value sum = l.createGeneric(
      {query, state}, l.createFilled(shape, l.builder.getZeroAttr(f32)),
      {getMap(5, {b, g, r, depthLoop}), getMap(5, {b, g, depthLoop, column}),
       getMap(5, {b, g, r, column})},
      {parallel, parallel, parallel, parallel, reduction},
      [&](B &nested, ValueRange args) {
        return buildMultiplyAdd(nested, args[0], element, args[1], f32, args[2]);
      });
  bindDims(l.builder.getContext(), b, g, d, e);
  return l.createElementwise(
      sum, shape, shape, {f32, element}, [&](B &nested, ArrayRef<Value> args) -> Value {
        Value scale = nested.create<arith::ConstantOp>(
            nested.getF32FloatAttr(op.getScale().convertToFloat()));
        return nested.create<arith::MulFOp>(args[0], scale);
      });
}

void LinearAttention::lower() {
  B &builder = l.builder;
  OpFoldResult zero = l.shapes.get(0), one = l.shapes.get(1);
  Shape all = {batch, steps, groups, shared, width};
  Shape grouped = {batch, steps, groups, shared, depth};
  OpFoldResult heads = l.shapes.get(op.getQHeads());
  queries = l.createReshape(queries, {batch, steps, heads, depth}, grouped);
  Value init[] = {l.createEmpty(all, getStorageType(element)), getInitialState()};
  auto loop = builder.create<scf::ForOp>(
      l.shapes.getValue(zero), l.shapes.getValue(steps), l.shapes.getValue(one), init);
  {
    OpBuilder::InsertionGuard guard(builder);
    nn::ShapeBuilder::Scope scope(l.shapes);
    builder.setInsertionPointToStart(loop.getBody());
    Value t = loop.getInductionVar(), state = loop.getRegionIterArg(1);
    AffineExpr constant = builder.getAffineConstantExpr(0);
    Operand key = getStep(op.getKey(), keys, t, groups, depth, {b, g, d});
    Operand value = getStep(op.getValue(), values, t, groups, width, {b, g, e});
    if (op.getDecay())
      state = decay(state, getStep(op.getDecay(), gates, t, groups, decays,
                                   {b, g, nn::areEqual(decays, one) ? constant : d}));
    if (op.getBeta()) {
      Operand beta = getStep(op.getBeta(), rates, t, betas, one,
                             {b, nn::areEqual(betas, one) ? constant : g, constant});
      value = {correct(state, key, value, beta), getMap(4, {b, g, e}), f32};
    }
    state = write(state, key, value);
    Type stored = getElementTypeOrSelf(queries.getType());
    Value query = builder.create<tensor::ExtractSliceOp>(
        RankedTensorType::get(nn::getStaticShape({batch, groups, shared, depth}), stored),
        queries, Shape{zero, t, zero, zero, zero},
        Shape{batch, one, groups, shared, depth}, Shape(5, one));
    Value results = builder.create<tensor::InsertSliceOp>(
        read(state, query), loop.getRegionIterArg(0), Shape{zero, t, zero, zero, zero},
        Shape{batch, one, groups, shared, width}, Shape(5, one));
    builder.create<scf::YieldOp>(ValueRange{results, state});
  }
  l.set(op.getResult(),
        l.createReshape(loop.getResult(0), all, l.getShape(op.getResult())));
  l.set(op.getPresent(),
        l.createRounded(loop.getResult(1), {batch, groups, depth, width},
                        getElementTypeOrSelf(op.getPresent().getType())));
}

LogicalResult lowerLinearAttention(nn::LinearAttentionOp op, Lowering &l) {
  LinearAttention(op, l).lower();
  return success();
}
} // namespace

void burin::addLinearAttentionLowering(LowerTable &table) {
  addLowering<nn::LinearAttentionOp, lowerLinearAttention>(table);
}
