//===- memory.h - Memory whose size is known only at run time ---*- C++ -*-===//

#ifndef BURIN_SRC_MEMORY_H
#define BURIN_SRC_MEMORY_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

namespace burin {

/// Serves one session's allocate() and outputs. What is released stays here, by
/// size class, so that runs of the same shapes never ask the system twice; what
/// no run wants any more is handed back after a while. Callable from any thread
/// of the session.
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

  /// Whether allocate() returned `memory` at some time and it lies here still.
  bool owns(const void *memory) const;

  /// Releases all that is not kept.
  void endRun();

  /// The highest sum of bytes that were asked for and not released.
  uint64_t getPeakBytes() const;

  /// Blocks that had to come from the system so far.
  uint64_t getNumMisses() const;

private:
  struct Block;
  /// Four classes per doubling, so at most a quarter of a block is waste.
  static constexpr uint32_t maxBits = 46;
  static constexpr uint32_t numClasses = (maxBits - 5) * 4;

  Block *takeFree(uint32_t sizeClass);
  void retire(Block *block);
  void trim();
  static Block *create(uint32_t sizeClass);
  static void destroy(Block *block);

  mutable pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  Block *live = nullptr;
  Block *free[numClasses] = {};
  uint64_t liveBytes = 0;
  uint64_t peakBytes = 0;
  uint64_t numMisses = 0;
  uint32_t runs = 0;
};

} // namespace burin

#endif // BURIN_SRC_MEMORY_H
