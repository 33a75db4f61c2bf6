//===- trace.cpp - Where the time of runs goes ----------------------------===//

#include "trace.h"
#include "options.h"
#include "text.h"
#include <cerrno>
#include <cstdio>
#include <cstring>

using namespace burin_run;

void Trace::watch(burin_session *session) {
  burin_session_watch(
      session,
      [](void *trace, void (*code)(void *, int64_t, int64_t), int64_t begin,
         int64_t end) { static_cast<Trace *>(trace)->addLoop(code, begin, end); },
      this);
}

void Trace::addLoop(void (*code)(void *, int64_t, int64_t), int64_t begin,
                    int64_t end) {
  // Most often the next one of the list.
  int32_t count = entry.num_kernels, found = -1;
  int32_t after = loops.empty() ? 0 : loops.back().kernel + 1;
  for (int32_t i = 0; i < count && found < 0; ++i)
    if (int32_t kernel = (after + i) % count; entry.kernels[kernel].code == code)
      found = kernel;
  // Loops of library kernels are part of what runs between those of the list.
  if (found >= 0)
    loops.push_back({found, begin, end});
}

void Trace::addRun(int64_t begin, int64_t end) {
  runs.push_back({begin, end, nextLoop});
  nextLoop = loops.size();
}

/// Parallel and serial kernels of a run, in the order of time.
std::vector<Trace::Event> Trace::getKernels(size_t run) const {
  std::vector<Event> events;
  Event before = {-1, runs[run].begin, runs[run].begin};
  auto addSerial = [&](int32_t next, int64_t end) {
    for (int32_t i = before.kernel + 1; i < next; ++i)
      if (!entry.kernels[i].code) {
        events.push_back({i, before.end, end});
        break; // Two of them never stand side by side but for branches.
      }
  };
  size_t end = run + 1 < runs.size() ? runs[run + 1].firstLoop : loops.size();
  for (size_t i = runs[run].firstLoop; i < end; ++i) {
    addSerial(loops[i].kernel, loops[i].begin);
    events.push_back(loops[i]);
    before = loops[i];
  }
  addSerial(entry.num_kernels, runs[run].end);
  return events;
}

int Trace::write(const std::string &path) const {
  FILE *file = fopen(path.c_str(), "w");
  if (!file) {
    complain("cannot write '%s': %s", path.c_str(), strerror(errno));
    return ExitMachine;
  }
  fputs("{\"displayTimeUnit\": \"ms\", \"traceEvents\": [", file);
  int64_t start = runs.empty() ? 0 : runs.front().begin;
  const char *separator = "\n";
  auto print = [&](const char *name, const char *kind, int64_t begin,
                   int64_t end, const std::string &arguments) {
    fprintf(file,
            "%s {\"name\": %s, \"cat\": \"%s\", \"ph\": \"X\", \"ts\": %.3f, "
            "\"dur\": %.3f, \"pid\": 1, \"tid\": 1, \"args\": {%s}}",
            separator, quoteJson(name).c_str(), kind,
            double(begin - start) * 1e-3, double(end - begin) * 1e-3,
            arguments.c_str());
    separator = ",\n";
  };
  for (size_t run = 0; run < runs.size(); ++run) {
    print(entry.name, "run", runs[run].begin, runs[run].end, "");
    for (const Event &event : getKernels(run)) {
      const burin_kernel_desc &kernel = entry.kernels[event.kernel];
      print(kernel.name, kernel.code ? "parallel" : "serial", event.begin, event.end,
            format("\"kernel\": %d", event.kernel));
    }
  }
  fputs("\n]}\n", file);
  bool failed = ferror(file) != 0;
  if (fclose(file) == 0 && !failed)
    return ExitDone;
  complain("cannot write '%s': %s", path.c_str(), strerror(errno));
  return ExitMachine;
}
