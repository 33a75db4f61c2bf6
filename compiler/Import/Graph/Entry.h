//===- Entry.h - The graph as one function ----------------------*- C++ -*-===//

#ifndef BURIN_COMPILER_IMPORT_GRAPH_ENTRY_H
#define BURIN_COMPILER_IMPORT_GRAPH_ENTRY_H

#include "compiler/Import/Importer.h"
#include "compiler/Support/Reporter.h"

namespace onnx {
class ValueInfoProto;
} // namespace onnx

namespace burin {

class TensorReader;

/// Imports the graph of `model`, with the dimensions of `entry` bound, as a
/// function at the end of `module`.
mlir::LogicalResult importEntry(const Model &model, TensorReader &tensors,
                                const ImportOptions &options,
                                const ImportOptions::Entry &entry,
                                mlir::ModuleOp module, const Reporter &report);

/// The sizes of one graph input: numbers, kDynamic where open, and the symbols
/// of those that are (empty: none).
struct InputDims {
  llvm::SmallVector<int64_t> sizes;
  llvm::SmallVector<llvm::StringRef> symbols;
};

/// What the user and the model together say of the inputs' dimensions.
class Dimensions {
public:
  Dimensions(const Model &model, const ImportOptions &options,
             const ImportOptions::Entry &entry, const Reporter &report)
      : model(model), options(options), entry(entry), report(report) {}

  /// Takes the options in; diagnoses names that the model does not have.
  mlir::LogicalResult bind();
  /// False if neither the model nor the user has said the rank of `input`.
  bool hasRank(const onnx::ValueInfoProto &input) const;
  /// Those of `input`, a tensor that has a rank.
  mlir::FailureOr<InputDims> get(const onnx::ValueInfoProto &input) const;

private:
  mlir::LogicalResult bindDim(const ImportOptions::Dim &dim);
  mlir::LogicalResult bindShape(const ImportOptions::InputShape &shape);
  const ImportOptions::InputShape *findShape(llvm::StringRef input) const;

  const Model &model;
  const ImportOptions &options;
  const ImportOptions::Entry &entry;
  const Reporter &report;
  llvm::StringMap<int64_t> bound; ///< By symbol.
};

/// The graph inputs that a caller gives: those without an initializer.
llvm::SmallVector<const onnx::ValueInfoProto *> getInputs(const Model &model);

} // namespace burin

#endif // BURIN_COMPILER_IMPORT_GRAPH_ENTRY_H
