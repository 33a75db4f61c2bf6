//===- ExactProducts.cpp - Which products are not rounded -----------------===//

#include "passes/Exec/Dots/ExactProducts.h"
#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/Exec/Constants.h"

using namespace mlir;
using namespace burin;

namespace {
/// Of so many multiplications of floats one may stay exact, if it is with few of the
/// weights: then rows would be rounded for a few columns only, and f32 takes less than
/// twice as long.
constexpr int64_t productsPerExact = 128, weightsPerExact = 1024;

/// What a product of floats by constants takes.
struct Effort {
  int64_t products = 0, weights = 0;

  static Effort of(linalg::LinalgOp op) {
    Effort effort{1, 0};
    for (int64_t size : op.getStaticLoopRanges())
      effort.products *= ShapedType::isDynamic(size) ? 1 : size;
    auto module = op->getParentOfType<ModuleOp>();
    for (Value input : op.getDpsInputs())
      if (memref::GlobalOp global = findGlobal(input, module))
        effort.weights = global.getType().getNumElements();
    return effort;
  }
  Effort operator+(Effort other) const {
    return {products + other.products, weights + other.weights};
  }
  bool isWithin(Effort limit) const {
    return products <= limit.products && weights <= limit.weights;
  }
};

/// Adds the first of `all` that stay within a small part of what all take.
void chooseExact(ArrayRef<linalg::LinalgOp> all, llvm::DenseSet<Operation *> &exact) {
  Effort sum, taken;
  for (linalg::LinalgOp op : all)
    sum = sum + Effort::of(op);
  Effort limit{sum.products / productsPerExact, sum.weights / weightsPerExact};
  for (linalg::LinalgOp op : all) {
    Effort more = taken + Effort::of(op);
    if (!more.isWithin(limit))
      continue;
    taken = more;
    exact.insert(op);
  }
}
} // namespace

llvm::DenseSet<Operation *>
burin::findExactProducts(ModuleOp module, const DotInstruction &instruction) {
  llvm::DenseSet<Operation *> exact;
  for (auto func : module.getOps<func::FuncOp>()) {
    SmallVector<linalg::LinalgOp> products;
    func.walk([&](linalg::LinalgOp op) {
      // What threads do by lines takes more than one of them.
      if (!op->getParentOfType<exec::ParallelOp>() && sumsProducts(op, instruction) &&
          Effort::of(op).weights > 0)
        products.push_back(op);
    });
    chooseExact(products, exact);
  }
  return exact;
}
