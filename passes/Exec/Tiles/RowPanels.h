//===- RowPanels.h - How rows are cut into panels ---------------*- C++ -*-===//
//
// Into as few as possible. Rows that may be cut anywhere become panels whose heights
// differ by one at most: a last one of a few rows has too few sums to keep the units
// busy, and reads all columns as the others do. Each height is a kernel of its own.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_EXEC_TILES_ROWPANELS_H
#define BURIN_PASSES_EXEC_TILES_ROWPANELS_H

#include "passes/Exec/Loops/IndexEmitter.h"

namespace burin {

struct RowPanels {
  mlir::OpFoldResult rows, count; ///< Of all; of panels.
  int64_t height = 0;             ///< Rows of a panel at most.
  /// Rows of the last one if it has less, or of all that have less; static rows only.
  int64_t tail = 0;
  /// Panels are of equal height where each then has so many rows; 0: they never are.
  int64_t leastEqual = 0;
  bool areEqual = false; ///< There are rows enough for that.
};

/// `most` rows of a panel at most; of several runs of `run` each whole ones.
RowPanels planRowPanels(nn::ShapeBuilder &shapes, mlir::OpFoldResult rows, int64_t most,
                        int64_t run = 1);
/// Rows that need not start where a whole number of heights is.
void makeEqual(RowPanels &panels);
/// The same of rows to which a few more may be added for it.
void makeEqual(RowPanels &panels, nn::ShapeBuilder &shapes);

class RowPanelEmitter : IndexEmitter {
public:
  RowPanelEmitter(mlir::ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                  const RowPanels &panels)
      : IndexEmitter(b, &shapes), panels(panels) {}

  /// The first row of panel number `panel`, and how many it has.
  std::pair<mlir::Value, mlir::Value> getRows(mlir::Value panel);
  /// `body` for all `rows` of a panel at once where their number is known or usual. Others
  /// are made up of powers of two, or are three: columns, which take the time there, are
  /// read once.
  void emit(mlir::Value rows,
            llvm::function_ref<void(mlir::Value first, int64_t rows)> body);

private:
  mlir::Value getFirst(mlir::Value panel);

  const RowPanels &panels;
};

} // namespace burin

#endif // BURIN_PASSES_EXEC_TILES_ROWPANELS_H
