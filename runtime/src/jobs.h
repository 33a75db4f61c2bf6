//===- jobs.h - How the threads of a pool share a job -----------*- C++ -*-===//
//
// A job is published by one store to `state`, which holds its number, whether
// it is open, and how many workers are in it. A worker enters an open job by
// adding itself to that count. The caller works too; when no grain is left it
// closes the job and waits only for the workers that did enter. So a worker
// that is asleep, or has no core, delays nobody.
//
// Each thread has a home range of grains, so that the same thread meets the
// same data loop after loop. It takes half of what is left of them at a time,
// and of the others' when its own are done: what a body has to do over for each
// range it does a few times only, and the last ranges are short.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_SRC_JOBS_H
#define BURIN_SRC_JOBS_H

#include "pool.h"
#include <atomic>
#include <pthread.h>

namespace burin {

/// One thread's share of a job's grains.
struct alignas(64) Home {
  std::atomic<int64_t> next{0};
  int64_t end = 0;
  std::atomic<int> core{-1}; // where the thread was last seen

  /// Takes half of what is left, but `least` if that is more, from `first` on.
  /// Returns how many these are.
  int64_t take(int64_t least, int64_t &first);
};

struct Worker {
  Pool *pool;
  int32_t index;
  pthread_t thread;
};

class Pool {
public:
  // What a job is, all in the line that `state` is in.
  alignas(64) std::atomic<uint64_t> state{0};
  void (*body)(void *, int64_t, int64_t) = nullptr;
  void *context = nullptr;
  int64_t count = 0;
  int64_t grain = 0; // elements

  alignas(64) std::atomic<int32_t> sleepers{0};
  std::atomic<bool> stopping{false};
  std::atomic<bool> soon{false};
  std::atomic<bool> busy{false}; // A job is in flight: a further one is nested.
  bool crowded = false;
  int32_t threads = 1;
  int32_t started = 0; // workers that exist
  Home *homes = nullptr;
  Worker *workers = nullptr;
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t wake = PTHREAD_COND_INITIALIZER;

  /// Works through grains until none is left, the own ones first.
  void run(int32_t self);

  /// Deals out the grains and opens the job.
  void publish();

  /// Closes the job and waits for the workers that are in it.
  void finish();

  /// Waits, as worker `self`, for a job later than `last`, which becomes its
  /// number, and enters it. False when the pool is to stop.
  bool await(int32_t self, uint64_t &last);

  /// Leaves the job that await() entered.
  void leave();

private:
  void sleep(uint64_t last);
  void leaveSharedCore(int32_t self);
};

} // namespace burin

#endif // BURIN_SRC_JOBS_H
