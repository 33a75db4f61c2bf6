//===- AttentionShape.h - Sizes and addresses of attention ------*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_ATTENTION_ATTENTIONSHAPE_H
#define BURIN_PASSES_EXEC_ATTENTION_ATTENTIONSHAPE_H

#include "dialects/Exec/Exec.h"
#include "passes/Exec/Tiles/Packing.h"

namespace burin {

/// An exec.attention on buffers. Accesses have coefficients for batch, head, query
/// or key, and depth; those of extras for batch, head, query and key.
struct AttentionShape {
  /// Sizes are calculated at the insertion point of `shapes`.
  AttentionShape(exec::AttentionOp op, mlir::ImplicitLocOpBuilder &b,
                 nn::ShapeBuilder &shapes);

  /// Keys as columns and their depth to sum up over, for packing.
  Contraction getKeyColumns() const { return getColumns(key, depth, 2, 3); }
  /// The values' depth as columns and keys to sum up over.
  Contraction getValueColumns() const { return getColumns(value, width, 3, 2); }

  LinearAccess query, key, value, result;
  llvm::SmallVector<LinearAccess> extras;
  /// `groups` are heads of keys, each for `shared` heads of queries.
  mlir::OpFoldResult batch, heads, groups, shared, queries, keys, depth, width;

private:
  Contraction getColumns(const LinearAccess &access, mlir::OpFoldResult last,
                         unsigned column, unsigned depth) const;
};

} // namespace burin

#endif // BURIN_PASSES_EXEC_ATTENTION_ATTENTIONSHAPE_H
