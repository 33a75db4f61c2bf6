//===- LineChain.cpp - Convolutions that follow each other by lines -------===//

#include "passes/Exec/Fused/LineChain.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "passes/Exec/Fused/Aliases.h"
#include "passes/Exec/Tiles/Contraction.h"

using namespace mlir;
using namespace burin;

namespace {
MemRefType getType(Value buffer) { return dyn_cast<MemRefType>(buffer.getType()); }

/// The lines of an operand at `line`: loop 1 times a stride, and taps.
std::optional<LineWindow> matchWindow(AffineExpr line, ArrayRef<int64_t> ranges) {
  LineWindow window;
  SmallVector<AffineExpr> terms = {line};
  while (!terms.empty()) {
    AffineExpr term = terms.pop_back_val();
    int64_t factor = 1;
    auto both = dyn_cast<AffineBinaryOpExpr>(term);
    if (both && both.getKind() == AffineExprKind::Add) {
      terms.append({both.getLHS(), both.getRHS()});
      continue;
    }
    if (both && both.getKind() == AffineExprKind::Mul)
      if (auto constant = dyn_cast<AffineConstantExpr>(both.getRHS())) {
        factor = constant.getValue();
        term = both.getLHS();
      }
    auto dim = dyn_cast<AffineDimExpr>(term);
    if (!dim || factor < 1 || dim.getPosition() == 0)
      return std::nullopt;
    if (dim.getPosition() == 1)
      window.stride += factor;
    else if (int64_t range = ranges[dim.getPosition()]; range >= 1)
      window.extent += (range - 1) * factor;
    else
      return std::nullopt;
  }
  if (window.stride == 0)
    return std::nullopt;
  return window;
}

/// The lines that the operand with `map` is used by.
std::optional<LineWindow> matchOperand(Value operand, AffineMap map,
                                       ArrayRef<int64_t> ranges) {
  if (!map.isFunctionOfDim(0) && !map.isFunctionOfDim(1))
    return LineWindow();
  MemRefType type = getType(operand);
  if (!type || map.getNumResults() != 4 || !isa<AffineDimExpr>(map.getResult(0)) ||
      !map.getResult(0).isFunctionOfDim(0) ||
      llvm::any_of(type.getShape().drop_front(), ShapedType::isDynamic))
    return std::nullopt;
  std::optional<LineWindow> window;
  for (unsigned d = 1; d < 4; ++d) {
    AffineExpr at = map.getResult(d);
    if (at.isFunctionOfDim(0) || (window && at.isFunctionOfDim(1)))
      return std::nullopt;
    if (!at.isFunctionOfDim(1))
      continue;
    window = matchWindow(at, ranges);
    if (!window)
      return std::nullopt;
    window->dim = d;
  }
  return window;
}

std::optional<LineStep> matchStep(linalg::LinalgOp op) {
  if (!isa<linalg::GenericOp, linalg::FillOp>(op) || op.getNumDpsInits() != 1 ||
      op.hasIndexSemantics() || op.getNumParallelLoops() != 4)
    return std::nullopt;
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  LineStep step{op, {}};
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    std::optional<LineWindow> window = matchOperand(operand.get(), map, ranges);
    auto identity = AffineMap::getMultiDimIdentityMap(map.getNumDims(), op.getContext());
    if (!window || (op.isDpsInit(&operand) && map != identity.getMajorSubMap(4)))
      return std::nullopt;
    step.windows.push_back(*window);
  }
  return step;
}

bool isElementwise(linalg::LinalgOp op) { return op.getNumReductionLoops() == 0; }

/// The factor that goes by lines, if only one does.
unsigned getMoving(const LineStep &step) { return step.windows[0].isWhole() ? 1 : 0; }

/// Sums of products of lines by weights that are the same for all.
bool isConvolution(const LineStep &step) {
  if (!isSumOfProducts(step.op))
    return false;
  unsigned moving = getMoving(step), weights = 1 - moving;
  return !step.windows[moving].isWhole() && step.windows[weights].isWhole() &&
         step.op->getOperand(weights).getDefiningOp<memref::GetGlobalOp>();
}

/// Sums over channels, each pixel by itself.
bool isPointwise(const LineStep &step) {
  return isConvolution(step) && step.windows[getMoving(step)].isLine();
}

/// But not of 3 lines that follow each other, unless they have the few channels of an
/// image: Winograd's algorithm takes tiles of several lines.
bool takesLines(const LineStep &step) {
  constexpr int64_t fewProducts = 3 * 3 * 4;
  LineWindow window = step.windows[getMoving(step)];
  linalg::LinalgOp op = step.op;
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  return isConvolution(step) &&
         (window.stride != 1 || window.extent != 3 ||
          ShapedType::getNumElements(ArrayRef(ranges).drop_front(4)) <= fewProducts);
}

/// Sums over the taps of a window, each channel by itself.
bool isDepthwise(const LineStep &step) {
  linalg::LinalgOp op = step.op;
  return isSumOfProducts(op) && op.getNumReductionLoops() == 2 &&
         step.windows[0].isWhole() != step.windows[1].isWhole();
}

/// Takes the largest of a window's elements, or something else of them but a sum of
/// products.
bool isPooling(const LineStep &step) {
  return !isElementwise(step.op) && !isSumOfProducts(step.op) &&
         !step.windows[0].isWhole() &&
         llvm::all_of(ArrayRef(step.windows).drop_front().drop_back(),
                      [](const LineWindow &window) { return window.isWhole(); });
}

bool isWindow(const LineStep &step) { return isDepthwise(step) || isPooling(step); }

bool contains(LineGroup &group, Operation *op) {
  return llvm::any_of(group.steps, [&](LineStep &step) { return step.op == op; });
}

class ChainFinder {
public:
  bool find(linalg::LinalgOp op, bool endsWithWindow);

  LineChain chain;

private:
  using Match = function_ref<bool(const LineStep &)>;

  bool takeOp(linalg::LinalgOp op, LineGroup &group);
  bool takeWriters(Value buffer, Operation *reader, LineGroup &group, Match isSum);
  bool takeInterior(Operation *window, LineGroup &group);
  bool takeStart(linalg::LinalgOp sums);
  void takeBefore(const LineStep &window);
  void takeFollower();
  bool mayMove();

  Block *block = nullptr;
};

bool ChainFinder::takeOp(linalg::LinalgOp op, LineGroup &group) {
  std::optional<LineStep> step = matchStep(op);
  if (!step || op->getBlock() != block)
    return false;
  group.steps.push_back(*step);
  return true;
}

/// Takes what writes `buffer` for `reader`, and what calculates that from the sums
/// of an op for which `isSum` holds. False if there is no such op, or if others use
/// these buffers as well.
bool ChainFinder::takeWriters(Value buffer, Operation *reader, LineGroup &group,
                              Match isSum) {
  bool isFound = false;
  for (Operation *user : buffer.getUsers()) {
    if (user == reader || contains(group, user))
      continue;
    auto op = dyn_cast<linalg::LinalgOp>(user);
    if (!op || llvm::is_contained(op.getDpsInputs(), buffer) || !takeOp(op, group))
      return false;
    LineStep step = group.steps.back();
    if (isSum(step)) {
      isFound = true;
      continue;
    }
    if (!isElementwise(op))
      return false;
    for (OpOperand *input : op.getDpsInputOperands()) {
      LineWindow window = step.windows[input->getOperandNumber()];
      if (!window.isLine() && !window.isWhole())
        return false;
      // Not all that it reads need come from the sums.
      LineGroup more = group;
      if (window.isLine() && input->get().getDefiningOp<memref::AllocOp>() &&
          takeWriters(input->get(), op, more, isSum)) {
        isFound = true;
        group = more;
      }
    }
  }
  if (isFound)
    group.buffers.insert(buffer);
  return isFound;
}

/// Takes what writes into the borders that `window` sees around its input.
bool ChainFinder::takeInterior(Operation *window, LineGroup &group) {
  for (Operation *user : chain.input.getUsers()) {
    if (user == window)
      continue;
    auto view = dyn_cast<memref::SubViewOp>(user);
    if (!view || !view->hasOneUse() || !view.hasUnitStride() ||
        !isConstantIntValue(view.getMixedOffsets()[0], 0))
      return false;
    if (auto fill = dyn_cast<linalg::FillOp>(*view->user_begin())) {
      if (chain.border && chain.border != fill.getInputs()[0])
        return false;
      chain.border = fill.getInputs()[0];
      chain.fills.push_back(fill);
      continue;
    }
    SmallVector<OpFoldResult> offsets = view.getMixedOffsets();
    std::optional<int64_t> top = getConstantIntValue(offsets[1]);
    if (chain.interior || !top)
      return false;
    chain.interior = view;
    chain.top = *top;
  }
  if (!chain.interior || !takeWriters(chain.interior, nullptr, group, takesLines))
    return false;
  group.buffers.remove(chain.interior);
  // Nothing of the interior is filled afterwards.
  return llvm::all_of(chain.fills, [&](linalg::FillOp fill) {
    return llvm::all_of(group.steps, [&](LineStep &step) {
      return step.op.getDpsInits()[0] != chain.interior || fill->isBeforeInBlock(step.op);
    });
  });
}

void ChainFinder::takeBefore(const LineStep &window) {
  unsigned moving = getMoving(window);
  chain.window = window.windows[moving];
  chain.input = window.op->getOperand(moving);
  if (!chain.input.getDefiningOp<memref::AllocOp>())
    return;
  LineChain alone = chain;
  if (takeWriters(chain.input, window.op, chain.before, takesLines)) {
    chain.interior = chain.input;
    chain.before.buffers.remove(chain.input);
  } else {
    chain = alone;
    if (!takeInterior(window.op, chain.before))
      chain = alone;
  }
  if (!mayMove())
    chain = alone;
}

/// Takes the op on elements that alone reads the last sums.
void ChainFinder::takeFollower() {
  Operation *follower = nullptr;
  for (Operation *user : chain.result().getUsers()) {
    if (contains(chain.lines, user))
      continue;
    if (follower)
      return;
    follower = user;
  }
  auto op = dyn_cast_or_null<linalg::LinalgOp>(follower);
  LineChain alone = chain;
  Value sums = chain.result();
  if (!op || !sums.getDefiningOp<memref::AllocOp>() || !isElementwise(op) ||
      op.getNumDpsInits() != 1 || op.getDpsInits()[0] == sums || !takeOp(op, chain.lines))
    return;
  chain.lines.buffers.insert(sums);
  auto isUsable = [](LineWindow window) { return window.isLine() || window.isWhole(); };
  if (!llvm::all_of(chain.lines.steps.back().windows, isUsable) || !mayMove())
    chain = alone;
}

/// Whether all may run where the last op is, some lines of each at a time.
bool ChainFinder::mayMove() {
  Operation *last = chain.lines.steps.back().op;
  for (LineGroup *group : {&chain.before, &chain.lines})
    for (LineStep &step : group->steps) {
      if (last->isBeforeInBlock(step.op))
        return false;
      for (Value input : step.op.getDpsInputs()) {
        if (!getType(input) || chain.before.buffers.contains(input) ||
            chain.lines.buffers.contains(input) || input == chain.input)
          continue;
        // Others may still read lines that a block writes over.
        if (mayAlias(input, chain.result()) ||
            (step.op != last && isWrittenBetween(step.op, last, input)))
          return false;
      }
    }
  return true;
}

/// Takes what `op`'s sums start with, which nobody else may read before they are there.
bool ChainFinder::takeStart(linalg::LinalgOp op) {
  Value sums = op.getDpsInits()[0];
  return llvm::all_of(sums.getUsers(), [&](Operation *user) {
    if (user == op)
      return true;
    auto start = dyn_cast<linalg::LinalgOp>(user);
    if (start && start.getDpsInits()[0] == sums)
      return isElementwise(start) && takeOp(start, chain.lines);
    Operation *place = block->findAncestorOpInBlock(*user);
    return !place || !place->isBeforeInBlock(op);
  });
}

bool ChainFinder::find(linalg::LinalgOp op, bool endsWithWindow) {
  block = op->getBlock();
  if (!takeOp(op, chain.lines))
    return false;
  LineStep last = chain.lines.steps[0];
  if (endsWithWindow ? !isWindow(last) : !isPointwise(last))
    return false;
  chain.middle = endsWithWindow ? op.getDpsInits()[0] : op->getOperand(getMoving(last));
  if (!endsWithWindow && (!chain.middle.getDefiningOp<memref::AllocOp>() ||
                          !takeWriters(chain.middle, op, chain.lines, isDepthwise)))
    return false;
  if (!takeStart(op))
    return false;
  auto isBefore = [](const LineStep &a, const LineStep &b) {
    return linalg::LinalgOp(a.op)->isBeforeInBlock(b.op);
  };
  llvm::sort(chain.lines.steps, isBefore);
  if (chain.lines.steps.back().op != op || !mayMove())
    return false;
  takeFollower();
  SmallVector<LineStep> windows;
  llvm::copy_if(chain.lines.steps, std::back_inserter(windows), isWindow);
  if (windows.size() != 1)
    return false;
  takeBefore(windows[0]);
  llvm::sort(chain.before.steps, isBefore);
  return !endsWithWindow || !chain.before.steps.empty();
}

std::optional<LineChain> find(linalg::LinalgOp op, bool endsWithWindow) {
  ChainFinder finder;
  if (!finder.find(op, endsWithWindow))
    return std::nullopt;
  return std::move(finder.chain);
}
} // namespace

std::optional<LineChain> LineChain::findProduct(linalg::LinalgOp op) {
  return find(op, /*endsWithWindow=*/false);
}

std::optional<LineChain> LineChain::findWindow(linalg::LinalgOp op) {
  return find(op, /*endsWithWindow=*/true);
}
