//===- ExpandMath.cpp - f32 functions to polynomials ----------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "targets/Llvm/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_EXPANDMATH
#include "targets/Llvm/Passes.h.inc"

namespace {
/// Arithmetic of f32 or of vectors of it.
struct Real {
  ImplicitLocOpBuilder &b;
  Type type;

  Value get(float value) const {
    TypedAttr attr = b.getF32FloatAttr(value);
    if (auto shaped = dyn_cast<ShapedType>(type))
      attr = DenseElementsAttr::get(shaped, value);
    return b.create<arith::ConstantOp>(attr);
  }
  Value sub(Value x, Value y) const { return b.create<arith::SubFOp>(x, y); }
  Value mul(Value x, Value y) const { return b.create<arith::MulFOp>(x, y); }
  Value fma(Value x, Value y, Value z) const { return b.create<math::FmaOp>(x, y, z); }

  /// What lies in [low, high]: one instruction for each, which lets NaN through.
  Value clamp(float low, Value x, float high) const {
    auto choose = [&](arith::CmpFPredicate predicate, Value limit) {
      Value isBeyond = b.create<arith::CmpFOp>(predicate, limit, x);
      x = b.create<arith::SelectOp>(isBeyond, limit, x);
    };
    choose(arith::CmpFPredicate::OLT, get(high));
    choose(arith::CmpFPredicate::OGT, get(low));
    return x;
  }

  /// The polynomial with these factors, that of the highest power first.
  Value evaluate(ArrayRef<float> factors, Value x) const {
    Value sum = get(factors.front());
    for (float factor : factors.drop_front())
      sum = fma(sum, x, get(factor));
    return sum;
  }
};

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
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Real real{b, op.getType()};
    Value x = real.clamp(-end, op.getOperand(), end), square = real.mul(x, x);
    Value product = real.mul(x, real.evaluate(upper, square));
    rewriter.replaceOpWithNewOp<arith::DivFOp>(op, product, real.evaluate(lower, square));
    return success();
  }
};

/// 2^n * exp(r), where n = round(x / ln 2). MLIR's own limits n as well as x.
struct ExpandExp : OpRewritePattern<math::ExpOp> {
  explicit ExpandExp(MLIRContext *context) : OpRewritePattern(context, /*benefit=*/2) {}

  LogicalResult matchAndRewrite(math::ExpOp op,
                                PatternRewriter &rewriter) const override {
    // 2 * exp(r) for |r| <= ln(2) / 2 with relative errors of 3.1e-9 and, rougher, 1e-7.
    constexpr float fine[] = {2.76292255e-03f, 1.67374201e-02f, 8.33367780e-02f,
                              3.33330423e-01f, 9.99999881e-01f, 2.0f, 2.0f};
    constexpr float rough[] = {1.66250505e-02f, 8.37802291e-02f, 3.33342284e-01f,
                               9.99984622e-01f, 2.0f, 2.0f};
    Type type = op.getType();
    if (!getElementTypeOrSelf(type).isF32())
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Real real{b, type};
    // Of -x it takes no instruction to negate x on the way.
    auto minus = op.getOperand().getDefiningOp<arith::NegFOp>();
    // Less than the least has a power of zero, more than the most an infinite result.
    constexpr float least = -87.5f, most = 88.9f, log2e = 1.44269502f;
    Value x = minus ? real.clamp(-most, minus.getOperand(), -least)
                    : real.clamp(least, op.getOperand(), most);
    // The sum with 1.5 * 2^23 has n in its low bits.
    Value shift = real.get(0x1.8p23f);
    Value shifted = real.fma(x, real.get(minus ? -log2e : log2e), shift);
    Value n = real.sub(shifted, shift);
    if (minus)
      x = b.create<arith::NegFOp>(x);
    // ln 2 as a float, and what that is too much.
    Value r = real.fma(n, real.get(-0.693147182f), x);
    bool isRough = bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::afn);
    if (!isRough)
      r = real.fma(n, real.get(1.90465421e-9f), r);
    Value p = real.evaluate(isRough ? ArrayRef(rough) : ArrayRef(fine), r);
    // 2^(n - 1), since 2^128 is no float.
    Type bits = b.getI32Type();
    if (auto shaped = dyn_cast<ShapedType>(type))
      bits = shaped.clone(bits);
    auto integer = [&](int32_t value) -> Value {
      TypedAttr attr = b.getI32IntegerAttr(value);
      if (auto shaped = dyn_cast<ShapedType>(bits))
        attr = DenseElementsAttr::get(shaped, value);
      return b.create<arith::ConstantOp>(attr);
    };
    Value power = b.create<arith::ShLIOp>(b.create<arith::BitcastOp>(bits, shifted),
                                          integer(23));
    power = b.create<arith::AddIOp>(power, integer(126 << 23));
    rewriter.replaceOpWithNewOp<arith::MulFOp>(op, p,
                                               b.create<arith::BitcastOp>(type, power));
    return success();
  }
};

/// x * (1 / (1 + exp(y))) becomes a quotient where exp may be rough.
void divideByOneMore(arith::MulFOp op) {
  for (auto [x, y] : {std::pair(op.getLhs(), op.getRhs()), {op.getRhs(), op.getLhs()}}) {
    auto quotient = y.getDefiningOp<arith::DivFOp>();
    if (!quotient || !quotient->hasOneUse() || !matchPattern(quotient.getLhs(), m_OneFloat()))
      continue;
    auto sum = quotient.getRhs().getDefiningOp<arith::AddFOp>();
    // Constants come second.
    auto exp = sum ? sum.getLhs().getDefiningOp<math::ExpOp>() : math::ExpOp();
    if (!exp || !bitEnumContainsAll(exp.getFastmath(), arith::FastMathFlags::afn))
      continue;
    OpBuilder b(op);
    op.replaceAllUsesWith(
        b.create<arith::DivFOp>(op.getLoc(), x, quotient.getRhs()).getResult());
    op.erase();
    quotient.erase();
    return;
  }
}

/// erf(x / c) becomes erf(x * (1 / c)) where erf may be rough: a division takes as long as
/// half of erf.
void multiplyInErf(math::ErfOp op) {
  auto quotient = op.getOperand().getDefiningOp<arith::DivFOp>();
  APFloat divisor(0.0f), inverse(1.0f);
  if (!quotient || !quotient->hasOneUse() ||
      !bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::afn) ||
      !getElementTypeOrSelf(op.getType()).isF32() ||
      !matchPattern(quotient.getRhs(), m_ConstantFloat(&divisor)))
    return;
  inverse.divide(divisor, APFloat::rmNearestTiesToEven);
  if (!inverse.isNormal())
    return;
  ImplicitLocOpBuilder b(quotient.getLoc(), quotient);
  Value factor = Real{b, op.getType()}.get(inverse.convertToFloat());
  quotient.replaceAllUsesWith(
      b.create<arith::MulFOp>(quotient.getLhs(), factor).getResult());
  quotient.erase();
}

struct ExpandMath : impl::ExpandMathBase<ExpandMath> {
  void runOnOperation() override {
    getOperation()->walk(divideByOneMore);
    getOperation()->walk(multiplyInErf);
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa<math::ExpOp, math::ExpM1Op, math::LogOp, math::Log1pOp,
              math::TanhOp, math::ErfOp, math::AtanOp>(op) &&
          getElementTypeOrSelf(op->getResult(0).getType()).isF32())
        ops.push_back(op);
    });
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns);
    patterns.add<ExpandErf, ExpandExp>(&getContext());
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
