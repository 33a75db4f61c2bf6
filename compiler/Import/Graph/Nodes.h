//===- Nodes.h - The nodes of a graph, one after the other ------*- C++ -*-===//

#ifndef BURIN_COMPILER_IMPORT_GRAPH_NODES_H
#define BURIN_COMPILER_IMPORT_GRAPH_NODES_H

#include "compiler/Import/ImportState.h"

namespace onnx {
class GraphProto;
} // namespace onnx

namespace burin {

/// Imports the nodes of a graph whose inputs and initializers have been bound.
mlir::LogicalResult importNodes(ImportState &state,
                                const onnx::GraphProto &graph);

/// Imports a subgraph into `block`, whose arguments are its inputs, or, if
/// null, at the insertion point, where `inputs` are; returns the values of its
/// outputs.
mlir::FailureOr<llvm::SmallVector<mlir::Value>>
importSubgraph(ImportState &state, const onnx::GraphProto &graph,
               mlir::Block *block, mlir::ValueRange inputs = {});

/// Diagnoses every operator of the model, called functions and subgraphs
/// included, that has no importer.
mlir::LogicalResult checkOperators(const Model &model, const Reporter &report);

/// True if ONNX allows strings as an input of operator `name`.
bool mayTakeStrings(llvm::StringRef name);

} // namespace burin

#endif // BURIN_COMPILER_IMPORT_GRAPH_NODES_H
