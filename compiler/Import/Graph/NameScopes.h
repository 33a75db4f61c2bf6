//===- NameScopes.h - What the names of a graph stand for -------*- C++ -*-===//

#ifndef BURIN_COMPILER_IMPORT_GRAPH_NAMESCOPES_H
#define BURIN_COMPILER_IMPORT_GRAPH_NAMESCOPES_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/StringMap.h"

namespace onnx {
class GraphProto;
class SparseTensorProto;
class TensorProto;
} // namespace onnx

namespace burin {

/// What one name stands for: a value, an initializer that nobody has used yet,
/// or (neither) an input that the caller of a function left out.
struct NameEntry {
  mlir::Value value;
  const onnx::TensorProto *dense = nullptr;
  const onnx::SparseTensorProto *sparse = nullptr;

  bool isAbsent() const { return !value && !dense && !sparse; }
};

/// One scope per graph. A subgraph sees the names around it, a function does
/// not.
class NameScopes {
public:
  void push(bool isFunction) { scopes.push_back({{}, isFunction}); }
  void pop() { scopes.pop_back(); }

  /// In the innermost scope.
  void bind(llvm::StringRef name, NameEntry entry) {
    scopes.back().names[name] = entry;
  }
  /// All initializers of a graph, none of which is read.
  void bindInitializers(const onnx::GraphProto &graph);

  NameEntry *find(llvm::StringRef name) {
    for (auto &scope : llvm::reverse(scopes)) {
      if (auto found = scope.names.find(name); found != scope.names.end())
        return &found->second;
      if (scope.isFunction)
        break;
    }
    return nullptr;
  }

private:
  struct Scope {
    llvm::StringMap<NameEntry> names;
    bool isFunction;
  };
  llvm::SmallVector<Scope> scopes;
};

} // namespace burin

#endif // BURIN_COMPILER_IMPORT_GRAPH_NAMESCOPES_H
