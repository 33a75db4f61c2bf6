//===- Cpu.h - What kernels must know of the processor ----------*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_CPU_H
#define BURIN_PASSES_EXEC_CPU_H

#include <cstdint>

namespace burin {

/// The register file that the emitters shape their tiles for.
struct Cpu {
  int64_t vectorBits = 256; ///< Native width: 512, 256 or 128.
  int64_t registers = 16;   ///< Vector registers: 32 or 16.

  /// Lanes of a 32-bit type.
  int64_t getLanes() const { return vectorBits / 32; }
};

} // namespace burin

#endif // BURIN_PASSES_EXEC_CPU_H
