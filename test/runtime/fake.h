//===- fake.h - Models written by hand --------------------------*- C++ -*-===//
//
// Descriptors as burinc writes them, with code that a test gives, so that the
// runtime is tested without a compiler.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_TEST_FAKE_H
#define BURIN_TEST_FAKE_H

#include "burin/runtime.h"
#include <algorithm>
#include <deque>
#include <initializer_list>
#include <string>
#include <vector>

namespace fake {

using Code = int32_t (*)(burin_call *);

/// A dimension of a known size, or a symbol.
struct Dim : burin_dim {
  Dim(int64_t size) : burin_dim{size, nullptr} {}
  Dim(int size) : Dim(int64_t(size)) {}
  Dim(const char *symbol) : burin_dim{-1, symbol} {}
};

/// Builds a descriptor; it and its parts live as long as this object.
class Model {
public:
  Model() {
    desc.magic = BURIN_ABI_MAGIC;
    desc.abi_version = BURIN_ABI_VERSION;
    desc.name = "fake";
    desc.producer = "a test";
    desc.target = desc.cpu = "any";
  }
  Model(const Model &) = delete;

  burin_tensor_desc tensor(const char *name, int32_t dtype,
                           std::initializer_list<Dim> shape) {
    dims.emplace_back(shape.begin(), shape.end());
    return {name, dims.back().data(), int32_t(shape.size()), dtype};
  }

  Model &entry(const char *name, std::vector<burin_tensor_desc> inputs,
               std::vector<burin_tensor_desc> outputs, Code run,
               uint64_t arenaBytes = 0) {
    tensors.push_back(std::move(inputs));
    const auto &in = tensors.back();
    tensors.push_back(std::move(outputs));
    const auto &out = tensors.back();
    entries.push_back({name, in.data(), out.data(), int32_t(in.size()),
                       int32_t(out.size()), arenaBytes, run, nullptr, 0, 0});
    return *this;
  }

  Model &state(const burin_tensor_desc &tensor, int32_t axis) {
    states.push_back({tensor, tensor.dims[axis].size, axis, 0});
    return *this;
  }

  Model &weight(const burin_weights_desc &section) {
    weights.push_back(section);
    return *this;
  }

  burin_model_desc *get() {
    desc.entries = entries.data();
    desc.num_entries = int32_t(entries.size());
    desc.states = states.data();
    desc.num_states = int32_t(states.size());
    desc.weights = weights.data();
    desc.num_weights = int32_t(weights.size());
    return &desc;
  }

  std::vector<burin_entry_desc> entries;
  std::vector<burin_state_desc> states;
  std::vector<burin_weights_desc> weights;

private:
  burin_model_desc desc = {};
  std::deque<std::vector<burin_dim>> dims;
  std::deque<std::vector<burin_tensor_desc>> tensors;
};

/// A model and one session of it, both open until the end of the test.
class Opened {
public:
  explicit Opened(Model &fake, int32_t threads = 1) {
    burin_model_wrap(fake.get(), nullptr, &model, &error);
    if (model)
      burin_session_create(model, threads, &session, &error);
  }
  ~Opened() {
    burin_session_close(session);
    burin_model_close(model);
  }
  Opened(const Opened &) = delete;

  burin_status run(std::vector<burin_tensor> inputs,
                   std::vector<burin_tensor> &outputs, int32_t entry = 0) {
    return burin_session_run(session, entry, inputs.data(),
                             int32_t(inputs.size()), outputs.data(),
                             int32_t(outputs.size()), &error);
  }

  std::string text() const { return error.text; }

  burin_model *model = nullptr;
  burin_session *session = nullptr;
  burin_error error = {};
};

inline burin_tensor tensor(void *data, int32_t dtype,
                           std::initializer_list<int64_t> shape) {
  burin_tensor result = {data, dtype, int32_t(shape.size()), {}};
  std::copy(shape.begin(), shape.end(), result.shape);
  return result;
}

} // namespace fake

#endif // BURIN_TEST_FAKE_H
