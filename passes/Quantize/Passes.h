//===- Passes.h - Integers instead of floats  ----------------------*- C++ -*-===//

#ifndef BURIN_PASSES_QUANTIZE_PASSES_H
#define BURIN_PASSES_QUANTIZE_PASSES_H

#include "mlir/Pass/Pass.h"

namespace burin {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Quantize/Passes.h.inc"
} // namespace burin

#endif // BURIN_PASSES_QUANTIZE_PASSES_H
