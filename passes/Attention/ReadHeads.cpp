//===- ReadHeads.cpp - Heads where products leave them --------------------===//

#include "dialects/NN/NN.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Attention/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_READHEADS
#include "passes/Attention/Passes.h.inc"

namespace {
RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// The dimension that `axes`, constant, is one of in `rank` dimensions.
std::optional<int64_t> findAxis(Value axes, int64_t rank) {
  DenseIntElementsAttr constant;
  if (!matchPattern(axes, m_Constant(&constant)) || constant.getNumElements() != 1)
    return std::nullopt;
  int64_t axis = (*constant.begin()).getSExtValue();
  return axis < 0 ? axis + rank : axis;
}

/// `permutation` without what becomes dimension `gone` of the result.
SmallVector<int64_t> dropResult(ArrayRef<int64_t> permutation, int64_t gone) {
  SmallVector<int64_t> order(permutation);
  order.erase(order.begin() + gone);
  for (int64_t &d : order)
    d -= d > permutation[gone];
  return order;
}

/// A dimension that is there only while others are transposed.
struct DropAddedDimension : OpRewritePattern<nn::SqueezeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::SqueezeOp squeeze,
                                PatternRewriter &rewriter) const override {
    auto transpose = squeeze.getX().getDefiningOp<nn::TransposeOp>();
    auto unsqueeze =
        transpose ? transpose.getX().getDefiningOp<nn::UnsqueezeOp>() : nn::UnsqueezeOp();
    if (!unsqueeze)
      return failure();
    int64_t rank = getType(transpose).getRank();
    std::optional<int64_t> gone = findAxis(squeeze.getAxes(), rank);
    if (!gone || findAxis(unsqueeze.getAxes(), rank) != transpose.getPermutation()[*gone])
      return failure();
    rewriter.replaceOpWithNewOp<nn::TransposeOp>(
        squeeze, squeeze.getType(), unsqueeze.getX(),
        dropResult(transpose.getPermutation(), *gone));
    return success();
  }
};

/// One of several matrices that a transpose puts first: all else is in order.
struct GatherInPlace : OpRewritePattern<nn::GatherOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::GatherOp gather,
                                PatternRewriter &rewriter) const override {
    auto transpose = gather.getX().getDefiningOp<nn::TransposeOp>();
    if (!transpose || getType(gather.getIndices()).getRank() != 0 ||
        !llvm::is_sorted(dropResult(transpose.getPermutation(), gather.getAxis())))
      return failure();
    int64_t axis = transpose.getPermutation()[gather.getAxis()];
    rewriter.replaceOpWithNewOp<nn::GatherOp>(gather, gather.getType(), transpose.getX(),
                                              gather.getIndices(), axis);
    return success();
  }
};

/// [A, B, H * D] as [A, B * H, D], transposed to [B * H, A, D], as [B, H, A, D].
struct SplitBeforeTranspose : OpRewritePattern<nn::ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::ReshapeOp split,
                                PatternRewriter &rewriter) const override {
    auto transpose = split.getX().getDefiningOp<nn::TransposeOp>();
    auto join = transpose ? transpose.getX().getDefiningOp<nn::ReshapeOp>() : nn::ReshapeOp();
    if (!join || transpose.getPermutation() != ArrayRef<int64_t>{1, 0, 2} ||
        getType(join.getX()).getRank() != 3 || getType(split).getRank() != 4)
      return failure();
    ArrayRef<int64_t> from = getType(join.getX()).getShape(), joined = getType(join).getShape();
    ArrayRef<int64_t> to = getType(split).getShape();
    int64_t a = from[0], b = from[1], heads = to[1], depth = to[3];
    if (ShapedType::isDynamic(heads) || ShapedType::isDynamic(depth) || heads * depth == 0 ||
        from[2] != heads * depth || joined[2] != depth || a == 0 || b == 0)
      return failure();
    // Of A and B one at least is known to stay what it is; so the other one does.
    bool keepsA = !ShapedType::isDynamic(a) && joined[0] == a && to[2] == a;
    bool keepsB = !ShapedType::isDynamic(b) && joined[1] == b * heads && to[0] == b;
    if (!keepsA && !keepsB)
      return failure();
    Type element = getType(split).getElementType();
    auto type = RankedTensorType::get({b, heads, a, depth}, element);
    if (type != split.getType())
      return failure();
    Location loc = split.getLoc();
    // 0: as it is.
    Value sizes = rewriter.create<nn::ConstantOp>(
        loc, cast<TypedAttr>(rewriter.getI64TensorAttr({0, 0, heads, depth})));
    Value parts = rewriter.create<nn::ReshapeOp>(
        loc, RankedTensorType::get({a, b, heads, depth}, element), join.getX(), sizes,
        /*allowzero=*/false);
    rewriter.replaceOpWithNewOp<nn::TransposeOp>(split, type, parts,
                                                 ArrayRef<int64_t>{1, 2, 0, 3});
    return success();
  }
};

struct ReadHeads : impl::ReadHeadsBase<ReadHeads> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<DropAddedDimension, GatherInPlace, SplitBeforeTranspose>(&getContext());
    if (failed(applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace burin
