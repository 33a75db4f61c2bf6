//===- Backend.h - From an imported module to an artifact -------*- C++ -*-===//

#ifndef BURIN_COMPILER_DRIVER_BACKEND_H
#define BURIN_COMPILER_DRIVER_BACKEND_H

#include "compiler/Driver/Options.h"
#include "compiler/Support/OutputFiles.h"
#include "compiler/Support/Progress.h"

namespace burin {

/// Runs all stages after Import on `module` and writes what the options ask
/// for. Files are opened by `outputs.add(options.output, ...)` and the like,
/// and get their names from the caller if all went well. Announces each stage
/// to `progress`. Errors about nodes are diagnosed in the module's context. Sets
/// `kernels` to the list of them, for people.
Status compileModule(mlir::ModuleOp module, const CompileOptions &options,
                     OutputFiles &outputs, Progress &progress, std::string &kernels);

} // namespace burin

#endif // BURIN_COMPILER_DRIVER_BACKEND_H
