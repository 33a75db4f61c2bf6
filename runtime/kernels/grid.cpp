//===- grid.cpp - GridSample ----------------------------------------------===//

#include "views.h"

using namespace burin;

namespace {
enum Mode { Nearest, Linear, Cubic };
enum Padding { Zeros, Border, Reflection };
constexpr int32_t maxAxes = BURIN_MAX_RANK - 2;

/// Mirrored at `low` and `high` until it lies between them.
double reflect(double x, double low, double high) {
  double range = high - low;
  if (!(range > 0))
    return low;
  double distance = x < low ? low - x : x > high ? x - high : 0;
  if (distance == 0)
    return x;
  double times = __builtin_floor(distance / range);
  double rest = distance - times * range;
  bool isEven = __builtin_fmod(times, 2) == 0;
  return (x < low) == isEven ? low + rest : high - rest;
}

double clamp(double x, double low, double high) {
  return x < low ? low : x > high ? high : x; // NaN is the caller's.
}

/// One axis of one sample: which elements with which weights.
struct Taps {
  int32_t count;
  int64_t offsets[4]; ///< In elements; -1: outside.
  double weights[4];
};

struct Sampler {
  const burin_view &x, &grid, &y;
  int64_t mode, padding;
  bool alignCorners;

  int32_t getNumAxes() const { return x.rank - 2; }

  /// A grid coordinate in [-1, 1] as a place along a dimension.
  double getPlace(double coordinate, int64_t size) const {
    double place = alignCorners
                       ? (coordinate + 1) / 2 * double(size - 1)
                       : ((coordinate + 1) * double(size) - 1) / 2;
    return place == place ? clamp(place, -1e15, 1e15) : -1e15;
  }

  /// An element beyond the borders: its stand-in, or -1.
  int64_t wrap(int64_t i, int64_t size) const {
    if (i >= 0 && i < size)
      return i;
    if (padding == Border)
      return i < 0 ? 0 : size - 1;
    if (padding == Zeros)
      return -1;
    double low = alignCorners ? 0 : -0.5;
    double high = alignCorners ? double(size - 1) : double(size) - 0.5;
    auto inside = int64_t(reflect(double(i), low, high));
    return minOf(maxOf(inside, 0), size - 1);
  }

  /// Where a place outside of the borders goes before anything is read.
  double moveInside(double place, int64_t size) const {
    double low = alignCorners ? 0 : -0.5;
    double high = alignCorners ? double(size - 1) : double(size) - 0.5;
    if (place >= low && place <= high)
      return place;
    if (padding == Border)
      return clamp(place, 0, double(size - 1));
    return padding == Reflection ? reflect(place, low, high) : place;
  }

  void getWeights(double fraction, double *weights) const {
    if (mode == Linear) {
      weights[0] = 1 - fraction;
      weights[1] = fraction;
      return;
    }
    constexpr double a = -0.75;
    auto inner = [](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
    auto outer = [](double d) {
      return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    };
    weights[0] = outer(fraction + 1);
    weights[1] = inner(fraction);
    weights[2] = inner(1 - fraction);
    weights[3] = outer(2 - fraction);
  }

  Taps getTaps(double coordinate, int32_t d) const {
    int64_t size = x.shape[d];
    double place = getPlace(coordinate, size);
    Taps taps;
    int64_t first;
    if (mode == Nearest) {
      place = moveInside(__builtin_rint(place), size);
      first = int64_t(place);
      taps.count = 1;
      taps.weights[0] = 1;
    } else {
      place = moveInside(place, size);
      double below = __builtin_floor(place);
      first = int64_t(below) - (mode == Cubic);
      taps.count = mode == Cubic ? 4 : 2;
      getWeights(place - below, taps.weights);
    }
    for (int32_t i = 0; i < taps.count; ++i) {
      int64_t at = wrap(first + i, size);
      taps.offsets[i] = at < 0 ? -1 : at * x.strides[d];
    }
    return taps;
  }

  /// The sum over all axes from `axis` on.
  template <typename T>
  double sum(const T *from, const Taps *taps, int32_t axis) const {
    if (axis == getNumAxes())
      return double(*from);
    double total = 0;
    for (int32_t i = 0; i < taps[axis].count; ++i)
      if (taps[axis].offsets[i] >= 0)
        total += taps[axis].weights[i] *
                 sum(from + taps[axis].offsets[i], taps, axis + 1);
    return total;
  }

  /// All channels of all places of one image.
  template <typename T> void run(int64_t n) const {
    int32_t axes = getNumAxes();
    auto *places = static_cast<const T *>(grid.data) + n * grid.strides[0];
    auto *from = static_cast<const T *>(x.data) + n * x.strides[0];
    auto *to = static_cast<T *>(y.data) + n * y.strides[0];
    for (Indices at(y.shape + 2, axes); !at.done(); at.next()) {
      int64_t place = 0, result = 0;
      for (int32_t d = 0; d < axes; ++d) {
        place += at[d] * grid.strides[d + 1];
        result += at[d] * y.strides[d + 2];
      }
      Taps taps[maxAxes];
      for (int32_t d = 0; d < axes; ++d) // Innermost first.
        taps[d] = getTaps(
            double(places[place + (axes - 1 - d) * grid.strides[axes + 1]]),
            d + 2);
      for (int64_t c = 0; c < x.shape[1]; ++c)
        to[result + c * y.strides[1]] =
            T(sum(from + c * x.strides[1], taps, 0));
    }
  }
};
} // namespace

int32_t burin_grid_sample(burin_call *call, const burin_view *views,
                          const int64_t *params) {
  Sampler sampler{views[0], views[1], views[2], params[0], params[1],
                  params[2] != 0};
  const burin_view &x = views[0], &grid = views[1], &y = views[2];
  if (grid.shape[0] != x.shape[0] || grid.shape[x.rank - 1] != x.rank - 2)
    return fail(call, "GridSample: shapes do not fit together");
  bool isEmpty = false, hasResults = true;
  for (int32_t d = 0; d < x.rank; ++d) {
    isEmpty |= x.shape[d] == 0;
    hasResults &= y.shape[d] != 0;
  }
  if (!hasResults)
    return BURIN_OK;
  if (isEmpty)
    return fail(call, "GridSample: an empty tensor has no samples");
  struct Job {
    const Sampler &sampler;
    bool isDouble;
  } job{sampler, x.dtype == BURIN_F64};
  call->services->parallel_for(
      call->owner,
      [](void *context, int64_t low, int64_t high) {
        auto *job = static_cast<Job *>(context);
        for (int64_t n = low; n < high; ++n)
          if (job->isDouble)
            job->sampler.run<double>(n);
          else
            job->sampler.run<float>(n);
      },
      &job, x.shape[0], 1);
  return BURIN_OK;
}
