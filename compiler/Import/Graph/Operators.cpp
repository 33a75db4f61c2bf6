//===- Operators.cpp - Which operators there are --------------------------===//

#include "compiler/Import/Graph/Nodes.h"
#include "compiler/Import/NodeReader.h"
#include "compiler/Import/Onnx/GraphCheck.h"
#include "compiler/Import/Onnx/Model.h"
#include "compiler/Import/Onnx/Schema.h"
#include "compiler/Support/NodeDiagnostics.h"
#include "compiler/Support/Text.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace burin;

/// A list longer than this says no more.
static constexpr unsigned maxListed = 20;

namespace {
using Table =
    llvm::DenseMap<std::pair<StringRef, StringRef>, const OpImporter *>;
using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

/// Looks for nodes that nothing imports.
class OperatorChecker {
public:
  OperatorChecker(const Model &model, const Reporter &report)
      : model(model), report(report) {}

  void check(const Nodes &nodes, StringRef prefix);
  LogicalResult finish() const;

private:
  void reject(const onnx::NodeProto &node, int index, StringRef prefix);

  const Model &model;
  const Reporter &report;
  llvm::DenseSet<const onnx::FunctionProto *> seen;
  unsigned numRejected = 0;
};
} // namespace

static Table makeTable() {
  Table table;
  for (auto importers :
       {getElementwiseImporters(), getCoreImporters(), getMatrixImporters(),
        getConvImporters(), getReductionImporters(), getMovementImporters(),
        getIndexingImporters(), getNormImporters(), getAttentionImporters(),
        getQuantImporters(), getRecurrentImporters()})
    for (const OpImporter &importer : importers)
      table.try_emplace({importer.domain, importer.name}, &importer);
  return table;
}

const OpImporter *burin::findImporter(StringRef domain, StringRef name) {
  static const Table table = makeTable();
  return table.lookup({domain, name});
}

bool burin::mayTakeStrings(StringRef name) {
  static const llvm::DenseSet<StringRef> operators = {"Cast",
                                                      "CastLike",
                                                      "CategoryMapper",
                                                      "Compress",
                                                      "Concat",
                                                      "ConstantOfShape",
                                                      "DepthToSpace",
                                                      "Dropout",
                                                      "Equal",
                                                      "Expand",
                                                      "Flatten",
                                                      "Gather",
                                                      "GatherElements",
                                                      "GatherND",
                                                      "Identity",
                                                      "If",
                                                      "LabelEncoder",
                                                      "Loop",
                                                      "OneHot",
                                                      "Optional",
                                                      "Pad",
                                                      "RegexFullMatch",
                                                      "Reshape",
                                                      "ReverseSequence",
                                                      "Scan",
                                                      "Scatter",
                                                      "ScatterElements",
                                                      "ScatterND",
                                                      "SequenceConstruct",
                                                      "SequenceInsert",
                                                      "Shape",
                                                      "Size",
                                                      "Slice",
                                                      "SpaceToDepth",
                                                      "Split",
                                                      "SplitToSequence",
                                                      "Squeeze",
                                                      "StringConcat",
                                                      "StringNormalizer",
                                                      "StringSplit",
                                                      "TfIdfVectorizer",
                                                      "Tile",
                                                      "Transpose",
                                                      "Trilu",
                                                      "Unique",
                                                      "Unsqueeze",
                                                      "Upsample",
                                                      "Where",
                                                      "Resize"};
  return operators.contains(name);
}

void OperatorChecker::reject(const onnx::NodeProto &node, int index,
                             StringRef prefix) {
  if (++numRejected > maxListed)
    return;
  std::string name = (prefix + getNodeName(node, index)).str();
  std::string domain = escapeName(getDomain(node.domain()));
  report.at(getNodeLoc(report.getLoc().getContext(), model.getPath(), index,
                       name))
          .emitUnsupported()
      << "operator '" << escapeName(node.op_type()) << "'"
      << (domain.empty() ? "" : " of domain '" + domain + "'")
      << " is not supported";
}

void OperatorChecker::check(const Nodes &nodes, StringRef prefix) {
  for (int i = 0; i < nodes.size(); ++i) {
    const onnx::NodeProto &node = nodes[i];
    if (const onnx::FunctionProto *function = model.findFunction(node)) {
      if (seen.insert(function).second)
        check(function->node(), (prefix + getNodeName(node, i) + "/").str());
    } else if (!findImporter(getDomain(node.domain()), node.op_type())) {
      reject(node, i, prefix);
    }
    for (const onnx::GraphProto *graph : getSubgraphs(node))
      check(graph->node(), prefix);
  }
}

LogicalResult OperatorChecker::finish() const {
  if (numRejected > maxListed)
    report.emitUnsupported() << "and " << numRejected - maxListed
                             << " more nodes that are not supported";
  return failure(numRejected != 0);
}

LogicalResult burin::checkOperators(const Model &model,
                                    const Reporter &report) {
  OperatorChecker checker(model, report);
  checker.check(model.getProto().graph().node(), "");
  return checker.finish();
}
