//===- SumStore.h - From sums of bytes to results in memory -----*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_TILES_SUMSTORE_H
#define BURIN_PASSES_EXEC_TILES_SUMSTORE_H

#include "passes/Exec/Tiles/DotProduct.h"

namespace burin {

/// Addresses of what a dot product accesses, and what becomes of its sums.
class SumStore {
public:
  using Index = llvm::SmallVector<mlir::Value>; ///< One per loop; null for 0.

  /// Sizes and strides are calculated at the insertion point of `shapes`.
  SumStore(mlir::ImplicitLocOpBuilder &b, const DotProduct &product,
           nn::ShapeBuilder &shapes, int64_t lanes);

  mlir::Value getSize(unsigned loop) const { return sizes[loop]; }
  /// Sets the indices of `loops` to iteration `flat` of them all.
  void split(mlir::Value flat, llvm::ArrayRef<unsigned> loops, Index &index);
  mlir::Value getAddress(size_t access, const Index &index);
  /// Of all that is accessed besides the factors.
  llvm::SmallVector<mlir::Value> getAddresses(const Index &index);
  /// A vector of sums, `offset` columns from the addresses, through the body of
  /// what reads them, to memory.
  void emit(mlir::Value sums, llvm::ArrayRef<mlir::Value> addresses,
            int64_t offset, mlir::Value mask);

private:
  mlir::Value load(size_t access, mlir::Value at, int64_t offset, mlir::Value mask);

  mlir::ImplicitLocOpBuilder &b;
  const DotProduct &c;
  int64_t lanes;
  Index sizes;
  llvm::SmallVector<Index> steps; ///< Of the accesses.
};

} // namespace burin

#endif // BURIN_PASSES_EXEC_TILES_SUMSTORE_H
