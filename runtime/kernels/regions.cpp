//===- regions.cpp - RoiAlign, MaxRoiPool ---------------------------------===//

#include "views.h"

using namespace burin;

namespace {
/// More samples per bin along an axis than any image has pixels.
constexpr double maxSamples = 1 << 15;

template <typename T> T larger(T a, T b) { return a > b ? a : b; }

/// The four neighbours of a place and their weights.
template <typename T> struct Corners {
  int64_t offsets[4];
  T weights[4];
};

/// Samples of a bin whose corners are found once for all channels.
constexpr int64_t maxKept = 64;

struct Aligner {
  const burin_view &x, &rois, &y;
  int64_t samples;
  bool isMax, halfPixel;
  double scale;

  template <typename T> Corners<T> getCorners(double row, double column) const {
    Corners<T> corners;
    int64_t height = x.shape[2], width = x.shape[3];
    if (!(row >= -1 && row <= double(height) && column >= -1 &&
          column <= double(width)))
      return {{}, {}};
    row = larger(row, 0.0);
    column = larger(column, 0.0);
    int64_t top = minOf(int64_t(row), height - 1);
    int64_t left = minOf(int64_t(column), width - 1);
    int64_t bottom = minOf(top + 1, height - 1), right = minOf(left + 1, width - 1);
    double down = top == height - 1 ? 0 : row - double(top);
    double across = left == width - 1 ? 0 : column - double(left);
    int64_t rows[] = {top, top, bottom, bottom};
    int64_t columns[] = {left, right, left, right};
    double weights[] = {(1 - down) * (1 - across), (1 - down) * across,
                        down * (1 - across), down * across};
    for (int i = 0; i < 4; ++i) {
      corners.offsets[i] = rows[i] * x.strides[2] + columns[i] * x.strides[3];
      corners.weights[i] = T(weights[i]);
    }
    return corners;
  }

  /// All channels of region `r` of image `n`. False if the region has no
  /// reasonable size.
  template <typename T> bool run(int64_t r, int64_t n) const {
    auto *roi = static_cast<const T *>(rois.data) + r * rois.strides[0];
    double bounds[4];
    for (int i = 0; i < 4; ++i)
      bounds[i] = double(roi[i * rois.strides[1]]) * scale - (halfPixel ? 0.5 : 0);
    double width = bounds[2] - bounds[0], height = bounds[3] - bounds[1];
    if (!halfPixel) { // Regions are at least a pixel.
      width = larger(width, 1.0);
      height = larger(height, 1.0);
    }
    double binHeight = height / double(y.shape[2]);
    double binWidth = width / double(y.shape[3]);
    double down = samples > 0 ? double(samples) : __builtin_ceil(binHeight);
    double across = samples > 0 ? double(samples) : __builtin_ceil(binWidth);
    if (!(down <= maxSamples && across <= maxSamples))
      return false;
    auto rows = int64_t(larger(down, 0.0)), columns = int64_t(larger(across, 0.0));
    for (int64_t i = 0; i < y.shape[2]; ++i)
      for (int64_t j = 0; j < y.shape[3]; ++j)
        pool<T>(r, n, i, j, bounds[1] + double(i) * binHeight,
                bounds[0] + double(j) * binWidth, binHeight, binWidth, rows,
                columns);
    return true;
  }

  /// One bin of all channels, which starts at (top, left).
  template <typename T>
  void pool(int64_t r, int64_t n, int64_t i, int64_t j, double top, double left,
            double height, double width, int64_t rows, int64_t columns) const {
    auto *from = static_cast<const T *>(x.data) + n * x.strides[0];
    auto *to = static_cast<T *>(y.data) + r * y.strides[0] + i * y.strides[2] +
               j * y.strides[3];
    int64_t perBin = rows * columns;
    Corners<T> kept[maxKept];
    for (int64_t c = 0; c < y.shape[1]; ++c) {
      const T *image = from + c * x.strides[1];
      // Of each corner: a sum of its own waits for no other.
      T results[4] = {};
      for (int64_t s = 0; s < perBin; ++s) {
        Corners<T> &corners = kept[s % maxKept];
        if (c == 0 || perBin > maxKept)
          corners = getCorners<T>(
              top + (double(s / columns) + 0.5) * height / double(rows),
              left + (double(s % columns) + 0.5) * width / double(columns));
        for (int k = 0; k < 4; ++k) {
          T term = corners.weights[k] * image[corners.offsets[k]];
          results[k] = !isMax  ? results[k] + term
                       : s > 0 ? larger(results[k], term)
                               : term;
        }
      }
      T sum = results[0] + results[1] + (results[2] + results[3]);
      T best = larger(larger(results[0], results[1]), larger(results[2], results[3]));
      to[c * y.strides[1]] = isMax ? best : sum / T(maxOf(perBin, 1));
    }
  }
};

/// The part of `size` that bin `i` of `count` covers of [start, end].
struct Range {
  int64_t begin, end;

  Range(int64_t i, int64_t count, int64_t start, int64_t last, int64_t size) {
    double bin = double(maxOf(last - start + 1, 1)) / double(count);
    begin = start + int64_t(__builtin_floor(double(i) * bin));
    end = start + int64_t(__builtin_ceil(double(i + 1) * bin));
    begin = minOf(maxOf(begin, 0), size);
    end = minOf(maxOf(end, 0), size);
  }
};

template <typename T>
bool poolRegion(const burin_view &x, const burin_view &rois, const burin_view &y,
                int64_t r, double scale) {
  auto *roi = static_cast<const T *>(rois.data) + r * rois.strides[0];
  int64_t bounds[5];
  for (int i = 0; i < 5; ++i) {
    double bound = double(roi[i * rois.strides[1]]) * (i ? scale : 1);
    if (!(bound > -1e9 && bound < 1e9))
      return false;
    bounds[i] = int64_t(__builtin_round(bound));
  }
  if (bounds[0] < 0 || bounds[0] >= x.shape[0])
    return false;
  auto *from = static_cast<const T *>(x.data) + bounds[0] * x.strides[0];
  auto *to = static_cast<T *>(y.data) + r * y.strides[0];
  int64_t sizes[] = {y.shape[1], y.shape[2], y.shape[3]};
  for (Indices at(sizes, 3); !at.done(); at.next()) {
    Range rows(at[1], y.shape[2], bounds[2], bounds[4], x.shape[2]);
    Range columns(at[2], y.shape[3], bounds[1], bounds[3], x.shape[3]);
    T best = 0;
    bool any = false;
    for (int64_t i = rows.begin; i < rows.end; ++i)
      for (int64_t j = columns.begin; j < columns.end; ++j) {
        T value = from[at[0] * x.strides[1] + i * x.strides[2] +
                       j * x.strides[3]];
        if (!any || value > best)
          best = value;
        any = true;
      }
    to[at[0] * y.strides[1] + at[1] * y.strides[2] + at[2] * y.strides[3]] =
        best;
  }
  return true;
}
} // namespace

int32_t burin_roi_align(burin_call *call, const burin_view *views,
                        const int64_t *params) {
  const burin_view &x = views[0], &rois = views[1], &batch = views[2];
  const burin_view &y = views[3];
  if (rois.shape[1] != 4 || batch.shape[0] != rois.shape[0])
    return fail(call, "RoiAlign: shapes do not fit together");
  if (rois.shape[0] > 0 && (x.shape[2] == 0 || x.shape[3] == 0))
    return fail(call, "RoiAlign: the image is empty");
  for (int64_t r = 0; r < rois.shape[0]; ++r)
    if (int64_t n = readInt(batch, r * batch.strides[0]); n < 0 || n >= x.shape[0])
      return fail(call, "RoiAlign: a batch index is out of range");
  struct Job {
    Aligner aligner;
    const burin_view &batch;
    bool isTooLarge; ///< A region is, of any thread.
  } job{{x, rois, y, params[0], params[1] != 0, params[2] != 0,
         fromBits(uint32_t(params[3]))},
        batch,
        false};
  call->services->parallel_for(
      call->owner,
      [](void *context, int64_t low, int64_t high) {
        auto *job = static_cast<Job *>(context);
        for (int64_t r = low; r < high; ++r) {
          int64_t n = readInt(job->batch, r * job->batch.strides[0]);
          if (!(job->aligner.x.dtype == BURIN_F64 ? job->aligner.run<double>(r, n)
                                                  : job->aligner.run<float>(r, n)))
            __atomic_store_n(&job->isTooLarge, true, __ATOMIC_RELAXED);
        }
      },
      &job, rois.shape[0], /*grain=*/1);
  if (job.isTooLarge)
    return fail(call, "RoiAlign: a region is too large");
  return BURIN_OK;
}

int32_t burin_max_roi_pool(burin_call *call, const burin_view *views,
                           const int64_t *params) {
  const burin_view &x = views[0], &rois = views[1], &y = views[2];
  double scale = fromBits(uint32_t(params[0]));
  if (rois.shape[1] != 5)
    return fail(call, "MaxRoiPool: shapes do not fit together");
  for (int64_t r = 0; r < rois.shape[0]; ++r)
    if (!(x.dtype == BURIN_F64 ? poolRegion<double>(x, rois, y, r, scale)
                               : poolRegion<float>(x, rois, y, r, scale)))
      return fail(call, "MaxRoiPool: a region is out of range");
  return BURIN_OK;
}
