//===- Folding.h - Loops that fold some dimensions --------------*- C++ -*-===//
//
// What reductions and normalizations are built with: loops over all dimensions
// of a tensor, of which some are folded, and tensors that have all of them or
// those that are kept.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_LOWER_REDUCTION_FOLDING_H
#define BURIN_PASSES_LOWER_REDUCTION_FOLDING_H

#include "passes/Lower/Lowering.h"

namespace burin {

class Folding {
public:
  /// Loop `d` runs over dimension `d` of `shape`; those of `axes` are folded.
  Folding(Lowering &lowering, Shape shape, llvm::ArrayRef<int64_t> axes);

  /// A tensor that loops read. Its scalars come in the compute type of `as`.
  struct Input {
    mlir::Value tensor;
    mlir::AffineMap map;  ///< From loops to dimensions.
    mlir::Type element;   ///< The nn type.
    mlir::Type as;
  };
  /// A lowered tensor with all dimensions, with those kept, or with `dims`.
  Input all(mlir::Value tensor, mlir::Type element, mlir::Type as = {}) const;
  Input kept(mlir::Value tensor, mlir::Type element, mlir::Type as = {}) const;
  Input withDims(mlir::Value tensor, llvm::ArrayRef<int64_t> dims,
                 mlir::Type element, mlir::Type as = {}) const;
  /// A parameter of shape `from` that broadcasts to all dimensions.
  Input broadcast(mlir::Value tensor, llvm::ArrayRef<mlir::OpFoldResult> from,
                  mlir::Type element, mlir::Type as = {}) const;

  using Body = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &,
                                              llvm::ArrayRef<mlir::Value>)>;
  /// A tensor of the kept dimensions, from `init` on folded by `combine`, which
  /// gets the accumulator and what `body` makes of the inputs.
  mlir::Value fold(llvm::ArrayRef<Input> inputs, mlir::TypedAttr init,
                   Body body, Body combine) const;
  mlir::Value foldSum(llvm::ArrayRef<Input> inputs, mlir::Type type,
                      Body body) const;
  /// The largest element; that of NaN is NaN, or anything unless `keepsNaN`,
  /// which costs.
  mlir::Value foldMax(const Input &input, bool keepsNaN = true) const;
  /// A tensor of all dimensions and nn element type `element`.
  mlir::Value map(llvm::ArrayRef<Input> inputs, mlir::Type element,
                  Body body) const;
  /// The same in place of `tensor`, which has all dimensions: the last scalar.
  mlir::Value update(mlir::Value tensor, llvm::ArrayRef<Input> inputs,
                     mlir::Type element, Body body) const;
  /// A tensor of the kept dimensions, of others of them, all of a float type.
  mlir::Value mapKept(llvm::ArrayRef<mlir::Value> tensors, mlir::Type type,
                      Body body) const;

  const Shape &getShape() const { return shape; }
  Shape getKept() const;
  /// How many elements are folded into one.
  mlir::OpFoldResult getCount() const;
  /// The same as a float.
  mlir::Value getCount(mlir::Type type) const;

private:
  llvm::SmallVector<mlir::Value> load(mlir::ImplicitLocOpBuilder &b,
                                      llvm::ArrayRef<Input> inputs,
                                      mlir::ValueRange args) const;
  llvm::SmallVector<int64_t> getDims(bool keptOnly) const;

  Lowering &l;
  Shape shape;
  llvm::SmallVector<bool> isFolded;
};

/// -inf or the least integer; inf or the largest.
mlir::TypedAttr getLowest(mlir::Type type, bool isUnsigned);
mlir::TypedAttr getHighest(mlir::Type type, bool isUnsigned);

/// f64 for f64, else f32: what statistics of floats are calculated in.
mlir::Type getStatisticsType(mlir::Type element);

} // namespace burin

#endif // BURIN_PASSES_LOWER_REDUCTION_FOLDING_H
