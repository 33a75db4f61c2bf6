//===- OperandCopy.cpp - Left operands whose rows collide -----------------===//

#include "passes/Exec/Tiles/OperandCopy.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Loops/IndexEmitter.h"

using namespace mlir;
using namespace burin;

namespace {
class OperandCopier : IndexEmitter {
public:
  OperandCopier(ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes, const Contraction &c,
                const ContractionPlan &plan)
      : IndexEmitter(b, &shapes), c(c), plan(plan), shapes(shapes),
        access(c.getOperand(c.lhs)), lanes(plan.tile.lanes) {}

  Value copyRows() {
    OpFoldResult rows = shapes.mul(c.getSize(shapes, plan.left.batch), plan.rows.rows);
    return copyRuns(rows, *nn::getStatic(plan.depth), plan.pitch, [&](Value i) {
      auto [flat, row] = split(i, value(plan.rows.rows));
      Index index(c.nest.getNumLoops());
      split(flat, plan.left.batch, c.nest, index);
      index[c.rows[0]] = row;
      return getAddress(access, index);
    });
  }

  LinearAccess copyPixels() {
    int64_t size = *nn::getStatic(c.nest.sizes[c.depth.back()]);
    LinearAccess copy = access;
    OpFoldResult count = shapes.get(1), isRead = shapes.get(1);
    for (auto [d, coefficient] : llvm::enumerate(copy.coefficients)) {
      int64_t pixels = *nn::getStatic(coefficient) / size;
      OpFoldResult last = shapes.sub(c.nest.sizes[d], shapes.get(1));
      count = shapes.add(count, shapes.mul(last, shapes.get(pixels)));
      isRead = shapes.mul(isRead, shapes.min(c.nest.sizes[d], shapes.get(1)));
      if (d != c.depth.back())
        coefficient = shapes.get(pixels * plan.pixelPitch);
    }
    // Where a loop has no iterations, there may be nothing to copy at all.
    copy.memory = copyRuns(shapes.mul(count, isRead), size, plan.pixelPitch,
                           [&](Value i) { return mul(i, number(size)); });
    return copy;
  }

private:
  /// `count` runs of `size` elements each, from where `getStart` says to `pitch` apart.
  Value copyRuns(OpFoldResult count, int64_t size, int64_t pitch,
                 function_ref<Value(Value)> getStart) {
    Value copy = createBuffer(b, mul(value(count), number(pitch)), c.getType());
    auto type = VectorType::get(lanes, c.getType());
    emitRange(value(count), getGrain(size * workPerMoved, lanes), [&](Value i) {
      Value from = getStart(i), to = mul(i, number(pitch));
      auto emitVector = [&](Value k) {
        Value part = b.create<vector::LoadOp>(type, access.memory, add(from, k));
        b.create<vector::StoreOp>(part, copy, add(to, k));
      };
      emitLoop(number(0), number(size / lanes * lanes), lanes, emitVector);
      if (size % lanes != 0)
        emitVector(number(size - lanes));
    });
    return copy;
  }

  const Contraction &c;
  const ContractionPlan &plan;
  nn::ShapeBuilder &shapes;
  const LinearAccess &access;
  int64_t lanes;
};
} // namespace

Value burin::copyRows(ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                      const Contraction &c, const ContractionPlan &plan) {
  return OperandCopier(b, shapes, c, plan).copyRows();
}

bool burin::hasPixels(const Contraction &c, int64_t lanes) {
  std::optional<int64_t> size = nn::getStatic(c.nest.sizes[c.depth.back()]);
  if (!size || *size < lanes)
    return false;
  double pixels = 1, reads = 1;
  for (auto [d, coefficient] : llvm::enumerate(c.getOperand(c.lhs).coefficients)) {
    std::optional<int64_t> known = nn::getStatic(coefficient);
    if (!known || *known < 0 || (d != c.depth.back() && *known % *size != 0))
      return false;
    if (*known == 0 || d == c.depth.back())
      continue;
    double count = guessSize(c.nest.sizes[d]);
    pixels += (count - 1) * double(*known / *size);
    reads *= count;
  }
  return pixels <= reads;
}

LinearAccess burin::copyPixels(ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                               const Contraction &c, const ContractionPlan &plan) {
  return OperandCopier(b, shapes, c, plan).copyPixels();
}
