//===- state.cpp - Memory that lives between runs -------------------------===//

#include "error.h"
#include "pages.h"
#include "session.h"
#include <string.h>

using namespace burin;

namespace {

/// A state as a matrix of rows that are `capacity` slices long.
struct Layout {
  size_t rows = 1;
  size_t sliceBytes;

  explicit Layout(const burin_state_desc &state)
      : sliceBytes(burin_dtype_size(state.tensor.dtype)) {
    for (int32_t i = 0; i < state.tensor.rank; ++i)
      if (i < state.axis)
        rows *= size_t(state.tensor.dims[i].size);
      else if (i > state.axis)
        sliceBytes *= size_t(state.tensor.dims[i].size);
  }
};

/// The type of a state that is filled up to `length`.
burin_tensor shapeOf(const burin_state_desc &state, int64_t length) {
  burin_tensor result = {nullptr, state.tensor.dtype, state.tensor.rank, {}};
  for (int32_t i = 0; i < state.tensor.rank; ++i)
    result.shape[i] = i == state.axis ? length : state.tensor.dims[i].size;
  return result;
}

bool hasSameType(const burin_tensor &a, const burin_tensor &b) {
  return a.dtype == b.dtype && a.rank == b.rank &&
         memcmp(a.shape, b.shape, a.rank * sizeof(int64_t)) == 0;
}

/// Rows lie `toBytes` and `fromBytes` apart.
void copyRows(void *to, size_t toBytes, const void *from, size_t fromBytes,
              size_t rows, size_t bytes) {
  if (bytes == 0) // Then the pointers may be NULL.
    return;
  for (size_t i = 0; i < rows; ++i)
    memcpy(static_cast<char *>(to) + i * toBytes,
           static_cast<const char *>(from) + i * fromBytes, bytes);
}

const burin_state_desc *findState(const burin_session *session, int32_t index,
                                  const burin_tensor *tensor,
                                  burin_error *error) {
  if (!session || !tensor) {
    fail(error, BURIN_INVALID_ARGUMENT, "an argument is NULL");
    return nullptr;
  }
  const burin_model_desc &desc = *session->model->desc;
  if (index >= 0 && index < desc.num_states)
    return desc.states + index;
  fail(error, BURIN_INVALID_ARGUMENT, "expects a state below %d, got %d",
       desc.num_states, index);
  return nullptr;
}

} // namespace

size_t burin::getStateBytes(const burin_state_desc &state) {
  Layout layout(state);
  return layout.rows * layout.sliceBytes * size_t(state.capacity);
}

burin_status burin_session_reset(burin_session *session, const char *name) {
  if (!session)
    return BURIN_INVALID_ARGUMENT;
  const burin_model_desc &desc = *session->model->desc;
  bool found = !name;
  for (int32_t i = 0; i < desc.num_states; ++i) {
    const burin_state_desc &state = desc.states[i];
    if (name && strcmp(name, state.tensor.name) != 0)
      continue;
    found = true;
    // As after creation: some models read what they have not written.
    clearPages(session->slots[i].data, getStateBytes(state));
    session->slots[i].length = 0;
  }
  return found ? BURIN_OK : BURIN_INVALID_ARGUMENT;
}

burin_status burin_session_get_state(burin_session *session, int32_t index,
                                     burin_tensor *tensor, burin_error *error) {
  const burin_state_desc *state = findState(session, index, tensor, error);
  if (!state)
    return BURIN_INVALID_ARGUMENT;
  const burin_slot &slot = session->slots[index];
  burin_tensor filled = shapeOf(*state, slot.length);
  if (!tensor->data) {
    *tensor = filled;
    return BURIN_OK;
  }
  if (!hasSameType(filled, *tensor))
    return fail(error, BURIN_INVALID_ARGUMENT, "state '%s': is %s, got %s",
                state->tensor.name, describeType(filled).text,
                describeType(*tensor).text);
  Layout layout(*state);
  size_t bytes = layout.sliceBytes * size_t(slot.length);
  copyRows(tensor->data, bytes, slot.data,
           layout.sliceBytes * size_t(state->capacity), layout.rows, bytes);
  return BURIN_OK;
}

burin_status burin_session_set_state(burin_session *session, int32_t index,
                                     const burin_tensor *tensor,
                                     burin_error *error) {
  const burin_state_desc *state = findState(session, index, tensor, error);
  if (!state)
    return BURIN_INVALID_ARGUMENT;
  int64_t length =
      tensor->rank == state->tensor.rank ? tensor->shape[state->axis] : -1;
  if (length < 0 || length > state->capacity ||
      !hasSameType(shapeOf(*state, length), *tensor))
    return fail(error, BURIN_INVALID_ARGUMENT,
                "state '%s': expects at most %s, got %s", state->tensor.name,
                describeType(state->tensor).text, describeType(*tensor).text);
  Layout layout(*state);
  size_t bytes = layout.sliceBytes * size_t(length);
  if (bytes != 0 && layout.rows != 0 && !tensor->data)
    return fail(error, BURIN_INVALID_ARGUMENT,
                "state '%s': expects data for %s, got NULL", state->tensor.name,
                describeType(*tensor).text);
  burin_slot &slot = session->slots[index];
  copyRows(slot.data, layout.sliceBytes * size_t(state->capacity), tensor->data,
           bytes, layout.rows, bytes);
  slot.length = length;
  return BURIN_OK;
}
