//===- Slice.cpp - Slice, Split, Concat, Expand, Tile ---------------------===//

#include "dialects/NN/Shapes/ShapeRules.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Movement/MovementLowering.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

static SmallVector<OpFoldResult> getOffsets(Lowering &l, size_t rank,
                                            int64_t value) {
  return SmallVector<OpFoldResult>(rank, l.shapes.get(value));
}

namespace {
//===- Slice, Split: views -------------------------------------------------===//

/// Ranges with steps that may be negative, or are known only at run time.
Value createStrided(Lowering &l, Value x, ArrayRef<int64_t> axes,
                    ArrayRef<nn::SliceRange> ranges, const Shape &shape) {
  SmallVector<std::pair<Value, Value>> bounds;
  for (const nn::SliceRange &range : ranges)
    bounds.emplace_back(l.shapes.getValue(range.start),
                        l.shapes.getValue(range.step));
  Type storage = cast<RankedTensorType>(x.getType()).getElementType();
  return createIndexed(l, shape, storage, [&](B &b, ArrayRef<Value> indices) {
    SmallVector<Value> at(indices);
    for (auto [axis, bound] : llvm::zip_equal(axes, bounds))
      at[axis] = addIndex(
          b, bound.first, b.createOrFold<arith::MulIOp>(at[axis], bound.second));
    return b.create<tensor::ExtractOp>(x, at).getResult();
  });
}

LogicalResult lowerSlice(nn::SliceOp op, Lowering &l) {
  Shape from = l.getShape(op.getX()), shape = l.getShape(op);
  Shape starts = l.shapes.getElements(op.getStarts());
  Shape ends = l.shapes.getElements(op.getEnds());
  Shape steps = l.shapes.getElements(op.getSteps());
  SmallVector<OpFoldResult> offsets = getOffsets(l, from.size(), 0);
  SmallVector<OpFoldResult> strides = getOffsets(l, from.size(), 1);
  SmallVector<nn::SliceRange> ranges;
  bool isView = true;
  for (auto [i, axis] : llvm::enumerate(op.getAxes())) {
    ranges.push_back(nn::getSliceRange(l.shapes, from[axis], starts[i], ends[i],
                                       steps[i]));
    offsets[axis] = ranges[i].start;
    strides[axis] = ranges[i].step;
    std::optional<int64_t> step = nn::getStatic(ranges[i].step);
    isView &= step && *step > 0;
    if (!step) {
      Value zero = l.shapes.getValue(l.shapes.get(0));
      l.createCheck(l.builder.create<arith::CmpIOp>(
                        arith::CmpIPredicate::ne,
                        l.shapes.getValue(ranges[i].step), zero),
                    "Slice: a step of 0");
    }
  }
  Value x = l.get(op.getX());
  if (!isView) {
    l.set(op, createStrided(l, x, op.getAxes(), ranges, shape));
    return success();
  }
  auto isConstant = [](int64_t number) {
    return [=](OpFoldResult value) { return nn::getStatic(value) == number; };
  };
  bool isWhole = llvm::all_of(offsets, isConstant(0)) &&
                 llvm::all_of(strides, isConstant(1)) &&
                 llvm::equal(from, shape, nn::areEqual);
  l.set(op, isWhole ? x
                    : l.builder.create<tensor::ExtractSliceOp>(
                          x, offsets, SmallVector<OpFoldResult>(ArrayRef(shape)), strides));
  return success();
}

LogicalResult lowerSplit(nn::SplitOp op, Lowering &l) {
  Shape from = l.getShape(op.getX());
  Value x = l.get(op.getX());
  OpFoldResult sum = l.shapes.get(0);
  SmallVector<OpFoldResult> ones = getOffsets(l, from.size(), 1), sums;
  for (Value result : op.getResults()) {
    sums.push_back(sum);
    sum = l.shapes.add(sum, l.getShape(result)[op.getAxis()]);
  }
  if (op.getSizes())
    requireEqual(l, sum, from[op.getAxis()],
                 "Split: the sizes do not add up to that of the axis");
  for (auto [result, start] : llvm::zip(op.getResults(), sums)) {
    SmallVector<OpFoldResult> offsets = getOffsets(l, from.size(), 0);
    // Parts of equal size may lie beyond the end, if they are empty.
    offsets[op.getAxis()] =
        op.getSizes() ? start : l.shapes.min(start, from[op.getAxis()]);
    l.set(result, l.builder.create<tensor::ExtractSliceOp>(
                      x, offsets, SmallVector<OpFoldResult>(ArrayRef(l.getShape(result))),
                      ones));
  }
  return success();
}

//===- Concat --------------------------------------------------------------===//

LogicalResult lowerConcat(nn::ConcatOp op, Lowering &l) {
  Shape shape = l.getShape(op);
  int64_t axis = op.getAxis();
  auto type = getStorageType(cast<RankedTensorType>(op.getType()));
  Value result = l.createEmpty(shape, type.getElementType());
  SmallVector<OpFoldResult> ones = getOffsets(l, shape.size(), 1);
  SmallVector<OpFoldResult> offsets = getOffsets(l, shape.size(), 0);
  for (Value input : op.getInputs()) {
    Shape sizes = l.getShape(input);
    for (auto [d, size] : llvm::enumerate(sizes))
      if (int64_t(d) != axis)
        requireEqual(l, size, shape[d], "Concat: sizes differ");
    if (nn::getStatic(sizes[axis]) != 0)
      result = l.builder.create<tensor::InsertSliceOp>(
          l.get(input), result, offsets, SmallVector<OpFoldResult>(ArrayRef(sizes)), ones);
    offsets[axis] = l.shapes.add(offsets[axis], sizes[axis]);
  }
  l.set(op, result);
  return success();
}

//===- Expand, Tile --------------------------------------------------------===//

/// A size must be 1 or the one it is stretched to.
void requireBroadcast(Lowering &l, OpFoldResult have, OpFoldResult want) {
  if (nn::areEqual(have, want) || nn::getStatic(have))
    return;
  OpFoldResult one = l.shapes.get(1), zero = l.shapes.get(0);
  OpFoldResult fits = l.shapes.selectEqual(
      have, one, one, l.shapes.selectEqual(have, want, one, zero));
  requireEqual(l, fits, one, "Expand: sizes do not fit together");
}

LogicalResult lowerExpand(nn::ExpandOp op, Lowering &l) {
  Shape from = l.getShape(op.getX()), shape = l.getShape(op);
  for (auto [have, want] :
       llvm::zip(llvm::reverse(from), llvm::reverse(shape)))
    requireBroadcast(l, have, want);
  Value x = l.get(op.getX());
  if (llvm::equal(from, shape, nn::areEqual))
    l.set(op, l.createCast(x, shape));
  else
    l.set(op, l.createBroadcast(x, from, shape));
  return success();
}

/// Each dimension becomes two, how often and the dimension itself, so that the
/// inner loops stay contiguous.
LogicalResult lowerTile(nn::TileOp op, Lowering &l) {
  Shape from = l.getShape(op.getX()), split;
  SmallVector<AffineExpr> exprs;
  MLIRContext *context = op.getContext();
  for (auto [size, count] :
       llvm::zip(from, l.shapes.getElements(op.getRepeats()))) {
    if (nn::getStatic(count) != 1)
      split.push_back(nn::clampToSize(l.shapes, count));
    if (nn::getStatic(size) == 1 && nn::getStatic(count) != 1) {
      exprs.push_back(getAffineConstantExpr(0, context));
      continue;
    }
    exprs.push_back(getAffineDimExpr(split.size(), context));
    split.push_back(size);
  }
  Value x = l.get(op.getX());
  Type storage = cast<RankedTensorType>(x.getType()).getElementType();
  SmallVector<utils::IteratorType> loops(split.size(),
                                         utils::IteratorType::parallel);
  Value tiled = l.createGeneric(
      x, l.createEmpty(split, storage),
      {AffineMap::get(split.size(), 0, exprs, context),
       l.builder.getMultiDimIdentityMap(split.size())},
      loops, [](B &, ValueRange args) { return args[0]; });
  l.set(op, l.createReshape(tiled, split, l.getShape(op)));
  return success();
}
} // namespace

void burin::addSliceLowerings(LowerTable &table) {
  addLowering<nn::SliceOp, lowerSlice>(table);
  addLowering<nn::SplitOp, lowerSplit>(table);
  addLowering<nn::ConcatOp, lowerConcat>(table);
  addLowering<nn::ExpandOp, lowerExpand>(table);
  addLowering<nn::TileOp, lowerTile>(table);
}
