//===- Contraction.cpp - Sums of products, recognised ---------------------===//

#include "passes/Exec/Tiles/Contraction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "passes/Exec/Constants.h"
#include "passes/Exec/Loops/IndexEmitter.h"
#include "passes/Exec/Tiles/MicroKernel.h"

using namespace mlir;
using namespace burin;

/// Which input of the body `value` is made from, by casts and the like alone.
static std::optional<unsigned> findSource(Block &body, Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (op->getBlock() != &body || op->getNumOperands() != 1 ||
        !OpTrait::hasElementwiseMappableTraits(op))
      return std::nullopt;
    value = op->getOperand(0);
  }
  auto argument = cast<BlockArgument>(value);
  if (argument.getOwner() != &body || argument.getArgNumber() > 1)
    return std::nullopt;
  return argument.getArgNumber();
}

Value Contraction::getFactor(unsigned i) const {
  Operation *mul = product.getDefiningOp();
  Block &body = op->getRegion(0).front();
  return findSource(body, mul->getOperand(0)) == i ? mul->getOperand(0)
                                                   : mul->getOperand(1);
}

bool Contraction::isPlain(unsigned i) const {
  return !product || isa<BlockArgument>(getFactor(i));
}

Value burin::buildFactor(ImplicitLocOpBuilder &b, const Contraction &contraction,
                         unsigned i, Value loaded) {
  if (contraction.isPlain(i))
    return loaded;
  SmallVector<Operation *> chain;
  Value value = contraction.getFactor(i);
  for (; Operation *op = value.getDefiningOp(); value = op->getOperand(0))
    chain.push_back(op);
  IRMapping mapping;
  mapping.map(value, loaded);
  for (Operation *op : llvm::reverse(chain))
    b.clone(*op, mapping);
  return mapping.lookup(contraction.getFactor(i));
}

Value burin::findProduct(linalg::LinalgOp op, FindInput findInput) {
  auto isAdd = [](Operation *op) { return isa_and_nonnull<arith::AddFOp, arith::AddIOp>(op); };
  auto isMul = [](Operation *op) { return isa_and_nonnull<arith::MulFOp, arith::MulIOp>(op); };
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 || op.getNumReductionLoops() == 0)
    return {};
  Block &body = op->getRegion(0).front();
  Operation *add = body.getTerminator()->getOperand(0).getDefiningOp();
  if (!isAdd(add) || !body.getArgument(2).hasOneUse())
    return {};
  for (int i : {0, 1}) {
    Operation *mul = add->getOperand(i).getDefiningOp();
    if (add->getOperand(1 - i) != body.getArgument(2) || !isMul(mul))
      continue;
    std::optional<unsigned> x = findInput(body, mul->getOperand(0));
    std::optional<unsigned> y = findInput(body, mul->getOperand(1));
    if (x && y && *x != *y)
      return mul->getResult(0);
  }
  return {};
}

bool burin::isSumOfProducts(linalg::LinalgOp op) {
  return bool(findProduct(op, findSource));
}

int64_t Contraction::getRun() const {
  return rows.size() > 1 ? *nn::getStatic(nest.sizes[rows.back()]) : 1;
}

/// Sorts the loops by the operands that they move through.
static bool classify(Contraction &c) {
  for (unsigned d = 0; d < c.nest.getNumLoops(); ++d) {
    bool inLhs = c.getOperand(c.lhs).moves(d), inRhs = c.getOperand(c.rhs).moves(d);
    if (c.nest.isReduction[d])
      c.depth.push_back(d);
    else if (inLhs == inRhs)
      c.batch.push_back(d);
    else
      (inLhs ? c.rows : c.columns).push_back(d);
  }
  return !c.columns.empty() && !c.depth.empty();
}

/// A vector times a matrix has one row, and no loop over rows: it gets one.
static void addRow(Contraction &c, nn::ShapeBuilder &shapes) {
  c.nest.addUnitLoop(shapes);
  for (auto *loops : {&c.batch, &c.columns, &c.depth})
    for (unsigned &d : *loops)
      ++d;
  c.rows.push_back(0);
}

/// Keeps as columns the innermost loops that are one contiguous run of the
/// target; the loops around them are batches. False if none are contiguous.
static bool keepContiguous(Contraction &c, nn::ShapeBuilder &shapes) {
  SmallVector<unsigned> columns;
  OpFoldResult expected = shapes.get(1);
  bool inRun = true;
  for (unsigned d : llvm::reverse(c.columns)) {
    inRun &= nn::areEqual(c.getTarget().coefficients[d], expected);
    (inRun ? columns : c.batch).push_back(d);
    expected = shapes.mul(expected, c.nest.sizes[d]);
  }
  c.columns.assign(columns.rbegin(), columns.rend());
  llvm::sort(c.batch);
  return !c.columns.empty();
}

/// Rows of a panel that has whole runs of `inner`, some for each of some iterations
/// of `outer`; 0 if they are more than the `most` of a tile, or not known.
static int64_t getJoined(const Contraction &c, unsigned outer, unsigned inner,
                         int64_t most) {
  std::optional<int64_t> lines = nn::getStatic(c.nest.sizes[outer]);
  std::optional<int64_t> run = nn::getStatic(c.nest.sizes[inner]);
  if (!lines || !run || *run == 0 || *run > most)
    return 0;
  return getEvenPart(*lines, most / *run) * *run;
}

/// Of several loops of rows one is kept, or two that fill a tile better, as the
/// short lines of a small image do; the others are batches. Beyond the size of a
/// tile the inner one is as good; what is not known, as the batch often is, is
/// likely to be small. Rows an unknown number of elements apart would be copied, under
/// each tap again: no more of them count than of what is not known.
static void keepRows(Contraction &c, const Cpu &cpu) {
  constexpr int64_t unknown = 4;
  if (c.rows.size() < 2)
    return;
  int64_t most = getTile(cpu, c.getType(), ShapedType::kDynamic).rows, best = 0;
  SmallVector<unsigned> kept;
  auto offer = [&](int64_t height, ArrayRef<unsigned> loops) {
    if (height <= best)
      return;
    best = height;
    kept.assign(loops.begin(), loops.end());
  };
  for (unsigned d : llvm::reverse(c.rows)) {
    bool isRead = nn::getStatic(c.getOperand(c.lhs).coefficients[d]).has_value();
    int64_t size = nn::getStatic(c.nest.sizes[d]).value_or(unknown);
    offer(std::min(size, isRead ? most : unknown), {d});
  }
  unsigned inner = c.rows.pop_back_val();
  for (unsigned outer : llvm::reverse(c.rows))
    offer(getJoined(c, outer, inner, most), {outer, inner});
  c.rows.push_back(inner);
  for (unsigned d : c.rows)
    if (!llvm::is_contained(kept, d))
      c.batch.push_back(d);
  c.rows = kept;
  llvm::sort(c.batch);
}

/// The depth as the left operand lies: what is contiguous innermost.
static void sortDepth(Contraction &c) {
  auto getKey = [&](unsigned d) {
    constexpr int64_t unknown = int64_t(1) << 40;
    OpFoldResult stride = c.getOperand(c.lhs).coefficients[d];
    return std::pair(-nn::getStatic(stride).value_or(unknown), d);
  };
  llvm::sort(c.depth, [&](unsigned x, unsigned y) { return getKey(x) < getKey(y); });
}

static bool isConstant(const Contraction &c, unsigned i) {
  return findGlobal(c.getOperand(i).memory, c.op->getParentOfType<ModuleOp>()) != nullptr;
}

/// Too little work to pack operands for.
static bool isSmall(const Contraction &c) {
  auto product = [&](ArrayRef<unsigned> loops) {
    int64_t result = 1;
    for (unsigned d : loops)
      result *= guessSize(c.nest.sizes[d]);
    return result;
  };
  int64_t rows = product(c.rows), columns = product(c.columns);
  int64_t depth = product(c.depth);
  for (unsigned d : c.batch) // Columns are packed once for these.
    if (!c.getOperand(c.rhs).moves(d))
      rows *= product(d);
  // A constant is packed at compile time.
  bool isPacked = isConstant(c, c.rhs);
  return columns < 4 || depth < (isPacked ? 2 : 4) ||
         rows * columns * depth < (isPacked ? 512 : 2048);
}

/// Whether both operands are contiguous along a loop of the depth, and the right one
/// is no constant, which is packed at compile time.
static bool liesAlongDepth(const Contraction &c) {
  bool isContiguous = llvm::any_of(c.depth, [&](unsigned d) {
    return nn::getStatic(c.getOperand(c.lhs).coefficients[d]) == 1 &&
           nn::getStatic(c.getOperand(c.rhs).coefficients[d]) == 1;
  });
  return isContiguous && c.isPlain(c.lhs) && c.isPlain(c.rhs) && !isConstant(c, c.rhs);
}

/// Whether what is fused stores the columns of a constant apart that the buffer of the
/// sums has side by side. The other operand's as columns are packed at run time and
/// may be few: from so many products per sum on it takes less time to transpose
/// afterwards, 1.1 instead of 1.8 ms for 3 x 3 x 64 x 64 on 75 x 20 results on a Zen 4.
static bool scattersColumns(const Contraction &c, const Cpu &cpu) {
  constexpr int64_t leastDepth = 128;
  unsigned column = c.columns.back();
  auto isRun = [&](const LinearAccess &access) {
    return nn::getStatic(access.coefficients[column]) == 1;
  };
  int64_t depth = 1;
  for (unsigned d : c.depth)
    depth *= nn::getStatic(c.nest.sizes[d]).value_or(1);
  int64_t columns = nn::getStatic(c.nest.sizes[column]).value_or(0);
  return depth >= leastDepth && columns >= getTile(cpu, c.getType(), columns).getColumns() &&
         isConstant(c, c.rhs) && isRun(c.getOperand(c.getSums())) && !isRun(c.getTarget());
}

std::optional<Contraction> burin::matchContraction(linalg::LinalgOp op,
                                                   const Fusion &fused,
                                                   nn::ShapeBuilder &shapes,
                                                   const Cpu &cpu) {
  Contraction c;
  c.product = findProduct(op, findSource);
  if (c.product.getType().getIntOrFloatBitWidth() < 32 || !c.take(op, fused, shapes))
    return std::nullopt;
  for (bool swapped : {false, true}) {
    c.lhs = swapped;
    c.rhs = !swapped;
    c.batch.clear(), c.rows.clear(), c.columns.clear(), c.depth.clear();
    if (!classify(c))
      continue;
    if (scattersColumns(c, cpu))
      return std::nullopt;
    if (!keepContiguous(c, shapes) || !c.fitsColumns(c.columns, shapes))
      continue;
    keepRows(c, cpu);
    if (isSmall(c))
      continue;
    // One row of sums over a few taps each, as depthwise convolutions have them,
    // is not worth packing for.
    if (c.rows.empty() && !c.batch.empty())
      continue;
    // Nor is one row along which both operands lie.
    if (c.rows.empty() && liesAlongDepth(c))
      continue;
    if (c.rows.empty())
      addRow(c, shapes);
    sortDepth(c);
    return c;
  }
  return std::nullopt;
}
