//===- pool.cpp - The threads of a session --------------------------------===//

#include "pool.h"
#include "error.h"
#include "jobs.h"
#include <new>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

using namespace burin;

/// Generated code packs on its stack, up to half a megabyte.
static constexpr size_t stackBytes = size_t(2) << 20;

static void *work(void *argument) {
  auto &self = *static_cast<Worker *>(argument);
  Pool &pool = *self.pool;
  for (uint64_t last = 0; pool.await(self.index, last);) {
    pool.run(self.index);
    pool.leave();
  }
  return nullptr;
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
  auto *workers =
      static_cast<Worker *>(calloc(size_t(threads) - 1, sizeof(Worker)));
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
    return fail(error, BURIN_OUT_OF_MEMORY, "cannot start thread %d of %d: %s",
                started + 1, threads, strerror(code));
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
