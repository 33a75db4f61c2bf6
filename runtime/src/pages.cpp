//===- pages.cpp - Memory straight from the system ------------------------===//

#include "pages.h"
#include <string.h>
#include <sys/mman.h>

/// Below this, huge pages would waste more than they speed up.
static constexpr size_t hugePageBytes = size_t(2) << 20;

/// mmap refuses zero bytes, and callers want a pointer all the same.
static size_t mappedBytes(size_t bytes) { return bytes ? bytes : 1; }

unsigned char *burin::mapPages(size_t bytes) {
  void *pages = mmap(nullptr, mappedBytes(bytes), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED)
    return nullptr;
  // Matrix kernels stride through megabytes: fewer TLB misses, fewer faults.
  if (bytes >= hugePageBytes)
    madvise(pages, bytes, MADV_HUGEPAGE);
  return static_cast<unsigned char *>(pages);
}

void burin::unmapPages(void *pages, size_t bytes) {
  if (pages)
    munmap(pages, mappedBytes(bytes));
}

void burin::clearPages(void *pages, size_t bytes) {
  // MADV_DONTNEED on private anonymous memory means zeroes; small ones are
  // cheaper to write than to fault in again.
  if (bytes < hugePageBytes || madvise(pages, bytes, MADV_DONTNEED) != 0)
    memset(pages, 0, bytes);
}
