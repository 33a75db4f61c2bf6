//===- session.h - What one caller of a model holds -------------*- C++ -*-===//

#ifndef BURIN_SRC_SESSION_H
#define BURIN_SRC_SESSION_H

#include "memory.h"
#include "model.h"
#include "pool.h"
#include <atomic>

namespace burin {

/// Why a run ends early. The first reason counts; it may come from any thread
/// and is read after all of them are done.
struct Failure {
  std::atomic<int32_t> status{BURIN_OK};
  burin_error reason = {};
};

} // namespace burin

struct burin_session {
  const burin_model *model = nullptr;
  int32_t threads = 1;
  burin::Pool *pool = nullptr; // NULL if threads == 1
  unsigned char *arena = nullptr;
  uint64_t arenaBytes = 0;
  burin_slot *slots = nullptr;
  int64_t *savedLengths = nullptr; // of the slots before the run
  uint64_t stateBytes = 0;
  burin::Memory memory;

  burin_watch watch = nullptr;
  void *watchContext = nullptr;

  // The run in flight.
  std::atomic<bool> running{false};
  const burin_entry_desc *entry = nullptr;
  burin_tensor *given = nullptr;   // the caller's outputs
  burin_tensor *results = nullptr; // what output() made of them so far
  bool *produced = nullptr;        // per output: output() was called
  burin::Failure failure;

  /// Outputs of the last run that lie in `memory`; NULL where the caller's own.
  void **owned = nullptr;
  int32_t numOwned = 0;
};

namespace burin {

/// The functions that generated code calls; `owner` is the session. The watched
/// ones tell the session's watch.
extern const burin_services services, watchedServices;

/// Records the first failure of a run.
[[gnu::format(printf, 3, 4)]] burin_status
failRun(burin_session &session, int32_t status, const char *format, ...);

/// Whether the caller's tensors fit entry number `entry`; outputs only as far
/// as can be known before the run.
burin_status checkInputs(const burin_model &model, int32_t entry,
                         const burin_tensor *inputs, burin_error *error);
burin_status checkOutputs(const burin_model &model, int32_t entry,
                          const burin_tensor *outputs, burin_error *error);

/// Bytes of a state's whole buffer.
size_t getStateBytes(const burin_state_desc &state);

} // namespace burin

#endif // BURIN_SRC_SESSION_H
