//===- Naming.h - Names out of a model as names in C ------------*- C++ -*-===//

#ifndef BURIN_COMPILER_ARTIFACT_NAMING_H
#define BURIN_COMPILER_ARTIFACT_NAMING_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"
#include <string>

namespace burin {

/// `text` with `_` for every byte that no C identifier has, and cut where it is
/// long. One that would not start with a letter gets `first` and `_` before it.
std::string toIdentifier(llvm::StringRef text, llvm::StringRef first);

/// Names of one scope, each of them once, and none a keyword of C or C++.
class UniqueNames {
public:
  /// `taken` are in the scope already.
  explicit UniqueNames(std::initializer_list<llvm::StringRef> taken) {
    for (llvm::StringRef name : taken)
      names.insert(name);
  }
  /// `name`, or `name` with a number where it is taken.
  std::string add(const std::string &name);

private:
  llvm::StringSet<> names;
};

} // namespace burin

#endif // BURIN_COMPILER_ARTIFACT_NAMING_H
