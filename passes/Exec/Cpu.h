//===- Cpu.h - What kernels must know of the processor ----------*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_CPU_H
#define BURIN_PASSES_EXEC_CPU_H

#include <cstdint>
#include <string>

namespace burin {

/// Bytes of a line of the caches, of a page, and of the second-level cache that a core
/// has for itself at least.
inline constexpr int64_t cacheLine = 64, page = 4096, secondLevelCache = 512 << 10;

/// The instruction that sums up products of small numbers in 32-bit lanes.
struct DotInstruction {
  std::string intrinsic;   ///< LLVM's name for it; empty if there is none.
  int64_t group = 0;       ///< Factors per lane: 4 bytes (and it accumulates) or
                           ///< 2 words (and it does not).
  bool isUnsigned = false; ///< Of bytes: whether those of the first factor are.
  bool isFloat = false;    ///< Of bf16 in pairs; accumulates in f32.
};

/// The register file that the emitters shape their tiles for.
struct Cpu {
  int64_t vectorBits = 256; ///< Native width: 512, 256 or 128.
  int64_t registers = 16;   ///< Vector registers: 32 or 16.

  /// Lanes of a 32-bit type.
  int64_t getLanes() const { return vectorBits / 32; }
};

} // namespace burin

#endif // BURIN_PASSES_EXEC_CPU_H
