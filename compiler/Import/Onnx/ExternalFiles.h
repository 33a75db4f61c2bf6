//===- ExternalFiles.h - Weights in files beside the model ------*- C++ -*-===//

#ifndef BURIN_COMPILER_IMPORT_ONNX_EXTERNALFILES_H
#define BURIN_COMPILER_IMPORT_ONNX_EXTERNALFILES_H

#include "compiler/Support/Status.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"

namespace burin {

class Hasher;

/// Where a tensor's bytes lie, as the model claims.
struct ExternalRange {
  std::string location;
  uint64_t offset = 0;
};

/// Maps the side files of one model, and nothing outside its folder. The bytes
/// handed out live as long as this object.
class ExternalFiles {
public:
  explicit ExternalFiles(const std::string &modelPath);
  ~ExternalFiles();
  ExternalFiles(const ExternalFiles &) = delete;
  ExternalFiles &operator=(const ExternalFiles &) = delete;

  /// Sets `bytes` to the `size` bytes of `range`.
  Status read(const ExternalRange &range, uint64_t size,
              llvm::ArrayRef<char> &bytes);

  /// Hashes all files that were read of, names and bytes.
  void addTo(Hasher &hasher) const;

private:
  Status open(llvm::StringRef location, int &descriptor) const;
  Status map(llvm::StringRef location, llvm::ArrayRef<char> &file);

  std::string folder;
  llvm::StringMap<llvm::ArrayRef<char>> files; ///< Mapped ones, by location.
};

} // namespace burin

#endif // BURIN_COMPILER_IMPORT_ONNX_EXTERNALFILES_H
