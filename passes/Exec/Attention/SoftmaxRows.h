//===- SoftmaxRows.h - Softmax of scores in panels --------------*- C++ -*-===//
//
// Scores of a few queries lie in panels of keys, as the micro-kernel leaves them.
// Some keys at a time: what was summed up before is scaled
// down when a larger score comes (Dao et al., FlashAttention, 2022).
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_EXEC_ATTENTION_SOFTMAXROWS_H
#define BURIN_PASSES_EXEC_ATTENTION_SOFTMAXROWS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace burin {

/// The memory of some rows. Of each row the largest score and the sum of the
/// exponentials are kept, as differences from the largest.
struct ScoreRows {
  mlir::Value scores; ///< 1-D; where panels and rows start in it:
  mlir::Value rounded; ///< The same memory as bf16, which exponentials become; or null.
  int64_t panelStride, rowStride;
  int64_t columns, lanes;    ///< Of a panel; of a vector.
  mlir::Value largest, sums; ///< One per row.
};

/// The score of a vector of keys, given what lies in the panel: `row` is a row,
/// `key` the first key's number in the block, `mask` the keys that exist (null: all).
using ScoreBody = llvm::function_ref<mlir::Value(mlir::Value score, mlir::Value row,
                                                 mlir::Value key, mlir::Value mask)>;

/// Scores of `rows` rows for `keys` keys become exponentials, 0 past the last key. As
/// bf16 they fill the first half of their row's part of a panel.
/// `scale` gets a row and what all that was summed up for it is to be multiplied by;
/// without it the keys are the first and only ones.
void emitSoftmaxRows(mlir::ImplicitLocOpBuilder &b, const ScoreRows &memory,
                     mlir::Value rows, mlir::Value keys, ScoreBody body,
                     llvm::function_ref<void(mlir::Value row, mlir::Value factor)> scale);

} // namespace burin

#endif // BURIN_PASSES_EXEC_ATTENTION_SOFTMAXROWS_H
