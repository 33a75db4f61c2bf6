//===- Constants.cpp - Numbers of constants, and new ones -----------------===//

#include "passes/Quantize/Constants.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

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
  if (auto dense = dyn_cast<DenseElementsAttr>(elements)) {
    numbers.raw = dense.getRawData();
    numbers.isSplat = dense.isSplat();
  } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements)) {
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      numbers.raw = blob->getData();
  }
  int64_t stored = numbers.isSplat ? 1 : numbers.count;
  if (int64_t(numbers.raw.size()) < stored * (isByte ? 1 : 4))
    return std::nullopt;
  return numbers;
}

template <typename T> static T read(ArrayRef<char> raw, int64_t i) {
  T value; // What comes from a file is not aligned.
  std::memcpy(&value, raw.data() + i * sizeof(T), sizeof(T));
  return value;
}

double Numbers::operator[](int64_t i) const {
  int64_t at = isSplat ? 0 : i;
  bool isUnsigned = element.isUnsignedInteger();
  if (element.isF32())
    return read<float>(raw, at);
  if (element.isInteger(32))
    return isUnsigned ? double(read<uint32_t>(raw, at)) : read<int32_t>(raw, at);
  // Those of less than 8 bits are the low ones of a byte.
  int unused = 8 - int(element.getIntOrFloatBitWidth());
  uint8_t high = read<uint8_t>(raw, at) << unused;
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
