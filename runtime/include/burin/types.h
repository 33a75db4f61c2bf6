/*===- burin/types.h - Element types, tensors and statuses ----------*- C -*-===*\
|*
|* What the public interface (runtime.h) and the artifact (abi.h) share.
|* Standalone C; shapes are in elements, sizes in bytes.
|*
\*===----------------------------------------------------------------------===*/

#ifndef BURIN_TYPES_H
#define BURIN_TYPES_H

#include <stddef.h>
#include <stdint.h>

#define BURIN_MAX_RANK 8

typedef enum burin_status {
  BURIN_OK = 0,
  BURIN_INVALID_ARGUMENT = 1, /* the caller broke a rule of the header */
  BURIN_OUT_OF_RANGE = 2,     /* a size does not fit in size_t */
  BURIN_INCOMPATIBLE = 3,     /* no artifact, or one of another ABI or CPU */
  BURIN_OUT_OF_MEMORY = 4,    /* the machine has no more memory or threads */
  BURIN_FAILED = 5,           /* the model itself refused its inputs' values */
  BURIN_EXHAUSTED = 6,        /* a state has no capacity left */
} burin_status;

/* Every element has whole bytes: BOOL is 0 or 1; types of fewer than 8 bits lie
 * in the low bits of a byte each, the other bits zero. */
typedef enum burin_dtype {
  BURIN_F32 = 0,
  BURIN_F16 = 1,
  BURIN_I8 = 2,
  BURIN_I4 = 3,
  BURIN_BF16 = 4,
  BURIN_F64 = 5,
  BURIN_U8 = 6,
  BURIN_I16 = 7,
  BURIN_U16 = 8,
  BURIN_I32 = 9,
  BURIN_U32 = 10,
  BURIN_I64 = 11,
  BURIN_U64 = 12,
  BURIN_BOOL = 13,
  BURIN_U4 = 14,
  BURIN_I2 = 15,
  BURIN_U2 = 16,
  BURIN_F8E4M3FN = 17,
  BURIN_F8E4M3FNUZ = 18,
  BURIN_F8E5M2 = 19,
  BURIN_F8E5M2FNUZ = 20,
  BURIN_F8E8M0 = 21,
  BURIN_F4E2M1 = 22,
  BURIN_NUM_DTYPES = 23
} burin_dtype;

/* A dense row-major tensor. Whoever fills in `data` owns it. */
typedef struct burin_tensor {
  void *data; /* 64-byte aligned is fastest; NULL only where allowed or empty */
  int32_t dtype; /* a burin_dtype */
  int32_t rank;  /* 0 (scalar) .. BURIN_MAX_RANK */
  int64_t shape[BURIN_MAX_RANK]; /* each >= 0; the first `rank` are used */
} burin_tensor;

#endif /* BURIN_TYPES_H */
