//===- verify.cpp - Whether a descriptor can be trusted -------------------===//
//
// Generated code is trusted, for it runs in this process anyway. What is
// checked here is that the artifact was made for this runtime and this machine,
// and that a compiler's bug shows up as an error with a name in it.
//
//===----------------------------------------------------------------------===//

#include "error.h"
#include "model.h"

using namespace burin;

namespace {

/// Far above what any model has, far below what would overflow.
constexpr int32_t maxItems = 1 << 16;
constexpr uint64_t maxBytes = uint64_t(1) << 46;

burin_status bad(burin_error *error, const char *what, const char *name) {
  return fail(error, BURIN_INCOMPATIBLE,
              "the artifact's descriptor is bad: %s%s%s%s", what,
              name ? " '" : "", name ? name : "", name ? "'" : "");
}

bool isCount(int32_t count, const void *items) {
  return count >= 0 && count <= maxItems && (count == 0 || items);
}

bool isTensor(const burin_tensor_desc &tensor) {
  if (!tensor.name || tensor.rank < 0 || tensor.rank > BURIN_MAX_RANK ||
      burin_dtype_size(tensor.dtype) == 0 || (tensor.rank > 0 && !tensor.dims))
    return false;
  for (int32_t i = 0; i < tensor.rank; ++i)
    if (tensor.dims[i].size < -1)
      return false;
  return true;
}

burin_status verifyEntry(const burin_entry_desc &entry, burin_error *error) {
  if (!entry.name)
    return bad(error, "an entry without a name", nullptr);
  if (!entry.run || entry.arena_bytes > maxBytes ||
      !isCount(entry.num_inputs, entry.inputs) ||
      !isCount(entry.num_outputs, entry.outputs))
    return bad(error, "entry", entry.name);
  for (int32_t i = 0; i < entry.num_inputs; ++i)
    if (!isTensor(entry.inputs[i]))
      return bad(error, "an input of entry", entry.name);
  for (int32_t i = 0; i < entry.num_outputs; ++i)
    if (!isTensor(entry.outputs[i]))
      return bad(error, "an output of entry", entry.name);
  if (!isCount(entry.num_kernels, entry.kernels))
    return bad(error, "the kernels of entry", entry.name);
  for (int32_t i = 0; i < entry.num_kernels; ++i)
    if (!entry.kernels[i].name)
      return bad(error, "a kernel of entry", entry.name);
  return BURIN_OK;
}

bool isState(const burin_state_desc &state) {
  const burin_tensor_desc &desc = state.tensor;
  if (!isTensor(desc) || state.axis < 0 || state.axis >= desc.rank ||
      state.capacity != desc.dims[state.axis].size)
    return false;
  burin_tensor tensor = {nullptr, desc.dtype, desc.rank, {}};
  for (int32_t i = 0; i < desc.rank; ++i)
    tensor.shape[i] = desc.dims[i].size; // -1 is refused below.
  size_t bytes;
  return burin_tensor_byte_size(&tensor, &bytes) == BURIN_OK &&
         bytes <= maxBytes;
}

/// External files lie beside the artifact, whatever the artifact says.
bool isFileName(const char *name) {
  if (name[0] == '\0' || (name[0] == '.' && name[1] == '\0') ||
      (name[0] == '.' && name[1] == '.' && name[2] == '\0'))
    return false;
  while (*name && *name != '/')
    ++name;
  return *name == '\0';
}

bool isSection(const burin_weights_desc &section) {
  if (section.bytes > maxBytes)
    return false;
  if (section.file)
    return !section.data && isFileName(section.file);
  return section.bytes == 0 ||
         (section.data && reinterpret_cast<uintptr_t>(section.data) % 64 == 0);
}

burin_status verifyOrigin(const burin_model_desc &desc, burin_error *error) {
  if (desc.magic != BURIN_ABI_MAGIC)
    return fail(error, BURIN_INCOMPATIBLE,
                "not an artifact of burinc: its descriptor starts with %08x",
                desc.magic);
  if (desc.abi_version != BURIN_ABI_VERSION)
    return fail(error, BURIN_INCOMPATIBLE,
                "the artifact has ABI version %u, this runtime has %u: compile "
                "the model again",
                desc.abi_version, BURIN_ABI_VERSION);
  if (!desc.name || !desc.producer || !desc.target || !desc.cpu)
    return bad(error, "a name is missing", nullptr);
  return BURIN_OK;
}

burin_status verifyLevel(const burin_model_desc *desc, burin_error *error) {
  if (!desc)
    return bad(error, "a level is missing", nullptr);
  if (burin_status status = verifyOrigin(*desc, error))
    return status;
  if (desc->num_entries < 1 || !isCount(desc->num_entries, desc->entries) ||
      !isCount(desc->num_states, desc->states) ||
      !isCount(desc->num_weights, desc->weights))
    return bad(error, "a number of entries, states or weights", nullptr);
  for (int32_t i = 0; i < desc->num_entries; ++i)
    if (burin_status status = verifyEntry(desc->entries[i], error))
      return status;
  for (int32_t i = 0; i < desc->num_states; ++i)
    if (!isState(desc->states[i]))
      return bad(error, "state", desc->states[i].tensor.name);
  for (int32_t i = 0; i < desc->num_weights; ++i)
    if (!isSection(desc->weights[i]))
      return bad(error, "a section of weights", desc->weights[i].file);
  return BURIN_OK;
}

/// What the runtime prepares once must be the same.
bool isSameModel(const burin_model_desc &one, const burin_model_desc &other) {
  for (int32_t i = 0; i < one.num_entries && i < other.num_entries; ++i)
    if (one.entries[i].inputs != other.entries[i].inputs ||
        one.entries[i].num_inputs != other.entries[i].num_inputs)
      return false;
  return one.num_entries == other.num_entries && one.states == other.states &&
         one.num_states == other.num_states && one.weights == other.weights &&
         one.num_weights == other.num_weights && one.levels == other.levels &&
         one.num_levels == other.num_levels;
}

} // namespace

burin_status burin::verifyModel(const burin_model_desc *desc,
                                const burin_model_desc **chosen,
                                burin_error *error) {
  if (!desc)
    return bad(error, "there is none", nullptr);
  if (burin_status status = verifyLevel(desc, error))
    return status;
  if (!isCount(desc->num_levels, desc->levels))
    return bad(error, "a number of levels", nullptr);
  if (desc->num_levels == 0) {
    *chosen = desc;
    return checkCpu(*desc, error);
  }
  for (int32_t i = 0; i < desc->num_levels; ++i) {
    if (burin_status status = verifyLevel(desc->levels[i], error))
      return status;
    if (!isSameModel(*desc, *desc->levels[i]))
      return bad(error, "level", desc->levels[i]->cpu);
  }
  burin_status status = BURIN_OK;
  for (int32_t i = 0; i < desc->num_levels; ++i) {
    status = checkCpu(*desc->levels[i], error);
    if (status == BURIN_OK) {
      *chosen = desc->levels[i];
      break;
    }
  }
  return status;
}
