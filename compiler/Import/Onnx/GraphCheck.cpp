//===- GraphCheck.cpp - Names, definitions and uses of every graph --------===//

#include "compiler/Import/Onnx/GraphCheck.h"
#include "compiler/Import/Onnx/Model.h"
#include "compiler/Import/Onnx/Schema.h"
#include "compiler/Support/NodeDiagnostics.h"
#include "compiler/Support/Text.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace burin;

/// Names longer than this are an attack.
static constexpr size_t maxName = 1 << 16;

/// Inputs or outputs of one node.
static constexpr int maxArity = 1 << 16;

namespace {
using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

/// The values that a graph has defined so far, and those around it.
struct Scope {
  const Scope *outer = nullptr;
  const Nodes *nodes = nullptr;
  llvm::DenseSet<StringRef> names;

  bool sees(StringRef name) const {
    for (const Scope *scope = this; scope; scope = scope->outer)
      if (scope->names.contains(name))
        return true;
    return false;
  }
};

class GraphChecker {
public:
  GraphChecker(const Model &model, const Reporter &report)
      : model(model), report(report) {}

  LogicalResult checkGraph(const onnx::GraphProto &graph, const Scope *outer);
  LogicalResult checkFunction(const onnx::FunctionProto &function);

private:
  LogicalResult checkName(StringRef name, StringRef what) const;
  LogicalResult define(Scope &scope, StringRef name, StringRef what) const;
  LogicalResult defineInitializers(Scope &scope,
                                   const onnx::GraphProto &graph) const;
  LogicalResult checkOutputs(const Scope &scope,
                             const onnx::GraphProto &graph) const;
  LogicalResult checkNodes(Scope &scope, const Nodes &nodes);
  LogicalResult checkNode(Scope &scope, const onnx::NodeProto &node);
  LogicalResult checkInput(const Scope &scope, StringRef name) const;
  LogicalResult checkAttributes(const Scope &scope,
                                const onnx::NodeProto &node);
  LogicalResult checkControl(const onnx::NodeProto &node) const;
  LogicalResult checkBranch(const onnx::NodeProto &node, StringRef name) const;
  LogicalResult checkBody(const onnx::NodeProto &node) const;

  const Model &model;
  Reporter report;
  bool insideFunction = false;
};
} // namespace

std::string burin::getNodeName(const onnx::NodeProto &node, int index) {
  if (!node.name().empty())
    return node.name();
  for (const std::string &output : node.output())
    if (!output.empty())
      return output;
  return node.op_type() + "#" + std::to_string(index);
}

SmallVector<const onnx::GraphProto *>
burin::getSubgraphs(const onnx::NodeProto &node) {
  SmallVector<const onnx::GraphProto *> graphs;
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (attribute.has_g())
      graphs.push_back(&attribute.g());
    for (const onnx::GraphProto &graph : attribute.graphs())
      graphs.push_back(&graph);
  }
  return graphs;
}

/// The attribute that holds graph `name`; null if there is none.
static const onnx::GraphProto *findGraph(const onnx::NodeProto &node,
                                         StringRef name) {
  for (const onnx::AttributeProto &attribute : node.attribute())
    if (StringRef(attribute.name()) == name && attribute.has_g())
      return &attribute.g();
  return nullptr;
}

LogicalResult GraphChecker::checkName(StringRef name, StringRef what) const {
  if (name.empty())
    return report.emitInvalid() << what << " has no name";
  if (name.size() > maxName)
    return report.emitInvalid()
           << "the name of " << what << " '" << escapeName(name) << "' has "
           << name.size() << " bytes, more than " << maxName;
  if (!isCleanUtf8(name))
    return report.emitInvalid()
           << "the name of " << what << " '" << escapeName(name)
           << "' is not UTF-8, or has a NUL in it";
  return success();
}

LogicalResult GraphChecker::define(Scope &scope, StringRef name,
                                   StringRef what) const {
  if (failed(checkName(name, what)))
    return failure();
  if (!scope.names.insert(name).second)
    return report.emitInvalid()
           << "value '" << escapeName(name) << "' is defined twice";
  return success();
}

LogicalResult
GraphChecker::defineInitializers(Scope &scope,
                                 const onnx::GraphProto &graph) const {
  llvm::DenseSet<StringRef> names;
  auto add = [&](StringRef name) -> LogicalResult {
    if (failed(checkName(name, "initializer")))
      return failure();
    scope.names.insert(name); // It may be the default value of an input.
    if (!names.insert(name).second)
      return report.emitInvalid()
             << "initializer '" << escapeName(name) << "' is defined twice";
    return success();
  };
  for (const onnx::TensorProto &tensor : graph.initializer())
    if (failed(add(tensor.name())))
      return failure();
  for (const onnx::SparseTensorProto &tensor : graph.sparse_initializer())
    if (failed(add(tensor.values().name())))
      return failure();
  return success();
}

LogicalResult GraphChecker::checkGraph(const onnx::GraphProto &graph,
                                       const Scope *outer) {
  Scope scope;
  scope.outer = outer;
  for (const onnx::ValueInfoProto &input : graph.input())
    if (failed(define(scope, input.name(), "graph input")))
      return failure();
  if (failed(defineInitializers(scope, graph)))
    return failure();
  return failure(failed(checkNodes(scope, graph.node())) ||
                 failed(checkOutputs(scope, graph)));
}

LogicalResult GraphChecker::checkOutputs(const Scope &scope,
                                         const onnx::GraphProto &graph) const {
  llvm::DenseSet<StringRef> names;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    if (failed(checkName(output.name(), "graph output")))
      return failure();
    if (!scope.sees(output.name()))
      return report.emitInvalid()
             << "graph output '" << escapeName(output.name())
             << "' is not computed by any node";
    if (!scope.outer && !names.insert(output.name()).second)
      return report.emitInvalid()
             << "graph output '" << escapeName(output.name())
             << "' is listed twice";
  }
  return success();
}

LogicalResult GraphChecker::checkFunction(const onnx::FunctionProto &function) {
  insideFunction = true;
  Scope scope;
  if (failed(checkName(function.name(), "function")))
    return failure();
  for (const std::string &input : function.input())
    if (failed(define(scope, input, "function input")))
      return failure();
  if (failed(checkNodes(scope, function.node())))
    return failure();
  for (const std::string &output : function.output())
    if (!scope.sees(output))
      return report.emitInvalid()
             << "output '" << escapeName(output) << "' of function '"
             << escapeName(function.name()) << "' is not computed by any node";
  return success();
}

LogicalResult GraphChecker::checkNodes(Scope &scope, const Nodes &nodes) {
  scope.nodes = &nodes;
  Reporter around = report;
  MLIRContext *context = report.getLoc().getContext();
  for (int i = 0; i < nodes.size(); ++i) {
    report = around.at(
        getNodeLoc(context, model.getPath(), i, getNodeName(nodes[i], i)));
    if (failed(checkNode(scope, nodes[i])))
      return failure();
  }
  report = around;
  return success();
}

LogicalResult GraphChecker::checkNode(Scope &scope,
                                      const onnx::NodeProto &node) {
  if (node.op_type().empty())
    return report.emitInvalid() << "a node has no operator";
  if (!isCleanUtf8(node.op_type()) || !isCleanUtf8(node.domain()) ||
      !isCleanUtf8(node.name()) || node.name().size() > maxName)
    return report.emitInvalid()
           << "a node's names expect UTF-8 of at most " << maxName << " bytes";
  if (node.input_size() > maxArity || node.output_size() > maxArity)
    return report.emitTooBig()
           << escapeName(node.op_type()) << " has more than " << maxArity
           << " inputs or outputs";
  for (const std::string &input : node.input())
    if (failed(checkInput(scope, input)))
      return failure();
  if (failed(checkAttributes(scope, node)) || failed(checkControl(node)))
    return failure();
  for (const std::string &output : node.output())
    if (!output.empty() && failed(define(scope, output, "node output")))
      return failure();
  return success();
}

LogicalResult GraphChecker::checkInput(const Scope &scope,
                                       StringRef name) const {
  if (name.empty() || scope.sees(name))
    return success();
  for (const Scope *around = &scope; around; around = around->outer)
    for (const onnx::NodeProto &node : *around->nodes)
      if (llvm::is_contained(node.output(), name))
        return report.emitInvalid()
               << "input '" << escapeName(name)
               << "' is used before a node defines it: nodes must be sorted, "
                  "without a cycle";
  return report.emitInvalid()
         << "input '" << escapeName(name) << "' is not defined anywhere";
}

LogicalResult GraphChecker::checkAttributes(const Scope &scope,
                                            const onnx::NodeProto &node) {
  llvm::SmallDenseSet<StringRef, 8> names;
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    StringRef name = attribute.name();
    if (failed(checkName(name, "attribute")))
      return failure();
    if (!names.insert(name).second)
      return report.emitInvalid()
             << "attribute '" << escapeName(name) << "' is given twice";
    if (!attribute.ref_attr_name().empty() && !insideFunction)
      return report.emitInvalid() << "attribute '" << escapeName(name)
                                  << "' refers to one of a function, and is in "
                                     "none";
  }
  for (const onnx::GraphProto *graph : getSubgraphs(node))
    if (failed(checkGraph(*graph, &scope)))
      return failure();
  return success();
}

LogicalResult GraphChecker::checkControl(const onnx::NodeProto &node) const {
  if (!getDomain(node.domain()).empty())
    return success();
  if (node.op_type() == "If")
    return failure(failed(checkBranch(node, "then_branch")) ||
                   failed(checkBranch(node, "else_branch")));
  return node.op_type() == "Loop" ? checkBody(node) : success();
}

LogicalResult GraphChecker::checkBranch(const onnx::NodeProto &node,
                                        StringRef name) const {
  const onnx::GraphProto *graph = findGraph(node, name);
  if (!graph)
    return report.emitInvalid() << "If expects a graph '" << name << "'";
  if (graph->input_size() != 0 || graph->output_size() != node.output_size())
    return report.emitInvalid()
           << "If expects a graph '" << name << "' without inputs and with "
           << node.output_size() << " outputs, got " << graph->input_size()
           << " and " << graph->output_size();
  return success();
}

/// Iteration and condition, then the state; the condition, the state, then what
/// is collected.
LogicalResult GraphChecker::checkBody(const onnx::NodeProto &node) const {
  const onnx::GraphProto *body = findGraph(node, "body");
  int states = std::max(0, node.input_size() - 2);
  if (body && body->input_size() == 2 + states &&
      body->output_size() >= 1 + states &&
      body->output_size() == 1 + node.output_size())
    return success();
  return report.emitInvalid()
         << "Loop expects a body with " << 2 + states << " inputs and "
         << 1 + node.output_size() << " outputs, got "
         << (body ? body->input_size() : 0) << " and "
         << (body ? body->output_size() : 0);
}

LogicalResult burin::checkGraphs(const Model &model, const Reporter &report) {
  const onnx::ModelProto &proto = model.getProto();
  if (failed(GraphChecker(model, report).checkGraph(proto.graph(), nullptr)))
    return failure();
  for (const onnx::FunctionProto &function : proto.functions())
    if (failed(GraphChecker(model, report).checkFunction(function)))
      return failure();
  return success();
}
