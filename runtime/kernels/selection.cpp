//===- selection.cpp - NonZero, Compress ----------------------------------===//

#include "views.h"

using namespace burin;

namespace {
/// True for numbers other than 0 and -0; NaN is one.
bool isNonZero(const unsigned char *element, int32_t dtype, int32_t bytes) {
  uint64_t bits = 0;
  memcpy(&bits, element, size_t(bytes));
  switch (dtype) {
  case BURIN_F64:
  case BURIN_F32:
  case BURIN_F16:
  case BURIN_BF16:
  case BURIN_F8E4M3FN:
  case BURIN_F8E5M2:
    return (bits & ~(uint64_t(1) << (8 * bytes - 1))) != 0;
  default:
    return bits != 0;
  }
}
} // namespace

int32_t burin_nonzero(burin_call *, const burin_view *views, const int64_t *) {
  const burin_view &x = views[0], &y = views[1];
  int32_t bytes = getBytes(x.dtype);
  auto *from = static_cast<const unsigned char *>(x.data);
  auto *to = static_cast<int64_t *>(y.data);
  int64_t column = 0;
  for (Indices at(x.shape, x.rank); !at.done(); at.next()) {
    if (!isNonZero(from + at.in(x) * bytes, x.dtype, bytes))
      continue;
    for (int32_t d = 0; d < x.rank; ++d)
      to[d * y.strides[0] + column * y.strides[1]] = at[d];
    ++column;
  }
  return BURIN_OK;
}

int32_t burin_compress(burin_call *, const burin_view *views,
                       const int64_t *params) {
  const burin_view &x = views[0], &condition = views[1], &y = views[2];
  int32_t axis = int32_t(params[0]), bytes = getBytes(x.dtype);
  auto *from = static_cast<const unsigned char *>(x.data);
  auto *to = static_cast<unsigned char *>(y.data);
  auto *holds = static_cast<const unsigned char *>(condition.data);
  int64_t slice = 0;
  for (int64_t i = 0; i < condition.shape[0]; ++i) {
    if (!holds[i * condition.strides[0]])
      continue;
    for (Indices at(x.shape, x.rank, axis); !at.done(); at.next())
      memcpy(to + (at.in(y) + slice * y.strides[axis]) * bytes,
             from + (at.in(x) + i * x.strides[axis]) * bytes, size_t(bytes));
    ++slice;
  }
  return BURIN_OK;
}
