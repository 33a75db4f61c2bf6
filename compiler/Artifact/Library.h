//===- Library.h - Objects to a static library ------------------*- C++ -*-===//

#ifndef BURIN_COMPILER_ARTIFACT_LIBRARY_H
#define BURIN_COMPILER_ARTIFACT_LIBRARY_H

#include "compiler/Support/Status.h"
#include "targets/Target.h"

namespace burin {

/// Writes the static library `path`: `objects`, and Burin's runtime and kernels
/// for the target, of which a linker takes what is used.
Status writeLibrary(llvm::ArrayRef<std::string> objects, const Target &target,
                    llvm::StringRef path);

} // namespace burin

#endif // BURIN_COMPILER_ARTIFACT_LIBRARY_H
