//===- main.cpp - Text from a language model, byte by byte ----------------===//
//
//   generate MODEL.so [BYTES [TEMPERATURE [SEED]]] < PROMPT
//
// The model's cache is the artifact's state: a session keeps it from run to
// run, and each step hands over one new byte. The entry `prefill` reads any
// number of bytes at once, `decode` one; both have the same state.
//
//===----------------------------------------------------------------------===//

#include "burin/burin.hpp"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <random>

namespace {

constexpr size_t vocabulary = 256;

/// A session, and how far its cache is filled.
class Writer {
public:
  Writer(burin::Model model, burin::Session session)
      : model(std::move(model)), session(std::move(session)) {}

  size_t getCapacity() const {
    const burin_model_desc &desc = model.describe();
    return desc.num_states ? size_t(desc.states[0].capacity) : 0;
  }

  burin::Status start(const std::string &text) {
    filled = 0;
    if (burin::Status status = session.reset(); !status.isOk())
      return status;
    return read("prefill", text);
  }

  /// Reads what comes next; `scores` are of the byte after it then.
  burin::Status read(const char *entry, const std::string &text) {
    std::optional<int32_t> number = model.findEntry(entry);
    if (!number)
      return {BURIN_INVALID_ARGUMENT, "the model has no such entry"};
    int64_t count = int64_t(text.size()), total = filled + count;
    std::vector<int64_t> ids, positions;
    for (char c : text) {
      positions.push_back(filled + int64_t(ids.size()));
      ids.push_back(static_cast<unsigned char>(c));
    }
    mask.resize(size_t(total), 1);
    burin::Status status =
        session.run(*number,
                    {burin::makeTensor(ids.data(), {1, count}),
                     burin::makeTensor(mask.data(), {1, total}),
                     burin::makeTensor(positions.data(), {1, count})},
                    outputs);
    if (!status.isOk())
      return status;
    burin::View<const float> logits(outputs[0]);
    scores.assign(logits.end() - vocabulary, logits.end());
    filled = total;
    return status;
  }

  /// The likeliest byte, or one by its chance where the temperature is not 0.
  char pick(double temperature, std::mt19937_64 &random) const {
    auto best = std::max_element(scores.begin(), scores.end());
    if (temperature <= 0)
      return char(best - scores.begin());
    std::vector<double> chances;
    for (float score : scores)
      chances.push_back(std::exp((score - *best) / temperature));
    std::discrete_distribution<int> choice(chances.begin(), chances.end());
    return char(choice(random));
  }

private:
  burin::Model model;
  burin::Session session;
  std::vector<burin_tensor> outputs;
  std::vector<float> scores;
  std::vector<int64_t> mask;
  int64_t filled = 0;
};

int complain(const burin::Status &status) {
  fprintf(stderr, "generate: error: %s\n", status.text().c_str());
  return 1;
}

/// Writes `count` bytes. Where the cache is full, the writer forgets the first
/// half of what it knows: it reads the second half anew.
burin::Status write(Writer &writer, std::string text, long count,
                    double temperature, uint64_t seed) {
  std::mt19937_64 random(seed);
  burin::Status status = writer.start(text);
  for (long i = 0; i < count && status.isOk(); ++i) {
    char next = writer.pick(temperature, random);
    putchar(next);
    fflush(stdout);
    text += next;
    status = writer.read("decode", std::string(1, next));
    if (status.code() == BURIN_EXHAUSTED)
      status =
          writer.start(text.substr(text.size() - writer.getCapacity() / 2));
  }
  return status;
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 2 || argc > 5) {
    fprintf(stderr, "usage: generate MODEL.so [BYTES [TEMPERATURE [SEED]]] "
                    "< PROMPT\n");
    return 2;
  }
  long count = argc > 2 ? atol(argv[2]) : 200;
  double temperature = argc > 3 ? atof(argv[3]) : 0;
  uint64_t seed = argc > 4 ? strtoull(argv[4], nullptr, 10) : 0;
  std::string prompt{std::istreambuf_iterator<char>(std::cin), {}};

  auto model = burin::Model::open(argv[1]);
  if (!model)
    return complain(model.status());
  auto session = burin::Session::create(*model);
  if (!session)
    return complain(session.status());
  Writer writer(*model, std::move(*session));
  auto begin = std::chrono::steady_clock::now();
  burin::Status status = write(writer, prompt, count, temperature, seed);
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  if (!status.isOk())
    return complain(status);
  fprintf(stderr, "\n%ld bytes in %.2f s, %.2f ms each\n", count, took.count(),
          1e3 * took.count() / double(std::max(count, 1L)));
  return 0;
}
