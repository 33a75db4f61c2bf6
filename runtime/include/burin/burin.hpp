//===- burin/burin.hpp - The runtime for C++ --------------------*- C++ -*-===//
//
// A header over burin/runtime.h: objects that close themselves, and results
// that are either a value or a status with its text. C++17; works without
// exceptions.
//
//   auto model = burin::Model::open("mlp.so");
//   if (!model)
//     return complain(model.status().text());
//   auto session = burin::Session::create(*model);
//   std::vector<float> x(8, 1.0f);
//   std::vector<burin_tensor> outputs;
//   burin::Status status =
//       session->run(0, {burin::makeTensor(x.data(), {2, 4})}, outputs);
//   for (float y : burin::View<const float>(outputs[0]))
//     use(y);
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_BURIN_HPP
#define BURIN_BURIN_HPP

#include "burin/runtime.h"
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace burin {

/// How a call ended, in words where it failed.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(burin_status code, const char *text) : value(code), words(text) {}

  bool isOk() const { return value == BURIN_OK; }
  burin_status code() const { return value; }
  const std::string &text() const { return words; }

private:
  burin_status value = BURIN_OK;
  std::string words;
};

/// A value, or the status that says why there is none.
template <typename T>
class [[nodiscard]] Result {
public:
  Result(T value) : value(std::move(value)) {}
  Result(Status status) : why(std::move(status)) {}

  explicit operator bool() const { return value.has_value(); }
  T &operator*() { return *value; }
  const T &operator*() const { return *value; }
  T *operator->() { return &*value; }
  const T *operator->() const { return &*value; }
  const Status &status() const { return why; }

private:
  std::optional<T> value;
  Status why;
};

/// The burin_dtype of a C++ type.
template <typename T>
constexpr int32_t dtypeOf() {
  using Plain = std::remove_cv_t<T>;
  static_assert(std::is_arithmetic_v<Plain> && sizeof(Plain) <= 8,
                "no element type of C++; fill in a burin_tensor yourself");
  if constexpr (std::is_same_v<Plain, bool>)
    return BURIN_BOOL;
  else if constexpr (std::is_floating_point_v<Plain>)
    return sizeof(Plain) == 4 ? BURIN_F32 : BURIN_F64;
  else if constexpr (std::is_signed_v<Plain>)
    return sizeof(Plain) == 1   ? BURIN_I8
           : sizeof(Plain) == 2 ? BURIN_I16
           : sizeof(Plain) == 4 ? BURIN_I32
                                : BURIN_I64;
  else
    return sizeof(Plain) == 1   ? BURIN_U8
           : sizeof(Plain) == 2 ? BURIN_U16
           : sizeof(Plain) == 4 ? BURIN_U32
                                : BURIN_U64;
}

/// A tensor over the caller's memory. Inputs are not written to.
template <typename T>
burin_tensor makeTensor(T *data, std::initializer_list<int64_t> shape) {
  burin_tensor tensor = {
      const_cast<std::remove_cv_t<T> *>(data), dtypeOf<T>(), 0, {}};
  for (int64_t size : shape) {
    // One dimension too many shows as a rank that no entry expects.
    if (tensor.rank < BURIN_MAX_RANK)
      tensor.shape[tensor.rank] = size;
    ++tensor.rank;
  }
  return tensor;
}

/// The elements of a tensor; none where it is of another type.
template <typename T>
class View {
public:
  explicit View(const burin_tensor &tensor) {
    size_t bytes = 0;
    if (tensor.dtype != dtypeOf<T>() ||
        burin_tensor_byte_size(&tensor, &bytes) != BURIN_OK)
      return;
    first = static_cast<T *>(tensor.data);
    count = bytes / sizeof(T);
  }

  T *data() const { return first; }
  size_t size() const { return count; }
  T *begin() const { return first; }
  T *end() const { return first + count; }
  T &operator[](size_t i) const { return first[i]; }

private:
  T *first = nullptr;
  size_t count = 0;
};

/// A loaded model; copies share it. Sessions keep it loaded.
class Model {
public:
  static Result<Model> open(const std::string &path) {
    burin_model *model = nullptr;
    burin_error error = {};
    burin_status code = burin_model_open(path.c_str(), &model, &error);
    return make(code, model, error);
  }

  /// A model that is linked into the program. `folder`: of external weights.
  static Result<Model> wrap(const burin_model_desc *desc,
                            const char *folder = nullptr) {
    burin_model *model = nullptr;
    burin_error error = {};
    burin_status code = burin_model_wrap(desc, folder, &model, &error);
    return make(code, model, error);
  }

  const burin_model_desc &describe() const {
    return *burin_model_describe(handle.get());
  }

  /// Number of the entry called `name`; nothing where there is none.
  std::optional<int32_t> findEntry(const std::string &name) const {
    int32_t number = 0;
    if (burin_model_find_entry(handle.get(), name.c_str(), &number) != BURIN_OK)
      return std::nullopt;
    return number;
  }

  burin_model *get() const { return handle.get(); }

private:
  friend class Session;
  explicit Model(burin_model *model) : handle(model, burin_model_close) {}

  static Result<Model> make(burin_status code, burin_model *model,
                            const burin_error &error) {
    if (code != BURIN_OK)
      return Status(code, error.text);
    return Model(model);
  }

  std::shared_ptr<burin_model> handle;
};

/// Arena, states and threads for one caller of a model at a time.
class Session {
public:
  /// `threads`: 0 means one per core.
  static Result<Session> create(const Model &model, int32_t threads = 0) {
    burin_session *session = nullptr;
    burin_error error = {};
    burin_status code =
        burin_session_create(model.get(), threads, &session, &error);
    if (code != BURIN_OK)
      return Status(code, error.text);
    return Session(model, session);
  }

  /// Runs an entry. `outputs` is made as long as the entry has outputs; those
  /// that come with data are written in place, the others are valid until the
  /// session's next run.
  Status run(int32_t entry, const std::vector<burin_tensor> &inputs,
             std::vector<burin_tensor> &outputs) {
    const burin_model_desc &desc = *burin_model_describe(model.get());
    if (entry >= 0 && entry < desc.num_entries)
      outputs.resize(size_t(desc.entries[entry].num_outputs), burin_tensor{});
    burin_error error = {};
    burin_status code = burin_session_run(
        handle.get(), entry, inputs.data(), int32_t(inputs.size()),
        outputs.data(), int32_t(outputs.size()), &error);
    return Status(code, error.text);
  }

  /// Empties the state called `name`, or all of them.
  Status reset() { return resetState(nullptr); }
  Status reset(const std::string &name) { return resetState(name.c_str()); }

  /// The filled part of state number `index`.
  Status getState(int32_t index, burin_tensor &tensor) const {
    burin_error error = {};
    burin_status code =
        burin_session_get_state(handle.get(), index, &tensor, &error);
    return Status(code, error.text);
  }
  Status setState(int32_t index, const burin_tensor &tensor) {
    burin_error error = {};
    burin_status code =
        burin_session_set_state(handle.get(), index, &tensor, &error);
    return Status(code, error.text);
  }

  burin_session_info describe() const {
    burin_session_info info = {};
    burin_session_describe(handle.get(), &info);
    return info;
  }

  burin_session *get() const { return handle.get(); }

private:
  struct Closer {
    void operator()(burin_session *session) const {
      burin_session_close(session);
    }
  };

  Session(const Model &model, burin_session *session)
      : model(model.handle), handle(session) {}

  Status resetState(const char *name) {
    burin_status code = burin_session_reset(handle.get(), name);
    return Status(code, code == BURIN_OK ? "" : "there is no such state");
  }

  std::shared_ptr<burin_model> model; // closed after the session
  std::unique_ptr<burin_session, Closer> handle;
};

} // namespace burin

#endif // BURIN_BURIN_HPP
