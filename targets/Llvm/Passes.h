//===- Passes.h - Passes that all LLVM targets share ------------*- C++ -*-===//

#ifndef BURIN_TARGETS_LLVM_PASSES_H
#define BURIN_TARGETS_LLVM_PASSES_H

#include "mlir/Pass/Pass.h"

namespace burin {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "targets/Llvm/Passes.h.inc"
} // namespace burin

#endif // BURIN_TARGETS_LLVM_PASSES_H
