//===- ImportConv.cpp - Convolutions and poolings -------------------------===//

#include "compiler/Import/Operators/ImportHelpers.h"

using namespace mlir;
using namespace burin;

namespace {
/// The attributes that all window operators share, with their defaults.
struct WindowAttrs {
  SmallVector<int64_t> kernel, strides, dilations, pads;
  std::string autoPad;
};

FailureOr<WindowAttrs> readWindow(const NodeReader &node, bool needsKernel) {
  int64_t spatial = std::max<int64_t>(0, node.getRank(0) - 2);
  WindowAttrs attrs;
  for (auto [name, list] : {std::pair("kernel_shape", &attrs.kernel),
                            std::pair("strides", &attrs.strides),
                            std::pair("dilations", &attrs.dilations),
                            std::pair("pads", &attrs.pads)}) {
    FailureOr<SmallVector<int64_t>> values = node.getIntList(
        name, needsKernel && StringRef(name) == "kernel_shape");
    if (failed(values))
      return failure();
    *list = *values;
  }
  if (!node.hasAttr("strides"))
    attrs.strides.assign(spatial, 1);
  if (!node.hasAttr("dilations"))
    attrs.dilations.assign(spatial, 1);
  if (!node.hasAttr("pads"))
    attrs.pads.assign(2 * spatial, 0);
  FailureOr<std::string> autoPad = node.getString("auto_pad", "NOTSET");
  if (failed(autoPad))
    return failure();
  attrs.autoPad = autoPad->empty() ? "NOTSET" : *autoPad;
  if (attrs.autoPad != "NOTSET" && attrs.autoPad != "VALID" &&
      attrs.autoPad != "SAME_UPPER" && attrs.autoPad != "SAME_LOWER")
    return node.emitInvalid() << "attribute 'auto_pad' expects NOTSET, VALID, "
                                 "SAME_UPPER or SAME_LOWER, got '"
                              << attrs.autoPad << "'";
  return attrs;
}

/// kernel_shape, where it is given, must be that of the weights.
LogicalResult checkKernel(const NodeReader &node, Value weights,
                          ArrayRef<int64_t> kernel) {
  if (!node.hasAttr("kernel_shape"))
    return success();
  auto type = cast<RankedTensorType>(weights.getType());
  ArrayRef<int64_t> w = type.getShape();
  w = w.drop_front(std::min<size_t>(2, w.size()));
  bool fits = w.size() == kernel.size();
  for (size_t i = 0; fits && i < w.size(); ++i)
    fits = ShapedType::isDynamic(w[i]) || w[i] == kernel[i];
  if (!fits)
    return node.emitInvalid() << "attribute 'kernel_shape' differs from the "
                                 "shape of the weights "
                              << type;
  return success();
}

LogicalResult importConv(const NodeReader &node) {
  if (failed(node.requireFloat(0)) || failed(node.requireSameType({0, 1, 2})))
    return failure();
  Value result = buildConv(node, node.getInput(0), node.getInput(1),
                           node.getInput(2), node.getElementType(0));
  if (!result)
    return failure();
  node.setOutput(0, result);
  return success();
}

LogicalResult importConvTranspose(const NodeReader &node) {
  FailureOr<WindowAttrs> attrs = readWindow(node, false);
  FailureOr<int64_t> group = node.getInt("group", 1);
  auto extra = node.getIntList("output_padding");
  auto shape = node.getIntList("output_shape");
  if (failed(attrs) || failed(group) || failed(extra) || failed(shape) ||
      failed(checkKernel(node, node.getInput(1), attrs->kernel)) ||
      failed(node.requireFloat(0)) || failed(node.requireSameType({0, 1, 2})))
    return failure();
  size_t spatial = attrs->strides.size();
  if (!node.hasAttr("output_padding"))
    extra->assign(spatial, 0);
  // Some exporters give batch and channels as well.
  if (shape->size() == spatial + 2)
    shape->erase(shape->begin(), shape->begin() + 2);
  OpBuilder &b = node.getBuilder();
  return node.produce<nn::ConvTransposeOp>(
      node.getElementType(0), node.getInput(0), node.getInput(1),
      node.getInput(2), b.getDenseI64ArrayAttr(attrs->strides),
      b.getDenseI64ArrayAttr(attrs->dilations),
      b.getDenseI64ArrayAttr(attrs->pads), b.getStringAttr(attrs->autoPad),
      b.getI64IntegerAttr(*group), b.getDenseI64ArrayAttr(*extra),
      b.getDenseI64ArrayAttr(*shape), UnitAttr());
}

template <typename OpTy, typename... Args>
LogicalResult buildPool(const NodeReader &node, const WindowAttrs &attrs,
                        Args... more) {
  OpBuilder &b = node.getBuilder();
  return node.produce<OpTy>(
      node.getElementType(0), node.getInput(0),
      b.getDenseI64ArrayAttr(attrs.kernel), b.getDenseI64ArrayAttr(attrs.strides),
      b.getDenseI64ArrayAttr(attrs.dilations),
      b.getDenseI64ArrayAttr(attrs.pads), b.getStringAttr(attrs.autoPad), more..., UnitAttr());
}

LogicalResult importMaxPool(const NodeReader &node) {
  FailureOr<WindowAttrs> attrs = readWindow(node, true);
  FailureOr<int64_t> ceil = node.getInt("ceil_mode", 0);
  FailureOr<int64_t> order = node.getInt("storage_order", 0);
  if (failed(attrs) || failed(ceil) || failed(order) ||
      failed(node.requireNumeric(0)))
    return failure();
  OpBuilder &b = node.getBuilder();
  auto op = node.build<nn::MaxPoolOp>(
      {node.getElementType(0), b.getI64Type()}, node.getInput(0),
      b.getDenseI64ArrayAttr(attrs->kernel),
      b.getDenseI64ArrayAttr(attrs->strides),
      b.getDenseI64ArrayAttr(attrs->dilations),
      b.getDenseI64ArrayAttr(attrs->pads), b.getStringAttr(attrs->autoPad),
      b.getBoolAttr(*ceil), b.getBoolAttr(*order), UnitAttr());
  if (!op)
    return failure();
  node.setOutput(0, op.getResult());
  node.setOutput(1, op.getIndices());
  return success();
}

LogicalResult importAveragePool(const NodeReader &node) {
  FailureOr<WindowAttrs> attrs = readWindow(node, true);
  FailureOr<int64_t> ceil = node.getInt("ceil_mode", 0);
  FailureOr<int64_t> pads = node.getInt("count_include_pad", 0);
  if (failed(attrs) || failed(ceil) || failed(pads) ||
      failed(node.requireFloat(0)))
    return failure();
  OpBuilder &b = node.getBuilder();
  return buildPool<nn::AveragePoolOp>(node, *attrs, b.getBoolAttr(*ceil),
                                      b.getBoolAttr(*pads));
}

LogicalResult importLpPool(const NodeReader &node) {
  FailureOr<WindowAttrs> attrs = readWindow(node, true);
  FailureOr<int64_t> ceil = node.getInt("ceil_mode", 0);
  FailureOr<int64_t> p = node.getInt("p", 2);
  if (failed(attrs) || failed(ceil) || failed(p) || failed(node.requireFloat(0)))
    return failure();
  if (*p < 1)
    return node.emitInvalid() << "attribute 'p' expects at least 1, got " << *p;
  OpBuilder &b = node.getBuilder();
  return buildPool<nn::LpPoolOp>(node, *attrs, b.getBoolAttr(*ceil),
                                 b.getI64IntegerAttr(*p));
}
} // namespace

Value burin::buildConv(const NodeReader &node, Value x, Value w, Value bias,
                       Type element) {
  FailureOr<WindowAttrs> attrs = readWindow(node, false);
  FailureOr<int64_t> group = node.getInt("group", 1);
  if (failed(attrs) || failed(group) ||
      failed(checkKernel(node, w, attrs->kernel)))
    return Value();
  OpBuilder &b = node.getBuilder();
  return node.buildValue<nn::ConvOp>(
      element, x, w, bias, b.getDenseI64ArrayAttr(attrs->strides),
      b.getDenseI64ArrayAttr(attrs->dilations),
      b.getDenseI64ArrayAttr(attrs->pads), b.getStringAttr(attrs->autoPad),
      b.getI64IntegerAttr(*group), UnitAttr());
}

ArrayRef<OpImporter> burin::getConvImporters() {
  static const OpImporter importers[] = {
      {"Conv", 1, 2, 3, 1, importConv},
      {"ConvTranspose", 1, 2, 3, 1, importConvTranspose},
      {"MaxPool", 1, 1, 1, 2, importMaxPool},
      {"AveragePool", 1, 1, 1, 1, importAveragePool},
      {"LpPool", 2, 1, 1, 1, importLpPool},
  };
  return importers;
}
