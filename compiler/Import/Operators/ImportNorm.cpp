//===- ImportNorm.cpp - Softmax and normalizations ------------------------===//

#include "compiler/Import/NodeReader.h"

using namespace mlir;
using namespace burin;

namespace {
/// Elementwise ops and means, one after the other; null once one has failed.
class Chain {
public:
  explicit Chain(const NodeReader &node) : node(node) {}

  template <typename OpTy, typename... Rest>
  Value make(Value first, Rest... rest) const {
    if (!first || (... || !rest))
      return {};
    return node.buildValue<OpTy>(getType(first), first, rest...);
  }
  template <typename OpTy>
  Value reduce(Value x, ArrayRef<int64_t> axes, bool keepdims) const {
    return x ? node.buildValue<OpTy>(
                   getType(x), x, node.getBuilder().getDenseI64ArrayAttr(axes),
                   node.getBuilder().getBoolAttr(keepdims))
             : Value();
  }
  /// `x` as `type`.
  Value cast(Value x, Type type) const {
    if (!x || getType(x) == type)
      return x;
    return node.buildValue<nn::CastOp>(type, x,
                                       node.getBuilder().getBoolAttr(true));
  }
  /// `x`, or as f32 what is smaller.
  Value widen(Value x) const {
    Type type = getType(x);
    return type.getIntOrFloatBitWidth() < 32
               ? cast(x, node.getBuilder().getF32Type())
               : x;
  }
  Value addScalar(Value x, double value) const {
    return x ? make<nn::AddOp>(x, node.getScalar(getType(x), value)) : x;
  }
  Value mulScalar(Value x, double value) const {
    return x ? make<nn::MulOp>(x, node.getScalar(getType(x), value)) : x;
  }
  static Type getType(Value x) {
    return llvm::cast<TensorType>(x.getType()).getElementType();
  }

private:
  const NodeReader &node;
};

LogicalResult set(const NodeReader &node, int index, Value value) {
  if (!value)
    return failure();
  node.setOutput(index, value);
  return success();
}

/// `axis` and all after it.
SmallVector<int64_t> getAxesFrom(const NodeReader &node, int64_t axis) {
  return llvm::to_vector(llvm::seq<int64_t>(axis, node.getRank(0)));
}

//===- Softmax ------------------------------------------------------------===//

/// One axis since opset 13, all from one on before.
template <typename OpTy>
LogicalResult importSoftmax(const NodeReader &node) {
  bool flattens = node.getOpset() < 13;
  FailureOr<int64_t> axis =
      node.getAxis("axis", node.getRank(0), flattens ? 1 : -1);
  if (failed(axis) || failed(node.requireFloat(0)))
    return failure();
  SmallVector<int64_t> axes = {*axis};
  if (flattens)
    axes = getAxesFrom(node, *axis);
  return node.produce<OpTy>(node.getElementType(0), node.getInput(0),
                            node.getBuilder().getDenseI64ArrayAttr(axes));
}

//===- By the statistics of rows ------------------------------------------===//

/// What LayerNormalization and its kin have in common.
struct RowNorm {
  int64_t axis;
  FloatAttr epsilon;
  Type stash; ///< Of the statistics that are outputs.
};

FailureOr<RowNorm> readRowNorm(const NodeReader &node, float otherwise) {
  FailureOr<int64_t> axis = node.getAxis("axis", node.getRank(0), -1);
  FailureOr<float> epsilon = node.getFloat("epsilon", otherwise);
  FailureOr<Type> stash =
      node.getTypeAttr("stash_type", node.getBuilder().getF32Type());
  if (failed(axis) || failed(epsilon) || failed(stash) ||
      failed(node.requireFloat(0)))
    return failure();
  if (!isa<FloatType>(*stash))
    return node.emitInvalid()
           << "attribute 'stash_type' expects a float type, got " << *stash;
  return RowNorm{*axis, node.getBuilder().getF32FloatAttr(*epsilon), *stash};
}

/// The outputs Mean (if `hasMean`) and InvStdDev, from output `first` on, which
/// are seldom wanted: the op itself does not give them away.
LogicalResult setStatistics(const NodeReader &node, const RowNorm &norm,
                            Value x, int first, bool hasMean) {
  int last = first + (hasMean ? 1 : 0);
  if (!node.wantsOutput(first) && !node.wantsOutput(last))
    return success();
  Chain chain(node);
  SmallVector<int64_t> axes = getAxesFrom(node, norm.axis);
  Value centered = chain.widen(x);
  if (hasMean) {
    Value mean = chain.reduce<nn::ReduceMeanOp>(centered, axes, true);
    centered = chain.make<nn::SubOp>(centered, mean);
    if (failed(set(node, first, chain.cast(mean, norm.stash))))
      return failure();
  }
  Value square = chain.make<nn::MulOp>(centered, centered);
  Value variance = chain.reduce<nn::ReduceMeanOp>(square, axes, true);
  Value root = chain.make<nn::SqrtOp>(
      chain.addScalar(variance, norm.epsilon.getValueAsDouble()));
  Value inverse = chain.make<nn::ReciprocalOp>(root);
  return set(node, last, chain.cast(inverse, norm.stash));
}

LogicalResult importLayerNorm(const NodeReader &node) {
  FailureOr<RowNorm> norm = readRowNorm(node, 1e-5f);
  if (failed(norm) || failed(node.requireSameType({0, 1, 2})) ||
      failed(setStatistics(node, *norm, node.getInput(0), 1, true)))
    return failure();
  return node.produce<nn::LayerNormOp>(
      node.getElementType(0), node.getInput(0), node.getInput(1),
      node.getInput(2), node.getBuilder().getI64IntegerAttr(norm->axis),
      norm->epsilon);
}

LogicalResult importRMSNorm(const NodeReader &node) {
  FailureOr<RowNorm> norm = readRowNorm(node, 1e-5f);
  if (failed(norm) || failed(node.requireFloat(1)) ||
      failed(setStatistics(node, *norm, node.getInput(0), 1, false)))
    return failure();
  return node.produce<nn::RMSNormOp>(
      node.getElementType(1), node.getInput(0), node.getInput(1),
      node.getBuilder().getI64IntegerAttr(norm->axis), norm->epsilon);
}

/// ONNX Runtime's norm of input + skip + bias; the sum is output 3.
template <bool hasMean>
LogicalResult importSkipNorm(const NodeReader &node) {
  constexpr int biasIndex = hasMean ? 4 : 3;
  FailureOr<float> epsilon = node.getFloat("epsilon", 1e-12f);
  if (failed(epsilon) || failed(node.requireFloat(0)) ||
      failed(node.requireRank(0, 1, INT64_MAX)) ||
      failed(node.requireSameType({0, 1, 2, 3, 4})))
    return failure();
  Builder &builder = node.getBuilder();
  Type type = node.getElementType(0);
  RowNorm norm{node.getRank(0) - 1, builder.getF32FloatAttr(*epsilon),
               builder.getF32Type()};
  Chain chain(node);
  Value sum = chain.make<nn::AddOp>(node.getInput(0), node.getInput(1));
  if (sum && node.hasInput(biasIndex))
    sum = chain.make<nn::AddOp>(sum, node.getInput(biasIndex));
  if (!sum || failed(setStatistics(node, norm, sum, 1, hasMean)))
    return failure();
  node.setOutput(3, sum);
  IntegerAttr axis = builder.getI64IntegerAttr(norm.axis);
  if constexpr (hasMean)
    return node.produce<nn::LayerNormOp>(type, sum, node.getInput(2),
                                         node.getInput(3), axis, norm.epsilon);
  else
    return node.produce<nn::RMSNormOp>(type, sum, node.getInput(2), axis,
                                       norm.epsilon);
}

//===- By the statistics of channels --------------------------------------===//

/// Since opset 21 with one scale per channel; per group before.
LogicalResult importGroupNorm(const NodeReader &node) {
  FailureOr<int64_t> groups = node.getInt("num_groups");
  FailureOr<float> epsilon = node.getFloat("epsilon", 1e-5f);
  if (failed(groups) || failed(epsilon) || failed(node.requireFloat(0)) ||
      failed(node.requireSameType({0, 1, 2})))
    return failure();
  Builder &builder = node.getBuilder();
  return node.produce<nn::GroupNormOp>(
      node.getElementType(0), node.getInput(0), node.getInput(1),
      node.getInput(2), builder.getI64IntegerAttr(*groups),
      builder.getBoolAttr(node.getOpset() < 21),
      builder.getF32FloatAttr(*epsilon), UnitAttr());
}

LogicalResult importInstanceNorm(const NodeReader &node) {
  FailureOr<float> epsilon = node.getFloat("epsilon", 1e-5f);
  if (failed(epsilon) || failed(node.requireFloat(0)) ||
      failed(node.requireSameType({0, 1, 2})))
    return failure();
  return node.produce<nn::InstanceNormOp>(
      node.getElementType(0), node.getInput(0), node.getInput(1),
      node.getInput(2), node.getBuilder().getF32FloatAttr(*epsilon), UnitAttr());
}

/// `input * momentum + current * (1 - momentum)`, output `index`.
LogicalResult setRunning(const NodeReader &node, int index, int input,
                         Value current, float momentum) {
  if (!node.wantsOutput(index))
    return success();
  Chain chain(node);
  Value old = chain.cast(chain.widen(node.getInput(input)),
                         Chain::getType(current));
  Value sum = chain.make<nn::AddOp>(chain.mulScalar(old, momentum),
                                    chain.mulScalar(current, 1.0 - momentum));
  return set(node, index, chain.cast(sum, node.getElementType(input)));
}

/// The mean and variance of each channel of the batch itself; outputs the
/// running ones.
FailureOr<std::pair<Value, Value>> trainStatistics(const NodeReader &node) {
  FailureOr<float> momentum = node.getFloat("momentum", 0.9f);
  if (failed(momentum))
    return failure();
  Chain chain(node);
  SmallVector<int64_t> axes = {0};
  for (int64_t axis = 2; axis < node.getRank(0); ++axis)
    axes.push_back(axis);
  Value x = chain.widen(node.getInput(0));
  Value mean = chain.reduce<nn::ReduceMeanOp>(x, axes, false);
  Value centered = chain.make<nn::SubOp>(
      x, chain.reduce<nn::ReduceMeanOp>(x, axes, true));
  Value variance = chain.reduce<nn::ReduceMeanOp>(
      chain.make<nn::MulOp>(centered, centered), axes, false);
  if (!mean || !variance ||
      failed(setRunning(node, 1, 3, mean, *momentum)) ||
      failed(setRunning(node, 2, 4, variance, *momentum)))
    return failure();
  return std::pair(mean, variance);
}

/// Whether the node is to be trained: said in as many ways as there are opsets.
FailureOr<bool> isTraining(const NodeReader &node) {
  FailureOr<int64_t> mode = node.getInt("training_mode", 0);
  FailureOr<int64_t> isTest = node.getInt("is_test", 0);
  FailureOr<int64_t> spatial = node.getInt("spatial", 1);
  if (failed(mode) || failed(isTest) || failed(spatial))
    return failure();
  int64_t opset = node.getOpset();
  if (opset >= 14)
    return *mode != 0;
  bool wantsMore = false;
  for (int i = 1; i < node.getNumOutputs(); ++i)
    wantsMore |= node.wantsOutput(i);
  if (wantsMore || (opset < 7 && !*isTest))
    return node.emitUnsupported()
           << "training in opset " << opset;
  if (opset < 9 && !*spatial)
    return node.emitUnsupported()
           << "spatial=0 (opset 8 and older)";
  return false;
}

LogicalResult importBatchNorm(const NodeReader &node) {
  FailureOr<float> epsilon = node.getFloat("epsilon", 1e-5f);
  FailureOr<bool> training = isTraining(node);
  if (failed(epsilon) || failed(training))
    return failure();
  for (int i = 0; i < 5; ++i)
    if (failed(node.requireFloat(i)))
      return failure();
  Value mean = node.getInput(3), variance = node.getInput(4);
  if (*training) {
    if (failed(node.requireRank(0, 2, INT64_MAX)))
      return failure();
    FailureOr<std::pair<Value, Value>> own = trainStatistics(node);
    if (failed(own))
      return failure();
    std::tie(mean, variance) = *own;
  }
  return node.produce<nn::BatchNormOp>(
      node.getElementType(0), node.getInput(0), node.getInput(1),
      node.getInput(2), mean, variance,
      node.getBuilder().getF32FloatAttr(*epsilon), UnitAttr());
}

LogicalResult importLRN(const NodeReader &node) {
  FailureOr<int64_t> size = node.getInt("size");
  FailureOr<float> alpha = node.getFloat("alpha", 1e-4f);
  FailureOr<float> beta = node.getFloat("beta", 0.75f);
  FailureOr<float> bias = node.getFloat("bias", 1.0f);
  if (failed(size) || failed(alpha) || failed(beta) || failed(bias) ||
      failed(node.requireFloat(0)))
    return failure();
  Builder &builder = node.getBuilder();
  return node.produce<nn::LRNOp>(node.getElementType(0), node.getInput(0),
                                 builder.getI64IntegerAttr(*size),
                                 builder.getF32FloatAttr(*alpha),
                                 builder.getF32FloatAttr(*beta),
                                 builder.getF32FloatAttr(*bias), UnitAttr());
}

//===- Without parameters -------------------------------------------------===//

LogicalResult importLpNormalization(const NodeReader &node) {
  FailureOr<int64_t> axis = node.getAxis("axis", node.getRank(0), -1);
  FailureOr<int64_t> p = node.getInt("p", 2);
  if (failed(axis) || failed(p) || failed(node.requireFloat(0)))
    return failure();
  if (*p != 1 && *p != 2)
    return node.emitInvalid() << "attribute 'p' expects 1 or 2, got " << *p;
  Builder &builder = node.getBuilder();
  return node.produce<nn::LpNormalizeOp>(
      node.getElementType(0), node.getInput(0),
      builder.getI64IntegerAttr(*axis), builder.getI64IntegerAttr(*p));
}

LogicalResult importMeanVarianceNorm(const NodeReader &node) {
  SmallVector<int64_t> given = {0, 2, 3};
  if (node.hasAttr("axes")) {
    FailureOr<SmallVector<int64_t>> list = node.getIntList("axes");
    if (failed(list))
      return failure();
    given = *list;
  }
  FailureOr<SmallVector<int64_t>> axes =
      node.normalizeAxes(given, node.getRank(0));
  if (failed(axes) || failed(node.requireFloat(0)))
    return failure();
  llvm::sort(*axes);
  if (axes->empty())
    axes = getAxesFrom(node, 0);
  return node.produce<nn::MeanVarianceNormOp>(
      node.getElementType(0), node.getInput(0),
      node.getBuilder().getDenseI64ArrayAttr(*axes));
}
} // namespace

ArrayRef<OpImporter> burin::getNormImporters() {
  constexpr llvm::StringLiteral ort = "com.microsoft";
  static const OpImporter importers[] = {
      {"Softmax", 1, 1, 1, 1, importSoftmax<nn::SoftmaxOp>},
      {"LogSoftmax", 1, 1, 1, 1, importSoftmax<nn::LogSoftmaxOp>},
      {"LayerNormalization", 17, 2, 3, 3, importLayerNorm},
      {"RMSNormalization", 23, 2, 2, 1, importRMSNorm},
      {"SimplifiedLayerNormalization", 1, 2, 2, 2, importRMSNorm},
      {"SimplifiedLayerNormalization", 1, 2, 2, 2, importRMSNorm, ort},
      {"SkipLayerNormalization", 1, 3, 5, 4, importSkipNorm<true>, ort},
      {"SkipSimplifiedLayerNormalization", 1, 3, 4, 4, importSkipNorm<false>,
       ort},
      {"GroupNormalization", 18, 3, 3, 1, importGroupNorm},
      {"InstanceNormalization", 1, 3, 3, 1, importInstanceNorm},
      {"BatchNormalization", 1, 5, 5, 5, importBatchNorm},
      {"LRN", 1, 1, 1, 1, importLRN},
      {"LpNormalization", 1, 1, 1, 1, importLpNormalization},
      {"MeanVarianceNormalization", 9, 1, 1, 1, importMeanVarianceNorm},
  };
  return importers;
}
