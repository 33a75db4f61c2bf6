//===- EmitLoops.cpp - linalg on buffers to parallel vector loops ---------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/BodyEmitter.h"
#include "passes/Exec/LoopNest.h"
#include "passes/Exec/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_EMITLOOPS
#include "passes/Exec/Passes.h.inc"

namespace {
/// Iterations worth a thread's while, in scalar operations.
constexpr int64_t workPerTask = 16384;
/// What a size that is not known is taken for when work is estimated.
constexpr int64_t guessedSize = 64;

int64_t guess(OpFoldResult size) {
  return nn::getStatic(size).value_or(guessedSize);
}

/// How the reduction of a body combines: acc' = acc <kind> something.
std::optional<vector::CombiningKind> getCombiner(Block &body) {
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

class LoopEmitter {
public:
  LoopEmitter(linalg::LinalgOp op, ImplicitLocOpBuilder &b,
              nn::ShapeBuilder &shapes, LoopNest nest, int64_t lanes)
      : op(op), b(b), shapes(shapes), nest(std::move(nest)), lanes(lanes) {}

  void emit(bool mayRunInParallel);

private:
  using Body = function_ref<void(Value index)>;

  void chooseVectorLoop();
  int64_t getScore(unsigned loop) const;
  void emitParallel(ArrayRef<unsigned> loops, Body inner);
  void emitLoop(OpFoldResult size, Body body);
  void emitVectorLoop(Value lower, Value upper);
  void emitLanes(Value first, Value mask);
  void emitLanewiseReduction();
  void emitReductionLoops(unsigned next, Value mask, MutableArrayRef<Value> acc);
  SmallVector<Value> emitBody(ValueRange outputs, Value mask);
  Value getAddress(const LinearAccess &access, bool alongVector);
  Value load(unsigned operand, Value mask);
  void store(unsigned operand, Value value, Value mask);
  bool isWide(unsigned operand) const;
  Value getMask(Value remaining);

  linalg::LinalgOp op;
  ImplicitLocOpBuilder &b;
  nn::ShapeBuilder &shapes;
  LoopNest nest;
  int64_t lanes;
  unsigned vectorLoop = 0;
  SmallVector<unsigned> reductions; ///< But the vector loop.
  SmallVector<Value> index;         ///< Current index of each loop.
  SmallVector<bool> uniform;
};

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
  if (guess(nest.sizes[loop]) < lanes / 2)
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

Value LoopEmitter::getAddress(const LinearAccess &access, bool) {
  Value sum;
  int64_t known = 0;
  for (auto [c, i] : llvm::zip_equal(access.coefficients, index)) {
    std::optional<int64_t> factor = nn::getStatic(c);
    if (factor == 0 || !i)
      continue;
    Value term = i;
    if (factor != 1)
      term = b.create<arith::MulIOp>(i, shapes.getValue(c));
    sum = sum ? b.create<arith::AddIOp>(sum, term) : term;
  }
  return sum ? sum : Value(b.create<arith::ConstantIndexOp>(known));
}

bool LoopEmitter::isWide(unsigned operand) const {
  return lanes > 1 && !uniform[operand];
}

Value LoopEmitter::load(unsigned operand, Value mask) {
  const LinearAccess &access = nest.accesses[operand];
  if (!isa<MemRefType>(access.memory.getType()))
    return access.memory;
  Value address = getAddress(access, true);
  if (lanes == 1 ||
      nn::getStatic(access.coefficients[vectorLoop]) == 0)
    return b.create<memref::LoadOp>(access.memory, address);
  auto type = VectorType::get(lanes, access.getElementType());
  if (nn::getStatic(access.coefficients[vectorLoop]) != 1) {
    // One by one; lanes beyond the end read the first one's address.
    Value stride = shapes.getValue(access.coefficients[vectorLoop]);
    Value lanesRead = b.create<arith::ConstantOp>(b.getZeroAttr(type));
    Value zero = b.create<arith::ConstantIndexOp>(0);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      Value step = b.create<arith::MulIOp>(
          stride, b.create<arith::ConstantIndexOp>(lane));
      if (mask)
        step = b.create<arith::SelectOp>(
            b.create<vector::ExtractOp>(mask, ArrayRef<int64_t>{lane}), step,
            zero);
      Value element = b.create<memref::LoadOp>(
          access.memory,
          ValueRange{b.create<arith::AddIOp>(address, step)});
      lanesRead = b.create<vector::InsertOp>(element, lanesRead,
                                             ArrayRef<int64_t>{lane});
    }
    return lanesRead;
  }
  if (!mask)
    return b.create<vector::LoadOp>(type, access.memory, address);
  Value rest = b.create<arith::ConstantOp>(b.getZeroAttr(type));
  return b.create<vector::MaskedLoadOp>(type, access.memory, address, mask, rest);
}

void LoopEmitter::store(unsigned operand, Value value, Value mask) {
  const LinearAccess &access = nest.accesses[operand];
  Value address = getAddress(access, true);
  if (lanes == 1) {
    b.create<memref::StoreOp>(value, access.memory, address);
    return;
  }
  if (!isa<VectorType>(value.getType()))
    value = b.create<vector::BroadcastOp>(VectorType::get(lanes, value.getType()),
                                          value);
  if (mask)
    b.create<vector::MaskedStoreOp>(access.memory, address, mask, value);
  else
    b.create<vector::StoreOp>(value, access.memory, address);
}

SmallVector<Value> LoopEmitter::emitBody(ValueRange outputs, Value mask) {
  SmallVector<Value> arguments;
  Block &body = op->getRegion(0).front();
  for (unsigned i = 0; i < nest.numInputs; ++i)
    arguments.push_back(body.getArgument(i).use_empty() &&
                                isa<MemRefType>(nest.accesses[i].memory.getType())
                            ? b.create<arith::ConstantOp>(b.getZeroAttr(
                                  nest.accesses[i].getElementType()))
                            : load(i, mask));
  arguments.append(outputs.begin(), outputs.end());
  return BodyEmitter(body, vectorLoop, lanes, uniform)
      .emit(b, arguments, index, mask);
}

void LoopEmitter::emitLoop(OpFoldResult size, Body body) {
  if (nn::getStatic(size) == 1) {
    body(b.create<arith::ConstantIndexOp>(0));
    return;
  }
  Value zero = b.create<arith::ConstantIndexOp>(0);
  Value one = b.create<arith::ConstantIndexOp>(1);
  auto loop = b.create<scf::ForOp>(zero, shapes.getValue(size), one);
  OpBuilder::InsertionGuard guard(b);
  nn::ShapeBuilder::Scope scope(shapes);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

/// Loops `next`.. of `reductions` around the body; `acc` is carried along.
void LoopEmitter::emitReductionLoops(unsigned next, Value mask,
                                     MutableArrayRef<Value> acc) {
  if (next == reductions.size()) {
    SmallVector<Value> results = emitBody(acc, mask);
    for (auto [value, result] : llvm::zip_equal(acc, results))
      value = isa<VectorType>(value.getType()) && !isa<VectorType>(result.getType())
                  ? Value(b.create<vector::BroadcastOp>(value.getType(), result))
                  : result;
    return;
  }
  unsigned d = reductions[next];
  Value zero = b.create<arith::ConstantIndexOp>(0);
  Value one = b.create<arith::ConstantIndexOp>(1);
  auto loop = b.create<scf::ForOp>(zero, shapes.getValue(nest.sizes[d]), one,
                                   SmallVector<Value>(acc));
  OpBuilder::InsertionGuard guard(b);
  nn::ShapeBuilder::Scope scope(shapes);
  b.setInsertionPointToStart(loop.getBody());
  index[d] = loop.getInductionVar();
  SmallVector<Value> carried(loop.getRegionIterArgs());
  emitReductionLoops(next + 1, mask, carried);
  b.create<scf::YieldOp>(carried);
  llvm::copy(loop.getResults(), acc.begin());
}

/// All that happens for lanes first..first+lanes of the vector loop, which is
/// parallel.
void LoopEmitter::emitLanes(Value first, Value mask) {
  index[vectorLoop] = first;
  Block &body = op->getRegion(0).front();
  SmallVector<Value> acc;
  for (unsigned i = nest.numInputs; i < nest.accesses.size(); ++i) {
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
  for (auto [i, value] : llvm::enumerate(acc))
    store(nest.numInputs + i, value, mask);
}

Value LoopEmitter::getMask(Value remaining) {
  auto type = VectorType::get(lanes, b.getI1Type());
  return b.create<vector::CreateMaskOp>(type, remaining);
}

/// Iterations [lower, upper) of the vector loop, which is parallel.
void LoopEmitter::emitVectorLoop(Value lower, Value upper) {
  Value step = b.create<arith::ConstantIndexOp>(lanes);
  Value length = b.createOrFold<arith::SubIOp>(upper, lower);
  Value rest = b.createOrFold<arith::RemUIOp>(length, step);
  Value whole = b.createOrFold<arith::SubIOp>(upper, rest);
  auto loop = b.create<scf::ForOp>(lower, whole, step);
  {
    OpBuilder::InsertionGuard guard(b);
    nn::ShapeBuilder::Scope scope(shapes);
    b.setInsertionPointToStart(loop.getBody());
    emitLanes(loop.getInductionVar(), Value());
  }
  if (lanes == 1 || getConstantIntValue(rest) == 0)
    return;
  Value zero = b.create<arith::ConstantIndexOp>(0);
  Value any = b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, rest, zero);
  auto tail = b.create<scf::IfOp>(any, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  nn::ShapeBuilder::Scope scope(shapes);
  b.setInsertionPointToStart(tail.thenBlock());
  emitLanes(whole, getMask(rest));
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
  Value zero = b.create<arith::ConstantIndexOp>(0);
  Value step = b.create<arith::ConstantIndexOp>(lanes);
  Value size = shapes.getValue(nest.sizes[vectorLoop]);
  Value rest = b.createOrFold<arith::RemUIOp>(size, step);
  Value whole = b.createOrFold<arith::SubIOp>(size, rest);
  // The loop along the lanes is the innermost; other reductions are around it.
  std::function<Value(unsigned, Value)> emitFrom = [&](unsigned next,
                                                       Value acc) -> Value {
    bool last = next == reductions.size();
    unsigned d = last ? vectorLoop : reductions[next];
    Value one = b.create<arith::ConstantIndexOp>(1);
    auto loop = b.create<scf::ForOp>(
        zero, last ? whole : shapes.getValue(nest.sizes[d]), last ? step : one,
        acc);
    {
      OpBuilder::InsertionGuard guard(b);
      nn::ShapeBuilder::Scope scope(shapes);
      b.setInsertionPointToStart(loop.getBody());
      index[d] = loop.getInductionVar();
      Value carried = loop.getRegionIterArg(0);
      Value next2 = last ? emitBody(carried, Value())[0]
                         : emitFrom(next + 1, carried);
      b.create<scf::YieldOp>(next2);
    }
    Value result = loop.getResult(0);
    if (!last || getConstantIntValue(rest) == 0)
      return result;
    index[d] = whole;
    Value mask = getMask(rest);
    Value more = emitBody(result, mask)[0];
    return b.create<arith::SelectOp>(mask, more, result);
  };
  Value lanesDone = emitFrom(0, neutral);
  index[vectorLoop] = zero;
  Value address = getAddress(nest.accesses[out], false);
  Value start = b.create<memref::LoadOp>(nest.accesses[out].memory, address);
  Value joined = b.create<vector::ReductionOp>(kind, lanesDone);
  IRMapping mapping;
  Value accumulator = body.getArguments().back();
  for (Value operand : combine->getOperands())
    mapping.map(operand, operand == accumulator ? start : joined);
  Value result = b.clone(*combine, mapping)->getResult(0);
  b.create<memref::StoreOp>(result, nest.accesses[out].memory, address);
}

/// `loops` as one range that threads share.
void LoopEmitter::emitParallel(ArrayRef<unsigned> loops, Body inner) {
  SmallVector<OpFoldResult> sizes;
  int64_t each = std::max<int64_t>(1, op->getRegion(0).front().getOperations().size());
  for (unsigned d = 0; d < nest.getNumLoops(); ++d)
    if (llvm::is_contained(loops, d))
      sizes.push_back(nest.sizes[d]);
    else
      each *= guess(nest.sizes[d]);
  int64_t grain = std::max<int64_t>(1, workPerTask / std::max<int64_t>(1, each));
  auto parallel = b.create<exec::ParallelOp>(
      shapes.getValue(shapes.product(sizes)), grain);
  OpBuilder::InsertionGuard guard(b);
  nn::ShapeBuilder::Scope scope(shapes);
  b.setInsertionPointToStart(&parallel.getBody().front());
  Value one = b.create<arith::ConstantIndexOp>(1);
  auto loop = b.create<scf::ForOp>(parallel.getLower(), parallel.getUpper(), one);
  b.setInsertionPointToStart(loop.getBody());
  Value rest = loop.getInductionVar();
  for (size_t k = loops.size(); k-- > 1;) {
    Value size = shapes.getValue(nest.sizes[loops[k]]);
    index[loops[k]] = b.create<arith::RemUIOp>(rest, size);
    rest = b.create<arith::DivUIOp>(rest, size);
  }
  index[loops[0]] = rest;
  inner(rest);
}

void LoopEmitter::emit(bool mayRunInParallel) {
  if (nest.getNumLoops() == 0) // Scalars: one iteration.
    nest.addUnitLoop(shapes);
  index.assign(nest.getNumLoops(), Value());
  chooseVectorLoop();
  SmallVector<unsigned> outer;
  int64_t work = op->getRegion(0).front().getOperations().size();
  for (unsigned d = 0; d < nest.getNumLoops(); ++d) {
    work *= std::max<int64_t>(1, guess(nest.sizes[d]));
    if (d != vectorLoop)
      (nest.isReduction[d] ? reductions : outer).push_back(d);
  }
  // What is not known now the runtime weighs against the grain.
  bool isKnown = llvm::all_of(nest.sizes, [](OpFoldResult size) {
    return nn::getStatic(size).has_value();
  });
  bool parallel = mayRunInParallel && (!isKnown || work >= 2 * workPerTask);
  bool reduces = nest.isReduction[vectorLoop];
  auto innermost = [&] {
    if (reduces && lanes > 1)
      return emitLanewiseReduction();
    if (reduces) { // Scalar, and nothing is parallel: all loops reduce.
      reductions.push_back(vectorLoop);
      return emitLanes(Value(), Value());
    }
    emitVectorLoop(b.create<arith::ConstantIndexOp>(0),
                   shapes.getValue(nest.sizes[vectorLoop]));
  };
  if (parallel && outer.empty() && !reduces) {
    auto range = b.create<exec::ParallelOp>(
        shapes.getValue(nest.sizes[vectorLoop]), workPerTask);
    OpBuilder::InsertionGuard guard(b);
    nn::ShapeBuilder::Scope scope(shapes);
    b.setInsertionPointToStart(&range.getBody().front());
    return emitVectorLoop(range.getLower(), range.getUpper());
  }
  if (parallel && !outer.empty())
    return emitParallel(outer, [&](Value) { innermost(); });
  std::function<void(unsigned)> nestLoops = [&](unsigned k) {
    if (k == outer.size())
      return innermost();
    emitLoop(nest.sizes[outer[k]], [&](Value i) {
      index[outer[k]] = i;
      nestLoops(k + 1);
    });
  };
  nestLoops(0);
}

LogicalResult emitLoops(linalg::LinalgOp op, int64_t lanes) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  nn::ShapeBuilder shapes(b);
  shapes.setLoc(op.getLoc());
  std::optional<LoopNest> nest = getLoopNest(op, shapes);
  if (!nest)
    return op.emitOpError("has an access that is not linear in its loops");
  bool hasIndex = false;
  op->getRegion(0).walk([&](linalg::IndexOp) { hasIndex = true; });
  if (!hasIndex)
    nest->simplify(shapes);
  bool inParallel = op->getParentOfType<exec::ParallelOp>();
  LoopEmitter(op, b, shapes, std::move(*nest), lanes).emit(!inParallel);
  op->erase();
  return success();
}

/// Copies take the same road as everything else.
void generalizeCopies(Operation *root) {
  root->walk([](memref::CopyOp copy) {
    OpBuilder builder(copy);
    builder.create<linalg::CopyOp>(copy.getLoc(), copy.getSource(),
                                   copy.getTarget());
    copy.erase();
  });
}

struct EmitLoops : impl::EmitLoopsBase<EmitLoops> {
  using EmitLoopsBase::EmitLoopsBase;

  void runOnOperation() override {
    generalizeCopies(getOperation());
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp op : ops)
      if (failed(emitLoops(op, vectorBits / 32)))
        return signalPassFailure();
  }
};
} // namespace
} // namespace burin
