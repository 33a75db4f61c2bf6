//===- ImportQuantProducts.cpp - MatMul and Conv of quantized tensors -----===//
//
// Zero points are subtracted in i16, which holds the difference of any two
// bytes; products of i16 accumulate in i32. What has no zero point stays bytes.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Operators/ImportHelpers.h"

using namespace mlir;
using namespace burin;

namespace {
bool isByte(Type type) {
  return type.isSignlessInteger(8) || type.isUnsignedInteger(8);
}

LogicalResult requireBytes(const NodeReader &node, ArrayRef<int> indices) {
  for (int index : indices)
    if (node.hasInput(index) && !isByte(node.getElementType(index))) {
      if (isa<FloatType>(node.getElementType(index)))
        return node.emitUnsupported() << "floats as input " << index;
      return node.emitInvalid() << "expects bytes as input " << index << ", got "
                                << node.getElementType(index);
    }
  return success();
}

bool isSingle(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getRank() == 0 ||
         (type.hasStaticShape() && type.getNumElements() == 1);
}

/// A vector as a tensor that broadcasts along `after` dimensions behind it.
Value addDimensions(const NodeReader &node, Value vector, int64_t after) {
  auto type = cast<RankedTensorType>(vector.getType());
  if (type.getRank() != 1 || isSingle(vector) || after == 0)
    return vector;
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(1, after + 1));
  return node.buildValue<nn::UnsqueezeOp>(type.getElementType(), vector,
                                          node.getIntTensor(axes));
}

/// Input `index` less its zero points, input `zeroIndex`; `after` dimensions
/// follow the one that a vector of them goes along. Null on error.
Value subtractZero(const NodeReader &node, int index, int zeroIndex,
                   int64_t after) {
  Value x = node.getInput(index), zero = node.getInput(zeroIndex);
  std::optional<SmallVector<int64_t>> known = node.findInts(zeroIndex);
  if (!zero || (known && llvm::all_of(*known, [](int64_t z) { return z == 0; })))
    return x;
  Type wide = node.getBuilder().getIntegerType(16);
  x = castTo(node, x, wide);
  zero = addDimensions(node, zero, after);
  zero = zero ? castTo(node, zero, wide) : Value();
  return x && zero ? node.buildValue<nn::SubOp>(wide, x, zero) : Value();
}

/// Per row of the left operand: along its last dimension but one.
Value buildIntegerMatMul(const NodeReader &node, int a, int aZero, int b,
                         int bZero) {
  OpBuilder &builder = node.getBuilder();
  if (failed(node.requireRank(a, 1, 8)) || failed(node.requireRank(b, 1, 8)))
    return Value();
  Value lhs = subtractZero(node, a, aZero, 1);
  Value rhs = lhs ? subtractZero(node, b, bZero, 0) : Value();
  if (!rhs)
    return Value();
  return node.buildValue<nn::MatMulOp>(builder.getI32Type(), lhs, rhs,
                                       builder.getBoolAttr(false),
                                       builder.getBoolAttr(false));
}

LogicalResult setResult(const NodeReader &node, Value result) {
  if (!result)
    return failure();
  node.setOutput(0, result);
  return success();
}

/// `real` by scale and zero point, inputs `scale` and `zero`, which are scalars or
/// go along dimension `axis`.
LogicalResult quantizeTo(const NodeReader &node, Value real, int scale,
                         int zero, int64_t axis) {
  OpBuilder &b = node.getBuilder();
  Value divisor = castTo(node, node.getInput(scale), b.getF32Type());
  if (!divisor || !real)
    return failure();
  if (!isSingle(divisor) && (node.getRank(scale) != 1 || axis < 0))
    return node.emitUnsupported() << "scales of the result of rank "
                                  << node.getRank(scale);
  axis = std::max<int64_t>(0, axis);
  return node.produce<nn::QuantizeOp>(
      node.getElementType(zero), real, divisor, node.getInput(zero),
      b.getI64IntegerAttr(axis), b.getI64IntegerAttr(0),
      TypeAttr::get(b.getF32Type()), b.getBoolAttr(true));
}
} // namespace

LogicalResult burin::importMatMulInteger(const NodeReader &node) {
  if (failed(requireBytes(node, {0, 1})) ||
      failed(node.requireSameType({0, 2})) ||
      failed(node.requireSameType({1, 3})))
    return failure();
  return setResult(node, buildIntegerMatMul(node, 0, 2, 1, 3));
}

LogicalResult burin::importConvInteger(const NodeReader &node) {
  if (failed(requireBytes(node, {0, 1})) || failed(node.requireRank(0, 3, 8)) ||
      failed(node.requireSameType({0, 2})) ||
      failed(node.requireSameType({1, 3})))
    return failure();
  Value x = subtractZero(node, 0, 2, 0);
  Value w = x ? subtractZero(node, 1, 3, node.getRank(1) - 1) : Value();
  if (!w)
    return failure();
  return setResult(node, buildConv(node, x, w, Value(),
                                   node.getBuilder().getI32Type()));
}

LogicalResult burin::importQLinearMatMul(const NodeReader &node) {
  if (failed(requireBytes(node, {0, 3, 7})) ||
      failed(node.requireSameType({0, 2})) ||
      failed(node.requireSameType({3, 5})) || failed(node.requireFloat(1)) ||
      failed(node.requireFloat(4)) || failed(node.requireFloat(6)))
    return failure();
  Value sum = buildIntegerMatMul(node, 0, 2, 3, 5);
  Type f32 = node.getBuilder().getF32Type();
  Value real = sum ? castTo(node, sum, f32) : Value();
  for (auto [index, after] : {std::pair(1, 1), std::pair(4, 0)}) {
    Value scale = real ? castTo(node, node.getInput(index), f32) : Value();
    scale = scale ? addDimensions(node, scale, after) : Value();
    if (!scale)
      return failure();
    // One of rank 1 must not add a dimension to a scalar.
    auto type = cast<RankedTensorType>(real.getType());
    if (isSingle(scale) && type.getRank() == 0)
      return node.emitUnsupported() << "products of vectors";
    real = node.buildValue<nn::MulOp>(f32, real, scale);
  }
  return quantizeTo(node, real, 6, 7,
                    cast<RankedTensorType>(real.getType()).getRank() - 2);
}

LogicalResult burin::importQLinearConv(const NodeReader &node) {
  if (failed(requireBytes(node, {0, 3, 7})) || failed(node.requireRank(0, 3, 8)) ||
      failed(node.requireSameType({0, 2})) ||
      failed(node.requireSameType({3, 5})) || failed(node.requireFloat(1)) ||
      failed(node.requireFloat(4)) || failed(node.requireFloat(6)))
    return failure();
  OpBuilder &b = node.getBuilder();
  if (node.hasInput(8) && !node.getElementType(8).isSignlessInteger(32))
    return node.emitInvalid() << "expects i32 as input 8, got "
                              << node.getElementType(8);
  Value x = subtractZero(node, 0, 2, 0);
  Value w = x ? subtractZero(node, 3, 5, node.getRank(3) - 1) : Value();
  if (!w)
    return failure();
  Value sum = buildConv(node, x, w, node.getInput(8), b.getI32Type());
  Value scale = sum ? node.buildValue<nn::MulOp>(b.getF32Type(), node.getInput(1),
                                                 node.getInput(4))
                    : Value();
  if (!scale)
    return failure();
  Value real = node.buildValue<nn::DequantizeOp>(
      b.getF32Type(), sum, scale, Value(), b.getI64IntegerAttr(1),
      b.getI64IntegerAttr(0));
  return quantizeTo(node, real, 6, 7, 0);
}
