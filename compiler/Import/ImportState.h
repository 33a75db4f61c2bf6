//===- ImportState.h - What importing one graph carries along ---*- C++ -*-===//

#ifndef BURIN_COMPILER_IMPORT_IMPORTSTATE_H
#define BURIN_COMPILER_IMPORT_IMPORTSTATE_H

#include "compiler/Import/Graph/NameScopes.h"
#include "compiler/Support/Reporter.h"
#include "dialects/NN/NN.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringMap.h"

namespace onnx {
class AttributeProto;
class FunctionProto;
class NodeProto;
} // namespace onnx

namespace burin {

class Model;
class TensorReader;

/// A call of a model's function that is being inlined.
struct CallFrame {
  const onnx::FunctionProto &function;
  const onnx::NodeProto &call;
  const CallFrame *caller; ///< Null in the main graph.
  std::string prefix;      ///< Of the names of the nodes inside.
};

/// Shared by all nodes of a graph and its subgraphs.
struct ImportState {
  const Model &model;
  TensorReader &tensors;
  mlir::ImplicitLocOpBuilder builder;
  nn::ShapeBuilder shapes;
  NameScopes names;
  const CallFrame *frame = nullptr;

  /// Builds at the end of `body`, whose start gets the initializers. `error`
  /// gets the code of the first error.
  ImportState(const Model &model, TensorReader &tensors, mlir::Block *body,
              mlir::Location loc, ExitCode &error);

  /// For errors at the present node.
  Reporter getReporter() { return {builder.getLoc(), error}; }

  /// Infers the result types of a new op and records sizes and elements.
  mlir::LogicalResult finish(nn::ShapeOpInterface op);
  /// `value`, or the constant that stands for it: shape arithmetic whose
  /// elements are all numbers, and whatever the op folds to.
  mlir::Value simplify(mlir::Value value);

  /// The value of a name; null for an input left out. An initializer becomes a
  /// constant now.
  mlir::FailureOr<mlir::Value> lookUp(llvm::StringRef name);

  /// The version of a domain that the model, or the function being inlined,
  /// imports.
  std::optional<int64_t> findOpset(llvm::StringRef domain) const;

  /// A node's name with those of the calls around it, made unique.
  std::string makeName(llvm::StringRef name);

private:
  mlir::Value addInitializer(mlir::ElementsAttr value);

  mlir::Block *body;
  mlir::Location modelLoc;
  ExitCode &error;
  mlir::Operation *lastInitializer = nullptr;
  llvm::StringMap<int> usedNames;
};

} // namespace burin

#endif // BURIN_COMPILER_IMPORT_IMPORTSTATE_H
