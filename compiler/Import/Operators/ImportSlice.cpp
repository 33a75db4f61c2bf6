//===- ImportSlice.cpp - Slice, Split, Pad in all their versions ----------===//

#include "compiler/Import/Operators/ImportHelpers.h"

using namespace mlir;
using namespace burin;

//===- Slice ---------------------------------------------------------------===//

/// Before opset 10: attributes.
static LogicalResult importOldSlice(const NodeReader &node) {
  FailureOr<SmallVector<int64_t>> starts = node.getIntList("starts", true);
  FailureOr<SmallVector<int64_t>> ends = node.getIntList("ends", true);
  FailureOr<SmallVector<int64_t>> axes = node.getIntList("axes");
  if (failed(starts) || failed(ends) || failed(axes))
    return failure();
  if (!node.hasAttr("axes"))
    axes = llvm::to_vector(llvm::seq<int64_t>(starts->size()));
  axes = node.normalizeAxes(*axes, node.getRank(0));
  if (failed(axes))
    return failure();
  return node.produce<nn::SliceOp>(
      node.getElementType(0), node.getInput(0), node.getIntTensor(*starts),
      node.getIntTensor(*ends),
      node.getIntTensor(SmallVector<int64_t>(starts->size(), 1)),
      node.getBuilder().getDenseI64ArrayAttr(*axes));
}

/// Axes known only at run time: bounds for every axis, which leave those not
/// named as they are.
static LogicalResult importSpreadSlice(const NodeReader &node) {
  int64_t rank = node.getRank(0);
  Value axes = node.getInput(3);
  FailureOr<Value> starts =
      spreadOverAxes(node, node.getInput(1), axes, rank, 0);
  FailureOr<Value> ends =
      spreadOverAxes(node, node.getInput(2), axes, rank, INT64_MAX);
  FailureOr<Value> steps = node.getIntTensor(SmallVector<int64_t>(rank, 1));
  if (node.hasInput(4))
    steps = spreadOverAxes(node, node.getInput(4), axes, rank, 1);
  if (failed(starts) || failed(ends) || failed(steps))
    return failure();
  return node.produce<nn::SliceOp>(
      node.getElementType(0), node.getInput(0), *starts, *ends, *steps,
      node.getBuilder().getDenseI64ArrayAttr(
          llvm::to_vector(llvm::seq<int64_t>(rank))));
}

/// The axes, if they are known: as many as there are starts, or ends.
static FailureOr<std::optional<SmallVector<int64_t>>>
findAxes(const NodeReader &node) {
  std::optional<SmallVector<int64_t>> known;
  if (node.hasInput(3))
    known = node.findInts(3);
  else
    for (int i : {1, 2, 4})
      if (node.hasInput(i) && node.getInputType(i).hasStaticShape())
        known = llvm::to_vector(
            llvm::seq<int64_t>(node.getInputType(i).getNumElements()));
  if (!known)
    return known;
  FailureOr<SmallVector<int64_t>> axes =
      node.normalizeAxes(*known, node.getRank(0));
  if (failed(axes))
    return failure();
  return std::optional(*axes);
}

LogicalResult burin::importSlice(const NodeReader &node) {
  if (node.getOpset() < 10)
    return importOldSlice(node);
  for (int i : {1, 2, 3, 4})
    if ((i < 3 || node.hasInput(i)) && failed(getAnyIntVector(node, i)))
      return failure();
  FailureOr<std::optional<SmallVector<int64_t>>> axes = findAxes(node);
  if (failed(axes))
    return failure();
  if (!*axes)
    return importSpreadSlice(node);
  int64_t count = (*axes)->size();
  FailureOr<Value> starts = getIntVector(node, 1, count);
  FailureOr<Value> ends = getIntVector(node, 2, count);
  FailureOr<Value> steps = node.getIntTensor(SmallVector<int64_t>(count, 1));
  if (node.hasInput(4))
    steps = getIntVector(node, 4, count);
  if (failed(starts) || failed(ends) || failed(steps))
    return failure();
  return node.produce<nn::SliceOp>(
      node.getElementType(0), node.getInput(0), *starts, *ends, *steps,
      node.getBuilder().getDenseI64ArrayAttr(**axes));
}

//===- Split ---------------------------------------------------------------===//

static int64_t getCount(Value vector) {
  return cast<RankedTensorType>(vector.getType()).getNumElements();
}

/// The operand `sizes`; null where all parts are equal.
static FailureOr<Value> getSplitSizes(const NodeReader &node) {
  if (node.hasInput(1))
    return getIntVector(node, 1, node.getNumOutputs());
  if (!node.hasAttr("split"))
    return Value();
  FailureOr<SmallVector<int64_t>> sizes = node.getIntList("split");
  if (failed(sizes))
    return failure();
  return node.getIntTensor(*sizes);
}

LogicalResult burin::importSplit(const NodeReader &node) {
  FailureOr<int64_t> axis = node.getAxis("axis", node.getRank(0), 0);
  FailureOr<Value> sizes = getSplitSizes(node);
  if (failed(axis) || failed(sizes))
    return failure();
  int64_t count = *sizes ? getCount(*sizes) : node.getNumOutputs();
  if (!*sizes && node.getOpset() >= 18 && node.hasAttr("num_outputs")) {
    FailureOr<int64_t> wanted = getIntIn(node, "num_outputs", {}, 1, 1 << 16);
    if (failed(wanted))
      return failure();
    count = *wanted;
  }
  if (count < std::max(1, node.getNumOutputs()))
    return node.emitInvalid() << "expects " << count << " outputs, got "
                              << node.getNumOutputs();
  int64_t size = node.getInputType(0).getDimSize(*axis);
  if (!*sizes && node.getOpset() < 18 && !ShapedType::isDynamic(size) &&
      size % count)
    return node.emitInvalid() << "expects a size that " << count
                              << " divides, got " << size;
  SmallVector<Type> types(count, node.getElementType(0));
  auto op = node.build<nn::SplitOp>(
      types, node.getInput(0), *sizes,
      node.getBuilder().getI64IntegerAttr(*axis));
  if (!op)
    return failure();
  for (int i = 0; i < node.getNumOutputs(); ++i)
    node.setOutput(i, op->getResult(i));
  return success();
}

//===- Pad -----------------------------------------------------------------===//

namespace {
struct PadInputs {
  Value pads, value; ///< No value: 0.
  SmallVector<int64_t> axes;
};
} // namespace

/// Before opset 11: attributes.
static FailureOr<PadInputs> getOldPads(const NodeReader &node) {
  FailureOr<SmallVector<int64_t>> pads =
      node.getIntList(node.getOpset() < 2 ? "paddings" : "pads", true);
  FailureOr<float> value = node.getFloat("value", 0.0f);
  if (failed(pads) || failed(value))
    return failure();
  return PadInputs{node.getIntTensor(*pads),
                   node.getScalar(node.getElementType(0), *value),
                   llvm::to_vector(llvm::seq<int64_t>(node.getRank(0)))};
}

/// Pads of axes known only at run time, as pads of all axes.
static FailureOr<Value> spreadPads(const NodeReader &node, Value pads) {
  int64_t rank = node.getRank(0);
  OpBuilder &builder = node.getBuilder();
  Type i64 = builder.getI64Type();
  pads = castTo(node, pads, i64);
  if (!pads)
    return failure();
  auto halves = node.build<nn::SplitOp>({i64, i64}, pads, Value(),
                                        builder.getI64IntegerAttr(0));
  if (!halves)
    return failure();
  SmallVector<Value> all;
  for (Value half : halves->getResults()) {
    FailureOr<Value> spread =
        spreadOverAxes(node, half, node.getInput(3), rank, 0);
    if (failed(spread))
      return failure();
    all.push_back(*spread);
  }
  Value result = node.buildValue<nn::ConcatOp>(i64, all,
                                               builder.getI64IntegerAttr(0));
  if (!result)
    return failure();
  return result;
}

static FailureOr<PadInputs> getPads(const NodeReader &node) {
  FailureOr<Value> pads = getAnyIntVector(node, 1);
  if (failed(pads) || failed(node.requireSameType({0, 2})))
    return failure();
  PadInputs inputs{*pads, node.getInput(2),
                   llvm::to_vector(llvm::seq<int64_t>(node.getRank(0)))};
  if (inputs.value) {
    FailureOr<Value> value = getOne(node, 2);
    if (failed(value))
      return failure();
    inputs.value = *value;
  }
  if (node.hasInput(3)) {
    if (failed(getAnyIntVector(node, 3)))
      return failure();
    std::optional<SmallVector<int64_t>> known = node.findInts(3);
    if (!known) {
      pads = spreadPads(node, *pads);
      if (failed(pads))
        return failure();
      inputs.pads = *pads;
      return inputs;
    }
    FailureOr<SmallVector<int64_t>> axes =
        node.normalizeAxes(*known, node.getRank(0));
    if (failed(axes))
      return failure();
    inputs.axes = *axes;
  }
  pads = getIntVector(node, 1, 2 * inputs.axes.size());
  if (failed(pads))
    return failure();
  inputs.pads = *pads;
  return inputs;
}

LogicalResult burin::importPad(const NodeReader &node) {
  FailureOr<std::string> mode =
      getChoice(node, "mode", {"constant", "reflect", "edge", "wrap"},
                "constant");
  FailureOr<PadInputs> inputs =
      node.getOpset() < 11 ? getOldPads(node) : getPads(node);
  if (failed(mode) || failed(inputs))
    return failure();
  OpBuilder &builder = node.getBuilder();
  if (*mode != "constant")
    inputs->value = nullptr;
  return node.produce<nn::PadOp>(node.getElementType(0), node.getInput(0),
                                 inputs->pads, inputs->value,
                                 builder.getStringAttr(*mode),
                                 builder.getDenseI64ArrayAttr(inputs->axes));
}
