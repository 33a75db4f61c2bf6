//===- StrassenPlan.h - Seven products instead of eight ---------*- C++ -*-===//
//
// The four quarters of a product, by one level of Winograd's form of Strassen's
// algorithm (Winograd, "On multiplication of 2 x 2 matrices", 1971): with the quarters
// A11 to A22 of the left operand and B11 to B22 of the right one,
//
//   S1 = A21 + A22   S2 = S1 - A11   S3 = A11 - A21    S4 = A12 - S2
//   T1 = B12 - B11   T2 = B22 - T1   T3 = B22 - B12    T4 = B21 - T2
//
//   P0 = A11 B11   P1 = S1 T1   P2 = S2 T2   P3 = A12 B21
//   P4 = A22 T4    P5 = S3 T3   P6 = S4 B22
//
//   C11 = P0 + P3           C12 = P0 + P2 + P1 + P6
//   C21 = P0 + P2 + P5 + P4   C22 = P0 + P2 + P5 + P1
//
// Sums of the left operand are calculated once for all columns; differences of the
// right one by the first kernel that multiplies with them, between its multiplications
// (as Huang and others, "Strassen's Algorithm Reloaded", 2016, have all of them).
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_EXEC_STRASSEN_STRASSENPLAN_H
#define BURIN_PASSES_EXEC_STRASSEN_STRASSENPLAN_H

#include "passes/Exec/Tiles/ContractionPlan.h"

namespace burin {

/// How a contraction is quartered. Rows go in blocks of which top and bottom half are
/// multiplied together; a row in the middle of an odd number belongs to both.
struct StrassenPlan {
  static constexpr int64_t products = 7;

  int64_t halfDepth = 0, blockDepth = 0; ///< Of it so many steps at a time.
  int64_t halfPanels = 0;                ///< Panels of columns in a half.
  mlir::OpFoldResult blocks;             ///< Of each batch's rows.
  RowPanels half;                        ///< The rows of half a block.
  int64_t mostPanels = 0;                ///< Of these, at most.
  int64_t pitch = 0;                     ///< From row to row of the left operand.
  int64_t mostBlocks = 0;                ///< Whose sums are calculated at once.
  /// Numbers of rows, and of those of all batches, for which it takes less time, if these
  /// are not known.
  int64_t leastRows = 0, mostInAll = 0;
};

/// The plan for a product that takes less time so, with constant columns; none for
/// others.
std::optional<StrassenPlan> planStrassen(const Contraction &c, const ContractionPlan &plan,
                                         nn::ShapeBuilder &shapes);

} // namespace burin

#endif // BURIN_PASSES_EXEC_STRASSEN_STRASSENPLAN_H
