//===- cpu.cpp - What this processor can run ------------------------------===//

#include "model.h"

#if defined(__x86_64__)
#include <cpuid.h>

namespace {

struct Registers {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

Registers cpuid(unsigned leaf) {
  Registers r;
  __get_cpuid_count(leaf, 0, &r.eax, &r.ebx, &r.ecx, &r.edx);
  return r;
}

/// Which register files the system saves, which it says only if it has xgetbv.
unsigned getSavedState(const Registers &features) {
  if (!(features.ecx & bit_OSXSAVE))
    return 0;
  unsigned low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

bool has(unsigned value, unsigned bits) { return (value & bits) == bits; }

} // namespace

int32_t burin::getCpuLevel() {
  constexpr unsigned ymm = 0x6, zmm = 0xe6; // as xgetbv reports them
  constexpr unsigned lahf = 1u << 0, lzcnt = 1u << 5;
  Registers basic = cpuid(1), more = cpuid(7), extended = cpuid(0x80000001);
  unsigned saved = getSavedState(basic);
  if (!has(basic.ecx, bit_SSE3 | bit_SSSE3 | bit_SSE4_1 | bit_SSE4_2 |
                          bit_POPCNT | bit_CMPXCHG16B) ||
      !has(extended.ecx, lahf))
    return 1;
  if (!has(saved, ymm) ||
      !has(basic.ecx, bit_AVX | bit_F16C | bit_FMA | bit_MOVBE) ||
      !has(more.ebx, bit_AVX2 | bit_BMI | bit_BMI2) ||
      !has(extended.ecx, lzcnt))
    return 2;
  if (!has(saved, zmm) ||
      !has(more.ebx, bit_AVX512F | bit_AVX512BW | bit_AVX512CD | bit_AVX512DQ |
                         bit_AVX512VL))
    return 3;
  return 4;
}

#else

int32_t burin::getCpuLevel() { return 0; }

#endif
