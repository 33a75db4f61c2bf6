//===- run.cpp - Run an entry ---------------------------------------------===//

#include "error.h"
#include "session.h"
#include <string.h>

using namespace burin;

/// Whether an input of `entry` points into output number `index` of the last
/// run.
static bool isInput(const burin_session &session, const burin_entry_desc &entry,
                    const burin_tensor *inputs, int32_t index) {
  size_t bytes = 0;
  burin_tensor_byte_size(&session.results[index], &bytes);
  auto begin = reinterpret_cast<uintptr_t>(session.owned[index]);
  for (int32_t i = 0; i < entry.num_inputs; ++i)
    if (reinterpret_cast<uintptr_t>(inputs[i].data) - begin < bytes)
      return true;
  return false;
}

/// Ends the life of the last run's outputs. One that is fed back as an input of
/// this run lives until its end: loops over a model are written that way.
static void recycleOutputs(burin_session &session,
                           const burin_entry_desc &entry,
                           const burin_tensor *inputs) {
  for (int32_t i = 0; i < session.numOwned; ++i) {
    if (!session.owned[i])
      continue;
    if (isInput(session, entry, inputs, i))
      session.memory.keep(session.owned[i], false);
    else
      session.memory.release(session.owned[i]);
    session.owned[i] = nullptr;
  }
  session.numOwned = 0;
}

static void begin(burin_session &session, const burin_entry_desc &entry,
                  const burin_tensor *inputs) {
  recycleOutputs(session, entry, inputs);
  session.entry = &entry;
  session.numOwned = entry.num_outputs;
  memset(session.produced, 0, entry.num_outputs * sizeof(bool));
  session.failure.status.store(BURIN_OK, std::memory_order_relaxed);
  for (int32_t i = 0; i < session.model->desc->num_states; ++i)
    session.savedLengths[i] = session.slots[i].length;
  expectWork(session.pool, true);
}

/// Calls the generated code. Its failure is recorded in the session.
static void call(burin_session &session, const burin_tensor *inputs) {
  const burin_entry_desc &entry = *session.entry;
  burin_call call = {session.watch ? &watchedServices : &services, &session,
                     session.arena, session.model->sections,
                     inputs,        session.slots};
  if (int32_t status = entry.run(&call))
    failRun(session, status, "entry '%s' ended without a reason", entry.name);
  if (session.failure.status.load(std::memory_order_relaxed) != BURIN_OK)
    return;
  for (int32_t i = 0; i < entry.num_outputs; ++i)
    if (!session.produced[i])
      failRun(session, BURIN_FAILED, "entry '%s' made no output '%s'",
              entry.name, entry.outputs[i].name);
}

/// Hands out the results, or takes back what the run did.
static burin_status end(burin_session &session, burin_tensor *outputs,
                        burin_error *error) {
  expectWork(session.pool, false);
  const burin_entry_desc &entry = *session.entry;
  auto status = static_cast<burin_status>(
      session.failure.status.load(std::memory_order_relaxed));
  if (status == BURIN_OK) {
    for (int32_t i = 0; i < entry.num_outputs; ++i)
      outputs[i] = session.results[i];
  } else {
    fail(error, status, "%s", session.failure.reason.text);
    for (int32_t i = 0; i < entry.num_outputs; ++i)
      if (session.owned[i]) {
        session.memory.keep(session.owned[i], false);
        session.owned[i] = nullptr;
      }
    for (int32_t i = 0; i < session.model->desc->num_states; ++i)
      session.slots[i].length = session.savedLengths[i];
  }
  session.memory.endRun();
  return status;
}

/// Copies the caller's outputs. One that still has this session's memory, since
/// it is of an earlier run, is as good as NULL: loops use the same array again.
static void takeOutputs(burin_session &session, const burin_tensor *outputs,
                        int32_t count) {
  for (int32_t i = 0; i < count; ++i) {
    session.given[i] = outputs[i];
    if (outputs[i].data && session.memory.owns(outputs[i].data))
      session.given[i].data = nullptr;
  }
}

static burin_status check(burin_session &session, int32_t entry,
                          const burin_tensor *inputs, int32_t numInputs,
                          const burin_tensor *outputs, int32_t numOutputs,
                          burin_error *error) {
  const burin_model_desc &desc = *session.model->desc;
  if (entry < 0 || entry >= desc.num_entries)
    return fail(error, BURIN_INVALID_ARGUMENT,
                "expects an entry below %d, got %d", desc.num_entries, entry);
  const burin_entry_desc &wanted = desc.entries[entry];
  if (numInputs != wanted.num_inputs || numOutputs != wanted.num_outputs)
    return fail(error, BURIN_INVALID_ARGUMENT,
                "entry '%s' expects %d inputs and %d outputs, got %d and %d",
                wanted.name, wanted.num_inputs, wanted.num_outputs, numInputs,
                numOutputs);
  if ((numInputs && !inputs) || (numOutputs && !outputs))
    return fail(error, BURIN_INVALID_ARGUMENT, "an argument is NULL");
  if (burin_status status = checkInputs(*session.model, entry, inputs, error))
    return status;
  takeOutputs(session, outputs, numOutputs);
  return checkOutputs(*session.model, entry, session.given, error);
}

burin_status burin_session_run(burin_session *session, int32_t entry,
                               const burin_tensor *inputs, int32_t numInputs,
                               burin_tensor *outputs, int32_t numOutputs,
                               burin_error *error) {
  if (!session)
    return fail(error, BURIN_INVALID_ARGUMENT, "an argument is NULL");
  if (session->running.exchange(true, std::memory_order_acquire))
    return fail(error, BURIN_INVALID_ARGUMENT,
                "the session is serving another call: use one per thread");
  burin_status status =
      check(*session, entry, inputs, numInputs, outputs, numOutputs, error);
  if (status == BURIN_OK) {
    begin(*session, session->model->desc->entries[entry], inputs);
    call(*session, inputs);
    status = end(*session, outputs, error);
  }
  session->running.store(false, std::memory_order_release);
  return status;
}
