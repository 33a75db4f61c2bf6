//===- StoredMatrix.cpp - A constant matrix of small integers -------------===//

#include "passes/Lower/NBits/StoredMatrix.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace burin;

/// The bytes of a constant.
std::optional<StoredMatrix::Stored> StoredMatrix::findStored(Value value) {
  auto constant = value.getDefiningOp<nn::ConstantOp>();
  if (!constant)
    return std::nullopt;
  ElementsAttr elements = constant.getValue();
  auto stored = nn::StoredElements::find(elements);
  return stored ? std::optional(Stored{*stored, elements}) : std::nullopt;
}

std::optional<StoredMatrix> StoredMatrix::find(nn::MatMulNBitsOp op) {
  std::optional<Stored> integers = findStored(op.getB());
  std::optional<Stored> scales = findStored(op.getScales());
  if (!integers || !scales || integers->isSplat)
    return std::nullopt;
  StoredMatrix matrix;
  matrix.integers = *integers;
  matrix.scales = *scales;
  if (op.getZeroPoints()) {
    matrix.zeros = findStored(op.getZeroPoints());
    if (!matrix.zeros)
      return std::nullopt;
  }
  matrix.n = op.getN();
  matrix.bits = op.getBits();
  matrix.blocks = llvm::divideCeil(op.getK(), op.getBlockSize());
  matrix.blockBytes = op.getBlockSize() * op.getBits() / 8;
  return matrix;
}

/// Element `i` of floats of any type, or of whole bytes.
float StoredMatrix::readNumber(const Stored &stored, int64_t i) {
  Type element = stored.value.getElementType();
  if (element.isInteger(8))
    return stored.get<uint8_t>(i);
  uint64_t bits = 0;
  std::memcpy(&bits, stored.at(i), stored.width);
  APFloat number(cast<FloatType>(element).getFloatSemantics(),
                 APInt(stored.width * 8, bits));
  bool losesInfo;
  number.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven, &losesInfo);
  return number.convertToFloat();
}

float StoredMatrix::getScale(int64_t column, int64_t block) const {
  return readNumber(scales, column * blocks + block);
}

float StoredMatrix::getZero(int64_t column, int64_t block) const {
  float middle = 1 << (bits - 1);
  if (!zeros->value.getElementType().isInteger(8))
    return readNumber(*zeros, column * blocks + block) - middle;
  int64_t perByte = 8 / bits, perColumn = llvm::divideCeil(blocks, perByte);
  auto byte = zeros->get<uint8_t>(column * perColumn + block / perByte);
  return ((byte >> (block % perByte * bits)) & ((1 << bits) - 1)) - middle;
}

/// What is made of constants is found by their names; empty if one has none.
std::string StoredMatrix::getName(StringRef what) const {
  std::string name = what.str() + "_" + std::to_string(bits);
  for (const Stored *stored : {&integers, &scales, zeros ? &*zeros : nullptr}) {
    if (!stored)
      continue;
    auto resource = dyn_cast<DenseResourceElementsAttr>(stored->value);
    if (!resource)
      return "";
    name += "_" + resource.getRawHandle().getKey().str();
  }
  return name;
}

ElementsAttr StoredMatrix::pack(StringRef what, Type element, int64_t steps,
                                Fill fill) const {
  int64_t panels = llvm::divideCeil(n, width);
  auto type = RankedTensorType::get({panels, steps, width}, element);
  std::string name = getName(what);
  auto &manager =
      DenseResourceElementsHandle::getManagerInterface(type.getContext());
  if (!name.empty())
    if (auto *entry = manager.getBlobManager().lookup(name))
      return DenseResourceElementsAttr::get(
          type, DenseResourceElementsHandle(
                    entry, type.getContext()->getLoadedDialect<BuiltinDialect>()));
  AsmResourceBlob blob =
      HeapAsmResourceBlob::allocate(type.getNumElements() * 4, 64);
  char *to = blob.getMutableData().data();
  std::memset(to, 0, blob.getData().size());
  for (int64_t panel = 0; panel < panels; ++panel)
    for (int64_t step = 0; step < steps; ++step)
      for (int64_t lane = 0; lane < width; ++lane, to += 4)
        if (panel * width + lane < n)
          fill(panel * width + lane, step, to);
  return DenseResourceElementsAttr::get(type, name.empty() ? what : name,
                                        std::move(blob));
}
