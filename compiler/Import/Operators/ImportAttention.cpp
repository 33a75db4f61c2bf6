//===- ImportAttention.cpp - Attention, RotaryEmbedding, LinearAttention --===//

#include "compiler/Import/Operators/ImportHelpers.h"
#include <cmath>

using namespace mlir;
using namespace burin;

namespace {
/// One size of `value` as a 1-D tensor of one i64.
Value getSize(const NodeReader &node, Value value, int64_t dim) {
  OpBuilder &b = node.getBuilder();
  return node.buildValue<nn::ShapeOp>(b.getI64Type(), value,
                                      b.getI64IntegerAttr(dim),
                                      b.getI64IntegerAttr(dim + 1));
}

Value transpose(const NodeReader &node, Value value, ArrayRef<int64_t> order) {
  return node.buildValue<nn::TransposeOp>(
      getElementTypeOrSelf(value.getType()), value,
      node.getBuilder().getDenseI64ArrayAttr(order));
}

Value reshape(const NodeReader &node, Value value, ArrayRef<int64_t> shape) {
  return node.buildValue<nn::ReshapeOp>(
      getElementTypeOrSelf(value.getType()), value, node.getIntTensor(shape),
      node.getBuilder().getBoolAttr(false));
}

/// [B, S, heads * D] as [B, heads, S, D]. Null on error.
Value splitHeads(const NodeReader &node, Value value, int64_t heads) {
  int64_t hidden = cast<RankedTensorType>(value.getType()).getDimSize(2);
  bool known = !ShapedType::isDynamic(hidden);
  if (known && hidden % heads != 0) {
    node.emitInvalid() << "expects a hidden size of " << heads
                       << " equal heads, got " << hidden;
    return Value();
  }
  Value split = reshape(node, value, {0, 0, heads, known ? hidden / heads : -1});
  return split ? transpose(node, split, {0, 2, 1, 3}) : Value();
}

/// [B, heads, S, D] as [B, S, heads * D].
Value joinHeads(const NodeReader &node, Value value) {
  value = transpose(node, value, {0, 2, 1, 3});
  if (!value)
    return Value();
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  bool known = !ShapedType::isDynamic(shape[2]) && !ShapedType::isDynamic(shape[3]);
  return reshape(node, value, {0, 0, known ? shape[2] * shape[3] : -1});
}

//===- Attention ----------------------------------------------------------===//

struct AttentionInputs {
  Value query, key, value;       ///< [B, heads, S, D] each.
  Value bias, offset, lengths;   ///< As nn.attention has them, or null.
  nn::AttnMaskAttrInterface mask;
  FloatAttr scale;
};

/// Inputs 0 to 2 with their heads as a dimension.
LogicalResult readHeads(const NodeReader &node, AttentionInputs &inputs) {
  int64_t rank = node.getRank(0);
  for (int i : {0, 1, 2})
    if (failed(node.requireFloat(i)) || failed(node.requireRank(i, 3, 4)) ||
        failed(node.requireRank(i, rank, rank)))
      return failure();
  inputs.query = node.getInput(0);
  inputs.key = node.getInput(1);
  inputs.value = node.getInput(2);
  if (rank == 4)
    return success();
  constexpr int64_t most = 1 << 20;
  FailureOr<int64_t> q = getIntIn(node, "q_num_heads", {}, 1, most);
  FailureOr<int64_t> kv = getIntIn(node, "kv_num_heads", {}, 1, most);
  if (failed(q) || failed(kv))
    return failure();
  inputs.query = splitHeads(node, inputs.query, *q);
  inputs.key = splitHeads(node, inputs.key, *kv);
  inputs.value = splitHeads(node, inputs.value, *kv);
  return success(inputs.query && inputs.key && inputs.value);
}

/// Puts what was cached before key and value; says where the queries are.
LogicalResult readCache(const NodeReader &node, AttentionInputs &inputs) {
  OpBuilder &b = node.getBuilder();
  if (node.hasInput(4) != node.hasInput(5))
    return node.emitInvalid() << "expects past_key and past_value or neither";
  if (node.hasInput(4)) {
    if (node.hasInput(6))
      return node.emitInvalid()
             << "expects past_key or nonpad_kv_seqlen, not both";
    for (auto [index, value] :
         {std::pair(4, &inputs.key), std::pair(5, &inputs.value)}) {
      Type type = getElementTypeOrSelf(value->getType());
      if (failed(node.requireRank(index, 4, 4)))
        return failure();
      if (node.getElementType(index) != type)
        return node.emitInvalid() << "expects " << type << " as input " << index
                                  << ", got " << node.getElementType(index);
      *value = node.buildValue<nn::ConcatOp>(
          type, ValueRange{node.getInput(index), *value},
          b.getI64IntegerAttr(2));
      if (!*value)
        return failure();
    }
    inputs.offset = getSize(node, node.getInput(4), 2);
    return success(bool(inputs.offset));
  }
  if (!node.hasInput(6))
    return success();
  if (!node.getElementType(6).isSignlessInteger(64) ||
      failed(node.requireRank(6, 1, 1)))
    return node.emitInvalid() << "expects i64 of rank 1 as input 6, got "
                              << node.getInputType(6);
  inputs.lengths = node.getInput(6);
  inputs.offset = node.buildValue<nn::SubOp>(b.getI64Type(), inputs.lengths,
                                             getSize(node, inputs.query, 2));
  return success(bool(inputs.offset));
}

LogicalResult readMask(const NodeReader &node, AttentionInputs &inputs) {
  MLIRContext *context = node.getBuilder().getContext();
  constexpr int64_t farthest = int64_t(1) << 48;
  FailureOr<int64_t> causal = node.getInt("is_causal", 0);
  FailureOr<int64_t> left =
      getIntIn(node, "left_window_size", -1, -1, INT64_MAX);
  FailureOr<int64_t> right =
      getIntIn(node, "right_window_size", -1, -1, INT64_MAX);
  if (failed(causal) || failed(left) || failed(right))
    return failure();
  if (*causal)
    right = 0;
  if (*left < 0 && *right < 0)
    inputs.mask = nn::DenseMaskAttr::get(context);
  else if (*left < 0 && *right == 0)
    inputs.mask = nn::CausalMaskAttr::get(context);
  else
    inputs.mask = nn::WindowMaskAttr::get(context, std::min(*left, farthest),
                                          std::min(*right, farthest));
  inputs.bias = node.getInput(3);
  if (!inputs.bias)
    return success();
  if (failed(node.requireRank(3, 0, 4)))
    return failure();
  Type type = node.getElementType(3);
  if (!type.isInteger(1) && !isa<FloatType>(type))
    inputs.bias = castTo(node, inputs.bias, node.getElementType(0));
  return success(bool(inputs.bias));
}

/// The attribute, or 1 / sqrt(D), which is multiplied to the query where D is
/// known only when the model runs.
LogicalResult readScale(const NodeReader &node, AttentionInputs &inputs) {
  OpBuilder &b = node.getBuilder();
  FailureOr<float> scale = node.getFloat("scale", 1);
  if (failed(scale))
    return failure();
  int64_t depth = cast<RankedTensorType>(inputs.query.getType()).getDimSize(3);
  inputs.scale = b.getF32FloatAttr(*scale);
  if (node.hasAttr("scale"))
    return success();
  if (!ShapedType::isDynamic(depth)) {
    inputs.scale = b.getF32FloatAttr(
        float(1 / std::sqrt(double(std::max<int64_t>(1, depth)))));
    return success();
  }
  Type type = getElementTypeOrSelf(inputs.query.getType());
  Value factor = castTo(node, getSize(node, inputs.query, 3), type);
  factor = factor ? node.buildValue<nn::SqrtOp>(type, factor) : Value();
  inputs.query = factor ? node.buildValue<nn::DivOp>(type, inputs.query, factor)
                        : Value();
  return success(bool(inputs.query));
}

LogicalResult importAttention(const NodeReader &node) {
  OpBuilder &b = node.getBuilder();
  AttentionInputs inputs;
  FailureOr<float> softcap = node.getFloat("softcap", 0);
  FailureOr<int64_t> stage = getIntIn(node, "qk_matmul_output_mode", 0, 0, 3);
  FailureOr<Type> precision = Type();
  if (node.hasAttr("softmax_precision"))
    precision = node.getTypeAttr("softmax_precision");
  if (failed(softcap) || failed(stage) || failed(precision) ||
      failed(node.requireSameType({0, 1})) || failed(readHeads(node, inputs)) ||
      failed(readCache(node, inputs)) || failed(readMask(node, inputs)) ||
      failed(readScale(node, inputs)))
    return failure();
  if (*precision && !isa<FloatType>(*precision))
    return node.emitInvalid()
           << "attribute 'softmax_precision' expects a float, got " << *precision;
  if (isa<nn::DenseMaskAttr>(inputs.mask)) // Then the place does not matter.
    inputs.offset = Value();
  SmallVector<Type> types = {node.getElementType(0)};
  if (node.wantsOutput(3))
    types.push_back(node.getElementType(0));
  auto op = node.build<nn::AttentionOp>(
      types, inputs.query, inputs.key, inputs.value, inputs.bias, inputs.offset,
      inputs.lengths, inputs.mask, inputs.scale,
      b.getF32FloatAttr(std::max(0.0f, *softcap)),
      *precision ? TypeAttr::get(*precision) : TypeAttr(),
      b.getI64IntegerAttr(*stage), /*nan_unseen=*/UnitAttr(), /*zero_nan=*/UnitAttr());
  if (!op)
    return failure();
  Value result = op.getResult();
  if (node.getRank(0) == 3)
    result = joinHeads(node, result);
  if (!result)
    return failure();
  node.setOutput(0, result);
  node.setOutput(1, inputs.key);
  node.setOutput(2, inputs.value);
  if (op.getScores())
    node.setOutput(3, op.getScores());
  return success();
}

//===- RotaryEmbedding ----------------------------------------------------===//

/// Input `index`, cos or sin, by token: looked up by input 3, if given. Null on
/// error.
Value lookUp(const NodeReader &node, int index) {
  int64_t rank = node.hasInput(3) ? 2 : 3;
  if (failed(node.requireRank(index, rank, rank)))
    return Value();
  if (rank == 3)
    return node.getInput(index);
  return node.buildValue<nn::GatherOp>(node.getElementType(index),
                                       node.getInput(index), node.getInput(3),
                                       node.getBuilder().getI64IntegerAttr(0));
}

LogicalResult importRotaryEmbedding(const NodeReader &node) {
  OpBuilder &b = node.getBuilder();
  FailureOr<int64_t> heads = getIntIn(node, "num_heads", 0, 0, 1 << 20);
  FailureOr<int64_t> rotated = node.getInt("rotary_embedding_dim", 0);
  FailureOr<int64_t> interleaved = node.getInt("interleaved", 0);
  if (failed(heads) || failed(rotated) || failed(interleaved) ||
      failed(node.requireFloat(0)) || failed(node.requireSameType({0, 1, 2})) ||
      failed(node.requireRank(0, 3, 4)))
    return failure();
  if (node.hasInput(3) && (failed(node.requireInteger(3)) ||
                           failed(node.requireRank(3, 2, 2))))
    return failure();
  bool flat = node.getRank(0) == 3;
  if (flat && *heads == 0)
    return node.emitInvalid() << "expects attribute 'num_heads' for rank 3";
  Value cos = lookUp(node, 1), sin = cos ? lookUp(node, 2) : Value();
  if (!sin)
    return failure();
  int64_t columns = cast<RankedTensorType>(cos.getType()).getDimSize(2);
  if (*rotated != 0 && !ShapedType::isDynamic(columns) &&
      (*rotated % 2 != 0 || *rotated / 2 != columns))
    return node.emitInvalid() << "attribute 'rotary_embedding_dim' expects "
                              << 2 * columns << ", got " << *rotated;
  return node.produce<nn::RotaryEmbeddingOp>(
      node.getElementType(0), node.getInput(0), cos, sin,
      b.getI64IntegerAttr(flat ? *heads : 0), b.getBoolAttr(*interleaved));
}

//===- LinearAttention ----------------------------------------------------===//

LogicalResult importLinearAttention(const NodeReader &node) {
  OpBuilder &b = node.getBuilder();
  FailureOr<int64_t> q = getIntIn(node, "q_num_heads", {}, 1, 1 << 20);
  FailureOr<int64_t> kv = getIntIn(node, "kv_num_heads", {}, 1, 1 << 20);
  FailureOr<float> scale = node.getFloat("scale", 0);
  FailureOr<std::string> rule =
      getChoice(node, "update_rule", {"linear", "gated", "delta", "gated_delta"},
                "gated_delta");
  if (failed(q) || failed(kv) || failed(scale) || failed(rule) ||
      failed(node.requireSameType({0, 1, 2})))
    return failure();
  for (int i = 0; i < node.getNumInputs(); ++i)
    if (node.hasInput(i) && (failed(node.requireFloat(i)) ||
                             failed(node.requireRank(i, i == 3 ? 4 : 3,
                                                     i == 3 ? 4 : 3))))
      return failure();
  bool gated = StringRef(*rule).starts_with("gated");
  bool delta = StringRef(*rule).ends_with("delta");
  if (gated != node.hasInput(4) || delta != node.hasInput(5))
    return node.emitInvalid() << "update rule '" << *rule << "' expects "
                              << (gated ? "decay" : "no decay") << " and "
                              << (delta ? "beta" : "no beta");
  int64_t hidden = node.getInputType(0).getDimSize(2);
  if (*scale == 0) {
    if (ShapedType::isDynamic(hidden))
      return node.emitUnsupported()
             << "a scale that is known only when the model runs";
    *scale = float(1 / std::sqrt(double(std::max<int64_t>(1, hidden / *q))));
  }
  Type type = node.getElementType(0);
  auto op = node.build<nn::LinearAttentionOp>(
      {type, node.hasInput(3) ? node.getElementType(3) : type}, node.getInput(0),
      node.getInput(1), node.getInput(2), node.getInput(3), node.getInput(4),
      node.getInput(5), b.getI64IntegerAttr(*q), b.getI64IntegerAttr(*kv),
      b.getF32FloatAttr(*scale));
  if (!op)
    return failure();
  node.setOutput(0, op.getResult());
  node.setOutput(1, op.getPresent());
  return success();
}
} // namespace

ArrayRef<OpImporter> burin::getAttentionImporters() {
  static const OpImporter importers[] = {
      {"Attention", 23, 3, 7, 4, importAttention},
      {"RotaryEmbedding", 23, 3, 4, 1, importRotaryEmbedding},
      {"LinearAttention", 27, 3, 6, 2, importLinearAttention},
      {"FlexAttention", 1, 3, 3, 1, importFlexAttention, "ai.onnx.preview"},
  };
  return importers;
}
