//===- pool_test.cpp - The threads of a session ---------------------------===//

#include "fake.h"
#include "pool.h"
#include <atomic>
#include <gtest/gtest.h>
#include <memory>
#include <sched.h>
#include <thread>
#include <time.h>
#include <unistd.h>

namespace {

/// A pool for the length of a test.
class ScopedPool {
public:
  explicit ScopedPool(int32_t threads) {
    burin_error error = {};
    EXPECT_EQ(burin::createPool(threads, &pool, &error), BURIN_OK)
        << error.text;
  }
  ~ScopedPool() { burin::destroyPool(pool); }
  burin::Pool *get() const { return pool; }

private:
  burin::Pool *pool = nullptr;
};

/// How often each index was visited, and whether ranges were as promised.
struct Visits {
  explicit Visits(int64_t count, int64_t grain)
      : grain(grain), seen(new std::atomic<int>[size_t(count)]()),
        count(count) {}

  static void body(void *context, int64_t low, int64_t high) {
    auto &self = *static_cast<Visits *>(context);
    bool last = high == self.count;
    if (low >= high || low % self.grain || (!last && high - low < self.grain))
      ++self.badRanges;
    for (int64_t i = low; i < high; ++i)
      ++self.seen[size_t(i)];
  }
  bool isOnceEach() const {
    for (int64_t i = 0; i < count; ++i)
      if (seen[size_t(i)] != 1)
        return false;
    return badRanges == 0;
  }

  int64_t grain;
  std::unique_ptr<std::atomic<int>[]> seen;
  int64_t count;
  std::atomic<int> badRanges{0};
};

TEST(ParallelFor, VisitsEachIndexOnceInRangesOfWholeGrains) {
  for (int32_t threads : {2, 3, 8}) {
    ScopedPool pool(threads);
    for (int64_t count : {1, 2, 3, 7, 8, 64, 1000, 4097})
      for (int64_t grain : {1, 2, 5, 64, 5000}) {
        Visits visits(count, grain);
        burin::parallelFor(pool.get(), Visits::body, &visits, count, grain);
        EXPECT_TRUE(visits.isOnceEach())
            << threads << " threads, " << count << " by " << grain;
      }
  }
}

TEST(ParallelFor, DoesNothingForNothing) {
  ScopedPool pool(2);
  auto body = [](void *, int64_t, int64_t) { FAIL(); };
  burin::parallelFor(pool.get(), body, nullptr, 0, 1);
  burin::parallelFor(pool.get(), body, nullptr, -3, 1);
}

TEST(ParallelFor, RunsOnTheCallerAloneWithoutAPool) {
  Visits visits(10, 3);
  burin::parallelFor(nullptr, Visits::body, &visits, 10, 3);
  EXPECT_TRUE(visits.isOnceEach());
}

TEST(ParallelFor, RunsANestedLoopOnItsOwnThread) {
  struct Context {
    burin::Pool *pool;
    std::atomic<int> sum{0};
  };
  ScopedPool pool(4);
  Context context;
  context.pool = pool.get();
  auto outer = [](void *opaque, int64_t low, int64_t high) {
    auto inner = [](void *opaque, int64_t low, int64_t high) {
      static_cast<Context *>(opaque)->sum += int(high - low);
    };
    for (int64_t i = low; i < high; ++i)
      burin::parallelFor(static_cast<Context *>(opaque)->pool, inner, opaque,
                         100, 1);
  };
  burin::parallelFor(pool.get(), outer, &context, 50, 1);
  EXPECT_EQ(context.sum, 5000);
}

TEST(ParallelFor, MakesResultsVisibleToTheNextLoop) {
  ScopedPool pool(4);
  std::vector<int> values(1000);
  auto body = [](void *context, int64_t low, int64_t high) {
    auto &values = *static_cast<std::vector<int> *>(context);
    for (int64_t i = low; i < high; ++i) // Each reads what another wrote.
      values[size_t(i)] += 1;
  };
  for (int i = 0; i < 2000; ++i)
    burin::parallelFor(pool.get(), body, &values, 1000, 1 + i % 7);
  for (int value : values)
    EXPECT_EQ(value, 2000);
}

TEST(ParallelFor, WakesThreadsThatWentToSleep) {
  ScopedPool pool(3);
  for (int i = 0; i < 20; ++i) {
    usleep(1000 + 100 * i);
    Visits visits(300, 1);
    burin::parallelFor(pool.get(), Visits::body, &visits, 300, 1);
    EXPECT_TRUE(visits.isOnceEach());
  }
}

TEST(Pool, UsesEveryThread) {
  struct Context {
    std::atomic<int> inside{0};
    std::atomic<bool> met{false};
  } context;
  ScopedPool pool(2);
  auto body = [](void *opaque, int64_t, int64_t) {
    auto &context = *static_cast<Context *>(opaque);
    ++context.inside;
    // Ends when both are here; a pool that never uses its second thread, not
    // before five seconds.
    for (int i = 0; i < 50'000 && !context.met; ++i) {
      if (context.inside >= 2)
        context.met = true;
      usleep(100);
    }
    --context.inside;
  };
  burin::parallelFor(pool.get(), body, &context, 2, 1);
  EXPECT_TRUE(context.met);
}

/// Where the threads of a pool of two are in a loop in which both work.
struct Cores {
  pthread_t caller = pthread_self();
  std::atomic<int> ofCaller{-1}, ofWorker{-1};
  std::atomic<int> allowed{-1}; // how many the worker may use

  explicit Cores(burin::Pool *pool) {
    for (int i = 0; i < 1000 && (ofCaller < 0 || ofWorker < 0); ++i) {
      ofCaller = ofWorker = -1;
      burin::parallelFor(pool, body, this, 8, 1);
    }
  }
  bool areOne() const { return ofCaller == ofWorker; }

  static void body(void *context, int64_t, int64_t) {
    auto &self = *static_cast<Cores *>(context);
    bool isCaller = pthread_equal(pthread_self(), self.caller);
    (isCaller ? self.ofCaller : self.ofWorker) = sched_getcpu();
    cpu_set_t cores;
    if (!isCaller && sched_getaffinity(0, sizeof(cores), &cores) == 0)
      self.allowed = CPU_COUNT(&cores);
    usleep(20);
  }
};

TEST(Pool, HasAWorkerLeaveTheCoreOfItsCaller) {
  cpu_set_t all, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
  if (CPU_COUNT(&all) < 2)
    GTEST_SKIP() << "there is one core only";
  ScopedPool pool(2);
  int shared = 0;
  for (int i = 0; i < 10; ++i) {
    int core = Cores(pool.get()).ofWorker;
    ASSERT_GE(core, 0);
    // While the worker sleeps, its caller moves to where it was.
    usleep(5000);
    CPU_ZERO(&one);
    CPU_SET(size_t(core), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    for (int k = 0; k < 50; ++k) {
      Cores cores(pool.get());
      shared += cores.areOne();
      EXPECT_EQ(cores.allowed, CPU_COUNT(&all)) << "it may go anywhere again";
    }
    ASSERT_EQ(sched_setaffinity(0, sizeof(all), &all), 0);
  }
  // Of 500 loops; 360 to 500 where the system alone moves it.
  EXPECT_LT(shared, 300);
}

TEST(Pool, WorksWhereItsThreadsOutnumberTheCores) {
  cpu_set_t all, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
  CPU_ZERO(&one);
  CPU_SET(size_t(sched_getcpu()), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  ScopedPool pool(4);
  for (int i = 0; i < 100; ++i) {
    Visits visits(300, 1);
    burin::parallelFor(pool.get(), Visits::body, &visits, 300, 1);
    EXPECT_TRUE(visits.isOnceEach());
  }
  sched_setaffinity(0, sizeof(all), &all);
}

TEST(Pool, BurnsNoProcessorWhileItIsIdle) {
  ScopedPool pool(4);
  for (int i = 0; i < 100; ++i) {
    Visits visits(300, 1);
    burin::expectWork(pool.get(), true);
    burin::parallelFor(pool.get(), Visits::body, &visits, 300, 1);
  }
  burin::expectWork(pool.get(), false);
  usleep(10'000); // to sleep
  auto now = [] {
    timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
  };
  double before = now();
  usleep(1'000'000);
  EXPECT_LT(now() - before, 1e-3);
}

TEST(Pools, InManyThreadsDoNotDisturbEachOther) {
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 8; ++i)
    callers.emplace_back([&] {
      ScopedPool pool(3);
      for (int k = 0; k < 200; ++k) {
        Visits visits(100 + k, 1 + k % 4);
        burin::parallelFor(pool.get(), Visits::body, &visits, 100 + k,
                           1 + k % 4);
        wrong += !visits.isOnceEach();
      }
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(ParallelForService, HearsAFailureFromAnyThread) {
  fake::Model model;
  model.entry("main", {}, {}, [](burin_call *call) -> int32_t {
    auto body = [](void *context, int64_t low, int64_t) {
      auto *call = static_cast<burin_call *>(context);
      if (low >= 50)
        call->services->fail(call->owner, BURIN_FAILED, "too far");
    };
    call->services->parallel_for(call->owner, body, call, 100, 1);
    return BURIN_OK;
  });
  fake::Opened opened(model, 4);
  std::vector<burin_tensor> none;
  EXPECT_EQ(opened.run({}, none), BURIN_FAILED);
  EXPECT_EQ(opened.text(), "too far");
}

} // namespace
