//===- OutputFiles.h - Files that appear whole or not at all ----*- C++ -*-===//

#ifndef BURIN_COMPILER_SUPPORT_OUTPUTFILES_H
#define BURIN_COMPILER_SUPPORT_OUTPUTFILES_H

#include "compiler/Support/Status.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

namespace burin {

using FileWriter = llvm::function_ref<void(llvm::raw_pwrite_stream &)>;

/// Has `write` write the file at `path`.
Status writeFile(llvm::StringRef path, FileWriter write);

/// The files that one command writes. Each is written under a temporary name in
/// the folder of its own, and all get theirs in the end; what has not got it is
/// removed, by a signal that ends the program as well.
class OutputFiles {
public:
  OutputFiles() = default;
  ~OutputFiles();
  OutputFiles(const OutputFiles &) = delete;
  OutputFiles &operator=(const OutputFiles &) = delete;

  /// Whether a file could be written at `path`, without writing it.
  static Status check(llvm::StringRef path);

  /// Sets `temporary` to the name of an empty file that shall become `path`.
  Status add(llvm::StringRef path, std::string &temporary);

  /// Adds `path` and has `write` write it; "-" is standard output, and no file.
  Status write(llvm::StringRef path, FileWriter write);

  /// The temporary and the final name of each, in the order of add().
  void forEach(llvm::function_ref<void(llvm::StringRef temporary,
                                       llvm::StringRef path)>
                   action) const;

  /// Removes all of them.
  void discard();

  /// Gives the files their names, the one added first last: side files are
  /// there when what refers to them appears.
  Status commit();

private:
  struct File {
    std::string temporary, path;
  };
  llvm::SmallVector<File> files;
};

} // namespace burin

#endif // BURIN_COMPILER_SUPPORT_OUTPUTFILES_H
