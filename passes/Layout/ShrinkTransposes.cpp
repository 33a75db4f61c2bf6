//===- ShrinkTransposes.cpp - Transposes of parts, not of the whole -------===//

#include "dialects/NN/NN.h"
#include "mlir/IR/Matchers.h"
#include "passes/Layout/Passes.h"
#include "passes/PatternPass.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_SHRINKTRANSPOSES
#include "passes/Layout/Passes.h.inc"

namespace {
ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

/// Whether all that read `whole` take parts of it that are not more than it is.
bool isTakenApart(Value whole) {
  double taken = 0;
  for (Operation *user : whole.getUsers()) {
    double part = 1;
    auto take = [&](int64_t size, int64_t of) {
      bool isKnown = !ShapedType::isDynamic(size) && !ShapedType::isDynamic(of);
      part *= isKnown && of > 0 ? double(size) / double(of) : 1;
    };
    auto gather = dyn_cast<nn::GatherOp>(user);
    if (auto slice = dyn_cast<nn::SliceOp>(user); slice && slice.getX() == whole)
      for (int64_t axis : slice.getAxes())
        take(getShape(slice)[axis], getShape(whole)[axis]);
    else if (gather && gather.getX() == whole && getShape(gather.getIndices()).empty())
      take(1, getShape(whole)[gather.getAxis()]);
    else
      return false;
    taken += part;
  }
  return taken <= 1.001;
}

/// `order` without the dimensions `gone` of what is transposed.
SmallVector<int64_t> without(ArrayRef<int64_t> order, ArrayRef<int64_t> gone) {
  SmallVector<int64_t> left;
  for (int64_t d : order)
    if (!llvm::is_contained(gone, d))
      left.push_back(d - llvm::count_if(gone, [&](int64_t g) { return g < d; }));
  return left;
}

RankedTensorType getSource(Value transposed, ArrayRef<int64_t> order) {
  auto type = cast<RankedTensorType>(transposed.getType());
  SmallVector<int64_t> shape(order.size());
  for (auto [i, d] : llvm::enumerate(order))
    shape[d] = type.getDimSize(i);
  return RankedTensorType::get(shape, type.getElementType());
}

/// Replaces `op`, whose first operand is transposed, by the transpose with `order` of
/// what `change` makes of a copy of it that reads what was not.
template <typename Op, typename Change>
void takeFirst(Op op, nn::TransposeOp transpose, ArrayRef<int64_t> order,
               PatternRewriter &rewriter, Change change) {
  auto first = cast<Op>(rewriter.clone(*op));
  first.getXMutable().assign(transpose.getX());
  first.getResult().setType(getSource(op.getResult(), order));
  change(first);
  rewriter.replaceOpWithNewOp<nn::TransposeOp>(op, op.getType(), first, order);
}

struct TakeSlice : OpRewritePattern<nn::SliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::SliceOp slice, PatternRewriter &rewriter) const override {
    auto transpose = slice.getX().getDefiningOp<nn::TransposeOp>();
    if (!transpose || !isTakenApart(transpose))
      return failure();
    ArrayRef<int64_t> order = transpose.getPermutation();
    SmallVector<int64_t> axes;
    for (int64_t axis : slice.getAxes())
      axes.push_back(order[axis]);
    takeFirst(slice, transpose, order, rewriter,
              [&](nn::SliceOp first) { first.setAxes(axes); });
    return success();
  }
};

struct TakeElement : OpRewritePattern<nn::GatherOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::GatherOp gather, PatternRewriter &rewriter) const override {
    auto transpose = gather.getX().getDefiningOp<nn::TransposeOp>();
    if (!transpose || !isTakenApart(transpose))
      return failure();
    int64_t axis = transpose.getPermutation()[gather.getAxis()];
    takeFirst(gather, transpose, without(transpose.getPermutation(), axis), rewriter,
              [&](nn::GatherOp first) { first.setAxis(axis); });
    return success();
  }
};

struct Squeeze : OpRewritePattern<nn::SqueezeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::SqueezeOp squeeze, PatternRewriter &rewriter) const override {
    auto transpose = squeeze.getX().getDefiningOp<nn::TransposeOp>();
    DenseIntElementsAttr axes;
    if (!transpose || !transpose->hasOneUse() ||
        !matchPattern(squeeze.getAxes(), m_Constant(&axes)))
      return failure();
    ArrayRef<int64_t> order = transpose.getPermutation();
    SmallVector<int64_t> gone;
    for (const APInt &axis : axes)
      gone.push_back(order[axis.getSExtValue() + (axis.isNegative() ? order.size() : 0)]);
    Value wanted = rewriter.create<nn::ConstantOp>(
        squeeze.getLoc(), cast<TypedAttr>(rewriter.getI64TensorAttr(gone)));
    takeFirst(squeeze, transpose, without(order, gone), rewriter,
              [&](nn::SqueezeOp first) { first.getAxesMutable().assign(wanted); });
    return success();
  }
};

struct ShrinkTransposes
    : PatternPass<impl::ShrinkTransposesBase<ShrinkTransposes>, TakeSlice, TakeElement, Squeeze> {};
} // namespace
} // namespace burin
