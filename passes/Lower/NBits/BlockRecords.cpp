//===- BlockRecords.cpp - Blocks of columns, at compile time --------------===//

#include "passes/Lower/NBits/BlockRecords.h"

using namespace mlir;
using namespace burin;

/// Of a piece: bytes have half as many integers in each.
static int64_t getMostWords(int64_t bits) { return bits == 8 ? 8 : 4; }

BlockRecords::BlockRecords(nn::MatMulNBitsOp op)
    : bits(op.getBits()), words(op.getBlockSize() * bits / 32), fields(8 / bits),
      wordsOfPiece(std::min(words, getMostWords(bits))),
      hasZeros(bool(op.getZeroPoints())) {}

/// Word `word` of a block that is stored element by element.
uint32_t BlockRecords::getWord(const char *block, int64_t word) const {
  int64_t groups = getGroups(), piece = word / wordsOfPiece;
  uint32_t mask = (1u << bits) - 1, result = 0;
  for (int64_t byte = 0; byte < 4; ++byte)
    for (int64_t field = 0; field < fields; ++field) {
      int64_t group = word % wordsOfPiece * fields + field;
      int64_t element = (piece * 4 + byte) * groups + group;
      uint32_t stored = uint8_t(block[element / fields]);
      uint32_t integer = (stored >> (element % fields * bits)) & mask;
      result |= integer << (byte * 8 + field * bits);
    }
  return result;
}

ElementsAttr BlockRecords::pack(nn::MatMulNBitsOp op, const StoredMatrix &matrix) const {
  Type i32 = IntegerType::get(op.getContext(), 32);
  int64_t length = getLength();
  return matrix.pack(
      "records" + std::to_string(words), i32, matrix.getBlocks() * length,
      [&](int64_t column, int64_t step, char *to) {
        int64_t block = step / length, at = step % length;
        if (at < words) {
          uint32_t word = getWord(matrix.getBlock(column, block), at);
          std::memcpy(to, &word, 4);
          return;
        }
        float number = at == getScale() ? matrix.getScale(column, block)
                                        : -matrix.getZero(column, block);
        std::memcpy(to, &number, 4);
      });
}
