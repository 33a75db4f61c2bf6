//===- Passes.h - From loops on buffers to kernels --------------*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_PASSES_H
#define BURIN_PASSES_EXEC_PASSES_H

#include "mlir/Pass/Pass.h"

namespace burin {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Exec/Passes.h.inc"
} // namespace burin

#endif // BURIN_PASSES_EXEC_PASSES_H
