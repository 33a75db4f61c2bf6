//===- sessions_test.cpp - Many sessions of one model ---------------------===//

#include "burin/burin.hpp"
#include <gtest/gtest.h>
#include <thread>

namespace {

constexpr size_t pixels = 8 * 8, classes = 10;
constexpr int numSessions = 8, numRuns = 40;

/// Batch number `index`, which has a size of its own; the same each time.
std::vector<float> makeImages(int index) {
  std::vector<float> images(size_t(1 + index % 7) * pixels);
  uint32_t state = uint32_t(index) * 2654435761u + 1;
  for (float &value : images) {
    state = state * 1664525u + 1013904223u;
    value = float(state >> 8) / float(1 << 24);
  }
  return images;
}

/// The bits of the scores of batch `index`; empty where the run fails.
std::vector<uint32_t> run(burin::Session &session, int index) {
  std::vector<float> images = makeImages(index);
  int64_t count = int64_t(images.size() / pixels);
  std::vector<burin_tensor> outputs;
  burin::Status status = session.run(
      0, {burin::makeTensor(images.data(), {count, 1, 8, 8})}, outputs);
  EXPECT_TRUE(status.isOk()) << status.text();
  if (!status.isOk())
    return {};
  burin::View<const float> scores(outputs[0]);
  EXPECT_EQ(scores.size(), size_t(count) * classes);
  std::vector<uint32_t> bits(scores.size());
  memcpy(bits.data(), scores.data(), scores.size() * sizeof(float));
  return bits;
}

/// Bytes that a language model writes, greedily, after one.
std::string generate(burin::Session &session, char first, int count) {
  std::vector<int64_t> mask;
  std::string text(1, first);
  for (int64_t at = 0; at < count; ++at) {
    mask.push_back(1);
    int64_t id = static_cast<unsigned char>(text.back());
    std::vector<burin_tensor> outputs;
    burin::Status status =
        session.run(1,
                    {burin::makeTensor(&id, {1, 1}),
                     burin::makeTensor(mask.data(), {1, at + 1}),
                     burin::makeTensor(&at, {1, 1})},
                    outputs);
    EXPECT_TRUE(status.isOk()) << status.text();
    if (!status.isOk())
      return text;
    burin::View<const float> scores(outputs[0]);
    text +=
        char(std::max_element(scores.begin(), scores.end()) - scores.begin());
  }
  return text;
}

TEST(Sessions, EightInEightThreadsGiveTheBitsOfOne) {
  auto model = burin::Model::open(ARTIFACTS "digits.so");
  ASSERT_TRUE(model) << model.status().text();
  std::vector<std::vector<uint32_t>> expected;
  {
    auto session = burin::Session::create(*model, 1);
    ASSERT_TRUE(session) << session.status().text();
    for (int i = 0; i < numRuns; ++i)
      expected.push_back(run(*session, i));
  }
  std::vector<std::thread> threads;
  for (int t = 0; t < numSessions; ++t)
    threads.emplace_back([&, t] {
      auto session = burin::Session::create(*model, 1 + t % 3);
      ASSERT_TRUE(session) << session.status().text();
      for (int i = 0; i < numRuns; ++i) {
        int index = (i * 7 + t * 5) % numRuns; // Each in an order of its own.
        EXPECT_EQ(run(*session, index), expected[size_t(index)]);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST(Sessions, EachHasItsOwnState) {
  constexpr int count = 48;
  auto model = burin::Model::open(ARTIFACTS "capacity512.so");
  ASSERT_TRUE(model) << model.status().text();
  std::vector<std::string> alone(numSessions), together(numSessions);
  for (int t = 0; t < numSessions; ++t) {
    auto session = burin::Session::create(*model, 1);
    ASSERT_TRUE(session) << session.status().text();
    alone[size_t(t)] = generate(*session, char('A' + t), count);
  }
  std::vector<std::thread> threads;
  for (int t = 0; t < numSessions; ++t)
    threads.emplace_back([&, t] {
      auto session = burin::Session::create(*model, 1);
      ASSERT_TRUE(session) << session.status().text();
      together[size_t(t)] = generate(*session, char('A' + t), count);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(together, alone);
  EXPECT_NE(alone[0], alone[1]);
}

} // namespace
