//===- ShapeRules.cpp - Rules that shapes and lowerings share -------------===//

#include "dialects/NN/Shapes/ShapeRules.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SmallBitVector.h"
#include "llvm/Support/CheckedArithmetic.h"
#include <numeric>

using namespace mlir;
using namespace burin::nn;

/// Expressions are shallow; those that are not count as unknown.
static constexpr int maxDepth = 16;

static bool isNonNegative(OpFoldResult size, int depth) {
  if (std::optional<int64_t> number = getStatic(size))
    return *number >= 0;
  Operation *op = cast<Value>(size).getDefiningOp();
  if (!op || depth == 0)
    return false;
  auto operand = [&](unsigned i) {
    return isNonNegative(getAsOpFoldResult(op->getOperand(i)), depth - 1);
  };
  if (isa<tensor::DimOp, arith::IndexCastUIOp>(op))
    return true;
  if (isa<arith::AddIOp, arith::MulIOp, arith::FloorDivSIOp, arith::DivSIOp,
          arith::MinSIOp>(op))
    return operand(0) && operand(1);
  if (isa<arith::MaxSIOp>(op))
    return operand(0) || operand(1);
  if (isa<arith::SelectOp>(op))
    return operand(1) && operand(2);
  return false;
}

bool burin::nn::isNonNegative(OpFoldResult size) {
  return ::isNonNegative(size, maxDepth);
}

OpFoldResult burin::nn::clampToSize(ShapeBuilder &shapes, OpFoldResult size) {
  return isNonNegative(size) ? size : shapes.max(size, shapes.get(0));
}

namespace {
/// A product of sizes, taken apart.
struct Factors {
  int64_t constant = 1;
  SmallVector<Value> symbols;
  bool overflows = false;

  void add(OpFoldResult size, int depth = maxDepth) {
    if (std::optional<int64_t> number = getStatic(size)) {
      std::optional<int64_t> product = llvm::checkedMul(constant, *number);
      overflows |= !product;
      constant = product.value_or(0);
      return;
    }
    auto value = cast<Value>(size);
    auto product = value.getDefiningOp<arith::MulIOp>();
    if (!product || depth == 0) {
      symbols.push_back(value);
      return;
    }
    add(getAsOpFoldResult(product.getLhs()), depth - 1);
    add(getAsOpFoldResult(product.getRhs()), depth - 1);
  }

  OpFoldResult getProduct(ShapeBuilder &shapes) const {
    OpFoldResult product = shapes.get(constant);
    for (Value symbol : symbols)
      product = shapes.mul(product, symbol);
    return product;
  }
};

/// Takes equal symbols out of both.
void cancel(Factors &a, Factors &b) {
  for (auto symbol = a.symbols.begin(); symbol != a.symbols.end();) {
    auto same = llvm::find(b.symbols, *symbol);
    if (same == b.symbols.end()) {
      ++symbol;
      continue;
    }
    b.symbols.erase(same);
    symbol = a.symbols.erase(symbol);
  }
}

/// The factors of both without whole sizes that are equal, 0 included.
std::pair<Factors, Factors> getReduced(ArrayRef<OpFoldResult> a,
                                       ArrayRef<OpFoldResult> b) {
  SmallVector<OpFoldResult> rest(b);
  Factors x, y;
  for (OpFoldResult size : a) {
    auto same = llvm::find_if(
        rest, [&](OpFoldResult other) { return areEqual(size, other); });
    if (same == rest.end())
      x.add(size);
    else
      rest.erase(same);
  }
  for (OpFoldResult size : rest)
    y.add(size);
  cancel(x, y);
  return {x, y};
}
} // namespace

OpFoldResult burin::nn::divideProducts(ShapeBuilder &shapes,
                                       ArrayRef<OpFoldResult> a,
                                       ArrayRef<OpFoldResult> b) {
  auto [x, y] = getReduced(a, b);
  if (x.overflows || y.overflows)
    return shapes.get(0);
  if (int64_t common = std::gcd(x.constant, y.constant)) {
    x.constant /= common;
    y.constant /= common;
  }
  return shapes.floorDiv(x.getProduct(shapes), y.getProduct(shapes));
}

bool burin::nn::areProductsEqual(ShapeBuilder &shapes, ArrayRef<OpFoldResult> a,
                                 ArrayRef<OpFoldResult> b) {
  auto [x, y] = getReduced(a, b);
  if (x.overflows || y.overflows)
    return false;
  if (x.symbols.empty() && y.symbols.empty())
    return x.constant == y.constant;
  return x.constant == 0 && y.constant == 0;
}

OpFoldResult burin::nn::wrapIndex(ShapeBuilder &shapes, OpFoldResult index,
                                  OpFoldResult size) {
  if (isNonNegative(index))
    return index;
  OpFoldResult fromEnd = shapes.add(index, size);
  return shapes.selectLess(index, shapes.get(0), fromEnd, index);
}

/// What exporters write for "to the end": no dimension is that large.
static bool isEndless(OpFoldResult bound) {
  std::optional<int64_t> number = getStatic(bound);
  return number && (*number == INT32_MAX || *number >= int64_t(1) << 40);
}

/// `bound` in [0, size].
static OpFoldResult clampForward(ShapeBuilder &shapes, OpFoldResult bound,
                                 OpFoldResult size) {
  if (isEndless(bound))
    return size;
  std::optional<int64_t> number = getStatic(bound);
  if (number && *number == 0)
    return bound;
  bound = clampToSize(shapes, wrapIndex(shapes, bound, size));
  // From the end by a constant: no more than size.
  return number && *number < 0 ? bound : shapes.min(bound, size);
}

/// `bound` in [least, size - 1].
static OpFoldResult clampBackward(ShapeBuilder &shapes, OpFoldResult bound,
                                  OpFoldResult size, int64_t least) {
  OpFoldResult last = shapes.sub(size, shapes.get(1));
  if (isEndless(bound))
    return last;
  bound = wrapIndex(shapes, bound, size);
  return shapes.min(shapes.max(bound, shapes.get(least)), last);
}

static SliceRange getForward(ShapeBuilder &shapes, OpFoldResult size,
                             OpFoldResult start, OpFoldResult end,
                             OpFoldResult step) {
  start = clampForward(shapes, start, size);
  end = clampForward(shapes, end, size);
  OpFoldResult length = clampToSize(shapes, shapes.sub(end, start));
  return {start, shapes.ceilDiv(length, step), step};
}

static SliceRange getBackward(ShapeBuilder &shapes, OpFoldResult size,
                              OpFoldResult start, OpFoldResult end,
                              OpFoldResult step) {
  start = clampBackward(shapes, start, size, 0);
  end = clampBackward(shapes, end, size, -1);
  OpFoldResult length = clampToSize(shapes, shapes.sub(start, end));
  OpFoldResult stride = shapes.sub(shapes.get(0), step);
  return {start, shapes.ceilDiv(length, stride), step};
}

SliceRange burin::nn::getSliceRange(ShapeBuilder &shapes, OpFoldResult size,
                                    OpFoldResult start, OpFoldResult end,
                                    OpFoldResult step) {
  // So large a step takes one element, as a larger one does, which may overflow.
  OpFoldResult largest = shapes.get(int64_t(1) << 40);
  OpFoldResult smallest = shapes.get(-(int64_t(1) << 40));
  if (std::optional<int64_t> known = getStatic(step))
    return *known > 0 ? getForward(shapes, size, start, end,
                                   shapes.min(step, largest))
                      : getBackward(shapes, size, start, end,
                                    shapes.max(step, smallest));
  OpFoldResult zero = shapes.get(0);
  SliceRange forward =
      getForward(shapes, size, start, end,
                 shapes.min(shapes.max(step, shapes.get(1)), largest));
  SliceRange backward =
      getBackward(shapes, size, start, end,
                  shapes.max(shapes.min(step, shapes.get(-1)), smallest));
  return {shapes.selectLess(step, zero, backward.start, forward.start),
          shapes.selectLess(step, zero, backward.size, forward.size), step};
}

OpFoldResult burin::nn::getRangeSize(ShapeBuilder &shapes, OpFoldResult start,
                                     OpFoldResult limit, OpFoldResult delta) {
  OpFoldResult up = clampToSize(shapes, shapes.sub(limit, start));
  std::optional<int64_t> known = getStatic(delta);
  if (known && *known > 0)
    return shapes.ceilDiv(up, delta);
  OpFoldResult zero = shapes.get(0), one = shapes.get(1);
  OpFoldResult down = clampToSize(shapes, shapes.sub(start, limit));
  OpFoldResult negated = shapes.sub(zero, delta);
  if (known)
    return shapes.ceilDiv(down, negated);
  return shapes.selectLess(delta, zero,
                           shapes.ceilDiv(down, shapes.max(negated, one)),
                           shapes.ceilDiv(up, shapes.max(delta, one)));
}

std::optional<SmallVector<int64_t>>
burin::nn::normalizeAxes(ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> result;
  llvm::SmallBitVector seen(rank);
  for (int64_t axis : axes) {
    if (axis < -rank || axis >= rank)
      return std::nullopt;
    axis += axis < 0 ? rank : 0;
    if (seen[axis])
      return std::nullopt;
    seen.set(axis);
    result.push_back(axis);
  }
  return result;
}
