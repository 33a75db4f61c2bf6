//===- Levels.h - Code for several processors in one artifact ---*- C++ -*-===//

#ifndef BURIN_COMPILER_ARTIFACT_LEVELS_H
#define BURIN_COMPILER_ARTIFACT_LEVELS_H

#include "mlir/IR/BuiltinOps.h"
#include "targets/Target.h"
#include <vector>

namespace burin {

/// The code for one processor among several.
struct Level {
  CpuInfo cpu;
  mlir::ModuleOp module;
  std::string prefix; ///< Of its functions' names in the module that has all.
};

/// How large the constants of several levels are.
struct SharedBytes {
  uint64_t all = 0;    ///< In the artifact.
  uint64_t shared = 0; ///< That each level would else have of its own.
};

/// Gives constants with the same bytes one place in one section, after the exec
/// stage has placed them for each level alone. Those that a level has packed for
/// its own kernels lie beside those of the others.
SharedBytes shareConstants(llvm::MutableArrayRef<Level> levels);

/// Moves the code of all levels, in the LLVM dialect, into the module of the
/// first. Functions of the others are marked with `exec.level`, their number,
/// and get names that no other has.
void joinLevels(llvm::MutableArrayRef<Level> levels);

} // namespace burin

#endif // BURIN_COMPILER_ARTIFACT_LEVELS_H
