//===- kernels.h - What a CPU does fastest ----------------------*- C++ -*-===//

#ifndef BURIN_MEASURE_KERNELS_H
#define BURIN_MEASURE_KERNELS_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace burin_measure {

/// A loop of one instruction on registers, as often as the pipelines take it.
struct Peak {
  const char *name;                ///< "f32", "int8", "bf16"
  const char *instruction;         ///< For people.
  double (*run)(int64_t rounds);   ///< What it returns is of no use.
  double operations;               ///< Of one round; multiply and add are two.
};

/// Those that this CPU has, the widest one for each name.
std::vector<Peak> getPeaks();

/// Reads all of the memory, which is aligned to 64 bytes and whole KiB.
double readAll(const float *memory, size_t count);

} // namespace burin_measure

#endif // BURIN_MEASURE_KERNELS_H
