//===- EmitWindows.cpp - Poolings and depthwise convolutions --------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/BodyEmitter.h"
#include "passes/Exec/Cpu.h"
#include "passes/Exec/Fused/Stages.h"
#include "passes/Exec/Loops/IndexEmitter.h"
#include "passes/Exec/Passes.h"
#include "passes/Exec/Tiles/NextPanel.h"
#include "passes/Exec/Vectors.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_EMITWINDOWS
#include "passes/Exec/Passes.h.inc"

namespace {
/// Taps up to here are code of their own; loops around them stay loops.
constexpr int64_t mostUnrolled = 32;
/// Positions at a time where their number is not known.
constexpr int64_t unknownPositions = 4;

struct Windows : FusedSums {
  unsigned column = 0;                 ///< The loop that vectors run along.
  std::optional<unsigned> position;    ///< Several at a time.
  llvm::SmallVector<unsigned> outer;   ///< The other parallel loops.
  llvm::SmallVector<unsigned> taps;    ///< The reductions.

  Block &getBody() const { return op->getRegion(0).front(); }
  bool isUsed(unsigned input) const {
    return !getBody().getArgument(input).use_empty();
  }
  int64_t getStep(unsigned access, unsigned loop) const {
    return *nn::getStatic(getOperand(access).coefficients[loop]);
  }
};

/// Whether what an op reads moves with outputs and taps at once.
bool hasWindow(linalg::LinalgOp op) {
  return op.getNumReductionLoops() > 0 && op.getNumDpsInits() == 1 &&
         llvm::any_of(op.getIndexingMapsArray(), [](AffineMap map) {
           return llvm::any_of(map.getResults(), [](AffineExpr e) {
             auto sum = dyn_cast<AffineBinaryOpExpr>(e);
             if (sum && isa<AffineConstantExpr>(sum.getRHS()))
               sum = dyn_cast<AffineBinaryOpExpr>(sum.getLHS());
             return sum && sum.getKind() == AffineExprKind::Add;
           });
         });
}

/// Whether the step of all inputs is known, and 0 or 1 if it is that of columns.
bool hasKnownSteps(const Windows &c, unsigned loop, bool isColumn) {
  for (unsigned i = 0; i < c.nest.numInputs; ++i) {
    std::optional<int64_t> step = nn::getStatic(c.getOperand(i).coefficients[loop]);
    if (c.isUsed(i) && (!step || (isColumn && *step != 0 && *step != 1)))
      return false;
  }
  return true;
}

std::optional<Windows> matchWindows(linalg::LinalgOp op, const Fusion &fused,
                                    nn::ShapeBuilder &shapes) {
  Windows c;
  if (!c.take(op, fused, shapes) || !isVectorizable(c.getBody()))
    return std::nullopt;
  std::optional<unsigned> column;
  for (unsigned d = 0; d < c.nest.getNumLoops(); ++d)
    if (c.nest.isReduction[d])
      c.taps.push_back(d);
    else if (c.fitsColumns(d, shapes) && hasKnownSteps(c, d, /*isColumn=*/true))
      column = d;
  if (!column)
    return std::nullopt;
  c.column = *column;
  for (unsigned d : c.taps)
    if (!nn::getStatic(c.nest.sizes[d]) || !hasKnownSteps(c, d, false))
      return std::nullopt;
  for (unsigned d = 0; d < c.nest.getNumLoops(); ++d)
    if (!c.nest.isReduction[d] && d != c.column)
      c.outer.push_back(d);
  if (!c.outer.empty() && hasKnownSteps(c, c.outer.back(), false))
    c.position = c.outer.pop_back_val();
  return c;
}

/// Bits of the widest element that is calculated with.
int64_t getBits(const Windows &c) {
  int64_t bits = 8;
  auto widen = [&](Type type) {
    if (type.isIntOrFloat())
      bits = std::max<int64_t>(bits, type.getIntOrFloatBitWidth());
  };
  SmallVector<Block *> bodies{&c.getBody()};
  for (const std::optional<TileStage> &stage : {c.start, c.finish})
    if (stage)
      bodies.push_back(stage->body);
  for (Block *body : bodies) {
    llvm::for_each(body->getArgumentTypes(), widen);
    for (Operation &op : *body)
      llvm::for_each(op.getResultTypes(), widen);
  }
  return bits;
}

class WindowEmitter : IndexEmitter {
public:
  WindowEmitter(Windows windows, ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                const Cpu &cpu)
      : IndexEmitter(b, &shapes), c(std::move(windows)), nativeLanes(cpu.getLanes()),
        lanes(cpu.vectorBits / getBits(c)),
        stages(b, c, c.column, lanes) {
    // Half of the registers are for sums.
    int64_t most = std::max<int64_t>(1, cpu.registers / 2 - 2);
    if (c.position) {
      knownPositions = nn::getStatic(c.nest.sizes[*c.position]);
      positions = unknownPositions;
      if (knownPositions)
        positions = getEvenPart(*knownPositions, most);
    }
    knownColumns = nn::getStatic(c.nest.sizes[c.column]);
    if (knownColumns)
      vectors = std::clamp<int64_t>(std::min(*knownColumns / lanes, most / positions),
                                    1, 4);
    tapCount = 1;
    for (unsigned d : llvm::reverse(c.taps)) {
      tapCount *= *nn::getStatic(c.nest.sizes[d]);
      unrolled += tapCount <= mostUnrolled;
    }
  }

  void emit();

private:
  using Sums = SmallVector<Value>; ///< [position][vector].

  void emitColumns(function_ref<void()> body);
  void requestColumns(Value first);
  void emitTask(Value task);
  void emitVectors(Index index, int64_t count);
  void emitTaps(size_t next, SmallVector<Value> at, MutableArrayRef<Value> sums);
  void emitUnrolled(ArrayRef<unsigned> loops, ArrayRef<Value> at,
                    MutableArrayRef<Value> sums);
  Value load(unsigned input, Value at, int64_t offset, Value mask);

  Windows c;
  int64_t nativeLanes, lanes; ///< Of 32 bits; of what is calculated with.
  StageEmitter stages;
  std::optional<int64_t> knownPositions, knownColumns;
  int64_t positions = 1, vectors = 1; ///< At a time.
  int64_t tapCount;
  unsigned unrolled = 0; ///< Of the taps' loops, the innermost ones.
  SmallVector<Value> masks; ///< Of the vectors at hand.
  Value column;             ///< The first one of theirs.
};

void WindowEmitter::emit() {
  Value tasks = number(1);
  for (unsigned d : c.outer)
    tasks = mul(tasks, value(c.nest.sizes[d]));
  if (c.position)
    tasks = mul(tasks, ceilDiv(value(c.nest.sizes[*c.position]), number(positions)));
  // A range goes by columns: those lines that windows share stay in the nearest cache,
  // which holds them of some columns but not of all.
  auto emitTasks = [&](Value lower, Value upper) {
    emitColumns([&] {
      emitLoop(lower, upper, 1, [&](Value task) { emitTask(task); });
    });
  };
  Value work = mul(value(c.nest.sizes[c.column]), number(positions * tapCount * workPerStreamed));
  emitRanges(tasks, getEvenGrain(tasks, emitGrain(work, nativeLanes)), emitTasks);
}

/// `body` for all columns, some vectors at a time.
void WindowEmitter::emitColumns(function_ref<void()> body) {
  Value size = value(c.nest.sizes[c.column]);
  int64_t step = vectors * lanes;
  Value rest = rem(size, number(step)), whole = sub(size, rest);
  auto emitAt = [&](Value first, ArrayRef<Value> of) {
    column = first;
    masks.assign(of.begin(), of.end());
    body();
  };
  emitLoop(number(0), whole, step, [&](Value first) {
    requestColumns(add(first, number(step)));
    emitAt(first, SmallVector<Value>(vectors));
  });
  if (!knownColumns)
    return emitLoop(whole, size, step, [&](Value first) {
      emitAt(first, createMask(b, lanes, rest));
    });
  SmallVector<Value> last;
  for (int64_t left = *knownColumns % step; left > 0; left -= lanes)
    last.push_back(left >= lanes ? Value() : createMask(b, lanes, number(left)));
  if (!last.empty())
    emitAt(whole, last);
}

/// Asks for what the columns from `first` on have for all positions alike: their weights
/// and what sums start from. It is read once, a few lines here and there, which no
/// processor foresees.
void WindowEmitter::requestColumns(Value first) {
  if (!c.position || tapCount > mostUnrolled)
    return;
  for (unsigned i = 0; i < c.nest.accesses.size(); ++i) {
    const LinearAccess &access = c.nest.accesses[i];
    bool isShared = access.moves(c.column) && !access.moves(*c.position) &&
                    llvm::none_of(c.outer, [&](unsigned d) { return access.moves(d); });
    if (!isShared || (i < c.nest.numInputs && !c.isUsed(i)))
      continue;
    int64_t lines = getLinesAhead(access.getElementType(), vectors * lanes, 1);
    SmallVector<int64_t> offsets = getOffsets(c.nest, access, c.taps);
    offsets.erase(llvm::unique(offsets), offsets.end());
    for (int64_t offset : offsets)
      emitRequest(b, access.memory, add(first, number(offset)), lines);
  }
}

/// Some neighbouring positions.
void WindowEmitter::emitTask(Value task) {
  Index index(c.nest.getNumLoops());
  if (!c.position) {
    split(task, c.outer, c.nest, index);
    return emitVectors(index, 1);
  }
  Value size = value(c.nest.sizes[*c.position]), first = task;
  Value blocks = ceilDiv(size, number(positions));
  if (!c.outer.empty()) {
    Value flat;
    std::tie(flat, first) = split(task, blocks);
    split(flat, c.outer, c.nest, index);
  }
  first = mul(first, number(positions));
  index[*c.position] = first;
  if (knownPositions && *knownPositions % positions == 0)
    return emitVectors(index, positions);
  Value left = sub(size, first);
  auto emitWhole = [&] { emitVectors(index, positions); };
  emitIf(isAtMost(number(positions), left), emitWhole, [&] {
    if (knownPositions)
      return emitVectors(index, *knownPositions % positions);
    emitLoop(number(0), left, 1, [&](Value i) {
      index[*c.position] = add(first, i);
      emitVectors(index, 1);
    });
  });
}

/// The vectors of columns at hand of `count` positions from that of `index` on.
void WindowEmitter::emitVectors(Index index, int64_t count) {
  index[c.column] = column;
  SmallVector<Value> inputs;
  for (unsigned i = 0; i < c.nest.numInputs; ++i)
    inputs.push_back(getAddress(c.nest.accesses[i], index));
  SmallVector<SmallVector<Value>> others;
  Value first = c.position ? index[*c.position] : Value();
  for (int64_t p = 0; p < count; ++p) {
    if (c.position)
      index[*c.position] = add(first, number(p));
    others.push_back(getAddresses(c.nest, c.getSums(), index));
  }
  Sums sums(count * masks.size());
  auto getPlace = [&](size_t i) {
    size_t v = i % masks.size();
    return StageEmitter::Place{others[i / masks.size()], int64_t(v) * lanes, masks[v]};
  };
  for (auto [i, sum] : llvm::enumerate(sums))
    sum = stages.getStart(getPlace(i));
  emitTaps(0, inputs, sums);
  for (auto [i, sum] : llvm::enumerate(sums))
    sum = stages.finish(sum, getPlace(i));
  for (auto [i, sum] : llvm::enumerate(sums))
    stages.store(sum, getPlace(i));
}

/// The taps' loops from number `next` on, for windows whose first elements are `at`.
void WindowEmitter::emitTaps(size_t next, SmallVector<Value> at,
                             MutableArrayRef<Value> sums) {
  ArrayRef<unsigned> loops = ArrayRef(c.taps).drop_front(next);
  if (loops.size() <= unrolled)
    return emitUnrolled(loops, at, sums);
  unsigned d = loops.front();
  auto emitTap = [&](Value tap, ValueRange carried) {
    for (auto [i, start] : llvm::enumerate(at))
      if (c.isUsed(i))
        start = add(start, mul(tap, number(c.getStep(i, d))));
    SmallVector<Value> inner(carried);
    emitTaps(next + 1, at, inner);
    return inner;
  };
  llvm::copy(emitLoop(number(0), value(c.nest.sizes[d]), 1, SmallVector<Value>(sums), emitTap),
             sums.begin());
}

/// Windows of neighbouring positions overlap: each element is loaded once, and the
/// sums that it is for take it then. Every sum takes its taps in their order.
void WindowEmitter::emitUnrolled(ArrayRef<unsigned> loops, ArrayRef<Value> at,
                                 MutableArrayRef<Value> sums) {
  struct Step {
    int64_t position;
    SmallVector<int64_t> offsets; ///< Per input.
    size_t number = 0;            ///< In order.
  };
  int64_t count = sums.size() / masks.size();
  SmallVector<Step> steps;
  for (int64_t p = 0; p < count; ++p) {
    SmallVector<Step> own(1, {p, SmallVector<int64_t>(at.size())});
    for (unsigned i = 0; i < at.size(); ++i)
      if (c.position && c.isUsed(i))
        own[0].offsets[i] = p * c.getStep(i, *c.position);
    for (unsigned d : loops) {
      SmallVector<Step> inner;
      for (const Step &step : own)
        for (int64_t k = 0; k < *nn::getStatic(c.nest.sizes[d]); ++k) {
          inner.push_back(step);
          for (unsigned i = 0; i < at.size(); ++i)
            if (c.isUsed(i))
              inner.back().offsets[i] += k * c.getStep(i, d);
        }
      own = std::move(inner);
    }
    steps.append(own);
  }
  for (auto [i, step] : llvm::enumerate(steps))
    step.number = i;
  // By what is read first of the input that moves with the positions.
  unsigned moving = 0;
  while (c.position && moving + 1 < at.size() &&
         (!c.isUsed(moving) || c.getStep(moving, *c.position) == 0))
    ++moving;
  llvm::sort(steps, [&](const Step &x, const Step &y) {
    return std::pair(x.offsets[moving], x.number) < std::pair(y.offsets[moving], y.number);
  });
  Block &body = c.getBody();
  llvm::DenseMap<std::tuple<unsigned, int64_t, size_t>, Value> loaded;
  for (const Step &step : steps)
    for (size_t v = 0; v < masks.size(); ++v) {
      SmallVector<Value> arguments;
      SmallVector<bool> uniform;
      for (unsigned i = 0; i < at.size(); ++i) {
        Value &value = loaded[{i, step.offsets[i], v}];
        if (!value)
          value = load(i, at[i], step.offsets[i] + (stages.isWide(i) ? v * lanes : 0),
                       masks[v]);
        arguments.push_back(value);
        uniform.push_back(!isa<VectorType>(value.getType()));
      }
      Value &sum = sums[step.position * masks.size() + v];
      arguments.push_back(sum);
      uniform.push_back(false);
      BodyEmitter emitter(body, BodyEmitter::noLoop, lanes, uniform);
      sum = emitter.widen(b, emitter.emit(b, arguments, {}, masks[v])[0]);
    }
}

/// A vector, or a scalar where all columns have one value.
Value WindowEmitter::load(unsigned input, Value at, int64_t offset, Value mask) {
  const LinearAccess &access = c.getOperand(input);
  if (!c.isUsed(input))
    return b.create<arith::ConstantOp>(
        b.getZeroAttr(c.getBody().getArgument(input).getType()));
  if (!isa<MemRefType>(access.memory.getType()))
    return access.memory;
  at = add(at, number(offset));
  if (!stages.isWide(input))
    return b.create<memref::LoadOp>(access.memory, at);
  auto type = VectorType::get(lanes, access.getElementType());
  return loadVector(b, type, access.memory, at, mask);
}

struct EmitWindows : impl::EmitWindowsBase<EmitWindows> {
  using EmitWindowsBase::EmitWindowsBase;

  void runOnOperation() override {
    Cpu cpu{vectorBits, registers};
    replaceFused(getOperation(), hasWindow,
                 [&](linalg::LinalgOp op, const Fusion &fused,
                     ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes) {
                   std::optional<Windows> windows = matchWindows(op, fused, shapes);
                   if (windows)
                     WindowEmitter(std::move(*windows), b, shapes, cpu).emit();
                   return windows.has_value();
                 });
  }
};
} // namespace
} // namespace burin
