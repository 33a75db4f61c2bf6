//===- jobs.cpp - How the threads of a pool share a job -------------------===//

#include "jobs.h"
#include <sched.h>
#include <time.h>

using burin::Home;
using burin::Pool;

namespace {

// How long a worker stays awake without work: inside a run, where the next loop
// is likely near; between runs; and where threads outnumber cores, so that it
// keeps somebody else from working.
constexpr int64_t spinInRunNs = 200'000;
constexpr int64_t spinIdleNs = 50'000;
constexpr int64_t spinCrowdedNs = 2'000;

// A look at the clock that comes so late says that something else ran meanwhile.
constexpr int64_t lateNs = 100'000;

// Grains that a thread takes of its own. Of two it may well take both: before it
// is through the first, nobody else is free.
constexpr int64_t leastOfOwn = 2;

constexpr int pausesPerLook = 32;       // between two looks at the clock
constexpr int pausesBeforeYield = 4096; // while waiting for the last grains

// The fields of `state`.
constexpr uint64_t inside = 1; // one worker
constexpr uint64_t open = uint64_t(1) << 31;
constexpr uint64_t number = uint64_t(1) << 32; // one job

uint64_t numberOf(uint64_t state) { return state / number; }
bool hasWorkers(uint64_t state) { return (state & (open - 1)) != 0; }
bool isNew(uint64_t state, uint64_t last) {
  return (state & open) && numberOf(state) != last;
}

/// Leaves the core to its other thread, and the bus alone, for a moment.
void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

int64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

} // namespace

int64_t Home::take(int64_t least, int64_t &first) {
  // A look first: writing to a line that others need is not free.
  first = next.load(std::memory_order_relaxed);
  while (first < end) {
    int64_t left = end - first, half = (left + 1) / 2;
    int64_t size = half > least ? half : left < least ? left : least;
    if (next.compare_exchange_weak(first, first + size,
                                   std::memory_order_relaxed))
      return size;
  }
  return 0;
}

void Pool::run(int32_t self) {
  for (int32_t i = 0; i < threads; ++i) {
    Home &home = homes[self + i < threads ? self + i : self + i - threads];
    int64_t least = i == 0 ? leastOfOwn : 1, first;
    while (int64_t taken = home.take(least, first)) {
      int64_t low = first * grain, size = taken * grain;
      body(context, low, count - low > size ? low + size : count);
    }
  }
}

bool Pool::await(int32_t self, uint64_t &last) {
  int64_t start = 0, before = 0;
  for (;;) {
    for (int i = 0; i < pausesPerLook; ++i, relax()) {
      uint64_t seen = state.load(std::memory_order_acquire);
      if (isNew(seen, last) &&
          state.compare_exchange_strong(seen, seen + inside,
                                        std::memory_order_acq_rel)) {
        last = numberOf(seen);
        return true;
      }
    }
    if (stopping.load(std::memory_order_acquire))
      return false;
    int64_t limit = crowded                                ? spinCrowdedNs
                    : soon.load(std::memory_order_relaxed) ? spinInRunNs
                                                           : spinIdleNs;
    int64_t time = now();
    if (start == 0)
      start = before = time;
    bool isOver = time - start > limit;
    if (isOver)
      sleep(last);
    if (isOver || time - before > lateNs) {
      leaveSharedCore(self);
      start = 0;
    }
    before = time;
  }
}

/// Linux wakes a worker on the core where it slept even where the caller runs
/// there by now and others are idle: for tens of milliseconds the two would take
/// turns.
void Pool::leaveSharedCore(int32_t self) {
  if (crowded)
    return;
  int core = sched_getcpu();
  homes[self].core.store(core, std::memory_order_relaxed);
  cpu_set_t all, taken, free;
  CPU_ZERO(&taken);
  for (int32_t i = 0; i < threads; ++i)
    if (i != self) // An unknown core, -1, is in no set.
      CPU_SET(size_t(homes[i].core.load(std::memory_order_relaxed)), &taken);
  if (!CPU_ISSET(size_t(core), &taken) ||
      sched_getaffinity(0, sizeof(all), &all) != 0)
    return;
  CPU_AND(&taken, &taken, &all);
  CPU_XOR(&free, &all, &taken);
  if (CPU_COUNT(&free) == 0 || sched_setaffinity(0, sizeof(free), &free) != 0)
    return;
  homes[self].core.store(sched_getcpu(), std::memory_order_relaxed);
  sched_setaffinity(0, sizeof(all), &all); // It may go anywhere again.
}

/// Sleeps until there is a job later than `last`, or the pool stops. Either the
/// caller sees this sleeper after it published, or the sleeper sees the job:
/// both sides write first and read then, in one order for all.
void Pool::sleep(uint64_t last) {
  pthread_mutex_lock(&mutex);
  sleepers.fetch_add(1);
  while (!isNew(state.load(), last) && !stopping.load())
    pthread_cond_wait(&wake, &mutex);
  sleepers.fetch_sub(1);
  pthread_mutex_unlock(&mutex);
}

void Pool::publish() {
  int64_t grains = (count - 1) / grain + 1;
  int64_t share = grains / threads;
  int64_t rest = grains % threads; // The first homes get one more.
  int64_t first = 0;
  for (int32_t i = 0; i < threads; ++i) {
    homes[i].next.store(first, std::memory_order_relaxed);
    first += share + (i < rest);
    homes[i].end = first;
  }
  homes[0].core.store(sched_getcpu(), std::memory_order_relaxed);
  uint64_t old = state.load(std::memory_order_relaxed);
  state.store((numberOf(old) + 1) * number | open);
  if (sleepers.load() == 0)
    return;
  pthread_mutex_lock(&mutex);
  pthread_cond_broadcast(&wake);
  pthread_mutex_unlock(&mutex);
}

void Pool::finish() {
  uint64_t seen = state.fetch_and(~open, std::memory_order_acq_rel);
  for (int i = 1; hasWorkers(seen); ++i) {
    // Where there are more threads than cores, what is awaited may need ours.
    if (i % pausesBeforeYield == 0)
      sched_yield();
    relax();
    seen = state.load(std::memory_order_acquire);
  }
}

void Pool::leave() { state.fetch_sub(inside, std::memory_order_release); }

void burin::parallelFor(Pool *pool, void (*body)(void *, int64_t, int64_t),
                        void *context, int64_t count, int64_t grain) {
  if (count <= 0)
    return;
  if (grain < 1)
    grain = 1;
  if (!pool || count <= grain || pool->busy.load(std::memory_order_relaxed))
    return body(context, 0, count);
  pool->body = body;
  pool->context = context;
  pool->count = count;
  pool->grain = grain;
  pool->busy.store(true, std::memory_order_relaxed);
  pool->publish();
  pool->run(0);
  pool->finish();
  pool->busy.store(false, std::memory_order_relaxed);
}

void burin::expectWork(Pool *pool, bool soon) {
  if (pool)
    pool->soon.store(soon, std::memory_order_relaxed);
}
