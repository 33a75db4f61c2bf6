//===- Driver.h - A model in, an artifact out -------------------*- C++ -*-===//

#ifndef BURIN_COMPILER_DRIVER_DRIVER_H
#define BURIN_COMPILER_DRIVER_DRIVER_H

#include "compiler/Driver/Options.h"
#include "compiler/Support/Progress.h"

namespace burin {

/// Compiles `options.model` into `options.output`, which is there only if all
/// went well. Errors are printed to the messages of `progress`.
ExitCode compile(const CompileOptions &options, Progress &progress);

/// The name of the artifact of `model`, in the present folder.
std::string getDefaultOutput(llvm::StringRef model, Emit emit);

/// True for what people read, and a terminal can show.
bool isText(Emit emit);

} // namespace burin

#endif // BURIN_COMPILER_DRIVER_DRIVER_H
