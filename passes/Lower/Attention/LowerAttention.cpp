//===- LowerAttention.cpp - Attention -------------------------------------===//
//
// In f32 one op of the exec dialect is enough, in which the scores stay in the
// cache. For all else: query heads that share a key head are rows of one product,
// so that keys and values are never copied. The softmax is not divided by its sum:
// the result is, which has fewer elements.
//
//===----------------------------------------------------------------------===//

#include "dialects/Exec/Exec.h"
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
  bool canStayWhole();
  void lower();

private:
  Shape getGrouped(OpFoldResult rows, OpFoldResult columns) {
    return {batch, groups, shared, rows, columns};
  }
  Shape getScoresShape() { return {batch, heads, queries, keys}; }

  /// What scores are changed by besides themselves.
  struct Hiding {
    SmallVector<Value> operands;
    SmallVector<Shape> shapes;
    SmallVector<Type> types;
    size_t bias = 0, offset = 0, length = 0; ///< Which operand; 0: none.
  };

  bool hides() {
    return op.getBias() || op.getLengths() || !isa<nn::DenseMaskAttr>(op.getMask());
  }
  void check();
  void lowerWhole();
  Value buildScore(B &b, const Hiding &hiding, ArrayRef<Value> args, Value q, Value k);
  Value scaleQuery();
  Value contract(Value lhs, Value rhs, Type rhsType, const Shape &out,
                 bool transposed);
  Value map(Value scores, Type to, ScalarBody body);
  Value cap(B &b, Value score);
  Value capScores(Value scores);
  Value padBias();
  Hiding findHiding(Value scores);
  Value hide(B &b, const Hiding &hiding, ArrayRef<Value> args, Value q, Value k);
  Value hideScores(Value scores);
  Value isVisible(B &b, Value q, Value k, Value offset, Value length);
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
  batch = q[0], heads = q[1], queries = q[2], depth = q[3], width = v[3];
  Shape k = l.getShape(op.getKey());
  groups = k[1], keys = k[2];
  if (canStayWhole()) {
    for (OpFoldResult size : {k[0], v[0]})
      batch = l.shapes.broadcast(batch, size).value_or(batch);
    groups = l.shapes.broadcast(groups, v[1]).value_or(groups);
  }
  shared = l.shapes.floorDiv(heads, groups);
}

/// Sizes that are known only when the model runs must agree, too.
void Attention::check() {
  Twine message = "expects query, key and value that fit together";
  requireEqual(l, heads, l.shapes.mul(groups, shared), message);
  OpFoldResult one = l.shapes.get(1);
  for (auto &[value, wanted] :
       {std::pair<Value, Shape>{op.getQuery(), {batch, heads, queries, depth}},
        {op.getKey(), {batch, groups, keys, depth}},
        {op.getValue(), {batch, groups, keys, width}},
        {op.getLengths(), {batch}}})
    for (auto [d, want] : llvm::enumerate(value ? wanted : Shape())) {
      OpFoldResult have = l.getShape(value)[d];
      // Where one op does all, what is there once serves all batches and heads.
      if (d < 2 && value != op.getLengths() && canStayWhole())
        have = l.shapes.selectEqual(have, one, want, have);
      requireEqual(l, have, want, message);
    }
  if (op.getOffset()) {
    OpFoldResult size = l.getShape(op.getOffset())[0];
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

/// softcap * tanh(score / softcap)
Value Attention::cap(B &b, Value score) {
  double cap = op.getSoftcap().convertToDouble();
  if (cap == 0)
    return score;
  Value ratio = b.create<arith::DivFOp>(score, getFloat(b, type, cap));
  return b.create<arith::MulFOp>(b.create<math::TanhOp>(ratio), getFloat(b, type, cap));
}

Value Attention::capScores(Value scores) {
  if (op.getSoftcap().isZero())
    return scores;
  return map(scores, type,
             [&](B &b, ArrayRef<Value> args) { return cap(b, args[0]); });
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

/// Whether query `q` sees key `k`; null if all do.
Value Attention::isVisible(B &b, Value q, Value k, Value offset, Value length) {
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

Attention::Hiding Attention::findHiding(Value scores) {
  Shape shape = getScoresShape();
  OpFoldResult one = l.shapes.get(1);
  Hiding hiding{{scores}, {shape}, {scores ? getElement(scores) : type}};
  auto addOperand = [&](Value tensor, Shape from, Type element) {
    hiding.operands.push_back(tensor);
    hiding.shapes.push_back(from);
    hiding.types.push_back(element);
    return hiding.operands.size() - 1;
  };
  if (op.getBias()) {
    Shape from = l.getShape(op.getBias());
    if (!from.empty())
      from.back() = keys;
    // Sizes of the bias must be those of the scores, or 1.
    for (auto [have, want] : llvm::zip(llvm::reverse(from), llvm::reverse(shape)))
      if (nn::getStatic(have) != 1)
        requireEqual(l, l.shapes.selectEqual(have, one, want, have), want,
                     "expects a mask that broadcasts to the scores");
    hiding.bias = addOperand(padBias(), from, getElement(op.getBias()));
  }
  for (auto [value, place] : {std::pair(op.getOffset(), &hiding.offset),
                              std::pair(op.getLengths(), &hiding.length)})
    if (value) {
      Shape from = l.getShape(value), to = {from[0], one, one, one};
      *place = addOperand(l.createReshape(l.get(value), from, to), to,
                          getElement(value));
    }
  return hiding;
}

/// A score with the bias, -inf where hidden, in the softmax's type.
Value Attention::hide(B &b, const Hiding &hiding, ArrayRef<Value> args, Value q, Value k) {
  auto cast = [&](size_t i) {
    return Lowering::castScalar(b, args[i], hiding.types[i], softmaxType, true);
  };
  auto find = [&](size_t i) { return i ? args[i] : Value(); };
  Value minus = getFloat(b, softmaxType, -INFINITY), result = cast(0);
  Value visible = isVisible(b, q, k, find(hiding.offset), find(hiding.length));
  if (hiding.bias && hiding.types[hiding.bias].isInteger(1)) {
    Value bias = args[hiding.bias];
    visible = visible ? b.create<arith::AndIOp>(visible, bias) : bias;
  } else if (hiding.bias) {
    // -inf hides even a score that is NaN.
    Value added = cast(hiding.bias);
    Value isHidden = b.create<arith::CmpFOp>(arith::CmpFPredicate::OEQ, added, minus);
    Value sum = b.create<arith::AddFOp>(result, added);
    result = op.getNanUnseen() || op.getZeroNan()
                 ? sum
                 : b.create<arith::SelectOp>(isHidden, minus, sum);
  }
  return visible ? b.create<arith::SelectOp>(visible, result, minus) : result;
}

Value Attention::hideScores(Value scores) {
  Hiding hiding = findHiding(scores);
  hiding.types.push_back(softmaxType);
  return l.createElementwise(
      hiding.operands, hiding.shapes, getScoresShape(), hiding.types,
      [&](B &b, ArrayRef<Value> args) {
        return hide(b, hiding, args, b.create<linalg::IndexOp>(2),
                    b.create<linalg::IndexOp>(3));
      });
}

/// Whether one op does all of it.
bool Attention::canStayWhole() {
  return element.isF32() && softmaxType.isF32() && getElement(op.getValue()).isF32() &&
         !op.getScores() && nn::getStatic(depth) && nn::getStatic(width);
}

/// An operand as it was before a transpose, and how it lies.
static std::pair<Value, SmallVector<int64_t>> skipTranspose(Value nnValue) {
  SmallVector<int64_t> order = {0, 1, 2, 3};
  auto transpose = nnValue.getDefiningOp<nn::TransposeOp>();
  if (!transpose)
    return {nnValue, order};
  for (auto [to, from] : llvm::enumerate(transpose.getPermutation()))
    order[from] = to;
  return {transpose.getX(), order};
}

/// The only op that reads elements.
static Operation *findReader(Value nnValue) {
  Operation *reader = nullptr;
  for (Operation *user : nnValue.getUsers())
    if (!isa<nn::ShapeOp>(user) && std::exchange(reader, user))
      return nullptr;
  return reader;
}

/// The permutation by which a result is read: it can be stored like that. Exporters reshape
/// it before to what it is, in numbers that are known at run time only; where they are not,
/// it is moved once more.
static SmallVector<int64_t> findReadOrder(Value result) {
  Operation *reader = findReader(result);
  if (auto reshape = dyn_cast_or_null<nn::ReshapeOp>(reader);
      reshape && succeeded(verifyCompatibleShape(reshape.getType(), result.getType())))
    reader = findReader(reshape);
  if (auto transpose = dyn_cast_or_null<nn::TransposeOp>(reader);
      transpose && transpose.getPermutation().back() == 3)
    return llvm::to_vector(transpose.getPermutation());
  return {0, 1, 2, 3};
}

Value Attention::buildScore(B &b, const Hiding &hiding, ArrayRef<Value> args, Value q,
                            Value k) {
  SmallVector<Value> scalars;
  for (auto [arg, type] : llvm::zip_equal(args, hiding.types))
    scalars.push_back(Lowering::toCompute(b, arg, type));
  double scale = op.getScale().convertToDouble();
  if (scale != 1)
    scalars[0] = b.create<arith::MulFOp>(scalars[0], getFloat(b, type, scale));
  scalars[0] = cap(b, scalars[0]);
  return hides() ? hide(b, hiding, scalars, q, k) : scalars[0];
}

void Attention::lowerWhole() {
  auto [query, queryOrder] = skipTranspose(op.getQuery());
  auto [key, keyOrder] = skipTranspose(op.getKey());
  auto [value, valueOrder] = skipTranspose(op.getValue());
  Hiding hiding;
  if (hides())
    hiding = findHiding(Value());
  else
    hiding.types.push_back(type);
  Shape scores = getScoresShape(), result = {batch, heads, queries, width}, stored;
  SmallVector<Value> extras;
  for (size_t i = 1; i < hiding.operands.size(); ++i) {
    Shape from = hiding.shapes[i], four(4 - from.size(), l.shapes.get(1));
    four.append(from);
    Value extra = l.createReshape(hiding.operands[i], from, four);
    extras.push_back(l.createStretched(extra, four, scores));
  }
  SmallVector<int64_t> order = findReadOrder(op.getResult());
  SmallVector<int64_t> back(4);
  for (auto [to, from] : llvm::enumerate(order)) {
    stored.push_back(result[from]);
    back[from] = to;
  }
  B &b = l.builder;
  Value init = l.createEmpty(stored, type);
  auto whole = b.create<exec::AttentionOp>(
      TypeRange(init.getType()), l.get(query), l.get(key), l.get(value), extras, init,
      queryOrder, keyOrder, valueOrder, order, !op.getNanUnseen(), op.getZeroNan());
  OpBuilder::InsertionGuard guard(b);
  SmallVector<Type> types = {type};
  for (Value extra : extras)
    types.push_back(getElement(extra));
  types.append(2, b.getIndexType());
  Block *body = b.createBlock(&whole.getBody(), {}, types,
                              SmallVector<Location>(types.size(), b.getLoc()));
  SmallVector<Value> args(body->getArguments());
  Value score = buildScore(b, hiding, ArrayRef(args).drop_back(2), args[args.size() - 2],
                           args.back());
  b.create<exec::YieldOp>(score);
  b.setInsertionPointAfter(whole);
  l.set(op.getResult(), l.createTranspose(whole.getResults()[0], stored, back));
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
  if (canStayWhole())
    return lowerWhole();
  Shape shape = getScoresShape(), grouped = getGrouped(queries, keys);
  Value scores = contract(scaleQuery(), l.get(op.getKey()), element, grouped, true);
  scores = l.createReshape(scores, grouped, shape);
  setScores(0, scores, type);
  scores = capScores(scores);
  setScores(1, scores, type);
  if (hides() || type != softmaxType)
    scores = hideScores(scores);
  setScores(2, scores, softmaxType);

  Folding rows(l, shape, {3});
  Folding::Input all = rows.all(scores, softmaxType);
  Value largest = rows.foldMax(all);
  if (hides()) // A row of which nothing is seen: exp(-inf - 0) is 0.
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
  if ((op.getNanUnseen() || op.getZeroNan()) && !Attention(op, l).canStayWhole())
    return op.emitOpError("expects f32 and no scores where NaN is asked for");
  Attention(op, l).lower();
  return success();
}
} // namespace

void burin::addAttentionLowerings(LowerTable &table) {
  addLowering<nn::AttentionOp, lowerAttention>(table);
  addRotaryEmbeddingLowering(table);
  addLinearAttentionLowering(table);
}
