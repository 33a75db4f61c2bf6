//===- Activations.cpp - The functions that recurrences apply -------------===//

#include "passes/Lower/Recurrent/Activations.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace burin;

namespace {
/// Scalar arithmetic of one float type.
struct Real {
  ImplicitLocOpBuilder &b;
  Type type;

  Value get(double value) const {
    return b.create<arith::ConstantOp>(b.getFloatAttr(type, value));
  }
  Value add(Value x, Value y) const { return b.create<arith::AddFOp>(x, y); }
  Value mul(Value x, Value y) const { return b.create<arith::MulFOp>(x, y); }
  Value div(Value x, Value y) const { return b.create<arith::DivFOp>(x, y); }
  Value neg(Value x) const { return b.create<arith::NegFOp>(x); }
  Value abs(Value x) const { return b.create<math::AbsFOp>(x); }
  Value exp(Value x) const { return b.create<math::ExpOp>(x); }
  Value max(Value x, Value y) const { return b.create<arith::MaximumFOp>(x, y); }
  Value min(Value x, Value y) const { return b.create<arith::MinimumFOp>(x, y); }
  Value tanh(Value x) const { return b.create<math::TanhOp>(x); }
  /// x < bound ? below : otherwise
  Value selectLess(Value x, double bound, Value below, Value otherwise) const {
    Value isLess =
        b.create<arith::CmpFOp>(arith::CmpFPredicate::OLT, x, get(bound));
    return b.create<arith::SelectOp>(isLess, below, otherwise);
  }
};
} // namespace

Value Activation::build(ImplicitLocOpBuilder &b, Value x) const {
  Real r{b, x.getType()};
  Value one = r.get(1), zero = r.get(0);
  Value a = r.get(alpha), c = r.get(beta);
  if (name == "Relu")
    return r.max(x, zero);
  if (name == "Tanh")
    return r.tanh(x);
  if (name == "Sigmoid")
    return r.div(one, r.add(one, r.exp(r.neg(x))));
  if (name == "Affine")
    return r.add(r.mul(a, x), c);
  if (name == "LeakyRelu")
    return r.selectLess(x, 0, r.mul(a, x), x);
  if (name == "ThresholdedRelu")
    return r.selectLess(x, alpha, zero, x);
  if (name == "ScaledTanh")
    return r.mul(a, r.tanh(r.mul(c, x)));
  if (name == "HardSigmoid")
    return r.max(r.min(r.add(r.mul(a, x), c), one), zero);
  if (name == "Elu")
    return r.selectLess(x, 0, r.mul(a, b.create<math::ExpM1Op>(x)), x);
  if (name == "Softsign")
    return r.div(x, r.add(one, r.abs(x)));
  // Softplus: ln(1 + exp(x)), which must not overflow.
  Value small = r.exp(r.neg(r.abs(x)));
  return r.add(r.max(x, zero), b.create<math::Log1pOp>(small));
}
