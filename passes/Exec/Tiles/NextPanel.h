//===- NextPanel.h - The panel of columns after this one --------*- C++ -*-===//
//
// While kernels multiply with one packed panel of columns, they ask for the panel
// that lies behind it: each call for an equal part, a little with each step of the
// depth, so that memory is never asked for more than it can give.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_EXEC_TILES_NEXTPANEL_H
#define BURIN_PASSES_EXEC_TILES_NEXTPANEL_H

#include "passes/Exec/Loops/IndexEmitter.h"

namespace burin {

/// Cache lines of a panel with `width` elements of `type` per step that a kernel asks
/// for with each step, if `calls` share it; if that is not known, as many as one call
/// alone would.
int64_t getLinesAhead(mlir::Type type, int64_t width, std::optional<int64_t> calls);

class NextPanel : IndexEmitter {
public:
  NextPanel(mlir::ImplicitLocOpBuilder &b, int64_t width, mlir::Value calls);

  /// Elements that one call asks for with each step.
  mlir::Value getPerStep() const { return perStep; }
  /// What kernel number `call` starts to ask for, of the panel of `steps` at `start`.
  mlir::Value getPart(mlir::Value start, mlir::Value steps, mlir::Value call);

private:
  int64_t width;
  mlir::Value perStep;
};

/// Asks for `lines` cache lines of `memory` from `at` on.
void emitRequest(mlir::ImplicitLocOpBuilder &b, mlir::Value memory, mlir::Value at,
                 int64_t lines);

} // namespace burin

#endif // BURIN_PASSES_EXEC_TILES_NEXTPANEL_H
