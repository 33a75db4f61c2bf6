//===- model.cpp - A loaded model -----------------------------------------===//

#include "model.h"
#include "error.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

using namespace burin;

/// Where an earlier dimension of this entry, or this one, has the symbol first.
static int32_t findTwin(const burin_entry_desc &entry, int32_t input,
                        int32_t axis) {
  const burin_dim &dim = entry.inputs[input].dims[axis];
  if (dim.size >= 0 || !dim.symbol)
    return -1;
  for (int32_t i = 0; i <= input; ++i)
    for (int32_t k = 0; k < entry.inputs[i].rank; ++k) {
      const burin_dim &other = entry.inputs[i].dims[k];
      if (other.size < 0 && other.symbol &&
          (other.symbol == dim.symbol || !strcmp(other.symbol, dim.symbol)))
        return i * BURIN_MAX_RANK + k;
    }
  return -1;
}

/// Done once, since comparing names at each run would cost more than the rest
/// of its checks.
static bool findTwins(burin_model &model) {
  const burin_model_desc &desc = *model.desc;
  size_t inputs = 0;
  for (int32_t i = 0; i < desc.num_entries; ++i)
    inputs += size_t(desc.entries[i].num_inputs);
  model.firstTwin =
      static_cast<int32_t *>(calloc(desc.num_entries, sizeof(int32_t)));
  model.twins = static_cast<int32_t *>(
      calloc(inputs * BURIN_MAX_RANK + 1, sizeof(int32_t)));
  if (!model.firstTwin || !model.twins)
    return false;
  int32_t next = 0;
  for (int32_t i = 0; i < desc.num_entries; ++i) {
    const burin_entry_desc &entry = desc.entries[i];
    model.firstTwin[i] = next;
    for (int32_t k = 0; k < entry.num_inputs; ++k, next += BURIN_MAX_RANK)
      for (int32_t axis = 0; axis < entry.inputs[k].rank; ++axis)
        model.twins[next + axis] = findTwin(entry, k, axis);
  }
  return true;
}

burin_status burin_model_wrap(const burin_model_desc *desc, const char *folder,
                              burin_model **out, burin_error *error) {
  if (!desc || !out)
    return fail(error, BURIN_INVALID_ARGUMENT, "an argument is NULL");
  if (burin_status status = verifyModel(desc, &desc, error))
    return status;
  auto *model = static_cast<burin_model *>(calloc(1, sizeof(burin_model)));
  if (!model)
    return fail(error, BURIN_OUT_OF_MEMORY, "no memory for a model");
  model->desc = desc;
  model->sections = static_cast<const unsigned char **>(
      calloc(size_t(desc->num_weights) + 1, sizeof(*model->sections)));
  burin_status status = BURIN_OUT_OF_MEMORY;
  if (!model->sections || !findTwins(*model))
    fail(error, status, "no memory for a model");
  else
    status = mapWeights(*model, folder, error);
  if (status != BURIN_OK) {
    burin_model_close(model);
    return status;
  }
  *out = model;
  return BURIN_OK;
}

const burin_model_desc *burin_model_describe(const burin_model *model) {
  return model->desc;
}

burin_status burin_model_choose(burin_model *model, const char *cpu,
                                burin_error *error) {
  if (!model || !cpu)
    return fail(error, BURIN_INVALID_ARGUMENT, "an argument is NULL");
  const burin_model_desc *const *levels = model->desc->levels;
  for (int32_t i = 0; i < model->desc->num_levels; ++i)
    if (!strcmp(levels[i]->cpu, cpu)) {
      if (burin_status status = checkCpu(*levels[i], error))
        return status;
      model->desc = levels[i];
      return BURIN_OK;
    }
  if (!strcmp(model->desc->cpu, cpu))
    return BURIN_OK;
  return fail(error, BURIN_INVALID_ARGUMENT,
              "the artifact is not compiled for '%s'", cpu);
}

burin_status burin_model_find_entry(const burin_model *model, const char *name,
                                    int32_t *out) {
  if (!model || !out)
    return BURIN_INVALID_ARGUMENT;
  for (int32_t i = 0; i < model->desc->num_entries; ++i)
    if (!name || !strcmp(name, model->desc->entries[i].name)) {
      *out = i;
      return BURIN_OK;
    }
  return BURIN_INVALID_ARGUMENT;
}

void burin_model_close(burin_model *model) {
  if (!model)
    return;
  if (model->sections)
    unmapWeights(*model);
  free(model->sections);
  free(model->twins);
  free(model->firstTwin);
  // Last, since the descriptor lies in there.
  if (model->library)
    dlclose(model->library);
  free(model);
}
