//===- StoredMatrix.h - A constant matrix of small integers -----*- C++ -*-===//

#ifndef BURIN_PASSES_LOWER_NBITS_STOREDMATRIX_H
#define BURIN_PASSES_LOWER_NBITS_STOREDMATRIX_H

#include "dialects/NN/Layouts/StoredElements.h"
#include "passes/Lower/Lowering.h"

namespace burin {

/// What a MatMulNBits multiplies with, where all of it is constant.
class StoredMatrix {
public:
  /// Columns that lie side by side once the matrix is packed: a line of the cache.
  static constexpr int64_t width = 16;

  static std::optional<StoredMatrix> find(nn::MatMulNBitsOp op);

  int64_t getBlocks() const { return blocks; }
  bool hasZeros() const { return zeros.has_value(); }

  /// The integers of one block of a column, as they are stored.
  const char *getBlock(int64_t column, int64_t block) const {
    return integers.bytes.data() + (column * blocks + block) * blockBytes;
  }
  float getScale(int64_t column, int64_t block) const;
  /// What to subtract from the integers beyond the middle of their range.
  float getZero(int64_t column, int64_t block) const;

  using Fill = llvm::function_ref<void(int64_t column, int64_t step, char *to)>;
  /// A constant of 4-byte elements [n / 16, steps, 16]; columns past the last one
  /// are 0. Entries that read one matrix share it: `what` tells apart what is made
  /// of it.
  mlir::ElementsAttr pack(mlir::StringRef what, mlir::Type element, int64_t steps,
                          Fill fill) const;

private:
  struct Stored : nn::StoredElements {
    mlir::ElementsAttr value;
  };
  static std::optional<Stored> findStored(mlir::Value value);
  static float readNumber(const Stored &stored, int64_t i);
  std::string getName(mlir::StringRef what) const;

  Stored integers, scales;
  std::optional<Stored> zeros;
  int64_t n, bits, blocks, blockBytes;
};

} // namespace burin

#endif // BURIN_PASSES_LOWER_NBITS_STOREDMATRIX_H
