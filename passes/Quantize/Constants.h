//===- Constants.h - Numbers of constants, and new ones ---------*- C++ -*-===//

#ifndef BURIN_PASSES_QUANTIZE_CONSTANTS_H
#define BURIN_PASSES_QUANTIZE_CONSTANTS_H

#include "dialects/NN/NN.h"
#include "dialects/NN/Layouts/StoredElements.h"

namespace burin {

/// The numbers of a constant of f32 or of integers of up to 8 or 32 bits, read where
/// they lie.
class Numbers {
public:
  /// Those of `value`; none if it is no such constant.
  static std::optional<Numbers> find(mlir::Value value);

  int64_t size() const { return count; }
  double operator[](int64_t i) const;

private:
  nn::StoredElements stored;
  mlir::Type element;
  int64_t count = 0;
};

/// Scale and zero point of a quantize or dequantize op that are known, the same
/// for all elements or one for each slice along `axis`.
struct Scaling {
  llvm::SmallVector<float> scales;
  llvm::SmallVector<int64_t> zeros; ///< One, or as many as scales.
  int64_t axis = 0;

  bool isSingle() const { return scales.size() == 1 && zeros.size() == 1; }
  int64_t getZero(int64_t slice) const { return zeros[zeros.size() == 1 ? 0 : slice]; }
  float getScale(int64_t slice) const { return scales[scales.size() == 1 ? 0 : slice]; }
  bool operator==(const Scaling &other) const {
    return scales == other.scales && zeros == other.zeros &&
           (isSingle() || axis == other.axis);
  }
};

std::optional<Scaling> findScaling(mlir::Value scale, mlir::Value zero,
                                   int64_t axis, int64_t blockSize);

template <typename OpTy> std::optional<Scaling> findScaling(OpTy op) {
  return findScaling(op.getScale(), op.getZeroPoint(), op.getAxis(),
                     op.getBlockSize());
}

mlir::Value createFloats(mlir::OpBuilder &b, mlir::Location loc,
                         llvm::ArrayRef<int64_t> shape,
                         llvm::ArrayRef<float> values);
mlir::Value createInts(mlir::OpBuilder &b, mlir::Location loc,
                       llvm::ArrayRef<int64_t> shape,
                       llvm::ArrayRef<int32_t> values);
/// Bytes of the element type of `type`, which may be many.
mlir::Value createBytes(mlir::OpBuilder &b, mlir::Location loc,
                        mlir::RankedTensorType type,
                        llvm::ArrayRef<int8_t> values);

} // namespace burin

#endif // BURIN_PASSES_QUANTIZE_CONSTANTS_H
