//===- memory.h - Memory whose size is known only at run time ---*- C++ -*-===//

#ifndef BURIN_SRC_MEMORY_H
#define BURIN_SRC_MEMORY_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

namespace burin {

/// Serves one session's allocate() and outputs, each from the first place where it
/// fits: what was used last is used again, so that a run goes through few pages,
/// which caches hold. What is released stays here, so that runs of the same shapes
/// never ask the system twice; what no run wants any more is handed back after a
/// while. Callable from any thread of the session.
class Memory {
public:
  Memory() = default;
  ~Memory();
  Memory(const Memory &) = delete;
  Memory &operator=(const Memory &) = delete;

  /// 64-byte aligned, until release() or endRun(); NULL where there is none.
  void *allocate(size_t bytes);
  void release(void *memory);

  /// Whether `memory` outlives the end of the run.
  void keep(void *memory, bool kept);

  /// Whether `memory` lies in what this has of the system.
  bool owns(const void *memory) const;

  /// Releases all that is not kept.
  void endRun();

  /// The highest sum of bytes that were asked for and not released.
  uint64_t getPeakBytes() const;

  /// Chunks that had to come from the system so far.
  uint64_t getNumMisses() const;

private:
  struct Block;
  struct Chunk;

  Block *takeFree(size_t span);
  Chunk *grow(size_t span);
  void retire(Block *block);
  void trim();

  mutable pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  Block *live = nullptr;
  Chunk *chunks = nullptr; // In the order of their creation.
  uint64_t chunkBytes = 0;
  uint64_t usedBytes = 0;
  uint64_t mostUsed = 0; // Since the last trim().
  uint64_t liveBytes = 0;
  uint64_t peakBytes = 0;
  uint64_t numMisses = 0;
  uint32_t runs = 0;
};

} // namespace burin

#endif // BURIN_SRC_MEMORY_H
