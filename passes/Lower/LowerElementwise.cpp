//===- LowerElementwise.cpp - Arithmetic, functions, logic ----------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "passes/Lower/Lowering.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace {
/// What the scalar code of one op works with.
struct Scalars {
  B &b;
  ArrayRef<Value> args; ///< Operands in compute types.
  ArrayRef<Type> types; ///< Their nn element types, then the result's.
  arith::FastMathFlags rough; ///< Of functions that need not be within 2 ulp.

  Value x() const { return args[0]; }
  Value y() const { return args[1]; }
  bool isFloat() const { return isa<FloatType>(x().getType()); }
  bool isUnsigned() const { return burin::isUnsigned(types[0]); }
  /// A constant of the first operand's type.
  Value get(double value) const {
    if (auto type = dyn_cast<FloatType>(x().getType()))
      return b.create<arith::ConstantOp>(b.getFloatAttr(type, value));
    return b.create<arith::ConstantOp>(
        b.getIntegerAttr(x().getType(), int64_t(value)));
  }
  template <typename OpTy, typename... Args>
  Value make(Args... operands) const {
    return b.create<OpTy>(operands...);
  }
  template <typename FloatOp, typename SignedOp, typename UnsignedOp = SignedOp>
  Value pick(Value p, Value q, arith::FastMathFlags flags = {}) const {
    if (isFloat())
      return b.create<FloatOp>(p, q, flags);
    if (isUnsigned())
      return b.create<UnsignedOp>(p, q);
    return b.create<SignedOp>(p, q);
  }
  Value add(Value p, Value q) const { return pick<arith::AddFOp, arith::AddIOp>(p, q); }
  Value sub(Value p, Value q) const { return pick<arith::SubFOp, arith::SubIOp>(p, q); }
  Value mul(Value p, Value q) const { return pick<arith::MulFOp, arith::MulIOp>(p, q); }
  Value div(Value p, Value q) const { return make<arith::DivFOp>(p, q); }
  /// One instruction then limits numbers by a constant and keeps NaN.
  static constexpr auto anyZero = arith::FastMathFlags::nsz;
  Value max(Value p, Value q) const {
    return pick<arith::MaximumFOp, arith::MaxSIOp, arith::MaxUIOp>(p, q, anyZero);
  }
  Value min(Value p, Value q) const {
    return pick<arith::MinimumFOp, arith::MinSIOp, arith::MinUIOp>(p, q, anyZero);
  }
  Value select(Value c, Value p, Value q) const {
    return make<arith::SelectOp>(c, p, q);
  }

  /// Ordered comparison: false if one is NaN ("ne": true).
  Value compare(StringRef how, Value p, Value q) const {
    using F = arith::CmpFPredicate;
    using I = arith::CmpIPredicate;
    bool u = isUnsigned();
    auto [f, i] = llvm::StringSwitch<std::pair<F, I>>(how)
                      .Case("eq", {F::OEQ, I::eq})
                      .Case("ne", {F::UNE, I::ne})
                      .Case("lt", {F::OLT, u ? I::ult : I::slt})
                      .Case("le", {F::OLE, u ? I::ule : I::sle})
                      .Case("gt", {F::OGT, u ? I::ugt : I::sgt})
                      .Default({F::OGE, u ? I::uge : I::sge});
    if (isa<FloatType>(p.getType()))
      return b.create<arith::CmpFOp>(f, p, q);
    return b.create<arith::CmpIOp>(i, p, q);
  }
};

Value divideIntegers(const Scalars &s) {
  // x / 0 is 0 and the one overflow wraps: neither may trap.
  Value zero = s.get(0), one = s.get(1);
  Value isZero = s.compare("eq", s.y(), zero);
  if (s.isUnsigned()) {
    Value safe = s.select(isZero, one, s.y());
    return s.select(isZero, zero, s.make<arith::DivUIOp>(s.x(), safe));
  }
  Value isMinusOne = s.compare("eq", s.y(), s.get(-1));
  Value safe =
      s.select(s.make<arith::OrIOp>(isZero, isMinusOne), one, s.y());
  Value quotient = s.make<arith::DivSIOp>(s.x(), safe);
  Value negated = s.sub(zero, s.x());
  return s.select(isZero, zero, s.select(isMinusOne, negated, quotient));
}

/// The remainder that C's % gives, 0 for a divisor of 0 or -1.
Value remainder(const Scalars &s) {
  Value zero = s.get(0), one = s.get(1);
  Value isZero = s.compare("eq", s.y(), zero);
  if (s.isUnsigned())
    return s.make<arith::RemUIOp>(s.x(), s.select(isZero, one, s.y()));
  Value isMinusOne = s.compare("eq", s.y(), s.get(-1));
  Value safe =
      s.select(s.make<arith::OrIOp>(isZero, isMinusOne), one, s.y());
  return s.make<arith::RemSIOp>(s.x(), safe);
}

/// x - floor(x / y) * y, with the sign of y; exact where fmod is.
Value buildFloatMod(const Scalars &s) {
  Value rest = s.make<arith::RemFOp>(s.x(), s.y()), zero = s.get(0);
  Value signsDiffer = s.make<arith::XOrIOp>(s.compare("lt", rest, zero),
                                            s.compare("lt", s.y(), zero));
  Value adjust = s.make<arith::AndIOp>(signsDiffer, s.compare("ne", rest, zero));
  Value moved = s.select(adjust, s.add(rest, s.y()), rest);
  // A remainder of zero has the sign of the divisor, as NumPy's.
  Value isZero = s.compare("eq", moved, zero);
  return s.select(isZero, s.make<math::CopySignOp>(zero, s.y()), moved);
}

Value buildMod(const Scalars &s) {
  if (s.isFloat())
    return buildFloatMod(s);
  Value rest = remainder(s);
  if (s.isUnsigned())
    return rest;
  Value zero = s.get(0);
  Value signsDiffer = s.compare("lt", s.make<arith::XOrIOp>(rest, s.y()), zero);
  Value adjust = s.make<arith::AndIOp>(signsDiffer, s.compare("ne", rest, zero));
  return s.select(adjust, s.add(rest, s.y()), rest);
}

/// x * x ... for an exponent that is a small number, as models write squares; null
/// for others.
Value buildProduct(const Scalars &s, Value exponent) {
  DenseFPElementsAttr number;
  if (!s.isFloat() || !matchPattern(exponent, m_Constant(&number)) || !number.isSplat())
    return {};
  double factors = number.getSplatValue<FloatAttr>().getValueAsDouble();
  if (factors != 2 && factors != 3)
    return {};
  Value square = s.mul(s.x(), s.x());
  return factors == 2 ? square : s.mul(square, s.x());
}

Value buildPow(const Scalars &s, Value exponentOperand) {
  if (Value product = buildProduct(s, exponentOperand))
    return product;
  // Integers go through double, which is exact where the result fits 53 bits.
  Type resultType = s.types.back();
  bool viaDouble = !s.isFloat() || s.x().getType().isF64();
  Type middle = viaDouble ? Type(s.b.getF64Type()) : Type(s.b.getF32Type());
  Value base = Lowering::castScalar(s.b, s.x(), s.types[0], middle, true);
  Value exponent = Lowering::castScalar(s.b, s.y(), s.types[1], middle, true);
  return Lowering::castScalar(s.b, s.make<math::PowFOp>(base, exponent), middle,
                              resultType, true);
}

Value buildSign(const Scalars &s) {
  Value zero = s.get(0);
  Value below = s.isUnsigned() ? zero : s.select(s.compare("lt", s.x(), zero), s.get(-1), zero);
  Value sign = s.select(s.compare("gt", s.x(), zero), s.get(1), below);
  return s.isFloat() ? s.select(s.compare("ne", s.x(), s.x()), s.x(), sign)
                     : sign;
}

Value buildAbs(const Scalars &s) {
  if (s.isFloat())
    return s.make<math::AbsFOp>(s.x());
  return s.isUnsigned() ? s.x() : s.make<math::AbsIOp>(s.x());
}

Value sigmoid(const Scalars &s, Value x) {
  Value one = s.get(1), exp = s.make<math::ExpOp>(s.make<arith::NegFOp>(x), s.rough);
  return s.div(one, s.add(one, exp));
}

/// ln(1 + exp(x)), which must not overflow for large x.
Value softplus(const Scalars &s, Value x) {
  Value positive = s.max(x, s.get(0));
  Value magnitude = s.make<math::AbsFOp>(x);
  Value small = s.make<math::ExpOp>(s.sub(s.get(0), magnitude));
  return s.add(positive, s.make<math::Log1pOp>(small));
}

Value buildGelu(const Scalars &s, bool tanh) {
  Value half = s.mul(s.get(0.5), s.x());
  if (!tanh) {
    Value scaled = s.mul(s.x(), s.get(0.70710678118654752440));
    return s.mul(half, s.add(s.get(1), s.make<math::ErfOp>(scaled, s.rough)));
  }
  Value cube = s.mul(s.mul(s.x(), s.x()), s.x());
  Value inner = s.mul(s.get(0.79788456080286535588),
                      s.add(s.x(), s.mul(s.get(0.044715), cube)));
  return s.mul(half, s.add(s.get(1), s.make<math::TanhOp>(inner)));
}

Value clamp01(const Scalars &s, Value x) {
  return s.max(s.get(0), s.min(s.get(1), x));
}

Value buildShrink(const Scalars &s, nn::ShrinkOp op) {
  Value lambda = s.get(op.getAlpha().convertToDouble());
  Value bias = s.get(op.getBeta().convertToDouble());
  Value low = s.compare("lt", s.x(), s.sub(s.get(0), lambda));
  Value high = s.compare("gt", s.x(), lambda);
  return s.select(low, s.add(s.x(), bias),
                  s.select(high, s.sub(s.x(), bias), s.get(0)));
}

Value buildIsInf(const Scalars &s, nn::IsInfOp op) {
  Value infinity = s.get(INFINITY), minus = s.get(-INFINITY);
  Value no = s.b.create<arith::ConstantOp>(s.b.getBoolAttr(false));
  Value above = op.getPositive() ? s.compare("eq", s.x(), infinity) : no;
  Value below = op.getNegative() ? s.compare("eq", s.x(), minus) : no;
  return s.make<arith::OrIOp>(above, below);
}

/// Shifts by the width or more, or by less than nothing, shift everything out,
/// which LLVM leaves undefined. To the right signed integers keep their sign.
Value buildShift(const Scalars &s, bool left) {
  int64_t width = s.x().getType().getIntOrFloatBitWidth();
  Value fits = s.make<arith::CmpIOp>(arith::CmpIPredicate::ult, s.y(), s.get(width));
  bool keepsSign = !left && !s.isUnsigned();
  Value most = s.get(keepsSign ? width - 1 : 0);
  Value amount = s.select(fits, s.y(), most);
  if (keepsSign)
    return s.make<arith::ShRSIOp>(s.x(), amount);
  Value shifted = left ? s.make<arith::ShLIOp>(s.x(), amount)
                       : s.make<arith::ShRUIOp>(s.x(), amount);
  return s.select(fits, shifted, s.get(0));
}

double getAlpha(Operation *op) {
  return op->getAttrOfType<FloatAttr>("alpha").getValueAsDouble();
}
double getBeta(Operation *op) {
  return op->getAttrOfType<FloatAttr>("beta").getValueAsDouble();
}

using Build = Value (*)(const Scalars &, Operation *);

LogicalResult lowerWith(Operation *op, Lowering &l, Build build) {
  SmallVector<Type> types;
  for (Value operand : op->getOperands())
    types.push_back(getElementTypeOrSelf(operand.getType()));
  types.push_back(getElementTypeOrSelf(op->getResult(0).getType()));
  auto rough = l.strictMath ? arith::FastMathFlags::none : arith::FastMathFlags::afn;
  l.set(op->getResult(0),
        l.createElementwise(op, [&](B &b, ArrayRef<Value> args) {
          return build(Scalars{b, args, types, rough}, op);
        }));
  return success();
}

/// A row of the table below.
template <typename OpTy>
void add(LowerTable &table, Build build) {
  table[OpTy::getOperationName()] = [build](Operation *op, Lowering &l) {
    return lowerWith(op, l, build);
  };
}

/// An op that is one math function of a float.
template <typename OpTy, typename MathOp>
void addMath(LowerTable &table) {
  add<OpTy>(table, [](const Scalars &s, Operation *) {
    return s.make<MathOp>(s.x());
  });
}

void addArithmetic(LowerTable &table) {
  add<nn::AddOp>(table, [](const Scalars &s, Operation *) { return s.add(s.x(), s.y()); });
  add<nn::SubOp>(table, [](const Scalars &s, Operation *) { return s.sub(s.x(), s.y()); });
  add<nn::MulOp>(table, [](const Scalars &s, Operation *) { return s.mul(s.x(), s.y()); });
  add<nn::DivOp>(table, [](const Scalars &s, Operation *) {
    return s.isFloat() ? s.div(s.x(), s.y()) : divideIntegers(s);
  });
  add<nn::ModOp>(table, [](const Scalars &s, Operation *) { return buildMod(s); });
  add<nn::FModOp>(table, [](const Scalars &s, Operation *) {
    return s.isFloat() ? s.make<arith::RemFOp>(s.x(), s.y()) : remainder(s);
  });
  add<nn::PowOp>(table, [](const Scalars &s, Operation *op) { return buildPow(s, op->getOperand(1)); });
  add<nn::MaximumOp>(table, [](const Scalars &s, Operation *) { return s.max(s.x(), s.y()); });
  add<nn::MinimumOp>(table, [](const Scalars &s, Operation *) { return s.min(s.x(), s.y()); });
  add<nn::PReluOp>(table, [](const Scalars &s, Operation *) {
    return s.select(s.compare("lt", s.x(), s.get(0)), s.mul(s.x(), s.y()), s.x());
  });
  add<nn::AbsOp>(table, [](const Scalars &s, Operation *) { return buildAbs(s); });
  add<nn::NegOp>(table, [](const Scalars &s, Operation *) {
    return s.isFloat() ? s.make<arith::NegFOp>(s.x()) : s.sub(s.get(0), s.x());
  });
  add<nn::SignOp>(table, [](const Scalars &s, Operation *) { return buildSign(s); });
  add<nn::ReciprocalOp>(table, [](const Scalars &s, Operation *) { return s.div(s.get(1), s.x()); });
  addMath<nn::SqrtOp, math::SqrtOp>(table);
  addMath<nn::CeilOp, math::CeilOp>(table);
  addMath<nn::FloorOp, math::FloorOp>(table);
  addMath<nn::RoundOp, math::RoundEvenOp>(table);
}

void addFunctions(LowerTable &table) {
  addMath<nn::ExpOp, math::ExpOp>(table);
  addMath<nn::LogOp, math::LogOp>(table);
  addMath<nn::SinOp, math::SinOp>(table);
  addMath<nn::CosOp, math::CosOp>(table);
  addMath<nn::TanOp, math::TanOp>(table);
  addMath<nn::AsinOp, math::AsinOp>(table);
  addMath<nn::AcosOp, math::AcosOp>(table);
  addMath<nn::AtanOp, math::AtanOp>(table);
  addMath<nn::SinhOp, math::SinhOp>(table);
  addMath<nn::CoshOp, math::CoshOp>(table);
  addMath<nn::TanhOp, math::TanhOp>(table);
  addMath<nn::AsinhOp, math::AsinhOp>(table);
  addMath<nn::AcoshOp, math::AcoshOp>(table);
  addMath<nn::AtanhOp, math::AtanhOp>(table);
  add<nn::ErfOp>(table, [](const Scalars &s, Operation *) -> Value {
    if (s.isFloat())
      return s.make<math::ErfOp>(s.x(), s.rough);
    Type f64 = s.b.getF64Type();
    Value wide = Lowering::castScalar(s.b, s.x(), s.types[0], f64, true);
    return Lowering::castScalar(s.b, s.make<math::ErfOp>(wide), f64, s.types[0], true);
  });
}

void addActivations(LowerTable &table) {
  add<nn::ReluOp>(table, [](const Scalars &s, Operation *) { return s.max(s.x(), s.get(0)); });
  add<nn::SigmoidOp>(table, [](const Scalars &s, Operation *) { return sigmoid(s, s.x()); });
  add<nn::SoftplusOp>(table, [](const Scalars &s, Operation *) { return softplus(s, s.x()); });
  add<nn::SoftsignOp>(table, [](const Scalars &s, Operation *) {
    return s.div(s.x(), s.add(s.get(1), s.make<math::AbsFOp>(s.x())));
  });
  add<nn::MishOp>(table, [](const Scalars &s, Operation *) {
    return s.mul(s.x(), s.make<math::TanhOp>(softplus(s, s.x())));
  });
  add<nn::HardSwishOp>(table, [](const Scalars &s, Operation *) {
    Value line = s.add(s.mul(s.x(), s.get(1.0 / 6)), s.get(0.5));
    return s.mul(s.x(), clamp01(s, line));
  });
  add<nn::GeluOp>(table, [](const Scalars &s, Operation *op) {
    return buildGelu(s, cast<nn::GeluOp>(op).getTanh());
  });
  add<nn::LeakyReluOp>(table, [](const Scalars &s, Operation *op) {
    Value scaled = s.mul(s.get(getAlpha(op)), s.x());
    return s.select(s.compare("lt", s.x(), s.get(0)), scaled, s.x());
  });
  add<nn::EluOp>(table, [](const Scalars &s, Operation *op) {
    Value low = s.mul(s.get(getAlpha(op)), s.make<math::ExpM1Op>(s.x()));
    return s.select(s.compare("lt", s.x(), s.get(0)), low, s.x());
  });
  add<nn::CeluOp>(table, [](const Scalars &s, Operation *op) {
    Value alpha = s.get(getAlpha(op));
    Value low = s.mul(alpha, s.make<math::ExpM1Op>(s.div(s.x(), alpha)));
    return s.add(s.max(s.get(0), s.x()), s.min(s.get(0), low));
  });
  add<nn::ThresholdedReluOp>(table, [](const Scalars &s, Operation *op) {
    return s.select(s.compare("gt", s.x(), s.get(getAlpha(op))), s.x(), s.get(0));
  });
  add<nn::SwishOp>(table, [](const Scalars &s, Operation *op) {
    return s.mul(s.x(), sigmoid(s, s.mul(s.get(getAlpha(op)), s.x())));
  });
  add<nn::HardSigmoidOp>(table, [](const Scalars &s, Operation *op) {
    return clamp01(s, s.add(s.mul(s.get(getAlpha(op)), s.x()), s.get(getBeta(op))));
  });
  add<nn::SeluOp>(table, [](const Scalars &s, Operation *op) {
    Value low = s.mul(s.get(getAlpha(op)), s.make<math::ExpM1Op>(s.x()));
    return s.mul(s.get(getBeta(op)),
                 s.select(s.compare("le", s.x(), s.get(0)), low, s.x()));
  });
  add<nn::ShrinkOp>(table, [](const Scalars &s, Operation *op) {
    return buildShrink(s, cast<nn::ShrinkOp>(op));
  });
}

void addLogic(LowerTable &table) {
  add<nn::EqualOp>(table, [](const Scalars &s, Operation *) { return s.compare("eq", s.x(), s.y()); });
  add<nn::LessOp>(table, [](const Scalars &s, Operation *) { return s.compare("lt", s.x(), s.y()); });
  add<nn::LessOrEqualOp>(table, [](const Scalars &s, Operation *) { return s.compare("le", s.x(), s.y()); });
  add<nn::GreaterOp>(table, [](const Scalars &s, Operation *) { return s.compare("gt", s.x(), s.y()); });
  add<nn::GreaterOrEqualOp>(table, [](const Scalars &s, Operation *) { return s.compare("ge", s.x(), s.y()); });
  add<nn::AndOp>(table, [](const Scalars &s, Operation *) { return s.make<arith::AndIOp>(s.x(), s.y()); });
  add<nn::OrOp>(table, [](const Scalars &s, Operation *) { return s.make<arith::OrIOp>(s.x(), s.y()); });
  add<nn::XorOp>(table, [](const Scalars &s, Operation *) { return s.make<arith::XOrIOp>(s.x(), s.y()); });
  add<nn::NotOp>(table, [](const Scalars &s, Operation *) {
    Value ones = s.b.create<arith::ConstantOp>(s.b.getIntegerAttr(s.x().getType(), -1));
    return s.make<arith::XOrIOp>(s.x(), ones);
  });
  add<nn::ShiftLeftOp>(table, [](const Scalars &s, Operation *) { return buildShift(s, /*left=*/true); });
  add<nn::ShiftRightOp>(table, [](const Scalars &s, Operation *) { return buildShift(s, /*left=*/false); });
  add<nn::IsNaNOp>(table, [](const Scalars &s, Operation *) { return s.compare("ne", s.x(), s.x()); });
  add<nn::IsInfOp>(table, [](const Scalars &s, Operation *op) { return buildIsInf(s, cast<nn::IsInfOp>(op)); });
  add<nn::WhereOp>(table, [](const Scalars &s, Operation *) { return s.select(s.args[0], s.args[1], s.args[2]); });
  add<nn::CastOp>(table, [](const Scalars &s, Operation *op) {
    return Lowering::castScalar(s.b, s.x(), s.types[0], s.types[1], cast<nn::CastOp>(op).getSaturate());
  });
}
} // namespace

void burin::addElementwiseLowerings(LowerTable &table) {
  addArithmetic(table);
  addFunctions(table);
  addActivations(table);
  addLogic(table);
}
