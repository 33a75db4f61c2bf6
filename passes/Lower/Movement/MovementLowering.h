//===- MovementLowering.h - What movement and indexing share ----*- C++ -*-===//

#ifndef BURIN_PASSES_LOWER_MOVEMENT_MOVEMENTLOWERING_H
#define BURIN_PASSES_LOWER_MOVEMENT_MOVEMENTLOWERING_H

#include "passes/Lower/Reduction/Folding.h"

namespace burin {

/// What one element is made of, given the indices of the loops around it.
using IndexedBody = llvm::function_ref<mlir::Value(
    mlir::ImplicitLocOpBuilder &, llvm::ArrayRef<mlir::Value>)>;

/// A tensor each of whose elements is computed from its indices.
mlir::Value createIndexed(Lowering &l, llvm::ArrayRef<mlir::OpFoldResult> shape,
                          mlir::Type storage, IndexedBody body);

/// A tensor with `body` of the indices, then of the elements of `inputs`, whose
/// maps are from the result's dimensions to theirs.
mlir::Value createIndexed(Lowering &l, llvm::ArrayRef<mlir::OpFoldResult> shape,
                          mlir::Type storage,
                          llvm::ArrayRef<mlir::Value> inputs,
                          llvm::ArrayRef<mlir::AffineMap> maps,
                          IndexedBody body);

/// The result dimensions `dims`, in this order.
mlir::AffineMap getDimsMap(Lowering &l, int64_t rank,
                           llvm::ArrayRef<int64_t> dims);

/// The one element of a tensor of rank 0 or 1.
mlir::Value extractScalar(Lowering &l, mlir::Value tensor);

// Arithmetic on index values, folded where both are constants.
mlir::Value addIndex(mlir::ImplicitLocOpBuilder &b, mlir::Value x, mlir::Value y);
mlir::Value subIndex(mlir::ImplicitLocOpBuilder &b, mlir::Value x, mlir::Value y);
/// x in [0, last]; 0 if last is negative.
mlir::Value clampIndex(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                       mlir::Value last);
/// x modulo y > 0, not negative.
mlir::Value floorMod(mlir::ImplicitLocOpBuilder &b, mlir::Value x, mlir::Value y);

/// Fails the run if a > b.
void requireAtMost(Lowering &l, mlir::OpFoldResult a, mlir::OpFoldResult b,
                   const llvm::Twine &message);

/// createReshape, after checking that there are as many elements.
mlir::Value createCheckedReshape(Lowering &l, mlir::Value tensor,
                                 llvm::ArrayRef<mlir::OpFoldResult> from,
                                 llvm::ArrayRef<mlir::OpFoldResult> to);

/// `tensor` between `low` and `high` elements more of the scalar `value` along
/// each dimension, or fewer where these are negative.
mlir::Value createPadded(Lowering &l, mlir::Value tensor, Shape from,
                         llvm::ArrayRef<mlir::OpFoldResult> low,
                         llvm::ArrayRef<mlir::OpFoldResult> high,
                         mlir::Value value);

// The files of the family.
void addReshapeLowerings(LowerTable &table);
void addSliceLowerings(LowerTable &table);
void addPadLowerings(LowerTable &table);
void addFillLowerings(LowerTable &table);
void addGatherLowerings(LowerTable &table);
void addScatterLowerings(LowerTable &table);
void addSelectionLowerings(LowerTable &table);
void addResizeLowerings(LowerTable &table);
void addSamplingLowerings(LowerTable &table);

} // namespace burin

#endif // BURIN_PASSES_LOWER_MOVEMENT_MOVEMENTLOWERING_H
