//===- det.cpp - Determinants ---------------------------------------------===//

#include "views.h"

using namespace burin;

namespace {
/// Element `i` of a float tensor.
double load(const burin_view &view, int64_t i) {
  switch (view.dtype) {
  case BURIN_F64:
    return static_cast<const double *>(view.data)[i];
  case BURIN_F16:
    return float(static_cast<const Half *>(view.data)[i]);
  case BURIN_BF16:
    return float(static_cast<const BFloat *>(view.data)[i]);
  default:
    return static_cast<const float *>(view.data)[i];
  }
}

void store(const burin_view &view, int64_t i, double value) {
  switch (view.dtype) {
  case BURIN_F64:
    static_cast<double *>(view.data)[i] = value;
    break;
  case BURIN_F16:
    static_cast<Half *>(view.data)[i] = Half::from(float(value));
    break;
  case BURIN_BF16:
    static_cast<BFloat *>(view.data)[i] = BFloat::from(float(value));
    break;
  default:
    static_cast<float *>(view.data)[i] = float(value);
  }
}

double magnitude(double x) { return x < 0 ? -x : x; }

/// The product of the pivots of `a`, which is of size n x n and overwritten.
double eliminate(double *a, int64_t n) {
  double product = 1;
  for (int64_t k = 0; k < n; ++k) {
    int64_t pivot = k;
    for (int64_t i = k + 1; i < n; ++i)
      if (magnitude(a[i * n + k]) > magnitude(a[pivot * n + k]))
        pivot = i;
    if (pivot != k) {
      for (int64_t j = k; j < n; ++j) {
        double other = a[pivot * n + j];
        a[pivot * n + j] = a[k * n + j];
        a[k * n + j] = other;
      }
      product = -product;
    }
    product *= a[k * n + k];
    if (a[k * n + k] == 0)
      return product;
    for (int64_t i = k + 1; i < n; ++i) {
      double factor = a[i * n + k] / a[k * n + k];
      for (int64_t j = k + 1; j < n; ++j)
        a[i * n + j] -= factor * a[k * n + j];
    }
  }
  return product;
}
} // namespace

int32_t burin_det(burin_call *call, const burin_view *views, const int64_t *) {
  const burin_view &x = views[0], &y = views[1];
  int64_t n = x.shape[x.rank - 1];
  int64_t rowStep = x.strides[x.rank - 2], columnStep = x.strides[x.rank - 1];
  auto *a = static_cast<double *>(call->services->allocate(
      call->owner, (n > 0 ? n * n : 1) * int64_t(sizeof(double))));
  if (!a)
    return BURIN_OUT_OF_MEMORY;
  for (Indices at(y.shape, y.rank); !at.done(); at.next()) {
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j)
        a[i * n + j] = load(x, at.in(x) + i * rowStep + j * columnStep);
    store(y, at.in(y), eliminate(a, n));
  }
  call->services->release(call->owner, a);
  return BURIN_OK;
}
