//===- report.h - What is told about a run ----------------------*- C++ -*-===//

#ifndef BURIN_RUN_REPORT_H
#define BURIN_RUN_REPORT_H

#include "compare.h"
#include "execute.h"

namespace burin_run {

struct Expectation {
  std::string name;
  Comparison comparison;
};

/// All that is known after a run.
struct Report {
  const burin_model_desc &model;
  const burin_entry_desc &entry;
  const Options &options;
  const TensorList &inputs;
  const Execution &execution;
  const std::vector<Expectation> &expectations;
};

/// To stdout: the object of --json, or a few lines for people.
void printJson(const Report &report);
void printSummary(const Report &report);

/// To stdout, for --describe.
void printDescription(const burin_model_desc &model);
void printDescriptionJson(const burin_model_desc &model);

} // namespace burin_run

#endif // BURIN_RUN_REPORT_H
