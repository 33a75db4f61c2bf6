/*===- burin/abi.h - What generated code and runtime agree on -------*- C -*-===*\
|*
|* An artifact exports one function, burin_model_v1(), which returns its
|* descriptor. The descriptor and all that it points to are constant and live as
|* long as the artifact is loaded. The compiler writes these structs field by
|* field (compiler/Artifact), so every size is asserted below; a change of any
|* of them is a new BURIN_ABI_VERSION.
|*
\*===----------------------------------------------------------------------===*/

#ifndef BURIN_ABI_H
#define BURIN_ABI_H

#include "burin/types.h"

#define BURIN_ABI_MAGIC 0x4e495255u /* "URIN", little endian */
#define BURIN_ABI_VERSION 3u
#define BURIN_MODEL_SYMBOL "burin_model_v1"

struct burin_call;

/* What generated code asks of the runtime. `owner` is burin_call.owner. */
typedef struct burin_services {
  /* Calls body(context, lo, hi) for disjoint ranges that cover [0, count), in
   * any order and on any threads of the session, and returns when all are done.
   * No range but the last is smaller than `grain` (>= 1). Not reentrant. */
  void (*parallel_for)(void *owner, void (*body)(void *, int64_t, int64_t),
                       void *context, int64_t count, int64_t grain);
  /* 64-byte aligned memory until release() or the end of the run. On failure
   * NULL, and the run's error is set: generated code returns at once. */
  void *(*allocate)(void *owner, int64_t bytes);
  void (*release)(void *owner, void *memory);
  /* Sets the shape of output `index` and returns the memory for its elements,
   * 64-byte aligned or the caller's own; NULL as with allocate(). Called once
   * per output and run. */
  void *(*output)(void *owner, int32_t index, const int64_t *shape);
  /* Records why the run ends; returns `status` to be handed on. `message` is
   * copied. The first failure of a run counts. Callable from any thread. */
  int32_t (*fail)(void *owner, int32_t status, const char *message);
} burin_services;

/* One state of one session. `length` counts the filled slices along the
 * capacity axis; generated code updates it when a run succeeds. */
typedef struct burin_slot {
  void *data;
  int64_t length;
} burin_slot;

/* The only argument of an entry's code. */
typedef struct burin_call {
  const burin_services *services;
  void *owner;
  unsigned char *arena; /* arena_bytes of the entry, 64-byte aligned */
  const unsigned char *const *weights; /* per section, 64-byte aligned */
  const burin_tensor *inputs;          /* checked against their descriptors */
  burin_slot *states;
} burin_call;

/* A dimension: `size` >= 0, or -1 where it is known only at run time.
 * `symbol` names it (the same name, the same size); NULL where it has none. */
typedef struct burin_dim {
  int64_t size;
  const char *symbol;
} burin_dim;

typedef struct burin_tensor_desc {
  const char *name;
  const burin_dim *dims;
  int32_t rank;
  int32_t dtype;
} burin_tensor_desc;

/* A part of an entry's code: a parallel loop, or what runs between two of them.
 * In the order of the code; --report of burinc tells more of each. */
typedef struct burin_kernel_desc {
  const char *name; /* an ONNX node that it calculates, perhaps with others */
  /* What parallel_for() is called with, perhaps by several kernels; NULL: runs
   * between the others. */
  void (*code)(void *context, int64_t lo, int64_t hi);
} burin_kernel_desc;

/* `run` returns a burin_status; outputs are set through services->output. */
typedef struct burin_entry_desc {
  const char *name;
  const burin_tensor_desc *inputs;
  const burin_tensor_desc *outputs;
  int32_t num_inputs;
  int32_t num_outputs;
  uint64_t arena_bytes;
  int32_t (*run)(burin_call *call);
  const burin_kernel_desc *kernels; /* for people and tools only */
  int32_t num_kernels;
  int32_t reserved;
} burin_entry_desc;

/* Memory that lives between runs: a tensor whose dimension `axis` has
 * `capacity` slices. All other dimensions are static. */
typedef struct burin_state_desc {
  burin_tensor_desc tensor; /* dims[axis].size is the capacity */
  int64_t capacity;         /* in slices along axis */
  int32_t axis;
  int32_t policy; /* 0: full */
} burin_state_desc;

/* Constants. Embedded: `data` points at them. External: `data` is NULL and
 * `file` names a file beside the artifact, without any folder in it. */
typedef struct burin_weights_desc {
  const unsigned char *data;
  const char *file;
  uint64_t bytes;
  uint64_t hash; /* xxh3-64 of all bytes */
} burin_weights_desc;

/* What an artifact has once for each processor that it is made for; all of them
 * have the same tensors, states and weights. */
typedef struct burin_model_desc {
  uint32_t magic;
  uint32_t abi_version;
  const char *name;     /* of the ONNX graph */
  const char *producer; /* "burin 0.1" */
  const char *target;   /* "x86", "arm" */
  const char *cpu;      /* what --cpu was, e.g. "x86-64-v4+avx512vnni" */
  const burin_entry_desc *entries;
  const burin_state_desc *states;
  const burin_weights_desc *weights;
  int32_t num_entries;
  int32_t num_states;
  int32_t num_weights;
  int32_t cpu_level; /* the least that must be there: x86-64-vN, or 0 */
  /* What else must be there: names of burin/features.def, with commas. */
  const char *cpu_features;
  /* This and the others, the best first; none: this one alone. */
  const struct burin_model_desc *const *levels;
  int32_t num_levels;
  int32_t reserved;
} burin_model_desc;

typedef const burin_model_desc *(*burin_model_fn)(void);

#ifdef __cplusplus
static_assert(sizeof(burin_tensor) == 80, "ABI");
static_assert(sizeof(burin_services) == 40, "ABI");
static_assert(sizeof(burin_slot) == 16, "ABI");
static_assert(sizeof(burin_call) == 48, "ABI");
static_assert(sizeof(burin_dim) == 16, "ABI");
static_assert(sizeof(burin_tensor_desc) == 24, "ABI");
static_assert(sizeof(burin_kernel_desc) == 16, "ABI");
static_assert(sizeof(burin_entry_desc) == 64, "ABI");
static_assert(sizeof(burin_state_desc) == 40, "ABI");
static_assert(sizeof(burin_weights_desc) == 32, "ABI");
static_assert(sizeof(burin_model_desc) == 104, "ABI");
#endif

#endif /* BURIN_ABI_H */
