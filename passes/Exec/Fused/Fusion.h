//===- Fusion.h - What may run on the sums of a contraction -----*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_FUSED_FUSION_H
#define BURIN_PASSES_EXEC_FUSED_FUSION_H

#include "dialects/NN/ShapeBuilder.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace burin {

/// Elementwise neighbours of a contraction on buffers. The contraction and
/// `start` may run right before `finish`: nothing in between can tell.
struct Fusion {
  mlir::linalg::LinalgOp start;  ///< Writes what sums are added to; or null.
  mlir::linalg::LinalgOp finish; ///< The only reader of the sums; or null.
  unsigned operand = 0;          ///< Of `finish`: the sums.
};

/// The neighbours of `op`, whose output must be a buffer of its own for anything
/// to be found.
Fusion findFusion(mlir::linalg::LinalgOp op);

/// Emits code for an op and `fused` at the insertion point; false if it cannot,
/// and what it has built up to then is erased.
using EmitFused = llvm::function_ref<bool(mlir::linalg::LinalgOp op, const Fusion &fused,
                                          mlir::ImplicitLocOpBuilder &b,
                                          nn::ShapeBuilder &shapes)>;

/// Puts what `emit` emits in the place of each op below `root` that is `wanted`
/// and of its neighbours, as far as these can be fused with it.
void replaceFused(mlir::Operation *root,
                  llvm::function_ref<bool(mlir::linalg::LinalgOp)> wanted,
                  EmitFused emit);

} // namespace burin

#endif // BURIN_PASSES_EXEC_FUSED_FUSION_H
