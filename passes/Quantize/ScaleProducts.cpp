//===- ScaleProducts.cpp - Floats times bytes, scaled afterwards ----------===//

#include "passes/PatternPass.h"
#include "passes/Quantize/ByteProducts.h"
#include "passes/Quantize/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_SCALEPRODUCTS
#include "passes/Quantize/Passes.h.inc"

namespace {
struct ScaleMatrix : OpRewritePattern<nn::MatMulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::MatMulOp op, PatternRewriter &b) const override {
    auto weights = op.getRhs().getDefiningOp<nn::DequantizeOp>();
    auto type = cast<RankedTensorType>(op.getType());
    if (!weights || !type.getElementType().isF32() || !getElementTypeOrSelf(weights).isF32() ||
        cast<RankedTensorType>(weights.getType()).getRank() != 2)
      return failure();
    int64_t axis = op.getTransRhs() ? 0 : 1;
    std::optional<Scaling> scaling = findScaling(weights);
    if (!scaling || (!scaling->isSingle() && scaling->axis != axis))
      return failure();
    std::optional<ByteWeights> w = findWeights(b, weights.getX(), scaling->zeros, axis,
                                               /*mayHaveRest=*/false);
    int64_t scales = scaling->scales.size(), columns = w ? w->sums.size() : 0;
    if (!w || (scales != 1 && scales != columns))
      return failure();
    Value product = b.create<nn::MatMulOp>(op.getLoc(), type, op.getLhs(), w->bytes,
                                           op.getTransLhs(), op.getTransRhs());
    SmallVector<int64_t> shape;
    if (scales != 1)
      shape.push_back(columns);
    Value scale = createFloats(b, weights.getLoc(), shape, scaling->scales);
    b.replaceOpWithNewOp<nn::MulOp>(op, type, product, scale);
    return success();
  }
};

struct ScaleProducts : PatternPass<impl::ScaleProductsBase<ScaleProducts>, ScaleMatrix> {};
} // namespace
} // namespace burin
