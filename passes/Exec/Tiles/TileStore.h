//===- TileStore.h - From sums of a tile to results in memory ---*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_TILES_TILESTORE_H
#define BURIN_PASSES_EXEC_TILES_TILESTORE_H

#include "passes/Exec/Tiles/Contraction.h"
#include "passes/Exec/Tiles/MicroKernel.h"

namespace burin {

/// What a tile of sums is part of.
struct TilePlace {
  llvm::SmallVector<mlir::Value> batch;  ///< Index per loop; only of batches.
  mlir::Value firstRow;                  ///< Of the outer loop of rows.
  mlir::Value rows;                      ///< How many there are.
  mlir::Value firstColumn, columns;      ///< Of all columns; how many are left.
};

/// Emits what becomes of the sums that lie in `memory` from `start` on as
/// [rows][tile columns]: what they are added to, the fused ops, and the store, in
/// vectors along the columns.
void emitTileStore(mlir::ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                   const Contraction &contraction, const Tile &tile,
                   const TilePlace &place, mlir::Value memory, mlir::Value start);

/// The same for sums in registers: [rows][vectors] of the tile, where rows are
/// known and `place.rows` is not looked at, and of `columns` of its columns.
void emitSumsStore(mlir::ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                   const Contraction &contraction, const Tile &tile,
                   const TilePlace &place, llvm::ArrayRef<mlir::Value> sums,
                   int64_t columns);

} // namespace burin

#endif // BURIN_PASSES_EXEC_TILES_TILESTORE_H
