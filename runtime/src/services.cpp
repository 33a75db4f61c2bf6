//===- services.cpp - What generated code asks of the runtime -------------===//

#include "error.h"
#include "session.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

using namespace burin;

static burin_session &sessionOf(void *owner) {
  return *static_cast<burin_session *>(owner);
}

/// A status that generated code made up is its failure, whatever it meant.
static burin_status asFailure(int32_t status) {
  return status > BURIN_OK && status <= BURIN_EXHAUSTED
             ? static_cast<burin_status>(status)
             : BURIN_FAILED;
}

burin_status burin::failRun(burin_session &session, int32_t status,
                            const char *format, ...) {
  burin_status result = asFailure(status);
  int32_t none = BURIN_OK;
  // Relaxed: the reason is read after the loops of all threads have ended.
  if (session.failure.status.compare_exchange_strong(
          none, result, std::memory_order_relaxed)) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(session.failure.reason.text, sizeof(burin_error::text), format,
              arguments);
    va_end(arguments);
  }
  return result;
}

static int32_t failService(void *owner, int32_t status, const char *message) {
  return failRun(sessionOf(owner), status, "%s",
                 message ? message : "the model gave no reason");
}

static void parallelForService(void *owner,
                               void (*body)(void *, int64_t, int64_t),
                               void *context, int64_t count, int64_t grain) {
  parallelFor(sessionOf(owner).pool, body, context, count, grain);
}

static int64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t(time.tv_sec) * 1000000000 + time.tv_nsec;
}

static void watchedParallelForService(void *owner,
                                      void (*body)(void *, int64_t, int64_t),
                                      void *context, int64_t count,
                                      int64_t grain) {
  burin_session &session = sessionOf(owner);
  int64_t begin = now();
  parallelFor(session.pool, body, context, count, grain);
  session.watch(session.watchContext, body, begin, now());
}

static void *allocateService(void *owner, int64_t bytes) {
  burin_session &session = sessionOf(owner);
  // A negative size is a product of dimensions that overflowed.
  void *memory = bytes < 0 ? nullptr : session.memory.allocate(size_t(bytes));
  if (!memory)
    failRun(session, BURIN_OUT_OF_MEMORY, "no memory for %lld bytes",
            static_cast<long long>(bytes));
  return memory;
}

static void releaseService(void *owner, void *memory) {
  sessionOf(owner).memory.release(memory);
}

/// What `output` gets in `session` memory.
static void *allocateOutput(burin_session &session, int32_t index,
                            const burin_tensor &result, size_t bytes) {
  void *memory = session.memory.allocate(bytes);
  if (!memory) {
    failRun(session, BURIN_OUT_OF_MEMORY,
            "no memory for output '%s', %s of %zu bytes",
            session.entry->outputs[index].name, describeType(result).text,
            bytes);
    return nullptr;
  }
  session.memory.keep(memory, true);
  session.owned[index] = memory;
  return memory;
}

static void *outputService(void *owner, int32_t index, const int64_t *shape) {
  burin_session &session = sessionOf(owner);
  if (index < 0 || index >= session.entry->num_outputs ||
      session.produced[index]) {
    failRun(session, BURIN_FAILED, "output number %d is not to be produced",
            index);
    return nullptr;
  }
  const burin_tensor_desc &desc = session.entry->outputs[index];
  burin_tensor &result = session.results[index];
  result = {nullptr, desc.dtype, desc.rank, {}};
  for (int32_t i = 0; i < desc.rank; ++i)
    result.shape[i] = shape[i];
  size_t bytes;
  if (burin_tensor_byte_size(&result, &bytes) != BURIN_OK) {
    failRun(session, BURIN_OUT_OF_MEMORY,
            "output '%s': %s is more than memory can hold", desc.name,
            describeType(result).text);
    return nullptr;
  }
  const burin_tensor &given = session.given[index];
  if (given.data &&
      memcmp(given.shape, result.shape, desc.rank * sizeof(int64_t)) != 0) {
    failRun(session, BURIN_INVALID_ARGUMENT,
            "output '%s': this run makes %s, the caller's memory is %s",
            desc.name, describeType(result).text, describeType(given).text);
    return nullptr;
  }
  result.data =
      given.data ? given.data : allocateOutput(session, index, result, bytes);
  session.produced[index] = result.data != nullptr;
  return result.data;
}

const burin_services burin::services = {parallelForService, allocateService,
                                        releaseService, outputService,
                                        failService};
const burin_services burin::watchedServices = {
    watchedParallelForService, allocateService, releaseService, outputService,
    failService};
