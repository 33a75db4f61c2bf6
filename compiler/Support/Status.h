//===- Status.h - What became of a step outside the IR ----------*- C++ -*-===//

#ifndef BURIN_COMPILER_SUPPORT_STATUS_H
#define BURIN_COMPILER_SUPPORT_STATUS_H

#include "llvm/ADT/Twine.h"
#include <string>

namespace burin {

/// How a program of Burin ends. Only `main` exits.
enum class ExitCode {
  Done = 0,
  Usage = 2,       ///< The command line.
  Invalid = 3,     ///< The model, or a file it needs, breaks a rule.
  Unsupported = 4, ///< The model is valid, but this is not done.
  Machine = 5,     ///< Disk, memory, device; or too big for any.
  Bug = 70,
};

/// Done, or why not. An error whose text is empty has been diagnosed already.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(ExitCode code, const llvm::Twine &text)
      : code(code), text(text.str()) {}
  static Status diagnosed(ExitCode code) { return {code, ""}; }

  bool isOk() const { return code == ExitCode::Done; }
  ExitCode getCode() const { return code; }
  const std::string &getText() const { return text; }

private:
  ExitCode code = ExitCode::Done;
  std::string text;
};

} // namespace burin

#endif // BURIN_COMPILER_SUPPORT_STATUS_H
