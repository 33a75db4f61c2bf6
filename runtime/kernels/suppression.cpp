//===- suppression.cpp - NonMaxSuppression --------------------------------===//

#include "views.h"

using namespace burin;

namespace {
struct Box {
  float top, left, bottom, right;
  float area() const { return (bottom - top) * (right - left); }
};

struct Candidate {
  float score;
  int64_t index;
  /// The better one, or the first of equals.
  bool isBefore(const Candidate &other) const {
    return score != other.score ? score > other.score : index < other.index;
  }
};

float smaller(float a, float b) { return a < b ? a : b; }
float larger(float a, float b) { return a > b ? a : b; }

Box readBox(const burin_view &boxes, int64_t batch, int64_t i, bool isCenter) {
  auto *at = static_cast<const float *>(boxes.data) + batch * boxes.strides[0] +
             i * boxes.strides[1];
  int64_t step = boxes.strides[2];
  float a = at[0], b = at[step], c = at[2 * step], d = at[3 * step];
  if (isCenter) // x, y, width, height
    return {b - d / 2, a - c / 2, b + d / 2, a + c / 2};
  return {smaller(a, c), smaller(b, d), larger(a, c), larger(b, d)};
}

/// Boxes with their coordinates in rows, so that one is compared with several of
/// them at once.
class Boxes {
public:
  static constexpr int64_t rows = 5;
  /// Of boxes between two looks at what was found. The last block is filled up with
  /// empty ones, so that none is compared alone.
  static constexpr int64_t block = 16;

  /// `memory` has room for `rows` times `capacity` numbers, whole blocks.
  Boxes(float *memory, int64_t capacity)
      : top(memory), left(top + capacity), bottom(left + capacity),
        right(bottom + capacity), area(right + capacity) {}

  void set(int64_t i, const Box &box) {
    for (int64_t k = i; i % block == 0 && k < i + block; ++k)
      top[k] = left[k] = bottom[k] = right[k] = area[k] = 0;
    top[i] = box.top, left[i] = box.left;
    bottom[i] = box.bottom, right[i] = box.right;
    area[i] = box.area();
  }

  /// Whether more of `box` and of any of the first `count` is common than the
  /// threshold allows.
  bool overlap(const Box &box, int64_t count, float threshold) const {
    float own = box.area();
    if (!(own > 0))
      return false;
    for (int64_t i = 0; i < count; i += block) {
      int32_t found = 0;
      for (int64_t k = i; k < i + block; ++k) {
        float height = smaller(box.bottom, bottom[k]) - larger(box.top, top[k]);
        float width = smaller(box.right, right[k]) - larger(box.left, left[k]);
        float common = height * width;
        found |= (height > 0) & (width > 0) & (area[k] > 0) &
                 (common / (own + area[k] - common) > threshold);
      }
      if (found)
        return true;
    }
    return false;
  }

private:
  float *top, *left, *bottom, *right, *area;
};

/// A heap with the first candidate on top.
void siftDown(Candidate *heap, int64_t size, int64_t i) {
  Candidate moved = heap[i];
  for (int64_t child = 2 * i + 1; child < size; child = 2 * i + 1) {
    if (child + 1 < size && heap[child + 1].isBefore(heap[child]))
      ++child;
    if (!heap[child].isBefore(moved))
      break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = moved;
}

/// What is taken of one class of one batch.
struct Selector {
  const burin_view &boxes, &scores;
  bool isCenter, hasThreshold;
  float overlapThreshold, scoreThreshold;
  int64_t most;
  Candidate *heap;
  Boxes taken;
  int64_t *places;

  int64_t collect(int64_t batch, int64_t cls) const {
    auto *row = static_cast<const float *>(scores.data) +
                batch * scores.strides[0] + cls * scores.strides[1];
    int64_t count = 0;
    for (int64_t i = 0; i < scores.shape[2]; ++i) {
      float score = row[i * scores.strides[2]];
      if (score == score && (!hasThreshold || score > scoreThreshold))
        heap[count++] = {score, i};
    }
    for (int64_t i = count / 2 - 1; i >= 0; --i)
      siftDown(heap, count, i);
    return count;
  }

  /// The number of boxes taken; `places` gets which.
  int64_t select(int64_t batch, int64_t cls) {
    int64_t number = 0;
    for (int64_t size = collect(batch, cls); size > 0 && number < most;) {
      Candidate best = heap[0];
      heap[0] = heap[--size];
      if (size > 0)
        siftDown(heap, size, 0);
      Box box = readBox(boxes, batch, best.index, isCenter);
      if (taken.overlap(box, number, overlapThreshold))
        continue;
      taken.set(number, box);
      places[number++] = best.index;
    }
    return number;
  }
};

float readScalar(const burin_view &view) {
  return *static_cast<const float *>(view.data);
}
} // namespace

int32_t burin_non_max_suppression(burin_call *call, const burin_view *views,
                                  const int64_t *params) {
  const burin_view &boxes = views[0], &scores = views[1];
  const burin_view *next = views + 2;
  float overlapThreshold = params[1] ? readScalar(*next++) : 0;
  float scoreThreshold = params[2] ? readScalar(*next++) : 0;
  const burin_view &rows = next[0];
  auto *number = static_cast<int64_t *>(next[1].data);
  int64_t batches = scores.shape[0], classes = scores.shape[1];
  int64_t count = scores.shape[2];
  if (boxes.shape[0] != batches || boxes.shape[1] != count ||
      boxes.shape[2] != 4)
    return fail(call, "NonMaxSuppression: shapes do not fit together");
  *number = 0;
  if (rows.shape[0] == 0)
    return BURIN_OK;
  int64_t most = rows.shape[0] / (batches * classes);
  auto *heap = allocate<Candidate>(call, count);
  int64_t room = (most + Boxes::block - 1) / Boxes::block * Boxes::block;
  auto *taken = heap ? allocate<float>(call, Boxes::rows * room) : nullptr;
  auto *places = taken ? allocate<int64_t>(call, most) : nullptr;
  if (!places)
    return BURIN_OUT_OF_MEMORY;
  Selector selector{boxes,          scores, params[0] != 0, params[2] != 0,
                    overlapThreshold, scoreThreshold, most, heap, Boxes(taken, room), places};
  auto *to = static_cast<int64_t *>(rows.data);
  for (int64_t batch = 0; batch < batches; ++batch)
    for (int64_t cls = 0; cls < classes; ++cls) {
      int64_t selected = selector.select(batch, cls);
      for (int64_t i = 0; i < selected; ++i) {
        int64_t *row = to + *number * rows.strides[0];
        row[0] = batch;
        row[rows.strides[1]] = cls;
        row[2 * rows.strides[1]] = places[i];
        ++*number;
      }
    }
  call->services->release(call->owner, places);
  call->services->release(call->owner, taken);
  call->services->release(call->owner, heap);
  return BURIN_OK;
}
