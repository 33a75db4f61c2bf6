//===- LowerRotaryEmbedding.cpp - Pairs rotated by position ---------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Reduction/Folding.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace burin {
void addRotaryEmbeddingLowering(LowerTable &table);
} // namespace burin

namespace {
class Rotation {
public:
  Rotation(nn::RotaryEmbeddingOp op, Lowering &l);
  Value build();

private:
  /// Elements of the last dimension.
  struct Part {
    OpFoldResult start, size, step;
  };
  Value extract(const Part &part);
  Value insert(Value value, const Part &part, Value result);
  Value getTable(Value nnTable);
  Value rotate(bool second);

  nn::RotaryEmbeddingOp op;
  Lowering &l;
  Type element;
  Shape shape; ///< Of x with its heads: [B, heads, S, D] or [B, S, heads, D].
  Shape pairs; ///< One element for each pair.
  Shape table; ///< cos and sin, as they broadcast.
  OpFoldResult count;
  Value x, cos, sin;
  Part first, second, rest;
};

Rotation::Rotation(nn::RotaryEmbeddingOp op, Lowering &l)
    : op(op), l(l), element(getElementTypeOrSelf(op.getX().getType())) {
  nn::ShapeBuilder &shapes = l.shapes;
  OpFoldResult zero = shapes.get(0), one = shapes.get(1), two = shapes.get(2);
  shape = l.getShape(op.getX());
  x = l.get(op.getX());
  if (op.getHeads() != 0) {
    OpFoldResult heads = shapes.get(op.getHeads());
    Shape split = {shape[0], shape[1], heads, shapes.floorDiv(shape[2], heads)};
    requireEqual(l, shape[2], shapes.mul(heads, split[3]),
                 "expects heads of equal size");
    x = l.createReshape(x, shape, split);
    shape = split;
  }
  count = l.getShape(op.getCos())[2];
  pairs = shape;
  pairs[3] = count;
  table = {shape[0], one, shape[2], count};
  if (op.getHeads() != 0)
    table = {shape[0], shape[1], one, count};
  OpFoldResult rotated = shapes.mul(count, two);
  first = {zero, count, one}, second = {count, count, one};
  if (op.getInterleaved())
    first = {zero, count, two}, second = {one, count, two};
  rest = {rotated, shapes.sub(shape[3], rotated), one};
  std::optional<int64_t> left = nn::getStatic(rest.size);
  if (!left || *left < 0)
    l.createCheck(l.builder.create<arith::CmpIOp>(
                      arith::CmpIPredicate::sge, shapes.getValue(rest.size),
                      shapes.getValue(zero)),
                  "expects at most as many pairs as a head has");
  cos = getTable(op.getCos());
  sin = getTable(op.getSin());
}

Value Rotation::getTable(Value nnTable) {
  Shape from = l.getShape(nnTable), wanted = {shape[0], table[op.getHeads() ? 1 : 2],
                                              count};
  for (auto [have, want] : llvm::zip_equal(from, wanted))
    requireEqual(l, have, want, "expects cos and sin for each token");
  return l.createReshape(l.createCast(l.get(nnTable), wanted), wanted, table);
}

Value Rotation::extract(const Part &part) {
  OpFoldResult zero = l.shapes.get(0), one = l.shapes.get(1);
  Shape sizes = shape;
  sizes[3] = part.size;
  return l.builder.create<tensor::ExtractSliceOp>(
      x, Shape{zero, zero, zero, part.start}, sizes, Shape{one, one, one, part.step});
}

Value Rotation::insert(Value value, const Part &part, Value result) {
  OpFoldResult zero = l.shapes.get(0), one = l.shapes.get(1);
  Shape sizes = shape;
  sizes[3] = part.size;
  return l.builder.create<tensor::InsertSliceOp>(
      value, result, Shape{zero, zero, zero, part.start}, sizes,
      Shape{one, one, one, part.step});
}

/// One element of every pair (u, v).
Value Rotation::rotate(bool isSecond) {
  SmallVector<Value> operands = {extract(first), extract(second), cos, sin};
  return l.createElementwise(
      operands, {pairs, pairs, table, table}, pairs,
      SmallVector<Type>(5, element), [&](B &b, ArrayRef<Value> args) -> Value {
        Value u = args[isSecond ? 1 : 0], v = args[isSecond ? 0 : 1];
        Value x = b.create<arith::MulFOp>(args[2], u);
        Value y = b.create<arith::MulFOp>(args[3], v);
        if (isSecond)
          return b.create<arith::AddFOp>(x, y);
        return b.create<arith::SubFOp>(x, y);
      });
}

Value Rotation::build() {
  Value result = l.createEmpty(shape, getStorageType(element));
  result = insert(rotate(false), first, result);
  result = insert(rotate(true), second, result);
  if (nn::getStatic(rest.size) != 0)
    result = insert(extract(rest), rest, result);
  return l.createReshape(result, shape, l.getShape(op.getResult()));
}

LogicalResult lowerRotaryEmbedding(nn::RotaryEmbeddingOp op, Lowering &l) {
  l.set(op, Rotation(op, l).build());
  return success();
}
} // namespace

void burin::addRotaryEmbeddingLowering(LowerTable &table) {
  addLowering<nn::RotaryEmbeddingOp, lowerRotaryEmbedding>(table);
}
