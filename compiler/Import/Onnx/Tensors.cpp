//===- Tensors.cpp - ONNX's tensors as attributes -------------------------===//

#include "compiler/Import/Onnx/Tensors.h"
#include "compiler/Import/Onnx/TensorDecoder.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace mlir;
using namespace burin;

/// Up to here a constant is copied into the context and printed in full.
static constexpr size_t smallBytes = 4096;

/// A sparse tensor may be this large when dense: it is not in the file.
static constexpr int64_t maxSparseBytes = int64_t(256) << 20;

DenseElementsAttr burin::makeDense(RankedTensorType type,
                                   ArrayRef<char> bytes) {
  if (!type.getElementType().isInteger(1))
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  // Packed by MLIR; whatever is not 0 is true.
  auto bits = std::make_unique<bool[]>(bytes.size());
  llvm::transform(bytes, bits.get(), [](char byte) { return byte != 0; });
  return DenseElementsAttr::get(type, ArrayRef(bits.get(), bytes.size()));
}

/// The attribute that stands for `elements`, which it may take over.
static ElementsAttr makeAttribute(Elements &&elements, StringRef name) {
  RankedTensorType type = elements.type;
  ArrayRef<char> bytes = elements.bytes;
  if (bytes.size() <= smallBytes || type.getElementType().isInteger(1))
    return makeDense(type, bytes);
  size_t width = bytes.size() / type.getNumElements();
  if (std::memcmp(bytes.data(), bytes.data() + width, bytes.size() - width) ==
      0)
    return makeDense(type, bytes.take_front(width));
  auto keep = [owned = std::move(elements.owned)](void *, size_t, size_t) {};
  return DenseResourceElementsAttr::get(
      type, name.empty() ? "tensor" : name,
      AsmResourceBlob(bytes, /*dataAlignment=*/1, std::move(keep),
                      /*dataIsMutable=*/false));
}

FailureOr<ElementsAttr> TensorReader::read(const onnx::TensorProto &tensor,
                                           const Reporter &report) {
  ElementsAttr &attribute = known[&tensor];
  if (attribute)
    return attribute;
  Elements elements;
  if (failed(TensorDecoder(tensor, files, report).decode(elements)))
    return failure();
  attribute = makeAttribute(std::move(elements), tensor.name());
  return attribute;
}

/// Where in the dense tensor value `i` of a sparse one goes; none if outside.
static std::optional<int64_t> getPosition(ArrayRef<int64_t> indices, int64_t i,
                                          int64_t columns,
                                          ArrayRef<int64_t> dims) {
  if (columns == 0) // Positions in the flat tensor.
    return indices[i];
  int64_t position = 0;
  for (int64_t axis = 0; axis < columns; ++axis) {
    int64_t index = indices[i * columns + axis];
    if (index < 0 || index >= dims[axis])
      return std::nullopt;
    position = position * dims[axis] + index;
  }
  return position;
}

/// Spreads `values` over `dense`, which has room for `count` elements. False if
/// an index is outside or not larger than the one before.
static bool spread(const Elements &values, const Elements &indices,
                   ArrayRef<int64_t> dims, int64_t count,
                   std::vector<char> &dense) {
  std::vector<int64_t> numbers(indices.bytes.size() / sizeof(int64_t));
  std::memcpy(numbers.data(), indices.bytes.data(), indices.bytes.size());
  int64_t columns = indices.type.getRank() == 1 ? 0 : dims.size();
  int64_t number = values.type.getNumElements(), last = -1;
  for (int64_t i = 0; i < number; ++i) {
    size_t width = values.bytes.size() / number;
    std::optional<int64_t> at = getPosition(numbers, i, columns, dims);
    if (!at || *at <= last || *at >= count)
      return false;
    std::memcpy(&dense[*at * width], &values.bytes[i * width], width);
    last = *at;
  }
  return true;
}

/// One value per index, and one column of the indices per dimension.
static bool fitTogether(RankedTensorType values, RankedTensorType indices,
                        int64_t rank) {
  return values.getRank() == 1 && indices.getElementType().isInteger(64) &&
         (indices.getRank() == 1 ||
          (indices.getRank() == 2 && indices.getDimSize(1) == rank)) &&
         indices.getDimSize(0) == values.getDimSize(0);
}

FailureOr<ElementsAttr>
TensorReader::read(const onnx::SparseTensorProto &tensor,
                   const Reporter &report) {
  if (ElementsAttr attribute = known.lookup(&tensor))
    return attribute;
  auto emit = [&](ExitCode code) {
    return report.emit(code)
           << "sparse tensor '" << escapeName(tensor.values().name()) << "' ";
  };
  SmallVector<int64_t> dims(tensor.dims().begin(), tensor.dims().end());
  std::optional<int64_t> count = countElements(dims);
  if (!count || int64_t(dims.size()) > maxRank)
    return emit(ExitCode::Invalid) << "has a shape that cannot be";
  Elements values, indices, elements;
  if (failed(TensorDecoder(tensor.values(), files, report).decode(values)) ||
      failed(TensorDecoder(tensor.indices(), files, report).decode(indices)))
    return failure();
  if (!fitTogether(values.type, indices.type, dims.size()))
    return emit(ExitCode::Invalid) << "expects one index per value, got "
                                   << values.type << " at " << indices.type;
  elements.type = RankedTensorType::get(dims, values.type.getElementType());
  int64_t width = llvm::divideCeil(
      elements.type.getElementType().getIntOrFloatBitWidth(), 8);
  if (*count > maxSparseBytes / width)
    return emit(ExitCode::Machine) << "is too large to be made dense";
  std::vector<char> dense(*count * width);
  if (!spread(values, indices, dims, *count, dense))
    return emit(ExitCode::Invalid) << "expects sorted indices inside its shape";
  elements.own(std::move(dense));
  ElementsAttr attribute =
      makeAttribute(std::move(elements), tensor.values().name());
  known[&tensor] = attribute;
  return attribute;
}
