//===- Link.h - Objects to a shared library or a program --------*- C++ -*-===//

#ifndef BURIN_COMPILER_ARTIFACT_LINK_H
#define BURIN_COMPILER_ARTIFACT_LINK_H

#include "compiler/Support/Status.h"
#include "targets/Target.h"

namespace burin {

/// Links `objects` and what they use of Burin's kernel library into the shared
/// library `path`, by ld.lld. `folder` is for temporary files and exists.
/// Nothing of the machine's C library is read: the names of libc and libm are
/// enough.
Status linkShared(llvm::ArrayRef<std::string> objects, const Target &target,
                  llvm::StringRef folder, llvm::StringRef path);

/// Where the runtime's libraries for a target lie, beside this program.
std::string getLibraryFolder(const Target &target);

} // namespace burin

#endif // BURIN_COMPILER_ARTIFACT_LINK_H
