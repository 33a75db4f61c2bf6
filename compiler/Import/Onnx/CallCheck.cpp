//===- CallCheck.cpp - How much the calls of functions come to ------------===//

#include "compiler/Import/Onnx/GraphCheck.h"
#include "compiler/Import/Onnx/Model.h"
#include "compiler/Import/Onnx/Schema.h"
#include "compiler/Support/Text.h"
#include "llvm/ADT/DenseMap.h"

using namespace mlir;
using namespace burin;

/// Functions inside functions.
static constexpr int maxDepth = 100;

/// Where counting stops: far above any limit, and no sum of two overflows.
static constexpr int64_t maxCount = int64_t(1) << 60;

namespace {
using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

/// What calling a function comes to.
struct Extent {
  int64_t nodes = 0; ///< Once every call is replaced by its function.
  int height = 0;    ///< Of the functions called inside one another.
};

class CallCounter {
public:
  CallCounter(const Model &model, const Reporter &report)
      : model(model), report(report) {}

  /// Adds that of `nodes`; `depth` functions are being counted around them.
  LogicalResult add(const Nodes &nodes, int depth, Extent &sum);

private:
  FailureOr<Extent> measure(const onnx::FunctionProto &function, int depth);

  const Model &model;
  const Reporter &report;
  /// None while a function is being counted.
  llvm::DenseMap<const onnx::FunctionProto *, std::optional<Extent>> known;
};
} // namespace

LogicalResult CallCounter::add(const Nodes &nodes, int depth, Extent &sum) {
  for (const onnx::NodeProto &node : nodes) {
    Extent here = {1, 0};
    if (const onnx::FunctionProto *function = model.findFunction(node)) {
      FailureOr<Extent> callee = measure(*function, depth + 1);
      if (failed(callee))
        return failure();
      // Entering it takes time as well, even if it is empty.
      here = {callee->nodes + 1, callee->height};
    }
    sum.nodes = std::min(sum.nodes + here.nodes, maxCount);
    sum.height = std::max(sum.height, here.height);
    for (const onnx::GraphProto *graph : getSubgraphs(node))
      if (failed(add(graph->node(), depth, sum)))
        return failure();
  }
  return success();
}

FailureOr<Extent> CallCounter::measure(const onnx::FunctionProto &function,
                                       int depth) {
  auto [found, isNew] = known.try_emplace(&function, std::nullopt);
  if (!isNew && !found->second)
    return report.emitInvalid()
           << "function '" << escapeName(function.name()) << "' calls itself";
  Extent extent = found->second.value_or(Extent());
  if (isNew && depth <= maxDepth && failed(add(function.node(), depth, extent)))
    return failure();
  extent.height += isNew;
  if (depth > maxDepth || depth + extent.height > maxDepth + 1)
    return report.emitTooBig()
           << "functions are nested deeper than " << maxDepth;
  known[&function] = extent;
  return extent;
}

LogicalResult burin::checkCalls(const Model &model, int64_t maxNodes,
                                const Reporter &report) {
  const onnx::ModelProto &proto = model.getProto();
  llvm::StringMap<int> keys;
  for (const onnx::FunctionProto &function : proto.functions())
    if (!keys.try_emplace(getFunctionKey(function), 0).second)
      return report.emitInvalid() << "function '" << escapeName(function.name())
                                  << "' is defined twice";
  Extent extent;
  if (failed(CallCounter(model, report).add(proto.graph().node(), 0, extent)))
    return failure();
  if (extent.nodes > maxNodes)
    return report.emitTooBig()
           << "the model has " << extent.nodes << " nodes, its functions "
           << "inlined, more than the limit of " << maxNodes
           << " (see --max-nodes)";
  return success();
}
