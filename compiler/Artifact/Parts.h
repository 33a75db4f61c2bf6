//===- Parts.h - A module as several that compile alone ---------*- C++ -*-===//

#ifndef BURIN_COMPILER_ARTIFACT_PARTS_H
#define BURIN_COMPILER_ARTIFACT_PARTS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <vector>

namespace burin {

/// One of them, for one processor of several: see joinLevels().
struct CodePart {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  size_t level = 0;
};

/// Moves the functions of a module of the LLVM dialect into modules of similar
/// size, in their order, for as many threads; how many depends on the module
/// alone, so that every machine writes the same bytes. Functions that call each
/// other directly stay together. Those that another part needs become hidden
/// symbols with `prefix` before their names.
std::vector<CodePart> splitModule(mlir::ModuleOp module,
                                  llvm::StringRef prefix);

} // namespace burin

#endif // BURIN_COMPILER_ARTIFACT_PARTS_H
