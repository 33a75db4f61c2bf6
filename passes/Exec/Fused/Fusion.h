//===- Fusion.h - What may run on the sums of a contraction -----*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_FUSED_FUSION_H
#define BURIN_PASSES_EXEC_FUSED_FUSION_H

#include "dialects/NN/ShapeBuilder.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace burin {

/// Elementwise neighbours of a contraction on buffers. The contraction and
/// `start` may run right before `finish`, and all of them right before `pool`:
/// nothing in between can tell.
struct Fusion {
  mlir::linalg::LinalgOp start;  ///< Writes what sums are added to; or null.
  mlir::linalg::LinalgOp finish; ///< The only reader of the sums; or null.
  unsigned operand = 0;          ///< Of `finish`: the sums.

  /// The only reader of the results, which are [image, line, pixel, channel], 2 x 2
  /// pixels for each of its own; or null.
  mlir::linalg::LinalgOp pool;
  mlir::linalg::FillOp poolStart; ///< Writes what it starts from.
};

/// The neighbours of `op`, whose output must be a buffer of its own for anything
/// to be found; all but a pooling.
Fusion findFusion(mlir::linalg::LinalgOp op);

/// Emits code for an op and `fused` at the insertion point; false if it cannot,
/// and what it has built up to then is erased.
using EmitFused = llvm::function_ref<bool(mlir::linalg::LinalgOp op, const Fusion &fused,
                                          mlir::ImplicitLocOpBuilder &b,
                                          nn::ShapeBuilder &shapes)>;

/// Puts what `emit` emits in the place of each op below `root` that is `wanted`
/// and of its neighbours, as far as these can be fused with it; a pooling as well
/// if it `pools`.
void replaceFused(mlir::Operation *root,
                  llvm::function_ref<bool(mlir::linalg::LinalgOp)> wanted,
                  EmitFused emit, bool pools = false);

} // namespace burin

#endif // BURIN_PASSES_EXEC_FUSED_FUSION_H
