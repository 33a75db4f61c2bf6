//===- LoopEmitter.cpp - Vectors of iterations, and their sums ------------===//

#include "passes/Exec/Loops/LoopEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/BodyEmitter.h"
#include "passes/Exec/Vectors.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace burin;

/// How the reduction of a body combines: acc' = acc <kind> something.
static std::optional<vector::CombiningKind> getCombiner(Block &body) {
  auto yield = cast<linalg::YieldOp>(body.getTerminator());
  if (yield.getNumOperands() != 1)
    return std::nullopt;
  Operation *op = yield.getOperand(0).getDefiningOp();
  Value accumulator = body.getArguments().back();
  if (!op || op->getNumOperands() != 2 || !accumulator.hasOneUse() ||
      *accumulator.user_begin() != op || op->getOperand(0) == op->getOperand(1))
    return std::nullopt;
  using Kind = vector::CombiningKind;
  return llvm::TypeSwitch<Operation *, std::optional<Kind>>(op)
      .Case<arith::AddFOp, arith::AddIOp>([](auto) { return Kind::ADD; })
      .Case<arith::MulFOp, arith::MulIOp>([](auto) { return Kind::MUL; })
      .Case([](arith::MaximumFOp) { return Kind::MAXIMUMF; })
      .Case([](arith::MinimumFOp) { return Kind::MINIMUMF; })
      .Case([](arith::MaxSIOp) { return Kind::MAXSI; })
      .Case([](arith::MinSIOp) { return Kind::MINSI; })
      .Case([](arith::MaxUIOp) { return Kind::MAXUI; })
      .Case([](arith::MinUIOp) { return Kind::MINUI; })
      .Case([](arith::AndIOp) { return Kind::AND; })
      .Case([](arith::OrIOp) { return Kind::OR; })
      .Case([](arith::XOrIOp) { return Kind::XOR; })
      .Default([](Operation *) { return std::optional<Kind>(); });
}

/// Contiguous operands speak for a loop, strided ones against it.
int64_t LoopEmitter::getScore(unsigned loop) const {
  int64_t score = 0;
  for (auto [i, access] : llvm::enumerate(nest.accesses)) {
    if (!isa<MemRefType>(access.memory.getType()))
      continue;
    std::optional<int64_t> c = nn::getStatic(access.coefficients[loop]);
    bool isOutput = i >= nest.numInputs;
    if (c == 1)
      score += isOutput ? 3 : 2;
    else if (c != 0)
      score -= isOutput ? 100 : 4;
  }
  if (guessSize(nest.sizes[loop]) < lanes / 2)
    score -= 2;
  return score;
}

void LoopEmitter::chooseVectorLoop() {
  Block &body = op->getRegion(0).front();
  int64_t best = 0;
  vectorLoop = nest.getNumLoops();
  bool combines = getCombiner(body).has_value();
  for (unsigned d = 0; d < nest.getNumLoops(); ++d) {
    if (nest.isReduction[d] && !combines)
      continue;
    if (int64_t score = getScore(d); score > best) {
      best = score;
      vectorLoop = d;
    }
  }
  auto computeUniform = [&] {
    uniform.clear();
    for (const LinearAccess &access : nest.accesses)
      uniform.push_back(
          lanes == 1 || !isa<MemRefType>(access.memory.getType()) ||
          nn::getStatic(access.coefficients[vectorLoop]) == 0);
  };
  if (vectorLoop < nest.getNumLoops()) {
    computeUniform();
    // What accumulates differs between lanes even where it starts equal.
    if (nest.isReduction[vectorLoop])
      for (unsigned i = nest.numInputs; i < uniform.size(); ++i)
        uniform[i] = false;
    if (BodyEmitter(body, vectorLoop, lanes, uniform).canVectorize())
      return;
  }
  lanes = 1;
  // Scalar code: the innermost parallel loop, or any.
  vectorLoop = nest.getNumLoops() - 1;
  for (unsigned d = 0; d < nest.getNumLoops(); ++d)
    if (!nest.isReduction[d])
      vectorLoop = d;
  computeUniform();
}

bool LoopEmitter::isWide(unsigned operand) const {
  return lanes > 1 && !uniform[operand];
}

Value LoopEmitter::load(unsigned operand, Value mask) {
  const LinearAccess &access = nest.accesses[operand];
  if (!isa<MemRefType>(access.memory.getType()))
    return access.memory;
  Value address = getAddress(access, index);
  if (lanes == 1 ||
      nn::getStatic(access.coefficients[vectorLoop]) == 0)
    return b.create<memref::LoadOp>(access.memory, address);
  auto type = VectorType::get(lanes, access.getElementType());
  if (nn::getStatic(access.coefficients[vectorLoop]) != 1) {
    // One by one; lanes beyond the end read the first one's address.
    Value stride = value(access.coefficients[vectorLoop]);
    Value lanesRead = b.create<arith::ConstantOp>(b.getZeroAttr(type));
    Value zero = number(0);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      Value step = mul(stride, number(lane));
      if (mask)
        step = b.create<arith::SelectOp>(
            b.create<vector::ExtractOp>(mask, ArrayRef<int64_t>{lane}), step,
            zero);
      Value element = b.create<memref::LoadOp>(
          access.memory, ValueRange{add(address, step)});
      lanesRead = b.create<vector::InsertOp>(element, lanesRead,
                                             ArrayRef<int64_t>{lane});
    }
    return lanesRead;
  }
  return loadVector(b, type, access.memory, address, mask);
}

void LoopEmitter::store(unsigned operand, Value value, Value mask) {
  const LinearAccess &access = nest.accesses[operand];
  Value address = getAddress(access, index);
  if (lanes == 1) {
    b.create<memref::StoreOp>(value, access.memory, address);
    return;
  }
  if (!isa<VectorType>(value.getType()))
    value = b.create<vector::BroadcastOp>(VectorType::get(lanes, value.getType()),
                                          value);
  storeVector(b, value, access.memory, address, mask);
}

SmallVector<Value> LoopEmitter::emitBody(ValueRange outputs, Value mask) {
  SmallVector<Value> arguments;
  Block &body = op->getRegion(0).front();
  for (unsigned i = 0; i < nest.numInputs; ++i) {
    Value known = shared.lookup(body.getArgument(i));
    arguments.push_back(known ? known
                        : body.getArgument(i).use_empty() &&
                                isa<MemRefType>(nest.accesses[i].memory.getType())
                            ? b.create<arith::ConstantOp>(b.getZeroAttr(
                                  nest.accesses[i].getElementType()))
                            : load(i, mask));
  }
  arguments.append(outputs.begin(), outputs.end());
  SmallVector<Value> results = BodyEmitter(body, vectorLoop, lanes, uniform)
                                   .emit(b, arguments, index, mask, shared);
  if (!rowLoop)
    shared.clear();
  for (Value value : ofOneRow)
    shared.erase(value);
  return results;
}

/// `body` for each index of `loop`.
void LoopEmitter::emitOver(unsigned loop, Part body) {
  auto emitAt = [&](Value i) {
    index[loop] = i;
    body();
  };
  OpFoldResult steps = getSteps(loop);
  if (nn::getStatic(steps) == 1)
    return emitAt(number(0));
  emitLoop(number(0), value(steps), 1, emitAt);
}

/// Loops `next`.. of `reductions` around the body; `acc` is carried along.
void LoopEmitter::emitReductionLoops(unsigned next, Value mask,
                                     MutableArrayRef<Value> acc) {
  if (next == reductions.size()) {
    shared.clear();
    size_t each = acc.size() / positions.size();
    for (auto [k, position] : llvm::enumerate(positions)) {
      moveTo(position);
      MutableArrayRef<Value> own = acc.slice(k * each, each);
      SmallVector<Value> results = emitBody(own, mask);
      for (auto [value, result] : llvm::zip_equal(own, results))
        value = isa<VectorType>(value.getType()) && !isa<VectorType>(result.getType())
                    ? Value(b.create<vector::BroadcastOp>(value.getType(), result))
                    : result;
    }
    return;
  }
  unsigned d = reductions[next];
  auto emitNext = [&](Value i, ValueRange carried) {
    index[d] = i;
    SmallVector<Value> inner(carried);
    emitReductionLoops(next + 1, mask, inner);
    return inner;
  };
  llvm::copy(emitLoop(number(0), value(nest.sizes[d]), 1, SmallVector<Value>(acc), emitNext),
             acc.begin());
}

void LoopEmitter::moveTo(const Position &position) {
  if (position.row)
    index[*rowLoop] = position.row;
  if (position.first)
    index[vectorLoop] = position.first;
}

/// All that happens for lanes first..first+lanes of the vector loop, which is
/// parallel, for each of some `first`s at once. A null one: that loop is one of the
/// reductions.
void LoopEmitter::emitLanes(ArrayRef<Value> some, Value mask) {
  positions.clear();
  for (Value row : rows)
    for (Value first : some)
      positions.push_back({row, first});
  Block &body = op->getRegion(0).front();
  unsigned numOutputs = nest.accesses.size() - nest.numInputs;
  SmallVector<Value> acc;
  for (unsigned k = 0; k < positions.size() * numOutputs; ++k) {
    unsigned i = nest.numInputs + k % numOutputs;
    moveTo(positions[k / numOutputs]);
    Value start;
    if (body.getArgument(i).use_empty() && reductions.empty())
      start = b.create<arith::ConstantOp>(
          b.getZeroAttr(nest.accesses[i].getElementType()));
    else
      start = load(i, mask);
    if (!reductions.empty() && isWide(i) && !isa<VectorType>(start.getType()))
      start = b.create<vector::BroadcastOp>(
          VectorType::get(lanes, start.getType()), start);
    acc.push_back(start);
  }
  emitReductionLoops(0, mask, acc);
  for (auto [k, value] : llvm::enumerate(acc)) {
    moveTo(positions[k / numOutputs]);
    store(nest.numInputs + k % numOutputs, value, mask);
  }
}

/// `vectors` at once from `lower` on, as long as there are so many before `upper`.
/// Gives where they end, and how many iterations are left.
std::pair<Value, Value> LoopEmitter::emitWhole(Value lower, Value upper, int64_t vectors) {
  Value rest = rem(sub(upper, lower), number(vectors * lanes)), whole = sub(upper, rest);
  emitLoop(lower, whole, vectors * lanes, [&](Value first) {
    SmallVector<Value> some;
    for (int64_t k = 0; k < vectors; ++k)
      some.push_back(add(first, number(k * lanes)));
    emitLanes(some, Value());
  });
  return {whole, rest};
}

/// Iterations [lower, upper) of the vector loop, which is parallel. Where there are
/// reductions around it, several vectors at once: what lies side by side is read
/// together, and the sums do not wait for each other.
void LoopEmitter::emitVectorLoop(Value lower, Value upper) {
  if (!reductions.empty() && lanes > 1 && !rowLoop)
    lower = emitWhole(lower, upper, vectorsAtOnce).first;
  Value whole, rest;
  std::tie(whole, rest) = emitWhole(lower, upper, 1);
  if (lanes == 1 || getConstantIntValue(rest) == 0)
    return;
  emitIf(isNotEqual(rest, number(0)), [&] { emitLanes(whole, createMask(b, lanes, rest)); });
}

/// Several vectors at once, as far as they go, each of which accumulates apart: none waits
/// for the one before it. Gives where that ends, and `acc` with all of them.
std::pair<Value, Value> LoopEmitter::accumulateSome(Value upper, Value acc, Value neutral,
                                                    vector::CombiningKind kind) {
  int64_t step = lanes * vectorsAtOnce;
  Value end = sub(upper, rem(upper, number(step)));
  SmallVector<Value> apart(vectorsAtOnce, neutral);
  apart[0] = acc;
  apart = emitLoop(number(0), end, step, apart, [&](Value first, ValueRange carried) {
    SmallVector<Value> next;
    for (auto [k, before] : llvm::enumerate(carried)) {
      index[vectorLoop] = add(first, number(k * lanes));
      next.push_back(emitBody(before, Value())[0]);
    }
    return next;
  });
  // In pairs, for the same reason.
  for (size_t half = apart.size() / 2; half > 0; half /= 2)
    for (size_t k = 0; k < half; ++k)
      apart[k] = vector::makeArithReduction(b, b.getLoc(), kind, apart[k + half], apart[k]);
  return {end, apart[0]};
}

/// The vector loop is a reduction: lanes accumulate apart and are joined at the
/// end.
void LoopEmitter::emitLanewiseReduction() {
  Block &body = op->getRegion(0).front();
  vector::CombiningKind kind = *getCombiner(body);
  unsigned out = nest.numInputs;
  auto type = VectorType::get(lanes, nest.accesses[out].getElementType());
  Operation *combine =
      cast<linalg::YieldOp>(body.getTerminator()).getOperand(0).getDefiningOp();
  Value neutral = b.create<arith::ConstantOp>(DenseElementsAttr::get(
      type, *arith::getNeutralElement(combine)));
  Value size = value(nest.sizes[vectorLoop]);
  Value rest = rem(size, number(lanes)), whole = sub(size, rest);
  std::optional<int64_t> known = nn::getStatic(nest.sizes[vectorLoop]);
  bool isLong = known ? *known >= 2 * lanes * vectorsAtOnce : reductions.empty();
  // The loop along the lanes is the innermost; other reductions are around it.
  std::function<Value(unsigned, Value)> emitFrom = [&](unsigned next,
                                                       Value acc) -> Value {
    bool last = next == reductions.size();
    unsigned d = last ? vectorLoop : reductions[next];
    auto emitNext = [&](Value i, ValueRange carried) {
      index[d] = i;
      return SmallVector<Value>{last ? emitBody(carried, Value())[0]
                                     : emitFrom(next + 1, carried[0])};
    };
    Value lower = number(0);
    if (last && isLong)
      std::tie(lower, acc) = accumulateSome(whole, acc, neutral, kind);
    Value result = emitLoop(lower, last ? whole : value(nest.sizes[d]), last ? lanes : 1,
                            acc, emitNext)[0];
    if (!last || getConstantIntValue(rest) == 0)
      return result;
    index[d] = whole;
    Value mask = createMask(b, lanes, rest);
    Value more = emitBody(result, mask)[0];
    return b.create<arith::SelectOp>(mask, more, result);
  };
  Value lanesDone = emitFrom(0, neutral);
  index[vectorLoop] = number(0);
  Value address = getAddress(nest.accesses[out], index);
  Value start = b.create<memref::LoadOp>(nest.accesses[out].memory, address);
  // In pairs: one lane after the other each would wait for the one before.
  Value joined = b.create<vector::ReductionOp>(kind, lanesDone,
                                               arith::FastMathFlags::reassoc);
  IRMapping mapping;
  Value accumulator = body.getArguments().back();
  for (Value operand : combine->getOperands())
    mapping.map(operand, operand == accumulator ? start : joined);
  Value result = b.clone(*combine, mapping)->getResult(0);
  b.create<memref::StoreOp>(result, nest.accesses[out].memory, address);
}
