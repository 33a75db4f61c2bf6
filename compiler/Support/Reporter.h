//===- Reporter.h - Errors of an import, with their kind --------*- C++ -*-===//

#ifndef BURIN_COMPILER_SUPPORT_REPORTER_H
#define BURIN_COMPILER_SUPPORT_REPORTER_H

#include "compiler/Support/Status.h"
#include "mlir/IR/Diagnostics.h"

namespace burin {

/// Emits errors at one place and keeps the code that the first error of the
/// whole import calls for.
class Reporter {
public:
  Reporter(mlir::Location loc, ExitCode &first) : loc(loc), first(&first) {}

  mlir::InFlightDiagnostic emit(ExitCode code) const {
    note(code);
    return mlir::emitError(loc);
  }
  /// The model breaks ONNX's rules.
  mlir::InFlightDiagnostic emitInvalid() const {
    return emit(ExitCode::Invalid);
  }
  /// The model is valid, but this is not done.
  mlir::InFlightDiagnostic emitUnsupported() const {
    return emit(ExitCode::Unsupported);
  }
  /// Bigger than any machine, or than a limit.
  mlir::InFlightDiagnostic emitTooBig() const {
    return emit(ExitCode::Machine);
  }

  /// Keeps the code of an error that was diagnosed elsewhere.
  void note(ExitCode code) const {
    if (*first == ExitCode::Done)
      *first = code;
  }
  mlir::Location getLoc() const { return loc; }
  /// The same for errors at another place.
  Reporter at(mlir::Location other) const { return {other, *first}; }

private:
  mlir::Location loc;
  ExitCode *first;
};

} // namespace burin

#endif // BURIN_COMPILER_SUPPORT_REPORTER_H
