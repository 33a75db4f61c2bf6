//===- grid.cpp - GridSample ----------------------------------------------===//

#include "views.h"

using namespace burin;

namespace {
enum Mode { Nearest, Linear, Cubic };
enum Padding { Zeros, Border, Reflection };
/// Elements of a sample: four along each of three axes, or two along each of six.
constexpr int32_t maxCorners = 64;
static_assert(1 << (BURIN_MAX_RANK - 2) <= maxCorners);
/// Results that are worth another thread.
constexpr int64_t minResults = 1024;

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

/// The offset of what lies outside: strides may be negative.
constexpr int64_t outside = INT64_MIN;

/// One axis of one sample: which elements with which weights.
struct Taps {
  int32_t count;
  int64_t offsets[4]; ///< In elements.
  double weights[4];
};

/// All elements of one sample: those of each axis with those of each other.
template <typename T> struct Corners {
  int32_t count = 1;
  int64_t offsets[maxCorners];
  T weights[maxCorners];

  Corners() { offsets[0] = 0, weights[0] = 1; }

  /// Leaves those that lie inside along another axis.
  void multiply(const Taps &taps) {
    int32_t inside[4], number = 0;
    for (int32_t i = 0; i < taps.count; ++i)
      if (taps.offsets[i] != outside)
        inside[number++] = i;
    for (int32_t k = number - 1; k >= 0; --k) // The first ones are read to the end.
      for (int32_t i = 0; i < count; ++i) {
        offsets[k * count + i] = offsets[i] + taps.offsets[inside[k]];
        weights[k * count + i] = weights[i] * T(taps.weights[inside[k]]);
      }
    count *= number;
  }

  /// One more, if it lies inside along both of its axes.
  void add(int64_t row, int64_t column, T weight) {
    offsets[count] = int64_t(uint64_t(row) + uint64_t(column));
    weights[count] = weight;
    count += (row != outside) & (column != outside);
  }

  T sum(const T *from) const {
    T total = 0;
#pragma clang loop vectorize(disable) // They are few.
    for (int32_t i = 0; i < count; ++i)
      total += weights[i] * from[offsets[i]];
    return total;
  }
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

  /// The stand-in of an element beyond the borders.
  int64_t wrap(int64_t i, int64_t size) const {
    if (i >= 0 && i < size)
      return i;
    if (padding == Border)
      return i < 0 ? 0 : size - 1;
    double low = alignCorners ? 0 : -0.5;
    double high = alignCorners ? double(size - 1) : double(size) - 0.5;
    auto inside = int64_t(reflect(double(i), low, high));
    return minOf(maxOf(inside, 0), size - 1);
  }

  /// Where a place outside of the borders goes before anything is read.
  double moveInside(double place, int64_t size) const {
    if (padding == Zeros)
      return place;
    double low = alignCorners ? 0 : -0.5;
    double high = alignCorners ? double(size - 1) : double(size) - 0.5;
    if (place >= low && place <= high)
      return place;
    return padding == Border ? clamp(place, 0, double(size - 1))
                             : reflect(place, low, high);
  }

  /// Of the four elements around a place (Keys, 1981), `fraction` behind the second.
  static void getCubicWeights(double fraction, double *weights) {
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

  static int64_t getBefore(double place) {
    auto below = int64_t(place); // Towards 0; no place has more digits.
    return below - (double(below) > place);
  }

  /// Of element `i` of dimension `d`, or of its stand-in.
  int64_t getOffset(int64_t i, int32_t d) const {
    int64_t at = padding == Zeros ? i : wrap(i, x.shape[d]);
    return uint64_t(at) < uint64_t(x.shape[d]) ? at * x.strides[d] : outside;
  }

  /// Two neighbours, as most models want them.
  struct Pair {
    int64_t offsets[2];
    double weights[2];
  };

  Pair getPair(double coordinate, int32_t d) const {
    double place = moveInside(getPlace(coordinate, x.shape[d]), x.shape[d]);
    int64_t before = getBefore(place);
    double fraction = place - double(before);
    return {{getOffset(before, d), getOffset(before + 1, d)}, {1 - fraction, fraction}};
  }

  Taps getTaps(double coordinate, int32_t d) const {
    if (mode == Linear) {
      Pair pair = getPair(coordinate, d);
      return {2, {pair.offsets[0], pair.offsets[1]}, {pair.weights[0], pair.weights[1]}};
    }
    double place = getPlace(coordinate, x.shape[d]);
    if (mode == Nearest) {
      auto nearest = int64_t(moveInside(__builtin_rint(place), x.shape[d]));
      return {1, {getOffset(nearest, d)}, {1}};
    }
    place = moveInside(place, x.shape[d]);
    int64_t before = getBefore(place);
    Taps taps{4, {}, {}};
    getCubicWeights(place - double(before), taps.weights);
    for (int32_t i = 0; i < taps.count; ++i)
      taps.offsets[i] = getOffset(before - 1 + i, d);
    return taps;
  }

  /// Of the place whose coordinates are `step` apart, that of the last axis first.
  template <typename T> Corners<T> getCorners(const T *place, int64_t step) const {
    Corners<T> corners;
    int32_t axes = getNumAxes();
    if (axes == 2 && mode == Linear) {
      Pair rows = getPair(double(place[step]), 2), columns = getPair(double(*place), 3);
      corners.count = 0;
      for (int32_t i = 0; i < 2; ++i)
        for (int32_t j = 0; j < 2; ++j)
          corners.add(rows.offsets[i], columns.offsets[j],
                      T(rows.weights[i] * columns.weights[j]));
      return corners;
    }
    for (int32_t d = 0; d < axes; ++d)
      corners.multiply(getTaps(double(place[(axes - 1 - d) * step]), d + 2));
    return corners;
  }

  /// All channels of the places of row `row` of all images' outermost ones.
  template <typename T> void run(int64_t row) const {
    int32_t axes = getNumAxes();
    int64_t n = row / y.shape[2], outer = row % y.shape[2];
    auto *places = static_cast<const T *>(grid.data) + n * grid.strides[0] +
                   outer * grid.strides[1];
    auto *from = static_cast<const T *>(x.data) + n * x.strides[0];
    auto *to = static_cast<T *>(y.data) + n * y.strides[0] + outer * y.strides[2];
    for (Indices at(y.shape + 3, axes - 1); !at.done(); at.next()) {
      int64_t place = 0, result = 0;
      for (int32_t d = 0; d < axes - 1; ++d) {
        place += at[d] * grid.strides[d + 2];
        result += at[d] * y.strides[d + 3];
      }
      Corners<T> corners = getCorners(places + place, grid.strides[axes + 1]);
      for (int64_t c = 0; c < x.shape[1]; ++c)
        to[result + c * y.strides[1]] = corners.sum(from + c * x.strides[1]);
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
  if (params[0] == Cubic && x.rank > 5)
    return fail(call, "GridSample: cubic takes at most three spatial axes; use linear");
  int64_t perRow = 1;
  for (int32_t d = 1; d < x.rank; ++d)
    perRow *= d == 2 ? 1 : y.shape[d];
  struct Job {
    const Sampler &sampler;
    bool isDouble;
  } job{sampler, x.dtype == BURIN_F64};
  call->services->parallel_for(
      call->owner,
      [](void *context, int64_t low, int64_t high) {
        auto *job = static_cast<Job *>(context);
        for (int64_t row = low; row < high; ++row)
          if (job->isDouble)
            job->sampler.run<double>(row);
          else
            job->sampler.run<float>(row);
      },
      &job, x.shape[0] * y.shape[2], maxOf(1, minResults / perRow));
  return BURIN_OK;
}
