//===- ReadHeads.cpp - Heads where products leave them --------------------===//

#include "dialects/NN/NN.h"
#include "passes/Attention/Passes.h"
#include "passes/PatternPass.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_READHEADS
#include "passes/Attention/Passes.h.inc"

namespace {
RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

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

struct ReadHeads : PatternPass<impl::ReadHeadsBase<ReadHeads>, SplitBeforeTranspose> {};
} // namespace
} // namespace burin
