//===- status.cpp - Names of statuses -------------------------------------===//

#include "burin/runtime.h"

const char *burin_status_name(burin_status status) {
  switch (status) {
  case BURIN_OK:
    return "BURIN_OK";
  case BURIN_INVALID_ARGUMENT:
    return "BURIN_INVALID_ARGUMENT";
  case BURIN_OUT_OF_RANGE:
    return "BURIN_OUT_OF_RANGE";
  case BURIN_INCOMPATIBLE:
    return "BURIN_INCOMPATIBLE";
  case BURIN_OUT_OF_MEMORY:
    return "BURIN_OUT_OF_MEMORY";
  case BURIN_FAILED:
    return "BURIN_FAILED";
  case BURIN_EXHAUSTED:
    return "BURIN_EXHAUSTED";
  }
  return "unknown burin_status";
}
