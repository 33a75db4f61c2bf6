//===- Constants.cpp - Numbers of constants, and new ones -----------------===//

#include "passes/Quantize/Constants.h"
#include "mlir/IR/AsmState.h"

using namespace mlir;
using namespace burin;

std::optional<Numbers> Numbers::find(Value value) {
  auto constant = value ? value.getDefiningOp<nn::ConstantOp>() : nn::ConstantOp();
  if (!constant)
    return std::nullopt;
  Numbers numbers;
  ElementsAttr elements = constant.getValue();
  numbers.element = elements.getElementType();
  numbers.count = elements.getNumElements();
  auto integer = dyn_cast<IntegerType>(numbers.element);
  bool isByte = integer && integer.getWidth() > 1 && integer.getWidth() <= 8;
  if (!isByte && !numbers.element.isInteger(32) && !numbers.element.isF32())
    return std::nullopt;
  std::optional<nn::StoredElements> stored = nn::StoredElements::find(elements);
  if (!stored)
    return std::nullopt;
  numbers.stored = *stored;
  return numbers;
}

double Numbers::operator[](int64_t i) const {
  bool isUnsigned = element.isUnsignedInteger();
  if (element.isF32())
    return stored.get<float>(i);
  if (element.isInteger(32))
    return isUnsigned ? double(stored.get<uint32_t>(i)) : stored.get<int32_t>(i);
  // Those of less than 8 bits are the low ones of a byte.
  int unused = 8 - int(element.getIntOrFloatBitWidth());
  uint8_t high = stored.get<uint8_t>(i) << unused;
  return isUnsigned ? high >> unused : int8_t(high) >> unused;
}

std::optional<Scaling> burin::findScaling(Value scale, Value zero, int64_t axis,
                                          int64_t blockSize) {
  std::optional<Numbers> scales = Numbers::find(scale);
  std::optional<Numbers> zeros = Numbers::find(zero);
  if (!scales || (zero && !zeros) || blockSize != 0 || scales->size() == 0 ||
      !getElementTypeOrSelf(scale.getType()).isF32())
    return std::nullopt;
  Scaling scaling;
  scaling.axis = axis;
  for (int64_t i = 0; i < scales->size(); ++i)
    scaling.scales.push_back((*scales)[i]);
  for (int64_t i = 0; zeros && i < zeros->size(); ++i)
    scaling.zeros.push_back((*zeros)[i]);
  if (llvm::all_equal(scaling.zeros))
    scaling.zeros.assign(1, scaling.zeros.empty() ? 0 : scaling.zeros[0]);
  bool fits = scaling.zeros.size() == 1 || scaling.zeros.size() == scaling.scales.size();
  return fits ? std::optional(scaling) : std::nullopt;
}

Value burin::createFloats(OpBuilder &b, Location loc, ArrayRef<int64_t> shape,
                          ArrayRef<float> values) {
  auto type = RankedTensorType::get(shape, b.getF32Type());
  return b.create<nn::ConstantOp>(loc, DenseElementsAttr::get(type, values));
}

Value burin::createInts(OpBuilder &b, Location loc, ArrayRef<int64_t> shape,
                        ArrayRef<int32_t> values) {
  auto type = RankedTensorType::get(shape, b.getI32Type());
  return b.create<nn::ConstantOp>(loc, DenseElementsAttr::get(type, values));
}

Value burin::createBytes(OpBuilder &b, Location loc, RankedTensorType type,
                         ArrayRef<int8_t> values) {
  ArrayRef<char> raw(reinterpret_cast<const char *>(values.data()), values.size());
  auto elements = DenseResourceElementsAttr::get(
      type, "bytes", HeapAsmResourceBlob::allocateAndCopyWithAlign(raw, 64));
  return b.create<nn::ConstantOp>(loc, elements);
}
