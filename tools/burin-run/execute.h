//===- execute.h - Run an entry and take the time ---------------*- C++ -*-===//
//
// A stream is a session that a thread of its own calls again and again. One has
// the shortest latency, several at once have the highest throughput: loops that
// are too short for all threads of a machine are not shared by all of them.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_RUN_EXECUTE_H
#define BURIN_RUN_EXECUTE_H

#include "inputs.h"
#include "trace.h"
#include <memory>

namespace burin_run {

struct ModelCloser {
  void operator()(burin_model *model) const { burin_model_close(model); }
};
struct SessionCloser {
  void operator()(burin_session *session) const {
    burin_session_close(session);
  }
};
using ModelPtr = std::unique_ptr<burin_model, ModelCloser>;
using SessionPtr = std::unique_ptr<burin_session, SessionCloser>;

/// One session's runs.
struct Stream {
  SessionPtr session; // owns the outputs
  std::vector<burin_tensor> outputs;
  std::vector<double> latencies; // ms, of the measured runs
  int64_t begin = 0, end = 0;    // of all of them, in nanoseconds
  burin_status status = BURIN_OK;
  burin_error error;
};

/// What all streams did.
struct Execution {
  std::vector<Stream> streams;   // at least one
  std::vector<double> latencies; // ms, of the measured runs, ascending
  double runsPerSecond = 0;      // of all streams, while they were measured
  burin_session_info info = {};  // of one
};

/// Complains; an ExitCode.
int openModel(const std::string &path, ModelPtr &out);
int openLinkedModel(const burin_model_desc *desc, ModelPtr &out);
int chooseCpu(burin_model *model, const std::string &cpu);
/// Measured runs are told to the trace, if there is one.
int execute(burin_model *model, int32_t entry, const Options &options,
            const TensorList &inputs, Trace *trace, Execution &out);

} // namespace burin_run

#endif // BURIN_RUN_EXECUTE_H
