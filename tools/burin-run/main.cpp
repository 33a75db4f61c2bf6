//===- main.cpp - burin-run: run an artifact ------------------------------===//

#include "outputs.h"
#include "report.h"
#include "text.h"
#include <cstdio>

using namespace burin_run;

/// There where burinc has linked a model and this program into one.
extern "C" [[gnu::weak]] const burin_model_desc *burin_model_v1(void);

namespace {

int describe(const burin_model_desc &model, bool json) {
  if (json)
    printDescriptionJson(model);
  else
    printDescription(model);
  return ExitDone;
}

int findEntry(burin_model *model, const std::string &name, int32_t &out) {
  const char *wanted = name.empty() ? nullptr : name.c_str();
  if (burin_model_find_entry(model, wanted, &out) == BURIN_OK)
    return ExitDone;
  complain("there is no entry '%s'; --describe lists all", name.c_str());
  return ExitUsage;
}

/// Of the first stream whose output differs, if one does.
Comparison compareAll(const Execution &execution, size_t output,
                      const burin_tensor &expected, const Options &options) {
  Comparison comparison;
  for (const Stream &stream : execution.streams) {
    comparison = compare(stream.outputs[output], expected, options.rtol,
                         options.atol);
    if (!comparison.ok)
      break;
  }
  return comparison;
}

/// Complains about each output that differs.
bool checkExpected(const burin_entry_desc &entry, const Options &options,
                   const TensorList &expected, const Execution &execution,
                   std::vector<Expectation> &out) {
  bool ok = true;
  for (size_t i = 0; i < expected.size(); ++i) {
    if (!expected[i].data)
      continue;
    Comparison comparison = compareAll(execution, i, expected[i], options);
    if (!comparison.ok)
      complain("output '%s': %s", entry.outputs[i].name,
               comparison.what.c_str());
    ok &= comparison.ok;
    out.push_back({entry.outputs[i].name, comparison});
  }
  return ok;
}

int run(burin_model *model, const Options &options) {
  int32_t number = 0;
  if (int code = findEntry(model, options.entry, number))
    return code;
  const burin_model_desc &desc = *burin_model_describe(model);
  const burin_entry_desc &entry = desc.entries[number];
  TensorList inputs, expected;
  if (int code = prepareInputs(entry, options, inputs))
    return code;
  if (int code = readExpected(entry, options, expected))
    return code;
  // Before a long run rather than after it.
  if (int code = checkFolder(options.outputDir))
    return code;
  Execution execution;
  Trace trace(entry);
  bool isTraced = !options.trace.empty();
  if (int code = execute(model, number, options, inputs,
                         isTraced ? &trace : nullptr, execution))
    return code;
  if (isTraced)
    if (int code = trace.write(options.trace))
      return code;
  if (!options.outputDir.empty())
    if (int code = writeOutputs(options.outputDir, entry,
                                execution.streams.front().outputs))
      return code;
  std::vector<Expectation> expectations;
  bool ok = checkExpected(entry, options, expected, execution, expectations);
  Report report = {desc, entry, options, inputs, execution, expectations};
  if (options.json)
    printJson(report);
  else
    printSummary(report);
  return ok ? ExitDone : ExitDiffers;
}

int start(const Options &options) {
  ModelPtr model;
  if (int code = burin_model_v1 ? openLinkedModel(burin_model_v1(), model)
                                : openModel(options.artifact, model))
    return code;
  if (!options.cpu.empty())
    if (int code = chooseCpu(model.get(), options.cpu))
      return code;
  if (options.describe)
    return describe(*burin_model_describe(model.get()), options.json);
  return run(model.get(), options);
}

} // namespace

int main(int argc, char **argv) {
  Options options;
  int code = parseOptions(argc, argv, burin_model_v1 != nullptr, options);
  if (code == ExitDone && !options.isDone)
    code = start(options);
  // A full disk must not look like success.
  if ((fflush(stdout) != 0 || ferror(stdout)) && code == ExitDone) {
    complain("cannot write to standard output");
    code = ExitMachine;
  }
  return code;
}
