//===- BlockRecords.h - Blocks of 16 columns, one after the other -*- C++ -*-==//
//
// All that a product reads of a block of 16 columns lies side by side, so that a
// whole matrix is one stream of memory:
//
//   records[n / 16, block, i, n % 16]    i: words of integers, the scale as bits of
//                                        a float, perhaps the zero point, negative
//
// Rows are multiplied four bytes at a time. Some words are a piece of a block, and
// byte `j` of the row's group `g` of a piece is its element j * groups + g: what is
// made of a row then lies side by side, too. Field `f` of a byte of word `w` belongs
// to group w * fields + f:
//
//   4 bits, pieces of 4 words: w = 0 holds the elements 0 8 16 24 (low halves of its
//   bytes) and 1 9 17 25 (high halves), w = 1 those two further, ...
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_LOWER_NBITS_BLOCKRECORDS_H
#define BURIN_PASSES_LOWER_NBITS_BLOCKRECORDS_H

#include "passes/Lower/NBits/StoredMatrix.h"

namespace burin {

struct BlockRecords {
  explicit BlockRecords(nn::MatMulNBitsOp op);

  /// The matrix of `op`: i32 of [n / 16, blocks * getLength(), 16].
  mlir::ElementsAttr pack(nn::MatMulNBitsOp op, const StoredMatrix &matrix) const;

  int64_t getLength() const { return words + (hasZeros ? 2 : 1); }
  int64_t getScale() const { return words; }
  int64_t getZero() const { return words + 1; }
  /// Groups of four elements in a piece.
  int64_t getGroups() const { return wordsOfPiece * fields; }
  int64_t getPieces() const { return words / wordsOfPiece; }

  int64_t bits;
  int64_t words;        ///< Of a block.
  int64_t fields;       ///< Of a byte.
  int64_t wordsOfPiece; ///< As many as are added up before sums become floats.
  bool hasZeros;

private:
  uint32_t getWord(const char *block, int64_t word) const;
};

} // namespace burin

#endif // BURIN_PASSES_LOWER_NBITS_BLOCKRECORDS_H
