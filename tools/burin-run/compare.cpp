//===- compare.cpp - Whether an output is what was expected ---------------===//

#include "compare.h"
#include "numbers.h"
#include "text.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

using namespace burin_run;

namespace {

std::string printShape(const burin_tensor &tensor) {
  std::string result = "[";
  for (int32_t i = 0; i < tensor.rank; ++i)
    result += (i ? "," : "") + std::to_string(tensor.shape[i]);
  return result + "]";
}

double chooseRtol(int32_t dtype) {
  if (dtype == BURIN_F32 || dtype == BURIN_F64)
    return 1e-3;
  return dtype == BURIN_F16 || dtype == BURIN_BF16 ? 1e-2 : 0.1;
}

/// Of the finite elements.
double getRootMeanSquare(const burin_tensor &tensor, size_t count) {
  double sum = 0;
  size_t finite = 0;
  for (size_t i = 0; i < count; ++i)
    if (double value = readNumber(tensor.data, tensor.dtype, i);
        std::isfinite(value)) {
      sum += value * value;
      ++finite;
    }
  return finite ? std::sqrt(sum / double(finite)) : 0;
}

/// |a - e|, where equal infinities and two NaN are equal, and one NaN is as far
/// away as can be.
double getDistance(double a, double e) {
  if (a == e || (std::isnan(a) && std::isnan(e)))
    return 0;
  double distance = std::fabs(a - e);
  return std::isnan(distance) ? std::numeric_limits<double>::infinity()
                              : distance;
}

/// Infinity is within every tolerance of itself alone. Integers are compared as
/// bytes, for those of 64 bits may differ and yet be the same double.
bool isClose(const burin_tensor &actual, const burin_tensor &expected,
             size_t index, double tolerance) {
  if (!isFloat(actual.dtype)) {
    size_t size = burin_dtype_size(actual.dtype);
    return memcmp(static_cast<const char *>(actual.data) + index * size,
                  static_cast<const char *>(expected.data) + index * size,
                  size) == 0;
  }
  double distance =
      getDistance(readNumber(actual.data, actual.dtype, index),
                  readNumber(expected.data, expected.dtype, index));
  return distance == 0 || (std::isfinite(distance) && distance <= tolerance);
}

double divide(double distance, double e) {
  return distance == 0 ? 0 : distance / std::fabs(e);
}

} // namespace

Comparison burin_run::compare(const burin_tensor &actual,
                              const burin_tensor &expected, double rtol,
                              double atol) {
  Comparison result;
  if (actual.rank != expected.rank ||
      !std::equal(actual.shape, actual.shape + actual.rank, expected.shape)) {
    result.maxAbs = result.maxRel = std::numeric_limits<double>::infinity();
    result.what =
        format("has shape %s, expected %s", printShape(actual).c_str(),
               printShape(expected).c_str());
    return result;
  }
  size_t count = 0;
  burin_tensor_byte_size(&actual, &count);
  int32_t dtype = actual.dtype;
  count /= burin_dtype_size(dtype);
  if (rtol < 0)
    rtol = chooseRtol(dtype);
  if (!isFloat(dtype))
    rtol = atol = 0;
  else if (atol < 0)
    atol = rtol * getRootMeanSquare(expected, count);
  size_t differing = 0, first = 0;
  for (size_t i = 0; i < count; ++i) {
    double a = readNumber(actual.data, dtype, i);
    double e = readNumber(expected.data, dtype, i);
    double distance = getDistance(a, e);
    result.maxAbs = std::max(result.maxAbs, distance);
    double relative = divide(distance, e);
    result.maxRel =
        std::max(result.maxRel, std::isnan(relative) ? distance : relative);
    if (!isClose(actual, expected, i, atol + rtol * std::fabs(e)) &&
        differing++ == 0)
      first = i;
  }
  result.ok = differing == 0;
  if (!result.ok)
    result.what = format(
        "%zu of %zu elements differ, the first is number %zu: %.9g, expected "
        "%.9g (atol %.3g, rtol %.3g)",
        differing, count, first, readNumber(actual.data, dtype, first),
        readNumber(expected.data, dtype, first), atol, rtol);
  return result;
}
