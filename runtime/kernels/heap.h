//===- heap.h - The first of many elements ----------------------*- C++ -*-===//
//
// What is sorted is one number each: a key of the order of the elements and, below it,
// an index that decides between equals. Numbers in an array, each before its two
// children, have the smallest of all on top.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_RUNTIME_KERNELS_HEAP_H
#define BURIN_RUNTIME_KERNELS_HEAP_H

#include <stdint.h>

namespace burin {

using Rank = unsigned __int128;

inline Rank getRank(uint64_t key, uint64_t index) {
  return Rank(key) << 64 | index;
}
inline int64_t getIndex(Rank rank) { return int64_t(rank); }

/// Restores the heap below `i`. The place goes down to a leaf and up again: what is
/// moved mostly comes from there, and no branch depends on what is compared on the way
/// down.
template <typename Number> void siftDown(Number *heap, int64_t size, int64_t i) {
  Number moved = heap[i];
  int64_t top = i, child = 2 * i + 1;
  for (; child < size; i = child, child = 2 * i + 1) {
    child += child + 1 < size && heap[child + 1] < heap[child];
    heap[i] = heap[child];
  }
  for (int64_t parent; i > top; i = parent) {
    parent = (i - 1) / 2;
    if (heap[parent] <= moved)
      break;
    heap[i] = heap[parent];
  }
  heap[i] = moved;
}

template <typename Number> void makeHeap(Number *heap, int64_t size) {
  for (int64_t i = size / 2 - 1; i >= 0; --i)
    siftDown(heap, size, i);
}

/// Takes the first of `size` numbers.
template <typename Number> Number popHeap(Number *heap, int64_t size) {
  Number first = heap[0];
  heap[0] = heap[size - 1];
  siftDown(heap, size - 1, 0);
  return first;
}

} // namespace burin

#endif // BURIN_RUNTIME_KERNELS_HEAP_H
