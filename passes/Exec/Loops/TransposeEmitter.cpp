//===- TransposeEmitter.cpp - What is read across is written along --------===//

#include "passes/Exec/Loops/TransposeEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/BodyEmitter.h"
#include "passes/Exec/Loops/IndexEmitter.h"

using namespace mlir;
using namespace burin;

namespace {
class TransposeEmitter : IndexEmitter {
public:
  TransposeEmitter(linalg::LinalgOp op, ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                   const LoopNest &nest, int64_t lanes)
      : IndexEmitter(b, &shapes), body(op->getRegion(0).front()), nest(nest),
        lanes(lanes), index(nest.getNumLoops()) {}

  bool match();
  void emit();

private:
  std::optional<int64_t> getCoefficient(unsigned access, unsigned loop) const {
    return nn::getStatic(nest.accesses[access].coefficients[loop]);
  }
  bool isMemory(unsigned access) const {
    return isa<MemRefType>(nest.accesses[access].memory.getType());
  }
  unsigned getOutput() const { return nest.numInputs; }
  bool readsAlong(unsigned loop) const;
  Value getAddress(unsigned access) {
    return IndexEmitter::getAddress(nest.accesses[access], index);
  }
  Value emitElements(int64_t count);
  void emitTile();
  void emitRest(Value lastAlong, Value lastAcross);
  void emitInterleaved(ArrayRef<Value> vectors);
  void emitTransposed(SmallVector<Value> vectors, Value first);
  Value shuffle(Value x, Value y, ArrayRef<int64_t> lanes) {
    return b.create<vector::ShuffleOp>(x, y, lanes);
  }

  Block &body;
  const LoopNest &nest;
  int64_t lanes;
  unsigned along = 0, across = 0; ///< The loops that write and read neighbours.
  int64_t height = 0;             ///< Iterations of `along` at once.
  bool interleaves = false;       ///< And the next ones of `across` follow them.
  Index index;                    ///< Current index of each loop.
};

/// Whether all operands have neighbours, or one element, in iterations of `loop`
/// and one that does lies far apart in those of `along`.
bool TransposeEmitter::readsAlong(unsigned loop) const {
  bool found = false;
  for (unsigned i = 0; i < nest.numInputs; ++i) {
    if (!isMemory(i))
      continue;
    std::optional<int64_t> step = getCoefficient(i, loop), other = getCoefficient(i, along);
    if (step != 0 && step != 1)
      return false;
    found |= step == 1 && other != 0 && other != 1;
  }
  std::optional<int64_t> out = getCoefficient(getOutput(), loop);
  return found && out != 0 && out != 1;
}

bool TransposeEmitter::match() {
  if (nest.accesses.size() != nest.numInputs + 1 || !isMemory(getOutput()) ||
      !body.getArguments().back().use_empty() || llvm::is_contained(nest.isReduction, true))
    return false;
  auto loops = llvm::seq<unsigned>(0, nest.getNumLoops());
  auto writes = llvm::find_if(loops, [&](unsigned d) { return getCoefficient(getOutput(), d) == 1; });
  if (writes == loops.end())
    return false;
  along = *writes;
  auto reads = llvm::find_if(loops, [&](unsigned d) { return d != along && readsAlong(d); });
  if (reads == loops.end())
    return false;
  across = *reads;
  constexpr int64_t mostInterleaved = 4;
  std::optional<int64_t> size = nn::getStatic(nest.sizes[along]);
  interleaves = size && *size <= mostInterleaved && getCoefficient(getOutput(), across) == size;
  height = interleaves ? *size : lanes;
  if ((size && *size < height) || nn::getStatic(nest.sizes[across]).value_or(lanes) < lanes)
    return false;
  SmallVector<bool> uniform;
  for (unsigned i = 0; i < nest.accesses.size(); ++i)
    uniform.push_back(!isMemory(i) || getCoefficient(i, across) == 0);
  return BodyEmitter(body, across, lanes, uniform).canVectorize();
}

/// The results at the current index and `count` - 1 next to it in loop `across`.
Value TransposeEmitter::emitElements(int64_t count) {
  SmallVector<Value> arguments;
  SmallVector<bool> uniform;
  for (unsigned i = 0; i <= nest.numInputs; ++i) {
    const LinearAccess &access = nest.accesses[i];
    uniform.push_back(count == 1 || !isMemory(i) || getCoefficient(i, across) == 0);
    if (body.getArgument(i).use_empty()) {
      Type element = getElementTypeOrSelf(body.getArgument(i).getType());
      arguments.push_back(b.create<arith::ConstantOp>(b.getZeroAttr(element)));
      uniform.back() = true;
    } else if (!isMemory(i)) {
      arguments.push_back(access.memory);
    } else if (uniform.back()) {
      arguments.push_back(b.create<memref::LoadOp>(access.memory, getAddress(i)));
    } else {
      auto type = VectorType::get(count, access.getElementType());
      arguments.push_back(b.create<vector::LoadOp>(type, access.memory, getAddress(i)));
    }
  }
  BodyEmitter emitter(body, across, count, uniform);
  return emitter.widen(b, emitter.emit(b, arguments, index, Value())[0]);
}

/// Element i of each, then element i + 1 of each.
void TransposeEmitter::emitInterleaved(ArrayRef<Value> vectors) {
  SmallVector<int64_t> first, places;
  int64_t count = vectors.size();
  for (int64_t i = 0; i < 2 * lanes; ++i)
    first.push_back(i);
  // All side by side, in two vectors of one length.
  Value low = shuffle(vectors[0], vectors[1], first);
  Value high = count > 2 ? shuffle(vectors[2], vectors.back(), first) : low;
  for (int64_t i = 0; i < lanes; ++i)
    for (int64_t k = 0; k < count; ++k)
      places.push_back(k * lanes + i);
  b.create<vector::StoreOp>(shuffle(low, high, places), nest.accesses[getOutput()].memory,
                            getAddress(getOutput()));
}

/// Rounds that interleave the vectors of both halves leave the columns.
void TransposeEmitter::emitTransposed(SmallVector<Value> vectors, Value first) {
  for (int64_t round = 1; round < lanes; round *= 2) {
    SmallVector<Value> next;
    for (int64_t i = 0; i < lanes / 2; ++i)
      for (int64_t start : {int64_t(0), lanes / 2}) {
        SmallVector<int64_t> places;
        for (int64_t k = start; k < start + lanes / 2; ++k)
          places.append({k, lanes + k});
        next.push_back(shuffle(vectors[i], vectors[i + lanes / 2], places));
      }
    vectors = std::move(next);
  }
  for (auto [i, vector] : llvm::enumerate(vectors)) {
    index[across] = add(first, number(i));
    b.create<vector::StoreOp>(vector, nest.accesses[getOutput()].memory,
                              getAddress(getOutput()));
  }
}

void TransposeEmitter::emitTile() {
  Value start = index[along];
  SmallVector<Value> vectors;
  for (int64_t k = 0; k < height; ++k) {
    index[along] = add(start, number(k));
    vectors.push_back(emitElements(lanes));
  }
  index[along] = start;
  interleaves ? emitInterleaved(vectors) : emitTransposed(std::move(vectors), index[across]);
}

/// One element after the other.
void TransposeEmitter::emitRest(Value lastAlong, Value lastAcross) {
  emitLoop(index[across], lastAcross, 1, [&, first = index[along]](Value i) {
    index[across] = i;
    emitLoop(first, lastAlong, 1, [&](Value k) {
      index[along] = k;
      Value element = emitElements(1);
      b.create<memref::StoreOp>(element, nest.accesses[getOutput()].memory,
                                getAddress(getOutput()));
    });
  });
}

void TransposeEmitter::emit() {
  Value columns = value(nest.sizes[along]), rows = value(nest.sizes[across]);
  Value blocks = ceilDiv(columns, number(height)), strips = ceilDiv(rows, number(lanes));
  Value tiles = mul(blocks, strips);
  SmallVector<unsigned> others;
  for (unsigned d = 0; d < nest.getNumLoops(); ++d)
    if (d != along && d != across) {
      others.push_back(d);
      tiles = mul(tiles, value(nest.sizes[d]));
    }
  int64_t operations = (workPerMoved + workPerStreamed * body.getOperations().size()) *
                       height * lanes;
  emitRange(tiles, getGrain(operations, lanes), [&](Value tile) {
    auto [rest, block] = split(tile, blocks);
    auto [outer, strip] = split(rest, strips);
    split(outer, others, nest, index);
    Value column = mul(block, number(height)), row = mul(strip, number(lanes));
    Value lastColumn = min(add(column, number(height)), columns);
    Value lastRow = min(add(row, number(lanes)), rows);
    auto restart = [&] { index[along] = column, index[across] = row; };
    restart();
    auto isMultiple = [](OpFoldResult size, int64_t of) {
      return nn::getStatic(size).value_or(1) % of == 0;
    };
    if (isMultiple(nest.sizes[along], height) && isMultiple(nest.sizes[across], lanes))
      return emitTile();
    Value isWhole = b.create<arith::AndIOp>(isEqual(lastColumn, add(column, number(height))),
                                            isEqual(lastRow, add(row, number(lanes))));
    emitIf(isWhole, [&] { emitTile(); }, [&] {
      restart();
      emitRest(lastColumn, lastRow);
    });
  });
}
} // namespace

bool burin::emitTransposed(linalg::LinalgOp op, ImplicitLocOpBuilder &b,
                           nn::ShapeBuilder &shapes, const LoopNest &nest, int64_t lanes) {
  TransposeEmitter emitter(op, b, shapes, nest, lanes);
  if (!emitter.match())
    return false;
  emitter.emit();
  return true;
}
