//===- types.cpp - NumPy's names of element types -------------------------===//

#include "npy.h"
#include <stdlib.h>

const char *burin::getNpyType(int32_t dtype) {
  switch (dtype) {
  case BURIN_F32:
    return "<f4";
  case BURIN_F64:
    return "<f8";
  case BURIN_F16:
    return "<f2";
  case BURIN_I8:
    return "|i1";
  case BURIN_I16:
    return "<i2";
  case BURIN_I32:
    return "<i4";
  case BURIN_I64:
    return "<i8";
  case BURIN_U8:
    return "|u1";
  case BURIN_U16:
    return "<u2";
  case BURIN_U32:
    return "<u4";
  case BURIN_U64:
    return "<u8";
  case BURIN_BOOL:
    return "|b1";
  case BURIN_BF16:
    return "|V2";
  default: // bf16's smaller kin
    return "|V1";
  }
}

burin_status burin::allocateTensor(burin_tensor *tensor) {
  size_t bytes;
  if (burin_status status = burin_tensor_byte_size(tensor, &bytes))
    return status;
  return posix_memalign(&tensor->data, 64, bytes ? bytes : 1) == 0
             ? BURIN_OK
             : BURIN_OUT_OF_MEMORY;
}
