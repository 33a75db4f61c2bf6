//===- ImportCore.cpp - Constants, shapes, subgraphs ----------------------===//

#include "compiler/Import/NodeReader.h"

using namespace mlir;
using namespace burin;

namespace {
LogicalResult importIdentity(const NodeReader &node) {
  node.setOutput(0, node.getInput(0));
  return success();
}

/// A rank-0 or rank-1 tensor of `type` from values of C++ type T.
template <typename T>
LogicalResult setConstant(const NodeReader &node, Type type, ArrayRef<T> values,
                          bool isScalar) {
  SmallVector<int64_t, 1> shape;
  if (!isScalar)
    shape.push_back(values.size());
  auto attr =
      DenseElementsAttr::get(RankedTensorType::get(shape, type), values);
  node.setOutput(0, node.getConstant(cast<ElementsAttr>(attr)));
  return success();
}

template <typename T>
LogicalResult setConstant(const NodeReader &node, Type type,
                          FailureOr<T> value) {
  if (failed(value))
    return failure();
  return setConstant<T>(node, type, ArrayRef<T>(*value), /*isScalar=*/true);
}

template <typename T>
LogicalResult setConstant(const NodeReader &node, Type type,
                          FailureOr<SmallVector<T>> values) {
  if (failed(values))
    return failure();
  return setConstant<T>(node, type, ArrayRef<T>(*values), /*isScalar=*/false);
}

LogicalResult importConstant(const NodeReader &node) {
  OpBuilder &builder = node.getBuilder();
  if (node.hasAttr("value_int"))
    return setConstant(node, builder.getI64Type(), node.getInt("value_int"));
  if (node.hasAttr("value_ints"))
    return setConstant(node, builder.getI64Type(),
                       node.getIntList("value_ints"));
  if (node.hasAttr("value_float"))
    return setConstant(node, builder.getF32Type(),
                       node.getFloat("value_float"));
  if (node.hasAttr("value_floats"))
    return setConstant(node, builder.getF32Type(),
                       node.getFloatList("value_floats"));
  if (node.hasAttr("value_string") || node.hasAttr("value_strings"))
    return node.emitUnsupported() << "elements of type string";
  FailureOr<ElementsAttr> value = node.hasAttr("sparse_value")
                                      ? node.getSparseTensor("sparse_value")
                                      : node.getTensor("value");
  if (failed(value))
    return failure();
  node.setOutput(0, node.getConstant(*value));
  return success();
}

/// An end of Shape's range: counted from the end if negative, then clamped.
int64_t clampEnd(int64_t end, int64_t rank) {
  return std::clamp<int64_t>(end < 0 ? end + rank : end, 0, rank);
}

LogicalResult importShape(const NodeReader &node) {
  int64_t rank = node.getRank(0);
  FailureOr<int64_t> start = node.getInt("start", 0);
  FailureOr<int64_t> end = node.getInt("end", rank);
  if (failed(start) || failed(end))
    return failure();
  Builder &builder = node.getBuilder();
  return node.produce<nn::ShapeOp>(
      builder.getI64Type(), node.getInput(0),
      builder.getI64IntegerAttr(clampEnd(*start, rank)),
      builder.getI64IntegerAttr(clampEnd(*end, rank)));
}

LogicalResult importSize(const NodeReader &node) {
  return node.produce<nn::SizeOp>(node.getBuilder().getI64Type(),
                                  node.getInput(0));
}

/// Inference only: everything is kept.
LogicalResult importDropout(const NodeReader &node) {
  bool asked = node.hasInput(2);
  auto training = asked ? node.findInts(2) : SmallVector<int64_t>{0};
  if (!training || *training != SmallVector<int64_t>{0})
    return node.emitUnsupported() << "training mode";
  node.setOutput(0, node.getInput(0));
  if (!node.wantsOutput(1))
    return success();
  RankedTensorType type = node.getInputType(0);
  if (!type.hasStaticShape())
    return node.emitUnsupported() << "a mask of dynamic shape";
  auto mask = DenseElementsAttr::get(
      RankedTensorType::get(type.getShape(), node.getBuilder().getI1Type()),
      true);
  node.setOutput(1, node.getConstant(cast<ElementsAttr>(mask)));
  return success();
}

/// Imports a branch into `region`; what it yields.
FailureOr<SmallVector<Value>> importBranch(const NodeReader &node,
                                           StringRef name, Region &region) {
  FailureOr<SmallVector<Value>> values =
      node.importSubgraph(name, &region.emplaceBlock());
  if (succeeded(values))
    OpBuilder::atBlockEnd(&region.front())
        .create<nn::YieldOp>(node.getBuilder().getLoc(), *values);
  return values;
}

/// ONNX lets branches differ in rank; types here do not.
LogicalResult checkBranches(const NodeReader &node, ArrayRef<Value> a,
                            ArrayRef<Value> b) {
  if (int(a.size()) != node.getNumOutputs() || a.size() != b.size())
    return node.emitInvalid()
           << "expects branches with " << node.getNumOutputs()
           << " outputs, got " << a.size() << " and " << b.size();
  for (auto [x, y] : llvm::zip_equal(a, b)) {
    auto one = cast<RankedTensorType>(x.getType());
    auto other = cast<RankedTensorType>(y.getType());
    if (one.getElementType() != other.getElementType())
      return node.emitInvalid()
             << "expects branches of the same element types, got " << one
             << " and " << other;
    if (one.getRank() != other.getRank())
      return node.emitUnsupported() << "branches of different ranks, " << one
                                    << " and " << other;
  }
  return success();
}

/// What either branch alone would be, where the condition is known.
LogicalResult importKnownIf(const NodeReader &node, bool condition) {
  auto values = node.importSubgraph(condition ? "then_branch" : "else_branch",
                                    /*block=*/nullptr);
  if (failed(values))
    return failure();
  for (auto [i, value] : llvm::enumerate(*values))
    node.setOutput(i, value);
  return success();
}

LogicalResult importIf(const NodeReader &node) {
  if (failed(node.requireBool(0)))
    return failure();
  if (std::optional<SmallVector<int64_t>> known = node.findInts(0);
      known && known->size() == 1)
    return importKnownIf(node, known->front() != 0);
  // The types of the results follow from the branches.
  OpBuilder &builder = node.getBuilder();
  SmallVector<Type> types(node.getNumOutputs(),
                          UnrankedTensorType::get(builder.getF32Type()));
  auto op = node.getBuilder().create<nn::IfOp>(types, node.getInput(0));
  auto yielded = importBranch(node, "then_branch", op.getThen());
  if (failed(yielded))
    return failure();
  auto others = importBranch(node, "else_branch", op.getOtherwise());
  if (failed(others) || failed(checkBranches(node, *yielded, *others)))
    return failure();
  for (auto [result, value] : llvm::zip_equal(op.getResults(), *yielded))
    result.setType(UnrankedTensorType::get(
        cast<TensorType>(value.getType()).getElementType()));
  if (failed(node.finish(op)))
    return failure();
  for (auto [i, result] : llvm::enumerate(op.getResults()))
    node.setOutput(i, result);
  return success();
}
} // namespace

ArrayRef<OpImporter> burin::getCoreImporters() {
  static const OpImporter importers[] = {
      {"Constant", 1, 0, 0, 1, importConstant},
      {"Identity", 1, 1, 1, 1, importIdentity},
      {"Shape", 1, 1, 1, 1, importShape},
      {"Size", 1, 1, 1, 1, importSize},
      {"Dropout", 7, 1, 3, 2, importDropout},
      {"If", 1, 1, 1, -1, importIf},
  };
  return importers;
}
