//===- ColumnProduct.h - Products with packed columns -----------*- C++ -*-===//

#ifndef BURIN_PASSES_LOWER_NBITS_COLUMNPRODUCT_H
#define BURIN_PASSES_LOWER_NBITS_COLUMNPRODUCT_H

#include "passes/Lower/NBits/StoredMatrix.h"

namespace burin {

/// `a`, f32 of [rows, K], times the matrix of `op`: f32 of [rows, N].
mlir::Value createExactProduct(Lowering &l, nn::MatMulNBitsOp op,
                               const StoredMatrix &matrix, mlir::Value a,
                               mlir::OpFoldResult rows);

/// The same with the elements of each block of `a` rounded to 8 bits.
mlir::Value createRoundedProduct(Lowering &l, nn::MatMulNBitsOp op,
                                 const StoredMatrix &matrix, mlir::Value a,
                                 mlir::OpFoldResult rows);

/// The same with the elements of each block of `a` as integers of 24 bits, for CPUs
/// that multiply bytes.
mlir::Value createDigitProduct(Lowering &l, nn::MatMulNBitsOp op,
                               const StoredMatrix &matrix, mlir::Value a,
                               mlir::OpFoldResult rows);

/// What they share.
class ColumnProduct {
public:
  ColumnProduct(Lowering &l, nn::MatMulNBitsOp op, mlir::Value a,
                mlir::OpFoldResult rows);

protected:
  using Builder = mlir::ImplicitLocOpBuilder;
  static constexpr int64_t width = StoredMatrix::width;
  static constexpr auto parallel = mlir::utils::IteratorType::parallel;
  static constexpr auto reduction = mlir::utils::IteratorType::reduction;

  mlir::OpFoldResult get(int64_t size) { return l.shapes.get(size); }
  int64_t getDepth() const { return blocks * words * fields; }
  /// From `loops` dimensions to `results`, of which -1 - c is the constant c.
  mlir::AffineMap getMap(unsigned loops, llvm::ArrayRef<int> results);
  static mlir::Value getInt(Builder &b, int64_t value);
  static mlir::Value getFloat(Builder &b, double value);
  /// `a` with zeros behind its columns and copies of the last row below it:
  /// [count, getDepth()].
  mlir::Value padRows(mlir::OpFoldResult count);
  /// [rows, panels * width] without the columns past the last one.
  mlir::Value trim(mlir::Value product);

  Lowering &l;
  Builder &b;
  mlir::Type f32;
  int64_t k, n, bits;
  int64_t fields; ///< Integers in a word.
  int64_t blocks; ///< Per column.
  int64_t words;  ///< Per block.
  int64_t panels;
  mlir::OpFoldResult rows;
  mlir::Value a; ///< [rows, k]
};

} // namespace burin

#endif // BURIN_PASSES_LOWER_NBITS_COLUMNPRODUCT_H
