//===- arm.cpp - What an AArch64 does fastest -----------------------------===//

#if defined(__aarch64__)
#include "kernels.h"
#include <arm_neon.h>
#include <sys/auxv.h>

using namespace burin_measure;

namespace {
constexpr int numSums = 24; // More than four pipelines of four cycles take.

double fma(int64_t rounds) {
  float32x4_t sums[numSums] = {}, x = vdupq_n_f32(0);
  asm volatile("" : "+w"(x));
  for (; rounds > 0; --rounds) {
#pragma GCC unroll 32
    for (float32x4_t &sum : sums)
      sum = vfmaq_f32(sum, x, x);
#pragma GCC unroll 32
    for (float32x4_t &sum : sums)
      asm volatile("" : "+w"(sum));
  }
  return sums[0][0];
}

__attribute__((target("arch=armv8.2-a+dotprod"))) double dots(int64_t rounds) {
  int32x4_t sums[numSums] = {};
  int8x16_t x = vdupq_n_s8(0);
  asm volatile("" : "+w"(x));
  for (; rounds > 0; --rounds) {
#pragma GCC unroll 32
    for (int32x4_t &sum : sums)
      sum = vdotq_s32(sum, x, x);
#pragma GCC unroll 32
    for (int32x4_t &sum : sums)
      asm volatile("" : "+w"(sum));
  }
  return sums[0][0];
}
} // namespace

std::vector<Peak> burin_measure::getPeaks() {
  std::vector<Peak> peaks = {{"f32", "fmla v.4s", fma, 2.0 * 4 * numSums}};
  constexpr unsigned long hasDots = 1 << 20; // HWCAP_ASIMDDP
  if (getauxval(AT_HWCAP) & hasDots)
    peaks.push_back({"int8", "sdot v.4s", dots, 2.0 * 16 * numSums});
  return peaks;
}

double burin_measure::readAll(const float *memory, size_t count) {
  float32x4_t s[8] = {};
  for (size_t i = 0; i < count; i += 32)
#pragma GCC unroll 8
    for (size_t k = 0; k < 8; ++k)
      s[k] = vaddq_f32(s[k], vld1q_f32(memory + i + 4 * k));
  for (size_t k = 1; k < 8; ++k)
    s[0] = vaddq_f32(s[0], s[k]);
  return s[0][0];
}
#endif
