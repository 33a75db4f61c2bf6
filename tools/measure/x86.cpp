//===- x86.cpp - What an x86 does fastest ---------------------------------===//

#if defined(__x86_64__)
#include "kernels.h"
#include <immintrin.h>

using namespace burin_measure;

namespace {
// More sums than two pipelines of five cycles take, fewer than there are
// registers: 32 with AVX-512, else 16.
#define BURIN_PEAK(NAME, FEATURES, VECTOR, SUMS, START, STEP)                  \
  __attribute__((target(FEATURES))) double NAME(int64_t rounds) {              \
    VECTOR sums[SUMS], x = START;                                              \
    for (VECTOR & sum : sums)                                                  \
      sum = x;                                                                 \
    asm volatile("" : "+v"(x));                                                \
    for (; rounds > 0; --rounds) {                                             \
      _Pragma("GCC unroll 32") for (VECTOR & sum : sums) STEP;                 \
      _Pragma("GCC unroll 32") for (VECTOR & sum : sums)                       \
          asm volatile("" : "+v"(sum));                                        \
    }                                                                          \
    VECTOR total = sums[0];                                                    \
    return double(total[0]);                                                   \
  }

constexpr int wideSums = 24, narrowSums = 12;

BURIN_PEAK(fma512, "avx512f", __m512, wideSums, _mm512_setzero_ps(),
               sum = _mm512_fmadd_ps(x, x, sum))
BURIN_PEAK(fma256, "avx2,fma", __m256, narrowSums, _mm256_setzero_ps(),
               sum = _mm256_fmadd_ps(x, x, sum))
BURIN_PEAK(vnni512, "avx512f,avx512vnni", __m512i, wideSums, _mm512_setzero_si512(),
               sum = _mm512_dpbusd_epi32(sum, x, x))
BURIN_PEAK(vnni256, "avx2,avxvnni", __m256i, narrowSums, _mm256_setzero_si256(),
               sum = _mm256_dpbusd_avx_epi32(sum, x, x))
BURIN_PEAK(words256, "avx2", __m256i, narrowSums, _mm256_setzero_si256(),
               sum = _mm256_add_epi32(sum, _mm256_madd_epi16(sum, x)))
#ifdef __clang__ // Its vectors of bf16 are those of the asm constraint.
BURIN_PEAK(bf16, "avx512f,avx512bf16", __m512, wideSums, _mm512_setzero_ps(),
               sum = _mm512_dpbf16_ps(sum, (__m512bh)x, (__m512bh)x))
#endif

#define BURIN_READ(NAME, FEATURES, VECTOR, LOAD, ADD)                          \
  __attribute__((target(FEATURES))) double NAME(const float *memory,           \
                                                size_t count) {                \
    constexpr size_t lanes = sizeof(VECTOR) / sizeof(float), sums = 8;         \
    VECTOR s[sums] = {};                                                       \
    for (size_t i = 0; i < count; i += sums * lanes)                           \
      _Pragma("GCC unroll 8") for (size_t k = 0; k < sums; ++k)                \
          s[k] = ADD(s[k], LOAD(memory + i + k * lanes));                      \
    for (size_t k = 1; k < sums; ++k)                                          \
      s[0] = ADD(s[0], s[k]);                                                  \
    return double(s[0][0]);                                                    \
  }
BURIN_READ(read512, "avx512f", __m512, _mm512_load_ps, _mm512_add_ps)
BURIN_READ(read256, "avx", __m256, _mm256_load_ps, _mm256_add_ps)
BURIN_READ(read128, "sse2", __m128, _mm_load_ps, _mm_add_ps)
} // namespace

std::vector<Peak> burin_measure::getPeaks() {
  std::vector<Peak> peaks;
  if (__builtin_cpu_supports("avx512f"))
    peaks.push_back({"f32", "vfmadd zmm", fma512, 2.0 * 16 * wideSums});
  else if (__builtin_cpu_supports("fma"))
    peaks.push_back({"f32", "vfmadd ymm", fma256, 2.0 * 8 * narrowSums});
  if (__builtin_cpu_supports("avx512vnni"))
    peaks.push_back({"int8", "vpdpbusd zmm", vnni512, 2.0 * 64 * wideSums});
  else if (__builtin_cpu_supports("avxvnni"))
    peaks.push_back({"int8", "vpdpbusd ymm", vnni256, 2.0 * 32 * narrowSums});
  else if (__builtin_cpu_supports("avx2"))
    peaks.push_back({"int8", "vpmaddwd ymm", words256, 2.0 * 16 * narrowSums});
#ifdef __clang__
  if (__builtin_cpu_supports("avx512bf16"))
    peaks.push_back({"bf16", "vdpbf16ps zmm", bf16, 2.0 * 32 * wideSums});
#endif
  return peaks;
}

double burin_measure::readAll(const float *memory, size_t count) {
  static const auto read = __builtin_cpu_supports("avx512f") ? read512
                           : __builtin_cpu_supports("avx")   ? read256
                                                             : read128;
  return read(memory, count);
}
#endif
