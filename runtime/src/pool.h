//===- pool.h - The threads of a session ------------------------*- C++ -*-===//

#ifndef BURIN_SRC_POOL_H
#define BURIN_SRC_POOL_H

#include "burin/runtime.h"

namespace burin {

/// Threads that work through the loops of one session together with the thread
/// that calls it. They spin for a moment after work, then sleep.
class Pool;

constexpr int32_t maxThreads = 1024;

/// One per core that this process may use.
int32_t countCores();

/// `threads` >= 2 counts the caller, too.
burin_status createPool(int32_t threads, Pool **out, burin_error *error);
void destroyPool(Pool *pool); // NULL is allowed.

/// burin_services.parallel_for; a NULL pool is the calling thread alone. A call
/// from inside a body runs on its own thread.
void parallelFor(Pool *pool, void (*body)(void *, int64_t, int64_t),
                 void *context, int64_t count, int64_t grain);

/// Tells the threads that more work will come soon (or that none will), so that
/// they wait for it awake a little longer.
void expectWork(Pool *pool, bool soon);

} // namespace burin

#endif // BURIN_SRC_POOL_H
