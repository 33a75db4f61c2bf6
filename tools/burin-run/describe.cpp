//===- describe.cpp - What is in an artifact ------------------------------===//

#include "report.h"
#include "text.h"
#include <cstdio>
#include <vector>

using namespace burin_run;

namespace {

/// "[batch,3]" for people; ["batch", 3] for programs, null where a dimension
/// has no name.
std::string printShape(const burin_tensor_desc &desc, bool json) {
  std::string result = "[";
  for (int32_t i = 0; i < desc.rank; ++i) {
    const burin_dim &dim = desc.dims[i];
    result += i ? (json ? ", " : ",") : "";
    if (dim.size >= 0)
      result += std::to_string(dim.size);
    else if (json)
      result += dim.symbol ? quoteJson(dim.symbol) : "null";
    else
      result += dim.symbol ? escape(dim.symbol) : "?";
  }
  return result + "]";
}

std::string printSize(uint64_t bytes) {
  const char *units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  double size = double(bytes);
  int unit = 0;
  while (size >= 1024 && unit < 4) {
    size /= 1024;
    ++unit;
  }
  return format(unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

uint64_t getWeightsBytes(const burin_model_desc &model) {
  uint64_t sum = 0;
  for (int32_t i = 0; i < model.num_weights; ++i)
    sum += model.weights[i].bytes;
  return sum;
}

void printTensors(const char *kind, const burin_tensor_desc *descs,
                  int32_t count) {
  for (int32_t i = 0; i < count; ++i)
    printf("  %-6s %s: %s%s\n", kind, escape(descs[i].name).c_str(),
           burin_dtype_name(descs[i].dtype),
           printShape(descs[i], false).c_str());
}

std::string tensorsJson(const burin_tensor_desc *descs, int32_t count) {
  std::string result = "[";
  for (int32_t i = 0; i < count; ++i)
    result += format("%s{\"name\": %s, \"dtype\": \"%s\", \"shape\": %s}",
                     i ? ", " : "", quoteJson(descs[i].name).c_str(),
                     burin_dtype_name(descs[i].dtype),
                     printShape(descs[i], true).c_str());
  return result + "]";
}

std::string statesJson(const burin_model_desc &model) {
  std::string result = "[";
  for (int32_t i = 0; i < model.num_states; ++i) {
    const burin_state_desc &state = model.states[i];
    result += format("%s{\"name\": %s, \"dtype\": \"%s\", \"shape\": %s, "
                     "\"axis\": %d, \"capacity\": %lld}",
                     i ? ", " : "", quoteJson(state.tensor.name).c_str(),
                     burin_dtype_name(state.tensor.dtype),
                     printShape(state.tensor, true).c_str(), state.axis,
                     static_cast<long long>(state.capacity));
  }
  return result + "]";
}

/// The processors that there is code for, the best first.
std::vector<const burin_model_desc *> getLevels(const burin_model_desc &model) {
  if (model.num_levels == 0)
    return {&model};
  return {model.levels, model.levels + model.num_levels};
}

std::string levelsJson(const burin_model_desc &model) {
  std::string result = "[";
  for (const burin_model_desc *level : getLevels(model))
    result += format("%s{\"cpu\": %s, \"features\": %s}",
                     result.size() > 1 ? ", " : "",
                     quoteJson(level->cpu).c_str(),
                     quoteJson(level->cpu_features ? level->cpu_features : "")
                         .c_str());
  return result + "]";
}

void printLevels(const burin_model_desc &model) {
  for (const burin_model_desc *level : getLevels(model)) {
    printf("cpu %s", escape(level->cpu).c_str());
    if (level->cpu_features)
      printf(", needs %s", escape(level->cpu_features).c_str());
    printf(model.num_levels > 1 && level == &model ? " (runs here)\n" : "\n");
  }
}

} // namespace

void burin_run::printDescription(const burin_model_desc &model) {
  printf("model %s, made by %s for %s (%s", escape(model.name).c_str(),
         escape(model.producer).c_str(), escape(model.cpu).c_str(),
         escape(model.target).c_str());
  if (model.cpu_level > 0)
    printf(", x86-64-v%d or later", model.cpu_level);
  printf(")\n");
  printLevels(model);
  for (int32_t i = 0; i < model.num_entries; ++i) {
    const burin_entry_desc &entry = model.entries[i];
    printf("entry %s, arena %s\n", escape(entry.name).c_str(),
           printSize(entry.arena_bytes).c_str());
    printTensors("input", entry.inputs, entry.num_inputs);
    printTensors("output", entry.outputs, entry.num_outputs);
  }
  for (int32_t i = 0; i < model.num_states; ++i)
    printf("state %s: %s%s, up to %lld along dimension %d\n",
           escape(model.states[i].tensor.name).c_str(),
           burin_dtype_name(model.states[i].tensor.dtype),
           printShape(model.states[i].tensor, false).c_str(),
           static_cast<long long>(model.states[i].capacity),
           model.states[i].axis);
  printf("weights %s\n", printSize(getWeightsBytes(model)).c_str());
  for (int32_t i = 0; i < model.num_weights; ++i)
    if (model.weights[i].file)
      printf("  in %s: %s\n", escape(model.weights[i].file).c_str(),
             printSize(model.weights[i].bytes).c_str());
}

void burin_run::printDescriptionJson(const burin_model_desc &model) {
  printf("{\"model\": %s, \"producer\": %s, \"target\": %s, \"cpu\": %s, "
         "\"cpu_level\": %d, \"levels\": %s, \"weights_bytes\": %llu, "
         "\"entries\": [",
         quoteJson(model.name).c_str(), quoteJson(model.producer).c_str(),
         quoteJson(model.target).c_str(), quoteJson(model.cpu).c_str(),
         model.cpu_level, levelsJson(model).c_str(),
         static_cast<unsigned long long>(getWeightsBytes(model)));
  for (int32_t i = 0; i < model.num_entries; ++i) {
    const burin_entry_desc &entry = model.entries[i];
    printf("%s{\"name\": %s, \"arena_bytes\": %llu, \"inputs\": %s, "
           "\"outputs\": %s}",
           i ? ", " : "", quoteJson(entry.name).c_str(),
           static_cast<unsigned long long>(entry.arena_bytes),
           tensorsJson(entry.inputs, entry.num_inputs).c_str(),
           tensorsJson(entry.outputs, entry.num_outputs).c_str());
  }
  printf("], \"states\": %s}\n", statesJson(model).c_str());
}
