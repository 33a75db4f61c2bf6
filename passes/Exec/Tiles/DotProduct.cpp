//===- DotProduct.cpp - Sums of products of bytes, recognised -------------===//

#include "passes/Exec/Tiles/DotProduct.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/Exec/Tiles/Packing.h"

using namespace mlir;
using namespace burin;

/// The input of the body that `factor` is an extension of, if it is one of bytes.
static std::optional<unsigned> findByte(Block &body, Value factor) {
  Operation *op = factor.getDefiningOp();
  if (!isa_and_nonnull<arith::ExtSIOp, arith::ExtUIOp>(op))
    return std::nullopt;
  auto argument = dyn_cast<BlockArgument>(op->getOperand(0));
  if (!argument || argument.getOwner() != &body || argument.getArgNumber() > 1 ||
      !argument.getType().isInteger(8))
    return std::nullopt;
  return argument.getArgNumber();
}

static arith::MulIOp findProduct(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
      op.getNumReductionLoops() == 0)
    return {};
  Block &body = op->getRegion(0).front();
  auto add = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddIOp>();
  if (!add || !add.getType().isInteger(32))
    return {};
  for (int i : {0, 1}) {
    auto mul = add->getOperand(i).getDefiningOp<arith::MulIOp>();
    if (!mul || add->getOperand(1 - i) != body.getArgument(2) ||
        !body.getArgument(2).hasOneUse())
      continue;
    std::optional<unsigned> x = findByte(body, mul.getLhs());
    std::optional<unsigned> y = findByte(body, mul.getRhs());
    if (x && y && *x != *y)
      return mul;
  }
  return {};
}

bool burin::sumsBytes(linalg::LinalgOp op) { return bool(findProduct(op)); }

bool burin::startsFromZero(const Fusion &fused) {
  linalg::LinalgOp start = fused.start;
  linalg::FillOp fill;
  if (start)
    fill = dyn_cast<linalg::FillOp>(start.getOperation());
  return fill && isConstantIntValue(fill.getInputs()[0], 0);
}

/// Adds what `finish` reads and writes to the nest of the sums, in their loops.
static bool addFinish(DotProduct &c, nn::ShapeBuilder &shapes) {
  std::optional<LoopNest> nest = getLoopNest(c.finish, shapes);
  if (!nest)
    return false;
  AffineMap from = c.op.getMatchingIndexingMap(c.op.getDpsInitOperand(0));
  AffineMap to = c.finish.getMatchingIndexingMap(&c.finish->getOpOperand(c.operand));
  c.nest.accesses.pop_back();
  for (auto [i, access] : llvm::enumerate(nest->accesses)) {
    if (i == c.operand)
      continue;
    SmallVector<OpFoldResult> own = access.coefficients;
    access.coefficients.assign(c.nest.getNumLoops(), shapes.get(0));
    for (auto [sum, element] : llvm::zip_equal(from.getResults(), to.getResults()))
      access.coefficients[cast<AffineDimExpr>(sum).getPosition()] =
          own[cast<AffineDimExpr>(element).getPosition()];
    c.nest.accesses.push_back(access);
  }
  return true;
}

static bool isZero(OpFoldResult c) { return nn::getStatic(c) == 0; }

/// Whether the columns lie side by side in what is written, and in what is read
/// for them.
static bool hasContiguousColumns(const DotProduct &c) {
  if (nn::getStatic(c.getOutput().coefficients[c.column]) != 1)
    return false;
  for (size_t i = 2; i < c.nest.accesses.size(); ++i) {
    std::optional<int64_t> step = nn::getStatic(c.nest.accesses[i].coefficients[c.column]);
    if (isa<MemRefType>(c.nest.accesses[i].memory.getType()) && step != 0 && step != 1)
      return false;
  }
  return true;
}

/// Sorts the loops by the factors they move through. The columns are the one loop
/// of the weights alone; or, depthwise, the one of both, side by side in lhs too.
static bool classify(DotProduct &c, bool depthwise) {
  SmallVector<unsigned> columns;
  for (unsigned d = 0; d < c.nest.getNumLoops(); ++d) {
    bool inLhs = !isZero(c.getLhs().coefficients[d]);
    bool inWeights = !isZero(c.getWeights().coefficients[d]);
    if (c.nest.isReduction[d])
      c.depth.push_back(d);
    else if (inLhs && !inWeights)
      c.rows.push_back(d);
    else if (inWeights && inLhs == depthwise)
      columns.push_back(d);
    else
      c.batch.push_back(d);
  }
  if (columns.size() != 1)
    return false;
  c.column = columns[0];
  if (depthwise && (!c.batch.empty() ||
                    nn::getStatic(c.getLhs().coefficients[c.column]) != 1))
    return false;
  return hasContiguousColumns(c);
}

/// Whether all that is packed at compile time is known, and neither too much nor
/// too little.
static bool isKnown(DotProduct &c, int64_t deepest) {
  int64_t depth = 1;
  SmallVector<unsigned> loops = c.depth;
  loops.append(c.batch.begin(), c.batch.end());
  loops.push_back(c.column);
  for (unsigned d : loops)
    if (!nn::getStatic(c.nest.sizes[d]) || !nn::getStatic(c.getWeights().coefficients[d]))
      return false;
  for (unsigned d : c.depth) {
    depth *= *nn::getStatic(c.nest.sizes[d]);
    if (!nn::getStatic(c.getLhs().coefficients[d]))
      return false;
  }
  // What lies closest is innermost, so that rows are read in long runs.
  llvm::sort(c.depth, [&](unsigned x, unsigned y) {
    int64_t dx = *nn::getStatic(c.getLhs().coefficients[x]);
    int64_t dy = *nn::getStatic(c.getLhs().coefficients[y]);
    return std::pair(-dx, x) < std::pair(-dy, y);
  });
  int64_t columns = *nn::getStatic(c.nest.sizes[c.column]);
  return depth <= deepest && depth >= 4 && columns >= 8;
}

static std::optional<DotProduct> build(linalg::LinalgOp op,
                                       linalg::LinalgOp finish, unsigned operand,
                                       nn::ShapeBuilder &shapes, bool depthwise) {
  // Rows must fit a thread's stack; the taps of depthwise ones are unrolled.
  int64_t deepest = depthwise ? 64 : 1 << 15;
  arith::MulIOp product = findProduct(op);
  std::optional<LoopNest> nest = getLoopNest(op, shapes);
  if (!nest || (finish && finish.payloadUsesValueFromOperand(finish.getDpsInitOperand(0))))
    return std::nullopt;
  Block &body = op->getRegion(0).front();
  auto module = op->getParentOfType<ModuleOp>();
  for (unsigned lhs : {0, 1}) {
    DotProduct c;
    c.nest = *nest;
    c.lhs = lhs;
    c.op = op;
    c.finish = finish;
    c.operand = operand;
    Operation *first = product.getLhs().getDefiningOp();
    Operation *second = product.getRhs().getDefiningOp();
    if (findByte(body, product.getLhs()) != lhs)
      std::swap(first, second);
    c.weights = findGlobal(c.getWeights().memory, module);
    if (!c.weights || getBytes(c.weights).empty() || !isa<arith::ExtSIOp>(second))
      continue;
    c.isUnsigned = isa<arith::ExtUIOp>(first);
    if (finish && !addFinish(c, shapes))
      continue;
    c.nest.simplify(shapes);
    if (classify(c, depthwise) && isKnown(c, deepest))
      return c;
  }
  return std::nullopt;
}

static std::optional<DotProduct> match(linalg::LinalgOp op,
                                       linalg::LinalgOp finish, unsigned operand,
                                       nn::ShapeBuilder &shapes, bool depthwise) {
  OpBuilder &b = shapes.getBuilder();
  Operation *place = &*b.getInsertionPoint(), *before = place->getPrevNode();
  std::optional<DotProduct> product = build(op, finish, operand, shapes, depthwise);
  // What was built in vain would be taken for another reader of the sums.
  while (!product && place->getPrevNode() != before)
    place->getPrevNode()->erase();
  return product;
}

std::optional<DotProduct> burin::matchDotProduct(linalg::LinalgOp op,
                                                 linalg::LinalgOp finish,
                                                 unsigned operand,
                                                 nn::ShapeBuilder &shapes) {
  return match(op, finish, operand, shapes, /*depthwise=*/false);
}

std::optional<DotProduct> burin::matchDepthwise(linalg::LinalgOp op,
                                                linalg::LinalgOp finish,
                                                unsigned operand,
                                                nn::ShapeBuilder &shapes) {
  return match(op, finish, operand, shapes, /*depthwise=*/true);
}
