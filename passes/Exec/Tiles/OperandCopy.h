//===- OperandCopy.h - Left operands whose rows collide ---------*- C++ -*-===//
//
// Rows that lie multiples of a page apart have their places in the nearest cache in
// common and drive each other out of it. Copied, they lie a line further apart.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_EXEC_TILES_OPERANDCOPY_H
#define BURIN_PASSES_EXEC_TILES_OPERANDCOPY_H

#include "passes/Exec/Tiles/ContractionPlan.h"

namespace burin {

/// The left operand's rows, `plan.pitch` apart, of one depth loop.
mlir::Value copyRows(mlir::ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                     const Contraction &c, const ContractionPlan &plan);

/// Whether the left operand consists of pixels: runs of the last depth loop, from one
/// to another of which all other loops go, and which are read once each on average.
bool hasPixels(const Contraction &c, int64_t lanes);

/// Its pixels, `plan.pixelPitch` apart, as an operand of the same loops.
LinearAccess copyPixels(mlir::ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                        const Contraction &c, const ContractionPlan &plan);

} // namespace burin

#endif // BURIN_PASSES_EXEC_TILES_OPERANDCOPY_H
