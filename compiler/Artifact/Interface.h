//===- Interface.h - What an artifact says of itself ------------*- C++ -*-===//

#ifndef BURIN_COMPILER_ARTIFACT_INTERFACE_H
#define BURIN_COMPILER_ARTIFACT_INTERFACE_H

#include "mlir/IR/BuiltinOps.h"
#include <string>
#include <vector>

namespace burin {

/// One tensor of an entry, or a state, as abi.h describes it.
struct TensorInfo {
  struct Dim {
    int64_t size; ///< -1: known at run time only.
    std::string symbol;
  };
  std::string name;
  int32_t dtype = 0; ///< A burin_dtype.
  std::vector<Dim> dims;
};

struct EntryInfo {
  std::string name;
  std::vector<TensorInfo> inputs, outputs;
};

struct StateInfo {
  TensorInfo tensor;
  int64_t capacity = 0;
  int32_t axis = 0;
};

struct ModelInterface {
  std::string name;
  std::vector<EntryInfo> entries;
  std::vector<StateInfo> states;
};

/// Of nn IR, whose types still say what is unsigned or bool.
ModelInterface readInterface(mlir::ModuleOp module);

} // namespace burin

#endif // BURIN_COMPILER_ARTIFACT_INTERFACE_H
