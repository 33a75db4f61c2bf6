//===- PackedColumns.cpp - Columns side by side, at compile time ----------===//

#include "passes/Lower/NBits/PackedColumns.h"

using namespace mlir;
using namespace burin;

PackedColumns burin::packColumns(nn::MatMulNBitsOp op, const StoredMatrix &matrix) {
  Type f32 = Float32Type::get(op.getContext());
  Type i32 = IntegerType::get(op.getContext(), 32);
  int64_t blocks = matrix.getBlocks();
  int64_t words = op.getBlockSize() * op.getBits() / 32; // Of a block.
  PackedColumns columns;
  columns.words = matrix.pack(
      "columns" + std::to_string(words), i32, blocks * words,
      [&](int64_t column, int64_t word, char *to) {
        std::memcpy(to, matrix.getBlock(column, word / words) + word % words * 4, 4);
      });
  columns.scales = matrix.pack(
      "scales" + std::to_string(blocks), f32, blocks,
      [&](int64_t column, int64_t block, char *to) {
        float scale = matrix.getScale(column, block);
        std::memcpy(to, &scale, 4);
      });
  if (matrix.hasZeros())
    columns.zeros = matrix.pack(
        "zeros" + std::to_string(blocks), f32, blocks,
        [&](int64_t column, int64_t block, char *to) {
          float zero = matrix.getZero(column, block);
          std::memcpy(to, &zero, 4);
        });
  return columns;
}
