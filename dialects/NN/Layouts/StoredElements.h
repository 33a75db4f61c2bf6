//===- StoredElements.h - Elements of constants in memory -------*- C++ -*-===//

#ifndef BURIN_DIALECTS_NN_LAYOUTS_STOREDELEMENTS_H
#define BURIN_DIALECTS_NN_LAYOUTS_STOREDELEMENTS_H

#include "mlir/IR/BuiltinAttributes.h"
#include <cstring>
#include <optional>

namespace burin::nn {

/// The elements of a constant as they lie in memory, in bytes; those that come from a
/// file are not aligned.
struct StoredElements {
  llvm::ArrayRef<char> bytes; ///< Of all elements, or of the one that all are.
  bool isSplat = false;
  int64_t width = 0; ///< Bytes of an element.

  /// Those of `value`; none if it holds none, as in IR printed without them.
  static std::optional<StoredElements> find(mlir::Attribute value);

  const char *at(int64_t i) const { return bytes.data() + (isSplat ? 0 : i * width); }
  /// Element `i`, whose type is `T`.
  template <typename T> T get(int64_t i) const {
    T value;
    std::memcpy(&value, at(i), sizeof(T));
    return value;
  }
};

} // namespace burin::nn

#endif // BURIN_DIALECTS_NN_LAYOUTS_STOREDELEMENTS_H
