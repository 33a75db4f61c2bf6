//===- Nodes.cpp - The nodes of a graph, one after the other --------------===//

#include "compiler/Import/Graph/Nodes.h"
#include "compiler/Import/NodeReader.h"
#include "compiler/Import/Onnx/GraphCheck.h"
#include "compiler/Import/Onnx/Model.h"
#include "compiler/Import/Onnx/Schema.h"
#include "compiler/Support/NodeDiagnostics.h"
#include "compiler/Support/Text.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace burin;

using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

static LogicalResult importNodeList(ImportState &state, const Nodes &nodes);

/// How many inputs or outputs are given, those left out at the end not counted.
static int
countGiven(const google::protobuf::RepeatedPtrField<std::string> &names) {
  int count = names.size();
  while (count > 0 && names[count - 1].empty())
    --count;
  return count;
}

static LogicalResult checkArity(const NodeReader &node,
                                const OpImporter &importer) {
  int inputs = node.getNumInputs(), outputs = node.getNumOutputs();
  if (inputs < importer.least ||
      (importer.most >= 0 && inputs > importer.most)) {
    auto diag = node.emitInvalid() << "expects " << importer.least;
    if (importer.most < 0)
      diag << " or more";
    else if (importer.most != importer.least)
      diag << " to " << importer.most;
    return diag << " inputs, got " << inputs;
  }
  for (int i = 0; i < importer.least; ++i)
    if (!node.hasInput(i))
      return node.emitInvalid() << "expects input " << i;
  if (importer.maxOutputs >= 0 && outputs > importer.maxOutputs)
    return node.emitInvalid() << "expects at most " << importer.maxOutputs
                              << " outputs, got " << outputs;
  return success();
}

/// The values of a node's inputs, those left out at the end dropped.
static FailureOr<SmallVector<Value>> lookUpInputs(ImportState &state,
                                                  const onnx::NodeProto &node) {
  SmallVector<Value> inputs;
  for (const std::string &name : node.input()) {
    FailureOr<Value> value = state.lookUp(name);
    if (failed(value))
      return failure();
    inputs.push_back(*value);
  }
  while (!inputs.empty() && !inputs.back())
    inputs.pop_back();
  return inputs;
}

/// The version of a node's domain. Those beside ONNX's own need not be listed.
static FailureOr<int64_t> findOpset(ImportState &state,
                                    const onnx::NodeProto &node) {
  StringRef domain = getDomain(node.domain());
  if (std::optional<int64_t> opset = state.findOpset(domain))
    return *opset;
  if (!domain.empty())
    return int64_t(1);
  return state.getReporter().emitInvalid()
         << "operator '" << escapeName(node.op_type())
         << "': the opset of its domain is not said";
}

/// Strings where ONNX has numbers break its rules, and where it may have
/// strings are only not supported.
static LogicalResult checkStrings(ImportState &state,
                                  const onnx::NodeProto &node) {
  if (mayTakeStrings(node.op_type()))
    return success();
  for (const std::string &name : node.input())
    if (NameEntry *entry = state.names.find(name);
        entry && entry->dense &&
        entry->dense->data_type() == onnx::TensorProto::STRING)
      return state.getReporter().emitInvalid()
             << "operator '" << escapeName(node.op_type())
             << "': expects numbers, got the strings '" << escapeName(name)
             << "'";
  return success();
}

static LogicalResult importOperator(ImportState &state,
                                    const onnx::NodeProto &node) {
  if (failed(checkStrings(state, node)))
    return failure();
  FailureOr<int64_t> opset = findOpset(state, node);
  FailureOr<SmallVector<Value>> inputs = lookUpInputs(state, node);
  if (failed(opset) || failed(inputs))
    return failure();
  NodeReader reader(node, *opset, *inputs, state);
  const OpImporter *importer =
      findImporter(getDomain(node.domain()), node.op_type());
  if (!importer)
    return reader.emitUnsupported() << "is not supported";
  if (*opset < importer->minOpset)
    return reader.emitInvalid() << "does not exist before opset "
                                << importer->minOpset << ", got " << *opset;
  if (failed(checkArity(reader, *importer)) || failed(importer->import(reader)))
    return failure();
  for (const std::string &output : node.output())
    if (NameEntry *entry = output.empty() ? nullptr : state.names.find(output);
        !output.empty() && (!entry || !entry->value))
      return reader.emitUnsupported()
             << "output '" << escapeName(output) << "' is not supported";
  return success();
}

/// Imports the nodes of `function` in place of `call`.
static LogicalResult importCall(ImportState &state, const onnx::NodeProto &call,
                                const onnx::FunctionProto &function,
                                StringRef name) {
  Reporter report = state.getReporter();
  FailureOr<SmallVector<Value>> inputs = lookUpInputs(state, call);
  if (failed(inputs))
    return failure();
  if (int(inputs->size()) > function.input_size() ||
      countGiven(call.output()) > function.output_size())
    return report.emitInvalid()
           << "function '" << escapeName(function.name())
           << "' expects at most " << function.input_size() << " inputs and "
           << function.output_size() << " outputs, got " << inputs->size()
           << " and " << countGiven(call.output());
  inputs->resize(function.input_size());
  CallFrame frame{function, call, state.frame, (name + "/").str()};
  SmallVector<Value> outputs;
  {
    state.names.push(/*isFunction=*/true);
    state.frame = &frame;
    auto leave = llvm::make_scope_exit([&] {
      state.frame = frame.caller;
      state.names.pop();
    });
    for (auto [input, value] : llvm::zip_equal(function.input(), *inputs))
      state.names.bind(input, {value});
    if (failed(importNodeList(state, function.node())))
      return failure();
    for (int i = 0; i < countGiven(call.output()); ++i) {
      FailureOr<Value> value = state.lookUp(function.output(i));
      if (failed(value))
        return failure();
      outputs.push_back(*value);
    }
  }
  for (auto [i, value] : llvm::enumerate(outputs))
    if (!call.output(i).empty())
      state.names.bind(call.output(i), {value});
  return success();
}

static LogicalResult importNode(ImportState &state, const onnx::NodeProto &node,
                                int index) {
  ImplicitLocOpBuilder &builder = state.builder;
  Location around = builder.getLoc();
  auto leave = llvm::make_scope_exit([&] {
    builder.setLoc(around);
    state.shapes.setLoc(around);
  });
  std::string name = state.makeName(getNodeName(node, index));
  builder.setLoc(
      getNodeLoc(builder.getContext(), state.model.getPath(), index, name));
  state.shapes.setLoc(builder.getLoc());
  const onnx::FunctionProto *function = state.model.findFunction(node);
  LogicalResult result = function ? importCall(state, node, *function, name)
                                  : importOperator(state, node);
  if (failed(result))
    state.getReporter().note(ExitCode::Invalid);
  return result;
}

static LogicalResult importNodeList(ImportState &state, const Nodes &nodes) {
  for (int i = 0; i < nodes.size(); ++i)
    if (failed(importNode(state, nodes[i], i)))
      return failure();
  return success();
}

LogicalResult burin::importNodes(ImportState &state,
                                 const onnx::GraphProto &graph) {
  return importNodeList(state, graph.node());
}

/// Imports at the insertion point; `inputs` are those of the subgraph.
static FailureOr<SmallVector<Value>> importHere(ImportState &state,
                                                const onnx::GraphProto &graph,
                                                ValueRange inputs) {
  Reporter report = state.getReporter();
  if (graph.input_size() != int(inputs.size()))
    return report.emitInvalid() << "expects a subgraph with " << inputs.size()
                                << " inputs, got " << graph.input_size();
  state.names.push(/*isFunction=*/false);
  auto leave = llvm::make_scope_exit([&] { state.names.pop(); });
  state.names.bindInitializers(graph);
  for (auto [input, value] : llvm::zip_equal(graph.input(), inputs))
    state.names.bind(input.name(), {value});
  if (failed(importNodes(state, graph)))
    return failure();
  SmallVector<Value> outputs;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    FailureOr<Value> value = state.lookUp(output.name());
    if (failed(value))
      return failure();
    if (!*value)
      return report.emitInvalid() << "output '" << escapeName(output.name())
                                  << "' of a subgraph is not computed";
    outputs.push_back(*value);
  }
  return outputs;
}

FailureOr<SmallVector<Value>>
burin::importSubgraph(ImportState &state, const onnx::GraphProto &graph,
                      Block *block, ValueRange inputs) {
  if (!block)
    return importHere(state, graph, inputs);
  OpBuilder::InsertionGuard guard(state.builder);
  nn::ShapeBuilder::Scope scope(state.shapes);
  state.builder.setInsertionPointToEnd(block);
  return importHere(state, graph, block->getArguments());
}
