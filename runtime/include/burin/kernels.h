/*===- burin/kernels.h - Library kernels that generated code calls --*- C -*-===*\
|*
|* What is not worth generating code for. Each kernel has the same signature:
|* `views` are its inputs, then its outputs, `params` its attributes, in the order
|* that its comment gives. Returns BURIN_OK or what services->fail returned.
|*
|* Kernels see strided memory, allocate only through services, and are C++17
|* without exceptions, RTTI, STL containers or globals.
|*
\*===----------------------------------------------------------------------===*/

#ifndef BURIN_KERNELS_H
#define BURIN_KERNELS_H

#include "burin/abi.h"

/* Elements in memory: strides are in elements and may be 0 or negative. */
typedef struct burin_view {
  void *data;
  int32_t dtype; /* a burin_dtype */
  int32_t rank;
  int64_t shape[BURIN_MAX_RANK];
  int64_t strides[BURIN_MAX_RANK];
} burin_view;

#ifdef __cplusplus
static_assert(sizeof(burin_view) == 144, "ABI");
extern "C" {
#endif

typedef int32_t burin_kernel(burin_call *call, const burin_view *views,
                             const int64_t *params);

/* Running sums or products. views: x, y, both [A, N, B]; along N.
 * params: exclusive (y[i] is without x[i]), reverse, product. */
burin_kernel burin_scan;

/* The k largest or smallest elements along an axis, in order. views: x; values
 * and indices (i64), whose size along the axis is k. params: axis, largest,
 * sorted (they always are). */
burin_kernel burin_topk;

/* Determinants. views: x [..., M, M], y [...]. */
burin_kernel burin_det;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* BURIN_KERNELS_H */
