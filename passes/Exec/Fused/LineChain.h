//===- LineChain.h - Convolutions that follow each other by lines -*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_FUSED_LINECHAIN_H
#define BURIN_PASSES_EXEC_FUSED_LINECHAIN_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/SetVector.h"
#include <optional>

namespace burin {

/// The lines that an op uses of a buffer for line i of its result, which is [image,
/// line, pixel, channel]: `extent` of them from i * `stride` on. All of the buffer,
/// whatever the line, if the stride is 0.
struct LineWindow {
  int64_t stride = 0, extent = 1;
  unsigned dim = 1; ///< Of the buffer, along which its lines follow each other.

  bool isWhole() const { return stride == 0; }
  /// Whether lines of both stand at the same place.
  bool isLine() const { return stride == 1 && extent == 1 && dim == 1; }
};

/// An op over [image, line, pixel, channel, reductions...].
struct LineStep {
  mlir::linalg::LinalgOp op;
  llvm::SmallVector<LineWindow> windows; ///< Of its operands.
};

/// Ops that calculate a buffer, in their order, and the buffers that only they use.
struct LineGroup {
  llvm::SmallVector<LineStep> steps;
  llvm::SetVector<mlir::Value> buffers;
};

/// A window - a depthwise convolution or a pooling - with the 1 x 1 convolution that
/// alone reads a depthwise one; what changes the results of both one by one; and, if
/// nothing else reads what the window sees, the convolution that calculates that. All
/// may run where the last of them is.
struct LineChain {
  /// The chain around a 1 x 1 convolution after a window, if it is the last one of such.
  static std::optional<LineChain> findProduct(mlir::linalg::LinalgOp op);
  /// The chain that ends with a window and has a convolution before it.
  static std::optional<LineChain> findWindow(mlir::linalg::LinalgOp op);

  mlir::Value result() { return lines.steps.back().op.getDpsInits()[0]; }

  LineGroup lines;  ///< From the window on.
  LineGroup before; ///< Calculates what it sees; empty if that is not in the chain.

  LineWindow window;    ///< Of lines.
  mlir::Value input;    ///< What it sees, with borders,
  mlir::Value border;   ///< all of this value; null if there are none.
  mlir::Value interior; ///< The view of `input` that `before` writes.
  int64_t top = 0;      ///< Line of `input` at which the interior starts.
  mlir::Value middle;   ///< What the 1 x 1 convolution reads, or the window's results.
  llvm::SmallVector<mlir::linalg::FillOp> fills; ///< Of the borders.
};

} // namespace burin

#endif // BURIN_PASSES_EXEC_FUSED_LINECHAIN_H
