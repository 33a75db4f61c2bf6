//===- CountWork.cpp - What each op on buffers does, in numbers -----------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/Report/Passes.h"
#include "passes/Report/Work.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_COUNTWORK
#include "passes/Report/Passes.h.inc"

namespace {
/// Addresses are calculated with these.
constexpr unsigned addressBits = 64;

/// How many operations `op` is on one element.
int64_t getOperations(Operation &op) {
  if (isa<math::FmaOp>(op))
    return 2;
  if (isa<exec::DotOp>(op))
    return 8;
  if (isa<exec::LookupOp>(op))
    return 1;
  if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp,
          arith::RemFOp, arith::NegFOp, arith::MaximumFOp, arith::MinimumFOp,
          arith::MaxNumFOp, arith::MinNumFOp>(op))
    return 1;
  if (op.getDialect() && isa<math::MathDialect>(op.getDialect()))
    return 1;
  if (isa<arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::DivSIOp,
          arith::DivUIOp, arith::RemSIOp, arith::RemUIOp, arith::MaxSIOp,
          arith::MaxUIOp, arith::MinSIOp, arith::MinUIOp>(op)) {
    Type type = op.getResult(0).getType();
    return type.isIntOrFloat() && type.getIntOrFloatBitWidth() < addressBits;
  }
  return 0;
}

/// Counts one linalg op.
class BodyCounter {
public:
  BodyCounter(linalg::LinalgOp op, Work &work)
      : op(op), work(work), ranges(op.getStaticLoopRanges()),
        all(op.getNumLoops(), true) {}

  void count(function_ref<void(Value, Count)> read);
  Count getIterations(const llvm::SmallBitVector &loops) const {
    Count product = 1;
    for (int d : loops.set_bits())
      product = product * (ShapedType::isDynamic(ranges[d])
                               ? Count::unknown()
                               : Count(ranges[d]));
    return product;
  }
  llvm::SmallBitVector getLoops(AffineMap map) const {
    llvm::SmallBitVector loops(ranges.size());
    for (unsigned d = 0; d < ranges.size(); ++d)
      loops[d] = map.isFunctionOfDim(d);
    return loops;
  }

private:
  llvm::SmallBitVector getLoops(Value value) const {
    auto known = loopsOf.find(value);
    return known == loopsOf.end() ? all : known->second;
  }

  linalg::LinalgOp op;
  Work &work;
  SmallVector<int64_t, 4> ranges;
  llvm::SmallBitVector all;
  llvm::DenseMap<Value, llvm::SmallBitVector> loopsOf; ///< On which it depends.
};

void BodyCounter::count(function_ref<void(Value, Count)> read) {
  for (OpOperand &operand : op->getOpOperands())
    // A sum that is still growing changes with every iteration.
    loopsOf[op.getMatchingBlockArgument(&operand)] =
        op.isDpsInit(&operand) && op.getNumReductionLoops()
            ? all
            : getLoops(op.getMatchingIndexingMap(&operand));
  op->getRegion(0).walk([&](Operation *nested) {
    llvm::SmallBitVector loops(op.getNumLoops());
    for (Value operand : nested->getOperands())
      loops |= operand.getParentRegion()->isAncestor(op->getParentRegion())
                   ? llvm::SmallBitVector(op.getNumLoops())
                   : getLoops(operand);
    if (auto index = dyn_cast<linalg::IndexOp>(nested))
      loops.set(index.getDim());
    if (nested->getNumRegions())
      loops = all;
    for (Value result : nested->getResults())
      loopsOf[result] = loops;
    Count iterations = getIterations(loops);
    if (auto load = dyn_cast<memref::LoadOp>(nested))
      read(load.getMemRef(), iterations);
    int64_t operations = getOperations(*nested);
    if (operations == 0)
      return;
    bool isFloat = isa<FloatType>(nested->getResult(0).getType());
    Count &sum = isFloat ? work.flops : work.intOps;
    sum = sum + iterations * operations;
  });
}

class Counter {
public:
  explicit Counter(MLIRContext *context) : context(context) {}

  void count(Operation *op);
  ArrayAttr getTable() { return ArrayAttr::get(context, rows); }

private:
  int64_t getNumber(Value root) {
    return buffers.try_emplace(root, buffers.size()).first->second;
  }
  /// `count` elements at most of `memory`.
  Traffic getTraffic(Value memory, Count count) {
    Type type = memory.getType();
    return {getNumber(getRoot(memory)),
            getLesser(count * getElementBytes(type), getBytes(type))};
  }
  void read(Work &work, Value memory, Count count) {
    bool isConstant = getRoot(memory).getDefiningOp<memref::GetGlobalOp>() != nullptr;
    (isConstant ? work.constants : work.reads).push_back(getTraffic(memory, count));
  }
  void write(Work &work, Value memory, Count count) {
    work.writes.push_back(getTraffic(memory, count));
  }
  void countLinalg(linalg::LinalgOp op, Work &work);
  void countAttention(exec::AttentionOp op, Work &work);

  MLIRContext *context;
  llvm::DenseMap<Value, int64_t> buffers;
  SmallVector<Attribute> rows;
};

void Counter::countLinalg(linalg::LinalgOp op, Work &work) {
  BodyCounter body(op, work);
  // What is read by several maps is read in several places.
  llvm::MapVector<Value, Count> reads;
  SmallVector<std::pair<Value, Count>> writes;
  auto addRead = [&](Value memory, Count count) {
    auto [known, isNew] = reads.insert({memory, count});
    if (!isNew)
      known->second = known->second + count;
  };
  body.count(addRead);
  llvm::DenseSet<std::pair<Value, AffineMap>> seen;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    Count count = body.getIterations(body.getLoops(map));
    if (op.payloadUsesValueFromOperand(&operand) &&
        seen.insert({operand.get(), map}).second)
      addRead(operand.get(), count);
    if (op.isDpsInit(&operand))
      writes.push_back({operand.get(), count});
  }
  for (auto [memory, count] : reads)
    read(work, memory, count);
  for (auto [memory, count] : writes)
    write(work, memory, count);
}

/// The size that dimension `i` of the ordered four has.
Count getSize(Value memory, ArrayRef<int64_t> order, int64_t i) {
  int64_t size = cast<MemRefType>(memory.getType()).getShape()[llvm::find(order, i) - order.begin()];
  return ShapedType::isDynamic(size) ? Count::unknown() : Count(size);
}

void Counter::countAttention(exec::AttentionOp op, Work &work) {
  auto query = [&](int64_t i) { return getSize(op.getQuery(), op.getQueryOrder(), i); };
  Count scores = query(0) * query(1) * query(2) * getSize(op.getKey(), op.getKeyOrder(), 2);
  // Two products; of each score the difference to the largest, its exponential
  // and the sum; and what the body does.
  int64_t onScore = 3;
  op.getBody().walk([&](Operation *nested) { onScore += getOperations(*nested); });
  Count width = getSize(op.getValue(), op.getValueOrder(), 3);
  work.flops = scores * 2 * query(3) + scores * 2 * width + scores * onScore;
  for (Value input : op.getOperands().drop_back())
    read(work, input, Count::unknown());
  write(work, op.getInit(), Count::unknown());
}

void Counter::count(Operation *op) {
  Work work;
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
    countLinalg(linalgOp, work);
  } else if (auto attention = dyn_cast<exec::AttentionOp>(op)) {
    countAttention(attention, work);
  } else if (auto copy = dyn_cast<memref::CopyOp>(op)) {
    read(work, copy.getSource(), Count::unknown());
    write(work, copy.getTarget(), Count::unknown());
  } else if (auto call = dyn_cast<exec::CallOp>(op)) {
    work.flops = work.intOps = Count::unknown();
    for (Value input : call.getInputs())
      read(work, input, Count::unknown());
    for (Value init : call.getInits())
      write(work, init, Count::unknown());
  } else {
    return;
  }
  op->getLoc()->walk([&](Location loc) {
    auto name = dyn_cast<NameLoc>(loc);
    if (name && !llvm::is_contained(work.operators, name.getName().getValue()))
      work.operators.push_back(name.getName().getValue());
    return WalkResult::advance();
  });
  op->setLoc(addRow(op->getLoc(), rows.size()));
  rows.push_back(toAttribute(work, context));
}

struct CountWork : impl::CountWorkBase<CountWork> {
  void runOnOperation() override {
    Counter counter(&getContext());
    getOperation()->walk<WalkOrder::PreOrder>([&](Operation *op) { counter.count(op); });
    getOperation()->setAttr("exec.work", counter.getTable());
  }
};
} // namespace
} // namespace burin
