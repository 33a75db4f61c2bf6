//===- Tensors.cpp - ONNX's tensors as attributes -------------------------===//

#include "compiler/Import/Onnx/Tensors.h"
#include "compiler/Import/Onnx/ExternalFiles.h"
#include "compiler/Import/Onnx/Schema.h"
#include "compiler/Support/Text.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace burin;

static_assert(llvm::endianness::native == llvm::endianness::little,
              "ONNX's raw data is little endian");

/// Up to here a constant is copied into the context and printed in full.
static constexpr size_t smallBytes = 4096;

/// A sparse tensor may be this large when dense: it is not in the file.
static constexpr int64_t maxSparseBytes = int64_t(256) << 20;

namespace {
/// The elements of a tensor, of whole bytes each.
struct Elements {
  RankedTensorType type;
  ArrayRef<char> bytes;
  std::vector<char> owned; ///< What `bytes` are, if not the model's.

  void own(std::vector<char> data) {
    owned = std::move(data);
    bytes = owned;
  }
};

/// Finds the elements of one tensor, whatever field they lie in.
class Decoder {
public:
  Decoder(const onnx::TensorProto &tensor, ExternalFiles &files,
          const Reporter &report)
      : tensor(tensor), files(files), report(report) {}

  LogicalResult decode(Elements &elements);

private:
  LogicalResult findKind();
  LogicalResult checkStrings() const;
  LogicalResult findBytes();
  LogicalResult findExternal();
  LogicalResult findTyped();
  LogicalResult convertInt32();
  void unpack();
  bool hasOtherFields(std::optional<TensorField> but) const;
  LogicalResult expectCount(int64_t expected, int64_t got) const;
  InFlightDiagnostic emitInvalid() const {
    return report.emitInvalid() << describe() << " ";
  }
  std::string describe() const {
    return "tensor '" + escapeName(tensor.name()) + "'";
  }

  const onnx::TensorProto &tensor;
  ExternalFiles &files;
  const Reporter &report;
  std::optional<ElementKind> kind;
  int64_t count = 0;
  Elements result;
};
} // namespace

std::optional<int64_t> burin::countElements(ArrayRef<int64_t> dims) {
  if (llvm::any_of(dims, [](int64_t dim) { return dim < 0; }))
    return std::nullopt;
  if (llvm::is_contained(dims, 0))
    return 0;
  int64_t count = 1;
  for (int64_t dim : dims)
    if (llvm::MulOverflow(count, dim, count) || count > maxTensorBytes)
      return std::nullopt;
  return count;
}

LogicalResult Decoder::decode(Elements &elements) {
  SmallVector<int64_t> dims(tensor.dims().begin(), tensor.dims().end());
  if (int64_t(dims.size()) > maxRank)
    return report.emitUnsupported() << describe() << " has a rank of "
                                    << dims.size() << ", more than " << maxRank;
  std::optional<int64_t> number = countElements(dims);
  if (!number)
    return emitInvalid() << "has a shape that no tensor of a file can have";
  count = *number;
  if (tensor.has_segment())
    return emitInvalid() << "is a segment, which ONNX never defined";
  if (failed(findKind()))
    return failure();
  result.type = RankedTensorType::get(dims, kind->type);
  if (failed(findBytes()))
    return failure();
  unpack();
  elements = std::move(result);
  return success();
}

LogicalResult Decoder::findKind() {
  kind = findElementKind(tensor.data_type(), report.getLoc().getContext());
  if (!kind)
    return emitInvalid() << "has the unknown element type "
                         << tensor.data_type();
  if (kind->field == TensorField::String && failed(checkStrings()))
    return failure();
  if (!kind->type)
    return report.emitUnsupported()
           << describe() << " has elements of type " << kind->name
           << ", which are not supported";
  return success();
}

LogicalResult Decoder::checkStrings() const {
  if (tensor.has_raw_data() || hasOtherFields(TensorField::String) ||
      tensor.data_location() == onnx::TensorProto::EXTERNAL)
    return emitInvalid() << "expects strings in string_data";
  return expectCount(count, tensor.string_data_size());
}

bool Decoder::hasOtherFields(std::optional<TensorField> but) const {
  std::pair<TensorField, int> sizes[] = {
      {TensorField::Float, tensor.float_data_size()},
      {TensorField::Int32, tensor.int32_data_size()},
      {TensorField::String, tensor.string_data_size()},
      {TensorField::Int64, tensor.int64_data_size()},
      {TensorField::Double, tensor.double_data_size()},
      {TensorField::Uint64, tensor.uint64_data_size()},
  };
  return llvm::any_of(sizes, [&](auto entry) {
    return entry.second != 0 && entry.first != but;
  });
}

LogicalResult Decoder::expectCount(int64_t expected, int64_t got) const {
  if (expected == got)
    return success();
  return emitInvalid() << "expects " << expected << " values, got " << got;
}

LogicalResult Decoder::findBytes() {
  bool external = tensor.data_location() == onnx::TensorProto::EXTERNAL;
  if (!external && !tensor.has_raw_data())
    return findTyped();
  if (hasOtherFields(std::nullopt) || (external && tensor.has_raw_data()))
    return emitInvalid() << "has its data twice";
  if (external)
    return findExternal();
  // `count` is below 2^47: no overflow.
  int64_t size = llvm::divideCeil(count * kind->bits, 8);
  if (size != int64_t(tensor.raw_data().size()))
    return emitInvalid() << "expects " << size << " bytes, got "
                         << tensor.raw_data().size();
  result.bytes = ArrayRef(tensor.raw_data().data(), tensor.raw_data().size());
  return success();
}

/// A size that a model gives as text.
static bool parseSize(StringRef text, uint64_t &size) {
  return !text.empty() && llvm::all_of(text, llvm::isDigit) &&
         !text.getAsInteger(10, size);
}

LogicalResult Decoder::findExternal() {
  ExternalRange range;
  uint64_t size = llvm::divideCeil(count * kind->bits, 8), length = size;
  for (const auto &entry : tensor.external_data()) {
    if (entry.key() == "location")
      range.location = entry.value();
    uint64_t *number = entry.key() == "offset"   ? &range.offset
                       : entry.key() == "length" ? &length
                                                 : nullptr;
    if (number && !parseSize(entry.value(), *number))
      return emitInvalid() << "expects a number as external " << entry.key()
                           << ", got '" << escapeName(entry.value()) << "'";
  }
  if (length != size)
    return emitInvalid() << "expects " << size
                         << " bytes of external data, got " << length;
  Status status = files.read(range, size, result.bytes);
  if (status.isOk())
    return success();
  return report.emit(status.getCode())
         << describe() << ": " << status.getText();
}

template <typename T>
static ArrayRef<char> getBytes(const google::protobuf::RepeatedField<T> &data) {
  return ArrayRef(reinterpret_cast<const char *>(data.data()),
                  data.size() * sizeof(T));
}

/// The low `size` bytes of each value.
template <typename T>
static std::vector<char> narrow(const google::protobuf::RepeatedField<T> &data,
                                size_t size) {
  std::vector<char> bytes(data.size() * size);
  for (int i = 0; i < data.size(); ++i)
    std::memcpy(&bytes[i * size], &data.Get(i), size);
  return bytes;
}

LogicalResult Decoder::findTyped() {
  if (hasOtherFields(kind->field))
    return emitInvalid() << "has its data in a field of another type than "
                         << kind->name;
  switch (kind->field) {
  case TensorField::Float:
    result.bytes = getBytes(tensor.float_data());
    return expectCount(count, tensor.float_data_size());
  case TensorField::Double:
    result.bytes = getBytes(tensor.double_data());
    return expectCount(count, tensor.double_data_size());
  case TensorField::Int64:
    result.bytes = getBytes(tensor.int64_data());
    return expectCount(count, tensor.int64_data_size());
  case TensorField::Uint64:
    if (kind->bits == 64)
      result.bytes = getBytes(tensor.uint64_data());
    else
      result.own(narrow(tensor.uint64_data(), kind->bits / 8));
    return expectCount(count, tensor.uint64_data_size());
  case TensorField::Int32:
    return convertInt32();
  case TensorField::String:
    break;
  }
  return emitInvalid() << "has no elements that a computation could use";
}

/// Each value is one element, or one byte of packed ones.
LogicalResult Decoder::convertInt32() {
  if (kind->bits == 32)
    result.bytes = getBytes(tensor.int32_data());
  else
    result.own(narrow(tensor.int32_data(), llvm::divideCeil(kind->bits, 8)));
  int64_t entries =
      kind->bits < 8 ? llvm::divideCeil(count * kind->bits, 8) : count;
  return expectCount(entries, tensor.int32_data_size());
}

/// Gives each element below 8 bits a byte of its own, zero above.
void Decoder::unpack() {
  if (kind->bits >= 8)
    return;
  std::vector<char> bytes(count);
  for (int64_t i = 0; i < count; ++i)
    bytes[i] =
        (uint8_t(result.bytes[i * kind->bits / 8]) >> (i * kind->bits % 8)) &
        ((1 << kind->bits) - 1);
  result.own(std::move(bytes));
}

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
  if (failed(Decoder(tensor, files, report).decode(elements)))
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
  if (failed(Decoder(tensor.values(), files, report).decode(values)) ||
      failed(Decoder(tensor.indices(), files, report).decode(indices)))
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
