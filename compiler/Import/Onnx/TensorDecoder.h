//===- TensorDecoder.h - Where the elements of a tensor are -----*- C++ -*-===//

#ifndef BURIN_COMPILER_IMPORT_ONNX_TENSORDECODER_H
#define BURIN_COMPILER_IMPORT_ONNX_TENSORDECODER_H

#include "compiler/Import/Onnx/ExternalFiles.h"
#include "compiler/Import/Onnx/Schema.h"
#include "compiler/Import/Onnx/Types.h"
#include "compiler/Support/Reporter.h"
#include "compiler/Support/Text.h"
#include "mlir/IR/BuiltinTypes.h"

namespace burin {

/// The elements of a tensor, of whole bytes each.
struct Elements {
  mlir::RankedTensorType type;
  llvm::ArrayRef<char> bytes;
  std::vector<char> owned; ///< What `bytes` are, if not the model's.

  void own(std::vector<char> data) {
    owned = std::move(data);
    bytes = owned;
  }
};

/// Finds the elements of one tensor, whatever field they lie in.
class TensorDecoder {
public:
  TensorDecoder(const onnx::TensorProto &tensor, ExternalFiles &files,
                const Reporter &report)
      : tensor(tensor), files(files), report(report) {}

  mlir::LogicalResult decode(Elements &elements);

private:
  mlir::LogicalResult findKind();
  mlir::LogicalResult checkStrings() const;
  mlir::LogicalResult findBytes();
  mlir::LogicalResult findExternal();
  mlir::LogicalResult findTyped();
  mlir::LogicalResult convertInt32();
  void unpack();
  bool hasOtherFields(std::optional<TensorField> but) const;
  mlir::LogicalResult expectCount(int64_t expected, int64_t got) const;
  mlir::InFlightDiagnostic emitInvalid() const {
    return report.emitInvalid() << describe() << " ";
  }
  std::string describe() const {
    return "tensor '" + escapeName(tensor.name()) + "'";
  }

  const onnx::TensorProto &tensor;
  ExternalFiles &files;
  const Reporter &report;
  std::optional<ElementKind> kind;
  int64_t count = 0;
  Elements result;
};

} // namespace burin

#endif // BURIN_COMPILER_IMPORT_ONNX_TENSORDECODER_H
