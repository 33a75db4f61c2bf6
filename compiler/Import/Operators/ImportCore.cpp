//===- ImportCore.cpp - Constants, shapes, subgraphs ----------------------===//

#include "compiler/Import/Operators/ImportHelpers.h"

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

/// Everything is kept: a mask of ones, of the shape of the input.
LogicalResult keepAll(const NodeReader &node) {
  node.setOutput(0, node.getInput(0));
  if (!node.wantsOutput(1))
    return success();
  Builder &builder = node.getBuilder();
  bool isBool = node.getOpset() >= 10;
  Type type = isBool ? builder.getI1Type() : node.getElementType(0);
  auto rank = builder.getI64IntegerAttr(node.getRank(0));
  Value shape =
      node.buildValue<nn::ShapeOp>(builder.getI64Type(), node.getInput(0),
                                   builder.getI64IntegerAttr(0), rank);
  Value mask =
      shape
          ? node.buildValue<nn::ExpandOp>(type, node.getScalar(type, 1), shape)
          : Value();
  node.setOutput(1, mask);
  return success(bool(mask));
}

/// Builds ops as long as all of them work out.
struct Chain {
  const NodeReader &node;
  template <typename OpTy, typename... Args>
  Value build(Type type, Value first, Args... args) const {
    if (!first || (... || (!args)))
      return Value();
    return node.buildValue<OpTy>(type, first, args...);
  }
};

/// Training, if the scalar `training` is true when the model runs: each element
/// is dropped with probability `ratio`, the others are scaled up.
LogicalResult dropSome(const NodeReader &node, Value training) {
  FailureOr<int64_t> seed = node.getInt("seed", 0);
  FailureOr<float> given = node.getFloat("ratio", 0.5f);
  if (failed(seed) || failed(given) || failed(node.requireFloat(0)))
    return failure();
  Builder &builder = node.getBuilder();
  Chain chain{node};
  Type type = node.getElementType(0), flag = builder.getI1Type(),
       f32 = builder.getF32Type();
  Value x = node.getInput(0), one = node.getScalar(type, 1);
  Value ratio = node.hasInput(1) ? castTo(node, node.getInput(1), type)
                                 : node.getScalar(type, *given);
  Value shape = node.buildValue<nn::ShapeOp>(
      builder.getI64Type(), x, builder.getI64IntegerAttr(0),
      builder.getI64IntegerAttr(node.getRank(0)));
  Value noise =
      shape ? node.buildValue<nn::RandomOp>(
                  f32, shape, builder.getStringAttr("uniform"),
                  builder.getF32FloatAttr(0), builder.getF32FloatAttr(1),
                  builder.getI64IntegerAttr(*seed))
            : Value();
  Value limit = ratio ? castTo(node, ratio, f32) : Value();
  Value hit = chain.build<nn::LessOp>(flag, noise, limit);
  Value drop = chain.build<nn::AndOp>(flag, hit, training);
  Value rest = chain.build<nn::SubOp>(type, one, ratio);
  Value scale = chain.build<nn::DivOp>(type, one, rest);
  Value factor = chain.build<nn::WhereOp>(type, training, scale, one);
  Value scaled = chain.build<nn::MulOp>(type, x, factor);
  Value result =
      chain.build<nn::WhereOp>(type, drop, node.getScalar(type, 0), scaled);
  Value mask = chain.build<nn::NotOp>(flag, drop);
  if (!result || !mask)
    return failure();
  node.setOutput(0, result);
  node.setOutput(1, mask);
  return success();
}

LogicalResult importDropout(const NodeReader &node) {
  if (node.getOpset() < 12 || !node.hasInput(2))
    return keepAll(node);
  if (failed(node.requireBool(2)))
    return failure();
  if (std::optional<SmallVector<int64_t>> known = node.findInts(2);
      known && known->size() == 1 && known->front() == 0)
    return keepAll(node);
  return dropSome(node, node.getInput(2));
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
      return node.emitUnsupported()
             << "branches of different ranks, " << one << " and " << other;
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
      {"Dropout", 1, 1, 3, 2, importDropout},
      {"If", 1, 1, 1, -1, importIf},
  };
  return importers;
}
