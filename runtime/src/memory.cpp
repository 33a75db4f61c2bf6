//===- memory.cpp - Memory whose size is known only at run time -----------===//

#include "memory.h"
#include "pages.h"

using burin::Memory;

/// Lies in front of what the user sees, in a cache line of its own.
struct alignas(64) Memory::Block {
  Block *next;     // Live: any order. Free: the next one in the chunk.
  Block *previous; // Only of live blocks.
  size_t span;     // With this header.
  size_t asked;
  Chunk *chunk;
  bool kept;

  static Block *of(void *memory) { return static_cast<Block *>(memory) - 1; }
  char *begin() { return reinterpret_cast<char *>(this); }
  char *end() { return begin() + span; }
};

/// Pages of the system, cut into blocks.
struct alignas(64) Memory::Chunk {
  Chunk *next;
  size_t bytes;
  Block *free; // In the order of their addresses; no two are neighbours.

  Block *first() { return reinterpret_cast<Block *>(this + 1); }
  bool isUnused() { return free == first() && free->span == bytes - sizeof(Chunk); }
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

/// What a session asks of the system at least: enough for a huge page.
constexpr size_t minChunk = size_t(2) << 20;

/// More than any machine has.
constexpr size_t maxBytes = size_t(1) << 46;

/// So many runs tell what is wanted.
constexpr uint32_t runsPerTrim = 32;

/// Chunks together are less than twice what was wanted at one time, and more where
/// what was wanted fitted into none of them. What is far beyond that is too much.
constexpr uint64_t tooMuch = 8;

} // namespace

Memory::~Memory() {
  while (Chunk *chunk = chunks) {
    chunks = chunk->next;
    unmapPages(chunk, chunk->bytes);
  }
  pthread_mutex_destroy(&mutex);
}

/// As much again as there is, so that there are few; untouched pages cost nothing.
/// Only what is needed where the system refuses that.
Memory::Chunk *Memory::grow(size_t span) {
  size_t needed = (span + sizeof(Chunk) + minChunk - 1) / minChunk * minChunk;
  size_t bytes = needed < chunkBytes ? chunkBytes : needed;
  ++numMisses;
  unsigned char *pages = mapPages(bytes);
  if (!pages && bytes > needed)
    pages = mapPages(bytes = needed);
  if (!pages)
    return nullptr;
  auto *chunk = reinterpret_cast<Chunk *>(pages);
  chunk->next = nullptr;
  chunk->bytes = bytes;
  chunk->free = chunk->first();
  chunk->free->next = nullptr;
  chunk->free->span = bytes - sizeof(Chunk);
  chunkBytes += bytes;
  Chunk **link = &chunks;
  while (*link)
    link = &(*link)->next;
  return *link = chunk;
}

/// The beginning of the first free block that is large enough.
Memory::Block *Memory::takeFree(size_t span) {
  for (Chunk *chunk = chunks; chunk; chunk = chunk->next)
    for (Block **link = &chunk->free; Block *block = *link; link = &block->next) {
      if (block->span < span)
        continue;
      if (block->span > span) {
        auto *rest = reinterpret_cast<Block *>(block->begin() + span);
        rest->next = block->next;
        rest->span = block->span - span;
        *link = rest;
        block->span = span;
      } else {
        *link = block->next;
      }
      block->chunk = chunk;
      return block;
    }
  return nullptr;
}

void *Memory::allocate(size_t bytes) {
  if (bytes > maxBytes)
    return nullptr;
  size_t span = sizeof(Block) + (bytes + 63) / 64 * 64;
  Lock lock(mutex);
  Block *block = takeFree(span);
  if (!block) {
    if (!grow(span))
      return nullptr;
    block = takeFree(span);
  }
  usedBytes += span;
  if (usedBytes > mostUsed)
    mostUsed = usedBytes;
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

/// From the live blocks to the free ones, one with its free neighbours.
void Memory::retire(Block *block) {
  (block->previous ? block->previous->next : live) = block->next;
  if (block->next)
    block->next->previous = block->previous;
  liveBytes -= block->asked;
  usedBytes -= block->span;
  Block *before = nullptr, *after = block->chunk->free;
  while (after && after < block) {
    before = after;
    after = after->next;
  }
  block->next = after;
  (before ? before->next : block->chunk->free) = block;
  auto join = [](Block *one, Block *other) {
    if (!one || !other || one->end() != other->begin())
      return;
    one->span += other->span;
    one->next = other->next;
  };
  join(block, after);
  join(before, block);
}

void Memory::release(void *memory) {
  if (!memory)
    return;
  Lock lock(mutex);
  retire(Block::of(memory));
}

void Memory::keep(void *memory, bool kept) { Block::of(memory)->kept = kept; }

bool Memory::owns(const void *memory) const {
  auto at = reinterpret_cast<uintptr_t>(memory);
  Lock lock(mutex);
  for (const Chunk *chunk = chunks; chunk; chunk = chunk->next)
    if (at - reinterpret_cast<uintptr_t>(chunk) < chunk->bytes)
      return true;
  return false;
}

/// Runs that want much less than there is start anew with what they want.
void Memory::trim() {
  if (chunkBytes > tooMuch * mostUsed + minChunk)
    for (Chunk **link = &chunks; Chunk *chunk = *link;) {
      if (!chunk->isUnused()) {
        link = &chunk->next;
        continue;
      }
      *link = chunk->next;
      chunkBytes -= chunk->bytes;
      unmapPages(chunk, chunk->bytes);
    }
  mostUsed = usedBytes;
}

void Memory::endRun() {
  Lock lock(mutex);
  for (Block *block = live; block;) {
    Block *next = block->next;
    if (!block->kept)
      retire(block);
    block = next;
  }
  if (++runs % runsPerTrim == 0)
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
