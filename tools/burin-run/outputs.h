//===- outputs.h - Write outputs as files -----------------------*- C++ -*-===//

#ifndef BURIN_RUN_OUTPUTS_H
#define BURIN_RUN_OUTPUTS_H

#include "burin/runtime.h"
#include <string>
#include <vector>

namespace burin_run {

/// Whether `folder` is one, or may yet become one. Complains; an ExitCode.
int checkFolder(const std::string &folder);

/// Writes all outputs into `folder`, which is made where it is missing, or
/// none.
int writeOutputs(const std::string &folder, const burin_entry_desc &entry,
                 const std::vector<burin_tensor> &outputs);

} // namespace burin_run

#endif // BURIN_RUN_OUTPUTS_H
