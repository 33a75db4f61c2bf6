//===- WindowLowering.h - What convolutions and poolings share --*- C++ -*-===//

#ifndef BURIN_PASSES_LOWER_WINDOW_WINDOWLOWERING_H
#define BURIN_PASSES_LOWER_WINDOW_WINDOWLOWERING_H

#include "dialects/NN/Shapes/Windows.h"
#include "passes/Lower/Lowering.h"

namespace burin {

/// `x`, in the layout of `op`, with `value` (of the storage type) around it, just
/// as far as the windows reach. `shape` is updated.
mlir::Value createPadded(Lowering &l, mlir::Operation *op, mlir::Value x,
                         Shape &shape,
                         llvm::ArrayRef<nn::Window> windows,
                         mlir::TypedAttr value);

/// For each window: output index * stride + kernel index * dilation, with the
/// loops numbered from `firstOutput` and `firstKernel`.
llvm::SmallVector<mlir::AffineExpr>
getWindowExprs(mlir::OpBuilder &b, llvm::ArrayRef<nn::Window> windows,
               unsigned firstOutput, unsigned firstKernel);

} // namespace burin

#endif // BURIN_PASSES_LOWER_WINDOW_WINDOWLOWERING_H
