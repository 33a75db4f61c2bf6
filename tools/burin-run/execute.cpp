//===- execute.cpp - Run an entry and take the time -----------------------===//

#include "execute.h"
#include "text.h"
#include <algorithm>
#include <cstring>
#include <ctime>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
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

/// What every stream does.
struct Task {
  burin_model *model;
  int32_t entry;
  const Options &options;
  const TensorList &inputs;
  Trace *trace;
};

burin_status runOnce(const Task &task, Stream &stream) {
  const burin_model_desc &desc = *burin_model_describe(task.model);
  stream.outputs.assign(size_t(desc.entries[task.entry].num_outputs), {});
  return burin_session_run(stream.session.get(), task.entry, task.inputs.data(),
                           int32_t(task.inputs.size()), stream.outputs.data(),
                           int32_t(stream.outputs.size()), &stream.error);
}

/// All that comes before the first measured run.
burin_status prepare(const Task &task, Stream &stream) {
  burin_session *session = nullptr;
  if (burin_status status = burin_session_create(
          task.model, task.options.threads, &session, &stream.error))
    return status;
  stream.session.reset(session);
  // Written to, so that no page of it is new while runs are measured.
  stream.latencies.assign(size_t(task.options.repeat), 0.0);
  for (int64_t i = 0; i < task.options.warmup; ++i)
    if (burin_status status = runOnce(task, stream))
      return status;
  if (task.trace)
    task.trace->watch(session);
  return BURIN_OK;
}

burin_status measure(const Task &task, Stream &stream) {
  stream.begin = now();
  for (double &latency : stream.latencies) {
    int64_t begin = now();
    if (burin_status status = runOnce(task, stream))
      return status;
    stream.end = now();
    latency = double(stream.end - begin) * 1e-6;
    if (task.trace)
      task.trace->addRun(begin, stream.end);
  }
  return BURIN_OK;
}

/// Where streams wait until all of them are ready.
struct Gate {
  sem_t ready, decided; // one post for each stream
  bool isOpen = false;

  Gate() {
    sem_init(&ready, 0, 0);
    sem_init(&decided, 0, 0);
  }
};

/// One stream's thread.
struct Caller {
  const Task &task;
  Stream &stream;
  Gate &gate;
  size_t number, count; // of all streams
  pthread_t thread;
};

/// The session that this thread makes stays on this stream's part of the cores:
/// threads of two streams on one core would take turns while others are idle.
void takeCores(size_t number, size_t count) {
  cpu_set_t all, mine;
  if (sched_getaffinity(0, sizeof(all), &all) != 0)
    return;
  CPU_ZERO(&mine);
  size_t cores = size_t(CPU_COUNT(&all)), first = number * cores / count;
  size_t last = std::max(first + 1, (number + 1) * cores / count);
  for (size_t cpu = 0, i = 0; i < last && cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &all) && i++ >= first)
      CPU_SET(cpu, &mine);
  sched_setaffinity(0, sizeof(mine), &mine);
}

void *serve(void *argument) {
  auto &caller = *static_cast<Caller *>(argument);
  Stream &stream = caller.stream;
  takeCores(caller.number, caller.count);
  stream.status = prepare(caller.task, stream);
  sem_post(&caller.gate.ready);
  sem_wait(&caller.gate.decided);
  if (caller.gate.isOpen)
    stream.status = measure(caller.task, stream);
  return nullptr;
}

/// Runs all streams at once, each in a thread of its own.
int runTogether(const Task &task, std::vector<Stream> &streams) {
  Gate gate;
  std::vector<Caller> callers;
  callers.reserve(streams.size());
  int code = 0;
  for (size_t i = 0; i < streams.size() && code == 0; ++i) {
    callers.push_back({task, streams[i], gate, i, streams.size(), {}});
    code = pthread_create(&callers[i].thread, nullptr, serve, &callers[i]);
    if (code != 0)
      callers.pop_back();
  }
  for (size_t i = 0; i < callers.size(); ++i)
    sem_wait(&gate.ready);
  gate.isOpen = code == 0;
  for (const Stream &stream : streams)
    gate.isOpen &= stream.status == BURIN_OK;
  for (size_t i = 0; i < callers.size(); ++i)
    sem_post(&gate.decided);
  for (Caller &caller : callers)
    pthread_join(caller.thread, nullptr);
  if (code == 0)
    return ExitDone;
  complain("cannot start thread %zu of %zu: %s", callers.size() + 1,
           streams.size(), strerror(code));
  return ExitMachine;
}

/// Puts together what the streams measured.
void addUp(Execution &out) {
  const Stream &first = out.streams.front();
  int64_t begin = first.begin, end = first.end;
  for (const Stream &stream : out.streams) {
    begin = std::min(begin, stream.begin);
    end = std::max(end, stream.end);
    out.latencies.insert(out.latencies.end(), stream.latencies.begin(),
                         stream.latencies.end());
  }
  std::sort(out.latencies.begin(), out.latencies.end());
  double seconds = double(std::max(end - begin, int64_t(1))) * 1e-9;
  out.runsPerSecond = double(out.latencies.size()) / seconds;
  burin_session_describe(first.session.get(), &out.info);
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
  Task task = {model, entry, options, inputs, trace};
  out.streams = std::vector<Stream>(size_t(options.streams));
  Stream &first = out.streams.front();
  if (options.streams > 1) {
    if (int code = runTogether(task, out.streams))
      return code;
  } else {
    first.status = prepare(task, first);
    if (first.status == BURIN_OK)
      first.status = measure(task, first);
  }
  for (const Stream &stream : out.streams)
    if (stream.status != BURIN_OK)
      return complainOf(stream.status, stream.error);
  addUp(out);
  return ExitDone;
}
