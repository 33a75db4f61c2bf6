//===- PackedColumns.h - Small integers of 16 columns side by side -*- C++ -*-=//
//
// MatMulNBits stores the integers of a column one after the other. Vectors want
// those of neighbouring columns: a column is cut into words of 32 bits, and word
// `w` of 16 columns is one line of the cache:
//
//   words[n / 16, w, n % 16]    scales[n / 16, block, n % 16]
//
// Columns past the last one are 0.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_LOWER_NBITS_PACKEDCOLUMNS_H
#define BURIN_PASSES_LOWER_NBITS_PACKEDCOLUMNS_H

#include "passes/Lower/NBits/StoredMatrix.h"

namespace burin {

struct PackedColumns {
  mlir::ElementsAttr words;  ///< i32
  mlir::ElementsAttr scales; ///< f32
  /// f32: what to subtract from the integers beyond the middle of their range;
  /// null: nothing.
  mlir::ElementsAttr zeros;
};

/// The matrix of `op`, packed now.
PackedColumns packColumns(nn::MatMulNBitsOp op, const StoredMatrix &matrix);

} // namespace burin

#endif // BURIN_PASSES_LOWER_NBITS_PACKEDCOLUMNS_H
