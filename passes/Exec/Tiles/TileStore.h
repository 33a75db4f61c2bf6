//===- TileStore.h - From sums in a tile to results in memory ---*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_TILES_TILESTORE_H
#define BURIN_PASSES_EXEC_TILES_TILESTORE_H

#include "passes/Exec/Tiles/Contraction.h"
#include "passes/Exec/Tiles/MicroKernel.h"

namespace burin {

/// A tile of sums and what it is part of.
struct TilePlace {
  mlir::Value memory, start;             ///< 1-D, [rows][tile columns] from there.
  llvm::SmallVector<mlir::Value> batch;  ///< Index per loop; only of batches.
  mlir::Value firstRow, rows;            ///< Of the one loop of rows.
  mlir::Value firstColumn, columns;      ///< Of all columns; how many are left.
};

/// Emits what becomes of the sums of one tile: what they are added to, the fused
/// ops, and the store, in vectors along the columns.
void emitTileStore(mlir::ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                   const Contraction &contraction, const Tile &tile,
                   const TilePlace &place);

} // namespace burin

#endif // BURIN_PASSES_EXEC_TILES_TILESTORE_H
