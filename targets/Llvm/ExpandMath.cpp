//===- ExpandMath.cpp - f32 functions to polynomials ----------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "targets/Llvm/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_EXPANDMATH
#include "targets/Llvm/Passes.h.inc"

namespace {
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
