//===- Reshape.cpp - Other shapes and other orders ------------------------===//

#include "dialects/NN/Shapes/ShapeRules.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Movement/MovementLowering.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

//===- Views ---------------------------------------------------------------===//

namespace {
/// Dimensions of both shapes that have as many elements: the finer the groups,
/// the fewer views of strided memory need a copy.
struct Groups {
  SmallVector<ReassociationIndices> from, to;

  void add(ArrayRef<int64_t> someFrom, ArrayRef<int64_t> someTo) {
    from.emplace_back(someFrom);
    to.emplace_back(someTo);
  }
};
} // namespace

static SmallVector<int64_t> getRange(int64_t begin, int64_t end) {
  return llvm::to_vector(llvm::seq<int64_t>(begin, end));
}

static bool isZero(OpFoldResult size) { return nn::getStatic(size) == 0; }
static bool isOne(OpFoldResult size) { return nn::getStatic(size) == 1; }

/// The smallest next group of both from `i` and `j` on: where it ends.
static std::optional<std::pair<size_t, size_t>>
findGroup(Lowering &l, ArrayRef<OpFoldResult> from, ArrayRef<OpFoldResult> to,
          size_t i, size_t j) {
  for (size_t total = 2; total <= from.size() - i + to.size() - j; ++total)
    for (size_t n = 1; n < total; ++n) {
      size_t m = total - n;
      if (i + n <= from.size() && j + m <= to.size() &&
          nn::areProductsEqual(l.shapes, from.slice(i, n), to.slice(j, m)))
        return std::pair(i + n, j + m);
    }
  return std::nullopt;
}

/// Both shapes have dimensions, none of size 0.
static Groups getGroups(Lowering &l, ArrayRef<OpFoldResult> from,
                        ArrayRef<OpFoldResult> to) {
  Groups groups, all;
  all.add(getRange(0, from.size()), getRange(0, to.size()));
  size_t i = 0, j = 0;
  while (i < from.size() && j < to.size()) {
    auto end = findGroup(l, from, to, i, j);
    if (!end) // Known only at run time.
      end = std::pair(from.size(), to.size());
    groups.add(getRange(i, end->first), getRange(j, end->second));
    std::tie(i, j) = *end;
  }
  // Ones at the end belong to the last group.
  if (!llvm::all_of(from.drop_front(i), isOne) ||
      !llvm::all_of(to.drop_front(j), isOne))
    return all;
  llvm::append_range(groups.from.back(), getRange(i, from.size()));
  llvm::append_range(groups.to.back(), getRange(j, to.size()));
  return groups;
}

/// The static size of a group: unknown if one of its sizes is.
static int64_t getGroupSize(ArrayRef<int64_t> sizes,
                            ArrayRef<int64_t> indices) {
  int64_t product = 1;
  for (int64_t i : indices) {
    if (ShapedType::isDynamic(sizes[i]))
      return ShapedType::kDynamic;
    product *= sizes[i];
  }
  return product;
}

static bool isTrivial(ArrayRef<ReassociationIndices> groups) {
  return llvm::all_of(groups, [](ArrayRef<int64_t> g) { return g.size() == 1; });
}

static Value castTo(B &b, Value tensor, ArrayRef<int64_t> sizes) {
  auto type = cast<RankedTensorType>(tensor.getType());
  auto wanted = RankedTensorType::get(sizes, type.getElementType());
  if (type == wanted)
    return tensor;
  return b.create<tensor::CastOp>(wanted, tensor);
}

/// Bufferization expands a dimension to one of unknown size at most.
static bool canExpand(ArrayRef<ReassociationIndices> groups,
                      ArrayRef<int64_t> sizes) {
  return llvm::all_of(groups, [&](ArrayRef<int64_t> group) {
    return llvm::count_if(group, [&](int64_t i) {
             return ShapedType::isDynamic(sizes[i]);
           }) <= 1;
  });
}

Value Lowering::createReshape(Value tensor, ArrayRef<OpFoldResult> from,
                              ArrayRef<OpFoldResult> to) {
  tensor = createCast(tensor, from);
  if (llvm::equal(from, to, nn::areEqual))
    return createCast(tensor, to);
  Type storage = cast<RankedTensorType>(tensor.getType()).getElementType();
  if (llvm::any_of(from, isZero) || llvm::any_of(to, isZero))
    return createEmpty(to, storage);
  SmallVector<int64_t> have = nn::getStaticShape(from);
  SmallVector<int64_t> want = nn::getStaticShape(to);
  auto type = RankedTensorType::get(want, storage);
  if (to.empty()) { // Of one element, whatever is known of it.
    tensor = castTo(builder, tensor, SmallVector<int64_t>(from.size(), 1));
    return builder.create<tensor::CollapseShapeOp>(
        type, tensor, ArrayRef<ReassociationIndices>());
  }
  if (from.empty()) {
    auto ones =
        RankedTensorType::get(SmallVector<int64_t>(to.size(), 1), storage);
    Value expanded = builder.create<tensor::ExpandShapeOp>(
        ones, tensor, ArrayRef<ReassociationIndices>());
    return castTo(builder, expanded, want);
  }
  Groups groups = getGroups(*this, from, to);
  if (!canExpand(groups.to, want)) {
    SmallVector<Value> sizes;
    for (OpFoldResult size : to)
      sizes.push_back(shapes.getValue(size));
    return builder.create<tensor::ReshapeOp>(
        type, tensor, builder.create<tensor::FromElementsOp>(sizes));
  }
  SmallVector<int64_t> collapsed, middle;
  for (auto [g, h] : llvm::zip_equal(groups.from, groups.to)) {
    collapsed.push_back(getGroupSize(have, g));
    middle.push_back(getGroupSize(want, h));
  }
  if (!isTrivial(groups.from))
    tensor = builder.create<tensor::CollapseShapeOp>(
        RankedTensorType::get(collapsed, storage), tensor, groups.from);
  tensor = castTo(builder, tensor, middle);
  if (isTrivial(groups.to))
    return tensor;
  return builder.create<tensor::ExpandShapeOp>(type, tensor, groups.to,
                                               SmallVector<OpFoldResult>(to));
}

Value burin::createCheckedReshape(Lowering &l, Value tensor,
                                  ArrayRef<OpFoldResult> from,
                                  ArrayRef<OpFoldResult> to) {
  if (!nn::areProductsEqual(l.shapes, from, to))
    requireEqual(l, l.shapes.product(from), l.shapes.product(to),
                 "a shape of another number of elements");
  return l.createReshape(tensor, from, to);
}

//===- Ops -----------------------------------------------------------------===//

namespace {
template <typename OpTy>
LogicalResult lowerReshape(OpTy op, Lowering &l) {
  l.set(op, createCheckedReshape(l, l.get(op.getX()), l.getShape(op.getX()),
                                 l.getShape(op)));
  return success();
}

/// A transpose that only moves dimensions of size 1.
bool isReshape(const Shape &from, ArrayRef<int64_t> permutation) {
  int64_t last = -1;
  for (int64_t d : permutation) {
    if (isOne(from[d]))
      continue;
    if (d < last)
      return false;
    last = d;
  }
  return true;
}

LogicalResult lowerTranspose(nn::TransposeOp op, Lowering &l) {
  Shape from = l.getShape(op.getX());
  Value x = l.get(op.getX());
  if (isReshape(from, op.getPermutation()))
    l.set(op, l.createReshape(x, from, l.getShape(op)));
  else
    l.set(op, l.createTranspose(x, from, op.getPermutation()));
  return success();
}

Shape permute(const Shape &shape, ArrayRef<int64_t> permutation) {
  Shape result;
  for (int64_t d : permutation)
    result.push_back(shape[d]);
  return result;
}

/// Splits dimensions, reorders them, joins them.
LogicalResult lowerBlocks(Operation *op, Lowering &l, const Shape &split,
                          ArrayRef<int64_t> permutation) {
  Value x = op->getOperand(0), result = op->getResult(0);
  Value moved = createCheckedReshape(l, l.get(x), l.getShape(x), split);
  moved = l.createTranspose(moved, split, permutation);
  l.set(result, l.createReshape(moved, permute(split, permutation),
                                l.getShape(result)));
  return success();
}

LogicalResult lowerDepthToSpace(nn::DepthToSpaceOp op, Lowering &l) {
  Shape from = l.getShape(op.getX()), to = l.getShape(op);
  OpFoldResult block = l.shapes.get(op.getBlock());
  if (op.getChannelsLast()) {
    if (op.getCrd())
      return lowerBlocks(op, l, {to[0], from[1], from[2], to[3], block, block},
                         {0, 1, 4, 2, 5, 3});
    return lowerBlocks(op, l, {to[0], from[1], from[2], block, block, to[3]},
                       {0, 1, 3, 2, 4, 5});
  }
  if (op.getCrd())
    return lowerBlocks(op, l, {to[0], to[1], block, block, from[2], from[3]},
                       {0, 1, 4, 2, 5, 3});
  return lowerBlocks(op, l, {to[0], block, block, to[1], from[2], from[3]},
                     {0, 3, 4, 1, 5, 2});
}

LogicalResult lowerSpaceToDepth(nn::SpaceToDepthOp op, Lowering &l) {
  Shape from = l.getShape(op.getX()), to = l.getShape(op);
  OpFoldResult block = l.shapes.get(op.getBlock());
  if (op.getChannelsLast()) {
    Shape split = {from[0], to[1], block, to[2], block, from[3]};
    if (op.getCrd())
      return lowerBlocks(op, l, split, {0, 1, 3, 5, 2, 4});
    return lowerBlocks(op, l, split, {0, 1, 3, 2, 4, 5});
  }
  Shape split = {from[0], from[1], to[2], block, to[3], block};
  if (op.getCrd())
    return lowerBlocks(op, l, split, {0, 1, 3, 5, 2, 4});
  return lowerBlocks(op, l, split, {0, 3, 5, 1, 2, 4});
}

LogicalResult lowerReverseSequence(nn::ReverseSequenceOp op, Lowering &l) {
  Shape shape = l.getShape(op);
  int64_t rank = shape.size(), time = op.getTimeAxis();
  requireEqual(l, l.getShape(op.getLengths())[0], shape[op.getBatchAxis()],
               "ReverseSequence: not one length per batch");
  Value x = l.get(op.getX()), size = l.shapes.getValue(shape[time]);
  Type storage = cast<RankedTensorType>(x.getType()).getElementType();
  l.set(op, createIndexed(
                l, shape, storage, l.get(op.getLengths()),
                getDimsMap(l, rank, int64_t(op.getBatchAxis())),
                [&](B &b, ArrayRef<Value> values) -> Value {
                  SmallVector<Value> at(values.take_front(rank));
                  Value length = b.create<arith::IndexCastOp>(b.getIndexType(),
                                                              values.back());
                  length = clampIndex(b, length, size);
                  Value one = b.create<arith::ConstantIndexOp>(1);
                  Value mirrored =
                      subIndex(b, subIndex(b, length, one), at[time]);
                  Value isInside = b.create<arith::CmpIOp>(
                      arith::CmpIPredicate::slt, at[time], length);
                  at[time] =
                      b.create<arith::SelectOp>(isInside, mirrored, at[time]);
                  return b.create<tensor::ExtractOp>(x, at);
                }));
  return success();
}
} // namespace

void burin::addReshapeLowerings(LowerTable &table) {
  addLowering<nn::ReshapeOp, lowerReshape>(table);
  addLowering<nn::FlattenOp, lowerReshape>(table);
  addLowering<nn::SqueezeOp, lowerReshape>(table);
  addLowering<nn::UnsqueezeOp, lowerReshape>(table);
  addLowering<nn::TransposeOp, lowerTranspose>(table);
  addLowering<nn::DepthToSpaceOp, lowerDepthToSpace>(table);
  addLowering<nn::SpaceToDepthOp, lowerSpaceToDepth>(table);
  addLowering<nn::ReverseSequenceOp, lowerReverseSequence>(table);
}
