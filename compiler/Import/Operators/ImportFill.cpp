//===- ImportFill.cpp - Tensors out of sizes: Range, windows, random ------===//

#include "compiler/Import/Operators/ImportHelpers.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace burin;

namespace {
/// c0 + c1 * cos(2 pi i / n) + c2 * cos(4 pi i / n)
LogicalResult importWindow(const NodeReader &node,
                           ArrayRef<double> coefficients) {
  OpBuilder &builder = node.getBuilder();
  FailureOr<Value> size = getIntVector(node, 0, 1);
  FailureOr<Type> type =
      node.getTypeAttr("output_datatype", builder.getF32Type());
  FailureOr<int64_t> periodic = node.getInt("periodic", 1);
  if (failed(size) || failed(type) || failed(periodic))
    return failure();
  if (node.getInputType(0).getNumElements() != 1)
    return node.emitInvalid() << "expects one number as input 0";
  bool isDouble = type->isF64();
  Value window = node.buildValue<nn::CosineWindowOp>(
      isDouble ? builder.getF64Type() : builder.getF32Type(), *size,
      builder.getDenseF64ArrayAttr(coefficients),
      builder.getBoolAttr(*periodic));
  window = window ? castTo(node, window, *type) : window;
  if (!window)
    return failure();
  node.setOutput(0, window);
  return success();
}

/// Where a generator of random numbers gets its sizes from.
FailureOr<Value> getRandomShape(const NodeReader &node, bool isLike) {
  if (!isLike) {
    FailureOr<SmallVector<int64_t>> shape = node.getIntList("shape", true);
    if (failed(shape))
      return failure();
    return node.getIntTensor(*shape);
  }
  OpBuilder &builder = node.getBuilder();
  Value shape = node.buildValue<nn::ShapeOp>(
      builder.getI64Type(), node.getInput(0), builder.getI64IntegerAttr(0),
      builder.getI64IntegerAttr(node.getRank(0)));
  if (!shape)
    return failure();
  return shape;
}

/// Numbers of type f32 or f64 as `kind` says; the hash of the node's
/// name is its seed unless it has one.
Value buildRandom(const NodeReader &node, Value shape, Type type,
                  StringRef kind, float a, float b) {
  ImplicitLocOpBuilder &builder = node.getBuilder();
  FailureOr<float> seed = node.getFloat("seed", 0.0f);
  if (failed(seed))
    return nullptr;
  uint64_t bits = llvm::bit_cast<uint32_t>(*seed);
  auto name = builder.getLoc()->findInstanceOf<NameLoc>();
  if (!node.hasAttr("seed") && name)
    bits = llvm::xxh3_64bits(name.getName().getValue());
  return node.buildValue<nn::RandomOp>(
      type.isF64() ? type : builder.getF32Type(), shape,
      builder.getStringAttr(kind), builder.getF32FloatAttr(a),
      builder.getF32FloatAttr(b), builder.getI64IntegerAttr(bits));
}

LogicalResult importRandom(const NodeReader &node, bool isNormal, bool isLike) {
  FailureOr<float> a = node.getFloat(isNormal ? "mean" : "low", 0.0f);
  FailureOr<float> b = node.getFloat(isNormal ? "scale" : "high", 1.0f);
  Type otherwise =
      isLike ? node.getElementType(0) : Type(node.getBuilder().getF32Type());
  FailureOr<Type> type = node.getTypeAttr("dtype", otherwise);
  FailureOr<Value> shape = getRandomShape(node, isLike);
  if (failed(a) || failed(b) || failed(type) || failed(shape))
    return failure();
  if (!isa<FloatType>(*type))
    return node.emitInvalid() << "expects a float type, got " << *type;
  Value numbers = buildRandom(node, *shape, *type,
                              isNormal ? "normal" : "uniform", *a, *b);
  numbers = numbers ? castTo(node, numbers, *type) : numbers;
  if (!numbers)
    return failure();
  node.setOutput(0, numbers);
  return success();
}
} // namespace

LogicalResult burin::importConstantOfShape(const NodeReader &node) {
  FailureOr<Value> shape = getIntVector(node, 0, node.findDeclaredRank(0));
  if (failed(shape))
    return failure();
  OpBuilder &builder = node.getBuilder();
  FailureOr<ElementsAttr> value = ElementsAttr(DenseElementsAttr::get(
      RankedTensorType::get({1}, builder.getF32Type()), 0.0f));
  if (node.hasAttr("value"))
    value = node.getTensor("value");
  if (failed(value))
    return failure();
  if (value->getNumElements() != 1 || !isa<DenseElementsAttr>(*value))
    return node.emitInvalid() << "attribute 'value' expects one element";
  return node.produce<nn::ConstantOfShapeOp>(value->getElementType(), *shape,
                                             *value);
}

LogicalResult burin::importRange(const NodeReader &node) {
  if (failed(node.requireSameType({0, 1, 2})) || failed(node.requireNumeric(0)))
    return failure();
  FailureOr<Value> start = getOne(node, 0), limit = getOne(node, 1),
                   delta = getOne(node, 2);
  if (failed(start) || failed(limit) || failed(delta))
    return failure();
  return node.produce<nn::RangeOp>(node.getElementType(0), *start, *limit,
                                   *delta);
}

LogicalResult burin::importEyeLike(const NodeReader &node) {
  FailureOr<Type> type = node.getTypeAttr("dtype", node.getElementType(0));
  FailureOr<int64_t> k = getIntIn(node, "k", 0, INT32_MIN, INT32_MAX);
  if (failed(type) || failed(k) || failed(node.requireRank(0, 2, 2)))
    return failure();
  return node.produce<nn::EyeLikeOp>(*type, node.getInput(0),
                                     node.getBuilder().getI64IntegerAttr(*k));
}

LogicalResult burin::importBernoulli(const NodeReader &node) {
  Type type = node.getElementType(0);
  FailureOr<Type> wanted = node.getTypeAttr("dtype", type);
  FailureOr<Value> shape = getRandomShape(node, /*isLike=*/true);
  if (failed(wanted) || failed(shape) || failed(node.requireFloat(0)))
    return failure();
  Value numbers = buildRandom(node, *shape, type, "uniform", 0, 1);
  numbers = numbers ? castTo(node, numbers, type) : numbers;
  Value hits = numbers ? node.buildValue<nn::LessOp>(
                             node.getBuilder().getI1Type(), numbers,
                             node.getInput(0))
                       : numbers;
  Value result = hits ? castTo(node, hits, *wanted) : hits;
  if (!result)
    return failure();
  node.setOutput(0, result);
  return success();
}

LogicalResult burin::importHannWindow(const NodeReader &node) {
  return importWindow(node, {0.5, -0.5, 0.0});
}

LogicalResult burin::importHammingWindow(const NodeReader &node) {
  return importWindow(node, {25.0 / 46, -21.0 / 46, 0.0});
}

LogicalResult burin::importBlackmanWindow(const NodeReader &node) {
  return importWindow(node, {0.42, -0.5, 0.08});
}

LogicalResult burin::importRandomUniform(const NodeReader &node) {
  return importRandom(node, /*isNormal=*/false, /*isLike=*/false);
}

LogicalResult burin::importRandomNormal(const NodeReader &node) {
  return importRandom(node, /*isNormal=*/true, /*isLike=*/false);
}

LogicalResult burin::importRandomUniformLike(const NodeReader &node) {
  return importRandom(node, /*isNormal=*/false, /*isLike=*/true);
}

LogicalResult burin::importRandomNormalLike(const NodeReader &node) {
  return importRandom(node, /*isNormal=*/true, /*isLike=*/true);
}
