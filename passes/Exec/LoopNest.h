//===- LoopNest.h - A linalg op as loops over linear accesses ---*- C++ -*-===//
//
// On strided buffers and affine maps without divisions, the address of every
// operand is linear in the loop indices:
//
//   address(o) = base(o) + sum over d of coefficient(o, d) * index(d)
//
// Elementwise ops, reductions, matrix products and convolutions differ only in
// their sizes and coefficients. A coefficient of 1 is contiguous, 0 broadcasts.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_EXEC_LOOPNEST_H
#define BURIN_PASSES_EXEC_LOOPNEST_H

#include "dialects/NN/ShapeBuilder.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace burin {

/// One operand: elements of `memory` (a 1-D view with stride 1) at
/// sum(coefficients[d] * index[d]).
struct LinearAccess {
  mlir::Value memory;
  llvm::SmallVector<mlir::OpFoldResult> coefficients;

  /// False if all iterations of `loop` are known to access one element.
  bool moves(unsigned loop) const { return nn::getStatic(coefficients[loop]) != 0; }
  mlir::Type getElementType() const {
    return mlir::cast<mlir::MemRefType>(memory.getType()).getElementType();
  }
};

struct LoopNest {
  llvm::SmallVector<mlir::OpFoldResult> sizes;
  llvm::SmallVector<bool> isReduction;
  llvm::SmallVector<LinearAccess> accesses; ///< Inputs, then outputs.
  unsigned numInputs = 0;

  unsigned getNumLoops() const { return sizes.size(); }

  /// Joins loop `inner` into `outer` if every address allows it: the outer
  /// coefficient is the inner one times the inner size. True if done; the loop
  /// `inner` is gone then.
  bool merge(nn::ShapeBuilder &shapes, unsigned outer, unsigned inner);
  /// Merges neighbours of one kind as far as possible and drops loops of one
  /// iteration. Only for bodies that do not ask for indices.
  void simplify(nn::ShapeBuilder &shapes);
  void drop(unsigned loop);
  /// Adds a parallel loop of one iteration, the outermost.
  void addUnitLoop(nn::ShapeBuilder &shapes);
};

/// Where the iterations of `loops`, row-major, are in an access: all sizes and steps are
/// known.
llvm::SmallVector<int64_t> getOffsets(const LoopNest &nest, const LinearAccess &access,
                                      llvm::ArrayRef<unsigned> loops);

/// The loops of `op`, which is on buffers. None (without a diagnostic) if a map
/// is not linear.
std::optional<LoopNest> getLoopNest(mlir::linalg::LinalgOp op,
                                    nn::ShapeBuilder &shapes);

/// `memory` of any strided layout as a 1-D view that starts at its first
/// element, and its strides.
std::pair<mlir::Value, llvm::SmallVector<mlir::OpFoldResult>>
getFlatView(mlir::ImplicitLocOpBuilder &b, mlir::Value memory);

} // namespace burin

#endif // BURIN_PASSES_EXEC_LOOPNEST_H
