//===- ImportHelpers.cpp - What op importers share ------------------------===//

#include "compiler/Import/Operators/ImportHelpers.h"

using namespace mlir;
using namespace burin;

/// More than any operand that says something about axes has.
static constexpr int64_t maxNumbers = 256;

FailureOr<Value> burin::getAnyIntVector(const NodeReader &node, int index) {
  if (!node.hasInput(index))
    return node.emitInvalid() << "expects input " << index;
  RankedTensorType type = node.getInputType(index);
  if (!isa<IntegerType>(type.getElementType()) || type.getRank() > 1)
    return node.emitInvalid() << "expects integers of rank 1 as input " << index
                              << ", got " << type;
  if (type.hasStaticShape() && type.getNumElements() > maxNumbers)
    return node.emitInvalid() << "expects a few numbers as input " << index
                              << ", got " << type;
  return node.getInput(index);
}

FailureOr<Value> burin::getIntVector(const NodeReader &node, int index,
                                     std::optional<int64_t> count) {
  FailureOr<Value> vector = getAnyIntVector(node, index);
  if (failed(vector) || node.getInputType(index).hasStaticShape())
    return vector;
  if (!count || *count < 0 || *count > maxNumbers)
    return node.emitUnsupported()
           << "how many numbers input " << index
           << " has is known only when the model runs";
  Value known = setSize(node, *vector, 0, *count);
  if (!known)
    return failure();
  return known;
}

FailureOr<Value> burin::getOne(const NodeReader &node, int index) {
  RankedTensorType type = node.getInputType(index);
  if (type.getRank() > 1 ||
      (type.hasStaticShape() && type.getNumElements() != 1))
    return node.emitInvalid() << "expects one number as input " << index
                              << ", got " << type;
  if (type.hasStaticShape())
    return node.getInput(index);
  Value one = setSize(node, node.getInput(index), 0, 1);
  if (!one)
    return failure();
  return one;
}

Value burin::setSize(const NodeReader &node, Value value, int64_t d,
                     int64_t size) {
  auto type = cast<RankedTensorType>(value.getType());
  if (!type.isDynamicDim(d))
    return value;
  OpBuilder &builder = node.getBuilder();
  Type i64 = builder.getI64Type();
  SmallVector<Value> sizes;
  auto addSizes = [&](int64_t start, int64_t end) {
    if (start < end)
      sizes.push_back(node.buildValue<nn::ShapeOp>(
          i64, value, builder.getI64IntegerAttr(start),
          builder.getI64IntegerAttr(end)));
  };
  addSizes(0, d);
  sizes.push_back(node.getIntTensor(size));
  addSizes(d + 1, type.getRank());
  if (llvm::is_contained(sizes, Value()))
    return nullptr;
  Value shape = sizes.front();
  if (sizes.size() > 1)
    shape = node.buildValue<nn::ConcatOp>(i64, sizes,
                                          builder.getI64IntegerAttr(0));
  // Sizes are what they are, and a constant is not 0 by mistake.
  return shape ? node.buildValue<nn::ReshapeOp>(type.getElementType(), value,
                                                shape, builder.getBoolAttr(true))
               : shape;
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
  if (numbers && !axes) {
    Value count = node.buildValue<nn::SizeOp>(i64, numbers);
    axes = count ? node.buildValue<nn::RangeOp>(i64, node.getScalar(i64, 0),
                                                count, node.getScalar(i64, 1))
                 : count;
  } else if (axes) {
    axes = castTo(node, axes, i64);
  }
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
