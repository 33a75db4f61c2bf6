//===- SingleQuery.h - Attention of one query per head ----------*- C++ -*-===//
//
// When text is generated there is one query for all keys: nothing is read twice
// but by the heads that share it, and packing would cost more than it gains.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_EXEC_ATTENTION_SINGLEQUERY_H
#define BURIN_PASSES_EXEC_ATTENTION_SINGLEQUERY_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace burin {

/// The dot products of `depth` elements, a multiple of the lanes, of one query with
/// as many keys as there are lanes.
mlir::Value emitDots(mlir::ImplicitLocOpBuilder &b, mlir::Value queryMemory,
                     mlir::Value query, mlir::Value keyMemory,
                     llvm::ArrayRef<mlir::Value> keys, int64_t depth);

/// Vectors of values where they lie, and what they are multiplied by.
struct WeightedValues {
  mlir::Value memory, start, stride; ///< From key to key.
  mlir::Value weights;               ///< Their memory,
  llvm::SmallVector<mlir::Value> rows; ///< and where those of some rows start.
  mlir::Value keys;                  ///< How many there are.
};

/// `sums` ([row][vector]) plus the values of all keys, for vectors next to each other.
llvm::SmallVector<mlir::Value> emitWeightedSums(mlir::ImplicitLocOpBuilder &b,
                                                const WeightedValues &values,
                                                llvm::ArrayRef<mlir::Value> sums);

} // namespace burin

#endif // BURIN_PASSES_EXEC_ATTENTION_SINGLEQUERY_H
