//===- Passes.h - What kernels do, in numbers -------------------*- C++ -*-===//

#ifndef BURIN_PASSES_REPORT_PASSES_H
#define BURIN_PASSES_REPORT_PASSES_H

#include "mlir/Pass/Pass.h"

namespace burin {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Report/Passes.h.inc"
} // namespace burin

#endif // BURIN_PASSES_REPORT_PASSES_H
