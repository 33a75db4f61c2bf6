//===- Text.h - Text out of files, made fit for a terminal ------*- C++ -*-===//

#ifndef BURIN_COMPILER_SUPPORT_TEXT_H
#define BURIN_COMPILER_SUPPORT_TEXT_H

#include "llvm/ADT/StringRef.h"
#include <string>

namespace burin {

/// `text` with control characters and what is not UTF-8 written as \xNN. If
/// longer than `limit` bytes, the middle gives way to "...".
std::string escape(llvm::StringRef text, size_t limit = 4096,
                   bool keepLines = true);

/// A name out of a model, short enough to stand in a sentence.
inline std::string escapeName(llvm::StringRef name) {
  return escape(name, 200, /*keepLines=*/false);
}

/// True if all of it is UTF-8, without NUL.
bool isCleanUtf8(llvm::StringRef text);

} // namespace burin

#endif // BURIN_COMPILER_SUPPORT_TEXT_H
