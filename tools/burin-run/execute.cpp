//===- execute.cpp - Run an entry and take the time -----------------------===//

#include "execute.h"
#include "text.h"
#include <algorithm>
#include <cstring>
#include <ctime>
#include <unistd.h>

using namespace burin_run;

namespace {

int complainOf(burin_status status, const burin_error &error) {
  complain("%s", error.text);
  switch (status) {
  case BURIN_INVALID_ARGUMENT:
    return ExitUsage;
  case BURIN_OUT_OF_MEMORY:
    return ExitMachine;
  default:
    return ExitBadFile;
  }
}

/// In nanoseconds.
int64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t(time.tv_sec) * 1000000000 + time.tv_nsec;
}

} // namespace

int burin_run::openModel(const std::string &path, ModelPtr &out) {
  burin_model *model = nullptr;
  burin_error error;
  if (burin_status status = burin_model_open(path.c_str(), &model, &error))
    return complainOf(status, error);
  out.reset(model);
  return ExitDone;
}

int burin_run::openLinkedModel(const burin_model_desc *desc, ModelPtr &out) {
  // External weights lie beside the program, wherever it is called from.
  char folder[4096];
  ssize_t length = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
  folder[length < 0 ? 0 : length] = '\0';
  if (char *slash = strrchr(folder, '/'))
    *slash = '\0';
  burin_model *model = nullptr;
  burin_error error;
  if (burin_status status = burin_model_wrap(desc, folder, &model, &error))
    return complainOf(status, error);
  out.reset(model);
  return ExitDone;
}

int burin_run::chooseCpu(burin_model *model, const std::string &cpu) {
  burin_error error;
  if (burin_status status = burin_model_choose(model, cpu.c_str(), &error))
    return complainOf(status, error);
  return ExitDone;
}

int burin_run::execute(burin_model *model, int32_t entry,
                       const Options &options, const TensorList &inputs,
                       Trace *trace, Execution &out) {
  burin_session *session = nullptr;
  burin_error error;
  if (burin_status status =
          burin_session_create(model, options.threads, &session, &error))
    return complainOf(status, error);
  out.session.reset(session);
  int32_t numOutputs = burin_model_describe(model)->entries[entry].num_outputs;
  // Written to, so that no page of it is new while runs are measured.
  out.latencies.assign(size_t(options.repeat), 0.0);
  for (int64_t i = -options.warmup; i < options.repeat; ++i) {
    out.outputs.assign(size_t(numOutputs), burin_tensor{});
    if (i == 0 && trace)
      trace->watch(session);
    int64_t begin = now();
    burin_status status =
        burin_session_run(session, entry, inputs.data(), int32_t(inputs.size()),
                          out.outputs.data(), numOutputs, &error);
    int64_t end = now();
    if (status != BURIN_OK)
      return complainOf(status, error);
    if (i >= 0)
      out.latencies[size_t(i)] = double(end - begin) * 1e-6;
    if (i >= 0 && trace)
      trace->addRun(begin, end);
  }
  std::sort(out.latencies.begin(), out.latencies.end());
  burin_session_describe(session, &out.info);
  return ExitDone;
}
