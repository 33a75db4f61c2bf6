//===- ShapeRules.h - Rules that shapes and lowerings share -----*- C++ -*-===//
//
// What more than one op, or an op's shape and its lowering, must agree on.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_DIALECTS_NN_SHAPES_SHAPERULES_H
#define BURIN_DIALECTS_NN_SHAPES_SHAPERULES_H

#include "dialects/NN/ShapeBuilder.h"

namespace burin::nn {

/// True if the number is known not to be negative: a dimension, or a sum or
/// product of such. False for what was read from a tensor's elements.
bool isNonNegative(OpFoldResult size);

/// `size`, or 0 where it may be negative.
OpFoldResult clampToSize(ShapeBuilder &shapes, OpFoldResult size);

/// product(a) / product(b), rounded down. What both have in common is left out
/// first, so that [b, s, 768] / [b, 12, 64] is s.
OpFoldResult divideProducts(ShapeBuilder &shapes,
                            llvm::ArrayRef<OpFoldResult> a,
                            llvm::ArrayRef<OpFoldResult> b);

/// True if both products are known to be the same (false: perhaps).
bool areProductsEqual(ShapeBuilder &shapes, llvm::ArrayRef<OpFoldResult> a,
                      llvm::ArrayRef<OpFoldResult> b);

/// a < 0 ? a + size : a
OpFoldResult wrapIndex(ShapeBuilder &shapes, OpFoldResult index,
                       OpFoldResult size);

/// Every `step`-th element from `start`, `size` of them.
struct SliceRange {
  OpFoldResult start, size, step;
};

/// What [start:end:step] takes of `size` elements. A step that is not known may
/// have either sign.
SliceRange getSliceRange(ShapeBuilder &shapes, OpFoldResult size,
                         OpFoldResult start, OpFoldResult end,
                         OpFoldResult step);

/// How many elements an arithmetic progression of integers has.
OpFoldResult getRangeSize(ShapeBuilder &shapes, OpFoldResult start,
                          OpFoldResult limit, OpFoldResult delta);

/// The numbers in [-rank, rank) made non-negative; none if one is outside or
/// there twice.
std::optional<llvm::SmallVector<int64_t>>
normalizeAxes(llvm::ArrayRef<int64_t> axes, int64_t rank);

} // namespace burin::nn

#endif // BURIN_DIALECTS_NN_SHAPES_SHAPERULES_H
