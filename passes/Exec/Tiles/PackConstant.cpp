//===- PackConstant.cpp - Weights in panels, at compile time --------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "passes/Exec/Constants.h"
#include "passes/Exec/Tiles/Packing.h"

using namespace mlir;
using namespace burin;

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

/// Elements of so many bytes; without alignment, which those of files do not have.
template <int64_t bytes> struct Element {
  char value[bytes];
};

template <int64_t bytes>
void pack(const char *first, char *target, int64_t width, const KnownLoops &batch,
          const KnownLoops &lines, const KnownLoops &depth) {
  auto *from = reinterpret_cast<const Element<bytes> *>(first);
  auto *to = reinterpret_cast<Element<bytes> *>(target);
  int64_t numLines = lines.getCount(), numDepth = depth.getCount();
  SmallVector<int64_t> lineOffsets, depthOffsets;
  for (int64_t i = 0; i < numLines; ++i)
    lineOffsets.push_back(lines.getOffset(i));
  for (int64_t k = 0; k < numDepth; ++k)
    depthOffsets.push_back(depth.getOffset(k));
  for (int64_t n = 0; n < batch.getCount(); ++n) {
    const Element<bytes> *base = from + batch.getOffset(n);
    for (int64_t first = 0; first < numLines; first += width)
      for (int64_t k = 0; k < numDepth; ++k)
        for (int64_t i = first; i < first + width; ++i)
          *to++ = i < numLines ? base[lineOffsets[i] + depthOffsets[k]] : Element<bytes>{};
  }
}

using Pack = decltype(&pack<1>);

/// For elements of so many bytes; null if there are none.
Pack findPack(int64_t bytes) {
  return bytes == 1   ? pack<1>
         : bytes == 2 ? pack<2>
         : bytes == 4 ? pack<4>
         : bytes == 8 ? pack<8>
                      : nullptr;
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
  memref::GlobalOp global;
  int64_t offset;
  std::tie(global, offset) = findPart(c.getOperand(layout.operand).memory, module);
  if (!global || !canPack(c, layout.operand, global.getType().getElementType()))
    return {};
  std::optional<nn::StoredElements> stored = findStored(global);
  Pack pack = stored ? findPack(stored->width) : nullptr;
  Type element = global.getType().getElementType();
  auto batch = getKnown(c, layout.operand, layout.batch);
  auto lines = getKnown(c, layout.operand, layout.lines);
  auto depth = getKnown(c, layout.operand, c.depth);
  if (!pack || !batch || !lines || !depth)
    return {};
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
  auto create = [&](RankedTensorType type) -> ElementsAttr {
    if (stored->isSplat)
      return cast<DenseElementsAttr>(*global.getInitialValue()).resizeSplat(type);
    return createElements(type, [&](char *to) {
      pack(stored->at(offset), to, layout.width, *batch, *lines, *depth);
    });
  };
  return getConstant(b, global, name, count, element, create);
}
