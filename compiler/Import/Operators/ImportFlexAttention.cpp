//===- ImportFlexAttention.cpp - Attention with subgraphs inside ----------===//
//
// The subgraphs become neighbours of the products and the softmax, so that they
// are fused like any others.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Operators/ImportHelpers.h"
#include <cmath>

using namespace mlir;
using namespace burin;

namespace {
Type getElement(Value value) { return getElementTypeOrSelf(value.getType()); }

int64_t getSize(Value value, int64_t dim) {
  return cast<RankedTensorType>(value.getType()).getDimSize(dim);
}

Value reshape(const NodeReader &node, Value value, ArrayRef<int64_t> shape) {
  return node.buildValue<nn::ReshapeOp>(getElement(value), value,
                                        node.getIntTensor(shape),
                                        node.getBuilder().getBoolAttr(false));
}

/// [B, heads, ...] as [B, groups, heads / groups, ...]. Null on error.
Value groupHeads(const NodeReader &node, Value value, int64_t groups) {
  return reshape(node, value, {0, groups, -1, getSize(value, 2), getSize(value, 3)});
}

/// lhs x rhs (transposed), the heads of rhs shared by as many of lhs each.
Value multiply(const NodeReader &node, Value lhs, Value rhs, bool transposed) {
  OpBuilder &b = node.getBuilder();
  int64_t heads = getSize(lhs, 1), groups = getSize(rhs, 1);
  bool shares = heads != groups;
  if (shares) {
    for (Value value : {lhs, rhs})
      if (!cast<RankedTensorType>(value.getType()).hasStaticShape()) {
        node.emitUnsupported() << "shared heads of unknown sizes";
        return Value();
      }
    if (groups == 0 || heads % groups != 0) {
      node.emitInvalid() << "expects the heads of K to divide those of Q, got "
                         << groups << " and " << heads;
      return Value();
    }
    lhs = groupHeads(node, lhs, groups);
    rhs = lhs ? groupHeads(node, rhs, groups) : Value();
    if (!rhs)
      return Value();
  }
  Value product = node.buildValue<nn::MatMulOp>(
      getElement(lhs), lhs, rhs, b.getBoolAttr(false), b.getBoolAttr(transposed));
  if (!product || !shares)
    return product;
  return reshape(node, product, {0, heads, getSize(product, 3), getSize(product, 4)});
}

/// `value` through the subgraph, if there is one. Null on error.
Value modify(const NodeReader &node, StringRef name, Value value) {
  if (!node.hasAttr(name))
    return value;
  auto results = node.importSubgraph(name, nullptr, value);
  if (failed(results))
    return Value();
  if (results->size() != 1 || getElement(results->front()) != getElement(value) ||
      failed(verifyCompatibleShape(results->front().getType(), value.getType()))) {
    node.emitInvalid() << "graph '" << name << "' expects to keep type and shape";
    return Value();
  }
  return results->front();
}

FailureOr<Type> getSoftmaxType(const NodeReader &node) {
  Type element = node.getElementType(0);
  if (node.hasAttr("softmax_precision"))
    return node.getTypeAttr("softmax_precision");
  return element.isF64() ? element : node.getBuilder().getF32Type();
}
} // namespace

LogicalResult burin::importFlexAttention(const NodeReader &node) {
  OpBuilder &b = node.getBuilder();
  FailureOr<float> given = node.getFloat("scale", 0);
  FailureOr<Type> type = getSoftmaxType(node);
  if (failed(given) || failed(type) || failed(node.requireSameType({0, 1, 2})))
    return failure();
  for (int i : {0, 1, 2})
    if (failed(node.requireFloat(i)) || failed(node.requireRank(i, 4, 4)))
      return failure();
  int64_t depth = node.getInputType(0).getDimSize(3);
  if (!isa<FloatType>(*type))
    return node.emitInvalid() << "attribute 'softmax_precision' expects a float";
  if (!node.hasAttr("scale") && ShapedType::isDynamic(depth))
    return node.emitUnsupported() << "heads of unknown size";
  double scale = node.hasAttr("scale")
                     ? double(*given)
                     : 1 / std::sqrt(double(std::max<int64_t>(1, depth)));
  Value query = node.buildValue<nn::MulOp>(
      node.getElementType(0), node.getInput(0),
      node.getScalar(node.getElementType(0), scale));
  Value scores = query ? multiply(node, query, node.getInput(1), true) : Value();
  scores = scores ? castTo(node, scores, *type) : Value();
  scores = scores ? modify(node, "score_mod", scores) : Value();
  Value probabilities =
      scores ? node.buildValue<nn::SoftmaxOp>(*type, scores,
                                              b.getDenseI64ArrayAttr(3))
             : Value();
  probabilities =
      probabilities ? modify(node, "prob_mod", probabilities) : Value();
  Value values = probabilities ? castTo(node, node.getInput(2), *type) : Value();
  Value result =
      values ? multiply(node, probabilities, values, false) : Value();
  result = result ? castTo(node, result, node.getElementType(2)) : Value();
  if (!result)
    return failure();
  node.setOutput(0, result);
  return success();
}
