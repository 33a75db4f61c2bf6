//===- Constants.h - Constants of kernels -----------------------*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_CONSTANTS_H
#define BURIN_PASSES_EXEC_CONSTANTS_H

#include "dialects/NN/Layouts/StoredElements.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace burin {

/// The global that `memory`, a flat view, is the whole of; null if none.
mlir::memref::GlobalOp findGlobal(mlir::Value memory, mlir::ModuleOp module);

/// What `global` holds; none if that is not known.
std::optional<nn::StoredElements> findStored(mlir::memref::GlobalOp global);

/// New elements, which `fill` writes.
mlir::ElementsAttr createElements(mlir::RankedTensorType type,
                                  llvm::function_ref<void(char *)> fill);

/// The constant `name` of the module as a 1-D buffer of `count` `element`s. If it is
/// new, `create` makes its elements. Entries that read `from` in one way share it.
mlir::Value getConstant(mlir::ImplicitLocOpBuilder &b, mlir::memref::GlobalOp from,
                        llvm::StringRef name, int64_t count, mlir::Type element,
                        llvm::function_ref<mlir::ElementsAttr(mlir::RankedTensorType)> create);

} // namespace burin

#endif // BURIN_PASSES_EXEC_CONSTANTS_H
