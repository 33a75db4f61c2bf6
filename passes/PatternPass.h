//===- PatternPass.h - Passes that are patterns and no more -----*- C++ -*-===//

#ifndef BURIN_PASSES_PATTERNPASS_H
#define BURIN_PASSES_PATTERNPASS_H

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace burin {

/// Applies `Patterns` until none fits any more.
template <typename Base, typename... Patterns> struct PatternPass : Base {
  using Base::Base;

  void runOnOperation() override {
    mlir::RewritePatternSet patterns(&this->getContext());
    (patterns.add<Patterns>(&this->getContext()), ...);
    apply(std::move(patterns));
  }

protected:
  void apply(mlir::RewritePatternSet patterns, mlir::GreedyRewriteConfig config = {}) {
    mlir::Operation *op = this->getOperation();
    if (succeeded(mlir::applyPatternsAndFoldGreedily(op, std::move(patterns), config)))
      return;
    op->emitError() << this->getArgument() << " expects patterns that come to an end";
    this->signalPassFailure();
  }
};

} // namespace burin

#endif // BURIN_PASSES_PATTERNPASS_H
