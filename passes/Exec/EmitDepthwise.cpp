//===- EmitDepthwise.cpp - Depthwise convolutions of bytes ----------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Dots/RowCopy.h"
#include "passes/Exec/Loops/IndexEmitter.h"
#include "passes/Exec/Passes.h"
#include "passes/Exec/Tiles/DotKernel.h"
#include "passes/Exec/Vectors.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_EMITDEPTHWISE
#include "passes/Exec/Passes.h.inc"

namespace {
/// One output position after the other: blocks of as many columns as vectors of
/// the factors have.
class DepthwiseEmitter : IndexEmitter {
public:
  DepthwiseEmitter(DotProduct product, ImplicitLocOpBuilder &b,
                   nn::ShapeBuilder &shapes, int64_t lanes,
                   const DotInstruction &instruction)
      : IndexEmitter(b, &shapes), c(std::move(product)), instruction(instruction), lanes(lanes),
        width(lanes * instruction.group),
        columns(*nn::getStatic(c.nest.sizes[c.column])), stages(b, c, c.column, lanes) {
    rows = value(c.getSize(shapes, c.rows));
    taps = getOffsets(c.nest, c.getLhs(), c.depth);
  }

  void emit();

private:
  void emitRow(Value row);
  void emitBlock(Value block, Value from, const Index &index, int64_t count);
  Value loadTap(size_t tap, Value from, int64_t count);
  SmallVector<Value> interleave(SmallVector<Value> bytes);
  SmallVector<Value> order(ArrayRef<Value> sums);

  DotProduct c;
  DotInstruction instruction;
  int64_t lanes, width, columns;
  StageEmitter stages;
  SmallVector<int64_t> taps; ///< Offsets in lhs, in the order of the weights.
  Value rows, weights;
};

void DepthwiseEmitter::emit() {
  weights = packDepthwise(b, c, instruction, lanes);
  int64_t work = columns * int64_t(taps.size()) * workPerStreamed / instruction.group;
  emitRange(rows, getGrain(work, lanes), [&](Value row) { emitRow(row); });
}

void DepthwiseEmitter::emitRow(Value row) {
  Index index(c.nest.getNumLoops());
  split(row, c.rows, c.nest, index);
  Value from = getAddress(c.nest.accesses[c.lhs], index);
  int64_t whole = columns / width;
  emitLoop(number(0), number(whole), 1,
           [&](Value block) { emitBlock(block, from, index, width); });
  if (columns % width != 0)
    emitBlock(number(whole), from, index, columns % width);
}

/// The first `count` columns of a block.
void DepthwiseEmitter::emitBlock(Value block, Value from, const Index &row,
                                 int64_t count) {
  Index index = row;
  index[c.column] = mul(block, number(width));
  from = add(from, index[c.column]);
  int64_t group = instruction.group, groups = llvm::divideCeil(taps.size(), group);
  auto type = VectorType::get(lanes, b.getI32Type());
  Value start = mul(block, number((groups + 1) * width));
  auto loadWeights = [&](int64_t step, int64_t vector) -> Value {
    Value at = add(start, number(step * width + vector * lanes));
    return b.create<vector::LoadOp>(type, weights, at);
  };
  SmallVector<Value> sums;
  for (int64_t vector = 0; vector < group; ++vector)
    sums.push_back(loadWeights(0, vector));
  for (int64_t step = 0; step < groups; ++step) {
    SmallVector<Value> bytes;
    for (int64_t k = 0; k < group; ++k)
      bytes.push_back(loadTap(step * group + k, from, count));
    for (auto [vector, x] : llvm::enumerate(interleave(bytes)))
      sums[vector] = emitDot(b, instruction, sums[vector], x,
                             loadWeights(step + 1, vector));
  }
  SmallVector<Value> at = getAddresses(c.nest, c.getSums(), index);
  for (auto [vector, sum] : llvm::enumerate(order(sums))) {
    int64_t left = count - int64_t(vector) * lanes;
    Value mask;
    if (left <= 0)
      break;
    if (left < lanes)
      mask = createMask(b, lanes, number(left));
    StageEmitter::Place to{at, int64_t(vector) * lanes, mask};
    stages.store(stages.evaluate(sum, to), to);
  }
}

/// A vector of bytes of one tap as factors; zeros past the last tap.
Value DepthwiseEmitter::loadTap(size_t tap, Value from, int64_t count) {
  if (tap >= taps.size())
    return b.create<arith::ConstantOp>(
        b.getZeroAttr(VectorType::get(width, getFactorType(b, instruction))));
  Value mask = count == width ? Value() : createMask(b, width, number(count));
  Value bytes = loadVector(b, VectorType::get(width, b.getI8Type()), c.getLhs().memory,
                           add(from, number(taps[tap])), mask);
  return emitFactors(b, bytes, c.isUnsigned, instruction);
}

/// Factors of some taps to groups of them, within 128-bit lanes: the low halves of
/// neighbours one by one, then the high ones, then the same with pairs.
SmallVector<Value> DepthwiseEmitter::interleave(SmallVector<Value> parts) {
  for (int64_t joined = 1; joined < instruction.group; joined *= 2) {
    int64_t bits = 32 / instruction.group * joined, count = lanes * 32 / bits;
    auto type = VectorType::get(count, b.getIntegerType(bits));
    int64_t perLane = 128 / bits;
    SmallVector<Value> next;
    // Vectors of one tap after the other become those of one run of columns after
    // the other.
    size_t runs = parts.size() / 2;
    for (size_t run = 0; run < size_t(joined); ++run)
      for (bool high : {false, true})
        for (size_t pair = 0; pair < runs / joined; ++pair) {
          SmallVector<int64_t> mask;
          for (int64_t lane = 0; lane < count; lane += perLane)
            for (int64_t i = 0; i < perLane / 2; ++i) {
              int64_t at = lane + i + (high ? perLane / 2 : 0);
              mask.append({at, count + at});
            }
          size_t first = run * (2 * runs / joined) + 2 * pair;
          Value x = b.create<vector::BitCastOp>(type, parts[first]);
          Value y = b.create<vector::BitCastOp>(type, parts[first + 1]);
          next.push_back(b.create<vector::ShuffleOp>(x, y, mask));
        }
    parts = std::move(next);
  }
  auto type = VectorType::get(lanes, b.getI32Type());
  for (Value &part : parts)
    part = b.create<vector::BitCastOp>(type, part);
  return parts;
}

/// The sums with their columns one after the other.
SmallVector<Value> DepthwiseEmitter::order(ArrayRef<Value> sums) {
  SmallVector<std::pair<int64_t, int64_t>> places(width); ///< Vector and lane.
  for (int64_t vector = 0; vector < instruction.group; ++vector)
    for (int64_t lane = 0; lane < lanes; ++lane)
      places[getDepthwiseColumn(instruction, vector, lane)] = {vector, lane};
  SmallVector<Value> ordered;
  for (int64_t first = 0; first < width; first += lanes) {
    Value value = sums[places[first].first];
    SmallVector<int64_t> lanesOf;
    for (int64_t vector = 0; vector < instruction.group; ++vector) {
      SmallVector<int64_t> mask;
      bool isSame = true, any = false;
      for (int64_t i = 0; i < lanes; ++i) {
        auto [from, lane] = places[first + i];
        bool isFirst = from == places[first].first && vector == places[first].first;
        mask.push_back(from == vector ? (isFirst ? lane : lanes + lane) : i);
        any |= from == vector;
        isSame &= mask.back() == i;
      }
      if (any && !isSame)
        value = b.create<vector::ShuffleOp>(value, sums[vector], mask);
    }
    ordered.push_back(value);
  }
  return ordered;
}

struct EmitDepthwise : impl::EmitDepthwiseBase<EmitDepthwise> {
  using EmitDepthwiseBase::EmitDepthwiseBase;

  void runOnOperation() override {
    DotInstruction instruction{intrinsic, group, isUnsigned};
    auto isWanted = [&](linalg::LinalgOp op) { return sumsProducts(op, instruction); };
    replaceFused(getOperation(), isWanted,
                 [&](linalg::LinalgOp op, const Fusion &fused,
                     ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes) {
                   std::optional<DotProduct> product = matchDepthwise(op, fused, shapes);
                   if (product)
                     DepthwiseEmitter(std::move(*product), b, shapes, vectorBits / 32,
                                      instruction)
                         .emit();
                   return product.has_value();
                 });
  }
};
} // namespace
} // namespace burin
