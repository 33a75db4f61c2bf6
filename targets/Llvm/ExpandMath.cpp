//===- ExpandMath.cpp - f32 functions to polynomials ----------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "targets/Llvm/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_EXPANDMATH
#include "targets/Llvm/Passes.h.inc"

namespace {
/// x * P(x^2) / Q(x^2), up to where floats cannot tell erf from 1. MLIR's own
/// polynomials differ between four ranges, and choosing takes most of their time.
struct ExpandErf : OpRewritePattern<math::ErfOp> {
  // Before MLIR's.
  explicit ExpandErf(MLIRContext *context) : OpRewritePattern(context, /*benefit=*/2) {}

  LogicalResult matchAndRewrite(math::ErfOp op,
                                PatternRewriter &rewriter) const override {
    // The least relative error, 2.2e-8, of a quotient of these degrees.
    constexpr float end = 3.84f;
    constexpr float upper[] = {2.29030862e-04f, 3.41852871e-03f, 5.09877056e-02f,
                               1.85490951e-01f, 1.12837911e+00f};
    constexpr float lower[] = {-1.17452394e-07f, 2.35099815e-05f, 1.01988029e-03f,
                               1.40917450e-02f,  1.11096904e-01f, 4.97719735e-01f,
                               1.0f};
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type type = op.getType();
    if (!getElementTypeOrSelf(type).isF32())
      return failure();
    auto number = [&](float value) -> Value {
      TypedAttr attr = b.getF32FloatAttr(value);
      if (auto shaped = dyn_cast<ShapedType>(type))
        attr = DenseElementsAttr::get(shaped, value);
      return b.create<arith::ConstantOp>(attr);
    };
    // One instruction each, which lets NaN through.
    auto choose = [&](arith::CmpFPredicate predicate, Value limit, Value x) -> Value {
      Value isBeyond = b.create<arith::CmpFOp>(predicate, limit, x);
      return b.create<arith::SelectOp>(isBeyond, limit, x);
    };
    Value x = choose(arith::CmpFPredicate::OLT, number(end), op.getOperand());
    x = choose(arith::CmpFPredicate::OGT, number(-end), x);
    Value square = b.create<arith::MulFOp>(x, x);
    auto evaluate = [&](ArrayRef<float> factors) {
      Value sum = number(factors.front());
      for (float factor : factors.drop_front())
        sum = b.create<math::FmaOp>(sum, square, number(factor));
      return sum;
    };
    Value product = b.create<arith::MulFOp>(x, evaluate(upper));
    rewriter.replaceOpWithNewOp<arith::DivFOp>(op, product, evaluate(lower));
    return success();
  }
};

struct ExpandMath : impl::ExpandMathBase<ExpandMath> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa<math::ExpOp, math::ExpM1Op, math::LogOp, math::Log1pOp,
              math::TanhOp, math::ErfOp, math::AtanOp>(op) &&
          getElementTypeOrSelf(op->getResult(0).getType()).isF32())
        ops.push_back(op);
    });
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns);
    patterns.add<ExpandErf>(&getContext());
    GreedyRewriteConfig config;
    // Ops made on the way (exp in tanh) count, other old ones do not.
    config.strictMode = GreedyRewriteStrictness::ExistingAndNewOps;
    bool changed = false;
    if (failed(applyOpPatternsAndFold(ops, std::move(patterns), config,
                                      &changed)))
      signalPassFailure();
  }
};
} // namespace
} // namespace burin
