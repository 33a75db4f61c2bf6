//===- ClampIntegers.cpp - Bounds after rounding --------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "passes/Lower/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_CLAMPINTEGERS
#include "passes/Lower/Passes.h.inc"

namespace {
struct Range {
  double low, high;
  double getLargest() const { return std::max(std::abs(low), std::abs(high)); }
};

Range getIntegers(unsigned bits, bool isSigned) {
  double count = std::ldexp(1.0, bits);
  return isSigned ? Range{-count / 2, count / 2 - 1} : Range{0, count - 1};
}

/// That of a constant of f32.
std::optional<Range> findConstant(Value value) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  if (!constant || !getElementTypeOrSelf(value.getType()).isF32())
    return std::nullopt;
  SmallVector<float> numbers;
  if (auto number = dyn_cast<FloatAttr>(constant.getValue()))
    numbers.push_back(number.getValue().convertToFloat());
  else if (auto dense = dyn_cast<DenseFPElementsAttr>(constant.getValue()))
    numbers.assign(dense.value_begin<float>(), dense.value_end<float>());
  else if (auto resource = dyn_cast<DenseF32ResourceElementsAttr>(constant.getValue()))
    if (auto values = resource.tryGetAsArrayRef())
      numbers.assign(values->begin(), values->end());
  if (numbers.empty() || !llvm::all_of(numbers, [](float x) { return std::isfinite(x); }))
    return std::nullopt;
  return Range{*llvm::min_element(numbers), *llvm::max_element(numbers)};
}

/// x of "x if it is beyond the constant `bound`, else `bound`", which is low or high.
Value findClamped(Value value, arith::CmpFPredicate predicate, double &bound) {
  auto select = value.getDefiningOp<arith::SelectOp>();
  auto compare = select ? select.getCondition().getDefiningOp<arith::CmpFOp>() : nullptr;
  if (!compare || compare.getPredicate() != predicate ||
      compare.getLhs() != select.getTrueValue() ||
      compare.getRhs() != select.getFalseValue())
    return {};
  std::optional<Range> limit = findConstant(compare.getRhs());
  if (!limit)
    return {};
  bound = limit->low;
  return compare.getLhs();
}

/// What the floats in the body of an op may be.
class Ranges {
public:
  explicit Ranges(linalg::GenericOp op) : op(op) {}

  /// None: not known; NaN and infinities are none.
  std::optional<Range> get(Value value) {
    auto [known, isNew] = ranges.try_emplace(value, std::nullopt);
    if (isNew) {
      std::optional<Range> range = find(value);
      ranges[value] = range;
      return range;
    }
    return known->second;
  }

private:
  std::optional<Range> find(Value value) {
    if (auto argument = dyn_cast<BlockArgument>(value))
      return findConstant(op->getOperand(argument.getArgNumber()));
    if (std::optional<Range> constant = findConstant(value))
      return constant;
    Operation *from = value.getDefiningOp();
    if (isa<arith::SIToFPOp, arith::UIToFPOp>(from)) {
      Value integer = from->getOperand(0);
      return getIntegers(integer.getType().getIntOrFloatBitWidth(),
                         isa<arith::SIToFPOp>(from));
    }
    if (isa<math::RoundEvenOp>(from)) // Nothing near is left out.
      return get(from->getOperand(0));
    double bound;
    if (Value x = findClamped(value, arith::CmpFPredicate::OGT, bound))
      return map(x, [&](Range r) { return Range{std::max(r.low, bound), std::max(r.high, bound)}; });
    if (Value x = findClamped(value, arith::CmpFPredicate::OLT, bound))
      return map(x, [&](Range r) { return Range{std::min(r.low, bound), std::min(r.high, bound)}; });
    if (!isa<arith::MulFOp, arith::AddFOp, arith::SubFOp>(from))
      return std::nullopt;
    std::optional<Range> x = get(from->getOperand(0)), y = get(from->getOperand(1));
    if (!x || !y)
      return std::nullopt;
    double largest = isa<arith::MulFOp>(from) ? x->getLargest() * y->getLargest()
                                              : x->getLargest() + y->getLargest();
    return Range{-largest, largest};
  }

  std::optional<Range> map(Value value, function_ref<Range(Range)> change) {
    std::optional<Range> range = get(value);
    return range ? change(*range) : range;
  }

  linalg::GenericOp op;
  DenseMap<Value, std::optional<Range>> ranges;
};

/// The bounds of what `op` keeps the low bits of go from before to after rounding,
/// and to after the zero point is added.
void clampAfter(arith::TruncIOp op, Ranges &ranges) {
  // Far from where floats do not fit i32: sums of floats are themselves rounded.
  constexpr double largest = 1 << 30;
  Value integer = op.getIn();
  APInt zero(32, 0);
  if (auto add = integer.getDefiningOp<arith::AddIOp>()) {
    if (!matchPattern(add.getRhs(), m_ConstantInt(&zero)))
      return;
    integer = add.getLhs();
  }
  auto convert = integer.getDefiningOp<arith::FPToSIOp>();
  auto round = convert ? convert.getIn().getDefiningOp<math::RoundEvenOp>() : nullptr;
  if (!round || !integer.getType().isInteger(32))
    return;
  double low, high;
  Value x = findClamped(round.getOperand(), arith::CmpFPredicate::OLT, high);
  x = x ? findClamped(x, arith::CmpFPredicate::OGT, low) : x;
  // Bounds that are no integers would be rounded, too.
  bool areIntegers = x && low == std::trunc(low) && high == std::trunc(high);
  std::optional<Range> range = areIntegers ? ranges.get(x) : std::nullopt;
  if (!range || std::max({range->getLargest(), std::abs(low), std::abs(high)}) > largest)
    return;
  ImplicitLocOpBuilder b(op.getLoc(), op);
  auto number = [&](int64_t value) -> Value {
    return b.create<arith::ConstantIntOp>(value, 32);
  };
  Value result = b.create<arith::FPToSIOp>(b.getI32Type(), b.create<math::RoundEvenOp>(x));
  if (!zero.isZero())
    result = b.create<arith::AddIOp>(result, number(zero.getSExtValue()));
  result = b.create<arith::MaxSIOp>(result, number(int64_t(low) + zero.getSExtValue()));
  result = b.create<arith::MinSIOp>(result, number(int64_t(high) + zero.getSExtValue()));
  op.setOperand(result);
}

struct ClampIntegers : impl::ClampIntegersBase<ClampIntegers> {
  void runOnOperation() override {
    getOperation().walk([](linalg::GenericOp op) {
      Ranges ranges(op);
      for (arith::TruncIOp narrow : llvm::to_vector(op.getBody()->getOps<arith::TruncIOp>()))
        clampAfter(narrow, ranges);
    });
  }
};
} // namespace
} // namespace burin
