//===- ContractionPlan.h - How a contraction is cut into tiles --*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_TILES_CONTRACTIONPLAN_H
#define BURIN_PASSES_EXEC_TILES_CONTRACTIONPLAN_H

#include "passes/Exec/Tiles/Packing.h"
#include "passes/Exec/Tiles/RowPanels.h"

namespace burin {

/// The decisions about one contraction. Constants are packed already.
struct ContractionPlan {
  Tile tile;
  PanelLayout left, right;
  mlir::OpFoldResult depth, innerDepth; ///< Of all loops; of all but the first.
  mlir::OpFoldResult columns, columnPanels;
  RowPanels rows;
  mlir::Value lhs;        ///< The packed constant, or null.
  mlir::Value rhs;        ///< The packed constant, or null.
  bool readsLhs = false;  ///< Where it lies, or in a copy; else it is packed whole.
  int64_t pitch = 0;      ///< From row to row of the copy; 0: there is none.
  int64_t pixelPitch = 0; ///< From pixel to pixel of one; 0: there is none.
  bool packsRhs = false;  ///< Whole at run time; else by each task.
  int64_t blockSize = 0;  ///< Of the first depth loop; 0: all of it at once.
  bool staysInRegisters = false; ///< Sums are stored from there, not from a tile.
  bool columnsOutside = false; ///< Tasks go over all rows before other columns.
  /// A position is a panel of rows of one `inner` batch. All of them see the same
  /// columns of the right operand, which `outer` batches have of their own.
  llvm::SmallVector<unsigned> outer, inner;
  unsigned numAround = 0; ///< Of `inner`, those around the panels of rows.
  mlir::OpFoldResult positions, chunks;
  int64_t chunk = 0; ///< Positions of a task; 0: all, as it packs the columns.
  bool asksForNext = false; ///< Kernels, for the columns of those after them.

  bool hasPackedRhs() const { return rhs || packsRhs; }
  /// A task's sums are tiles, one for each position, through all blocks of depth.
  bool staysInTiles() const { return blockSize != 0 && hasPackedRhs(); }
  /// Ops may run on sums: no block of depth stores its part.
  bool isWhole() const { return blockSize == 0 || staysInTiles(); }
};

ContractionPlan planContraction(mlir::ImplicitLocOpBuilder &b,
                                nn::ShapeBuilder &shapes,
                                const Contraction &contraction, const Cpu &cpu);

/// The left operand for the kernel, where `firstSize` is the size of the first
/// depth loop.
LhsLayout getLhsLayout(nn::ShapeBuilder &shapes, const Contraction &contraction,
                       const ContractionPlan &plan,
                       mlir::OpFoldResult firstSize);

} // namespace burin

#endif // BURIN_PASSES_EXEC_TILES_CONTRACTIONPLAN_H
