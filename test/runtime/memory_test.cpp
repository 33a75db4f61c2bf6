//===- memory_test.cpp - Memory whose size is known only at run time ------===//

#include "fake.h"
#include "memory.h"
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <sys/resource.h>
#include <unistd.h>

namespace {

TEST(Memory, IsAlignedAndOfTheSizeAskedFor) {
  burin::Memory memory;
  for (size_t bytes : {0, 1, 64, 65, 1000, 4097, 1 << 20, 5 << 20}) {
    void *block = memory.allocate(bytes);
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0u);
    memset(block, 0xab, bytes);
  }
}

TEST(Memory, ServesTheSameSizesWithoutTheSystem) {
  burin::Memory memory;
  auto run = [&] {
    void *a = memory.allocate(3 << 20);
    void *b = memory.allocate(100);
    memory.release(a);
    memory.allocate(2 << 20);
    memory.release(b);
    memory.allocate(90);
    memory.endRun();
  };
  for (int i = 0; i < 4; ++i)
    run();
  uint64_t before = memory.getNumMisses();
  for (int i = 0; i < 1000; ++i)
    run();
  EXPECT_EQ(memory.getNumMisses(), before);
  EXPECT_EQ(memory.getPeakBytes(), uint64_t(3 << 20) + 100);
}

TEST(Memory, UsesTheFirstPlaceAgain) {
  burin::Memory memory;
  void *a = memory.allocate(3000), *b = memory.allocate(5000), *c = memory.allocate(10);
  memory.release(a);
  memory.release(b);
  EXPECT_EQ(memory.allocate(8000), a); // Both and what lay between.
  memory.release(c);
  EXPECT_EQ(memory.allocate(10), static_cast<char *>(a) + 8000 + 64); // Behind a header.
}

TEST(Memory, GivesBackWhatNoRunWants) {
  burin::Memory memory;
  void *big = memory.allocate(64 << 20);
  memory.endRun();
  for (int i = 0; i < 200; ++i) {
    memory.allocate(100);
    memory.endRun();
  }
  EXPECT_FALSE(memory.owns(big));
}

TEST(Memory, TakesWhatIsNeededWhereThereIsNotTwiceAsMuch) {
  burin::Memory memory;
  ASSERT_NE(memory.allocate(64 << 20), nullptr);
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  size_t pages = 0; // that this program has
  std::ifstream("/proc/self/statm") >> pages;
  rlimit limit = before;
  limit.rlim_cur = pages * size_t(sysconf(_SC_PAGESIZE)) + (48 << 20);
  ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
  void *more = memory.allocate(32 << 20), *most = memory.allocate(32 << 20);
  ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_NE(more, nullptr);
  EXPECT_EQ(most, nullptr);
}

TEST(Memory, KeepsWhatIsToOutliveTheRun) {
  burin::Memory memory;
  auto *kept = static_cast<char *>(memory.allocate(10));
  memory.keep(kept, true);
  strcpy(kept, "outlives");
  memory.endRun();
  EXPECT_NE(memory.allocate(10), kept);
  EXPECT_STREQ(kept, "outlives");
}

TEST(Memory, RefusesAbsurdSizes) {
  burin::Memory memory;
  EXPECT_EQ(memory.allocate(SIZE_MAX), nullptr);
  EXPECT_EQ(memory.allocate((size_t(1) << 46) + 1), nullptr);
}

TEST(Memory, NeverHandsOutTheSameBytesTwice) {
  burin::Memory memory;
  std::mt19937 random(7);
  for (int run = 0; run < 100; ++run) {
    std::vector<std::pair<unsigned char *, std::vector<unsigned char>>> live;
    for (int i = 0; i < 50; ++i) {
      size_t bytes = 1 + random() % 5000;
      auto *block = static_cast<unsigned char *>(memory.allocate(bytes));
      memset(block, i, bytes);
      live.push_back({block, std::vector<unsigned char>(bytes, i)});
      if (random() % 3 == 0) {
        memory.release(live.front().first);
        live.erase(live.begin());
      }
    }
    for (auto &[block, bytes] : live)
      EXPECT_EQ(memcmp(block, bytes.data(), bytes.size()), 0);
    memory.endRun();
  }
}

TEST(AllocateService, FailsWithTextWhereASizeIsAbsurd) {
  for (int64_t bytes : {int64_t(-5), INT64_MAX}) {
    static int64_t asked;
    asked = bytes;
    fake::Model model;
    model.entry("main", {}, {}, [](burin_call *call) -> int32_t {
      return call->services->allocate(call->owner, asked) ? BURIN_OK
                                                          : BURIN_OUT_OF_MEMORY;
    });
    fake::Opened opened(model);
    std::vector<burin_tensor> none;
    EXPECT_EQ(opened.run({}, none), BURIN_OUT_OF_MEMORY);
    EXPECT_EQ(opened.text(),
              "no memory for " + std::to_string(bytes) + " bytes");
  }
}

TEST(AllocateService, ServesTheBodiesOfALoop) {
  fake::Model model;
  model.entry("main", {}, {}, [](burin_call *call) -> int32_t {
    auto body = [](void *context, int64_t low, int64_t high) {
      auto *call = static_cast<burin_call *>(context);
      for (int64_t i = low; i < high; ++i) {
        void *scratch = call->services->allocate(call->owner, 100 + i);
        memset(scratch, int(i), size_t(100 + i));
        if (i % 2)
          call->services->release(call->owner, scratch);
      }
    };
    call->services->parallel_for(call->owner, body, call, 500, 1);
    return BURIN_OK;
  });
  fake::Opened opened(model, 4);
  std::vector<burin_tensor> none;
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(opened.run({}, none), BURIN_OK);
}

} // namespace
