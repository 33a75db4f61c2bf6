//===- Packing.h - Operands of contractions in panels -----------*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_TILES_PACKING_H
#define BURIN_PASSES_EXEC_TILES_PACKING_H

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "passes/Exec/Tiles/Contraction.h"
#include "passes/Exec/Tiles/MicroKernel.h"

namespace burin {

/// One operand of a contraction, cut along its rows (or columns) into panels of
/// `width`, each [depth][width]. What is past the end of the last panel has any
/// value.
struct PanelLayout {
  unsigned operand;                       ///< Input of the contraction.
  int64_t width;                          ///< Rows or columns per panel.
  llvm::SmallVector<unsigned> batch;      ///< Batch loops it has values for.
  llvm::SmallVector<unsigned> lines;      ///< Row or column loops.
};

PanelLayout getPanelLayout(const Contraction &contraction, bool isLhs,
                           int64_t width);

/// Stack memory of the thread that runs the code at the insertion point, taken
/// once, outside of all loops.
mlir::Value createStackBuffer(mlir::ImplicitLocOpBuilder &b,
                              mlir::MemRefType type);

/// The same for `count` elements, which the type of the 1-D buffer does not tell.
mlir::Value createStackBuffer(mlir::ImplicitLocOpBuilder &b, int64_t count,
                              mlir::Type element);

/// Memory for `count` elements that all threads share; likewise. In what one of them
/// runs it is its own, on the stack: `count` is known there, and small.
mlir::Value createBuffer(mlir::ImplicitLocOpBuilder &b, mlir::Value count,
                         mlir::Type element);

/// The buffer of bytes `buffer` as one of `element`s.
mlir::Value createElementView(mlir::ImplicitLocOpBuilder &b, mlir::Value buffer,
                              mlir::Type element);

/// The whole operand in panels as a new constant of the module: the 1-D buffer
/// [batch][panel][depth][width]. Null if it is no constant, its sizes are not
/// all known, or it is multiplied as something other than what is stored. Only
/// the right operand may have floats of 16 bits or bytes that are multiplied as
/// floats: they stay what they are.
mlir::Value packConstant(mlir::ImplicitLocOpBuilder &b,
                         const Contraction &contraction,
                         const PanelLayout &layout);

/// Writes panel number `panel` (of batch `batchIndex`, one index per loop of the
/// nest that is a batch) to `target` from `start`, for the depth loops' first one
/// in [lower, upper) and all of the others. Scalars take the contraction's
/// factor of what is read.
void emitPackPanel(mlir::ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                   const Contraction &contraction, const PanelLayout &layout,
                   llvm::ArrayRef<mlir::Value> batchIndex, mlir::Value panel,
                   mlir::Value lower, mlir::Value upper, mlir::Value target,
                   mlir::Value start, int64_t lanes);

} // namespace burin

#endif // BURIN_PASSES_EXEC_TILES_PACKING_H
