//===- session.cpp - Create, describe and close a session -----------------===//

#include "session.h"
#include "error.h"
#include "pages.h"
#include <new>
#include <stdlib.h>

using namespace burin;

template <typename T>
static T *allocateArray(int32_t count) {
  // One more, so that NULL always means that there is no memory.
  return static_cast<T *>(calloc(size_t(count) + 1, sizeof(T)));
}

/// The memory that every run finds ready, for whatever entry.
static burin_status allocateBuffers(burin_session &session,
                                    burin_error *error) {
  const burin_model_desc &desc = *session.model->desc;
  int32_t maxOutputs = 0;
  for (int32_t i = 0; i < desc.num_entries; ++i) {
    const burin_entry_desc &entry = desc.entries[i];
    if (entry.num_outputs > maxOutputs)
      maxOutputs = entry.num_outputs;
    if (entry.arena_bytes > session.arenaBytes)
      session.arenaBytes = entry.arena_bytes;
  }
  session.slots = allocateArray<burin_slot>(desc.num_states);
  session.savedLengths = allocateArray<int64_t>(desc.num_states);
  session.given = allocateArray<burin_tensor>(maxOutputs);
  session.results = allocateArray<burin_tensor>(maxOutputs);
  session.produced = allocateArray<bool>(maxOutputs);
  session.owned = allocateArray<void *>(maxOutputs);
  if (!session.slots || !session.savedLengths || !session.given ||
      !session.results || !session.produced || !session.owned)
    return fail(error, BURIN_OUT_OF_MEMORY, "no memory for a session");
  session.arena = mapPages(session.arenaBytes);
  if (!session.arena)
    return fail(error, BURIN_OUT_OF_MEMORY,
                "no memory for an arena of %llu bytes",
                static_cast<unsigned long long>(session.arenaBytes));
  for (int32_t i = 0; i < desc.num_states; ++i) {
    size_t bytes = getStateBytes(desc.states[i]);
    session.slots[i].data = mapPages(bytes);
    if (!session.slots[i].data)
      return fail(error, BURIN_OUT_OF_MEMORY,
                  "no memory for state '%s' of %zu bytes",
                  desc.states[i].tensor.name, bytes);
    session.stateBytes += bytes;
  }
  return BURIN_OK;
}

burin_status burin_session_create(burin_model *model, int32_t threads,
                                  burin_session **out, burin_error *error) {
  if (!model || !out)
    return fail(error, BURIN_INVALID_ARGUMENT, "an argument is NULL");
  if (threads < 0 || threads > maxThreads)
    return fail(error, BURIN_INVALID_ARGUMENT,
                "expects 1 to %d threads, or 0 for one per core, got %d",
                maxThreads, threads);
  void *room = nullptr;
  if (posix_memalign(&room, alignof(burin_session), sizeof(burin_session)) != 0)
    return fail(error, BURIN_OUT_OF_MEMORY, "no memory for a session");
  auto *session = new (room) burin_session;
  session->model = model;
  session->threads = threads ? threads : countCores();
  burin_status status = allocateBuffers(*session, error);
  if (status == BURIN_OK && session->threads > 1)
    status = createPool(session->threads, &session->pool, error);
  if (status != BURIN_OK) {
    burin_session_close(session);
    return status;
  }
  *out = session;
  return BURIN_OK;
}

void burin_session_close(burin_session *session) {
  if (!session)
    return;
  destroyPool(session->pool);
  const burin_model_desc &desc = *session->model->desc;
  if (session->slots)
    for (int32_t i = 0; i < desc.num_states; ++i)
      unmapPages(session->slots[i].data, getStateBytes(desc.states[i]));
  unmapPages(session->arena, session->arenaBytes);
  free(session->slots);
  free(session->savedLengths);
  free(session->given);
  free(session->results);
  free(session->produced);
  free(session->owned);
  session->~burin_session();
  free(session);
}

burin_status burin_session_watch(burin_session *session, burin_watch watch,
                                 void *context) {
  if (!session)
    return BURIN_INVALID_ARGUMENT;
  session->watch = watch;
  session->watchContext = context;
  return BURIN_OK;
}

burin_status burin_session_describe(const burin_session *session,
                                    burin_session_info *out) {
  if (!session || !out)
    return BURIN_INVALID_ARGUMENT;
  out->arena_bytes = session->arenaBytes;
  out->dynamic_bytes = session->memory.getPeakBytes();
  out->state_bytes = session->stateBytes;
  out->weights_bytes = session->model->weightsBytes;
  out->threads = session->threads;
  return BURIN_OK;
}
