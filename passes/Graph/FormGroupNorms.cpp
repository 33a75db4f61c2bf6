//===- FormGroupNorms.cpp - Group normalizations, made whole --------------===//

#include "dialects/NN/NN.h"
#include "passes/Graph/Passes.h"
#include "passes/PatternPass.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_FORMGROUPNORMS
#include "passes/Graph/Passes.h.inc"

namespace {
/// The elements of one sample; none if they are not known.
std::optional<int64_t> getSampleSize(RankedTensorType type) {
  int64_t size = 1;
  for (int64_t dim : type.getShape().drop_front()) {
    if (ShapedType::isDynamic(dim) || dim == 0)
      return std::nullopt;
    size *= dim;
  }
  return size;
}

struct FormGroupNorm : OpRewritePattern<nn::ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::ReshapeOp back,
                                PatternRewriter &rewriter) const override {
    auto norm = back.getX().getDefiningOp<nn::InstanceNormOp>();
    auto split = norm ? norm.getX().getDefiningOp<nn::ReshapeOp>() : nn::ReshapeOp();
    if (!split || norm.getChannelsLast())
      return failure();
    auto type = cast<RankedTensorType>(split.getX().getType());
    auto grouped = cast<RankedTensorType>(norm.getType());
    if (type != back.getType() || type.getRank() < 2 || grouped.getRank() < 2)
      return failure();
    // As many elements per sample are as many samples, of the same groups.
    std::optional<int64_t> size = getSampleSize(type);
    if (!size || size != getSampleSize(grouped))
      return failure();
    int64_t groups = grouped.getDimSize(1);
    if (type.getDimSize(1) % groups != 0)
      return failure();
    rewriter.replaceOpWithNewOp<nn::GroupNormOp>(
        back, type, split.getX(), norm.getScale(), norm.getBias(),
        rewriter.getI64IntegerAttr(groups), rewriter.getBoolAttr(true),
        norm.getEpsilonAttr(), UnitAttr());
    return success();
  }
};

struct FormGroupNorms : PatternPass<impl::FormGroupNormsBase<FormGroupNorms>, FormGroupNorm> {};
} // namespace
} // namespace burin
