//===- ImportIndexing.cpp - Gather, Scatter, NonZero, Unique --------------===//

#include "compiler/Import/Operators/ImportHelpers.h"

using namespace mlir;
using namespace burin;

namespace {
/// Input `index` holds indices: i32 or i64.
LogicalResult requireIndices(const NodeReader &node, int index) {
  Type type = node.getElementType(index);
  if (type.isSignlessInteger(32) || type.isSignlessInteger(64))
    return success();
  return node.emitInvalid() << "expects int32 or int64 as input " << index
                            << ", got " << type;
}

LogicalResult importGather(const NodeReader &node) {
  FailureOr<int64_t> axis = node.getAxis("axis", node.getRank(0), 0);
  if (failed(axis) || failed(requireIndices(node, 1)))
    return failure();
  return node.produce<nn::GatherOp>(node.getElementType(0), node.getInput(0),
                                    node.getInput(1),
                                    node.getBuilder().getI64IntegerAttr(*axis));
}

LogicalResult importGatherElements(const NodeReader &node) {
  int64_t rank = node.getRank(0);
  FailureOr<int64_t> axis = node.getAxis("axis", rank, 0);
  if (failed(axis) || failed(requireIndices(node, 1)) ||
      failed(node.requireRank(1, rank, rank)))
    return failure();
  return node.produce<nn::GatherElementsOp>(
      node.getElementType(0), node.getInput(0), node.getInput(1),
      node.getBuilder().getI64IntegerAttr(*axis));
}

/// Input 1, tuples of indices in the last dimension, which `length` says if the
/// type does not.
FailureOr<Value> getTuples(const NodeReader &node,
                           std::optional<int64_t> length) {
  RankedTensorType type = node.getInputType(1);
  if (!type.isDynamicDim(type.getRank() - 1))
    return node.getInput(1);
  if (!length || *length < 1 || *length > node.getRank(0))
    return node.emitUnsupported()
           << "how many numbers index an element is known only when the model "
              "runs";
  Value indices = setSize(node, node.getInput(1), type.getRank() - 1, *length);
  if (!indices)
    return failure();
  return indices;
}

LogicalResult importGatherND(const NodeReader &node) {
  int64_t most = std::min(node.getRank(0), node.getRank(1) - 1);
  if (failed(requireIndices(node, 1)) || failed(node.requireRank(0, 1, 8)) ||
      failed(node.requireRank(1, 1, 8)))
    return failure();
  FailureOr<int64_t> batch = getIntIn(node, "batch_dims", 0, 0, most);
  if (failed(batch))
    return failure();
  std::optional<int64_t> rank = node.findDeclaredRank(0);
  if (rank)
    rank = node.getRank(0) + node.getRank(1) - 1 - *batch - *rank;
  FailureOr<Value> indices = getTuples(node, rank);
  if (failed(indices))
    return failure();
  return node.produce<nn::GatherNDOp>(
      node.getElementType(0), node.getInput(0), *indices,
      node.getBuilder().getI64IntegerAttr(*batch));
}

/// Reductions came in two steps.
FailureOr<std::string> getReduction(const NodeReader &node) {
  if (node.getOpset() < 16)
    return std::string("none");
  return getChoice(node, "reduction", {"none", "add", "mul", "max", "min"},
                   "none");
}

LogicalResult importScatterElements(const NodeReader &node) {
  int64_t rank = node.getRank(0);
  FailureOr<int64_t> axis = node.getAxis("axis", rank, 0);
  FailureOr<std::string> reduction = getReduction(node);
  if (failed(axis) || failed(reduction) || failed(requireIndices(node, 1)) ||
      failed(node.requireRank(1, rank, rank)) ||
      failed(node.requireSameType({0, 2})))
    return failure();
  OpBuilder &builder = node.getBuilder();
  return node.produce<nn::ScatterElementsOp>(
      node.getElementType(0), node.getInput(0), node.getInput(1),
      node.getInput(2), builder.getI64IntegerAttr(*axis),
      builder.getStringAttr(*reduction));
}

LogicalResult importScatterND(const NodeReader &node) {
  FailureOr<std::string> reduction = getReduction(node);
  if (failed(reduction) || failed(requireIndices(node, 1)) ||
      failed(node.requireRank(0, 1, 8)) || failed(node.requireRank(1, 1, 8)) ||
      failed(node.requireSameType({0, 2})))
    return failure();
  FailureOr<Value> indices = getTuples(
      node, node.getRank(0) + node.getRank(1) - 1 - node.getRank(2));
  if (failed(indices))
    return failure();
  return node.produce<nn::ScatterNDOp>(
      node.getElementType(0), node.getInput(0), *indices,
      node.getInput(2), node.getBuilder().getStringAttr(*reduction));
}

LogicalResult importTensorScatter(const NodeReader &node) {
  int64_t rank = node.getRank(0);
  FailureOr<int64_t> axis = node.getAxis("axis", rank, -2);
  FailureOr<std::string> mode =
      getChoice(node, "mode", {"linear", "circular"}, "linear");
  if (failed(axis) || failed(mode) || failed(node.requireRank(0, 2, 8)) ||
      failed(node.requireRank(1, rank, rank)) ||
      failed(node.requireSameType({0, 1})))
    return failure();
  if (*axis == 0)
    return node.emitInvalid() << "expects an axis behind the batch";
  if (node.hasInput(2) &&
      (failed(requireIndices(node, 2)) || failed(node.requireRank(2, 1, 1))))
    return failure();
  OpBuilder &builder = node.getBuilder();
  return node.produce<nn::TensorScatterOp>(
      node.getElementType(0), node.getInput(0), node.getInput(1),
      node.getInput(2), builder.getI64IntegerAttr(*axis),
      builder.getBoolAttr(*mode == "circular"));
}

LogicalResult importOneHot(const NodeReader &node) {
  if (failed(node.requireNumeric(0)) || failed(node.requireNumeric(1)))
    return failure();
  FailureOr<Value> one = getOne(node, 1);
  if (failed(one))
    return failure();
  int64_t two = node.getRank(2) == 1 ? node.getInputType(2).getDimSize(0) : 0;
  if (two != 2 && !ShapedType::isDynamic(two))
    return node.emitInvalid() << "expects two values as input 2, got "
                              << node.getInputType(2);
  FailureOr<int64_t> axis = node.getAxis("axis", node.getRank(0) + 1, -1);
  Type i64 = node.getBuilder().getI64Type();
  Value indices = castTo(node, node.getInput(0), i64);
  Value depth = castTo(node, *one, i64);
  if (failed(axis) || !indices || !depth)
    return failure();
  return node.produce<nn::OneHotOp>(node.getElementType(2), indices, depth,
                                    node.getInput(2),
                                    node.getBuilder().getI64IntegerAttr(*axis));
}

LogicalResult importNonZero(const NodeReader &node) {
  return node.produce<nn::NonZeroOp>(node.getBuilder().getI64Type(),
                                     node.getInput(0));
}

/// The attribute `axis`, null without one.
FailureOr<IntegerAttr> getOptionalAxis(const NodeReader &node) {
  if (!node.hasAttr("axis"))
    return IntegerAttr();
  FailureOr<int64_t> axis = node.getAxis("axis", node.getRank(0));
  if (failed(axis))
    return failure();
  return node.getBuilder().getI64IntegerAttr(*axis);
}

LogicalResult importCompress(const NodeReader &node) {
  FailureOr<IntegerAttr> axis = getOptionalAxis(node);
  if (failed(axis) || failed(node.requireBool(1)) ||
      failed(node.requireRank(1, 1, 1)))
    return failure();
  return node.produce<nn::CompressOp>(node.getElementType(0), node.getInput(0),
                                      node.getInput(1), *axis);
}

LogicalResult importUnique(const NodeReader &node) {
  FailureOr<IntegerAttr> axis = getOptionalAxis(node);
  FailureOr<int64_t> sorted = node.getInt("sorted", 1);
  if (failed(axis) || failed(sorted))
    return failure();
  Type i64 = node.getBuilder().getI64Type();
  auto op = node.build<nn::UniqueOp>(
      {node.getElementType(0), i64, i64, i64}, node.getInput(0), *axis,
      node.getBuilder().getBoolAttr(*sorted));
  if (!op)
    return failure();
  for (int i = 0; i < node.getNumOutputs(); ++i)
    node.setOutput(i, op->getResult(i));
  return success();
}

LogicalResult importNonMaxSuppression(const NodeReader &node) {
  FailureOr<int64_t> center = getIntIn(node, "center_point_box", 0, 0, 1);
  if (failed(center) || failed(node.requireRank(0, 3, 3)) ||
      failed(node.requireRank(1, 3, 3)))
    return failure();
  OpBuilder &builder = node.getBuilder();
  Type f32 = builder.getF32Type();
  for (int i : {0, 1, 3, 4})
    if (node.hasInput(i) && node.getElementType(i) != f32)
      return node.emitInvalid() << "expects float as input " << i << ", got "
                                << node.getElementType(i);
  if (node.hasInput(2) && failed(requireIndices(node, 2)))
    return failure();
  SmallVector<Value, 3> limits(3);
  for (int i : {2, 3, 4})
    if (node.hasInput(i)) {
      FailureOr<Value> one = getOne(node, i);
      if (failed(one))
        return failure();
      limits[i - 2] = *one;
    }
  return node.produce<nn::NonMaxSuppressionOp>(
      builder.getI64Type(), node.getInput(0), node.getInput(1),
      limits[0], limits[1], limits[2], builder.getBoolAttr(*center));
}
} // namespace

ArrayRef<OpImporter> burin::getIndexingImporters() {
  static const OpImporter importers[] = {
      {"Gather", 1, 2, 2, 1, importGather},
      {"GatherElements", 11, 2, 2, 1, importGatherElements},
      {"GatherND", 11, 2, 2, 1, importGatherND},
      {"Scatter", 9, 3, 3, 1, importScatterElements},
      {"ScatterElements", 11, 3, 3, 1, importScatterElements},
      {"ScatterND", 11, 3, 3, 1, importScatterND},
      {"TensorScatter", 24, 2, 3, 1, importTensorScatter},
      {"OneHot", 9, 3, 3, 1, importOneHot},
      {"NonZero", 9, 1, 1, 1, importNonZero},
      {"Compress", 9, 2, 2, 1, importCompress},
      {"Unique", 11, 1, 1, 4, importUnique},
      {"NonMaxSuppression", 10, 2, 5, 1, importNonMaxSuppression},
      {"Resize", 10, 1, 4, 1, importResize},
      {"Upsample", 1, 1, 2, 1, importUpsample},
      {"GridSample", 16, 2, 2, 1, importGridSample},
      {"AffineGrid", 20, 2, 2, 1, importAffineGrid},
      {"RoiAlign", 10, 3, 3, 1, importRoiAlign},
      {"MaxRoiPool", 1, 2, 2, 1, importMaxRoiPool},
      {"Col2Im", 18, 3, 3, 1, importCol2Im},
      {"DFT", 17, 1, 3, 1, importDFT},
      {"STFT", 17, 2, 4, 1, importSTFT},
      {"MelWeightMatrix", 17, 5, 5, 1, importMelWeightMatrix},
  };
  return importers;
}
