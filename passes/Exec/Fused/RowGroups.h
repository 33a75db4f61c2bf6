//===- RowGroups.h - linalg ops that go through the same rows ---*- C++ -*-===//
//
// Softmax on buffers is six linalg ops, each of which goes through all rows. If
// no op needs another row than its own, a few rows can go through all ops.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_EXEC_FUSED_ROWGROUPS_H
#define BURIN_PASSES_EXEC_FUSED_ROWGROUPS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/MapVector.h"

namespace burin {

/// Neighbours in one block whose first `numRowLoops` loops are parallel and
/// equal. Each buffer is either read and written by rows (its first dimensions
/// are those loops), or read without regard to rows.
class RowGroup {
public:
  /// Takes `op` in if it fits what is there; false if not. `mustConnect`: only if
  /// it shares a buffer with an op that is there, by which its rows are as many.
  bool add(mlir::linalg::LinalgOp op, bool mustConnect = true);
  /// The same for an op and the fill before it of a buffer that it writes.
  bool add(mlir::linalg::FillOp fill, mlir::linalg::LinalgOp op);

  llvm::ArrayRef<mlir::linalg::LinalgOp> getOps() const { return ops; }
  unsigned getNumRowLoops() const { return numRowLoops; }
  /// True if some op folds the elements of rows: only then are rows read again.
  bool hasReduction() const { return reduces; }
  /// Whether the buffer's first dimensions are the row loops.
  bool isByRows(mlir::Value buffer) const {
    return buffers.lookup(buffer).byRows;
  }
  /// All buffers, in the order of their first use.
  llvm::SmallVector<mlir::Value> getBuffers() const;

private:
  struct Buffer {
    bool byRows = false, isWritten = false;
  };
  bool isAliased(mlir::Value buffer, bool isWritten) const;

  llvm::SmallVector<mlir::linalg::LinalgOp> ops;
  unsigned numRowLoops = 0;
  bool reduces = false;
  llvm::MapVector<mlir::Value, Buffer> buffers;
};

/// The groups of a block that are worth going through by rows. Moves fills to
/// the op that they are for.
llvm::SmallVector<RowGroup> findRowGroups(mlir::Block &block);

} // namespace burin

#endif // BURIN_PASSES_EXEC_FUSED_ROWGROUPS_H
