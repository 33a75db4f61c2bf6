//===- scan.cpp - Running sums and products -------------------------------===//

#include "views.h"

using namespace burin;

namespace {
/// How the elements of one type are read, added up and written.
template <typename T, typename Sum>
struct Plain {
  using Element = T;
  using Accumulator = Sum;
  static Sum load(T element) { return Sum(element); }
  static T store(Sum sum) { return T(sum); }
};

template <typename T>
struct Small {
  using Element = T;
  using Accumulator = float;
  static float load(T element) { return float(element); }
  static T store(float sum) { return T::from(sum); }
};

struct Options {
  bool exclusive, reverse, product;
};

template <typename Type>
void scan(const burin_view &x, const burin_view &y, Options options) {
  using Element = typename Type::Element;
  using Accumulator = typename Type::Accumulator;
  int64_t count = x.shape[1], stepX = x.strides[1], stepY = y.strides[1];
  int64_t startX = 0, startY = 0;
  if (options.reverse) {
    startX = (count - 1) * stepX, startY = (count - 1) * stepY;
    stepX = -stepX, stepY = -stepY;
  }
  for (Indices at(x.shape, 3, /*skipped=*/1); !at.done(); at.next()) {
    const Element *from = static_cast<Element *>(x.data) + at.in(x) + startX;
    Element *to = static_cast<Element *>(y.data) + at.in(y) + startY;
    Accumulator sum = options.product ? Accumulator(1) : Accumulator(0);
    for (int64_t i = 0; i < count; ++i) {
      Accumulator before = sum, next = Type::load(from[i * stepX]);
      sum = options.product ? sum * next : sum + next;
      to[i * stepY] = Type::store(options.exclusive ? before : sum);
    }
  }
}
} // namespace

// Integers wrap: signed and unsigned ones alike, modulo the power of two.
int32_t burin_scan(burin_call *call, const burin_view *views,
                   const int64_t *params) {
  const burin_view &x = views[0], &y = views[1];
  Options options = {params[0] != 0, params[1] != 0, params[2] != 0};
  switch (x.dtype) {
  case BURIN_F32:
    scan<Plain<float, float>>(x, y, options);
    return BURIN_OK;
  case BURIN_F64:
    scan<Plain<double, double>>(x, y, options);
    return BURIN_OK;
  case BURIN_F16:
    scan<Small<Half>>(x, y, options);
    return BURIN_OK;
  case BURIN_BF16:
    scan<Small<BFloat>>(x, y, options);
    return BURIN_OK;
  case BURIN_I8:
  case BURIN_U8:
    scan<Plain<uint8_t, uint64_t>>(x, y, options);
    return BURIN_OK;
  case BURIN_I16:
  case BURIN_U16:
    scan<Plain<uint16_t, uint64_t>>(x, y, options);
    return BURIN_OK;
  case BURIN_I32:
  case BURIN_U32:
    scan<Plain<uint32_t, uint64_t>>(x, y, options);
    return BURIN_OK;
  case BURIN_I64:
  case BURIN_U64:
    scan<Plain<uint64_t, uint64_t>>(x, y, options);
    return BURIN_OK;
  default:
    return call->services->fail(call->owner, BURIN_FAILED,
                                "running sums of this element type");
  }
}
