//===- selection.cpp - NonZero, Compress ----------------------------------===//

#include "views.h"

using namespace burin;

namespace {
bool isFloat(int32_t dtype) {
  switch (dtype) {
  case BURIN_F64:
  case BURIN_F32:
  case BURIN_F16:
  case BURIN_BF16:
  case BURIN_F8E4M3FN:
  case BURIN_F8E5M2:
    return true;
  default:
    return false;
  }
}

/// The places of numbers other than 0 and -0; NaN is one.
template <typename Bits>
void findNonZeros(const burin_view &x, const burin_view &y) {
  constexpr int64_t most = 16; // So many are looked at before it counts what was found.
  Bits mask = Bits(Bits(~Bits(0)) >> isFloat(x.dtype)); // All but a sign.
  int32_t last = x.rank - 1;
  int64_t length = last < 0 ? 1 : x.shape[last], step = last < 0 ? 1 : x.strides[last];
  auto *to = static_cast<int64_t *>(y.data), *end = to + y.shape[1] * y.strides[1];
  for (Indices at(x.shape, x.rank, last); !at.done(); at.next()) {
    const Bits *row = static_cast<const Bits *>(x.data) + at.in(x);
    for (int64_t i = 0; i < length;) {
      // Each place is written, and stays if it is one: where there is room, right there.
      int64_t apart[most], *found = apart, count = 0;
      bool isThere = last >= 0 && y.strides[1] == 1 && end - to >= most;
      if (isThere)
        found = to + last * y.strides[0];
      for (int64_t stop = minOf(i + most, length); i < stop; ++i) {
        found[count] = i;
        count += (row[i * step] & mask) != 0;
      }
      for (int32_t d = 0; d <= last; ++d)
        for (int64_t k = 0; k < count && !(isThere && d == last); ++k)
          to[d * y.strides[0] + k * y.strides[1]] = d == last ? found[k] : at[d];
      to += count * y.strides[1];
    }
  }
}
} // namespace

int32_t burin_nonzero(burin_call *, const burin_view *views, const int64_t *) {
  const burin_view &x = views[0], &y = views[1];
  switch (getBytes(x.dtype)) {
  case 8:
    findNonZeros<uint64_t>(x, y);
    break;
  case 4:
    findNonZeros<uint32_t>(x, y);
    break;
  case 2:
    findNonZeros<uint16_t>(x, y);
    break;
  default:
    findNonZeros<uint8_t>(x, y);
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
      __builtin_memcpy(to + (at.in(y) + slice * y.strides[axis]) * bytes,
                       from + (at.in(x) + i * x.strides[axis]) * bytes,
                       size_t(bytes));
    ++slice;
  }
  return BURIN_OK;
}
