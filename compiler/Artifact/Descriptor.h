//===- Descriptor.h - burin/abi.h's structs as constants --------*- C++ -*-===//

#ifndef BURIN_COMPILER_ARTIFACT_DESCRIPTOR_H
#define BURIN_COMPILER_ARTIFACT_DESCRIPTOR_H

#include "compiler/Artifact/Interface.h"
#include "compiler/Artifact/Levels.h"
#include "targets/Target.h"

namespace burin {

/// Where section 0 of the weights lies.
struct WeightsInfo {
  uint64_t bytes = 0;
  std::string file;  ///< External: its name; embedded: empty.
  uint64_t hash = 0; ///< Of an external file.
};

/// What other objects know an artifact's parts by.
struct SymbolNames {
  std::string descriptor;                ///< The function that returns it.
  std::string weights = "burin_weights"; ///< Embedded ones; hidden.
};

/// Adds the descriptors of all levels, the best first, and the function that
/// returns the first to a module of the LLVM dialect, whose functions carry
/// their arena sizes. No other function can be seen from outside then.
void addDescriptor(mlir::ModuleOp module, const ModelInterface &model,
                   const WeightsInfo &weights, const Target &target,
                   llvm::ArrayRef<Level> levels, const SymbolNames &symbols);

} // namespace burin

#endif // BURIN_COMPILER_ARTIFACT_DESCRIPTOR_H
