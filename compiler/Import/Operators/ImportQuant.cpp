//===- ImportQuant.cpp - Quantization, products with packed integers ----------===//

#include "compiler/Import/Operators/ImportHelpers.h"

using namespace mlir;
using namespace burin;

namespace {
//===- QuantizeLinear, DequantizeLinear -----------------------------------===//

/// Where the scales lie, input 1.
struct Granularity {
  int64_t axis = 0, block = 0;
};

FailureOr<Granularity> readGranularity(const NodeReader &node) {
  FailureOr<int64_t> axis = node.getInt("axis", 1);
  FailureOr<int64_t> block = node.getInt("block_size", 0);
  if (failed(axis) || failed(block))
    return failure();
  if (*block < 0)
    return node.emitInvalid()
           << "attribute 'block_size' expects at least 0, got " << *block;
  RankedTensorType scale = node.getInputType(1);
  int64_t rank = node.getRank(0);
  Granularity result;
  if (scale.hasStaticShape() && scale.getNumElements() == 1)
    return result;
  result.block = *block;
  // An axis is not needed where there is only one.
  FailureOr<int64_t> normal = rank == 1 ? FailureOr<int64_t>(0)
                                        : node.normalizeAxis(*axis, rank);
  if (failed(normal))
    return failure();
  result.axis = *normal;
  return result;
}

/// A type attribute for which 0 means that it is not given.
FailureOr<Type> readType(const NodeReader &node, StringRef name,
                         Type otherwise) {
  FailureOr<int64_t> number = node.getInt(name, 0);
  if (failed(number))
    return failure();
  return *number == 0 ? FailureOr<Type>(otherwise) : node.getTypeAttr(name);
}

bool isQuantized(Type type) {
  if (isa<FloatType>(type))
    return type.getIntOrFloatBitWidth() == 8;
  return !type.isInteger(1) && type.getIntOrFloatBitWidth() <= 16;
}

LogicalResult importQuantize(const NodeReader &node) {
  OpBuilder &builder = node.getBuilder();
  Type implied = node.hasInput(2) ? node.getElementType(2)
                                  : builder.getIntegerType(8, false);
  FailureOr<Type> type = readType(node, "output_dtype", implied);
  Type scale = node.getElementType(1);
  FailureOr<Type> precision = readType(
      node, "precision", isa<FloatType>(scale) ? scale : builder.getF32Type());
  FailureOr<int64_t> saturate = node.getInt("saturate", 1);
  FailureOr<Granularity> where = readGranularity(node);
  if (failed(type) || failed(precision) || failed(saturate) || failed(where) ||
      failed(node.requireNumeric(0)) || failed(node.requireNumeric(1)))
    return failure();
  if (node.hasInput(2) && *type != implied)
    return node.emitInvalid() << "expects zero points of type " << *type
                              << ", got " << implied;
  if (!isQuantized(*type) || !isa<FloatType>(*precision))
    return node.emitInvalid() << "cannot quantize to " << *type
                              << " with a precision of " << *precision;
  return node.produce<nn::QuantizeOp>(
      *type, node.getInput(0), node.getInput(1), node.getInput(2),
      builder.getI64IntegerAttr(where->axis),
      builder.getI64IntegerAttr(where->block), TypeAttr::get(*precision),
      builder.getBoolAttr(*saturate));
}

LogicalResult importDequantize(const NodeReader &node) {
  OpBuilder &builder = node.getBuilder();
  FailureOr<Type> type = readType(node, "output_dtype", node.getElementType(1));
  FailureOr<Granularity> where = readGranularity(node);
  if (failed(type) || failed(where) || failed(node.requireFloat(1)) ||
      failed(node.requireSameType({0, 2})))
    return failure();
  Type x = node.getElementType(0);
  if (!isa<FloatType>(*type) || !(isQuantized(x) || x.isSignlessInteger(32)))
    return node.emitInvalid() << "cannot dequantize " << x << " to " << *type;
  return node.produce<nn::DequantizeOp>(
      *type, node.getInput(0), node.getInput(1), node.getInput(2),
      builder.getI64IntegerAttr(where->axis),
      builder.getI64IntegerAttr(where->block));
}

LogicalResult importDynamicQuantize(const NodeReader &node) {
  Type byte = node.getBuilder().getIntegerType(8, false);
  Type f32 = node.getBuilder().getF32Type();
  if (node.getElementType(0) != f32)
    return node.emitInvalid() << "expects f32 as input 0, got "
                              << node.getElementType(0);
  auto op = node.build<nn::DynamicQuantizeOp>({byte, f32, byte},
                                              node.getInput(0));
  if (!op)
    return failure();
  for (auto [i, result] : llvm::enumerate(op.getResults()))
    node.setOutput(i, result);
  return success();
}

//===- com.microsoft MatMulNBits ------------------------------------------===//

LogicalResult importMatMulNBits(const NodeReader &node) {
  OpBuilder &builder = node.getBuilder();
  Type type = node.getElementType(0), byte = builder.getIntegerType(8, false);
  FailureOr<int64_t> k = node.getInt("K"), n = node.getInt("N");
  FailureOr<int64_t> bits = node.getInt("bits", 4);
  FailureOr<int64_t> block = node.getInt("block_size", 32);
  FailureOr<int64_t> accuracy = node.getInt("accuracy_level", 0);
  if (failed(k) || failed(n) || failed(bits) || failed(block) || failed(accuracy) ||
      failed(node.requireFloat(0)) || failed(node.requireSameType({0, 2, 5})))
    return failure();
  if (node.hasInput(4))
    return node.emitUnsupported() << "input 4 (g_idx)";
  bool zerosFit = !node.hasInput(3) || node.getElementType(3) == byte ||
                  node.getElementType(3) == type;
  if (node.getElementType(1) != byte || !zerosFit)
    return node.emitInvalid()
           << "expects ui8 as input 1 and ui8 or " << type << " as input 3, got "
           << node.getElementType(1)
           << (zerosFit ? Type() : node.getElementType(3));
  return node.produce<nn::MatMulNBitsOp>(
      type, node.getInput(0), node.getInput(1), node.getInput(2),
      node.getInput(3), node.getInput(5), builder.getI64IntegerAttr(*k),
      builder.getI64IntegerAttr(*n), builder.getI64IntegerAttr(*bits),
      builder.getI64IntegerAttr(*block), builder.getI64IntegerAttr(*accuracy));
}
} // namespace

ArrayRef<OpImporter> burin::getQuantImporters() {
  static const OpImporter importers[] = {
      {"QuantizeLinear", 10, 2, 3, 1, importQuantize},
      {"DequantizeLinear", 10, 2, 3, 1, importDequantize},
      {"DynamicQuantizeLinear", 11, 1, 1, 3, importDynamicQuantize},
      {"MatMulInteger", 10, 2, 4, 1, importMatMulInteger},
      {"ConvInteger", 10, 2, 4, 1, importConvInteger},
      {"QLinearMatMul", 10, 8, 8, 1, importQLinearMatMul},
      {"QLinearConv", 10, 8, 9, 1, importQLinearConv},
      {"MatMulNBits", 1, 3, 6, 1, importMatMulNBits, "com.microsoft"},
      {"QuantizeLinear", 1, 2, 3, 1, importQuantize, "com.microsoft"},
      {"DequantizeLinear", 1, 2, 3, 1, importDequantize, "com.microsoft"},
  };
  return importers;
}
