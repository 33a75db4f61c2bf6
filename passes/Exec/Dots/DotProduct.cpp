//===- DotProduct.cpp - Sums of products of small numbers, recognised -----===//

#include "passes/Exec/Dots/DotProduct.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/Exec/Constants.h"
#include "passes/Exec/Tiles/Contraction.h"

using namespace mlir;
using namespace burin;

/// The input of the body that `factor` is an extension of, if it is one of bytes;
/// or one of bf16, or f32 itself.
static std::optional<unsigned> findFactor(Block &body, Value factor, bool isFloat) {
  Operation *op = factor.getDefiningOp();
  if (isFloat ? op && !isa<arith::ExtFOp>(op)
              : !isa_and_nonnull<arith::ExtSIOp, arith::ExtUIOp>(op))
    return std::nullopt;
  auto argument = dyn_cast<BlockArgument>(op ? op->getOperand(0) : factor);
  if (!argument || argument.getOwner() != &body || argument.getArgNumber() > 1)
    return std::nullopt;
  Type type = argument.getType();
  if (!(isFloat ? type.isF32() || type.isBF16() : type.isInteger(8)))
    return std::nullopt;
  return argument.getArgNumber();
}

/// The product that `op` sums up in f32 or i32, if it is one of such factors.
static Operation *findDot(linalg::LinalgOp op, bool isFloat) {
  Value product = findProduct(op, [&](Block &body, Value factor) {
    return findFactor(body, factor, isFloat);
  });
  bool fits = product && (isFloat ? product.getType().isF32() : product.getType().isInteger(32));
  return fits ? product.getDefiningOp() : nullptr;
}

bool burin::sumsProducts(linalg::LinalgOp op, const DotInstruction &instruction) {
  return findDot(op, instruction.isFloat) != nullptr;
}

/// Sorts the loops by the factors they move through. The columns are the one loop
/// of the weights alone; or, depthwise, the one of both, side by side in lhs too.
static bool classify(DotProduct &c, bool depthwise, nn::ShapeBuilder &shapes) {
  SmallVector<unsigned> columns;
  for (unsigned d = 0; d < c.nest.getNumLoops(); ++d) {
    bool inLhs = c.getLhs().moves(d), inWeights = c.getWeights().moves(d);
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
static bool isKnown(DotProduct &c, int64_t deepest, bool depthwise) {
  int64_t depth = 1;
  SmallVector<unsigned> loops = c.depth;
  loops.append(c.batch.begin(), c.batch.end());
  loops.push_back(c.column);
  for (unsigned d : loops)
    if (!nn::getStatic(c.nest.sizes[d]) || !nn::getStatic(c.getWeights().coefficients[d]))
      return false;
  for (unsigned d : c.depth) {
    depth *= *nn::getStatic(c.nest.sizes[d]);
    // Taps of depthwise ones are unrolled.
    if (depthwise && !nn::getStatic(c.getLhs().coefficients[d]))
      return false;
  }
  // What lies closest is innermost, so that rows are read in long runs; lines of an
  // unknown length lie far apart.
  auto getStride = [&](unsigned d) {
    constexpr int64_t unknown = int64_t(1) << 40;
    return nn::getStatic(c.getLhs().coefficients[d]).value_or(unknown);
  };
  llvm::sort(c.depth, [&](unsigned x, unsigned y) {
    return std::pair(-getStride(x), x) < std::pair(-getStride(y), y);
  });
  int64_t columns = *nn::getStatic(c.nest.sizes[c.column]);
  // Rows of floats are rounded before: that must be worth it.
  return depth <= deepest && depth >= (c.isFloat ? 32 : 4) && columns >= (c.isFloat ? 16 : 8);
}

/// A constant that is added to the sums of each column first becomes what they start
/// with.
static void takeBias(DotProduct &c, nn::ShapeBuilder &shapes) {
  if (c.isFloat || !c.finish)
    return;
  for (auto [argument, access] :
       llvm::zip_equal(c.finish->body->getArguments(), c.finish->arguments)) {
    auto add = access && argument.hasOneUse()
                   ? dyn_cast<arith::AddIOp>(*argument.user_begin())
                   : nullptr;
    if (!add)
      continue;
    auto sums = dyn_cast<BlockArgument>(add.getOperand(add.getLhs() == argument ? 1 : 0));
    if (!sums || !sums.hasOneUse() || c.finish->arguments[sums.getArgNumber()])
      continue;
    LinearAccess &from = c.nest.accesses[*access];
    auto isExpected = [&](unsigned d) {
      return nn::getStatic(from.coefficients[d]) == int64_t(d == c.column);
    };
    memref::GlobalOp bias = findGlobal(from.memory, c.op->getParentOfType<ModuleOp>());
    if (!bias || !findStored(bias) || !bias.getType().getElementType().isInteger(32) ||
        !llvm::all_of(llvm::seq(c.nest.getNumLoops()), isExpected))
      continue;
    c.bias = bias;
    OpBuilder &b = shapes.getBuilder();
    Value zero = b.create<arith::ConstantIntOp>(c.op.getLoc(), 0, 32);
    from = {zero, SmallVector<OpFoldResult>(c.nest.getNumLoops(), shapes.get(0))};
    return;
  }
}

static std::optional<DotProduct> match(linalg::LinalgOp op, const Fusion &fused,
                                       nn::ShapeBuilder &shapes, bool depthwise,
                                       bool isFloat) {
  // Rows must fit a thread's stack; the taps of depthwise ones are unrolled.
  int64_t deepest = depthwise ? 64 : 1 << 15;
  Operation *product = findDot(op, isFloat);
  DotProduct loops;
  if (!loops.take(op, fused, shapes))
    return std::nullopt;
  Block &body = op->getRegion(0).front();
  auto module = op->getParentOfType<ModuleOp>();
  for (unsigned lhs : {0, 1}) {
    DotProduct c = loops;
    c.lhs = lhs;
    c.isFloat = isFloat;
    c.weights = findGlobal(c.getWeights().memory, module);
    if (!c.weights || !findStored(c.weights))
      continue;
    if (!isFloat) {
      Operation *first = product->getOperand(0).getDefiningOp();
      Operation *second = product->getOperand(1).getDefiningOp();
      if (findFactor(body, first->getResult(0), isFloat) != lhs)
        std::swap(first, second);
      if (!isa<arith::ExtSIOp>(second))
        continue;
      c.isUnsigned = isa<arith::ExtUIOp>(first);
    }
    if (!classify(c, depthwise, shapes) || !isKnown(c, deepest, depthwise))
      continue;
    takeBias(c, shapes);
    return c;
  }
  return std::nullopt;
}

std::optional<DotProduct> burin::matchDotProduct(linalg::LinalgOp op,
                                                 const Fusion &fused,
                                                 nn::ShapeBuilder &shapes,
                                                 const DotInstruction &instruction) {
  return match(op, fused, shapes, /*depthwise=*/false, instruction.isFloat);
}

std::optional<DotProduct> burin::matchDepthwise(linalg::LinalgOp op,
                                                const Fusion &fused,
                                                nn::ShapeBuilder &shapes) {
  return match(op, fused, shapes, /*depthwise=*/true, /*isFloat=*/false);
}
