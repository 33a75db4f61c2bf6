//===- Contraction.h - Sums of products, recognised -------------*- C++ -*-===//
//
// out[b, m, n] += sum over k of a[b, m, k] * b[b, k, n]: matrix products,
// batched or not, transposed or not, and convolutions, whose rows run over output
// positions (or whose columns do) and whose k over input channels and kernel
// taps. Elementwise ops around one run on its sums before they are stored.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_EXEC_TILES_CONTRACTION_H
#define BURIN_PASSES_EXEC_TILES_CONTRACTION_H

#include "passes/Exec/Cpu.h"
#include "passes/Exec/Fused/Stages.h"

namespace burin {

struct Contraction : FusedSums {
  unsigned lhs = 0, rhs = 1; ///< Inputs; the output's columns are rhs's.
  llvm::SmallVector<unsigned> batch, rows, columns, depth; ///< Loops.
                                                           ///< One or two of rows.
  mlir::Value product; ///< Of the body: what is summed up. Null: of what is stored.

  /// Rows of the inner one of two loops, all of which a panel has; else 1.
  int64_t getRun() const;
  /// The value of the body that operand `i` is multiplied as.
  mlir::Value getFactor(unsigned i) const;
  /// True if operand `i` is multiplied as it lies in memory.
  bool isPlain(unsigned i) const;
};

/// `op` as a contraction whose columns lie contiguously in the output, with `fused`
/// around it; none if it is something else, too small to pack for, or `fused` does
/// not fit. Its rows are one loop, or two that are short. Values are built at the
/// insertion point of `shapes`.
std::optional<Contraction> matchContraction(mlir::linalg::LinalgOp op,
                                            const Fusion &fused,
                                            nn::ShapeBuilder &shapes, const Cpu &cpu);

/// The value that operand `i` of the contraction is multiplied as, for an
/// element `loaded` from memory.
mlir::Value buildFactor(mlir::ImplicitLocOpBuilder &b,
                        const Contraction &contraction, unsigned i,
                        mlir::Value loaded);

/// Whether the body of `op` sums up products of its two inputs.
bool isSumOfProducts(mlir::linalg::LinalgOp op);

/// Which of the two inputs of a body a factor is made from, if it is one that is wanted.
using FindInput =
    llvm::function_ref<std::optional<unsigned>(mlir::Block &body, mlir::Value factor)>;

/// The products that `op` sums up, with one factor from each of its two inputs; null if
/// it is something else.
mlir::Value findProduct(mlir::linalg::LinalgOp op, FindInput findInput);

} // namespace burin

#endif // BURIN_PASSES_EXEC_TILES_CONTRACTION_H
