//===- Layout.cpp - Channels that come last -------------------------------===//

#include "dialects/NN/Layouts/Layout.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace burin::nn;

SmallVector<int64_t> burin::nn::getToLast(int64_t rank) {
  SmallVector<int64_t> result = {0};
  for (int64_t d = 2; d < rank; ++d)
    result.push_back(d);
  result.push_back(1);
  return result;
}

SmallVector<int64_t> burin::nn::getFromLast(int64_t rank) {
  SmallVector<int64_t> result = {0, rank - 1};
  for (int64_t d = 1; d < rank - 1; ++d)
    result.push_back(d);
  return result;
}

int64_t burin::nn::moveAxis(int64_t axis, int64_t rank) {
  return axis == 0 ? 0 : axis == 1 ? rank - 1 : axis - 1;
}

bool burin::nn::isChannelsLast(Operation *op) {
  return op->hasAttr("channels_last");
}

int64_t burin::nn::getChannelDim(Operation *op, int64_t rank) {
  return isChannelsLast(op) ? rank - 1 : 1;
}

int64_t burin::nn::getSpatialDim(Operation *op) {
  return isChannelsLast(op) ? 1 : 2;
}

/// The elements of `from`, of `bytes` each and row-major, in the other order.
static std::vector<char> permute(ArrayRef<char> from, int64_t bytes,
                                 ArrayRef<int64_t> shape,
                                 ArrayRef<int64_t> permutation) {
  int64_t rank = shape.size();
  SmallVector<int64_t> strides(rank, bytes), sizes, steps;
  for (int64_t d = rank - 1; d-- > 0;)
    strides[d] = strides[d + 1] * shape[d + 1];
  for (int64_t d : permutation) {
    sizes.push_back(shape[d]);
    steps.push_back(strides[d]);
  }
  std::vector<char> to(from.size());
  SmallVector<int64_t> index(rank, 0);
  const char *source = from.data();
  for (char *out = to.data(), *end = out + to.size(); out != end; out += bytes) {
    std::memcpy(out, source, bytes);
    for (int64_t d = rank; d-- > 0;) {
      source += steps[d];
      if (++index[d] < sizes[d])
        break;
      source -= steps[d] * sizes[d];
      index[d] = 0;
    }
  }
  return to;
}

ElementsAttr burin::nn::transposeElements(ElementsAttr value,
                                          ArrayRef<int64_t> permutation) {
  auto type = dyn_cast<RankedTensorType>(value.getShapedType());
  Type element = type ? type.getElementType() : Type();
  if (!element || !element.isIntOrFloat() ||
      element.getIntOrFloatBitWidth() % 8 != 0)
    return {};
  SmallVector<int64_t> shape;
  for (int64_t d : permutation)
    shape.push_back(type.getDimSize(d));
  auto wanted = RankedTensorType::get(shape, element);
  int64_t bytes = element.getIntOrFloatBitWidth() / 8;
  int64_t size = type.getNumElements() * bytes;
  if (auto dense = dyn_cast<DenseElementsAttr>(value)) {
    if (dense.isSplat())
      return dense.reshape(wanted);
    if (int64_t(dense.getRawData().size()) != size)
      return {};
    return DenseElementsAttr::getFromRawBuffer(
        wanted, permute(dense.getRawData(), bytes, type.getShape(), permutation));
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob || int64_t(blob->getData().size()) != size)
    return {};
  std::vector<char> data =
      permute(blob->getData(), bytes, type.getShape(), permutation);
  return DenseResourceElementsAttr::get(
      wanted, resource.getRawHandle().getKey(),
      HeapAsmResourceBlob::allocateAndCopyWithAlign(data, 64));
}
