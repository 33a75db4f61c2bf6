//===- topk.cpp - The largest elements ------------------------------------===//
//
// Elements are compared as unsigned keys of the same order, so that one heap
// serves all types. The k best so far lie in a heap with the worst on top.
//
//===----------------------------------------------------------------------===//

#include "views.h"

using namespace burin;

namespace {
struct Entry {
  uint64_t key;
  int64_t index;

  /// Of equal elements the first is better.
  bool isBetterThan(const Entry &other) const {
    return key != other.key ? key > other.key : index < other.index;
  }
};

enum class Order { Unsigned, Signed, Float };

struct Format {
  int32_t bytes;
  Order order;
  uint64_t infinity; ///< Of floats: what is above it in magnitude is NaN.
};

bool getFormat(int32_t dtype, Format &format) {
  switch (dtype) {
  case BURIN_F16:
    format = {2, Order::Float, 0x7c00};
    return true;
  case BURIN_BF16:
    format = {2, Order::Float, 0x7f80};
    return true;
  case BURIN_F32:
    format = {4, Order::Float, 0x7f800000};
    return true;
  case BURIN_F64:
    format = {8, Order::Float, 0x7ff0000000000000};
    return true;
  case BURIN_I8:
    format = {1, Order::Signed, 0};
    return true;
  case BURIN_I16:
    format = {2, Order::Signed, 0};
    return true;
  case BURIN_I32:
    format = {4, Order::Signed, 0};
    return true;
  case BURIN_I64:
    format = {8, Order::Signed, 0};
    return true;
  case BURIN_U8:
  case BURIN_BOOL:
    format = {1, Order::Unsigned, 0};
    return true;
  case BURIN_U16:
    format = {2, Order::Unsigned, 0};
    return true;
  case BURIN_U32:
    format = {4, Order::Unsigned, 0};
    return true;
  case BURIN_U64:
    format = {8, Order::Unsigned, 0};
    return true;
  default:
    return false;
  }
}

uint64_t readBits(const unsigned char *at, int32_t bytes) {
  if (bytes == 4) {
    uint32_t bits;
    memcpy(&bits, at, sizeof bits);
    return bits;
  }
  if (bytes == 8) {
    uint64_t bits;
    memcpy(&bits, at, sizeof bits);
    return bits;
  }
  if (bytes == 1)
    return *at;
  uint16_t bits;
  memcpy(&bits, at, sizeof bits);
  return bits;
}

/// A key that is larger where the element is; NaN's is the largest.
uint64_t getKey(uint64_t bits, Format format) {
  uint64_t sign = uint64_t(1) << (8 * format.bytes - 1);
  if (format.order == Order::Unsigned)
    return bits;
  if (format.order == Order::Signed)
    return bits ^ sign;
  uint64_t magnitude = bits & (sign - 1);
  if (magnitude > format.infinity)
    return UINT64_MAX;
  if (magnitude == 0) // -0 is 0.
    return sign;
  return bits & sign ? sign - magnitude : sign + magnitude;
}

/// Restores the heap below `i`.
void siftDown(Entry *heap, int64_t size, int64_t i) {
  Entry moved = heap[i];
  for (int64_t child = 2 * i + 1; child < size; child = 2 * i + 1) {
    if (child + 1 < size && heap[child].isBetterThan(heap[child + 1]))
      ++child;
    if (!moved.isBetterThan(heap[child]))
      break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = moved;
}

/// The `k` best of `count` elements, `k` >= 1, best first.
void select(const unsigned char *x, int64_t step, int64_t count, Format format,
            bool largest, Entry *heap, int64_t k) {
  auto get = [&](int64_t i) {
    uint64_t key = getKey(readBits(x + i * step, format.bytes), format);
    return Entry{largest ? key : ~key, i};
  };
  for (int64_t i = 0; i < k; ++i)
    heap[i] = get(i);
  for (int64_t i = k / 2 - 1; i >= 0; --i)
    siftDown(heap, k, i);
  for (int64_t i = k; i < count; ++i)
    if (Entry entry = get(i); entry.isBetterThan(heap[0])) {
      heap[0] = entry;
      siftDown(heap, k, 0);
    }
  for (int64_t size = k - 1; size > 0; --size) {
    Entry worst = heap[0];
    heap[0] = heap[size];
    heap[size] = worst;
    siftDown(heap, size, 0);
  }
}
} // namespace

int32_t burin_topk(burin_call *call, const burin_view *views,
                   const int64_t *params) {
  const burin_view &x = views[0], &values = views[1], &indices = views[2];
  int32_t axis = int32_t(params[0]);
  int64_t count = x.shape[axis], k = values.shape[axis];
  Format format;
  if (!getFormat(x.dtype, format) || k > count)
    return call->services->fail(call->owner, BURIN_FAILED,
                                "TopK of this element type or size");
  if (k <= 0)
    return BURIN_OK;
  auto *heap = static_cast<Entry *>(
      call->services->allocate(call->owner, k * int64_t(sizeof(Entry))));
  if (!heap)
    return BURIN_OUT_OF_MEMORY;
  auto *from = static_cast<const unsigned char *>(x.data);
  auto *to = static_cast<unsigned char *>(values.data);
  auto *places = static_cast<int64_t *>(indices.data);
  int64_t bytes = format.bytes, step = x.strides[axis] * bytes;
  for (Indices at(x.shape, x.rank, axis); !at.done(); at.next()) {
    const unsigned char *row = from + at.in(x) * bytes;
    select(row, step, count, format, params[1] != 0, heap, k);
    for (int64_t i = 0; i < k; ++i) {
      memcpy(to + (at.in(values) + i * values.strides[axis]) * bytes,
             row + heap[i].index * step, size_t(bytes));
      places[at.in(indices) + i * indices.strides[axis]] = heap[i].index;
    }
  }
  call->services->release(call->owner, heap);
  return BURIN_OK;
}
