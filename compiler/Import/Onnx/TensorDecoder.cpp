//===- TensorDecoder.cpp - Where the elements of a tensor are -------------===//

#include "compiler/Import/Onnx/TensorDecoder.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace mlir;
using namespace burin;

static_assert(llvm::endianness::native == llvm::endianness::little,
              "ONNX's raw data is little endian");

LogicalResult TensorDecoder::decode(Elements &elements) {
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

LogicalResult TensorDecoder::findKind() {
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

LogicalResult TensorDecoder::checkStrings() const {
  if (tensor.has_raw_data() || hasOtherFields(TensorField::String) ||
      tensor.data_location() == onnx::TensorProto::EXTERNAL)
    return emitInvalid() << "expects strings in string_data";
  return expectCount(count, tensor.string_data_size());
}

bool TensorDecoder::hasOtherFields(std::optional<TensorField> but) const {
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

LogicalResult TensorDecoder::expectCount(int64_t expected, int64_t got) const {
  if (expected == got)
    return success();
  return emitInvalid() << "expects " << expected << " values, got " << got;
}

LogicalResult TensorDecoder::findBytes() {
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

LogicalResult TensorDecoder::findExternal() {
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

LogicalResult TensorDecoder::findTyped() {
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
LogicalResult TensorDecoder::convertInt32() {
  if (kind->bits == 32)
    result.bytes = getBytes(tensor.int32_data());
  else
    result.own(narrow(tensor.int32_data(), llvm::divideCeil(kind->bits, 8)));
  int64_t entries =
      kind->bits < 8 ? llvm::divideCeil(count * kind->bits, 8) : count;
  return expectCount(entries, tensor.int32_data_size());
}

/// Gives each element below 8 bits a byte of its own, zero above.
void TensorDecoder::unpack() {
  if (kind->bits >= 8)
    return;
  std::vector<char> bytes(count);
  for (int64_t i = 0; i < count; ++i)
    bytes[i] =
        (uint8_t(result.bytes[i * kind->bits / 8]) >> (i * kind->bits % 8)) &
        ((1 << kind->bits) - 1);
  result.own(std::move(bytes));
}
