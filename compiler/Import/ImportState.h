//===- ImportState.h - What importing one graph carries along ---*- C++ -*-===//

#ifndef BURIN_COMPILER_IMPORT_IMPORTSTATE_H
#define BURIN_COMPILER_IMPORT_IMPORTSTATE_H

#include "dialects/NN/NN.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringMap.h"

namespace burin {

class Model;

/// What kind of error the first diagnostic of an import was; decides the exit
/// code.
enum class ImportError { None, Invalid, Unsupported, Resources };

/// Shared by all nodes of a graph and its subgraphs.
struct ImportState {
  const Model &model;
  mlir::ImplicitLocOpBuilder builder;
  nn::ShapeBuilder shapes;
  /// By ONNX name; a subgraph sees those of the graph around it.
  llvm::StringMap<mlir::Value> values;
  ImportError error = ImportError::None;

  explicit ImportState(const Model &model, mlir::Location loc)
      : model(model), builder(loc), shapes(builder) {}

  /// Infers the result types of a new op and records sizes and elements.
  mlir::LogicalResult finish(nn::ShapeOpInterface op);
  /// `value`, or the constant that stands for it: shape arithmetic whose
  /// elements are all numbers, and whatever the op folds to.
  mlir::Value simplify(mlir::Value value);
};

} // namespace burin

#endif // BURIN_COMPILER_IMPORT_IMPORTSTATE_H
