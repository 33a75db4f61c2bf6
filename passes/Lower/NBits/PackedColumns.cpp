//===- PackedColumns.cpp - Columns side by side, at compile time ----------===//

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "passes/Lower/NBits/PackedColumns.h"

using namespace mlir;
using namespace burin;

namespace {
/// The bytes of a constant that is not a splat.
struct Stored {
  ElementsAttr value;
  ArrayRef<char> raw;
};

std::optional<Stored> findStored(Value value) {
  auto constant = value.getDefiningOp<nn::ConstantOp>();
  if (!constant)
    return std::nullopt;
  Stored stored{constant.getValue(), {}};
  if (auto dense = dyn_cast<DenseElementsAttr>(stored.value)) {
    if (!dense.isSplat() || dense.getNumElements() == 1)
      stored.raw = dense.getRawData();
  } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(stored.value)) {
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      stored.raw = blob->getData();
  }
  int64_t bits = stored.value.getElementType().getIntOrFloatBitWidth();
  if (int64_t(stored.raw.size()) < stored.value.getNumElements() * (bits / 8))
    return std::nullopt;
  return stored;
}

using Fill = llvm::function_ref<void(int64_t column, int64_t step, char *to)>;

/// A constant of 4-byte elements [n / 16, steps, 16]. Entries that read one
/// weight share it: it is found by the name of what it was made from.
ElementsAttr createColumns(ElementsAttr from, StringRef what, Type element,
                           int64_t n, int64_t steps, Fill fill) {
  constexpr int64_t width = PackedColumns::width;
  int64_t panels = llvm::divideCeil(n, width);
  auto type = RankedTensorType::get({panels, steps, width}, element);
  std::string name = what.str();
  auto &manager =
      DenseResourceElementsHandle::getManagerInterface(type.getContext());
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(from)) {
    name = (resource.getRawHandle().getKey() + "_" + what).str();
    if (auto *entry = manager.getBlobManager().lookup(name))
      return DenseResourceElementsAttr::get(
          type, DenseResourceElementsHandle(
                    entry, type.getContext()->getLoadedDialect<BuiltinDialect>()));
  }
  AsmResourceBlob blob =
      HeapAsmResourceBlob::allocate(type.getNumElements() * 4, 64);
  char *to = blob.getMutableData().data();
  std::memset(to, 0, blob.getData().size());
  for (int64_t panel = 0; panel < panels; ++panel)
    for (int64_t step = 0; step < steps; ++step)
      for (int64_t lane = 0; lane < width; ++lane, to += 4)
        if (panel * width + lane < n)
          fill(panel * width + lane, step, to);
  return DenseResourceElementsAttr::get(type, name, std::move(blob));
}

/// Element `i` of floats of any type, or of whole bytes.
float readNumber(const Stored &stored, int64_t i) {
  Type element = stored.value.getElementType();
  const char *from = stored.raw.data();
  if (element.isInteger(8))
    return uint8_t(from[i]);
  int64_t bytes = element.getIntOrFloatBitWidth() / 8;
  uint64_t bits = 0;
  std::memcpy(&bits, from + i * bytes, bytes);
  APFloat number(cast<FloatType>(element).getFloatSemantics(),
                 APInt(bytes * 8, bits));
  bool losesInfo;
  number.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven, &losesInfo);
  return number.convertToFloat();
}
} // namespace

std::optional<PackedColumns> burin::packColumns(nn::MatMulNBitsOp op) {
  std::optional<Stored> integers = findStored(op.getB());
  std::optional<Stored> scales = findStored(op.getScales()), zeros;
  if (op.getZeroPoints())
    zeros = findStored(op.getZeroPoints());
  if (!integers || !scales || (op.getZeroPoints() && !zeros))
    return std::nullopt;
  Type f32 = Float32Type::get(op.getContext());
  Type i32 = IntegerType::get(op.getContext(), 32);
  int64_t n = op.getN(), bits = op.getBits(), block = op.getBlockSize();
  int64_t blocks = llvm::divideCeil(op.getK(), block);
  int64_t words = blocks * (block * bits / 32);
  PackedColumns columns;
  columns.words = createColumns(
      integers->value, "columns" + std::to_string(words), i32, n, words,
      [&](int64_t column, int64_t word, char *to) {
        std::memcpy(to, integers->raw.data() + (column * words + word) * 4, 4);
      });
  columns.scales = createColumns(
      scales->value, "scales" + std::to_string(blocks), f32, n, blocks,
      [&](int64_t column, int64_t at, char *to) {
        float scale = readNumber(*scales, column * blocks + at);
        std::memcpy(to, &scale, 4);
      });
  if (!zeros)
    return columns;
  bool isPacked = zeros->value.getElementType().isInteger(8);
  int64_t perByte = 8 / bits, perColumn = llvm::divideCeil(blocks, perByte);
  float middle = 1 << (bits - 1);
  columns.zeros = createColumns(
      zeros->value, "zeros" + std::to_string(blocks), f32, n, blocks,
      [&](int64_t column, int64_t at, char *to) {
        float zero;
        if (isPacked) {
          uint8_t byte = zeros->raw[column * perColumn + at / perByte];
          zero = (byte >> (at % perByte * bits)) & ((1 << bits) - 1);
        } else {
          zero = readNumber(*zeros, column * blocks + at);
        }
        zero -= middle;
        std::memcpy(to, &zero, 4);
      });
  return columns;
}
