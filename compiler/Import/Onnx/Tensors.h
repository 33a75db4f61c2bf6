//===- Tensors.h - ONNX's tensors as attributes -----------------*- C++ -*-===//

#ifndef BURIN_COMPILER_IMPORT_ONNX_TENSORS_H
#define BURIN_COMPILER_IMPORT_ONNX_TENSORS_H

#include "compiler/Import/Onnx/Types.h"
#include "compiler/Support/Reporter.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/DenseMap.h"

namespace onnx {
class SparseTensorProto;
class TensorProto;
} // namespace onnx

namespace burin {

class ExternalFiles;

/// Reads the tensors of one model, each once.
///
/// Small ones become DenseElementsAttr; large ones DenseResourceElementsAttr
/// whose blob is the model's own memory, so that weights are not copied. One
/// element takes whole bytes in both, types below 8 bits in the low bits of a
/// byte, but i1, which is always a DenseElementsAttr. A tensor of equal
/// elements is a splat, whatever its size.
class TensorReader {
public:
  explicit TensorReader(ExternalFiles &files) : files(files) {}

  mlir::FailureOr<mlir::ElementsAttr> read(const onnx::TensorProto &tensor,
                                           const Reporter &report);
  /// As a dense tensor.
  mlir::FailureOr<mlir::ElementsAttr>
  read(const onnx::SparseTensorProto &tensor, const Reporter &report);

private:
  ExternalFiles &files;
  llvm::DenseMap<const void *, mlir::ElementsAttr> known;
};

/// A constant of `type` from its elements, of whole bytes each, which it
/// copies.
mlir::DenseElementsAttr makeDense(mlir::RankedTensorType type,
                                  llvm::ArrayRef<char> bytes);

} // namespace burin

#endif // BURIN_COMPILER_IMPORT_ONNX_TENSORS_H
