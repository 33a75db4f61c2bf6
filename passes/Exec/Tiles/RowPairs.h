//===- RowPairs.h - Two rows that share a vector ----------------*- C++ -*-===//
//
// Where a row has one vector and a half, two rows have three: the third is half the one
// row's and half the other's. Half a vector takes as long as a whole one where units are
// as wide: a plain loop of these instructions reaches 98 instead of 63 % of a Zen 5's peak
// for 24 columns and a depth of 144. Units half as wide have as many halves to do.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_EXEC_TILES_ROWPAIRS_H
#define BURIN_PASSES_EXEC_TILES_ROWPAIRS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

namespace burin {

class RowPairs {
public:
  /// `hide` gives an index of which LLVM cannot tell.
  RowPairs(mlir::ImplicitLocOpBuilder &b, int64_t rows, int64_t lanes,
           llvm::function_ref<mlir::Value(mlir::Value)> hide);

  /// Sums, [row][2], as [pair][3]; the last row of an odd number stays as it is.
  llvm::SmallVector<mlir::Value> pairUp(llvm::ArrayRef<mlir::Value> sums);
  /// What pairUp() paired, as it was.
  llvm::SmallVector<mlir::Value> split(llvm::ArrayRef<mlir::Value> sums);
  /// Half a vector, for both rows.
  mlir::Value repeat(mlir::Value half);
  /// One row's factor and the other's, for half a vector each.
  mlir::Value blend(mlir::Value first, mlir::Value second);

private:
  mlir::ImplicitLocOpBuilder &b;
  int64_t pairs, lanes;
  mlir::Value isSecond; ///< The lanes that the second row has.
};

} // namespace burin

#endif // BURIN_PASSES_EXEC_TILES_ROWPAIRS_H
