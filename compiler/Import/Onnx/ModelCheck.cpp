//===- ModelCheck.cpp - What every model must keep to ---------------------===//

#include "compiler/Import/Onnx/GraphCheck.h"
#include "compiler/Import/Onnx/Model.h"
#include "compiler/Import/Onnx/Schema.h"
#include "compiler/Support/Text.h"
#include "llvm/ADT/DenseMap.h"

using namespace mlir;
using namespace burin;

/// The versions that the importers know. Older operators that have not changed
/// since work as well.
static constexpr int64_t minIr = 3, maxIr = 14, maxOpset = 28;

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

/// None recurses, all together are at most `maxNodes`.
static LogicalResult checkCalls(const Model &model, int64_t maxNodes,
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

static LogicalResult checkOpsets(const onnx::ModelProto &model,
                                 const Reporter &report) {
  if (model.opset_import().empty())
    return report.emitInvalid() << "the model does not say which opset it uses";
  llvm::DenseMap<StringRef, int64_t> versions;
  for (const onnx::OperatorSetIdProto &opset : model.opset_import()) {
    StringRef domain = getDomain(opset.domain());
    if (opset.version() < 1)
      return report.emitInvalid() << "opset " << opset.version() << " of '"
                                  << escapeName(domain) << "' does not exist";
    if (domain.empty() && opset.version() > maxOpset)
      return report.emitUnsupported()
             << "opset " << opset.version() << " is newer than " << maxOpset
             << ", the newest known; convert the model to that one";
    auto [found, isNew] = versions.try_emplace(domain, opset.version());
    if (!isNew && found->second != opset.version())
      return report.emitInvalid() << "domain '" << escapeName(domain)
                                  << "' is imported in two versions";
  }
  return success();
}

static LogicalResult checkVersions(const onnx::ModelProto &model,
                                   const Reporter &report) {
  if (model.ir_version() < 1)
    return report.emitInvalid()
           << "IR version " << model.ir_version() << " does not exist";
  if (model.ir_version() < minIr || model.ir_version() > maxIr)
    return report.emitUnsupported()
           << "IR version " << model.ir_version() << " is outside " << minIr
           << " to " << maxIr << "; convert the model";
  return checkOpsets(model, report);
}

LogicalResult burin::checkModel(const Model &model, int64_t maxNodes,
                                const Reporter &report) {
  const onnx::ModelProto &proto = model.getProto();
  if (failed(checkVersions(proto, report)) ||
      failed(checkCalls(model, maxNodes, report)) ||
      failed(checkGraphs(model, report)))
    return failure();
  if (proto.graph().output().empty())
    return report.emitInvalid() << "the graph has no outputs";
  return success();
}
