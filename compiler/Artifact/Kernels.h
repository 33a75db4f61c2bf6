//===- Kernels.h - What the kernels of an artifact do -----------*- C++ -*-===//

#ifndef BURIN_COMPILER_ARTIFACT_KERNELS_H
#define BURIN_COMPILER_ARTIFACT_KERNELS_H

#include "mlir/IR/BuiltinOps.h"
#include <optional>
#include <string>
#include <vector>

namespace burin {

/// One of an entry's, as burin-list-kernels describes it. Numbers that are not
/// known before the sizes are have no value.
struct KernelInfo {
  std::string name;
  std::string code; ///< The function that threads share; empty: a serial one.
  std::vector<std::string> operators; ///< Names of ONNX nodes.
  bool isParallel = false;
  std::optional<int64_t> flops, intOps;
  std::optional<int64_t> constantBytes, readBytes, writtenBytes;
  std::vector<int64_t> rows; ///< Of the table of work, what it does.
};

/// Of the function of an entry, at any stage after exec.
std::vector<KernelInfo> readKernels(mlir::Operation *entry);

/// Of all entries: a table for people; an object for programs, with the table of
/// work (burin-count-work).
void printKernels(mlir::ModuleOp module, llvm::raw_ostream &os);
void writeKernels(mlir::ModuleOp module, llvm::raw_ostream &os);

} // namespace burin

#endif // BURIN_COMPILER_ARTIFACT_KERNELS_H
