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

class NextPanel : IndexEmitter {
public:
  /// Panels have `width` elements per step of the depth, which `calls` kernels
  /// share; 0: nothing is asked for.
  NextPanel(mlir::ImplicitLocOpBuilder &b, int64_t width, int64_t calls)
      : IndexEmitter(b), width(width),
        perStep(calls ? llvm::divideCeil(width, calls) : 0) {}

  /// Elements that one call asks for with each step.
  int64_t getPerStep() const { return perStep; }
  /// What kernel number `call` starts to ask for, of the panel of `steps` at `start`.
  mlir::Value getPart(mlir::Value start, mlir::Value steps, mlir::Value call);

private:
  int64_t width, perStep;
};

/// Asks for the `count` elements of `memory` at `at`.
void emitRequest(mlir::ImplicitLocOpBuilder &b, mlir::Value memory, mlir::Value at,
                 int64_t count);

} // namespace burin

#endif // BURIN_PASSES_EXEC_TILES_NEXTPANEL_H
