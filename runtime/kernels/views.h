//===- views.h - Elements of strided memory ---------------------*- C++ -*-===//
//
// What the library kernels share: places in views, and 16-bit floats.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_RUNTIME_KERNELS_VIEWS_H
#define BURIN_RUNTIME_KERNELS_VIEWS_H

#include "burin/kernels.h"
#include <stddef.h>

// Kernels are compiled for machines whose C headers are not there, and freestanding:
// memcpy is any function there, but __builtin_memcpy of a known size an instruction.

namespace burin {

/// All combinations of indices of the first `rank` dimensions of a shape, the
/// last fastest; dimension `skipped` stays 0.
class Indices {
public:
  Indices(const int64_t *shape, int32_t rank, int32_t skipped = -1)
      : shape(shape), rank(rank), skipped(skipped) {
    for (int32_t d = 0; d < rank; ++d)
      isDone |= d != skipped && shape[d] <= 0;
  }
  bool done() const { return isDone; }
  void next() {
    for (int32_t d = rank - 1; d >= 0; --d) {
      if (d == skipped)
        continue;
      if (++at[d] < shape[d])
        return;
      at[d] = 0;
    }
    isDone = true;
  }
  int64_t operator[](int32_t d) const { return at[d]; }
  /// Where in `view` the current element is, in elements.
  int64_t in(const burin_view &view) const {
    int64_t offset = 0;
    for (int32_t d = 0; d < rank; ++d)
      offset += at[d] * view.strides[d];
    return offset;
  }

private:
  const int64_t *shape;
  int32_t rank, skipped;
  int64_t at[BURIN_MAX_RANK] = {};
  bool isDone = false;
};

/// How many bytes an element has.
inline int32_t getBytes(int32_t dtype) {
  switch (dtype) {
  case BURIN_F64:
  case BURIN_I64:
  case BURIN_U64:
    return 8;
  case BURIN_F32:
  case BURIN_I32:
  case BURIN_U32:
    return 4;
  case BURIN_F16:
  case BURIN_BF16:
  case BURIN_I16:
  case BURIN_U16:
    return 2;
  default:
    return 1;
  }
}

/// Element `i` of a tensor of i32 or i64.
inline int64_t readInt(const burin_view &view, int64_t i) {
  if (view.dtype == BURIN_I32)
    return static_cast<const int32_t *>(view.data)[i];
  return static_cast<const int64_t *>(view.data)[i];
}

inline int64_t minOf(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t maxOf(int64_t a, int64_t b) { return a > b ? a : b; }

inline int32_t fail(burin_call *call, const char *message) {
  return call->services->fail(call->owner, BURIN_FAILED, message);
}

/// Memory until release(); null, and the run's error is set, if there is none.
template <typename T> T *allocate(burin_call *call, int64_t count) {
  if (count > INT64_MAX / int64_t(sizeof(T)))
    count = INT64_MAX / int64_t(sizeof(T));
  return static_cast<T *>(call->services->allocate(
      call->owner, maxOf(count, 1) * int64_t(sizeof(T))));
}

inline float fromBits(uint32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

inline uint32_t toBits(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// IEEE half precision in 16 bits.
struct Half {
  uint16_t bits;

  explicit operator float() const {
    uint32_t sign = uint32_t(bits & 0x8000) << 16, rest = bits & 0x7fff;
    if (rest >= 0x7c00) // Infinite or NaN.
      return fromBits(sign | 0x7f800000 | (rest & 0x3ff) << 13);
    if (rest >= 0x400)
      return fromBits(sign | ((rest << 13) + 0x38000000));
    float magnitude = float(rest) * 0x1p-24f; // Subnormal.
    return sign ? -magnitude : magnitude;
  }
  static Half from(float value) {
    uint32_t all = toBits(value), rest = all & 0x7fffffff;
    uint16_t sign = uint16_t(all >> 16 & 0x8000);
    if (rest > 0x7f800000)
      return {uint16_t(sign | 0x7e00)};
    if (rest >= 0x477ff000) // Rounds to more than the largest.
      return {uint16_t(sign | 0x7c00)};
    if (rest >= 0x38800000) { // Ties to even.
      rest += 0xfff + (rest >> 13 & 1);
      return {uint16_t(sign | ((rest - 0x38000000) >> 13))};
    }
    // Adding 1/2 leaves the subnormal's digits at the end, rounded.
    uint32_t digits = toBits(fromBits(rest) + 0.5f) - toBits(0.5f);
    return {uint16_t(sign | digits)};
  }
};

/// The upper half of an f32.
struct BFloat {
  uint16_t bits;

  explicit operator float() const { return fromBits(uint32_t(bits) << 16); }
  static BFloat from(float value) {
    uint32_t all = toBits(value);
    if ((all & 0x7fffffff) > 0x7f800000)
      return {uint16_t(all >> 16 | 0x40)};
    return {uint16_t((all + 0x7fff + (all >> 16 & 1)) >> 16)};
  }
};

} // namespace burin

#endif // BURIN_RUNTIME_KERNELS_VIEWS_H
