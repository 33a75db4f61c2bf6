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
/// Elements of so many bytes; without alignment, which those of files do not have.
template <int64_t bytes> struct Element {
  char value[bytes];
};

template <int64_t bytes>
void pack(const char *first, char *target, int64_t width, ArrayRef<int64_t> batch,
          ArrayRef<int64_t> lines, ArrayRef<int64_t> depth) {
  auto *from = reinterpret_cast<const Element<bytes> *>(first);
  auto *to = reinterpret_cast<Element<bytes> *>(target);
  int64_t count = lines.size();
  for (int64_t start : batch)
    for (int64_t first = 0; first < count; first += width)
      for (int64_t step : depth)
        for (int64_t i = first; i < first + width; ++i)
          *to++ = i < count ? from[start + lines[i] + step] : Element<bytes>{};
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
  if (!pack)
    return {};
  Type element = global.getType().getElementType();
  const LinearAccess &access = c.getOperand(layout.operand);
  std::string name;
  llvm::raw_string_ostream os(name);
  os << global.getName() << "_packed_" << layout.width;
  if (offset != 0)
    os << "_from_" << offset;
  for (ArrayRef<unsigned> loops :
       {ArrayRef(layout.batch), ArrayRef(layout.lines), ArrayRef(c.depth)}) {
    for (unsigned d : loops) {
      std::optional<int64_t> size = nn::getStatic(c.nest.sizes[d]);
      std::optional<int64_t> step = nn::getStatic(access.coefficients[d]);
      if (!size || !step)
        return {};
      os << "_" << *size << "x" << *step;
    }
    os << "_";
  }
  SmallVector<int64_t> batch = getOffsets(c.nest, access, layout.batch);
  SmallVector<int64_t> lines = getOffsets(c.nest, access, layout.lines);
  SmallVector<int64_t> depth = getOffsets(c.nest, access, c.depth);
  int64_t panels = llvm::divideCeil(lines.size(), layout.width);
  int64_t count = batch.size() * panels * depth.size() * layout.width;
  auto create = [&](RankedTensorType type) -> ElementsAttr {
    if (stored->isSplat)
      return cast<DenseElementsAttr>(*global.getInitialValue()).resizeSplat(type);
    return createElements(type, [&](char *to) {
      pack(stored->at(offset), to, layout.width, batch, lines, depth);
    });
  };
  return getConstant(b, global, name, count, element, create);
}
