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

/// Neighbours along the last dimension whose sums are kept at a time, so that
/// memory is read in its order.
constexpr int64_t maxLanes = 64;

/// `lanes` running sums side by side: `count` steps from `from` to `to`. Of one
/// lane, a constant, the sum stays in a register.
template <typename Type, int64_t known>
void scanLanes(const typename Type::Element *from, typename Type::Element *to,
               const int64_t *stridesX, const int64_t *stridesY, int64_t count,
               int64_t lanes, Options options) {
  if (known)
    lanes = known;
  typename Type::Accumulator sums[known ? known : maxLanes];
  for (auto &sum : sums)
    sum = options.product ? 1 : 0;
  for (int64_t i = 0; i < count; ++i, from += stridesX[1], to += stridesY[1])
    for (int64_t lane = 0; lane < lanes; ++lane) {
      auto before = sums[lane], next = Type::load(from[lane * stridesX[2]]);
      sums[lane] = options.product ? before * next : before + next;
      to[lane * stridesY[2]] =
          Type::store(options.exclusive ? before : sums[lane]);
    }
}

template <typename Type>
void scan(const burin_view &x, const burin_view &y, Options options) {
  using Element = typename Type::Element;
  int64_t count = x.shape[1];
  int64_t stridesX[] = {x.strides[0], x.strides[1], x.strides[2]};
  int64_t stridesY[] = {y.strides[0], y.strides[1], y.strides[2]};
  const Element *from = static_cast<Element *>(x.data);
  Element *to = static_cast<Element *>(y.data);
  if (options.reverse) {
    from += (count - 1) * stridesX[1], to += (count - 1) * stridesY[1];
    stridesX[1] = -stridesX[1], stridesY[1] = -stridesY[1];
  }
  for (int64_t a = 0; a < x.shape[0]; ++a)
    for (int64_t b = 0; b < x.shape[2]; b += maxLanes) {
      int64_t rest = x.shape[2] - b, lanes = rest < maxLanes ? rest : maxLanes;
      const Element *place = from + a * stridesX[0] + b * stridesX[2];
      Element *result = to + a * stridesY[0] + b * stridesY[2];
      auto *scanSome = lanes == 1 ? scanLanes<Type, 1> : scanLanes<Type, 0>;
      scanSome(place, result, stridesX, stridesY, count, lanes, options);
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
