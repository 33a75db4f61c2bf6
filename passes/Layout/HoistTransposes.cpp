//===- HoistTransposes.cpp - Transposes before tensors grow ---------------===//

#include "dialects/NN/NN.h"
#include "passes/Layout/Passes.h"
#include "passes/PatternPass.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_HOISTTRANSPOSES
#include "passes/Layout/Passes.h.inc"

namespace {
/// Whether no dimension shrinks and one grows. A size that is not known
/// counts as one that stays.
bool enlarges(nn::ResizeOp resize) {
  bool grows = false;
  for (auto [from, to] : llvm::zip_equal(resize.getX().getType().getShape(),
                                         resize.getType().getShape())) {
    if (ShapedType::isDynamic(from) != ShapedType::isDynamic(to) || to < from)
      return false;
    grows |= to > from;
  }
  return grows;
}

RankedTensorType getTransposed(Value value, ArrayRef<int64_t> order) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape;
  for (int64_t d : order)
    shape.push_back(type.getDimSize(d));
  return RankedTensorType::get(shape, type.getElementType());
}

struct HoistTranspose : OpRewritePattern<nn::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::TransposeOp transpose,
                                PatternRewriter &rewriter) const override {
    auto resize = transpose.getX().getDefiningOp<nn::ResizeOp>();
    if (!resize || !resize->hasOneUse() || !enlarges(resize))
      return failure();
    ArrayRef<int64_t> order = transpose.getPermutation();
    auto first = rewriter.create<nn::TransposeOp>(
        transpose.getLoc(), getTransposed(resize.getX(), order), resize.getX(), order);
    SmallVector<int64_t> axes;
    for (int64_t axis : resize.getAxes())
      axes.push_back(llvm::find(order, axis) - order.begin());
    auto moved = cast<nn::ResizeOp>(rewriter.clone(*resize));
    moved.getXMutable().assign(first);
    moved.setAxes(axes);
    moved.getResult().setType(transpose.getType());
    rewriter.replaceOp(transpose, moved);
    return success();
  }
};

struct HoistTransposes
    : PatternPass<impl::HoistTransposesBase<HoistTransposes>, HoistTranspose> {};
} // namespace
} // namespace burin
