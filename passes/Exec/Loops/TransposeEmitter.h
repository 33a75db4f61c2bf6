//===- TransposeEmitter.h - What is read across is written along -*- C++ -*-===//
//
// Where the loop that writes neighbours reads far apart, vectors go along the loop
// that reads neighbours instead. A square of vectors is transposed in registers;
// two to four vectors whose elements are neighbours in turn are interleaved.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_EXEC_LOOPS_TRANSPOSEEMITTER_H
#define BURIN_PASSES_EXEC_LOOPS_TRANSPOSEEMITTER_H

#include "passes/Exec/LoopNest.h"

namespace burin {

/// Emits the loops of an elementwise op so; false if it is no such op, or too
/// small. `lanes`: 32-bit elements of a vector.
bool emitTransposed(mlir::linalg::LinalgOp op, mlir::ImplicitLocOpBuilder &b,
                    nn::ShapeBuilder &shapes, const LoopNest &nest, int64_t lanes);

} // namespace burin

#endif // BURIN_PASSES_EXEC_LOOPS_TRANSPOSEEMITTER_H
