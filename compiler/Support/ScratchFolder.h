//===- ScratchFolder.h - Files that only one command needs ------*- C++ -*-===//

#ifndef BURIN_COMPILER_SUPPORT_SCRATCHFOLDER_H
#define BURIN_COMPILER_SUPPORT_SCRATCHFOLDER_H

#include "compiler/Support/Status.h"
#include "llvm/ADT/SmallString.h"

namespace burin {

/// A folder for temporary files, without folders in it. It goes with this
/// object, or with the program: one folder at a time is remembered for that.
class ScratchFolder {
public:
  ScratchFolder() = default;
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder &) = delete;
  ScratchFolder &operator=(const ScratchFolder &) = delete;

  Status open();
  std::string get(const llvm::Twine &name) const {
    return (folder + "/" + name).str();
  }
  llvm::StringRef getFolder() const { return folder; }

  /// Removes the remembered folder. Does only what a signal handler may.
  static void removeFromSignal();

private:
  llvm::SmallString<128> folder;
};

} // namespace burin

#endif // BURIN_COMPILER_SUPPORT_SCRATCHFOLDER_H
