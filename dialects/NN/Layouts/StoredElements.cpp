//===- StoredElements.cpp - Elements of constants in memory ---------------===//

#include "dialects/NN/Layouts/StoredElements.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace burin::nn;

std::optional<StoredElements> StoredElements::find(Attribute value) {
  auto elements = dyn_cast_or_null<ElementsAttr>(value);
  if (!elements || !elements.getElementType().isIntOrFloat())
    return std::nullopt;
  StoredElements stored;
  if (auto dense = dyn_cast<DenseElementsAttr>(value)) {
    stored.bytes = dense.getRawData();
    stored.isSplat = dense.isSplat();
  } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      stored.bytes = blob->getData();
  }
  stored.width = llvm::divideCeil(elements.getElementType().getIntOrFloatBitWidth(), 8);
  int64_t count = stored.isSplat ? 1 : elements.getNumElements();
  if (int64_t(stored.bytes.size()) < count * stored.width)
    return std::nullopt;
  return stored;
}
