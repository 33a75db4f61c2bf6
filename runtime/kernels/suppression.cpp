//===- suppression.cpp - NonMaxSuppression --------------------------------===//

#include "sort.h"
#include "views.h"

using namespace burin;

namespace {
struct Box {
  float top, left, bottom, right;
  float area() const { return (bottom - top) * (right - left); }
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

/// Boxes that were taken, with their coordinates in rows, so that one is compared with
/// several of them at once.
struct Block {
  static constexpr int64_t size = 16;
  float top[size], left[size], bottom[size], right[size], area[size];
  int64_t count;
  Block *next;

  void add(const Box &box) {
    for (int64_t k = 0; count == 0 && k < size; ++k)
      top[k] = left[k] = bottom[k] = right[k] = area[k] = 0;
    top[count] = box.top, left[count] = box.left;
    bottom[count] = box.bottom, right[count] = box.right;
    area[count++] = box.area();
  }

  /// Whether more of `box` and of any of these is common than the threshold allows.
  bool overlap(const Box &box, float threshold) const {
    // What is larger when divided is not smaller when multiplied, whatever is rounded:
    // only where that says so is a division worth its time.
    return any(box, [&](float common, float all) {
             return common >= threshold * all;
           }) &&
           any(box, [&](float common, float all) {
             return common / all > threshold;
           });
  }

private:
  template <typename Holds> bool any(const Box &box, Holds holds) const {
    float own = box.area();
    int32_t found = 0;
    for (int64_t k = 0; k < size; ++k) {
      float height = smaller(box.bottom, bottom[k]) - larger(box.top, top[k]);
      float width = smaller(box.right, right[k]) - larger(box.left, left[k]);
      float common = height * width;
      found |= (height > 0) & (width > 0) & holds(common, own + area[k] - common);
    }
    return found;
  }
};

/// The boxes that were taken, by where they begin from left to right: one is compared
/// with those only that may reach it. Exports put classes side by side, far apart.
class Boxes {
public:
  static constexpr int64_t maxBins = 32;
  /// What `memory` must have room for, to take `most` boxes.
  static int64_t getBlocks(int64_t most) { return most / Block::size + maxBins; }

  Boxes(Block *memory, int64_t most) : memory(memory) {
    number = minOf(most / Block::size + 1, maxBins);
  }

  /// Forgets all.
  void clear() {
    used = 0;
    for (int64_t i = 0; i < number; ++i)
      bins[i] = {nullptr, 0};
  }

  /// Whether it matters where boxes begin.
  bool hasBins() const { return number > 1; }
  /// `low` to `high` is where they are expected to; of none taken yet.
  void spread(float low, float high) {
    first = low;
    scale = float(number) / (high - low);
  }

  void add(const Box &box) {
    if (!(box.area() > 0))
      return; // Overlaps none.
    Bin &bin = bins[getBin(box.left)];
    if (!bin.blocks || bin.blocks->count == Block::size) {
      Block *block = memory + used++;
      block->count = 0, block->next = bin.blocks;
      bin.right = bin.blocks ? bin.right : box.right;
      bin.blocks = block;
    }
    bin.right = larger(bin.right, box.right);
    bin.blocks->add(box);
  }

  bool overlap(const Box &box, float threshold) const {
    if (!(box.area() > 0))
      return false;
    int64_t end = getBin(box.right) + 1;
    for (const Bin *bin = bins; bin < bins + end; ++bin)
      for (const Block *at = bin->right > box.left ? bin->blocks : nullptr; at;
           at = at->next)
        if (at->overlap(box, threshold))
          return true;
    return false;
  }

private:
  struct Bin {
    Block *blocks;
    float right; // The farthest of all.
  };

  /// Larger for larger coordinates.
  int64_t getBin(float x) const {
    float place = (x - first) * scale;
    return !(place > 0) ? 0 : place < float(number) ? int64_t(place) : number - 1;
  }

  Block *memory;
  Bin bins[maxBins];
  int64_t number, used = 0;
  float first = 0, scale = 0;
};

/// A score above a place: the best is the smallest.
using Candidate = uint64_t;

/// What is taken of one class of one batch. Boxes come in the order of their scores, by
/// chunks: threads compare those of one with all that were taken before; then they are
/// compared with each other, one after the other. Each chunk has memory of its own: lines
/// that another core has read cost time to write.
class Selector {
public:
  static constexpr int64_t chunkSize = 256;
  struct Options {
    bool isCenter, hasThreshold;
    float overlapThreshold, scoreThreshold;
    int64_t most;
  };
  Selector(burin_call *call, const burin_view *views, const Options &options,
           Candidate *candidates, Candidate *other, Box *ordered, Block *memory)
      : call(call), boxes(views[0]), scores(views[1]), options(options),
        candidates(candidates), other(other), ordered(ordered), taken(memory, options.most),
        fresh(memory + Boxes::getBlocks(options.most), chunkSize) {}

  /// The blocks that a selector needs.
  static int64_t getBlocks(int64_t most) {
    return Boxes::getBlocks(most) + Boxes::getBlocks(chunkSize);
  }

  /// The number of boxes taken; each is given to `write`.
  template <typename Write> int64_t select(int64_t ofBatch, int64_t cls, Write write) {
    batch = ofBatch;
    int64_t count = collect(cls), number = 0;
    sorted = sortNumbers(candidates, other, count, 32, sizeof(float));
    taken.clear();
    if (taken.hasBins())
      spread(count);
    for (begin = 0; begin < count && number < options.most; begin = end) {
      end = minOf(begin + chunkSize, count);
      compare();
      fresh.clear();
      for (int64_t i = begin; i < end && number < options.most; ++i) {
        const Box &box = ordered[i];
        if (hasOverlap(i) || fresh.overlap(box, options.overlapThreshold))
          continue;
        fresh.add(box);
        taken.add(box);
        write(number++, getPlace(sorted[i]));
      }
    }
    return number;
  }

private:
  int64_t collect(int64_t cls) const {
    auto *row = static_cast<const float *>(scores.data) +
                batch * scores.strides[0] + cls * scores.strides[1];
    int64_t count = 0;
    for (int64_t i = 0; i < scores.shape[2]; ++i) {
      float score = row[i * scores.strides[2]];
      if (score == score && (!options.hasThreshold || score > options.scoreThreshold))
        candidates[count++] =
            Candidate(~getFloatKey<uint32_t, 0x7f800000>(toBits(score))) << 32 | i;
    }
    return count;
  }

  Box read(Candidate candidate) const {
    return readBox(boxes, batch, getPlace(candidate), options.isCenter);
  }
  static int64_t getPlace(Candidate candidate) { return uint32_t(candidate); }

  /// Makes bins for the boxes of all candidates.
  void spread(int64_t count) {
    float low = 0, high = 0;
    for (int64_t i = 0; i < count; ++i) {
      float x = read(sorted[i]).left;
      low = i == 0 ? x : smaller(x, low);
      high = i == 0 ? x : larger(x, high);
    }
    taken.spread(low, high);
    fresh.spread(low, high);
  }

  /// Whether a box of the chunk overlaps one that was taken before.
  bool hasOverlap(int64_t i) const {
    return overlaps[(i - begin) / partSize] >> ((i - begin) % partSize) & 1;
  }

  /// Reads and compares the boxes of a part of the chunk.
  void run(int64_t part) {
    uint32_t found = 0;
    int64_t first = begin + part * partSize, stop = minOf(first + partSize, end);
    for (int64_t i = first; i < stop; ++i) {
      ordered[i] = read(sorted[i]);
      found |= uint32_t(taken.overlap(ordered[i], options.overlapThreshold))
               << (i - first);
    }
    overlaps[part] = found;
  }

  void compare() {
    int64_t tasks = (end - begin + partSize - 1) / partSize;
    // A few are sooner compared than shared.
    bool isShared = end - begin > chunkSize / 2;
    call->services->parallel_for(
        call->owner,
        [](void *self, int64_t low, int64_t high) {
          for (int64_t task = low; task < high; ++task)
            static_cast<Selector *>(self)->run(task);
        },
        this, tasks, isShared ? 1 : tasks);
  }

  static constexpr int64_t partSize = 32; // So many are compared by one task.
  burin_call *call;
  const burin_view &boxes, &scores;
  Options options;
  Candidate *candidates, *other, *sorted = nullptr;
  Box *ordered; // Those of the candidates, as far as these are read.
  int64_t batch = 0, begin = 0, end = 0;     // The chunk.
  uint32_t overlaps[chunkSize / partSize]{}; // A bit for each box of the chunk.
  Boxes taken, fresh;                        // Of all chunks, and of this one.
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
  if (count > UINT32_MAX)
    return fail(call, "NonMaxSuppression: too many boxes");
  int64_t most = rows.shape[0] / (batches * classes);
  auto *candidates = allocate<Candidate>(call, 2 * count);
  auto *ordered = candidates ? allocate<Box>(call, count) : nullptr;
  auto *taken = ordered ? allocate<Block>(call, Selector::getBlocks(most)) : nullptr;
  if (!taken)
    return BURIN_OUT_OF_MEMORY;
  Selector selector(
      call, views,
      {params[0] != 0, params[2] != 0, overlapThreshold, scoreThreshold, most},
      candidates, candidates + count, ordered, taken);
  for (int64_t batch = 0; batch < batches; ++batch)
    for (int64_t cls = 0; cls < classes; ++cls) {
      auto *to = static_cast<int64_t *>(rows.data) + *number * rows.strides[0];
      *number += selector.select(batch, cls, [&](int64_t i, int64_t box) {
        int64_t *row = to + i * rows.strides[0];
        row[0] = batch;
        row[rows.strides[1]] = cls;
        row[2 * rows.strides[1]] = box;
      });
    }
  call->services->release(call->owner, taken);
  call->services->release(call->owner, ordered);
  call->services->release(call->owner, candidates);
  return BURIN_OK;
}
