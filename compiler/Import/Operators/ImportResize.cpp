//===- ImportResize.cpp - Resize and Upsample in all their versions -------===//

#include "compiler/Import/Operators/ImportHelpers.h"

using namespace mlir;
using namespace burin;

namespace {
/// What one of the versions says, in the words of the newest one.
struct ResizeInputs {
  Value scales, sizes, roi;
  SmallVector<int64_t> axes;
  std::string mode = "nearest", coordinates = "asymmetric", nearest = "floor";
  std::string policy = "stretch";
  float cubic = -0.75f, extrapolation = 0;
  bool antialias = false, excludeOutside = false;
};
} // namespace

/// Sizes stay below what may be multiplied without overflow.
static constexpr double maxScale = 1 << 20;

/// Input `index`, of `count` numbers. Null also if it has no elements: versions
/// 11 and 12 could not leave inputs out.
static FailureOr<Value> getOperand(const NodeReader &node, int index,
                                   int64_t count) {
  Value value = node.getInput(index);
  if (!value)
    return Value();
  RankedTensorType type = node.getInputType(index);
  if (type.getRank() != 1)
    return node.emitInvalid() << "expects input " << index
                              << " of rank 1, got " << type;
  if (type.hasStaticShape() && type.getNumElements() == 0)
    return Value();
  value = setSize(node, value, 0, count);
  if (!value)
    return failure();
  return value;
}

static FailureOr<Value> getScales(const NodeReader &node, int index,
                                  int64_t count) {
  FailureOr<Value> scales = getOperand(node, index, count);
  if (failed(scales) || !*scales)
    return scales;
  if (!node.getElementType(index).isF32())
    return node.emitInvalid() << "expects float as input " << index << ", got "
                              << node.getElementType(index);
  DenseFPElementsAttr constant;
  if (matchPattern(*scales, m_Constant(&constant)))
    for (float scale : constant.getValues<float>())
      if (!(scale >= 1 / maxScale && scale <= maxScale))
        return node.emitInvalid() << "expects scales between 2^-20 and 2^20, got "
                                  << scale;
  return scales;
}

static LogicalResult produce(const NodeReader &node, ResizeInputs &inputs) {
  if (!inputs.scales == !inputs.sizes)
    return node.emitInvalid() << "expects either scales or sizes";
  int64_t count = inputs.axes.size();
  for (auto [value, size] : {std::pair(inputs.scales, count),
                             std::pair(inputs.sizes, count),
                             std::pair(inputs.roi, 2 * count)})
    if (value && cast<RankedTensorType>(value.getType()).getDimSize(0) != size)
      return node.emitInvalid() << "expects " << size << " numbers, got "
                                << value.getType();
  if (inputs.coordinates == "tf_crop_and_resize" && !inputs.roi)
    return node.emitInvalid() << "expects a region to crop";
  if (inputs.mode != "nearest" && node.getElementType(0).isInteger(1))
    return node.emitInvalid() << "expects numbers to interpolate";
  OpBuilder &builder = node.getBuilder();
  return node.produce<nn::ResizeOp>(
      node.getElementType(0), node.getInput(0), inputs.scales, inputs.sizes,
      inputs.roi, builder.getDenseI64ArrayAttr(inputs.axes),
      builder.getStringAttr(inputs.mode),
      builder.getStringAttr(inputs.coordinates),
      builder.getStringAttr(inputs.nearest),
      builder.getStringAttr(inputs.policy),
      builder.getF32FloatAttr(inputs.cubic),
      builder.getF32FloatAttr(inputs.extrapolation),
      builder.getBoolAttr(inputs.antialias),
      builder.getBoolAttr(inputs.excludeOutside));
}

/// Upsample and Resize 10: the old coordinates, and when shrinking the next
/// element above.
static LogicalResult importOld(const NodeReader &node, FailureOr<Value> scales) {
  FailureOr<std::string> mode =
      getChoice(node, "mode", {"nearest", "linear", "bilinear"}, "nearest");
  if (failed(mode) || failed(scales))
    return failure();
  ResizeInputs inputs;
  inputs.scales = *scales;
  inputs.axes = llvm::to_vector(llvm::seq<int64_t>(node.getRank(0)));
  inputs.mode = *mode == "bilinear" ? "linear" : *mode;
  DenseFPElementsAttr constant;
  if (*scales && matchPattern(*scales, m_Constant(&constant)) &&
      llvm::any_of(constant.getValues<float>(),
                   [](float scale) { return scale < 1; }))
    inputs.nearest = "ceil";
  return produce(node, inputs);
}

LogicalResult burin::importUpsample(const NodeReader &node) {
  if (node.getOpset() >= 10)
    return node.emitInvalid() << "is Resize from opset 10 on";
  if (node.getOpset() == 9)
    return importOld(node, getScales(node, 1, node.getRank(0)));
  SmallVector<float> scales;
  if (node.getOpset() >= 7) {
    FailureOr<SmallVector<float>> given = node.getFloatList("scales", true);
    if (failed(given))
      return failure();
    scales = *given;
  } else {
    FailureOr<float> height = node.getFloat("height_scale");
    FailureOr<float> width = node.getFloat("width_scale");
    if (failed(height) || failed(width) || failed(node.requireRank(0, 4, 4)))
      return failure();
    scales = {1, 1, *height, *width};
  }
  for (float scale : scales)
    if (!(scale >= 1 && scale <= maxScale))
      return node.emitInvalid() << "expects scales from 1 to 2^20, got "
                                << scale;
  Value constant = node.getConstant(DenseElementsAttr::get(
      RankedTensorType::get({int64_t(scales.size())},
                            node.getBuilder().getF32Type()),
      ArrayRef<float>(scales)));
  return importOld(node, constant);
}

/// The strings of versions 11 and newer.
static LogicalResult readModes(const NodeReader &node, ResizeInputs &inputs) {
  FailureOr<std::string> mode =
      getChoice(node, "mode", {"nearest", "linear", "cubic"}, "nearest");
  FailureOr<std::string> coordinates = getChoice(
      node, "coordinate_transformation_mode",
      {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",
       "align_corners", "asymmetric", "tf_crop_and_resize",
       "tf_half_pixel_for_nn"},
      "half_pixel");
  FailureOr<std::string> nearest = getChoice(
      node, "nearest_mode",
      {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"},
      "round_prefer_floor");
  FailureOr<std::string> policy =
      getChoice(node, "keep_aspect_ratio_policy",
                {"stretch", "not_larger", "not_smaller"}, "stretch");
  if (failed(mode) || failed(coordinates) || failed(nearest) || failed(policy))
    return failure();
  inputs.mode = *mode;
  inputs.coordinates = *coordinates;
  inputs.nearest = *nearest;
  inputs.policy = *policy;
  return success();
}

static LogicalResult readNumbers(const NodeReader &node, ResizeInputs &inputs) {
  FailureOr<float> cubic = node.getFloat("cubic_coeff_a", -0.75f);
  FailureOr<float> extrapolation = node.getFloat("extrapolation_value", 0.0f);
  FailureOr<int64_t> antialias = node.getInt("antialias", 0);
  FailureOr<int64_t> exclude = node.getInt("exclude_outside", 0);
  FailureOr<SmallVector<int64_t>> axes = node.getIntList("axes");
  if (failed(cubic) || failed(extrapolation) || failed(antialias) ||
      failed(exclude) || failed(axes))
    return failure();
  inputs.cubic = *cubic;
  inputs.extrapolation = *extrapolation;
  inputs.antialias = *antialias && inputs.mode != "nearest";
  inputs.excludeOutside = *exclude && inputs.mode == "cubic";
  if (node.hasAttr("axes"))
    axes = node.normalizeAxes(*axes, node.getRank(0));
  else
    axes = llvm::to_vector(llvm::seq<int64_t>(node.getRank(0)));
  if (failed(axes))
    return failure();
  inputs.axes = *axes;
  return success();
}

LogicalResult burin::importResize(const NodeReader &node) {
  if (node.getOpset() == 10)
    return importOld(node, getScales(node, 1, node.getRank(0)));
  ResizeInputs inputs;
  if (failed(readModes(node, inputs)) || failed(readNumbers(node, inputs)))
    return failure();
  int64_t count = inputs.axes.size();
  bool isCropped = inputs.coordinates == "tf_crop_and_resize";
  FailureOr<Value> roi = Value();
  if (isCropped)
    roi = getOperand(node, 1, 2 * count);
  FailureOr<Value> scales = getScales(node, 2, count);
  FailureOr<Value> sizes = getOperand(node, 3, count);
  if (failed(roi) || failed(scales) || failed(sizes))
    return failure();
  if (*roi && failed(node.requireFloat(1)))
    return failure();
  if (*sizes && failed(node.requireInteger(3)))
    return failure();
  if (*roi) {
    *roi = castTo(node, *roi, node.getBuilder().getF32Type());
    if (!*roi)
      return failure();
  }
  inputs.roi = *roi;
  inputs.scales = *scales;
  inputs.sizes = *sizes;
  return produce(node, inputs);
}
