//===- LowerReduction.cpp - Reductions, ArgMax, Hardmax -------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/Lower/Reduction/Folding.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace burin {
void addScanLowerings(LowerTable &table);        // LowerScan.cpp
void addEinsumLowerings(LowerTable &table);      // LowerEinsum.cpp
void addDynamicAxesLowerings(LowerTable &table); // LowerDynamicAxes.cpp
} // namespace burin

namespace {
//===- Reduce* ------------------------------------------------------------===//

enum class Kind { Sum, Prod, Max, Min, Mean, L1, L2, SumSquare, LogSum, LogSumExp };

Value square(B &b, Value x) {
  if (isa<FloatType>(x.getType()))
    return b.create<arith::MulFOp>(x, x);
  return b.create<arith::MulIOp>(x, x);
}

Value magnitude(B &b, Value x, bool isUnsigned) {
  if (isa<FloatType>(x.getType()))
    return b.create<math::AbsFOp>(x);
  return isUnsigned ? x : b.create<math::AbsIOp>(x);
}

/// One reduction: how each element is looked at, joined, and the end made.
struct Reduction {
  Kind kind;
  Type element;     ///< Of x and the result, nn.
  Type accumulator; ///< An nn type too.
  Folding folding;
  Lowering &l;

  Type getScalar() const { return getComputeType(accumulator); }
  bool isFloat() const { return isa<FloatType>(accumulator); }
  bool isUnsigned() const { return burin::isUnsigned(accumulator); }

  TypedAttr getInit() const {
    if (kind == Kind::Prod)
      return isFloat() ? TypedAttr(l.builder.getFloatAttr(getScalar(), 1))
                       : l.builder.getIntegerAttr(getScalar(), 1);
    if (kind == Kind::Max)
      return getLowest(getScalar(), isUnsigned());
    if (kind == Kind::Min)
      return getHighest(getScalar(), isUnsigned());
    return l.builder.getZeroAttr(getScalar());
  }

  Value mapElement(B &b, Value x) const {
    switch (kind) {
    case Kind::L1:
      return magnitude(b, x, isUnsigned());
    case Kind::L2:
    case Kind::SumSquare:
      return square(b, x);
    default:
      return x;
    }
  }

  template <typename Float, typename Signed, typename Unsigned>
  Value make(B &b, ArrayRef<Value> args) const {
    if (isFloat())
      return b.create<Float>(args[0], args[1]);
    if (isUnsigned())
      return b.create<Unsigned>(args[0], args[1]);
    return b.create<Signed>(args[0], args[1]);
  }
  Value combine(B &b, ArrayRef<Value> args) const {
    using namespace arith;
    switch (kind) {
    case Kind::Prod:
      return make<MulFOp, MulIOp, MulIOp>(b, args);
    case Kind::Max:
      return make<MaximumFOp, MaxSIOp, MaxUIOp>(b, args);
    case Kind::Min:
      return make<MinimumFOp, MinSIOp, MinUIOp>(b, args);
    default:
      return make<AddFOp, AddIOp, AddIOp>(b, args);
    }
  }

  /// What a mean is divided by. Of no integers it is 0, not a trap.
  Value getDivisor() const {
    if (isFloat())
      return folding.getCount(getScalar());
    OpFoldResult count = l.shapes.max(folding.getCount(), l.shapes.get(1));
    return l.builder.create<arith::IndexCastOp>(l.builder.getI64Type(),
                                                l.shapes.getValue(count));
  }
  Value divide(B &b, Value sum, Value divisor) const {
    if (isFloat())
      return b.create<arith::DivFOp>(sum, divisor);
    Type wide = b.getIntegerType(64, /*isSigned=*/!isUnsigned());
    sum = Lowering::castScalar(b, sum, accumulator, wide, true);
    Value mean = make<arith::DivFOp, arith::DivSIOp, arith::DivUIOp>(
        b, {sum, divisor});
    return Lowering::castScalar(b, mean, wide, accumulator, true);
  }
  bool isDoneAfterFolding() const {
    switch (kind) {
    case Kind::Mean:
    case Kind::L2:
    case Kind::LogSum:
    case Kind::LogSumExp:
      return false;
    default:
      return getScalar() == getStorageType(element);
    }
  }
  Value finish(B &b, ArrayRef<Value> args) const {
    switch (kind) {
    case Kind::L2:
      return b.create<math::SqrtOp>(args[0]);
    case Kind::LogSum:
      return b.create<math::LogOp>(args[0]);
    case Kind::LogSumExp:
      return b.create<arith::AddFOp>(b.create<math::LogOp>(args[0]), args[1]);
    default:
      return args[0];
    }
  }
};

/// The largest elements, 0 instead of infinite ones: what exponents are taken
/// relative to.
Value getShift(const Reduction &r, const Folding::Input &x) {
  Value largest = r.folding.foldMax(x);
  return r.folding.mapKept(largest, r.accumulator, [&](B &b, ArrayRef<Value> args) {
    Value size = b.create<math::AbsFOp>(args[0]);
    Value infinity = b.create<arith::ConstantOp>(getHighest(r.getScalar(), false));
    Value isInfinite =
        b.create<arith::CmpFOp>(arith::CmpFPredicate::OEQ, size, infinity);
    Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(r.getScalar()));
    return b.create<arith::SelectOp>(isInfinite, zero, args[0]).getResult();
  });
}

Value reduce(const Reduction &r, Value x) {
  Folding::Input input = r.folding.all(x, r.element, r.accumulator);
  auto combine = [&](B &b, ArrayRef<Value> args) { return r.combine(b, args); };
  SmallVector<Value> sums;
  if (r.kind == Kind::LogSumExp) {
    Value shift = getShift(r, input);
    sums = {r.folding.foldSum({input, r.folding.kept(shift, r.accumulator)},
                              r.getScalar(),
                              [](B &b, ArrayRef<Value> args) -> Value {
                                return b.create<math::ExpOp>(
                                    b.create<arith::SubFOp>(args[0], args[1]));
                              }),
            shift};
  } else {
    sums = {r.folding.fold(
        input, r.getInit(),
        [&](B &b, ArrayRef<Value> args) { return r.mapElement(b, args[0]); },
        combine)};
  }
  if (r.isDoneAfterFolding())
    return sums[0];
  Value divisor = r.kind == Kind::Mean ? r.getDivisor() : Value();
  SmallVector<Shape> shapes(sums.size(), r.folding.getKept());
  SmallVector<Type> types(sums.size(), r.accumulator);
  types.push_back(r.element);
  return r.l.createElementwise(
      sums, shapes, r.folding.getKept(), types,
      [&](B &b, ArrayRef<Value> args) {
        Value end = divisor ? r.divide(b, args[0], divisor) : r.finish(b, args);
        return Lowering::castScalar(b, end, r.accumulator, r.element, true);
      });
}

/// Integers accumulate as they are, but norms and logarithms of them.
Type getAccumulator(Kind kind, Type element) {
  if (isa<FloatType>(element))
    return getComputeType(element);
  bool isReal = kind == Kind::L2 || kind == Kind::LogSum || kind == Kind::LogSumExp;
  return isReal ? Type(Float64Type::get(element.getContext())) : element;
}

template <typename OpTy, Kind kind>
LogicalResult lowerReduce(OpTy op, Lowering &l) {
  Type element = getElementTypeOrSelf(op.getX().getType());
  if (element.isInteger(1)) // Stored as 0 and 1: their order is that of bytes.
    element = l.builder.getIntegerType(8, /*isSigned=*/false);
  Reduction r{kind, element, getAccumulator(kind, element),
              Folding(l, l.getShape(op.getX()), op.getAxes()), l};
  l.set(op, l.createReshape(reduce(r, l.get(op.getX())), r.folding.getKept(),
                            l.getShape(op)));
  return success();
}

//===- Places -------------------------------------------------------------===//

/// The index along `axis`, the only folded dimension, of what is sought.
Value findPlace(Lowering &l, const Folding &folding, Value x, Type element,
                int64_t axis, bool smallest, bool last) {
  Reduction r{smallest ? Kind::Min : Kind::Max, element,
              getAccumulator(Kind::Max, element), folding, l};
  Folding::Input input = folding.all(x, element);
  Value best = folding.fold(
      input, r.getInit(), [](B &, ArrayRef<Value> args) { return args[0]; },
      [&](B &b, ArrayRef<Value> args) { return r.combine(b, args); });
  Type i64 = l.builder.getI64Type();
  int64_t none = last ? -1 : INT64_MAX;
  return folding.fold(
      {input, folding.kept(best, r.accumulator)},
      l.builder.getI64IntegerAttr(none),
      [&](B &b, ArrayRef<Value> args) -> Value {
        Value found;
        if (r.isFloat()) {
          using Predicate = arith::CmpFPredicate;
          found = b.create<arith::OrIOp>(
              b.create<arith::CmpFOp>(Predicate::OEQ, args[0], args[1]),
              b.create<arith::CmpFOp>(Predicate::UNO, args[0], args[0]));
        } else {
          found = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, args[0],
                                          args[1]);
        }
        Value index = b.create<arith::IndexCastOp>(
            i64, b.create<linalg::IndexOp>(axis));
        Value no = b.create<arith::ConstantOp>(b.getI64IntegerAttr(none));
        return b.create<arith::SelectOp>(found, index, no);
      },
      [&](B &b, ArrayRef<Value> args) -> Value {
        if (last)
          return b.create<arith::MaxSIOp>(args[0], args[1]);
        return b.create<arith::MinSIOp>(args[0], args[1]);
      });
}

/// Something must be there to be found, unless nothing is sought.
void requireElements(Lowering &l, OpFoldResult size, const Shape &kept) {
  std::optional<int64_t> known = nn::getStatic(size);
  if (known && *known > 0)
    return;
  OpFoldResult one = l.shapes.get(1), zero = l.shapes.get(0);
  OpFoldResult isMissing = l.shapes.selectEqual(
      size, zero, l.shapes.min(l.shapes.product(kept), one), zero);
  requireEqual(l, isMissing, zero, "ArgMax or ArgMin of no elements");
}

template <typename OpTy, bool smallest>
LogicalResult lowerArg(OpTy op, Lowering &l) {
  int64_t axis = op.getAxis();
  Folding folding(l, l.getShape(op.getX()), axis);
  requireElements(l, folding.getShape()[axis], folding.getKept());
  Value place = findPlace(l, folding, l.get(op.getX()),
                          getElementTypeOrSelf(op.getX().getType()), axis,
                          smallest, op.getLast());
  l.set(op, l.createReshape(place, folding.getKept(), l.getShape(op)));
  return success();
}

/// The dimensions before, among and after `axes`, which follow each other, as
/// one each.
LogicalResult lowerHardmax(nn::HardmaxOp op, Lowering &l) {
  Shape shape = l.getShape(op.getX());
  Shape joined(3, l.shapes.get(1));
  ArrayRef<int64_t> axes = op.getAxes();
  for (auto [d, size] : llvm::enumerate(shape)) {
    int64_t axis = d;
    int part = axes.empty() || axis < axes.front() ? 0 : axis <= axes.back() ? 1 : 2;
    joined[part] = l.shapes.mul(joined[part], size);
  }
  Type element = getElementTypeOrSelf(op.getX().getType());
  Folding folding(l, joined, 1);
  Value x = l.createReshape(l.get(op.getX()), shape, joined);
  Value place = findPlace(l, folding, x, element, 1, false, false);
  Type i64 = l.builder.getI64Type();
  Value result = folding.map(
      folding.kept(place, i64), element, [&](B &b, ArrayRef<Value> args) {
        Value index =
            b.create<arith::IndexCastOp>(i64, b.create<linalg::IndexOp>(1));
        Value isPlace = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, index,
                                                args[0]);
        Type type = getComputeType(element);
        return b
            .create<arith::SelectOp>(
                isPlace, b.create<arith::ConstantOp>(b.getFloatAttr(type, 1)),
                b.create<arith::ConstantOp>(b.getZeroAttr(type)))
            .getResult();
      });
  l.set(op, l.createReshape(result, joined, shape));
  return success();
}
} // namespace

void burin::addReductionLowerings(LowerTable &table) {
  addLowering<nn::ReduceSumOp, lowerReduce<nn::ReduceSumOp, Kind::Sum>>(table);
  addLowering<nn::ReduceProdOp, lowerReduce<nn::ReduceProdOp, Kind::Prod>>(table);
  addLowering<nn::ReduceMaxOp, lowerReduce<nn::ReduceMaxOp, Kind::Max>>(table);
  addLowering<nn::ReduceMinOp, lowerReduce<nn::ReduceMinOp, Kind::Min>>(table);
  addLowering<nn::ReduceMeanOp, lowerReduce<nn::ReduceMeanOp, Kind::Mean>>(table);
  addLowering<nn::ReduceL1Op, lowerReduce<nn::ReduceL1Op, Kind::L1>>(table);
  addLowering<nn::ReduceL2Op, lowerReduce<nn::ReduceL2Op, Kind::L2>>(table);
  addLowering<nn::ReduceSumSquareOp,
              lowerReduce<nn::ReduceSumSquareOp, Kind::SumSquare>>(table);
  addLowering<nn::ReduceLogSumOp,
              lowerReduce<nn::ReduceLogSumOp, Kind::LogSum>>(table);
  addLowering<nn::ReduceLogSumExpOp,
              lowerReduce<nn::ReduceLogSumExpOp, Kind::LogSumExp>>(table);
  addLowering<nn::ArgMaxOp, lowerArg<nn::ArgMaxOp, false>>(table);
  addLowering<nn::ArgMinOp, lowerArg<nn::ArgMinOp, true>>(table);
  addLowering<nn::HardmaxOp, lowerHardmax>(table);
  addScanLowerings(table);
  addEinsumLowerings(table);
  addDynamicAxesLowerings(table);
}
