//===- Plan.h - Which convolutions, and how they are cut --------*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_WINOGRAD_PLAN_H
#define BURIN_PASSES_EXEC_WINOGRAD_PLAN_H

#include "passes/Exec/Tiles/Contraction.h"
#include "passes/Exec/Tiles/MicroKernel.h"
#include "passes/Exec/Winograd/Algorithm.h"

namespace burin {

/// A 3 x 3 convolution with stride 1 over channels that lie side by side, with
/// constant filters.
struct WinogradConv {
  Contraction c;
  unsigned y, x;                        ///< Loops over the output; x are c.rows.
  unsigned tapY, tapX, channel;         ///< Loops of the sums.
  llvm::SmallVector<unsigned> images;   ///< c.batch without y.
  int64_t height, width;                ///< Of the output, perhaps as is assumed.
  bool isSized;                         ///< They are known.
  int64_t channels, filters;
  mlir::OpFoldResult imageCount;
};

/// `op` with `fused` around it; none if it is something else.
std::optional<WinogradConv> matchWinograd(mlir::linalg::LinalgOp op,
                                          const Fusion &fused,
                                          nn::ShapeBuilder &shapes, const Cpu &cpu);

/// The filters lie as [panel of columns][product][channel][column of the tile].
/// Inputs of a block of tiles become [product][tile][channel], then tasks of some
/// tiles and one panel of columns calculate [product][tile][column], and results
/// from these. Threads share the tiles and tasks of one block after the other, or
/// each has blocks of its own: then they meet once only.
struct WinogradPlan {
  Winograd algorithm{0};
  Tile tile;                 ///< Of the products, whose rows are tiles.
  int64_t tilesY = 0, tilesX = 0; ///< Of an image as large as is known or assumed.
  int64_t panelRows = 0;     ///< Tiles that are one panel of rows.
  int64_t tail = 0;          ///< Those of the last panel, if less.
  int64_t blockRows = 0;     ///< Tiles of a block, a multiple of `panelRows`.
  int64_t taskRows = 0;      ///< Tiles of a task, likewise.
  int64_t columnPanels = 0;
  int64_t rowPitch = 0;      ///< Elements from a tile's channels to the next one's.
  int64_t inputPitch = 0;    ///< From one product's tiles to the next one's.
  int64_t productPitch = 0;  ///< The same of a task's sums.
  int64_t leastTiles = 0;    ///< Of own blocks: from so many on they are worth it.

  int64_t getWeights(const WinogradConv &conv) const {
    return columnPanels * algorithm.getProducts() * conv.channels * tile.getColumns();
  }
};

/// The plan of shared blocks that is faster than to convolve directly by
/// `directGroup` products at a time in a lane; none if there is none whose filters
/// take at most `maxBytes` that are not there yet.
std::optional<WinogradPlan> planWinograd(const WinogradConv &conv, const Cpu &cpu,
                                         int64_t directGroup, int64_t maxBytes);

/// The same with blocks of each thread's own; none if they are too large for that.
std::optional<WinogradPlan> planOwnBlocks(const WinogradConv &conv, const Cpu &cpu,
                                          const WinogradPlan &shared);

/// Bytes of the filters' constant; 0 if the module has it.
int64_t countNewWeights(const WinogradConv &conv, const WinogradPlan &plan);

/// The filters as a new constant of the module, or one that it has; null if they
/// are no constant.
mlir::Value createWinogradWeights(mlir::ImplicitLocOpBuilder &b,
                                  const WinogradConv &conv,
                                  const WinogradPlan &plan);

} // namespace burin

#endif // BURIN_PASSES_EXEC_WINOGRAD_PLAN_H
