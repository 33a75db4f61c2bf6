//===- ImportHelpers.cpp - What op importers share ------------------------===//

#include "compiler/Import/ImportHelpers.h"

using namespace mlir;
using namespace burin;

/// More than any operand that says something about axes has.
static constexpr int64_t maxNumbers = 256;

FailureOr<Value> burin::getIntVector(const NodeReader &node, int index) {
  if (!node.hasInput(index))
    return node.emitInvalid() << "expects input " << index;
  RankedTensorType type = node.getInputType(index);
  if (!isa<IntegerType>(type.getElementType()) || type.getRank() > 1)
    return node.emitInvalid() << "expects integers of rank 1 as input " << index
                              << ", got " << type;
  if (!type.hasStaticShape())
    return node.emitUnsupported()
           << "how many numbers input " << index
           << " has is known only when the model runs";
  if (type.getNumElements() > maxNumbers)
    return node.emitInvalid() << "expects a few numbers as input " << index
                              << ", got " << type;
  return node.getInput(index);
}

Value burin::castTo(const NodeReader &node, Value value, Type type) {
  if (cast<RankedTensorType>(value.getType()).getElementType() == type)
    return value;
  return node.buildValue<nn::CastOp>(type, value,
                                     node.getBuilder().getBoolAttr(true));
}

FailureOr<Value> burin::spreadOverAxes(const NodeReader &node, Value numbers,
                                       Value axes, int64_t rank,
                                       int64_t otherwise) {
  OpBuilder &builder = node.getBuilder();
  Type i64 = builder.getI64Type();
  Value all = node.getIntTensor(SmallVector<int64_t>(rank, otherwise));
  numbers = castTo(node, numbers, i64);
  axes = castTo(node, axes, i64);
  if (!numbers || !axes)
    return failure();
  Value result = node.buildValue<nn::ScatterElementsOp>(
      i64, all, axes, numbers, builder.getI64IntegerAttr(0),
      builder.getStringAttr("none"));
  if (!result)
    return failure();
  return result;
}

FailureOr<std::string> burin::getChoice(const NodeReader &node, StringRef name,
                                        ArrayRef<StringRef> choices,
                                        StringRef otherwise) {
  FailureOr<std::string> value = node.getString(name, otherwise);
  if (failed(value) || llvm::is_contained(choices, StringRef(*value)))
    return value;
  return node.emitInvalid() << "attribute '" << name << "' expects "
                            << llvm::join(choices, ", ") << ", got '" << *value
                            << "'";
}

FailureOr<int64_t> burin::getIntIn(const NodeReader &node, StringRef name,
                                   std::optional<int64_t> otherwise,
                                   int64_t least, int64_t most) {
  FailureOr<int64_t> value = node.getInt(name, otherwise);
  if (failed(value) || (*value >= least && *value <= most))
    return value;
  return node.emitInvalid() << "attribute '" << name << "' expects " << least
                            << " to " << most << ", got " << *value;
}
