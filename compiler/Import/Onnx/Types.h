//===- Types.h - ONNX's element types ---------------------------*- C++ -*-===//

#ifndef BURIN_COMPILER_IMPORT_ONNX_TYPES_H
#define BURIN_COMPILER_IMPORT_ONNX_TYPES_H

#include "mlir/IR/Types.h"
#include "llvm/ADT/StringRef.h"

namespace burin {

/// NumPy has 64; nothing that runs has more than a few.
constexpr int64_t maxRank = 32;

/// Bytes of the largest tensor: what the address space of a process holds.
constexpr int64_t maxTensorBytes = int64_t(1) << 47;

/// The repeated field of TensorProto that elements lie in, if not in raw_data.
enum class TensorField { Float, Int32, String, Int64, Double, Uint64 };

/// An element type of ONNX.
struct ElementKind {
  llvm::StringLiteral name;
  TensorField field;
  unsigned bits;   ///< In raw_data; 0 for strings.
  mlir::Type type; ///< Null if MLIR has none for it, or nn does not take it.
};

/// By the number of TensorProto.DataType; none if ONNX has no such type.
std::optional<ElementKind> findElementKind(int number,
                                           mlir::MLIRContext *context);

/// The number of elements of a static shape; none if one of its sizes is
/// negative or it is larger than memory.
std::optional<int64_t> countElements(llvm::ArrayRef<int64_t> dims);

} // namespace burin

#endif // BURIN_COMPILER_IMPORT_ONNX_TYPES_H
