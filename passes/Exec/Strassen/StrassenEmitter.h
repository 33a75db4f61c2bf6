//===- StrassenEmitter.h - Loops over products of quarters ------*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_STRASSEN_STRASSENEMITTER_H
#define BURIN_PASSES_EXEC_STRASSEN_STRASSENEMITTER_H

#include "passes/Exec/Strassen/StrassenPlan.h"

namespace burin {

/// Emits the sums of the left operand, the tasks that threads share, and in each the
/// products of one panel of columns in either half with all rows of a block. Where rows
/// may turn out to be too few or too many, they are multiplied directly then.
void emitStrassen(mlir::ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                  const Contraction &contraction, const ContractionPlan &plan,
                  const StrassenPlan &strassen);

} // namespace burin

#endif // BURIN_PASSES_EXEC_STRASSEN_STRASSENEMITTER_H
