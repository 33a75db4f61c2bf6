//===- DotWeights.cpp - Constant bytes in groups, at compile time ---------===//

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "passes/Exec/Tiles/DotProduct.h"

using namespace mlir;
using namespace burin;

ArrayRef<char> burin::getBytes(memref::GlobalOp weights) {
  std::optional<Attribute> value = weights.getInitialValue();
  if (!value)
    return {};
  if (auto dense = dyn_cast<DenseElementsAttr>(*value))
    return dense.getRawData();
  auto resource = dyn_cast<DenseResourceElementsAttr>(*value);
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  return blob ? blob->getData() : ArrayRef<char>();
}

/// Where the elements of `loops` lie in the weights, in row-major order of them.
static SmallVector<int64_t> getOffsets(const DotProduct &c, ArrayRef<unsigned> loops) {
  SmallVector<int64_t> offsets = {0};
  for (unsigned d : loops) {
    int64_t size = *nn::getStatic(c.nest.sizes[d]);
    int64_t stride = *nn::getStatic(c.getWeights().coefficients[d]);
    SmallVector<int64_t> next;
    for (int64_t offset : offsets)
      for (int64_t i = 0; i < size; ++i)
        next.push_back(offset + i * stride);
    offsets = std::move(next);
  }
  return offsets;
}

namespace {
struct Packer {
  const DotInstruction &instruction;
  int64_t width, shift; ///< `shift` is added to the other factors.
  ArrayRef<int64_t> columns, depth;
  int64_t getSteps() const { return llvm::divideCeil(depth.size(), instruction.group); }

  /// Panels of one batch, whose first weight is w.
  int32_t *pack(const int8_t *w, bool isSplat, int32_t *to) const {
    auto get = [&](int64_t column, int64_t k) -> int64_t {
      if (column >= int64_t(columns.size()) || k >= int64_t(depth.size()))
        return 0;
      return isSplat ? *w : w[columns[column] + depth[k]];
    };
    int64_t bits = 32 / instruction.group, steps = getSteps();
    uint32_t mask = bits == 8 ? 0xff : 0xffff;
    for (int64_t first = 0; first < int64_t(columns.size()); first += width) {
      int32_t *sums = to;
      std::fill(to, to + width, 0);
      to += width;
      for (int64_t step = 0; step < steps; ++step)
        for (int64_t i = 0; i < width; ++i) {
          uint32_t group = 0;
          for (int64_t k = 0; k < instruction.group; ++k) {
            int64_t weight = get(first + i, step * instruction.group + k);
            sums[i] -= shift * weight;
            group |= (uint32_t(weight) & mask) << (k * bits);
          }
          *to++ = int32_t(group);
        }
    }
    return to;
  }
};
} // namespace

/// What is added to the factors of the other side so that the instruction takes
/// them: bytes of the wrong sign are shifted by half their range.
static int64_t getShift(const DotProduct &c, const DotInstruction &instruction) {
  if (instruction.group != 4 || c.isUnsigned == instruction.isUnsigned)
    return 0;
  return c.isUnsigned ? -128 : 128;
}

Value burin::packWeights(ImplicitLocOpBuilder &b, const DotProduct &c,
                         const DotInstruction &instruction, int64_t width) {
  auto module = c.op->getParentOfType<ModuleOp>();
  memref::GlobalOp weights = c.weights;
  SmallVector<int64_t> batch = getOffsets(c, c.batch);
  SmallVector<int64_t> columns = getOffsets(c, {c.column});
  SmallVector<int64_t> depth = getOffsets(c, c.depth);
  Packer packer{instruction, width, getShift(c, instruction), columns, depth};
  // Two entries that read a weight in one way share the packed one.
  std::string name;
  llvm::raw_string_ostream os(name);
  os << weights.getName() << "_dot" << (c.isUnsigned ? "u" : "s") << "_" << width;
  SmallVector<unsigned> loops = c.batch;
  loops.push_back(c.column);
  loops.append(c.depth.begin(), c.depth.end());
  for (unsigned d : loops)
    os << "_" << *nn::getStatic(c.nest.sizes[d]) << "x"
       << *nn::getStatic(c.getWeights().coefficients[d]);
  int64_t panels = llvm::divideCeil(columns.size(), width);
  int64_t count = batch.size() * panels * (packer.getSteps() + 1) * width;
  auto type = MemRefType::get({count}, b.getI32Type());
  if (!module.lookupSymbol(name)) {
    ArrayRef<char> raw = getBytes(weights);
    AsmResourceBlob blob = HeapAsmResourceBlob::allocate(count * 4, 64);
    auto *to = reinterpret_cast<int32_t *>(blob.getMutableData().data());
    auto *w = reinterpret_cast<const int8_t *>(raw.data());
    auto dense = dyn_cast<DenseElementsAttr>(*weights.getInitialValue());
    bool isSplat = dense && dense.isSplat();
    for (int64_t offset : batch)
      to = packer.pack(isSplat ? w : w + offset, isSplat, to);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(weights);
    auto packed = DenseResourceElementsAttr::get(
        RankedTensorType::get({count}, b.getI32Type()), "dot", std::move(blob));
    b.create<memref::GlobalOp>(name, b.getStringAttr("private"), type, packed,
                               /*constant=*/true, IntegerAttr());
  }
  Value read = b.create<memref::GetGlobalOp>(type, name);
  return b.create<memref::CastOp>(
      MemRefType::get({ShapedType::kDynamic}, b.getI32Type()), read);
}
