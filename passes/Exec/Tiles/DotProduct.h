//===- DotProduct.h - Sums of products of bytes, recognised -----*- C++ -*-===//
//
// out[row, column] = f(sum over k of a[row, k] * w[k, column]) where a are bytes
// and w constant signed bytes: matrix products and convolutions whose output
// channels lie side by side, and the elementwise op that reads the sums.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_EXEC_TILES_DOTPRODUCT_H
#define BURIN_PASSES_EXEC_TILES_DOTPRODUCT_H

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "passes/Exec/Cpu.h"
#include "passes/Exec/LoopNest.h"

namespace burin {

struct DotProduct {
  /// Accesses: the two factors, then what `finish` reads besides the sums and
  /// what it writes. Without it the sums' buffer.
  LoopNest nest;
  unsigned lhs = 0; ///< The factor that is not constant.
  llvm::SmallVector<unsigned> batch, rows, depth; ///< Loops.
  unsigned column = 0;
  bool isUnsigned = false; ///< Whether lhs is.
  mlir::memref::GlobalOp weights;
  mlir::linalg::LinalgOp op;
  mlir::linalg::LinalgOp finish; ///< Reads the sums. Null: they are stored.
  unsigned operand = 0;          ///< Of `finish`: the sums.

  const LinearAccess &getLhs() const { return nest.accesses[lhs]; }
  const LinearAccess &getWeights() const { return nest.accesses[1 - lhs]; }
  const LinearAccess &getOutput() const { return nest.accesses.back(); }
};

/// Whether the body of `op` sums up products of bytes in i32.
bool sumsBytes(mlir::linalg::LinalgOp op);

/// `op` as such a product with `finish`, whose operand number `operand` the sums
/// are, or null; none if it is something else, or too small to pack for. Values
/// are built at the insertion point of `shapes`.
std::optional<DotProduct> matchDotProduct(mlir::linalg::LinalgOp op,
                                          mlir::linalg::LinalgOp finish,
                                          unsigned operand,
                                          nn::ShapeBuilder &shapes);

/// What `weights` holds; nothing if that is not known.
llvm::ArrayRef<char> getBytes(mlir::memref::GlobalOp weights);

/// The weights as groups of factors for `width` columns at a time, a new constant
/// of the module: [batch][panel](starting sums [width], [step][width]). What is
/// past the last column or factor is 0. The starting sums make up for factors
/// whose sign is not the instruction's.
mlir::Value packWeights(mlir::ImplicitLocOpBuilder &b, const DotProduct &product,
                        const DotInstruction &instruction, int64_t width);

} // namespace burin

#endif // BURIN_PASSES_EXEC_TILES_DOTPRODUCT_H
