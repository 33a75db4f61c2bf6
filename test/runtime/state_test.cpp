//===- state_test.cpp - Memory that lives between runs --------------------===//

#include "fake.h"
#include <cstring>
#include <gtest/gtest.h>

namespace {

using fake::tensor;

/// Appends x, i32[2,n,3], to the state of capacity 4 along its middle.
int32_t append(burin_call *call) {
  const burin_tensor &x = call->inputs[0];
  burin_slot &slot = call->states[0];
  int64_t n = x.shape[1], before = slot.length;
  slot.length = before + n; // Too early, so that a failure must undo it.
  if (slot.length > 4)
    return call->services->fail(call->owner, BURIN_EXHAUSTED, "cache is full");
  for (int64_t row = 0; row < 2; ++row)
    memcpy(static_cast<int32_t *>(slot.data) + (row * 4 + before) * 3,
           static_cast<int32_t *>(x.data) + row * n * 3, size_t(n) * 12);
  return BURIN_OK;
}

class State : public testing::Test {
protected:
  State() {
    model.entry("main", {model.tensor("x", BURIN_I32, {2, "n", 3})}, {},
                append);
    model.state(model.tensor("cache", BURIN_I32, {2, 4, 3}), 1);
    model.state(model.tensor("other", BURIN_U8, {5}), 0);
  }

  burin_status run(int64_t n) {
    std::vector<int32_t> x(size_t(n) * 6);
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = ++last;
    std::vector<burin_tensor> none;
    return opened().run({tensor(x.data(), BURIN_I32, {2, n, 3})}, none);
  }

  std::vector<int32_t> get() {
    burin_tensor cache = {};
    EXPECT_EQ(burin_session_get_state(opened().session, 0, &cache, nullptr),
              BURIN_OK);
    std::vector<int32_t> values(size_t(cache.shape[0] * cache.shape[1] * 3));
    int32_t nothing;
    cache.data = values.empty() ? &nothing : values.data();
    EXPECT_EQ(burin_session_get_state(opened().session, 0, &cache, nullptr),
              BURIN_OK);
    return values;
  }

  fake::Opened &opened() {
    if (!lazy)
      lazy = std::make_unique<fake::Opened>(model);
    return *lazy;
  }

  fake::Model model;
  std::unique_ptr<fake::Opened> lazy;
  int32_t last = 0;
};

TEST_F(State, StartsEmptyAndGrows) {
  EXPECT_TRUE(get().empty());
  ASSERT_EQ(run(1), BURIN_OK);
  ASSERT_EQ(run(2), BURIN_OK);
  EXPECT_EQ(get(), (std::vector<int32_t>{1, 2, 3, 7, 8, 9, 10, 11, 12, //
                                         4, 5, 6, 13, 14, 15, 16, 17, 18}));
}

TEST_F(State, IsAsBeforeAfterAFailedRun) {
  ASSERT_EQ(run(3), BURIN_OK);
  std::vector<int32_t> before = get();
  EXPECT_EQ(run(2), BURIN_EXHAUSTED);
  EXPECT_EQ(opened().text(), "cache is full");
  EXPECT_EQ(get(), before);
  EXPECT_EQ(run(1), BURIN_OK);
}

TEST_F(State, IsEmptyAndZeroAfterAReset) {
  ASSERT_EQ(run(4), BURIN_OK);
  burin_session *session = opened().session;
  EXPECT_EQ(burin_session_reset(session, "nosuch"), BURIN_INVALID_ARGUMENT);
  EXPECT_EQ(burin_session_reset(session, "other"), BURIN_OK);
  EXPECT_EQ(get().size(), 24u);
  EXPECT_EQ(burin_session_reset(session, nullptr), BURIN_OK);
  EXPECT_TRUE(get().empty());
  EXPECT_EQ(run(4), BURIN_OK);
}

TEST_F(State, IsSavedAndRestored) {
  ASSERT_EQ(run(3), BURIN_OK);
  std::vector<int32_t> saved = get();
  burin_session *session = opened().session;
  ASSERT_EQ(burin_session_reset(session, nullptr), BURIN_OK);
  burin_tensor cache = tensor(saved.data(), BURIN_I32, {2, 3, 3});
  ASSERT_EQ(burin_session_set_state(session, 0, &cache, nullptr), BURIN_OK);
  EXPECT_EQ(get(), saved);
}

TEST_F(State, RefusesWhatDoesNotFit) {
  int32_t data[64] = {};
  burin_session *session = opened().session;
  burin_error error = {};
  burin_tensor wrong[] = {tensor(data, BURIN_I32, {2, 5, 3}),
                          tensor(data, BURIN_I32, {2, 1, 4}),
                          tensor(data, BURIN_F32, {2, 1, 3}),
                          tensor(data, BURIN_I32, {2, 3}),
                          tensor(data, BURIN_I32, {2, -1, 3}),
                          tensor(nullptr, BURIN_I32, {2, 1, 3})};
  for (const burin_tensor &cache : wrong)
    EXPECT_EQ(burin_session_set_state(session, 0, &cache, &error),
              BURIN_INVALID_ARGUMENT);
  EXPECT_EQ(burin_session_set_state(session, 0, &wrong[0], &error),
            BURIN_INVALID_ARGUMENT);
  EXPECT_STREQ(error.text,
               "state 'cache': expects at most i32[2,4,3], got i32[2,5,3]");
  EXPECT_EQ(burin_session_get_state(session, 0, &wrong[0], &error),
            BURIN_INVALID_ARGUMENT);
  EXPECT_EQ(burin_session_get_state(session, 2, &wrong[0], &error),
            BURIN_INVALID_ARGUMENT);
  EXPECT_TRUE(get().empty());
}

TEST_F(State, CountsItsBytes) {
  burin_session_info info = {};
  ASSERT_EQ(burin_session_describe(opened().session, &info), BURIN_OK);
  EXPECT_EQ(info.state_bytes, 2u * 4 * 3 * 4 + 5);
}

} // namespace
