//===- Addresses.h - Addresses of what a loop nest accesses -----*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_FUSED_ADDRESSES_H
#define BURIN_PASSES_EXEC_FUSED_ADDRESSES_H

#include "passes/Exec/LoopNest.h"

namespace burin {

class Addresses {
public:
  using Index = llvm::SmallVector<mlir::Value>; ///< One per loop; null for 0.

  /// Sizes and strides are calculated at the insertion point of `shapes`.
  Addresses(mlir::ImplicitLocOpBuilder &b, const LoopNest &nest,
            nn::ShapeBuilder &shapes);

  mlir::Value getSize(unsigned loop) const { return sizes[loop]; }
  /// Sets the indices of `loops` to iteration `flat` of them all.
  void split(mlir::Value flat, llvm::ArrayRef<unsigned> loops, Index &index);
  /// Of the element of an access at the loops that `index` has.
  mlir::Value get(size_t access, const Index &index);
  /// Of all accesses from number `first` on; null before.
  llvm::SmallVector<mlir::Value> getFrom(size_t first, const Index &index);

private:
  mlir::ImplicitLocOpBuilder &b;
  Index sizes;
  llvm::SmallVector<Index> steps; ///< Of the accesses.
};

} // namespace burin

#endif // BURIN_PASSES_EXEC_FUSED_ADDRESSES_H
