//===- Passes.h - Where buffers lie -----------------------------*- C++ -*-===//

#ifndef BURIN_PASSES_MEMORY_PASSES_H
#define BURIN_PASSES_MEMORY_PASSES_H

#include "mlir/Pass/Pass.h"

namespace burin {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Memory/Passes.h.inc"
} // namespace burin

#endif // BURIN_PASSES_MEMORY_PASSES_H
