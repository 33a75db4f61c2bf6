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

static bool isZero(OpFoldResult c) { return nn::getStatic(c) == 0; }

/// Sorts the loops by the factors they move through. The columns are the one loop
/// of the weights alone; or, depthwise, the one of both, side by side in lhs too.
static bool classify(DotProduct &c, bool depthwise, nn::ShapeBuilder &shapes) {
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
  return c.fitsColumns(c.column, shapes);
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

static std::optional<DotProduct> match(linalg::LinalgOp op, const Fusion &fused,
                                       nn::ShapeBuilder &shapes, bool depthwise) {
  // Rows must fit a thread's stack; the taps of depthwise ones are unrolled.
  int64_t deepest = depthwise ? 64 : 1 << 15;
  arith::MulIOp product = findProduct(op);
  DotProduct loops;
  if (!loops.take(op, fused, shapes))
    return std::nullopt;
  Block &body = op->getRegion(0).front();
  auto module = op->getParentOfType<ModuleOp>();
  for (unsigned lhs : {0, 1}) {
    DotProduct c = loops;
    c.lhs = lhs;
    Operation *first = product.getLhs().getDefiningOp();
    Operation *second = product.getRhs().getDefiningOp();
    if (findByte(body, product.getLhs()) != lhs)
      std::swap(first, second);
    c.weights = findGlobal(c.getWeights().memory, module);
    if (!c.weights || getBytes(c.weights).empty() || !isa<arith::ExtSIOp>(second))
      continue;
    c.isUnsigned = isa<arith::ExtUIOp>(first);
    if (classify(c, depthwise, shapes) && isKnown(c, deepest))
      return c;
  }
  return std::nullopt;
}

std::optional<DotProduct> burin::matchDotProduct(linalg::LinalgOp op,
                                                 const Fusion &fused,
                                                 nn::ShapeBuilder &shapes) {
  return match(op, fused, shapes, /*depthwise=*/false);
}

std::optional<DotProduct> burin::matchDepthwise(linalg::LinalgOp op,
                                                const Fusion &fused,
                                                nn::ShapeBuilder &shapes) {
  return match(op, fused, shapes, /*depthwise=*/true);
}
