//===- Passes.h - The order of tensors in memory    ----------*- C++ -*-===//

#ifndef BURIN_PASSES_LAYOUT_PASSES_H
#define BURIN_PASSES_LAYOUT_PASSES_H

#include "mlir/Pass/Pass.h"

namespace burin {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Layout/Passes.h.inc"
} // namespace burin

#endif // BURIN_PASSES_LAYOUT_PASSES_H
