//===- Hash.h - What stands for many bytes ----------------------*- C++ -*-===//

#ifndef BURIN_COMPILER_SUPPORT_HASH_H
#define BURIN_COMPILER_SUPPORT_HASH_H

#include "llvm/ADT/StringRef.h"
#include <memory>
#include <string>

namespace burin {

/// XXH3 with 128 bits, of bytes that come piece by piece. Not for secrets.
class Hasher {
public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher &) = delete;
  Hasher &operator=(const Hasher &) = delete;

  void add(llvm::StringRef bytes);
  /// The same with its length, so that what follows is told apart.
  void addText(llvm::StringRef text);
  void addNumber(uint64_t number);

  /// Of all bytes so far: 32 hexadecimal digits.
  std::string get() const;

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace burin

#endif // BURIN_COMPILER_SUPPORT_HASH_H
