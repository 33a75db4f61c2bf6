//===- Fusion.h - What may run on the sums of a contraction -----*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_TILES_FUSION_H
#define BURIN_PASSES_EXEC_TILES_FUSION_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

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

} // namespace burin

#endif // BURIN_PASSES_EXEC_TILES_FUSION_H
