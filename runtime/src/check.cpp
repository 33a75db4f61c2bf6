//===- check.cpp - Whether tensors fit an entry ---------------------------===//

#include "error.h"
#include "session.h"

using namespace burin;

/// A symbol that two inputs give different sizes.
static burin_status failTwin(const burin_entry_desc &entry,
                             const burin_tensor *inputs, int32_t index,
                             int32_t axis, int32_t twin, burin_error *error) {
  const burin_tensor_desc &desc = entry.inputs[index];
  int32_t other = twin / BURIN_MAX_RANK;
  return fail(
      error, BURIN_INVALID_ARGUMENT,
      "input '%s': expects %s with %s = %lld as in input '%s', got %s",
      desc.name, describeType(desc).text, desc.dims[axis].symbol,
      static_cast<long long>(inputs[other].shape[twin % BURIN_MAX_RANK]),
      entry.inputs[other].name, describeType(inputs[index]).text);
}

/// dtype, rank and what the descriptor alone says of the shape.
static bool fits(const burin_tensor_desc &desc, const burin_tensor &tensor) {
  if (tensor.dtype != desc.dtype || tensor.rank != desc.rank)
    return false;
  for (int32_t i = 0; i < desc.rank; ++i)
    if (tensor.shape[i] < 0 ||
        (desc.dims[i].size >= 0 && tensor.shape[i] != desc.dims[i].size))
      return false;
  return true;
}

/// `kind` is "input" or "output".
static burin_status checkTensor(const char *kind, const burin_tensor_desc &desc,
                                const burin_tensor &tensor,
                                burin_error *error) {
  if (!fits(desc, tensor))
    return fail(error, BURIN_INVALID_ARGUMENT, "%s '%s': expects %s, got %s",
                kind, desc.name, describeType(desc).text,
                describeType(tensor).text);
  size_t bytes;
  if (burin_tensor_byte_size(&tensor, &bytes) != BURIN_OK)
    return fail(error, BURIN_INVALID_ARGUMENT,
                "%s '%s': %s is more than memory can hold", kind, desc.name,
                describeType(tensor).text);
  if (bytes != 0 && !tensor.data)
    return fail(error, BURIN_INVALID_ARGUMENT,
                "%s '%s': expects data for %s, got NULL", kind, desc.name,
                describeType(tensor).text);
  return BURIN_OK;
}

burin_status burin::checkInputs(const burin_model &model, int32_t number,
                                const burin_tensor *inputs,
                                burin_error *error) {
  const burin_entry_desc &entry = model.desc->entries[number];
  const int32_t *twins = model.twins + model.firstTwin[number];
  for (int32_t i = 0; i < entry.num_inputs; ++i, twins += BURIN_MAX_RANK) {
    if (burin_status status =
            checkTensor("input", entry.inputs[i], inputs[i], error))
      return status;
    // The twin is this dimension or an earlier one, hence checked already.
    for (int32_t axis = 0; axis < inputs[i].rank; ++axis)
      if (int32_t twin = twins[axis];
          twin >= 0 &&
          inputs[i].shape[axis] !=
              inputs[twin / BURIN_MAX_RANK].shape[twin % BURIN_MAX_RANK])
        return failTwin(entry, inputs, i, axis, twin, error);
  }
  return BURIN_OK;
}

burin_status burin::checkOutputs(const burin_model &model, int32_t number,
                                 const burin_tensor *outputs,
                                 burin_error *error) {
  const burin_entry_desc &entry = model.desc->entries[number];
  for (int32_t i = 0; i < entry.num_outputs; ++i)
    if (outputs[i].data)
      if (burin_status status =
              checkTensor("output", entry.outputs[i], outputs[i], error))
        return status;
  return BURIN_OK;
}
