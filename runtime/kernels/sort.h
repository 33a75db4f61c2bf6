//===- sort.h - Many elements in their order --------------------*- C++ -*-===//

#ifndef BURIN_RUNTIME_KERNELS_SORT_H
#define BURIN_RUNTIME_KERNELS_SORT_H

#include <stdint.h>

namespace burin {

template <typename Bits>
constexpr Bits signBit = Bits(Bits(1) << (8 * sizeof(Bits) - 1));

/// A float as an unsigned number, larger where it is: both zeros are one, NaN's are
/// the largest.
template <typename Bits, Bits infinity> Bits getFloatKey(Bits bits) {
  Bits magnitude = bits & Bits(~signBit<Bits>);
  // Negative numbers count down from that of both zeros.
  Bits key = bits & signBit<Bits> ? Bits(signBit<Bits> - magnitude)
                                  : Bits(signBit<Bits> + magnitude);
  return magnitude > infinity ? Bits(~Bits(0)) : key;
}

/// Fewer numbers than this are sooner taken from a heap one by one.
constexpr int64_t fewestToSort = 64;

/// Sorts by the `bytes` bytes from bit `shift` on (at most 8), a byte at a time: equal ones
/// keep their order. `other` has as much room as `numbers`; either may have the result.
template <typename Number>
Number *sortNumbers(Number *numbers, Number *other, int64_t count, int32_t shift,
                    int32_t bytes) {
  constexpr int64_t values = 256;
  for (int32_t k = 0; k < bytes; ++k) {
    auto getByte = [&](Number number) { return uint8_t(number >> (shift + 8 * k)); };
    int64_t places[values] = {}, first = 0;
    for (int64_t i = 0; i < count; ++i)
      ++places[getByte(numbers[i])];
    if (count == 0 || places[getByte(numbers[0])] == count)
      continue; // All have the same.
    for (int64_t &place : places) {
      int64_t number = place;
      place = first;
      first += number;
    }
    for (int64_t i = 0; i < count; ++i)
      other[places[getByte(numbers[i])]++] = numbers[i];
    Number *sorted = other;
    other = numbers, numbers = sorted;
  }
  return numbers;
}

} // namespace burin

#endif // BURIN_RUNTIME_KERNELS_SORT_H
