//===- trace.h - Where the time of runs goes --------------------*- C++ -*-===//

#ifndef BURIN_RUN_TRACE_H
#define BURIN_RUN_TRACE_H

#include "burin/runtime.h"
#include <string>
#include <vector>

namespace burin_run {

/// When kernels ran. Parallel loops are told by the runtime; what runs between
/// two of them is what lies between them in the list of kernels.
class Trace {
public:
  explicit Trace(const burin_entry_desc &entry) : entry(entry) {}

  /// The session tells of its runs from now on.
  void watch(burin_session *session);
  void addRun(int64_t begin, int64_t end);

  /// Chrome's trace event format. Complains; an ExitCode.
  int write(const std::string &path) const;

private:
  struct Event {
    int32_t kernel; // -1: not of the entry's
    int64_t begin, end;
  };
  struct Run {
    int64_t begin, end;
    size_t firstLoop;
  };

  void addLoop(void (*code)(void *, int64_t, int64_t), int64_t begin,
               int64_t end);
  std::vector<Event> getKernels(size_t run) const;

  const burin_entry_desc &entry;
  std::vector<Event> loops;
  std::vector<Run> runs;
  size_t nextLoop = 0; // the first one of the next run
};

} // namespace burin_run

#endif // BURIN_RUN_TRACE_H
