//===- Vectors.h - Vectors in memory ----------------------------*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_VECTORS_H
#define BURIN_PASSES_EXEC_VECTORS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace burin {

/// What lies in `memory` from `at` on; zero in lanes that are not in `mask` (null: all
/// are).
mlir::Value loadVector(mlir::ImplicitLocOpBuilder &b, mlir::VectorType type,
                       mlir::Value memory, mlir::ValueRange at, mlir::Value mask);

/// Writes the lanes of `vector` that are in `mask` (null: all) to `memory` from `at` on.
void storeVector(mlir::ImplicitLocOpBuilder &b, mlir::Value vector, mlir::Value memory,
                 mlir::Value at, mlir::Value mask);

/// The first `count` of `lanes`.
mlir::Value createMask(mlir::ImplicitLocOpBuilder &b, int64_t lanes, mlir::Value count);

/// An address of the same value, of which LLVM cannot tell: what is loaded there is not
/// merged with other loads. `inOrder`: nor before what was stored until then.
mlir::Value hideAddress(mlir::ImplicitLocOpBuilder &b, mlir::Value address, bool inOrder);

} // namespace burin

#endif // BURIN_PASSES_EXEC_VECTORS_H
