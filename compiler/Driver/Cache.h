//===- Cache.h - What was compiled before -----------------------*- C++ -*-===//

#ifndef BURIN_COMPILER_DRIVER_CACHE_H
#define BURIN_COMPILER_DRIVER_CACHE_H

#include "compiler/Support/OutputFiles.h"

namespace burin {

/// A folder of finished outputs by key. An entry is one file, which appears
/// whole or not at all, so that any number of programs may use the folder at the
/// same time. Whatever goes wrong here, the only harm is to compile again.
class Cache {
public:
  /// Together, entries take no more.
  static constexpr uint64_t maxBytes = uint64_t(4) << 30;

  explicit Cache(llvm::StringRef folder, uint64_t limit = maxBytes)
      : folder(folder.str()), limit(limit) {}

  /// Adds `output`, and what lies beside it, to `outputs`, as they were stored
  /// under `key`, and sets `notes` to what was said of them. False where there is
  /// nothing, or it is damaged.
  bool load(llvm::StringRef key, llvm::StringRef output, OutputFiles &outputs,
            std::string &notes);

  /// Stores `notes` and the files of `outputs`, which are called by `output`, unless
  /// they take a quarter of the limit. Where it is passed, the entries that were used
  /// longest ago go.
  void store(llvm::StringRef key, llvm::StringRef output, const OutputFiles &outputs,
             llvm::StringRef notes);

private:
  std::string getEntry(llvm::StringRef key) const;
  void evict();

  std::string folder;
  uint64_t limit;
};

} // namespace burin

#endif // BURIN_COMPILER_DRIVER_CACHE_H
