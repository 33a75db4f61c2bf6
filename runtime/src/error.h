//===- error.h - Reasons in words -------------------------------*- C++ -*-===//

#ifndef BURIN_SRC_ERROR_H
#define BURIN_SRC_ERROR_H

#include "burin/runtime.h"

namespace burin {

/// Writes the reason into `error`, if the caller gave one; returns `status`.
[[gnu::format(printf, 3, 4)]] burin_status
fail(burin_error *error, burin_status status, const char *format, ...);

/// "f32[batch,3,224,224]": a type as messages and listings show it.
struct TypeText {
  char text[192];
};
TypeText describeType(const burin_tensor_desc &desc);
TypeText describeType(const burin_tensor &tensor);

} // namespace burin

#endif // BURIN_SRC_ERROR_H
