//===- GraphCheck.h - What every model must keep to -------------*- C++ -*-===//

#ifndef BURIN_COMPILER_IMPORT_ONNX_GRAPHCHECK_H
#define BURIN_COMPILER_IMPORT_ONNX_GRAPHCHECK_H

#include "compiler/Support/Reporter.h"
#include "llvm/ADT/StringRef.h"

namespace onnx {
class GraphProto;
class NodeProto;
} // namespace onnx

namespace burin {

class Model;

/// Checks, before anything is built, what does not need types: versions, names,
/// that each value is defined once and before its uses, subgraphs, that no
/// function calls itself, and that all calls inlined make at most `maxNodes`.
mlir::LogicalResult checkModel(const Model &model, int64_t maxNodes,
                               const Reporter &report);

/// The name of node number `index`, of its first output if it has none, or one
/// made up.
std::string getNodeName(const onnx::NodeProto &node, int index);

/// Of those the names, definitions and uses.
mlir::LogicalResult checkGraphs(const Model &model, const Reporter &report);

/// The graphs among the attributes of a node.
llvm::SmallVector<const onnx::GraphProto *>
getSubgraphs(const onnx::NodeProto &node);

} // namespace burin

#endif // BURIN_COMPILER_IMPORT_ONNX_GRAPHCHECK_H
