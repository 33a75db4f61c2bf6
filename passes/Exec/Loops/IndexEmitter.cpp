//===- IndexEmitter.cpp - Index arithmetic and loops ----------------------===//

#include "passes/Exec/Loops/IndexEmitter.h"
#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace burin;

int64_t burin::getGrain(int64_t operations, int64_t lanes) {
  return std::max<int64_t>(1, workPerTask * lanes / std::max<int64_t>(1, operations));
}

int64_t burin::getEvenPart(int64_t count, int64_t most) {
  count = std::max<int64_t>(1, count);
  return llvm::divideCeil(count, llvm::divideCeil(count, most));
}

/// What a size that is not known is taken for.
static constexpr int64_t guessedSize = 64;

int64_t burin::guessSize(OpFoldResult size) {
  return nn::getStatic(size).value_or(guessedSize);
}

int64_t burin::guessSize(int64_t size) {
  return ShapedType::isDynamic(size) ? guessedSize : size;
}

Value IndexEmitter::number(int64_t value) {
  return b.create<arith::ConstantIndexOp>(value);
}
Value IndexEmitter::add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(x, y); }
Value IndexEmitter::sub(Value x, Value y) { return b.createOrFold<arith::SubIOp>(x, y); }
Value IndexEmitter::mul(Value x, Value y) { return b.createOrFold<arith::MulIOp>(x, y); }
Value IndexEmitter::min(Value x, Value y) { return b.createOrFold<arith::MinUIOp>(x, y); }
Value IndexEmitter::max(Value x, Value y) { return b.createOrFold<arith::MaxUIOp>(x, y); }
Value IndexEmitter::div(Value x, Value y) { return b.createOrFold<arith::DivUIOp>(x, y); }
Value IndexEmitter::rem(Value x, Value y) { return b.createOrFold<arith::RemUIOp>(x, y); }
Value IndexEmitter::ceilDiv(Value x, Value y) {
  return b.createOrFold<arith::CeilDivUIOp>(x, y);
}

std::pair<Value, Value> IndexEmitter::split(Value flat, Value inner) {
  return {div(flat, inner), rem(flat, inner)};
}

void IndexEmitter::split(Value flat, ArrayRef<unsigned> loops,
                         function_ref<Value(unsigned)> getSize, Index &index) {
  for (size_t k = loops.size(); k-- > 1;)
    std::tie(flat, index[loops[k]]) = split(flat, getSize(loops[k]));
  if (!loops.empty())
    index[loops[0]] = flat;
}

void IndexEmitter::split(Value flat, ArrayRef<unsigned> loops, const LoopNest &nest,
                         Index &index) {
  split(flat, loops, [&](unsigned d) { return value(nest.sizes[d]); }, index);
}

Value IndexEmitter::getAddress(const LinearAccess &access, ArrayRef<Value> index) {
  Value address = number(0);
  for (auto [i, coefficient] : llvm::zip_equal(index, access.coefficients))
    if (i && nn::getStatic(coefficient) != 0)
      address = add(address, mul(i, value(coefficient)));
  return address;
}

SmallVector<Value> IndexEmitter::getAddresses(const LoopNest &nest, size_t first,
                                              ArrayRef<Value> index) {
  SmallVector<Value> addresses(first);
  for (const LinearAccess &access : llvm::drop_begin(nest.accesses, first))
    addresses.push_back(getAddress(access, index));
  return addresses;
}

Value IndexEmitter::isEqual(Value x, Value y) {
  return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, x, y);
}
Value IndexEmitter::isNotEqual(Value x, Value y) {
  return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::ne, x, y);
}
Value IndexEmitter::isAtMost(Value x, Value y) {
  return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::ule, x, y);
}

void IndexEmitter::emitIn(Block *block, Part part) {
  OpBuilder::InsertionGuard guard(b);
  std::optional<nn::ShapeBuilder::Scope> scope;
  if (sizes)
    scope.emplace(*sizes);
  b.setInsertionPointToStart(block);
  part();
}

void IndexEmitter::emitLoop(Value lower, Value upper, int64_t step, Body body) {
  auto loop = b.create<scf::ForOp>(lower, upper, number(step));
  emitIn(loop.getBody(), [&] { body(loop.getInductionVar()); });
}

SmallVector<Value> IndexEmitter::emitLoop(Value lower, Value upper, int64_t step,
                                          ValueRange start, CarryingBody body) {
  auto loop = b.create<scf::ForOp>(lower, upper, number(step), start);
  emitIn(loop.getBody(), [&] {
    b.create<scf::YieldOp>(body(loop.getInductionVar(), loop.getRegionIterArgs()));
  });
  return loop.getResults();
}

void IndexEmitter::emitRange(Value count, int64_t grain, Body body) {
  emitRange(count, number(grain), body);
}

Value IndexEmitter::getEvenGrain(Value count, Value grain) {
  std::optional<int64_t> all = getConstantIntValue(count), each = getConstantIntValue(grain);
  if (!all || !each || *all <= *each)
    return grain;
  int64_t ranges = llvm::alignTo(llvm::divideCeil(*all, *each), 2);
  return number(llvm::divideCeil(*all, ranges));
}

void IndexEmitter::emitRange(Value count, Value grain, Body body) {
  emitRanges(count, getEvenGrain(count, grain),
             [&](Value lower, Value upper) { emitLoop(lower, upper, 1, body); });
}

Value IndexEmitter::emitGrain(Value operations, int64_t lanes) {
  Value one = number(1);
  return max(one, div(number(workPerTask * lanes), max(one, operations)));
}

void IndexEmitter::emitRanges(Value count, int64_t grain, RangeBody body) {
  emitRanges(count, number(grain), body);
}

void IndexEmitter::emitRanges(Value count, Value grain, RangeBody body) {
  Operation *around = b.getInsertionBlock()->getParentOp();
  if (isa<exec::ParallelOp>(around) || around->getParentOfType<exec::ParallelOp>())
    return body(number(0), count);
  std::optional<int64_t> known = getConstantIntValue(grain);
  auto range = b.create<exec::ParallelOp>(known ? count : ceilDiv(count, grain),
                                          known.value_or(1));
  Value lower = range.getLower(), upper = range.getUpper();
  emitIn(&range.getBody().front(), [&] {
    if (known)
      return body(lower, upper);
    body(mul(lower, grain), min(mul(upper, grain), count));
  });
}

void IndexEmitter::emitParts(Value count, int64_t limit,
                             function_ref<void(Value, int64_t)> body) {
  // Each part starts after the larger ones.
  for (int64_t part = llvm::bit_floor<uint64_t>(limit - 1); part > 0; part /= 2) {
    Value bit = b.create<arith::AndIOp>(count, number(part));
    emitIf(isNotEqual(bit, number(0)), [&] {
      body(b.create<arith::AndIOp>(count, number(-2 * part)), part);
    });
  }
}

void IndexEmitter::emitIf(Value condition, Part then, Part otherwise) {
  auto choice = b.create<scf::IfOp>(condition, /*withElseRegion=*/bool(otherwise));
  emitIn(choice.thenBlock(), then);
  if (otherwise)
    emitIn(choice.elseBlock(), otherwise);
}
