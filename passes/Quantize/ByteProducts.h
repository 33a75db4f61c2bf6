//===- ByteProducts.h - Products of bytes with constant ones ----*- C++ -*-===//

#ifndef BURIN_PASSES_QUANTIZE_BYTEPRODUCTS_H
#define BURIN_PASSES_QUANTIZE_BYTEPRODUCTS_H

#include "mlir/IR/PatternMatch.h"
#include "passes/Quantize/Constants.h"

namespace burin {

/// True for i8 and ui8.
bool isByte(mlir::Type type);

/// Bytes and what is to be subtracted from each.
struct ZeroedBytes {
  mlir::Value bytes;
  mlir::Value zero; ///< Of the same type, of one element; null: nothing.
};

/// Constant bytes less their zero points, which are in i8 or become so when `rest` is
/// subtracted: of ui8 around 127, half of a byte.
struct ByteWeights {
  mlir::Value bytes;
  llvm::SmallVector<int64_t> sums; ///< Of each slice along an axis, less `rest`.
  llvm::SmallVector<int64_t> rest; ///< One, or one for each slice; empty: nothing.
};

/// `bytes` less `zeros` (one, or one for each slice along `axis`); none if they are
/// not known, or have a rest and that `mayHaveRest` not.
std::optional<ByteWeights> findWeights(mlir::OpBuilder &b, mlir::Value bytes,
                                       llvm::ArrayRef<int64_t> zeros, int64_t axis,
                                       bool mayHaveRest);

/// Whether createByteConv and createByteMatMul can multiply weights with a rest: of
/// one group or of one filter for each, and with rows.
bool canSubtractRest(nn::ConvOp op);
bool canSubtractRest(nn::MatMulOp op);

/// The sums over x.bytes * w of a convolution of what `op` reads, in i32, padded
/// with the zero of x; null if the pads are not known.
mlir::Value createByteConv(mlir::OpBuilder &b, nn::ConvOp op, const ZeroedBytes &x,
                           const ByteWeights &w);

/// The same of a matrix product.
mlir::Value createByteMatMul(mlir::OpBuilder &b, nn::MatMulOp op, mlir::Value x,
                             const ByteWeights &w);

} // namespace burin

#endif // BURIN_PASSES_QUANTIZE_BYTEPRODUCTS_H
