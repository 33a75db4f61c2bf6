//===- Weights.h - Constants on their way into a file -----------*- C++ -*-===//

#ifndef BURIN_COMPILER_ARTIFACT_WEIGHTS_H
#define BURIN_COMPILER_ARTIFACT_WEIGHTS_H

#include "compiler/Support/Status.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include <vector>

namespace burin {

/// A constant and its place in the weights section.
struct PlacedConstant {
  uint64_t offset;
  mlir::ElementsAttr value;
};

/// Takes the globals that `burin-place-constants` has placed out of the module,
/// in the order of their offsets.
std::vector<PlacedConstant> takeWeights(mlir::ModuleOp module);

/// Writes the bytes of the section alone. They are streamed: no copy of the
/// weights is made in memory.
Status writeRawWeights(llvm::ArrayRef<PlacedConstant> weights, uint64_t bytes,
                       llvm::StringRef path);

/// Writes them as a relocatable ELF file for `machine` (e_machine) with the one
/// hidden symbol `symbol`, page-aligned and read-only.
Status writeWeightsObject(llvm::ArrayRef<PlacedConstant> weights,
                          uint64_t bytes, uint16_t machine,
                          llvm::StringRef symbol, llvm::StringRef path);

} // namespace burin

#endif // BURIN_COMPILER_ARTIFACT_WEIGHTS_H
