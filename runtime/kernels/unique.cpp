//===- unique.cpp - Each slice once ---------------------------------------===//
//
// Slices are sorted by their elements; equal ones are neighbours then.
//
//===----------------------------------------------------------------------===//

#include "views.h"

using namespace burin;

namespace {
template <typename T> int compareAs(const unsigned char *a, const unsigned char *b) {
  T x, y;
  __builtin_memcpy(&x, a, sizeof x);
  __builtin_memcpy(&y, b, sizeof y);
  return x < y ? -1 : y < x;
}

/// NaN is equal to itself and comes last.
template <typename T, typename Wide>
int compareFloats(const unsigned char *a, const unsigned char *b) {
  T x, y;
  __builtin_memcpy(&x, a, sizeof x);
  __builtin_memcpy(&y, b, sizeof y);
  Wide p = Wide(x), q = Wide(y);
  if (p != p || q != q)
    return (p != p) - (q != q);
  return p < q ? -1 : q < p;
}

using Compare = int (*)(const unsigned char *, const unsigned char *);

Compare getCompare(int32_t dtype) {
  switch (dtype) {
  case BURIN_F32:
    return compareFloats<float, float>;
  case BURIN_F64:
    return compareFloats<double, double>;
  case BURIN_F16:
    return compareFloats<Half, float>;
  case BURIN_BF16:
    return compareFloats<BFloat, float>;
  case BURIN_I8:
    return compareAs<int8_t>;
  case BURIN_I16:
    return compareAs<int16_t>;
  case BURIN_I32:
    return compareAs<int32_t>;
  case BURIN_I64:
    return compareAs<int64_t>;
  case BURIN_U16:
    return compareAs<uint16_t>;
  case BURIN_U32:
    return compareAs<uint32_t>;
  case BURIN_U64:
    return compareAs<uint64_t>;
  default:
    return compareAs<uint8_t>;
  }
}

struct Slices {
  const burin_view &x;
  int32_t axis, bytes;
  Compare compare;

  /// Negative, 0 or positive: the order of slices a and b.
  int operator()(int64_t a, int64_t b) const {
    auto *from = static_cast<const unsigned char *>(x.data);
    int64_t step = x.strides[axis];
    for (Indices at(x.shape, x.rank, axis); !at.done(); at.next()) {
      int64_t rest = at.in(x);
      if (int order = compare(from + (rest + a * step) * bytes,
                              from + (rest + b * step) * bytes))
        return order;
    }
    return 0;
  }
};

/// Merges sorted runs of doubling length; equal ones keep their order. Returns
/// which of the two has the result.
template <typename Less>
int64_t *sort(int64_t *list, int64_t *other, int64_t count, const Less &isLess) {
  for (int64_t width = 1; width < count; width *= 2) {
    for (int64_t begin = 0; begin < count; begin += 2 * width) {
      int64_t middle = minOf(begin + width, count);
      int64_t end = minOf(begin + 2 * width, count);
      int64_t a = begin, b = middle;
      for (int64_t i = begin; i < end; ++i)
        other[i] = a < middle && (b >= end || !isLess(list[b], list[a]))
                       ? list[a++]
                       : list[b++];
    }
    int64_t *swapped = list;
    list = other;
    other = swapped;
  }
  return list;
}

/// The i64 elements of a 1-D view.
struct List {
  const burin_view &view;
  int64_t &operator[](int64_t i) const {
    return static_cast<int64_t *>(view.data)[i * view.strides[0]];
  }
};
} // namespace

int32_t burin_unique(burin_call *call, const burin_view *views,
                     const int64_t *params) {
  const burin_view &x = views[0];
  List first{views[1]}, inverse{views[2]}, counts{views[3]};
  Slices compare{x, int32_t(params[0]), getBytes(x.dtype), getCompare(x.dtype)};
  int64_t size = x.shape[compare.axis];
  auto *memory = allocate<int64_t>(call, 4 * minOf(size, INT64_MAX / 64));
  if (!memory)
    return BURIN_OUT_OF_MEMORY;
  for (int64_t i = 0; i < size; ++i)
    memory[i] = i;
  int64_t *order =
      sort(memory, memory + size, size,
           [&](int64_t a, int64_t b) { return compare(a, b) < 0; });
  // Groups of equal slices, in their order; each starts with the first of them.
  int64_t *heads = memory + 2 * size, count = 0;
  for (int64_t i = 0; i < size; ++i) {
    if (i == 0 || compare(order[i - 1], order[i])) {
      heads[count] = order[i];
      counts[count++] = 0;
    }
    inverse[order[i]] = count - 1;
    ++counts[count - 1];
  }
  if (!params[1]) {
    // By first occurrence: groups get new numbers.
    int64_t *renumbered = memory, *sizes = memory + 3 * size, next = 0;
    for (int64_t i = 0; i < count; ++i) {
      sizes[i] = counts[i];
      renumbered[i] = -1;
    }
    for (int64_t i = 0; i < size; ++i) {
      int64_t group = inverse[i];
      if (renumbered[group] < 0) {
        renumbered[group] = next;
        counts[next] = sizes[group];
        first[next++] = heads[group];
      }
      inverse[i] = renumbered[group];
    }
  } else {
    for (int64_t i = 0; i < count; ++i)
      first[i] = heads[i];
  }
  *static_cast<int64_t *>(views[4].data) = count;
  call->services->release(call->owner, memory);
  return BURIN_OK;
}
