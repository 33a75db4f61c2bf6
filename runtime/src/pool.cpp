//===- pool.cpp - The threads of a session --------------------------------===//
//
// A job is published by one store to `state`, which holds its number, whether it
// is open, and how many workers are in it. A worker enters an open job by adding
// itself to that count. The caller works too; when no chunk is left it closes
// the job and waits only for the workers that did enter. So a worker that is
// asleep, or has no core, delays nobody.
//
// Each thread has a home range of chunks, so that the same thread meets the same
// data loop after loop, and takes from the others' when its own is done.
//
//===----------------------------------------------------------------------===//

#include "pool.h"
#include "error.h"
#include <atomic>
#include <errno.h>
#include <new>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

using burin::Pool;

namespace {

/// Generated code packs on its stack, up to half a megabyte.
constexpr size_t stackBytes = size_t(2) << 20;

/// So many chunks per thread let a slow core do less than its share.
constexpr int64_t chunksPerThread = 4;

// How long a worker stays awake without work: inside a run, where the next loop
// is likely near; between runs; and where threads outnumber cores, so that it
// keeps somebody else from working.
constexpr int64_t spinInRunNs = 200'000;
constexpr int64_t spinIdleNs = 50'000;
constexpr int64_t spinCrowdedNs = 2'000;

constexpr int pausesPerLook = 32;      // between two looks at the clock
constexpr int pausesBeforeYield = 4096; // while waiting for the last chunks

// The fields of `state`.
constexpr uint64_t inside = 1; // one worker
constexpr uint64_t open = uint64_t(1) << 31;
constexpr uint64_t number = uint64_t(1) << 32; // one job

uint64_t numberOf(uint64_t state) { return state / number; }
bool hasWorkers(uint64_t state) { return (state & (open - 1)) != 0; }

/// One thread's share of a job's chunks.
struct alignas(64) Home {
  std::atomic<int64_t> next{0};
  int64_t end = 0;
};

struct Worker {
  Pool *pool;
  int32_t index;
  pthread_t thread;
};

void pause() {
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

class burin::Pool {
public:
  // What a job is, all in the line that `state` is in.
  alignas(64) std::atomic<uint64_t> state{0};
  void (*body)(void *, int64_t, int64_t) = nullptr;
  void *context = nullptr;
  int64_t count = 0;
  int64_t chunk = 0; // elements

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

  void run(int32_t self);
  void publish(int64_t numChunks);
  void finish();
  bool await(uint64_t &last);
  void sleep(uint64_t last);
  bool isNew(uint64_t now, uint64_t last) const {
    return (now & open) && numberOf(now) != last;
  }
};

/// Works through chunks until none is left, the own ones first.
void Pool::run(int32_t self) {
  for (int32_t i = 0; i < threads; ++i) {
    Home &home = homes[self + i < threads ? self + i : self + i - threads];
    // A look first: writing to a line that others need is not free.
    while (home.next.load(std::memory_order_relaxed) < home.end) {
      int64_t mine = home.next.fetch_add(1, std::memory_order_relaxed);
      if (mine >= home.end)
        break;
      int64_t low = mine * chunk;
      int64_t high = count - low > chunk ? low + chunk : count;
      body(context, low, high);
    }
  }
}

/// Waits for a job later than `last`, which becomes its number, and enters it.
/// False when the pool is to stop.
bool Pool::await(uint64_t &last) {
  int64_t deadline = 0;
  for (;;) {
    for (int i = 0; i < pausesPerLook; ++i, pause()) {
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
    int64_t limit = crowded ? spinCrowdedNs
                    : soon.load(std::memory_order_relaxed) ? spinInRunNs
                                                           : spinIdleNs;
    int64_t time = now();
    if (deadline == 0) {
      deadline = time;
    } else if (time - deadline > limit) {
      sleep(last);
      deadline = 0;
    }
  }
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

/// Deals out the chunks and opens the job.
void Pool::publish(int64_t numChunks) {
  int64_t share = numChunks / threads;
  int64_t rest = numChunks % threads; // The first homes get one more.
  int64_t first = 0;
  for (int32_t i = 0; i < threads; ++i) {
    homes[i].next.store(first, std::memory_order_relaxed);
    first += share + (i < rest);
    homes[i].end = first;
  }
  uint64_t old = state.load(std::memory_order_relaxed);
  state.store((numberOf(old) + 1) * number | open);
  if (sleepers.load() == 0)
    return;
  pthread_mutex_lock(&mutex);
  pthread_cond_broadcast(&wake);
  pthread_mutex_unlock(&mutex);
}

/// Closes the job and waits for the workers that are in it.
void Pool::finish() {
  uint64_t seen = state.fetch_and(~open, std::memory_order_acq_rel);
  for (int i = 1; hasWorkers(seen); ++i) {
    // Where there are more threads than cores, what is awaited may need ours.
    if (i % pausesBeforeYield == 0)
      sched_yield();
    pause();
    seen = state.load(std::memory_order_acquire);
  }
}

static void *work(void *argument) {
  Worker &self = *static_cast<Worker *>(argument);
  Pool &pool = *self.pool;
  for (uint64_t last = 0; pool.await(last);) {
    pool.run(self.index);
    pool.state.fetch_sub(inside, std::memory_order_release);
  }
  return nullptr;
}

void burin::parallelFor(Pool *pool, void (*body)(void *, int64_t, int64_t),
                        void *context, int64_t count, int64_t grain) {
  if (count <= 0)
    return;
  if (grain < 1)
    grain = 1;
  if (!pool || count <= grain || pool->busy.load(std::memory_order_relaxed))
    return body(context, 0, count);
  // Chunks are whole multiples of the grain, so that each starts at a border
  // that the loop knows.
  int64_t grains = (count - 1) / grain + 1;
  int64_t perChunk = (grains - 1) / (chunksPerThread * pool->threads) + 1;
  pool->body = body;
  pool->context = context;
  pool->count = count;
  pool->chunk = perChunk * grain;
  pool->busy.store(true, std::memory_order_relaxed);
  pool->publish((grains - 1) / perChunk + 1);
  pool->run(0);
  pool->finish();
  pool->busy.store(false, std::memory_order_relaxed);
}

void burin::expectWork(Pool *pool, bool soon) {
  if (pool)
    pool->soon.store(soon, std::memory_order_relaxed);
}

int32_t burin::countCores() {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof(cores), &cores) != 0)
    return 1;
  int32_t count = CPU_COUNT(&cores);
  return count < 1 ? 1 : count > maxThreads ? maxThreads : count;
}

/// Starts the workers, deaf to signals, which are the application's business.
/// Returns an errno.
static int startWorkers(Pool &pool) {
  pthread_attr_t attributes;
  if (int code = pthread_attr_init(&attributes))
    return code;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int code = pthread_attr_setstacksize(&attributes, stackBytes);
  while (code == 0 && pool.started < pool.threads - 1) {
    Worker &worker = pool.workers[pool.started];
    worker.pool = &pool;
    worker.index = pool.started + 1;
    code = pthread_create(&worker.thread, &attributes, work, &worker);
    pool.started += code == 0;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return code;
}

burin_status burin::createPool(int32_t threads, Pool **out,
                               burin_error *error) {
  void *room = nullptr;
  void *homes = nullptr;
  auto *workers = static_cast<Worker *>(
      calloc(size_t(threads) - 1, sizeof(Worker)));
  if (!workers || posix_memalign(&room, alignof(Pool), sizeof(Pool)) != 0 ||
      posix_memalign(&homes, alignof(Home), sizeof(Home) * threads) != 0) {
    free(workers);
    free(room);
    return fail(error, BURIN_OUT_OF_MEMORY, "no memory for %d threads",
                threads);
  }
  Pool *pool = new (room) Pool;
  pool->homes = static_cast<Home *>(homes);
  for (int32_t i = 0; i < threads; ++i)
    new (pool->homes + i) Home;
  pool->workers = workers;
  pool->threads = threads;
  pool->crowded = threads > countCores();
  if (int code = startWorkers(*pool)) {
    int32_t started = pool->started + 1;
    destroyPool(pool);
    return fail(error, BURIN_OUT_OF_MEMORY,
                "cannot start thread %d of %d: %s", started + 1, threads,
                strerror(code));
  }
  *out = pool;
  return BURIN_OK;
}

void burin::destroyPool(Pool *pool) {
  if (!pool)
    return;
  pthread_mutex_lock(&pool->mutex);
  pool->stopping.store(true);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->mutex);
  for (int32_t i = 0; i < pool->started; ++i)
    pthread_join(pool->workers[i].thread, nullptr);
  pthread_mutex_destroy(&pool->mutex);
  pthread_cond_destroy(&pool->wake);
  free(pool->homes);
  free(pool->workers);
  pool->~Pool();
  free(pool);
}
