//===- Passes.h - From nn to linalg on tensors   ----------*- C++ -*-===//

#ifndef BURIN_PASSES_LOWER_PASSES_H
#define BURIN_PASSES_LOWER_PASSES_H

#include "mlir/Pass/Pass.h"

namespace burin {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Lower/Passes.h.inc"
} // namespace burin

#endif // BURIN_PASSES_LOWER_PASSES_H
