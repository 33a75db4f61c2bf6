//===- Algorithm.h - Winograd's minimal filtering ---------------*- C++ -*-===//
//
// outputs x outputs results of a 3 x 3 filter from (outputs + 2) squared products
// instead of 9 each (Lavin and Gray, Fast Algorithms for Convolutional Neural
// Networks, 2015):
//
//   Y = A^T [(G g G^T) . (B^T d B)] A
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_EXEC_WINOGRAD_ALGORITHM_H
#define BURIN_PASSES_EXEC_WINOGRAD_ALGORITHM_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace burin {

/// The algorithm for tiles of 2 x 2 or 4 x 4 results.
struct Winograd {
  static constexpr int64_t taps = 3;
  int64_t outputs; ///< Of a tile, along one dimension: 2 or 4.

  int64_t getInputs() const { return outputs + taps - 1; }
  int64_t getProducts() const { return getInputs() * getInputs(); }

  /// B^T d B of square tiles of vectors, row by row.
  llvm::SmallVector<mlir::Value>
  transformInputs(mlir::ImplicitLocOpBuilder &b,
                  llvm::ArrayRef<mlir::Value> tile) const;
  /// A^T m A.
  llvm::SmallVector<mlir::Value>
  transformProducts(mlir::ImplicitLocOpBuilder &b,
                    llvm::ArrayRef<mlir::Value> tile) const;
  /// G g G^T of 9 taps.
  llvm::SmallVector<double> transformTaps(llvm::ArrayRef<double> filter) const;

  /// Vector operations that the first two take for a tile, loads and stores
  /// included.
  int64_t getInputCost() const { return outputs == 2 ? 64 : 216; }
  int64_t getProductCost() const { return outputs == 2 ? 52 : 184; }
};

} // namespace burin

#endif // BURIN_PASSES_EXEC_WINOGRAD_ALGORITHM_H
