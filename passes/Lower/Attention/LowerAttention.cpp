//===- LowerAttention.cpp - Attention -------------------------------------===//
//
// Query heads that share a key head are rows of one product, so that keys and
// values are never copied. The softmax is not divided by its sum: the result is,
// which has fewer elements.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Reduction/Folding.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace burin {
void addRotaryEmbeddingLowering(LowerTable &table); // LowerRotaryEmbedding.cpp
void addLinearAttentionLowering(LowerTable &table); // LowerLinearAttention.cpp
} // namespace burin

namespace {
constexpr auto parallel = utils::IteratorType::parallel;
constexpr auto reduction = utils::IteratorType::reduction;

Type getElement(Value nnTensor) {
  return getElementTypeOrSelf(nnTensor.getType());
}

Value getFloat(B &b, Type type, double value) {
  return b.create<arith::ConstantOp>(b.getFloatAttr(type, value));
}

class Attention {
public:
  Attention(nn::AttentionOp op, Lowering &l);
  void lower();

private:
  Shape getGrouped(OpFoldResult rows, OpFoldResult columns) {
    return {batch, groups, shared, rows, columns};
  }
  Shape getScoresShape() { return {batch, heads, queries, keys}; }

  void check();
  Value scaleQuery();
  Value contract(Value lhs, Value rhs, Type rhsType, const Shape &out,
                 bool transposed);
  Value map(Value scores, Type to, ScalarBody body);
  Value capScores(Value scores);
  Value padBias();
  Value hideScores(Value scores);
  Value isVisible(B &b, Value offset, Value length);
  void setScores(int64_t stage, Value scores, Type have);

  nn::AttentionOp op;
  Lowering &l;
  Type element;     ///< Of queries and keys.
  Type type;        ///< Products are summed up in.
  Type softmaxType; ///< f32 or f64.
  OpFoldResult batch, heads, groups, shared, queries, keys, depth, width;
};

Attention::Attention(nn::AttentionOp op, Lowering &l)
    : op(op), l(l), element(getElement(op.getQuery())),
      type(getComputeType(element)),
      softmaxType(getStatisticsType(op.getSoftmaxType().value_or(element))) {
  Shape q = l.getShape(op.getQuery()), v = l.getShape(op.getValue());
  batch = q[0], heads = q[1], queries = q[2], depth = q[3];
  groups = l.getShape(op.getKey())[1];
  keys = l.getShape(op.getKey())[2];
  width = v[3];
  shared = l.shapes.floorDiv(heads, groups);
}

/// Sizes that are known only when the model runs must agree, too.
void Attention::check() {
  Twine message = "expects query, key and value that fit together";
  requireEqual(l, heads, l.shapes.mul(groups, shared), message);
  for (auto &[value, wanted] :
       {std::pair<Value, Shape>{op.getKey(), {batch, groups, keys, depth}},
        {op.getValue(), {batch, groups, keys, width}},
        {op.getLengths(), {batch}}})
    if (value)
      for (auto [have, want] : llvm::zip_equal(l.getShape(value), wanted))
        requireEqual(l, have, want, message);
  if (op.getOffset()) {
    OpFoldResult size = l.getShape(op.getOffset())[0], one = l.shapes.get(1);
    requireEqual(l, l.shapes.selectEqual(size, one, batch, size), batch, message);
  }
}

/// scale * query in the type that products are summed up in.
Value Attention::scaleQuery() {
  Shape shape = l.getShape(op.getQuery());
  double scale = op.getScale().convertToDouble();
  Value query = l.get(op.getQuery());
  if (scale != 1)
    query = l.createElementwise(
        query, shape, shape, {element, type},
        [&](B &b, ArrayRef<Value> args) -> Value {
          return b.create<arith::MulFOp>(args[0], getFloat(b, type, scale));
        });
  return l.createReshape(query, shape, getGrouped(queries, depth));
}

/// out[.., r, s, n] = sum over k of lhs[.., r, s, k] * rhs[.., k, n], or of
/// rhs[.., n, k].
Value Attention::contract(Value lhs, Value rhs, Type rhsType, const Shape &out,
                          bool transposed) {
  AffineExpr b, g, r, s, n, k;
  MLIRContext *context = l.builder.getContext();
  bindDims(context, b, g, r, s, n, k);
  SmallVector<AffineExpr> right = {b, g, k, n};
  if (transposed)
    std::swap(right[2], right[3]);
  SmallVector<utils::IteratorType> loops(5, parallel);
  loops.push_back(reduction);
  Type lhsType = getElement(lhs);
  return l.createGeneric(
      {lhs, rhs}, l.createFilled(out, l.builder.getZeroAttr(type)),
      {AffineMap::get(6, 0, {b, g, r, s, k}, context),
       AffineMap::get(6, 0, right, context),
       AffineMap::get(6, 0, {b, g, r, s, n}, context)},
      loops, [&](B &nested, ValueRange args) {
        return buildMultiplyAdd(nested, args[0], lhsType, args[1], rhsType, args[2]);
      });
}

Value Attention::map(Value scores, Type to, ScalarBody body) {
  Shape shape = getScoresShape();
  return l.createElementwise(scores, shape, shape, {getElement(scores), to}, body);
}

/// softcap * tanh(scores / softcap)
Value Attention::capScores(Value scores) {
  double cap = op.getSoftcap().convertToDouble();
  if (cap == 0)
    return scores;
  return map(scores, type, [&](B &b, ArrayRef<Value> args) -> Value {
    Value ratio = b.create<arith::DivFOp>(args[0], getFloat(b, type, cap));
    return b.create<arith::MulFOp>(b.create<math::TanhOp>(ratio),
                                   getFloat(b, type, cap));
  });
}

/// The bias with as many columns as there are keys: more of them are hidden.
Value Attention::padBias() {
  Shape shape = l.getShape(op.getBias());
  if (shape.empty() || nn::areEqual(shape.back(), keys))
    return l.get(op.getBias());
  B &b = l.builder;
  Value fits = b.create<arith::CmpIOp>(arith::CmpIPredicate::sle,
                                       l.shapes.getValue(shape.back()),
                                       l.shapes.getValue(keys));
  l.createCheck(fits, "expects a mask with at most one column for each key");
  Type stored = getStorageType(getElement(op.getBias()));
  TypedAttr hidden = b.getZeroAttr(stored);
  if (isa<FloatType>(stored))
    hidden = b.getFloatAttr(stored, -INFINITY);
  Shape sizes = shape, offsets(shape.size(), l.shapes.get(0));
  shape.back() = keys;
  return b.create<tensor::InsertSliceOp>(l.get(op.getBias()),
                                         l.createFilled(shape, hidden), offsets,
                                         sizes, Shape(shape.size(), l.shapes.get(1)));
}

/// Whether the present query sees the present key; null if all do.
Value Attention::isVisible(B &b, Value offset, Value length) {
  Value q = b.create<linalg::IndexOp>(2), k = b.create<linalg::IndexOp>(3);
  auto asIndex = [&](Value number) {
    return b.create<arith::IndexCastOp>(b.getIndexType(), number);
  };
  if (offset)
    q = b.create<arith::AddIOp>(q, asIndex(offset));
  Value visible = op.getMask().buildIsVisible(b, b.getLoc(), q, k);
  if (!length)
    return visible;
  Value exists = b.create<arith::CmpIOp>(arith::CmpIPredicate::slt, k,
                                         asIndex(length));
  return visible ? b.create<arith::AndIOp>(visible, exists) : exists;
}

/// Scores with the bias, -inf where hidden, in the softmax's type.
Value Attention::hideScores(Value scores) {
  Shape shape = getScoresShape();
  OpFoldResult one = l.shapes.get(1);
  SmallVector<Value> operands = {scores};
  SmallVector<Shape> shapes = {shape};
  SmallVector<Type> types = {getElement(scores)};
  auto addOperand = [&](Value tensor, Shape from, Type element) {
    operands.push_back(tensor);
    shapes.push_back(from);
    types.push_back(element);
    return operands.size() - 1;
  };
  size_t bias = 0, offset = 0, length = 0;
  if (op.getBias()) {
    Shape from = l.getShape(op.getBias());
    if (!from.empty())
      from.back() = keys;
    // Sizes of the bias that are known must be those of the scores.
    for (auto [have, want] : llvm::zip(llvm::reverse(from), llvm::reverse(shape)))
      if (nn::getStatic(have) && nn::getStatic(have) != 1)
        requireEqual(l, have, want, "expects a mask that broadcasts to the scores");
    bias = addOperand(padBias(), from, getElement(op.getBias()));
  }
  for (auto [value, place] : {std::pair(op.getOffset(), &offset),
                              std::pair(op.getLengths(), &length)})
    if (value) {
      Shape from = l.getShape(value), to = {from[0], one, one, one};
      *place = addOperand(l.createReshape(l.get(value), from, to), to,
                          getElement(value));
    }
  types.push_back(softmaxType);
  auto body = [&](B &b, ArrayRef<Value> args) -> Value {
    Value minus = getFloat(b, softmaxType, -INFINITY);
    Value result = Lowering::castScalar(b, args[0], types[0], softmaxType, true);
    Value visible = isVisible(b, offset ? args[offset] : Value(),
                              length ? args[length] : Value());
    if (bias && types[bias].isInteger(1)) {
      visible = visible ? b.create<arith::AndIOp>(visible, args[bias]) : args[bias];
    } else if (bias) {
      // -inf hides even a score that is NaN.
      Value added =
          Lowering::castScalar(b, args[bias], types[bias], softmaxType, true);
      Value isHidden =
          b.create<arith::CmpFOp>(arith::CmpFPredicate::OEQ, added, minus);
      Value sum = b.create<arith::AddFOp>(result, added);
      result = b.create<arith::SelectOp>(isHidden, minus, sum);
    }
    return visible ? b.create<arith::SelectOp>(visible, result, minus) : result;
  };
  return l.createElementwise(operands, shapes, shape, types, body);
}

/// Result number 1, if that is what it is to be.
void Attention::setScores(int64_t stage, Value scores, Type have) {
  if (op.getScores() && op.getScoresStage() == uint64_t(stage))
    l.set(op.getScores(),
          have == element ? scores
                          : map(scores, element, [&](B &b, ArrayRef<Value> args) {
                              return Lowering::castScalar(b, args[0], have, element,
                                                          true);
                            }));
}

void Attention::lower() {
  check();
  Shape shape = getScoresShape(), grouped = getGrouped(queries, keys);
  Value scores = contract(scaleQuery(), l.get(op.getKey()), element, grouped, true);
  scores = l.createReshape(scores, grouped, shape);
  setScores(0, scores, type);
  scores = capScores(scores);
  setScores(1, scores, type);
  bool hides = op.getBias() || op.getLengths() ||
               !isa<nn::DenseMaskAttr>(op.getMask());
  if (hides || type != softmaxType)
    scores = hideScores(scores);
  setScores(2, scores, softmaxType);

  Folding rows(l, shape, {3});
  Folding::Input all = rows.all(scores, softmaxType);
  Value largest = rows.foldMax(all);
  if (hides) // A row of which nothing is seen: exp(-inf - 0) is 0.
    largest = rows.mapKept(largest, softmaxType, [&](B &b, ArrayRef<Value> args) {
      Value isHidden = b.create<arith::CmpFOp>(
          arith::CmpFPredicate::OEQ, args[0], getFloat(b, softmaxType, -INFINITY));
      return b.create<arith::SelectOp>(isHidden, getFloat(b, softmaxType, 0),
                                       args[0]);
    });
  Value powers = rows.map({all, rows.kept(largest, softmaxType)}, softmaxType,
                          [](B &b, ArrayRef<Value> args) -> Value {
                            return b.create<math::ExpOp>(
                                b.create<arith::SubFOp>(args[0], args[1]));
                          });
  all = rows.all(powers, softmaxType);
  Value sum = rows.foldSum(all, softmaxType,
                           [](B &, ArrayRef<Value> args) { return args[0]; });
  Value factor = rows.mapKept(sum, softmaxType, [&](B &b, ArrayRef<Value> args) {
    Value zero = getFloat(b, softmaxType, 0);
    Value isEmpty =
        b.create<arith::CmpFOp>(arith::CmpFPredicate::OEQ, args[0], zero);
    Value inverse = b.create<arith::DivFOp>(getFloat(b, softmaxType, 1), args[0]);
    return b.create<arith::SelectOp>(isEmpty, zero, inverse);
  });
  auto multiply = [](B &b, ArrayRef<Value> args) -> Value {
    return b.create<arith::MulFOp>(args[0], args[1]);
  };
  if (op.getScores() && op.getScoresStage() == 3)
    setScores(3, rows.map({all, rows.kept(factor, softmaxType)}, softmaxType, multiply),
              softmaxType);

  Shape out = getGrouped(queries, width), result = {batch, heads, queries, width};
  Value product = contract(l.createReshape(powers, shape, grouped),
                           l.get(op.getValue()), getElement(op.getValue()), out,
                           false);
  Shape kept = {batch, heads, queries, l.shapes.get(1)};
  l.set(op.getResult(),
        l.createElementwise(
            {l.createReshape(product, out, result),
             l.createReshape(factor, {batch, heads, queries}, kept)},
            {result, kept}, result, {type, softmaxType, element},
            [&](B &b, ArrayRef<Value> args) -> Value {
              Value scale =
                  Lowering::castScalar(b, args[1], softmaxType, type, true);
              return b.create<arith::MulFOp>(args[0], scale);
            }));
}

LogicalResult lowerAttention(nn::AttentionOp op, Lowering &l) {
  Attention(op, l).lower();
  return success();
}
} // namespace

void burin::addAttentionLowerings(LowerTable &table) {
  addLowering<nn::AttentionOp, lowerAttention>(table);
  addRotaryEmbeddingLowering(table);
  addLinearAttentionLowering(table);
}
