//===- npy.h - Tensors as NumPy's .npy files --------------------*- C++ -*-===//
//
// Apart from the runtime proper, for programs that read and write files. Types
// that NumPy lacks are raw bits: |V2 for bf16, |V1 for all of 8 bits and fewer.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_NPY_H
#define BURIN_NPY_H

#include "burin/runtime.h"

namespace burin {

/// What the header of a file says.
struct NpyHeader {
  char kind;         // NumPy's letter: f i u b V c U S O m M
  int32_t itemBytes; // for U, characters
  bool bigEndian;
  bool fortranOrder;
  int32_t rank;
  int64_t shape[BURIN_MAX_RANK];
};

/// Parses the text of a header, which need not end in NUL. Returns what is
/// wrong with it, or NULL.
const char *parseNpyHeader(const char *text, size_t length, NpyHeader &out);

/// Reads the file at `path` as elements of `dtype`, a burin_dtype; the caller
/// frees `out->data`. Nothing is allocated that the file's size does not
/// justify.
///   BURIN_INCOMPATIBLE: no regular file, no .npy, damaged, or pickled.
///   BURIN_INVALID_ARGUMENT: a good file with elements of another type.
burin_status readNpy(const char *path, int32_t dtype, burin_tensor *out,
                     burin_error *error);

/// Writes a file as np.save does; `path` must not exist yet. A file that could
/// not be written whole (BURIN_FAILED) is removed again.
burin_status writeNpy(const char *path, const burin_tensor *tensor,
                      burin_error *error);

/// Gives `tensor` room for its elements, 64-byte aligned, even if it has none;
/// the caller frees it.
burin_status allocateTensor(burin_tensor *tensor);

/// "<f4": how NumPy writes the type.
const char *getNpyType(int32_t dtype);

} // namespace burin

#endif // BURIN_NPY_H
