//===- topk.cpp - The largest elements ------------------------------------===//
//
// Elements are compared as unsigned keys of the same order, so that one heap
// serves all types. The k best so far lie in a heap with the worst on top.
//
//===----------------------------------------------------------------------===//

#include "heap.h"
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

/// The `k` best of `count` elements, `k` >= 1, best first.
template <typename Keys, bool largest>
void select(const typename Keys::Element *x, int64_t step, int64_t count,
            Rank *heap, int64_t k) {
  using Bits = typename Keys::Element;
  auto getKey = [&](int64_t i) {
    Bits key = Keys::get(x[i * step]);
    return largest ? key : Bits(~key);
  };
  // Of equal elements the first is better.
  for (int64_t i = 0; i < k; ++i)
    heap[i] = getRank(getKey(i), ~uint64_t(i));
  makeHeap(heap, k);
  for (int64_t i = k; i < count;) {
    int64_t end = i + blockSize < count ? i + blockSize : count;
    if (step == 1 && end == i + blockSize) {
      Bits worst = Bits(heap[0] >> 64);
      unsigned better = 0;
      for (int64_t j = 0; j < blockSize; ++j)
        better |= getKey(i + j) > worst;
      if (!better) {
        i = end;
        continue;
      }
    }
    for (; i < end; ++i)
      if (Rank rank = getRank(getKey(i), ~uint64_t(i)); rank > heap[0]) {
        heap[0] = rank;
        siftDown(heap, k, 0);
      }
  }
  for (int64_t size = k; size > 1; --size)
    heap[size - 1] = popHeap(heap, size);
}

/// What burin_topk does, for one element type.
template <typename Keys>
int32_t selectAll(burin_call *call, const burin_view *views, int32_t axis,
                  bool largest) {
  using Element = typename Keys::Element;
  const burin_view &x = views[0], &values = views[1], &indices = views[2];
  int64_t count = x.shape[axis], k = values.shape[axis];
  if (k > count)
    return fail(call, "TopK: more elements than there are");
  if (k <= 0)
    return BURIN_OK;
  auto *heap = allocate<Rank>(call, k);
  if (!heap)
    return BURIN_OUT_OF_MEMORY;
  int64_t step = x.strides[axis];
  for (Indices at(x.shape, x.rank, axis); !at.done(); at.next()) {
    const Element *row = static_cast<Element *>(x.data) + at.in(x);
    if (largest)
      select<Keys, true>(row, step, count, heap, k);
    else
      select<Keys, false>(row, step, count, heap, k);
    Element *to = static_cast<Element *>(values.data) + at.in(values);
    int64_t *places = static_cast<int64_t *>(indices.data) + at.in(indices);
    for (int64_t i = 0; i < k; ++i) {
      int64_t index = ~getIndex(heap[i]);
      to[i * values.strides[axis]] = row[index * step];
      places[i * indices.strides[axis]] = index;
    }
  }
  call->services->release(call->owner, heap);
  return BURIN_OK;
}
} // namespace

int32_t burin_topk(burin_call *call, const burin_view *views,
                   const int64_t *params) {
  int32_t axis = int32_t(params[0]);
  bool largest = params[1] != 0;
  switch (views[0].dtype) {
  case BURIN_F16:
    return selectAll<FloatKeys<uint16_t, 0x7c00>>(call, views, axis, largest);
  case BURIN_BF16:
    return selectAll<FloatKeys<uint16_t, 0x7f80>>(call, views, axis, largest);
  case BURIN_F32:
    return selectAll<FloatKeys<uint32_t, 0x7f800000>>(call, views, axis,
                                                      largest);
  case BURIN_F64:
    return selectAll<FloatKeys<uint64_t, 0x7ff0000000000000>>(call, views, axis,
                                                              largest);
  case BURIN_I8:
    return selectAll<SignedKeys<uint8_t>>(call, views, axis, largest);
  case BURIN_I16:
    return selectAll<SignedKeys<uint16_t>>(call, views, axis, largest);
  case BURIN_I32:
    return selectAll<SignedKeys<uint32_t>>(call, views, axis, largest);
  case BURIN_I64:
    return selectAll<SignedKeys<uint64_t>>(call, views, axis, largest);
  case BURIN_U8:
  case BURIN_BOOL:
    return selectAll<UnsignedKeys<uint8_t>>(call, views, axis, largest);
  case BURIN_U16:
    return selectAll<UnsignedKeys<uint16_t>>(call, views, axis, largest);
  case BURIN_U32:
    return selectAll<UnsignedKeys<uint32_t>>(call, views, axis, largest);
  case BURIN_U64:
    return selectAll<UnsignedKeys<uint64_t>>(call, views, axis, largest);
  default:
    return fail(call, "TopK of this element type");
  }
}
