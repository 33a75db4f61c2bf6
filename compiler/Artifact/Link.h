//===- Link.h - Objects to a shared library or a program --------*- C++ -*-===//

#ifndef BURIN_COMPILER_ARTIFACT_LINK_H
#define BURIN_COMPILER_ARTIFACT_LINK_H

#include "compiler/Support/Status.h"
#include "targets/Target.h"

namespace burin {

/// What ld.lld is given beside the objects.
struct LinkJob {
  const Target &target;
  llvm::StringRef folder; ///< For temporary files; exists.
  llvm::StringRef output;
};

/// Links `objects` and what they use of Burin's kernel library into a shared
/// library. Nothing of the machine's C library is read: the names of libc and
/// libm are enough.
Status linkShared(llvm::ArrayRef<std::string> objects, const LinkJob &job);

/// Links `objects` with Burin's own program and runtime. That takes libc's
/// files for development, of the target's machine.
Status linkProgram(llvm::ArrayRef<std::string> objects, const LinkJob &job);

/// Makes one object of `objects`.
Status linkObject(llvm::ArrayRef<std::string> objects, const LinkJob &job);

/// Where ld.lld is, if it is installed.
std::optional<std::string> findLinker();

/// Finds one of Burin's own libraries for a target, beside this program.
Status findLibrary(llvm::StringRef name, const Target &target,
                   std::string &file);

} // namespace burin

#endif // BURIN_COMPILER_ARTIFACT_LINK_H
