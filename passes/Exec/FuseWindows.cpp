//===- FuseWindows.cpp - Windows right after what they see ----------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "passes/Exec/Cpu.h"
#include "passes/Exec/Fused/LineChain.h"
#include "passes/Exec/Loops/IndexEmitter.h"
#include "passes/Exec/Passes.h"
#include "passes/Exec/Tiles/Packing.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_FUSEWINDOWS
#include "passes/Exec/Passes.h.inc"

namespace {
/// Bytes of the lines that a block is calculated in: they stay in the cache.
constexpr int64_t maxBlock = secondLevelCache / 2;
/// Bytes of all lines on a thread's stack, where no op is fused with the next.
constexpr int64_t maxScratch = 512 << 10;
/// Bytes of weights that each line reads again.
constexpr int64_t maxWeights = secondLevelCache / 4;
/// Of so many lines that a task calculates one may be calculated by another task too.
constexpr int64_t minReuse = 7;

ArrayRef<int64_t> getShape(Value buffer) {
  return cast<MemRefType>(buffer.getType()).getShape();
}

/// Of a part of `buffer` that has its dimensions from number `first` on.
int64_t getBytes(Value buffer, int64_t first = 0) {
  int64_t each = cast<MemRefType>(buffer.getType()).getElementTypeBitWidth() / 8;
  return ShapedType::getNumElements(getShape(buffer).drop_front(first)) * each;
}

/// Of a line of each buffer of `group`.
int64_t getLineBytes(LineGroup &group) {
  int64_t bytes = 0;
  for (Value buffer : group.buffers)
    bytes += getBytes(buffer, 2);
  return bytes;
}

/// The factors of a line of sums side by side, if they are copied to be read.
int64_t getFactorBytes(LineGroup &group) {
  int64_t most = 0;
  for (LineStep &step : group.steps) {
    SmallVector<int64_t> ranges = step.op.getStaticLoopRanges();
    auto reductions = ArrayRef(ranges).drop_front(4);
    auto type = cast<MemRefType>(step.op.getDpsInits()[0].getType());
    int64_t count = ranges[2] * ShapedType::getNumElements(reductions);
    most = std::max(most, count * type.getElementTypeBitWidth() / 8);
  }
  return most;
}

/// Whether each of the group's constants stays in the cache from line to line.
bool hasSmallWeights(LineGroup &group) {
  return llvm::all_of(group.steps, [](LineStep &step) {
    return llvm::all_of(step.op.getDpsInputs(), [](Value input) {
      return !input.getDefiningOp<memref::GetGlobalOp>() ||
             getBytes(input) <= maxWeights;
    });
  });
}

/// How a chain is cut into blocks of lines.
struct Blocks {
  static std::optional<Blocks> find(LineChain &chain);

  /// Lines of the input that a block needs, and those of them that the next one
  /// needs as well.
  int64_t getInputLines() const { return (lines - 1) * window.stride + window.extent; }
  int64_t getShared() const { return std::max<int64_t>(0, window.extent - window.stride); }
  /// Lines by which the next block's are further down.
  int64_t getStep() const { return lines * window.stride; }
  /// Those of the blocks that go down the scratch before the next one starts at its top.
  int64_t getScratchLines() const { return getInputLines() + (places - 1) * getStep(); }
  int64_t getCount() const { return height / lines; }
  /// Whether two threads share an image alike.
  bool isEven() const { return getCount() % 2 == 0; }
  void setGrain();

  LineWindow window;
  int64_t height = 0; ///< Lines of an image.
  int64_t lines = 0;  ///< Of a block: they divide those.
  int64_t grain = 1;  ///< Blocks of a task at least.
  int64_t places = 1; ///< Of a block's lines in the scratch.
};

std::optional<Blocks> Blocks::find(LineChain &chain) {
  bool hasBefore = !chain.before.steps.empty();
  // What is smaller the cache keeps by itself.
  Value largest = hasBefore ? chain.input : chain.middle;
  auto type = cast<MemRefType>(largest.getType());
  if (!type.getElementType().isF32() || getBytes(largest, 1) < secondLevelCache ||
      !hasSmallWeights(chain.lines) || !hasSmallWeights(chain.before))
    return std::nullopt;
  int64_t height = getShape(chain.middle)[1];
  bool stays = chain.lines.buffers.contains(chain.middle);
  int64_t kept = stays ? getBytes(chain.middle, 2) : 0;
  int64_t factors = getFactorBytes(chain.before);
  std::optional<Blocks> best;
  for (int64_t lines = 1; lines <= height; ++lines) {
    Blocks blocks{chain.window, height, lines};
    int64_t seen = getBytes(chain.input, 2) * blocks.getInputLines();
    int64_t scratch = getLineBytes(chain.lines) * lines +
                      (hasBefore ? seen + getLineBytes(chain.before) + factors : 0);
    if (height % lines == 0 && scratch <= maxScratch &&
        kept * lines + seen <= maxBlock &&
        blocks.getShared() <= blocks.getStep() &&
        (!best || blocks.isEven() || !best->isEven())) {
      best = blocks;
      if (hasBefore) {
        int64_t each = getBytes(chain.input, 2) * blocks.getStep();
        best->places += std::min((maxScratch - scratch) / each, blocks.getCount() - 1);
      }
    }
  }
  if (best && hasBefore)
    best->setGrain();
  return best;
}

/// The least with few lines that are calculated twice, if possible such that two
/// threads share an image alike.
void Blocks::setGrain() {
  int64_t half = std::max<int64_t>(1, getCount() / 2);
  int64_t reuse = llvm::divideCeil(minReuse * getShared(), getStep());
  int64_t least = std::clamp<int64_t>(reuse, 1, half);
  for (grain = least; grain <= half; ++grain)
    if (getCount() % (2 * grain) == 0)
      return;
  grain = least;
}

class ChainEmitter : IndexEmitter {
public:
  ChainEmitter(LineChain &chain, const Blocks &blocks, ImplicitLocOpBuilder &b)
      : IndexEmitter(b), chain(chain), blocks(blocks) {}

  void emit(int64_t lanes);

private:
  Value getLines(Value buffer, Value image, Value first, int64_t lines, unsigned dim = 1);
  void emitSteps(LineGroup &group, Value image, Value line, int64_t lines);
  void emitFill(Value buffer);
  void emitSides();
  Value createLines(Value buffer, int64_t lines);
  void createScratch(LineGroup &group, int64_t lines);
  void emitInput(Value image, Value line, Value place, Value goesOn);
  int64_t getWork();

  LineChain &chain;
  const Blocks &blocks;
  DenseMap<Value, Value> scratch;
  Value input; ///< Lines of the input for some blocks, if they are calculated.
};

/// Of lines [`first`, `first` + `lines`) of an image, along dimension `dim`.
Value ChainEmitter::getLines(Value buffer, Value image, Value first, int64_t lines,
                             unsigned dim) {
  SmallVector<OpFoldResult> offsets(4, b.getIndexAttr(0)), strides(4, b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(b.getContext(), getShape(buffer));
  offsets[0] = getAsOpFoldResult(image), offsets[dim] = getAsOpFoldResult(first);
  sizes[0] = b.getIndexAttr(1), sizes[dim] = b.getIndexAttr(lines);
  return b.create<memref::SubViewOp>(buffer, offsets, sizes, strides);
}

/// Calculates `lines` lines of the group's result.
void ChainEmitter::emitSteps(LineGroup &group, Value image, Value line, int64_t lines) {
  DenseMap<Value, Value> views; // Ops are fused with each other if they use the same.
  for (LineStep &step : group.steps) {
    b.setLoc(step.op.getLoc());
    SmallVector<Value> operands(step.op->getOperands());
    for (auto [operand, window] : llvm::zip(operands, step.windows)) {
      Value own = scratch.lookup(operand);
      Value view = own || !window.isLine() ? own : views.lookup(operand);
      if (!view && !window.isWhole())
        view = getLines(operand, image, mul(line, number(window.stride)),
                        (lines - 1) * window.stride + window.extent, window.dim);
      if (window.isLine())
        views[operand] = view;
      if (view)
        operand = view;
    }
    mlir::clone(b, step.op, TypeRange(), operands)->setLoc(step.op.getLoc());
  }
}

void ChainEmitter::emitFill(Value buffer) {
  b.create<linalg::FillOp>(chain.border, buffer);
}

/// Fills what lies to the left and to the right of the interior, for all lines to come.
void ChainEmitter::emitSides() {
  auto view = chain.interior.getDefiningOp<memref::SubViewOp>();
  std::optional<int64_t> left = getConstantIntValue(view.getMixedOffsets()[2]);
  ArrayRef<int64_t> inner = getShape(view), all = getShape(input);
  if (!left || inner[3] != all[3])
    return emitFill(input);
  auto fill = [&](int64_t first, int64_t last) {
    if (first == last)
      return;
    int64_t offsets[] = {0, 0, first, 0}, sizes[] = {1, all[1], last - first, all[3]};
    emitFill(b.create<memref::SubViewOp>(input, offsets, sizes, ArrayRef<int64_t>{1, 1, 1, 1}));
  };
  fill(0, *left);
  fill(*left + inner[2], all[2]);
}

/// A place for `lines` lines of `buffer`.
Value ChainEmitter::createLines(Value buffer, int64_t lines) {
  SmallVector<int64_t> shape(getShape(buffer));
  shape[0] = 1, shape[1] = lines;
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  return createStackBuffer(b, MemRefType::get(shape, element));
}

void ChainEmitter::createScratch(LineGroup &group, int64_t lines) {
  for (Value buffer : group.buffers)
    scratch[buffer] = createLines(buffer, lines);
}

/// Calculates the lines of the input for the block from `line` on, whose lines are at
/// `place`; if it `goesOn` where the one before it ended, but for those that this has
/// left.
void ChainEmitter::emitInput(Value image, Value line, Value place, Value goesOn) {
  Value zero = number(0), from = zero;
  int64_t shared = blocks.getShared(), all = blocks.getInputLines();
  if (shared > 0) {
    Value isMoved = b.create<arith::AndIOp>(goesOn, isEqual(place, zero));
    Value last = number(blocks.getScratchLines() - shared);
    emitIf(isMoved, [&] {
      b.create<memref::CopyOp>(getLines(input, zero, last, shared),
                               getLines(input, zero, zero, shared));
    });
    from = b.create<arith::SelectOp>(goesOn, number(shared), zero);
  }
  ArrayRef<int64_t> interior = getShape(chain.interior);
  emitLoop(from, number(all), 1, [&](Value i) {
    Value row = getLines(input, zero, add(place, i), 1);
    // Wraps around above the interior.
    Value inside = sub(add(mul(line, number(blocks.window.stride)), i), number(chain.top));
    auto emitLine = [&] {
      if (chain.interior == chain.input) {
        scratch[chain.interior] = row;
      } else {
        auto view = chain.interior.getDefiningOp<memref::SubViewOp>();
        SmallVector<OpFoldResult> offsets = view.getMixedOffsets(),
                                  sizes = view.getMixedSizes();
        offsets[1] = b.getIndexAttr(0);
        sizes[0] = sizes[1] = b.getIndexAttr(1);
        scratch[chain.interior] = b.create<memref::SubViewOp>(row, offsets, sizes,
                                                             view.getMixedStrides());
      }
      emitSteps(chain.before, image, inside, 1);
      scratch.erase(chain.interior);
    };
    if (!chain.border)
      return emitLine();
    Value isInside = b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, inside,
                                             number(interior[1]));
    emitIf(isInside, emitLine, [&] { emitFill(row); });
  });
}

/// Of a block.
int64_t ChainEmitter::getWork() {
  int64_t work = 0;
  for (LineGroup *group : {&chain.before, &chain.lines})
    for (LineStep &step : group->steps) {
      SmallVector<int64_t> ranges = step.op.getStaticLoopRanges();
      work += ShapedType::getNumElements(ArrayRef(ranges).drop_front(2)) * blocks.lines;
    }
  return work;
}

void ChainEmitter::emit(int64_t lanes) {
  Value images = b.create<memref::DimOp>(chain.result(), 0);
  Value perImage = number(blocks.getCount());
  int64_t grain = std::max(blocks.grain, getGrain(getWork(), lanes));
  emitRanges(mul(images, perImage), grain, [&](Value lower, Value upper) {
    createScratch(chain.lines, blocks.lines);
    if (!chain.before.steps.empty()) {
      createScratch(chain.before, 1);
      input = createLines(chain.input, blocks.getScratchLines());
      if (chain.border)
        emitSides();
    }
    emitLoop(lower, upper, 1, [&](Value block) {
      auto [image, part] = split(block, perImage);
      Value line = mul(part, number(blocks.lines));
      if (input) {
        Value goesOn = b.create<arith::AndIOp>(isNotEqual(block, lower),
                                               isNotEqual(part, number(0)));
        Value place = mul(rem(sub(block, lower), number(blocks.places)),
                          number(blocks.getStep()));
        emitInput(image, line, place, goesOn);
        scratch[chain.input] = getLines(input, number(0), place, blocks.getInputLines());
      }
      emitSteps(chain.lines, image, line, blocks.lines);
    });
  });
}

void erase(LineChain &chain) {
  for (LineGroup *group : {&chain.lines, &chain.before}) {
    for (LineStep &step : llvm::reverse(group->steps))
      step.op->erase();
    for (Value buffer : group->buffers)
      buffer.getDefiningOp()->erase();
  }
  if (chain.before.steps.empty())
    return;
  for (linalg::FillOp fill : chain.fills)
    fill->erase();
  for (Operation *view : llvm::make_early_inc_range(chain.input.getUsers()))
    view->erase();
  chain.input.getDefiningOp()->erase();
}

struct FuseWindows : impl::FuseWindowsBase<FuseWindows> {
  using FuseWindowsBase::FuseWindowsBase;

  void runOnOperation() override {
    SmallVector<linalg::GenericOp> sums;
    getOperation()->walk([&](linalg::GenericOp op) {
      if (op.getNumReductionLoops() > 0)
        sums.push_back(op);
    });
    for (linalg::GenericOp op : sums)
      if (!gone.contains(op))
        if (auto chain = LineChain::findProduct(op); chain && !fuse(*chain)) {
          chain->before = {};
          fuse(*chain);
        }
    // What no product took with it may follow a convolution itself.
    for (linalg::GenericOp op : sums)
      if (!gone.contains(op))
        if (auto chain = LineChain::findWindow(op))
          fuse(*chain);
  }

private:
  bool fuse(LineChain &chain);

  llvm::SmallPtrSet<Operation *, 16> gone;
};

bool FuseWindows::fuse(LineChain &chain) {
  std::optional<Blocks> blocks = Blocks::find(chain);
  if (!blocks)
    return false;
  linalg::LinalgOp last = chain.lines.steps.back().op;
  ImplicitLocOpBuilder b(last.getLoc(), last);
  ChainEmitter(chain, *blocks, b).emit(vectorBits / 32);
  for (LineGroup *group : {&chain.before, &chain.lines})
    for (LineStep &step : group->steps)
      gone.insert(step.op);
  erase(chain);
  return true;
}
} // namespace
} // namespace burin
