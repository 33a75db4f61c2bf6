//===- PackConstant.cpp - Weights in panels, at compile time --------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "passes/Exec/Tiles/Packing.h"

using namespace mlir;
using namespace burin;

memref::GlobalOp burin::findGlobal(Value memory, ModuleOp module) {
  while (Operation *op = memory.getDefiningOp()) {
    if (auto read = dyn_cast<memref::GetGlobalOp>(op))
      return module.lookupSymbol<memref::GlobalOp>(read.getName());
    if (!isa<memref::ReinterpretCastOp, memref::ExtractStridedMetadataOp,
             memref::CollapseShapeOp, memref::ExpandShapeOp, memref::CastOp>(op))
      return {};
    // A view of a part starts elsewhere or has strides of its own.
    if (auto type = dyn_cast<MemRefType>(op->getResult(0).getType());
        !type || !type.getLayout().isIdentity())
      return {};
    memory = op->getOperand(0);
  }
  return {};
}

/// The global that `memory` is a view of, and where in it the view starts; none
/// if that is not known.
static std::pair<memref::GlobalOp, int64_t> findPart(Value memory,
                                                     ModuleOp module) {
  int64_t offset;
  SmallVector<int64_t> strides;
  if (failed(getStridesAndOffset(cast<MemRefType>(memory.getType()), strides,
                                 offset)) ||
      ShapedType::isDynamic(offset))
    return {};
  // Offsets count from the start of the global, whatever is in between.
  while (isa_and_nonnull<memref::ReinterpretCastOp, memref::CollapseShapeOp,
                         memref::ExpandShapeOp, memref::CastOp,
                         memref::SubViewOp>(memory.getDefiningOp()))
    memory = memory.getDefiningOp()->getOperand(0);
  auto read = memory.getDefiningOp<memref::GetGlobalOp>();
  if (!read)
    return {};
  return {module.lookupSymbol<memref::GlobalOp>(read.getName()), offset};
}

namespace {
/// Loops as numbers: sizes and the operand's coefficients.
struct KnownLoops {
  SmallVector<int64_t> sizes, strides;
  int64_t getCount() const {
    int64_t count = 1;
    for (int64_t size : sizes)
      count *= size;
    return count;
  }
  int64_t getOffset(int64_t flat) const {
    int64_t offset = 0;
    for (size_t k = sizes.size(); k-- > 0; flat /= sizes[k])
      offset += flat % sizes[k] * strides[k];
    return offset;
  }
};

std::optional<KnownLoops> getKnown(const Contraction &c, unsigned operand,
                                   ArrayRef<unsigned> loops) {
  KnownLoops known;
  for (unsigned d : loops) {
    std::optional<int64_t> size = nn::getStatic(c.nest.sizes[d]);
    std::optional<int64_t> stride =
        nn::getStatic(c.getOperand(operand).coefficients[d]);
    if (!size || !stride)
      return std::nullopt;
    known.sizes.push_back(*size);
    known.strides.push_back(*stride);
  }
  return known;
}

template <typename T>
void pack(const T *from, T *to, int64_t width, const KnownLoops &batch,
          const KnownLoops &lines, const KnownLoops &depth) {
  int64_t numLines = lines.getCount(), numDepth = depth.getCount();
  SmallVector<int64_t> lineOffsets, depthOffsets;
  for (int64_t i = 0; i < numLines; ++i)
    lineOffsets.push_back(lines.getOffset(i));
  for (int64_t k = 0; k < numDepth; ++k)
    depthOffsets.push_back(depth.getOffset(k));
  for (int64_t n = 0; n < batch.getCount(); ++n) {
    const T *base = from + batch.getOffset(n);
    for (int64_t first = 0; first < numLines; first += width)
      for (int64_t k = 0; k < numDepth; ++k)
        for (int64_t i = first; i < first + width; ++i)
          *to++ = i < numLines ? base[lineOffsets[i] + depthOffsets[k]] : T(0);
  }
}

/// The elements from `offset` on packed, as an attribute; splats stay splats.
ElementsAttr packElements(ElementsAttr value, int64_t offset,
                          RankedTensorType type, int64_t width, const KnownLoops &batch,
                          const KnownLoops &lines, const KnownLoops &depth) {
  ArrayRef<char> raw;
  if (auto dense = dyn_cast<DenseElementsAttr>(value)) {
    if (dense.isSplat())
      return DenseElementsAttr::get(type, dense.getSplatValue<Attribute>());
    raw = dense.getRawData();
  } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    raw = resource.getRawHandle().getBlob()->getData();
  }
  int64_t bytes = type.getElementTypeBitWidth() / 8;
  raw = raw.drop_front(offset * bytes);
  AsmResourceBlob blob =
      HeapAsmResourceBlob::allocate(type.getNumElements() * bytes, 64);
  MutableArrayRef<char> data = blob.getMutableData();
  // Strings of protobuf are not aligned: elements are read one by one.
  if (bytes == 1) {
    pack(raw.data(), data.data(), width, batch, lines, depth);
  } else if (bytes == 2) {
    struct __attribute__((packed)) Word { uint16_t bits; Word(uint16_t b = 0) : bits(b) {} };
    pack(reinterpret_cast<const Word *>(raw.data()),
         reinterpret_cast<Word *>(data.data()), width, batch, lines, depth);
  } else if (bytes == 4) {
    struct __attribute__((packed)) Word { uint32_t bits; Word(uint32_t b = 0) : bits(b) {} };
    pack(reinterpret_cast<const Word *>(raw.data()),
         reinterpret_cast<Word *>(data.data()), width, batch, lines, depth);
  } else {
    struct __attribute__((packed)) Word { uint64_t bits; Word(uint64_t b = 0) : bits(b) {} };
    pack(reinterpret_cast<const Word *>(raw.data()),
         reinterpret_cast<Word *>(data.data()), width, batch, lines, depth);
  }
  return DenseResourceElementsAttr::get(type, "packed", std::move(blob));
}
} // namespace

/// Whether the kernel can make factors of what is stored.
static bool canPack(const Contraction &c, unsigned operand, Type stored) {
  if (c.isPlain(operand))
    return stored == c.getType();
  Operation *widen = c.getFactor(operand).getDefiningOp();
  if (operand != c.rhs || !isa<BlockArgument>(widen->getOperand(0)))
    return false;
  return (isa<arith::ExtFOp>(widen) && stored.getIntOrFloatBitWidth() == 16) ||
         (isa<arith::SIToFPOp>(widen) && stored.isInteger(8));
}

Value burin::packConstant(ImplicitLocOpBuilder &b, const Contraction &c,
                          const PanelLayout &layout) {
  auto module = c.op->getParentOfType<ModuleOp>();
  auto [global, offset] =
      findPart(c.getOperand(layout.operand).memory, module);
  if (!global || !global.getInitialValue() ||
      !canPack(c, layout.operand, global.getType().getElementType()))
    return {};
  Type element = global.getType().getElementType();
  auto batch = getKnown(c, layout.operand, layout.batch);
  auto lines = getKnown(c, layout.operand, layout.lines);
  auto depth = getKnown(c, layout.operand, c.depth);
  if (!batch || !lines || !depth)
    return {};
  // Two entries that read a weight in one way share the packed one.
  std::string name;
  llvm::raw_string_ostream os(name);
  os << global.getName() << "_packed_" << layout.width;
  if (offset != 0)
    os << "_from_" << offset;
  for (const KnownLoops *loops : {&*batch, &*lines, &*depth}) {
    for (auto [size, stride] : llvm::zip_equal(loops->sizes, loops->strides))
      os << "_" << size << "x" << stride;
    os << "_";
  }
  int64_t panels = llvm::divideCeil(lines->getCount(), layout.width);
  int64_t count =
      batch->getCount() * panels * depth->getCount() * layout.width;
  auto type = MemRefType::get({count}, element);
  if (!module.lookupSymbol(name)) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(global);
    ElementsAttr packed = packElements(
        cast<ElementsAttr>(*global.getInitialValue()), offset,
        RankedTensorType::get({count}, element), layout.width, *batch, *lines,
        *depth);
    b.create<memref::GlobalOp>(name, b.getStringAttr("private"), type, packed,
                               /*constant=*/true, IntegerAttr());
  }
  Value read = b.create<memref::GetGlobalOp>(type, name);
  return b.create<memref::CastOp>(
      MemRefType::get({ShapedType::kDynamic}, element), read);
}
