/*===- fake_artifact.c - What burinc would make of y = x + w --------------===*/

#include "burin/abi.h"

/* Enough of them that a cut anywhere hits something. */
_Alignas(64) static const float weights[4096] = {1, 2, 3, 4};

struct context {
  const float *x;
  float *y;
};

static void body(void *opaque, int64_t low, int64_t high) {
  struct context *context = opaque;
  for (int64_t i = low; i < high; ++i)
    context->y[i] = context->x[i] + weights[i % 4];
}

static int32_t run(burin_call *call) {
  int64_t shape[2] = {call->inputs[0].shape[0], 4};
  float *y = call->services->output(call->owner, 0, shape);
  if (!y)
    return BURIN_OUT_OF_MEMORY;
  struct context context = {call->inputs[0].data, y};
  call->services->parallel_for(call->owner, body, &context, shape[0] * 4, 4);
  return BURIN_OK;
}

static const burin_dim dims[] = {{-1, "batch"}, {4, 0}};
static const burin_tensor_desc inputs[] = {{"x", dims, 2, BURIN_F32}};
static const burin_tensor_desc outputs[] = {{"out/y\n", dims, 2, BURIN_F32}};
static const burin_kernel_desc kernels[] = {{"add", body}};
static const burin_entry_desc entries[] = {
    {"main", inputs, outputs, 1, 1, 0, run, kernels, 1, 0}};
static const burin_weights_desc sections[] = {
    {(const unsigned char *)weights, 0, sizeof(weights), 0}};
static const burin_model_desc model = {BURIN_ABI_MAGIC,
                                       BURIN_ABI_VERSION,
                                       "fake",
                                       "a test",
                                       "any",
                                       "any",
                                       entries,
                                       0,
                                       sections,
                                       1,
                                       0,
                                       1,
                                       0,
                                       0,
                                       0,
                                       0,
                                       0};

__attribute__((visibility("default"))) const burin_model_desc *
burin_model_v1(void) {
  return &model;
}
