//===- LineChain.h - Convolutions that follow each other by lines -*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_FUSED_LINECHAIN_H
#define BURIN_PASSES_EXEC_FUSED_LINECHAIN_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/SetVector.h"
#include <optional>

namespace burin {

/// The lines of [image, line, pixel, channel] that an op uses of a buffer for line i
/// of its result: `extent` of them from i * `stride` on. All of the buffer, whatever
/// the line, if the stride is 0.
struct LineWindow {
  int64_t stride = 0, extent = 1;

  bool isWhole() const { return stride == 0; }
  bool isLine() const { return stride == 1 && extent == 1; }
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

/// A depthwise convolution and the 1 x 1 convolution that alone reads it; what
/// changes the results of both one by one; and, if nothing else reads what the first
/// convolves, the 1 x 1 convolution that calculates that. All may run where the last
/// of them is.
struct LineChain {
  /// The chain around a 1 x 1 convolution, if it is the last one of such.
  static std::optional<LineChain> find(mlir::linalg::LinalgOp product);

  mlir::Value result() { return lines.steps.back().op.getDpsInits()[0]; }

  LineGroup lines;  ///< From the depthwise convolution on.
  LineGroup before; ///< Calculates what it convolves; empty if that is not in the chain.

  LineWindow window;    ///< Of the depthwise convolution.
  mlir::Value input;    ///< What it convolves, with borders,
  mlir::Value border;   ///< all of this value; null if there are none.
  mlir::Value interior; ///< The view of `input` that `before` writes.
  int64_t top = 0;      ///< Line of `input` at which the interior starts.
  mlir::Value middle;   ///< What the 1 x 1 convolution reads.
  llvm::SmallVector<mlir::linalg::FillOp> fills; ///< Of the borders.
};

} // namespace burin

#endif // BURIN_PASSES_EXEC_FUSED_LINECHAIN_H
