//===- Activations.h - The functions that recurrences apply -----*- C++ -*-===//

#ifndef BURIN_PASSES_LOWER_RECURRENT_ACTIVATIONS_H
#define BURIN_PASSES_LOWER_RECURRENT_ACTIVATIONS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringRef.h"

namespace burin {

/// One of those that `nn.lstm` lists, with its parameters.
struct Activation {
  llvm::StringRef name;
  float alpha = 0, beta = 0;

  bool operator==(const Activation &other) const {
    return name == other.name && alpha == other.alpha && beta == other.beta;
  }
  /// Of a float scalar.
  mlir::Value build(mlir::ImplicitLocOpBuilder &b, mlir::Value x) const;
};

} // namespace burin

#endif // BURIN_PASSES_LOWER_RECURRENT_ACTIVATIONS_H
