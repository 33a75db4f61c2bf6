//===- ImportMovement.cpp - Reshaping, reordering, joining, filling -------===//

#include "compiler/Import/Operators/ImportHelpers.h"

using namespace mlir;
using namespace burin;

namespace {
LogicalResult importReshape(const NodeReader &node) {
  FailureOr<int64_t> allowzero = node.getInt("allowzero", 0);
  if (failed(allowzero))
    return failure();
  Value shape;
  if (node.getOpset() < 5) {
    FailureOr<SmallVector<int64_t>> sizes = node.getIntList("shape");
    if (failed(sizes))
      return failure();
    shape = node.getIntTensor(*sizes);
  } else {
    FailureOr<Value> sizes =
        getIntVector(node, 1, node.findDeclaredRank(0));
    if (failed(sizes))
      return failure();
    shape = *sizes;
  }
  return node.produce<nn::ReshapeOp>(node.getElementType(0), node.getInput(0),
                                     shape,
                                     node.getBuilder().getBoolAttr(*allowzero));
}

LogicalResult importFlatten(const NodeReader &node) {
  int64_t rank = node.getRank(0);
  FailureOr<int64_t> axis = getIntIn(node, "axis", 1, -rank, rank);
  if (failed(axis))
    return failure();
  return node.produce<nn::FlattenOp>(
      node.getElementType(0), node.getInput(0),
      node.getBuilder().getI64IntegerAttr(*axis < 0 ? *axis + rank : *axis));
}

/// The operand `axes`: before opset 13 an attribute. Null if left out. The
/// declared rank says how many they are if nothing else does.
FailureOr<Value> getAxes(const NodeReader &node) {
  if (node.getOpset() >= 13) {
    if (!node.hasInput(1))
      return Value();
    std::optional<int64_t> count = node.findDeclaredRank(0);
    if (count)
      count = std::abs(*count - node.getRank(0));
    return getIntVector(node, 1, count);
  }
  if (!node.hasAttr("axes"))
    return Value();
  FailureOr<SmallVector<int64_t>> axes = node.getIntList("axes");
  if (failed(axes))
    return failure();
  return node.getIntTensor(*axes);
}

LogicalResult importSqueeze(const NodeReader &node) {
  FailureOr<Value> axes = getAxes(node);
  if (failed(axes))
    return failure();
  if (!*axes) {
    RankedTensorType type = node.getInputType(0);
    if (!type.hasStaticShape())
      return node.emitUnsupported()
             << "without axes, which sizes are 1 is known only when the model "
                "runs";
    SmallVector<int64_t> ones;
    for (auto [d, size] : llvm::enumerate(type.getShape()))
      if (size == 1)
        ones.push_back(d);
    axes = node.getIntTensor(ones);
  }
  return node.produce<nn::SqueezeOp>(node.getElementType(0), node.getInput(0),
                                     *axes);
}

LogicalResult importUnsqueeze(const NodeReader &node) {
  FailureOr<Value> axes = getAxes(node);
  if (failed(axes))
    return failure();
  if (!*axes)
    return node.emitInvalid() << "expects axes";
  return node.produce<nn::UnsqueezeOp>(node.getElementType(0), node.getInput(0),
                                       *axes);
}

LogicalResult importTranspose(const NodeReader &node) {
  FailureOr<SmallVector<int64_t>> perm = node.getIntList("perm");
  if (failed(perm))
    return failure();
  if (!node.hasAttr("perm"))
    perm = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(node.getRank(0))));
  FailureOr<SmallVector<int64_t>> axes =
      node.normalizeAxes(*perm, node.getRank(0));
  if (failed(axes))
    return failure();
  return node.produce<nn::TransposeOp>(
      node.getElementType(0), node.getInput(0),
      node.getBuilder().getDenseI64ArrayAttr(*axes));
}

template <typename OpTy>
LogicalResult importBlocks(const NodeReader &node, int64_t modeOpset) {
  FailureOr<int64_t> block = getIntIn(node, "blocksize", {}, 1, 1 << 16);
  FailureOr<std::string> mode = getChoice(node, "mode", {"DCR", "CRD"}, "DCR");
  if (failed(block) || failed(mode) || failed(node.requireRank(0, 4, 4)))
    return failure();
  OpBuilder &builder = node.getBuilder();
  bool crd = node.getOpset() >= modeOpset && *mode == "CRD";
  return node.produce<OpTy>(node.getElementType(0), node.getInput(0),
                            builder.getI64IntegerAttr(*block),
                            builder.getBoolAttr(crd), UnitAttr());
}

LogicalResult importReverseSequence(const NodeReader &node) {
  FailureOr<int64_t> batch = getIntIn(node, "batch_axis", 1, 0, 1);
  FailureOr<int64_t> time = getIntIn(node, "time_axis", 0, 0, 1);
  if (failed(batch) || failed(time) || failed(node.requireRank(0, 2, 8)) ||
      failed(node.requireRank(1, 1, 1)) || failed(node.requireInteger(1)))
    return failure();
  if (*batch == *time)
    return node.emitInvalid() << "expects different batch_axis and time_axis";
  OpBuilder &builder = node.getBuilder();
  return node.produce<nn::ReverseSequenceOp>(
      node.getElementType(0), node.getInput(0), node.getInput(1),
      builder.getI64IntegerAttr(*time), builder.getI64IntegerAttr(*batch));
}

/// Sizes of which not even the number is known, as those of `rank` dimensions:
/// ones in front, which do not change what Expand does.
FailureOr<Value> alignSizes(const NodeReader &node, Value sizes, int64_t rank) {
  OpBuilder &builder = node.getBuilder();
  Type i64 = builder.getI64Type();
  sizes = castTo(node, sizes, i64);
  Value ones = node.getIntTensor(SmallVector<int64_t>(rank, 1));
  if (sizes)
    sizes = node.buildValue<nn::ConcatOp>(i64, ValueRange{ones, sizes},
                                          builder.getI64IntegerAttr(0));
  if (sizes)
    sizes = node.buildValue<nn::SliceOp>(
        i64, sizes, node.getIntTensor(-rank), node.getIntTensor(INT64_MAX),
        node.getIntTensor(1), builder.getDenseI64ArrayAttr(0));
  if (sizes)
    sizes = setSize(node, sizes, 0, rank);
  if (!sizes)
    return failure();
  return sizes;
}

LogicalResult importExpand(const NodeReader &node) {
  FailureOr<Value> shape = getAnyIntVector(node, 1);
  if (failed(shape))
    return failure();
  std::optional<int64_t> rank = node.findDeclaredRank(0);
  if (!node.getInputType(1).hasStaticShape() && rank && *rank >= 1 && *rank <= 8)
    shape = alignSizes(node, *shape, *rank);
  else
    shape = getIntVector(node, 1);
  if (failed(shape))
    return failure();
  return node.produce<nn::ExpandOp>(node.getElementType(0), node.getInput(0),
                                    *shape);
}

LogicalResult importTile(const NodeReader &node) {
  if (node.getOpset() >= 6) {
    FailureOr<Value> repeats = getIntVector(node, 1, node.getRank(0));
    if (failed(repeats))
      return failure();
    return node.produce<nn::TileOp>(node.getElementType(0), node.getInput(0),
                                    *repeats);
  }
  // One axis, as numbers of any type.
  std::optional<double> tiles = node.findScalar(1), axis = node.findScalar(2);
  if (!tiles || !axis)
    return node.emitUnsupported() << "tiles known only when the model runs";
  SmallVector<int64_t> repeats(node.getRank(0), 1);
  if (!(*axis >= 0 && *axis < repeats.size()) ||
      !(*tiles >= 0 && *tiles <= INT32_MAX))
    return node.emitInvalid() << "expects an axis and a number of tiles";
  repeats[int64_t(*axis)] = int64_t(*tiles);
  return node.produce<nn::TileOp>(node.getElementType(0), node.getInput(0),
                                  node.getIntTensor(repeats));
}

LogicalResult importConcat(const NodeReader &node) {
  std::optional<int64_t> otherwise;
  if (node.getOpset() < 4)
    otherwise = 1;
  FailureOr<int64_t> axis = node.getAxis("axis", node.getRank(0), otherwise);
  if (failed(axis))
    return failure();
  for (int i = 1; i < node.getNumInputs(); ++i)
    if (!node.hasInput(i))
      return node.emitInvalid() << "expects input " << i;
    else if (failed(node.requireSameType({0, i})))
      return failure();
  if (node.getNumInputs() == 1) {
    node.setOutput(0, node.getInput(0));
    return success();
  }
  return node.produce<nn::ConcatOp>(
      node.getElementType(0), node.getInputs(),
      node.getBuilder().getI64IntegerAttr(*axis));
}

LogicalResult importCenterCropPad(const NodeReader &node) {
  FailureOr<SmallVector<int64_t>> axes = node.getIntList("axes");
  if (failed(axes))
    return failure();
  int64_t rank = node.getRank(0);
  if (!node.hasAttr("axes"))
    axes = llvm::to_vector(llvm::seq<int64_t>(rank));
  axes = node.normalizeAxes(*axes, rank);
  if (failed(axes))
    return failure();
  FailureOr<Value> shape = getIntVector(node, 1, axes->size());
  if (failed(shape))
    return failure();
  return node.produce<nn::CenterCropPadOp>(
      node.getElementType(0), node.getInput(0), *shape,
      node.getBuilder().getDenseI64ArrayAttr(*axes));
}

LogicalResult importTrilu(const NodeReader &node) {
  FailureOr<int64_t> upper = node.getInt("upper", 1);
  if (failed(upper) || failed(node.requireRank(0, 2, 8)))
    return failure();
  FailureOr<Value> k = node.getScalar(node.getBuilder().getI64Type(), 0);
  if (node.hasInput(1))
    k = getOne(node, 1);
  if (failed(k) || (node.hasInput(1) && failed(node.requireInteger(1))))
    return failure();
  return node.produce<nn::TriluOp>(node.getElementType(0), node.getInput(0), *k,
                                   node.getBuilder().getBoolAttr(*upper));
}
} // namespace

ArrayRef<OpImporter> burin::getMovementImporters() {
  static const OpImporter importers[] = {
      {"Reshape", 1, 1, 2, 1, importReshape},
      {"Flatten", 1, 1, 1, 1, importFlatten},
      {"Squeeze", 1, 1, 2, 1, importSqueeze},
      {"Unsqueeze", 1, 1, 2, 1, importUnsqueeze},
      {"Transpose", 1, 1, 1, 1, importTranspose},
      {"DepthToSpace", 1, 1, 1, 1,
       [](const NodeReader &node) {
         return importBlocks<nn::DepthToSpaceOp>(node, 11);
       }},
      {"SpaceToDepth", 1, 1, 1, 1,
       [](const NodeReader &node) {
         return importBlocks<nn::SpaceToDepthOp>(node, 28);
       }},
      {"ReverseSequence", 10, 2, 2, 1, importReverseSequence},
      {"Expand", 8, 2, 2, 1, importExpand},
      {"Tile", 1, 2, 3, 1, importTile},
      {"Concat", 1, 1, -1, 1, importConcat},
      {"Split", 1, 1, 2, -1, importSplit},
      {"Slice", 1, 1, 5, 1, importSlice},
      {"Pad", 1, 1, 4, 1, importPad},
      {"CenterCropPad", 18, 2, 2, 1, importCenterCropPad},
      {"Trilu", 14, 1, 2, 1, importTrilu},
      {"ConstantOfShape", 9, 1, 1, 1, importConstantOfShape},
      {"Range", 11, 3, 3, 1, importRange},
      {"EyeLike", 9, 1, 1, 1, importEyeLike},
      {"HannWindow", 17, 1, 1, 1, importHannWindow},
      {"HammingWindow", 17, 1, 1, 1, importHammingWindow},
      {"BlackmanWindow", 17, 1, 1, 1, importBlackmanWindow},
      {"RandomUniform", 1, 0, 0, 1, importRandomUniform},
      {"RandomNormal", 1, 0, 0, 1, importRandomNormal},
      {"RandomUniformLike", 1, 1, 1, 1, importRandomUniformLike},
      {"RandomNormalLike", 1, 1, 1, 1, importRandomNormalLike},
      {"Bernoulli", 15, 1, 1, 1, importBernoulli},
  };
  return importers;
}
