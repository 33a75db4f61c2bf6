//===- Passes.h - Passes on the graph as a whole  ----------*- C++ -*-===//

#ifndef BURIN_PASSES_GRAPH_PASSES_H
#define BURIN_PASSES_GRAPH_PASSES_H

#include "mlir/Pass/Pass.h"

namespace burin {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Graph/Passes.h.inc"
} // namespace burin

#endif // BURIN_PASSES_GRAPH_PASSES_H
