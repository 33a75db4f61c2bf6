//===- ImportReduction.cpp - Reductions, ArgMax, TopK, CumSum, ... --------===//

#include "compiler/Import/NodeReader.h"

using namespace mlir;
using namespace burin;

namespace burin {
LogicalResult importEinsum(const NodeReader &node); // ImportEinsum.cpp
} // namespace burin

namespace {
//===- Reduce* ------------------------------------------------------------===//

/// What the attributes and the second input of a Reduce node say.
struct Reduction {
  bool keepdims = true, noop = false;
  SmallVector<int64_t> axes; ///< Of the input, ascending.
  Value dynamicAxes;         ///< Instead of them where they are not known.
};

/// `given` of the input, or all of them, or none.
FailureOr<SmallVector<int64_t>> chooseAxes(const NodeReader &node,
                                           ArrayRef<int64_t> given, bool noop) {
  if (given.empty() && noop)
    return SmallVector<int64_t>();
  if (given.empty())
    return llvm::to_vector(llvm::seq<int64_t>(node.getRank(0)));
  FailureOr<SmallVector<int64_t>> axes =
      node.normalizeAxes(given, node.getRank(0));
  if (succeeded(axes))
    llvm::sort(*axes);
  return axes;
}

/// Since `inputOpset` the axes are the second input.
FailureOr<Reduction> readReduction(const NodeReader &node, int64_t inputOpset) {
  Reduction reduction;
  FailureOr<int64_t> keepdims = node.getInt("keepdims", 1);
  FailureOr<int64_t> noop = node.getInt("noop_with_empty_axes", 0);
  if (failed(keepdims) || failed(noop))
    return failure();
  reduction.keepdims = *keepdims;
  reduction.noop = *noop && node.getOpset() >= inputOpset;
  SmallVector<int64_t> given;
  if (node.getOpset() < inputOpset) {
    FailureOr<SmallVector<int64_t>> list = node.getIntList("axes");
    if (failed(list))
      return failure();
    given = *list;
  } else if (node.hasInput(1)) {
    if (failed(node.requireInteger(1)) || failed(node.requireRank(1, 1, 1)))
      return failure();
    std::optional<SmallVector<int64_t>> known = node.findInts(1);
    if (node.getInputType(1).getDimSize(0) == 0)
      known.emplace();
    if (!known)
      reduction.dynamicAxes = node.getInput(1);
    given = known.value_or(given);
  }
  FailureOr<SmallVector<int64_t>> axes =
      chooseAxes(node, given, reduction.noop);
  if (failed(axes))
    return failure();
  reduction.axes = *axes;
  return reduction;
}

/// The axes come together, are reduced, and the other dimensions come back.
template <typename OpTy>
LogicalResult reduceDynamically(const NodeReader &node,
                                const Reduction &reduction) {
  OpBuilder &builder = node.getBuilder();
  Type type = node.getElementType(0);
  int64_t rank = node.getRank(0), count = node.getInputType(1).getDimSize(0);
  if (!reduction.keepdims && ShapedType::isDynamic(count))
    return node.emitUnsupported()
           << "axes of which not even the number is known, with keepdims=0";
  int64_t left = reduction.keepdims ? rank : rank - count;
  if (left < 0)
    return node.emitInvalid() << "expects at most " << rank << " axes, got "
                              << count;
  Value mask = node.buildValue<nn::AxesMaskOp>(
      builder.getI1Type(), reduction.dynamicAxes,
      builder.getI64IntegerAttr(rank), builder.getBoolAttr(!reduction.noop));
  if (!mask)
    return failure();
  Value grouped =
      node.buildValue<nn::GroupAxesOp>(type, node.getInput(0), mask);
  if (!grouped)
    return failure();
  Value reduced =
      node.buildValue<OpTy>(type, grouped, builder.getDenseI64ArrayAttr(1),
                            builder.getBoolAttr(false));
  if (!reduced)
    return failure();
  return node.produce<nn::UngroupAxesOp>(type, reduced, node.getInput(0), mask,
                                         builder.getI64IntegerAttr(left));
}

template <typename OpTy, int64_t inputOpset>
LogicalResult importReduce(const NodeReader &node) {
  constexpr bool ordersBools =
      std::is_same_v<OpTy, nn::ReduceMaxOp> || std::is_same_v<OpTy, nn::ReduceMinOp>;
  if (!(ordersBools && node.getElementType(0).isInteger(1)) &&
      failed(node.requireNumeric(0)))
    return failure();
  FailureOr<Reduction> reduction = readReduction(node, inputOpset);
  if (failed(reduction))
    return failure();
  if (reduction->dynamicAxes)
    return reduceDynamically<OpTy>(node, *reduction);
  return node.produce<OpTy>(
      node.getElementType(0), node.getInput(0),
      node.getBuilder().getDenseI64ArrayAttr(reduction->axes),
      node.getBuilder().getBoolAttr(reduction->keepdims));
}

//===- Global pooling -----------------------------------------------------===//

/// `x` reduced over all dimensions but batch and channels.
template <typename OpTy>
Value poolAll(const NodeReader &node, Value x) {
  int64_t rank = node.getRank(0);
  return node.buildValue<OpTy>(node.getElementType(0), x,
                               node.getBuilder().getDenseI64ArrayAttr(
                                   llvm::to_vector(llvm::seq<int64_t>(2, rank))),
                               node.getBuilder().getBoolAttr(true));
}

LogicalResult finish(const NodeReader &node, Value result) {
  if (!result)
    return failure();
  node.setOutput(0, result);
  return success();
}

template <typename OpTy>
LogicalResult importGlobalPool(const NodeReader &node) {
  if (failed(node.requireFloat(0)) || failed(node.requireRank(0, 2, INT64_MAX)))
    return failure();
  return finish(node, poolAll<OpTy>(node, node.getInput(0)));
}

/// `p`, which was a float once.
FailureOr<float> getPower(const NodeReader &node) {
  if (node.getOpset() < 2)
    return node.getFloat("p", 2.0f);
  FailureOr<int64_t> p = node.getInt("p", 2);
  if (failed(p))
    return failure();
  return float(*p);
}

LogicalResult importGlobalLpPool(const NodeReader &node) {
  FailureOr<float> p = getPower(node);
  if (failed(p) || failed(node.requireFloat(0)) ||
      failed(node.requireRank(0, 2, INT64_MAX)))
    return failure();
  if (!(*p > 0))
    return node.emitInvalid() << "attribute 'p' expects a positive number, got "
                              << *p;
  if (*p == 1)
    return importGlobalPool<nn::ReduceL1Op>(node);
  if (*p == 2)
    return importGlobalPool<nn::ReduceL2Op>(node);
  Type type = node.getElementType(0);
  Value x = node.buildValue<nn::AbsOp>(type, node.getInput(0));
  if (x)
    x = node.buildValue<nn::PowOp>(type, x, node.getScalar(type, *p));
  if (x)
    x = poolAll<nn::ReduceSumOp>(node, x);
  if (x)
    x = node.buildValue<nn::PowOp>(type, x, node.getScalar(type, 1 / *p));
  return finish(node, x);
}

//===- Places -------------------------------------------------------------===//

template <typename OpTy>
LogicalResult importArg(const NodeReader &node) {
  FailureOr<int64_t> axis = node.getAxis("axis", node.getRank(0), 0);
  FailureOr<int64_t> keepdims = node.getInt("keepdims", 1);
  FailureOr<int64_t> last = node.getInt("select_last_index", 0);
  if (failed(axis) || failed(keepdims) || failed(last) ||
      failed(node.requireNumeric(0)))
    return failure();
  OpBuilder &builder = node.getBuilder();
  return node.produce<OpTy>(builder.getI64Type(), node.getInput(0),
                            builder.getI64IntegerAttr(*axis),
                            builder.getBoolAttr(*keepdims),
                            builder.getBoolAttr(*last));
}

/// One axis since opset 13, all from one on before.
LogicalResult importHardmax(const NodeReader &node) {
  int64_t rank = node.getRank(0);
  bool flattens = node.getOpset() < 13;
  FailureOr<int64_t> axis = node.getAxis("axis", rank, flattens ? 1 : -1);
  if (failed(axis) || failed(node.requireFloat(0)))
    return failure();
  auto axes = llvm::to_vector(
      llvm::seq<int64_t>(*axis, flattens ? rank : *axis + 1));
  return node.produce<nn::HardmaxOp>(
      node.getElementType(0), node.getInput(0),
      node.getBuilder().getDenseI64ArrayAttr(axes));
}

/// k: an attribute once, an input since opset 10.
FailureOr<Value> getTopKCount(const NodeReader &node) {
  if (node.getOpset() < 10) {
    FailureOr<int64_t> k = node.getInt("k");
    return failed(k) ? FailureOr<Value>() : node.getIntTensor(*k);
  }
  if (!node.hasInput(1))
    return node.emitInvalid() << "expects an input K";
  if (failed(node.requireInteger(1)) || failed(node.requireRank(1, 0, 1)))
    return failure();
  return node.getInput(1);
}

LogicalResult importTopK(const NodeReader &node) {
  FailureOr<int64_t> axis = node.getAxis("axis", node.getRank(0), -1);
  FailureOr<int64_t> largest = node.getInt("largest", 1);
  FailureOr<int64_t> sorted = node.getInt("sorted", 1);
  FailureOr<Value> k = getTopKCount(node);
  if (failed(axis) || failed(largest) || failed(sorted) || failed(k) ||
      failed(node.requireNumeric(0)))
    return failure();
  OpBuilder &builder = node.getBuilder();
  auto op = node.build<nn::TopKOp>(
      {node.getElementType(0), builder.getI64Type()}, node.getInput(0), *k,
      builder.getI64IntegerAttr(*axis), builder.getBoolAttr(*largest),
      builder.getBoolAttr(*sorted));
  if (!op)
    return failure();
  node.setOutput(0, op.getValues());
  node.setOutput(1, op.getIndices());
  return success();
}

//===- Scans and matrices -------------------------------------------------===//

template <typename OpTy>
LogicalResult importScan(const NodeReader &node) {
  FailureOr<int64_t> exclusive = node.getInt("exclusive", 0);
  FailureOr<int64_t> reverse = node.getInt("reverse", 0);
  if (failed(exclusive) || failed(reverse) || failed(node.requireNumeric(0)) ||
      failed(node.requireRank(0, 1, INT64_MAX)) ||
      failed(node.requireInteger(1)) || failed(node.requireRank(1, 0, 1)))
    return failure();
  if (std::optional<SmallVector<int64_t>> axis = node.findInts(1)) {
    if (axis->size() != 1)
      return node.emitInvalid() << "expects one axis, got " << axis->size();
    if (failed(node.normalizeAxis(axis->front(), node.getRank(0))))
      return failure();
  }
  OpBuilder &builder = node.getBuilder();
  return node.produce<OpTy>(node.getElementType(0), node.getInput(0),
                            node.getInput(1), builder.getBoolAttr(*exclusive),
                            builder.getBoolAttr(*reverse));
}

LogicalResult importDet(const NodeReader &node) {
  if (failed(node.requireFloat(0)))
    return failure();
  return node.produce<nn::DetOp>(node.getElementType(0), node.getInput(0));
}
} // namespace

ArrayRef<OpImporter> burin::getReductionImporters() {
  static const OpImporter importers[] = {
      {"ReduceSum", 1, 1, 2, 1, importReduce<nn::ReduceSumOp, 13>},
      {"ReduceMean", 1, 1, 2, 1, importReduce<nn::ReduceMeanOp, 18>},
      {"ReduceMax", 1, 1, 2, 1, importReduce<nn::ReduceMaxOp, 18>},
      {"ReduceMin", 1, 1, 2, 1, importReduce<nn::ReduceMinOp, 18>},
      {"ReduceProd", 1, 1, 2, 1, importReduce<nn::ReduceProdOp, 18>},
      {"ReduceL1", 1, 1, 2, 1, importReduce<nn::ReduceL1Op, 18>},
      {"ReduceL2", 1, 1, 2, 1, importReduce<nn::ReduceL2Op, 18>},
      {"ReduceLogSum", 1, 1, 2, 1, importReduce<nn::ReduceLogSumOp, 18>},
      {"ReduceLogSumExp", 1, 1, 2, 1, importReduce<nn::ReduceLogSumExpOp, 18>},
      {"ReduceSumSquare", 1, 1, 2, 1, importReduce<nn::ReduceSumSquareOp, 18>},
      {"GlobalAveragePool", 1, 1, 1, 1, importGlobalPool<nn::ReduceMeanOp>},
      {"GlobalMaxPool", 1, 1, 1, 1, importGlobalPool<nn::ReduceMaxOp>},
      {"GlobalLpPool", 1, 1, 1, 1, importGlobalLpPool},
      {"ArgMax", 1, 1, 1, 1, importArg<nn::ArgMaxOp>},
      {"ArgMin", 1, 1, 1, 1, importArg<nn::ArgMinOp>},
      {"Hardmax", 1, 1, 1, 1, importHardmax},
      {"TopK", 1, 1, 2, 2, importTopK},
      {"CumSum", 11, 2, 2, 1, importScan<nn::CumSumOp>},
      {"CumProd", 26, 2, 2, 1, importScan<nn::CumProdOp>},
      {"Det", 11, 1, 1, 1, importDet},
      {"Einsum", 12, 1, -1, 1, importEinsum},
  };
  return importers;
}
