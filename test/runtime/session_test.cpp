//===- session_test.cpp - Runs, their checks and their words --------------===//

#include "burin/burin.hpp"
#include "fake.h"
#include <cstring>
#include <filesystem>
#include <future>
#include <gtest/gtest.h>
#include <thread>

namespace {

using fake::tensor;

/// y = 2 x, of any shape [n,2].
int32_t doubleIt(burin_call *call) {
  const burin_tensor &x = call->inputs[0];
  auto *y =
      static_cast<float *>(call->services->output(call->owner, 0, x.shape));
  if (!y)
    return BURIN_OUT_OF_MEMORY;
  for (int64_t i = 0; i < x.shape[0] * 2; ++i)
    y[i] = 2 * static_cast<float *>(x.data)[i];
  return BURIN_OK;
}

void makeDouble(fake::Model &model, fake::Code code = doubleIt) {
  model.entry("main", {model.tensor("x", BURIN_F32, {"n", 2})},
              {model.tensor("y", BURIN_F32, {"n", 2})}, code, 4096);
}

TEST(SessionRun, GivesOutputsOfItsOwn) {
  fake::Model model;
  makeDouble(model);
  fake::Opened opened(model);
  float x[4] = {1, 2, 3, 4};
  std::vector<burin_tensor> y(1);
  ASSERT_EQ(opened.run({tensor(x, BURIN_F32, {2, 2})}, y), BURIN_OK)
      << opened.text();
  EXPECT_EQ(y[0].shape[0], 2);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(y[0].data) % 64, 0u);
  EXPECT_EQ(burin::View<float>(y[0])[3], 8);
  EXPECT_EQ(burin::View<double>(y[0]).size(), 0u);
}

void nothing(void *, int64_t, int64_t) {}

TEST(SessionRun, TellsOfLoopsThatAreWatched) {
  fake::Model model;
  makeDouble(model, [](burin_call *call) {
    call->services->parallel_for(call->owner, nothing, nullptr, 8, 1);
    return doubleIt(call);
  });
  fake::Opened opened(model);
  float x[2] = {1, 2};
  std::vector<burin_tensor> y(1);
  int count = 0;
  auto watch = [](void *context, void (*code)(void *, int64_t, int64_t),
                  int64_t begin, int64_t end) {
    *static_cast<int *>(context) += code == nothing && begin <= end;
  };
  ASSERT_EQ(burin_session_watch(opened.session, watch, &count), BURIN_OK);
  ASSERT_EQ(opened.run({tensor(x, BURIN_F32, {1, 2})}, y), BURIN_OK);
  EXPECT_EQ(count, 1);
  ASSERT_EQ(burin_session_watch(opened.session, nullptr, nullptr), BURIN_OK);
  ASSERT_EQ(opened.run({tensor(x, BURIN_F32, {1, 2})}, y), BURIN_OK);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(burin_session_watch(nullptr, watch, &count), BURIN_INVALID_ARGUMENT);
}

TEST(SessionRun, WritesIntoTheCallersOwnMemory) {
  fake::Model model;
  makeDouble(model);
  fake::Opened opened(model);
  float x[4] = {1, 2, 3, 4}, own[4] = {};
  std::vector<burin_tensor> y = {tensor(own, BURIN_F32, {2, 2})};
  ASSERT_EQ(opened.run({tensor(x, BURIN_F32, {2, 2})}, y), BURIN_OK);
  EXPECT_EQ(own[3], 8);
  ASSERT_EQ(opened.run({tensor(x, BURIN_F32, {1, 2})}, y),
            BURIN_INVALID_ARGUMENT);
  EXPECT_EQ(opened.text(), "output 'y': this run makes f32[1,2], the caller's "
                           "memory is f32[2,2]");
  y[0] = tensor(own, BURIN_F64, {2, 2});
  ASSERT_EQ(opened.run({tensor(x, BURIN_F32, {2, 2})}, y),
            BURIN_INVALID_ARGUMENT);
  EXPECT_EQ(opened.text(), "output 'y': expects f32[n,2], got f64[2,2]");
}

TEST(SessionRun, TakesItsOwnOutputsAsInputsAndAsOutputsAgain) {
  fake::Model model;
  makeDouble(model);
  fake::Opened opened(model);
  float x[2] = {1, 1};
  std::vector<burin_tensor> y(1);
  ASSERT_EQ(opened.run({tensor(x, BURIN_F32, {1, 2})}, y), BURIN_OK);
  for (int i = 0; i < 50; ++i)
    ASSERT_EQ(opened.run({y[0]}, y), BURIN_OK) << opened.text();
  EXPECT_EQ(burin::View<float>(y[0])[1], 0x1p51f);
}

TEST(SessionRun, SaysWhatItExpectedAndWhatItGot) {
  fake::Model model;
  model.entry("main",
              {model.tensor("x", BURIN_F32, {"batch", 3, 224, 224}),
               model.tensor("mask", BURIN_BOOL, {"batch", fake::Dim(nullptr)})},
              {}, [](burin_call *) -> int32_t { return 0; });
  fake::Opened opened(model);
  std::vector<burin_tensor> none;
  std::vector<float> x(2 * 3 * 224 * 224);
  bool mask[6] = {};
  burin_tensor good = tensor(x.data(), BURIN_F32, {2, 3, 224, 224});
  burin_tensor fits = tensor(mask, BURIN_BOOL, {2, 3});

  struct {
    burin_tensor x, mask;
    const char *text;
  } cases[] = {
      {tensor(x.data(), BURIN_F64, {2, 4}), fits,
       "input 'x': expects f32[batch,3,224,224], got f64[2,4]"},
      {tensor(x.data(), BURIN_F32, {2, 3, 224, 225}), fits,
       "input 'x': expects f32[batch,3,224,224], got f32[2,3,224,225]"},
      {tensor(x.data(), BURIN_F32, {-1, 3, 224, 224}), fits,
       "input 'x': expects f32[batch,3,224,224], got f32[-1,3,224,224]"},
      {tensor(nullptr, BURIN_F32, {2, 3, 224, 224}), fits,
       "input 'x': expects data for f32[2,3,224,224], got NULL"},
      {good, tensor(mask, BURIN_BOOL, {3, 2}),
       "input 'mask': expects bool[batch,?] with batch = 2 as in input 'x', "
       "got bool[3,2]"},
      {good, tensor(mask, BURIN_BOOL, {2, INT64_MAX}),
       "input 'mask': bool[2,9223372036854775807] is more than memory can "
       "hold"},
  };
  for (const auto &c : cases) {
    EXPECT_EQ(opened.run({c.x, c.mask}, none), BURIN_INVALID_ARGUMENT);
    EXPECT_EQ(opened.text(), c.text);
  }
  burin_tensor odd = good;
  odd.rank = 9;
  EXPECT_EQ(opened.run({odd, fits}, none), BURIN_INVALID_ARGUMENT);
  EXPECT_EQ(opened.run({good}, none), BURIN_INVALID_ARGUMENT);
  EXPECT_EQ(opened.text(),
            "entry 'main' expects 2 inputs and 0 outputs, got 1 and 0");
  EXPECT_EQ(opened.run({good, fits}, none, 1), BURIN_INVALID_ARGUMENT);
  EXPECT_EQ(opened.run({good, fits}, none), BURIN_OK);
  EXPECT_EQ(opened.run({tensor(nullptr, BURIN_F32, {0, 3, 224, 224}),
                        tensor(nullptr, BURIN_BOOL, {0, 5})},
                       none),
            BURIN_OK)
      << "empty tensors need no data";
}

TEST(SessionRun, KeepsTheFirstReasonOfFailure) {
  fake::Model model;
  makeDouble(model, [](burin_call *call) -> int32_t {
    call->services->fail(call->owner, BURIN_FAILED, "index 7 is out of range");
    return call->services->fail(call->owner, BURIN_EXHAUSTED, "later");
  });
  fake::Opened opened(model);
  float x[2] = {};
  burin_tensor untouched = tensor(nullptr, 77, {5});
  std::vector<burin_tensor> y = {untouched};
  EXPECT_EQ(opened.run({tensor(x, BURIN_F32, {1, 2})}, y), BURIN_FAILED);
  EXPECT_EQ(opened.text(), "index 7 is out of range");
  EXPECT_EQ(memcmp(&y[0], &untouched, sizeof(untouched)), 0);
}

TEST(SessionRun, FailsWhereAnOutputIsMissing) {
  fake::Model model;
  makeDouble(model, [](burin_call *) -> int32_t { return 0; });
  fake::Opened opened(model);
  float x[2] = {};
  std::vector<burin_tensor> y(1);
  EXPECT_EQ(opened.run({tensor(x, BURIN_F32, {1, 2})}, y), BURIN_FAILED);
  EXPECT_EQ(opened.text(), "entry 'main' made no output 'y'");
}

TEST(SessionRun, FailsWhereCodeGivesNoReasonOrAnOddStatus) {
  fake::Model model;
  makeDouble(model, [](burin_call *) -> int32_t { return 4711; });
  fake::Opened opened(model);
  float x[2] = {};
  std::vector<burin_tensor> y(1);
  EXPECT_EQ(opened.run({tensor(x, BURIN_F32, {1, 2})}, y), BURIN_FAILED);
  EXPECT_EQ(opened.text(), "entry 'main' ended without a reason");
}

TEST(SessionRun, HasAnAlignedArenaForEachEntry) {
  fake::Model model;
  makeDouble(model, [](burin_call *call) -> int32_t {
    bool aligned = reinterpret_cast<uintptr_t>(call->arena) % 64 == 0;
    memset(call->arena, 1, 4096);
    return aligned ? doubleIt(call) : BURIN_FAILED;
  });
  fake::Opened opened(model);
  float x[2] = {};
  std::vector<burin_tensor> y(1);
  EXPECT_EQ(opened.run({tensor(x, BURIN_F32, {1, 2})}, y), BURIN_OK);
  burin_session_info info = {};
  ASSERT_EQ(burin_session_describe(opened.session, &info), BURIN_OK);
  EXPECT_EQ(info.arena_bytes, 4096u);
  EXPECT_EQ(info.dynamic_bytes, 8u);
  EXPECT_EQ(info.threads, 1);
}

TEST(Session, OfOneThreadStartsNone) {
  auto count = [] {
    std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
  };
  fake::Model model;
  makeDouble(model);
  // A sanitizer starts one of its own with the first. This one stays: where it had
  // ended, the system might count it for a while.
  std::promise<void> end;
  std::thread first([&] { end.get_future().wait(); });
  auto before = count();
  fake::Opened one(model, 1);
  EXPECT_EQ(count(), before);
  fake::Opened three(model, 3);
  EXPECT_EQ(count(), before + 2);
  end.set_value();
  first.join();
}

TEST(Session, RefusesThreadsThatNobodyHas) {
  fake::Model model;
  makeDouble(model);
  fake::Opened opened(model);
  burin_session *session = nullptr;
  burin_error error = {};
  EXPECT_EQ(burin_session_create(opened.model, -1, &session, &error),
            BURIN_INVALID_ARGUMENT);
  EXPECT_EQ(burin_session_create(opened.model, 1 << 20, &session, &error),
            BURIN_INVALID_ARGUMENT);
  EXPECT_EQ(session, nullptr);
}

TEST(Sessions, OfOneModelRunAtTheSameTime) {
  fake::Model model;
  model.entry(
      "main", {model.tensor("x", BURIN_F32, {"n", 2})},
      {model.tensor("y", BURIN_F32, {"n", 2})},
      [](burin_call *call) -> int32_t {
        auto body = [](void *context, int64_t low, int64_t high) {
          auto *arena = static_cast<unsigned char *>(context);
          for (int64_t i = low; i < high; ++i)
            ++arena[i];
        };
        call->services->parallel_for(call->owner, body, call->arena, 4096, 16);
        return doubleIt(call);
      },
      4096);
  auto shared = burin::Model::wrap(model.get());
  ASSERT_TRUE(shared) << shared.status().text();
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 8; ++i)
    callers.emplace_back([&, i] {
      auto session = burin::Session::create(*shared, 2);
      std::vector<burin_tensor> y;
      for (int n = 1; session && n < 200; ++n) {
        std::vector<float> x(size_t(n) * 2, float(i));
        burin::Status status =
            session->run(0, {burin::makeTensor(x.data(), {n, 2})}, y);
        wrong += !status.isOk() || burin::View<float>(y[0]).size() != x.size();
        for (float value : burin::View<float>(y[0]))
          wrong += value != 2 * float(i);
      }
      wrong += !session;
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(wrong, 0);
}

} // namespace
