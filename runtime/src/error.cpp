//===- error.cpp - Reasons in words ---------------------------------------===//

#include "error.h"
#include <stdarg.h>
#include <stdio.h>

burin_status burin::fail(burin_error *error, burin_status status,
                         const char *format, ...) {
  if (!error)
    return status;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->text, sizeof(error->text), format, arguments);
  va_end(arguments);
  return status;
}

namespace {

/// Appends to a text of fixed size; what does not fit is cut.
class Writer {
public:
  explicit Writer(burin::TypeText &out) : out(out) {}

  [[gnu::format(printf, 2, 3)]] void add(const char *format, ...) {
    size_t room = sizeof(out.text) - used;
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(out.text + used, room, format, arguments);
    va_end(arguments);
    if (wanted > 0)
      used += size_t(wanted) < room ? size_t(wanted) : room - 1;
  }

private:
  burin::TypeText &out;
  size_t used = 0;
};

} // namespace

burin::TypeText burin::describeType(const burin_tensor_desc &desc) {
  TypeText result;
  Writer writer(result);
  writer.add("%s[", burin_dtype_name(desc.dtype));
  for (int32_t i = 0; i < desc.rank; ++i) {
    const burin_dim &dim = desc.dims[i];
    const char *comma = i ? "," : "";
    if (dim.size >= 0)
      writer.add("%s%lld", comma, static_cast<long long>(dim.size));
    else
      writer.add("%s%s", comma, dim.symbol ? dim.symbol : "?");
  }
  writer.add("]");
  return result;
}

burin::TypeText burin::describeType(const burin_tensor &tensor) {
  TypeText result;
  Writer writer(result);
  writer.add("%s", burin_dtype_name(tensor.dtype));
  if (tensor.rank < 0 || tensor.rank > BURIN_MAX_RANK) {
    writer.add(" of rank %d", tensor.rank);
    return result;
  }
  for (int32_t i = 0; i < tensor.rank; ++i)
    writer.add("%s%lld", i ? "," : "[",
               static_cast<long long>(tensor.shape[i]));
  writer.add(tensor.rank ? "]" : "[]");
  return result;
}

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
