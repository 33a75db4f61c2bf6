//===- Aliases.h - Buffers that may be the same memory ----------*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_FUSED_ALIASES_H
#define BURIN_PASSES_EXEC_FUSED_ALIASES_H

#include "mlir/IR/Operation.h"

namespace burin {

/// Whether the two may be the same memory.
bool mayAlias(mlir::Value a, mlir::Value b);

/// Whether something between the two, which share a block, may write `memory`.
bool isWrittenBetween(mlir::Operation *from, mlir::Operation *to, mlir::Value memory);

} // namespace burin

#endif // BURIN_PASSES_EXEC_FUSED_ALIASES_H
