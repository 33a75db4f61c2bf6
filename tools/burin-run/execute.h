//===- execute.h - Run an entry and take the time ---------------*- C++ -*-===//

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
struct Execution {
  SessionPtr session; // owns the outputs
  std::vector<burin_tensor> outputs;
  std::vector<double> latencies; // ms, of the measured runs, ascending
  burin_session_info info = {};
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
