//===- ContractionEmitter.h - Loops over tiles of sums ----------*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_TILES_CONTRACTIONEMITTER_H
#define BURIN_PASSES_EXEC_TILES_CONTRACTIONEMITTER_H

#include "passes/Exec/Tiles/ContractionPlan.h"

namespace burin {

/// Emits the packing, the tasks that threads share, and in each the kernels and
/// what becomes of their sums.
void emitContraction(mlir::ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                     Contraction contraction, ContractionPlan plan);

} // namespace burin

#endif // BURIN_PASSES_EXEC_TILES_CONTRACTIONEMITTER_H
