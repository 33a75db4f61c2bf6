//===- resize.cpp - What Resize reads along one axis ----------------------===//

#include "views.h"

using namespace burin;

namespace {
enum Mode { Nearest, Linear, Cubic };
enum Coordinates {
  HalfPixel,
  HalfPixelSymmetric,
  PytorchHalfPixel,
  AlignCorners,
  Asymmetric,
  Crop,
  HalfPixelForNearest,
};

/// One axis, as the parameters say.
struct Axis {
  int64_t mode, coordinates, rounding;
  bool antialias, excludeOutside;
  double cubic;
  int64_t size, newSize; ///< Of x, of the result.
  double scale;
  double start, end; ///< Of the crop, in [0, 1].

  double getPlace(int64_t i) const;
  int64_t round(double place) const;
  double getWeight(double distance) const;
};

/// Where in x position `i` is.
double Axis::getPlace(int64_t i) const {
  double exactSize = scale * double(size), last = double(size - 1);
  switch (coordinates) {
  case HalfPixelSymmetric: {
    double offset = double(size) / 2 * (1 - double(newSize) / exactSize);
    return offset + (double(i) + 0.5) / scale - 0.5;
  }
  case PytorchHalfPixel:
    return newSize > 1 ? (double(i) + 0.5) / scale - 0.5 : 0;
  case AlignCorners:
    return exactSize == 1 ? 0 : double(i) * last / (exactSize - 1);
  case Asymmetric:
    return double(i) / scale;
  case Crop:
    if (exactSize == 1)
      return (end - start) * last / 2 + start * last;
    return double(i) * (end - start) * last / (exactSize - 1) + start * last;
  case HalfPixelForNearest:
    return (double(i) + 0.5) / scale;
  default:
    return (double(i) + 0.5) / scale - 0.5;
  }
}

int64_t Axis::round(double place) const {
  switch (rounding) {
  case 0:
    return int64_t(__builtin_ceil(place - 0.5));
  case 1:
    return int64_t(__builtin_floor(place + 0.5));
  case 2:
    return int64_t(__builtin_floor(place));
  default:
    return int64_t(__builtin_ceil(place));
  }
}

double Axis::getWeight(double distance) const {
  double d = distance < 0 ? -distance : distance, a = cubic;
  if (mode == Linear)
    return d < 1 ? 1 - d : 0;
  if (d <= 1)
    return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/// The tables, [taps, n] each.
struct Tables {
  const burin_view &indices, &weights, &bias;

  int32_t &index(int64_t tap, int64_t i) const {
    return static_cast<int32_t *>(
        indices.data)[tap * indices.strides[0] + i * indices.strides[1]];
  }
  float &weight(int64_t tap, int64_t i) const {
    return static_cast<float *>(
        weights.data)[tap * weights.strides[0] + i * weights.strides[1]];
  }
  float &added(int64_t i) const {
    return static_cast<float *>(bias.data)[i * bias.strides[0]];
  }
};

int64_t clamp(int64_t i, int64_t last) {
  return i < 0 ? 0 : i > last ? last : i;
}

/// The column of a position inside of x.
void fillColumn(const Axis &axis, const Tables &tables, int64_t i,
                double place) {
  int64_t taps = tables.indices.shape[0], last = axis.size - 1;
  if (axis.mode == Nearest) {
    tables.index(0, i) = int32_t(clamp(axis.round(place), last));
    tables.weight(0, i) = 1;
    return;
  }
  double narrow = axis.antialias && axis.scale < 1 ? axis.scale : 1;
  int64_t first = int64_t(__builtin_floor(place)) + 1 - taps / 2;
  auto getWeight = [&](int64_t tap) {
    int64_t at = first + tap;
    if (axis.excludeOutside && (at < 0 || at > last))
      return 0.0;
    return axis.getWeight((double(at) - place) * narrow);
  };
  double sum = 0;
  for (int64_t tap = 0; tap < taps; ++tap)
    sum += getWeight(tap);
  if (sum == 0 || !(axis.antialias || axis.excludeOutside))
    sum = 1;
  for (int64_t tap = 0; tap < taps; ++tap) {
    tables.index(tap, i) = int32_t(clamp(first + tap, last));
    tables.weight(tap, i) = float(getWeight(tap) / sum);
  }
}

/// That of one outside of the crop: a constant.
void fillOutside(const Axis &axis, const Tables &tables, int64_t i,
                 float extrapolation) {
  for (int64_t tap = 0; tap < tables.indices.shape[0]; ++tap) {
    tables.index(tap, i) = axis.mode == Nearest ? -1 : 0;
    tables.weight(tap, i) = 0;
  }
  tables.added(i) = extrapolation;
}

float readFloat(const burin_view &view, int64_t i) {
  return static_cast<const float *>(view.data)[i * view.strides[0]];
}

/// new size / size, the same for all axes where proportions are kept.
double getRatio(const burin_view &x, const burin_view &sizes, int64_t policy,
                const int64_t *axes, int64_t count) {
  double best = 0;
  for (int64_t i = 0; i < count; ++i) {
    double ratio = double(readInt(sizes, i * sizes.strides[0])) /
                   double(x.shape[axes[i]]);
    if (i == 0 || (policy == 1 ? ratio < best : ratio > best))
      best = ratio;
  }
  return best;
}
} // namespace

int32_t burin_resize_table(burin_call *call, const burin_view *views,
                           const int64_t *params) {
  const burin_view &x = views[0], *next = views + 1;
  const burin_view *scales = params[10] ? next++ : nullptr;
  const burin_view *sizes = params[11] ? next++ : nullptr;
  const burin_view *roi = params[12] ? next++ : nullptr;
  Tables tables{next[0], next[1], next[2]};
  int64_t place = params[1], count = params[13];
  Axis axis{params[2],
            params[3],
            params[4],
            params[6] != 0,
            params[7] != 0,
            fromBits(uint32_t(params[8])),
            x.shape[params[0]],
            tables.indices.shape[1],
            0,
            0,
            1};
  if (axis.newSize == 0)
    return BURIN_OK;
  if (axis.size == 0 || axis.size > INT32_MAX)
    return fail(call, "Resize: a size that cannot be resampled");
  if (scales)
    axis.scale = readFloat(*scales, place);
  else if (params[5] && sizes)
    axis.scale = getRatio(x, *sizes, params[5], params + 14, count);
  else
    axis.scale = double(axis.newSize) / double(axis.size);
  if (!(axis.scale > 0 && axis.scale < 1e15))
    return fail(call, "Resize: a scale that is not positive");
  if (roi) {
    axis.start = readFloat(*roi, place);
    axis.end = readFloat(*roi, count + place);
  }
  for (int64_t i = 0; i < axis.newSize; ++i) {
    double at = axis.getPlace(i);
    tables.added(i) = 0;
    bool isInside = at >= 0 && at <= double(axis.size - 1);
    if (axis.coordinates == Crop && !isInside)
      fillOutside(axis, tables, i, fromBits(uint32_t(params[9])));
    else if (at > -1e15 && at < 1e15)
      fillColumn(axis, tables, i, at);
    else
      return fail(call, "Resize: a place that is not finite");
  }
  return BURIN_OK;
}
