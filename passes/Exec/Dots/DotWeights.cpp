//===- DotWeights.cpp - Constant factors in groups, at compile time -------===//

#include "passes/Exec/Constants.h"
#include "passes/Exec/Dots/BfloatColumn.h"
#include "passes/Exec/Dots/DotProduct.h"

using namespace mlir;
using namespace burin;

namespace {
/// The constants, as numbers that fit a group.
class Factors {
public:
  explicit Factors(const DotProduct &c)
      : weights(*findStored(c.weights)), type(memref::GlobalOp(c.weights).getType().getElementType()) {
    if (c.bias)
      bias = findStored(c.bias);
  }

  int64_t get(int64_t i) const {
    return type.isBF16() ? weights.get<uint16_t>(i) : int64_t(weights.get<int8_t>(i));
  }
  /// Those of each of `columns`: the ones at `start` + column + each of `depth`. Line
  /// by line, since columns often lie side by side.
  SmallVector<SmallVector<int32_t>> get(int64_t start, ArrayRef<int64_t> columns,
                                        ArrayRef<int64_t> depth) const {
    SmallVector<SmallVector<int32_t>> all(columns.size(), SmallVector<int32_t>(depth.size()));
    SmallVector<SmallVector<float>> floats(columns.size(), SmallVector<float>(depth.size()));
    for (auto [k, step] : llvm::enumerate(depth))
      for (auto [i, column] : llvm::enumerate(columns))
        if (type.isF32())
          floats[i][k] = weights.get<float>(start + column + step);
        else
          all[i][k] = get(start + column + step);
    if (type.isF32())
      for (auto [exact, rounded] : llvm::zip_equal(floats, all))
        rounded = llvm::to_vector_of<int32_t>(roundColumn(exact));
    return all;
  }
  /// What the sums of column number `column` start with.
  int32_t getBias(int64_t column) const { return bias ? bias->get<int32_t>(column) : 0; }

private:
  nn::StoredElements weights;
  std::optional<nn::StoredElements> bias;
  Type type; ///< i8, bf16 or f32.
};

struct Packer {
  const DotInstruction &instruction;
  int64_t width, shift; ///< `shift` is added to the other factors.
  ArrayRef<int64_t> columns, depth;
  int64_t getSteps() const { return llvm::divideCeil(depth.size(), instruction.group); }

  /// Panels of one batch, whose first weight is number `start`.
  int32_t *pack(const Factors &w, int64_t start, int32_t *to) const {
    int64_t bits = 32 / instruction.group, steps = getSteps();
    uint32_t mask = bits == 8 ? 0xff : 0xffff;
    for (int64_t first = 0; first < int64_t(columns.size()); first += width) {
      int32_t *sums = to;
      auto panel = columns.slice(first, std::min<int64_t>(width, columns.size() - first));
      SmallVector<SmallVector<int32_t>> weights = w.get(start, panel, depth);
      weights.resize(width);
      for (SmallVector<int32_t> &column : weights)
        column.resize(steps * instruction.group);
      for (int64_t column = first; column < first + width; ++column)
        *to++ = column < int64_t(columns.size()) ? w.getBias(column) : 0;
      for (int64_t step = 0; step < steps; ++step)
        for (int64_t i = 0; i < width; ++i) {
          uint32_t group = 0;
          for (int64_t k = 0; k < instruction.group; ++k) {
            int64_t weight = weights[i][step * instruction.group + k];
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

int64_t burin::getShift(bool isUnsigned, const DotInstruction &instruction) {
  if (instruction.group != 4 || isUnsigned == instruction.isUnsigned)
    return 0;
  return isUnsigned ? -128 : 128;
}

/// A constant of `count` words that `pack` writes.
static Value createPacked(ImplicitLocOpBuilder &b, const DotProduct &c, StringRef kind,
                          int64_t count,
                          function_ref<void(const Factors &, int32_t *)> pack) {
  memref::GlobalOp weights = c.weights;
  std::string name;
  llvm::raw_string_ostream os(name);
  os << weights.getName() << "_" << kind << (c.isUnsigned ? "u_" : "s_") << count;
  SmallVector<unsigned> loops = c.batch;
  loops.push_back(c.column);
  loops.append(c.depth.begin(), c.depth.end());
  for (unsigned d : loops)
    os << "_" << *nn::getStatic(c.nest.sizes[d]) << "x"
       << *nn::getStatic(c.getWeights().coefficients[d]);
  if (c.bias)
    os << "_" << memref::GlobalOp(c.bias).getName();
  return getConstant(b, weights, name, count, b.getI32Type(), [&](RankedTensorType type) {
    return createElements(
        type, [&](char *to) { pack(Factors(c), reinterpret_cast<int32_t *>(to)); });
  });
}

Value burin::packWeights(ImplicitLocOpBuilder &b, const DotProduct &c,
                         const DotInstruction &instruction, int64_t width) {
  SmallVector<int64_t> batch = getOffsets(c.nest, c.getWeights(), c.batch);
  SmallVector<int64_t> columns = getOffsets(c.nest, c.getWeights(), c.column);
  SmallVector<int64_t> depth = getOffsets(c.nest, c.getWeights(), c.depth);
  Packer packer{instruction, width, getShift(c.isUnsigned, instruction), columns, depth};
  int64_t panels = llvm::divideCeil(columns.size(), width);
  int64_t count = batch.size() * panels * (packer.getSteps() + 1) * width;
  auto pack = [&](const Factors &w, int32_t *to) {
    for (int64_t start : batch)
      to = packer.pack(w, start, to);
  };
  return createPacked(b, c, instruction.isFloat ? "bf16" : "dot", count, pack);
}

int64_t burin::getDepthwiseColumn(const DotInstruction &instruction, int64_t vector,
                                  int64_t lane) {
  return 4 * instruction.group * (lane / 4) + 4 * vector + lane % 4;
}

Value burin::packDepthwise(ImplicitLocOpBuilder &b, const DotProduct &c,
                           const DotInstruction &instruction, int64_t lanes) {
  SmallVector<int64_t> columns = getOffsets(c.nest, c.getWeights(), c.column);
  SmallVector<int64_t> taps = getOffsets(c.nest, c.getWeights(), c.depth);
  int64_t group = instruction.group, bits = 32 / group, numTaps = taps.size();
  int64_t groups = llvm::divideCeil(numTaps, group), width = lanes * group;
  int64_t blocks = llvm::divideCeil(columns.size(), width);
  int64_t shift = getShift(c.isUnsigned, instruction);
  auto pack = [&](const Factors &w, int32_t *to) {
    auto get = [&](int64_t column, int64_t tap) -> int64_t {
      if (column >= int64_t(columns.size()) || tap >= numTaps)
        return 0;
      return w.get(columns[column] + taps[tap]);
    };
    for (int64_t block = 0; block < blocks; ++block)
      for (int64_t first = -group; first < numTaps; first += group)
        for (int64_t i = 0; i < width; ++i) {
          int64_t column = block * width + getDepthwiseColumn(instruction, i / lanes, i % lanes);
          uint32_t value = 0;
          if (first < 0 && column < int64_t(columns.size())) // The sums to start with.
            value = w.getBias(column);
          if (first < 0)
            for (int64_t tap = 0; tap < numTaps; ++tap)
              value -= uint32_t(shift * get(column, tap));
          else
            for (int64_t k = 0; k < group; ++k)
              value |= (uint32_t(get(column, first + k)) & (bits == 8 ? 0xff : 0xffff)) << (k * bits);
          *to++ = int32_t(value);
        }
  };
  return createPacked(b, c, "depthwise", blocks * (groups + 1) * width, pack);
}
