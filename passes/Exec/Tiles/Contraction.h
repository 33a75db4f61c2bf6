//===- Contraction.h - Sums of products, recognised -------------*- C++ -*-===//
//
// out[b, m, n] += sum over k of a[b, m, k] * b[b, k, n]: matrix products,
// batched or not, transposed or not, and convolutions, whose n runs over output
// positions and whose k over input channels and kernel taps.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_EXEC_TILES_CONTRACTION_H
#define BURIN_PASSES_EXEC_TILES_CONTRACTION_H

#include "passes/Exec/LoopNest.h"

namespace burin {

struct Contraction {
  LoopNest nest;
  unsigned lhs = 0, rhs = 1; ///< Inputs; the output's columns are rhs's.
  llvm::SmallVector<unsigned> batch, rows, columns, depth; ///< Loops.
  mlir::Value product;       ///< Of the body: what is summed up.
  mlir::linalg::LinalgOp op;

  const LinearAccess &getOperand(unsigned i) const { return nest.accesses[i]; }
  const LinearAccess &getOutput() const { return nest.accesses[2]; }
  mlir::Type getType() const { return getOutput().getElementType(); }
  /// The value of the body that operand `i` is multiplied as.
  mlir::Value getFactor(unsigned i) const;
  /// True if operand `i` is multiplied as it lies in memory.
  bool isPlain(unsigned i) const;
};

/// `op` as a contraction whose output rows are one loop and whose columns lie
/// contiguously; none if it is something else, or too small to pack for.
std::optional<Contraction> matchContraction(mlir::linalg::LinalgOp op,
                                            nn::ShapeBuilder &shapes);

/// The value that operand `i` of the contraction is multiplied as, for an
/// element `loaded` from memory.
mlir::Value buildFactor(mlir::ImplicitLocOpBuilder &b,
                        const Contraction &contraction, unsigned i,
                        mlir::Value loaded);

} // namespace burin

#endif // BURIN_PASSES_EXEC_TILES_CONTRACTION_H
