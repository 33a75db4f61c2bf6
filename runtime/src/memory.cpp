//===- memory.cpp - Memory whose size is known only at run time -----------===//

#include "memory.h"
#include "pages.h"
#include <stdlib.h>

using burin::Memory;

/// Lies in front of what the user sees, in a cache line of its own.
struct alignas(64) Memory::Block {
  Block *next;
  Block *previous; // Only of live blocks.
  size_t asked;
  uint32_t sizeClass;
  uint32_t lastRun;
  bool kept;

  static Block *of(void *memory) { return static_cast<Block *>(memory) - 1; }
};

namespace {

class Lock {
public:
  explicit Lock(pthread_mutex_t &mutex) : mutex(mutex) {
    pthread_mutex_lock(&mutex);
  }
  ~Lock() { pthread_mutex_unlock(&mutex); }

private:
  pthread_mutex_t &mutex;
};

constexpr uint32_t minBits = 6; // The smallest class spans 64 bytes.

/// Blocks of this size and more are whole pages of the system.
constexpr size_t pagedBytes = size_t(1) << 20;

/// A block that so many runs did not want goes back to the system.
constexpr uint32_t maxIdleRuns = 32;

/// The least class that holds `bytes`; they span 64, 80, 96, 112, 128, 160, ...
uint32_t classOf(size_t bytes) {
  if (bytes <= (size_t(1) << minBits))
    return 0;
  uint32_t exponent = 63 - uint32_t(__builtin_clzll(bytes - 1));
  uint32_t quarter = uint32_t((bytes - 1) >> (exponent - 2)) & 3;
  return (exponent - minBits) * 4 + quarter + 1;
}

size_t bytesOf(uint32_t sizeClass) {
  size_t base = size_t(1) << (minBits + sizeClass / 4);
  return base + base / 4 * (sizeClass % 4);
}

} // namespace

Memory::Block *Memory::create(uint32_t sizeClass) {
  size_t bytes = bytesOf(sizeClass) + sizeof(Block);
  void *room = nullptr;
  if (bytes >= pagedBytes)
    room = mapPages(bytes);
  else if (posix_memalign(&room, alignof(Block), bytes) != 0)
    return nullptr;
  Block *block = static_cast<Block *>(room);
  if (block)
    block->sizeClass = sizeClass;
  return block;
}

void Memory::destroy(Block *block) {
  size_t bytes = bytesOf(block->sizeClass) + sizeof(Block);
  if (bytes >= pagedBytes)
    unmapPages(block, bytes);
  else
    ::free(block);
}

Memory::~Memory() {
  for (Block *list : free)
    while (Block *block = list) {
      list = block->next;
      destroy(block);
    }
  while (Block *block = live) {
    live = block->next;
    destroy(block);
  }
  pthread_mutex_destroy(&mutex);
}

/// A block of the class, or of one of the next that is less than twice as big.
Memory::Block *Memory::takeFree(uint32_t sizeClass) {
  uint32_t end = sizeClass + 4 < numClasses ? sizeClass + 4 : numClasses;
  for (uint32_t i = sizeClass; i < end; ++i)
    if (Block *block = free[i]) {
      free[i] = block->next;
      return block;
    }
  return nullptr;
}

void *Memory::allocate(size_t bytes) {
  if (bytes > (size_t(1) << maxBits))
    return nullptr;
  uint32_t sizeClass = classOf(bytes);
  Lock lock(mutex);
  Block *block = takeFree(sizeClass);
  if (!block) {
    ++numMisses;
    block = create(sizeClass);
    if (!block)
      return nullptr;
  }
  block->asked = bytes;
  block->kept = false;
  block->previous = nullptr;
  block->next = live;
  if (live)
    live->previous = block;
  live = block;
  liveBytes += bytes;
  if (liveBytes > peakBytes)
    peakBytes = liveBytes;
  return block + 1;
}

/// From the live blocks to the free ones.
void Memory::retire(Block *block) {
  (block->previous ? block->previous->next : live) = block->next;
  if (block->next)
    block->next->previous = block->previous;
  liveBytes -= block->asked;
  block->lastRun = runs;
  block->next = free[block->sizeClass];
  free[block->sizeClass] = block;
}

void Memory::release(void *memory) {
  if (!memory)
    return;
  Lock lock(mutex);
  retire(Block::of(memory));
}

void Memory::keep(void *memory, bool kept) { Block::of(memory)->kept = kept; }

bool Memory::owns(const void *memory) const {
  Lock lock(mutex);
  for (const Block *block = live; block; block = block->next)
    if (block + 1 == memory)
      return true;
  for (const Block *list : free)
    for (const Block *block = list; block; block = block->next)
      if (block + 1 == memory)
        return true;
  return false;
}

void Memory::trim() {
  for (Block *&list : free)
    for (Block **link = &list; Block *block = *link;) {
      if (runs - block->lastRun < maxIdleRuns) {
        link = &block->next;
        continue;
      }
      *link = block->next;
      destroy(block);
    }
}

void Memory::endRun() {
  Lock lock(mutex);
  for (Block *block = live; block;) {
    Block *next = block->next;
    if (!block->kept)
      retire(block);
    block = next;
  }
  if (++runs % maxIdleRuns == 0)
    trim();
}

uint64_t Memory::getPeakBytes() const {
  Lock lock(mutex);
  return peakBytes;
}

uint64_t Memory::getNumMisses() const {
  Lock lock(mutex);
  return numMisses;
}
