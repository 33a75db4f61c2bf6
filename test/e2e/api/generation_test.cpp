//===- generation_test.cpp - A cache as state, and as inputs --------------===//
//
// char_lm, compiled with its caches as inputs and outputs and as states of two
// capacities, has to write the same text.
//
//===----------------------------------------------------------------------===//

#include "burin/burin.hpp"
#include <algorithm>
#include <chrono>
#include <gtest/gtest.h>

namespace {

constexpr int prefill = 0, decode = 1;
constexpr size_t vocabulary = 256, numCaches = 8, numBytes = 256;
const std::string prompt = "The \"with\" statement is used to wrap ";

/// A model with a cache, wherever that is; the scores of the last byte it read.
class Reader {
public:
  explicit Reader(const std::string &file) {
    auto opened = burin::Model::open(ARTIFACTS + file);
    EXPECT_TRUE(opened) << opened.status().text();
    model.emplace(*opened);
    auto created = burin::Session::create(*model, 1);
    EXPECT_TRUE(created) << created.status().text();
    session.emplace(std::move(*created));
    hasState = model->describe().num_states != 0;
    caches.resize(hasState ? 0 : numCaches);
  }

  burin::Status read(const std::string &text) {
    std::vector<int64_t> ids, positions;
    for (char c : text) {
      positions.push_back(filled + int64_t(ids.size()));
      ids.push_back(static_cast<unsigned char>(c));
    }
    int64_t count = int64_t(text.size()), total = filled + count;
    mask.resize(size_t(total), 1);
    std::vector<burin_tensor> inputs = {
        burin::makeTensor(ids.data(), {1, count}),
        burin::makeTensor(mask.data(), {1, total}),
        burin::makeTensor(positions.data(), {1, count})};
    for (std::vector<float> &cache : caches)
      inputs.push_back(burin::makeTensor(cache.data(), {1, 2, filled, 32}));
    std::vector<burin_tensor> outputs;
    burin::Status status =
        session->run(count == 1 ? decode : prefill, inputs, outputs);
    if (!status.isOk())
      return status;
    filled = total;
    burin::View<const float> logits(outputs[0]);
    scores.assign(logits.end() - vocabulary, logits.end());
    for (size_t i = 0; i < caches.size(); ++i) {
      burin::View<const float> present(outputs[1 + i]);
      caches[i].assign(present.begin(), present.end());
    }
    return status;
  }

  char getBest() const {
    return char(std::max_element(scores.begin(), scores.end()) -
                scores.begin());
  }

  std::optional<burin::Session> session;
  std::vector<float> scores;
  int64_t filled = 0;
  bool hasState = false;

private:
  std::optional<burin::Model> model;
  std::vector<std::vector<float>> caches;
  std::vector<int64_t> mask;
};

struct Generation {
  std::string text;
  double median; ///< ms, of a step.
};

Generation generate(Reader &reader) {
  Generation result;
  std::vector<double> times;
  burin::Status status = reader.read(prompt);
  EXPECT_TRUE(status.isOk()) << status.text();
  while (result.text.size() < numBytes && status.isOk()) {
    result.text += reader.getBest();
    auto begin = std::chrono::steady_clock::now();
    status = reader.read(result.text.substr(result.text.size() - 1));
    std::chrono::duration<double, std::milli> took =
        std::chrono::steady_clock::now() - begin;
    EXPECT_TRUE(status.isOk()) << status.text();
    times.push_back(took.count());
  }
  std::sort(times.begin(), times.end());
  result.median = times.empty() ? 0 : times[times.size() / 2];
  return result;
}

TEST(Generation, StateGivesTheTextOfExplicitCaches) {
  Reader withState("capacity512.so"), without("explicit.so");
  ASSERT_TRUE(withState.hasState);
  ASSERT_FALSE(without.hasState);
  std::string expected = generate(without).text;
  EXPECT_EQ(expected.size(), numBytes);
  EXPECT_EQ(generate(withState).text, expected);
}

TEST(Generation, AStepTakesAsLongWhateverTheCapacity) {
  // Twice each, and the better, since other programs run as well.
  double medians[2] = {1e9, 1e9};
  std::string texts[2];
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 2; ++i) {
      Reader reader(i ? "capacity8192.so" : "capacity512.so");
      Generation one = generate(reader);
      medians[i] = std::min(medians[i], one.median);
      texts[i] = one.text;
    }
  printf("median of a step: %.3f ms with capacity 512, %.3f ms with 8192\n",
         medians[0], medians[1]);
  EXPECT_EQ(texts[0], texts[1]);
  EXPECT_LT(medians[1], 2 * medians[0]);
}

TEST(Generation, AFullStateIsAnErrorAndStaysAsItWas) {
  Reader reader("capacity512.so"), other("capacity512.so");
  std::string text;
  while (text.size() < 500)
    text += prompt;
  text.resize(500);
  ASSERT_TRUE(reader.read(text).isOk());
  ASSERT_TRUE(other.read(text).isOk());
  burin::Status status = reader.read("thirteen more");
  EXPECT_EQ(status.code(), BURIN_EXHAUSTED);
  EXPECT_NE(status.text().find("512"), std::string::npos) << status.text();
  // What fits goes on as if nothing had been.
  ASSERT_TRUE(reader.read("twelve bytes").isOk());
  ASSERT_TRUE(other.read("twelve bytes").isOk());
  EXPECT_EQ(reader.scores, other.scores);
  EXPECT_EQ(reader.read("x").code(), BURIN_EXHAUSTED);
}

TEST(Generation, AnEmptiedStateStartsAnew) {
  Reader reader("capacity512.so"), other("capacity512.so");
  ASSERT_TRUE(reader.read("something else").isOk());
  ASSERT_TRUE(reader.session->reset().isOk());
  reader.filled = 0;
  ASSERT_TRUE(reader.read(prompt).isOk());
  ASSERT_TRUE(other.read(prompt).isOk());
  EXPECT_EQ(reader.scores, other.scores);
}

} // namespace
