//===- topk.cpp - The largest elements ------------------------------------===//
//
// Elements are compared as unsigned keys of the same order, so that one heap
// serves all types.
//
//===----------------------------------------------------------------------===//

#include "heap.h"
#include "sort.h"
#include "views.h"

using namespace burin;

namespace {
/// Keys of one element type: larger where the element is, NaN's the largest.
template <typename Bits>
struct UnsignedKeys {
  using Element = Bits;
  static Bits get(Bits bits) { return bits; }
};

template <typename Bits>
struct SignedKeys {
  using Element = Bits;
  static Bits get(Bits bits) { return bits ^ signBit<Bits>; }
};

template <typename Bits, Bits infinity>
struct FloatKeys {
  using Element = Bits;
  static Bits get(Bits bits) { return getFloatKey<Bits, infinity>(bits); }
};

/// Neighbours that are looked at together: seldom is one of them wanted.
constexpr int64_t blockSize = 16;

/// So many groups of elements that hold the `k` best of all mostly one by one.
int64_t getGroups(int64_t k) { return (2 * k / blockSize + 1) * blockSize; }

/// Finds the `k` largest of `count` keys, `k` >= 1: of equal ones the first.
template <typename Bits>
class Finder {
public:
  Finder(int64_t count, int64_t k) : count(count), k(k) {
    int64_t groups = getGroups(k);
    // Else many are as large as the k-th of the groups: all are as soon sorted.
    if (count / 2 >= groups)
      numTops = groups;
    room = (numTops > 0 ? groups : count) + blockSize;
  }

  bool allocate(burin_call *call) {
    return (keys = burin::allocate<Bits>(call, count)) &&
           (heap = burin::allocate<Rank>(call, room)) &&
           (other = burin::allocate<Rank>(call, room)) &&
           (tops = burin::allocate<Bits>(call, numTops));
  }
  void release(burin_call *call) {
    call->services->release(call->owner, tops);
    call->services->release(call->owner, other);
    call->services->release(call->owner, heap);
    call->services->release(call->owner, keys);
  }

  /// Gives the number of each to `put`, the largest first.
  template <typename Put> void find(Put put) {
    int64_t found = collect(numTops > 0 ? findBar() : 0);
    if (found >= fewestToSort) {
      const Rank *sorted = sortNumbers(heap, other, found, 64, sizeof(Bits));
      for (int64_t i = 0; i < k; ++i)
        put(i, getIndex(sorted[i]));
      return;
    }
    if (found > 0) {
      makeHeap(heap, found); // The best lies on top.
      for (int64_t i = 0; i < k; ++i)
        put(i, getIndex(popHeap(heap, found - i)));
      return;
    }
    keepBest();
    for (int64_t size = k; size > 1; --size)
      heap[size - 1] = popHeap(heap, size);
    for (int64_t i = 0; i < k; ++i)
      put(i, ~getIndex(heap[i]));
  }

  Bits *keys = nullptr;

private:
  /// A key that at least `k` reach, and few more: of the largest ones of groups it is
  /// the `k`-th.
  Bits findBar() {
    for (int64_t g = 0; g < numTops; ++g)
      tops[g] = keys[g];
    for (int64_t i = numTops; i + numTops <= count; i += numTops)
      for (int64_t g = 0; g < numTops; ++g)
        tops[g] = keys[i + g] > tops[g] ? keys[i + g] : tops[g];
    Bits bar = 0;
    for (Bits bit = signBit<Bits>; bit != 0; bit >>= 1) {
      int64_t reached = 0;
      for (int64_t g = 0; g < numTops; ++g)
        reached += tops[g] >= Bits(bar | bit);
      bar |= reached >= k ? bit : 0;
    }
    return bar;
  }

  /// Whether one of a block of keys from `i` on is above `bar`, or the block is cut.
  bool hasAbove(int64_t i, Bits bar) const {
    Bits above = i + blockSize > count;
    for (int64_t j = 0; j < blockSize && i + blockSize <= count; ++j)
      above |= keys[i + j] > bar;
    return above;
  }

  /// Puts all that reach `bar` into the heap. The number of them, 0 if it has no room.
  int64_t collect(Bits bar) {
    int64_t found = 0;
    for (int64_t i = 0; i < count; i += blockSize) {
      if (bar > 0 && !hasAbove(i, bar - 1))
        continue;
      if (found + blockSize > room)
        return 0;
      for (int64_t j = i; j < minOf(i + blockSize, count); ++j) {
        heap[found] = getRank(Bits(~keys[j]), uint64_t(j));
        found += keys[j] >= bar;
      }
    }
    return found;
  }

  /// Has the best so far in the heap, with the worst of them on top.
  void keepBest() {
    for (int64_t i = 0; i < k; ++i)
      heap[i] = getRank(keys[i], ~uint64_t(i));
    makeHeap(heap, k);
    for (int64_t i = k; i < count; i += blockSize) {
      if (!hasAbove(i, Bits(heap[0] >> 64)))
        continue;
      for (int64_t j = i; j < minOf(i + blockSize, count); ++j)
        if (Rank rank = getRank(keys[j], ~uint64_t(j)); rank > heap[0]) {
          heap[0] = rank;
          siftDown(heap, k, 0);
        }
    }
  }

  int64_t count, k, numTops = 0, room = 0;
  Bits *__restrict tops = nullptr;
  Rank *heap = nullptr, *other = nullptr;
};

/// What burin_topk does, for one element type.
template <typename Keys>
int32_t selectAll(burin_call *call, const burin_view *views, const int64_t *params) {
  using Element = typename Keys::Element;
  const burin_view &x = views[0], &values = views[1], &indices = views[2];
  int64_t axis = params[0], count = x.shape[axis], k = values.shape[axis];
  if (k > count)
    return fail(call, "TopK: more elements than there are");
  if (k <= 0)
    return BURIN_OK;
  Finder<Element> finder(count, k);
  if (!finder.allocate(call))
    return BURIN_OUT_OF_MEMORY;
  Element flip = params[1] != 0 ? Element(0) : Element(~Element(0)); // The smallest.
  int64_t step = x.strides[axis];
  for (Indices at(x.shape, x.rank, int32_t(axis)); !at.done(); at.next()) {
    const Element *row = static_cast<Element *>(x.data) + at.in(x);
    for (int64_t i = 0; i < count; ++i)
      finder.keys[i] = Element(Keys::get(row[i * step]) ^ flip);
    Element *to = static_cast<Element *>(values.data) + at.in(values);
    int64_t *places = static_cast<int64_t *>(indices.data) + at.in(indices);
    finder.find([&](int64_t i, int64_t index) {
      to[i * values.strides[axis]] = row[index * step];
      places[i * indices.strides[axis]] = index;
    });
  }
  finder.release(call);
  return BURIN_OK;
}
} // namespace

int32_t burin_topk(burin_call *call, const burin_view *views,
                   const int64_t *params) {
  switch (views[0].dtype) {
  case BURIN_F16:
    return selectAll<FloatKeys<uint16_t, 0x7c00>>(call, views, params);
  case BURIN_BF16:
    return selectAll<FloatKeys<uint16_t, 0x7f80>>(call, views, params);
  case BURIN_F32:
    return selectAll<FloatKeys<uint32_t, 0x7f800000>>(call, views, params);
  case BURIN_F64:
    return selectAll<FloatKeys<uint64_t, 0x7ff0000000000000>>(call, views, params);
  case BURIN_I8:
    return selectAll<SignedKeys<uint8_t>>(call, views, params);
  case BURIN_I16:
    return selectAll<SignedKeys<uint16_t>>(call, views, params);
  case BURIN_I32:
    return selectAll<SignedKeys<uint32_t>>(call, views, params);
  case BURIN_I64:
    return selectAll<SignedKeys<uint64_t>>(call, views, params);
  case BURIN_U8:
  case BURIN_BOOL:
    return selectAll<UnsignedKeys<uint8_t>>(call, views, params);
  case BURIN_U16:
    return selectAll<UnsignedKeys<uint16_t>>(call, views, params);
  case BURIN_U32:
    return selectAll<UnsignedKeys<uint32_t>>(call, views, params);
  case BURIN_U64:
    return selectAll<UnsignedKeys<uint64_t>>(call, views, params);
  default:
    return fail(call, "TopK of this element type");
  }
}
