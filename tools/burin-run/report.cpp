//===- report.cpp - What is told about a run ------------------------------===//

#include "report.h"
#include "numbers.h"
#include "text.h"
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/resource.h>

using namespace burin_run;

namespace {

/// Of this process alone: ru_maxrss would start with what its parent had.
uint64_t getPeakBytes() {
  uint64_t peak = 0;
  if (FILE *file = fopen("/proc/self/status", "r")) {
    char line[256];
    while (fgets(line, sizeof(line), file))
      if (strncmp(line, "VmHWM:", 6) == 0)
        peak = strtoull(line + 6, nullptr, 10) * 1024;
    fclose(file);
  }
  rusage usage;
  if (peak == 0 && getrusage(RUSAGE_SELF, &usage) == 0)
    peak = uint64_t(usage.ru_maxrss) * 1024;
  return peak;
}

struct Latency {
  double min, median, mean, p99;

  /// `sorted` has at least one.
  explicit Latency(const std::vector<double> &sorted) : min(sorted.front()) {
    size_t size = sorted.size();
    median = (sorted[(size - 1) / 2] + sorted[size / 2]) / 2;
    p99 = sorted[(size * 99 + 99) / 100 - 1];
    mean = 0;
    for (double value : sorted)
      mean += value / double(size);
  }
};

std::string listJson(const burin_tensor_desc *descs,
                     const burin_tensor *tensors, int32_t count) {
  std::string result;
  for (int32_t i = 0; i < count; ++i) {
    result += format("%s{\"name\": %s, \"dtype\": \"%s\", \"shape\": [",
                     i ? ", " : "", quoteJson(descs[i].name).c_str(),
                     burin_dtype_name(tensors[i].dtype));
    for (int32_t k = 0; k < tensors[i].rank; ++k)
      result += (k ? ", " : "") + std::to_string(tensors[i].shape[k]);
    result += "]}";
  }
  return result;
}

/// JSON knows no infinity.
std::string numberJson(double value) {
  return std::isfinite(value) ? format("%.9g", value) : "null";
}

std::string expectJson(const std::vector<Expectation> &expectations) {
  std::string result;
  for (const Expectation &e : expectations)
    result +=
        format("%s{\"name\": %s, \"ok\": %s, \"max_abs\": %s, \"max_rel\": %s}",
               result.empty() ? "" : ", ", quoteJson(e.name).c_str(),
               e.comparison.ok ? "true" : "false",
               numberJson(e.comparison.maxAbs).c_str(),
               numberJson(e.comparison.maxRel).c_str());
  return result;
}

void printTensor(const burin_tensor_desc &desc, const burin_tensor &tensor) {
  printf("  %s: %s[", escape(desc.name).c_str(),
         burin_dtype_name(tensor.dtype));
  for (int32_t i = 0; i < tensor.rank; ++i)
    printf(i ? ",%lld" : "%lld", static_cast<long long>(tensor.shape[i]));
  printf("]");
  size_t count = 0;
  burin_tensor_byte_size(&tensor, &count);
  count /= burin_dtype_size(tensor.dtype);
  constexpr size_t most = 6;
  for (size_t i = 0; i < count && i < most; ++i)
    printf(" %.6g", readNumber(tensor.data, tensor.dtype, i));
  printf(count > most ? " ...\n" : "\n");
}

} // namespace

void burin_run::printJson(const Report &report) {
  const Execution &execution = report.execution;
  Latency latency(execution.latencies);
  printf("{\"model\": %s, \"entry\": %s, \"cpu\": %s, \"threads\": %d, "
         "\"repeat\": %lld, ",
         quoteJson(report.model.name).c_str(),
         quoteJson(report.entry.name).c_str(),
         quoteJson(report.model.cpu).c_str(), execution.info.threads,
         static_cast<long long>(report.options.repeat));
  printf("\"latency_ms\": {\"min\": %.6f, \"median\": %.6f, \"mean\": %.6f, "
         "\"p99\": %.6f}, \"streams\": %d, \"runs_per_second\": %.6f, ",
         latency.min, latency.median, latency.mean, latency.p99,
         report.options.streams, execution.runsPerSecond);
  printf("\"arena_bytes\": %llu, \"dynamic_bytes\": %llu, "
         "\"weights_bytes\": %llu, "
         "\"peak_rss_bytes\": %llu, ",
         static_cast<unsigned long long>(execution.info.arena_bytes),
         static_cast<unsigned long long>(execution.info.dynamic_bytes),
         static_cast<unsigned long long>(execution.info.weights_bytes),
         static_cast<unsigned long long>(getPeakBytes()));
  printf("\"inputs\": [%s], \"outputs\": [%s], \"expect\": [%s]}\n",
         listJson(report.entry.inputs, report.inputs.data(),
                  report.entry.num_inputs)
             .c_str(),
         listJson(report.entry.outputs, execution.streams.front().outputs.data(),
                  report.entry.num_outputs)
             .c_str(),
         expectJson(report.expectations).c_str());
}

void burin_run::printSummary(const Report &report) {
  const Execution &execution = report.execution;
  Latency latency(execution.latencies);
  printf("%s: %.4g ms", escape(report.entry.name).c_str(), latency.median);
  if (execution.latencies.size() > 1)
    printf(" (median of %zu; min %.4g, mean %.4g, p99 %.4g)",
           execution.latencies.size(), latency.min, latency.mean, latency.p99);
  printf(", %d thread%s", execution.info.threads,
         execution.info.threads == 1 ? "" : "s");
  if (report.options.streams > 1)
    printf(" in each of %d streams: %.6g runs per second",
           report.options.streams, execution.runsPerSecond);
  printf("\n");
  for (int32_t i = 0; i < report.entry.num_outputs; ++i)
    printTensor(report.entry.outputs[i],
                execution.streams.front().outputs[size_t(i)]);
  for (const Expectation &e : report.expectations)
    if (e.comparison.ok)
      printf("  %s: as expected (max abs %.3g, max rel %.3g)\n",
             escape(e.name).c_str(), e.comparison.maxAbs, e.comparison.maxRel);
}
