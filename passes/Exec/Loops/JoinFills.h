//===- JoinFills.h - Borders of images in one loop --------------*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_LOOPS_JOINFILLS_H
#define BURIN_PASSES_EXEC_LOOPS_JOINFILLS_H

#include "mlir/IR/Operation.h"

namespace burin {

/// Ops that fill parts of a buffer [image, line, ...] with one value, one after the
/// other, become one loop over its lines that threads share: each fills the borders of
/// the lines that it works on before and after.
void joinFills(mlir::Operation *root, int64_t lanes);

} // namespace burin

#endif // BURIN_PASSES_EXEC_LOOPS_JOINFILLS_H
