//===- LowerQuant.cpp - Quantization --------------------------------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Reduction/Folding.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace burin {
void addMatMulNBitsLowering(LowerTable &table); // LowerMatMulNBits.cpp
} // namespace burin

namespace {
Type getElement(Value nnTensor) {
  return getElementTypeOrSelf(nnTensor.getType());
}

Value getFloat(B &b, Type type, double value) {
  return b.create<arith::ConstantOp>(b.getFloatAttr(type, value));
}

//===- Integers -----------------------------------------------------------===//

/// x in [low, high] - shift; the lower one for NaN.
Value clamp(B &b, Value x, double low, double high, Value shift) {
  for (auto [bound, predicate] :
       {std::pair(low, arith::CmpFPredicate::OGT),
        std::pair(high, arith::CmpFPredicate::OLT)}) {
    Value limit = getFloat(b, x.getType(), bound);
    if (shift)
      limit = b.createOrFold<arith::SubFOp>(limit, shift);
    Value inside = b.create<arith::CmpFOp>(predicate, x, limit);
    x = b.create<arith::SelectOp>(inside, x, limit);
  }
  return x;
}

/// roundeven(real) in the range of integers of nn type `to`, less `zero`.
Value roundInside(B &b, Value real, Value zero, Type to) {
  int64_t count = int64_t(1) << to.getIntOrFloatBitWidth();
  int64_t low = isUnsigned(to) ? 0 : -count / 2;
  // All bounds are integers, so that rounding may come last: rounding and turning
  // into an integer are one instruction.
  return b.create<math::RoundEvenOp>(clamp(b, real, low, low + count - 1, zero));
}

/// roundeven(real) + zero as an integer of nn type `to`, in its compute type.
Value roundTo(B &b, Value real, Value zero, Type to) {
  Type i32 = b.getI32Type();
  Value integer = b.create<arith::FPToSIOp>(i32, roundInside(b, real, zero, to));
  if (zero)
    integer = b.create<arith::AddIOp>(
        integer, b.createOrFold<arith::FPToSIOp>(i32, zero));
  return b.create<arith::TruncIOp>(getComputeType(to), integer);
}

//===- Scales and zero points ---------------------------------------------===//

/// How the elements of x find their scales.
struct View {
  Shape shape;  ///< Of x, the axis perhaps in two.
  Shape scales; ///< What the scales are to be seen as; broadcasts to `shape`.
  bool isGathered = false; ///< No such view: the scale is at [.., i / block, ..].
};

bool isSingle(const Shape &shape) {
  return llvm::all_of(
      shape, [](OpFoldResult size) { return nn::getStatic(size) == 1; });
}

template <typename OpTy>
View getView(OpTy op, Lowering &l) {
  View view{l.getShape(op.getX()), {}, false};
  Shape scales = l.getShape(op.getScale());
  int64_t axis = op.getAxis(), block = op.getBlockSize();
  if (isSingle(scales))
    return view;
  if (block == 0) {
    // One that is 1 only at run time serves all.
    OpFoldResult one = l.shapes.get(1);
    requireEqual(l, l.shapes.selectEqual(scales[0], one, view.shape[axis], scales[0]),
                 view.shape[axis], "expects one scale for each slice");
    view.scales.assign(view.shape.size() - axis, l.shapes.get(1));
    view.scales[0] = scales[0];
    return view;
  }
  Shape expected = view.shape;
  OpFoldResult size = l.shapes.get(block);
  expected[axis] = l.shapes.ceilDiv(view.shape[axis], size);
  for (auto [have, want] : llvm::zip_equal(scales, expected))
    requireEqual(l, have, want, "expects one scale for each block");
  std::optional<int64_t> known = nn::getStatic(view.shape[axis]);
  view.isGathered = !known || *known % block != 0;
  view.scales = expected;
  if (!view.isGathered) {
    view.shape[axis] = expected[axis];
    view.shape.insert(view.shape.begin() + axis + 1, size);
    view.scales.insert(view.scales.begin() + axis + 1, l.shapes.get(1));
  }
  return view;
}

/// The element of `scales` for the present one of x.
Value gather(B &b, Value scales, int64_t axis, int64_t block) {
  SmallVector<Value> at;
  int64_t rank = cast<RankedTensorType>(scales.getType()).getRank();
  for (int64_t d = 0; d < rank; ++d) {
    at.push_back(b.create<linalg::IndexOp>(d));
    if (d == axis) {
      Value size = b.create<arith::ConstantIndexOp>(block);
      at.back() = b.create<arith::DivUIOp>(at.back(), size);
    }
  }
  return b.create<tensor::ExtractOp>(scales, at);
}

/// result = body(x, scale, zero point or null), each element; the last two as f32.
template <typename OpTy>
Value mapScaled(OpTy op, Lowering &l,
                function_ref<Value(B &, Value, Value, Value)> body) {
  View view = getView(op, l);
  Type f32 = l.builder.getF32Type();
  SmallVector<Value> operands = {l.createReshape(
      l.get(op.getX()), l.getShape(op.getX()), view.shape)};
  SmallVector<Shape> shapes = {view.shape};
  SmallVector<Type> types = {getElement(op.getX())}, scaleTypes;
  SmallVector<std::pair<size_t, Value>> gathered;
  for (Value value : {op.getScale(), op.getZeroPoint()}) {
    if (!value)
      continue;
    // A zero point of a size known only at run time has that of the scale.
    Shape from = l.getShape(value), wanted = l.getShape(op.getScale());
    if (isSingle(from) || isSingle(wanted))
      wanted.assign(from.size(), l.shapes.get(1));
    for (auto [have, want] : llvm::zip_equal(from, wanted))
      requireEqual(l, have, want, "expects one zero point for each scale");
    scaleTypes.push_back(getElement(value));
    Value tensor = l.createCast(l.get(value), wanted);
    if (view.isGathered && !isSingle(wanted)) {
      gathered.push_back({scaleTypes.size() - 1, tensor});
      continue;
    }
    Shape to = isSingle(wanted) ? Shape() : view.scales;
    operands.push_back(l.createReshape(tensor, wanted, to));
    shapes.push_back(to);
    types.push_back(getElement(value));
  }
  types.push_back(getElement(op.getResult()));
  Value result = l.createElementwise(
      operands, shapes, view.shape, types, [&](B &b, ArrayRef<Value> args) {
        SmallVector<Value> parameters(args.drop_front());
        for (auto [place, tensor] : gathered) {
          Value stored = gather(b, tensor, op.getAxis(), op.getBlockSize());
          parameters.insert(parameters.begin() + place,
                            Lowering::toCompute(b, stored, scaleTypes[place]));
        }
        for (auto [value, type] : llvm::zip_equal(parameters, scaleTypes))
          value = Lowering::castScalar(b, value, type, f32, true);
        return body(b, args[0], parameters[0],
                    parameters.size() > 1 ? parameters[1] : Value());
      });
  return l.createReshape(result, view.shape, l.getShape(op.getResult()));
}

//===- quantize, dequantize, lookup ---------------------------------------===//

LogicalResult lowerQuantize(nn::QuantizeOp op, Lowering &l) {
  Type from = getElement(op.getX()), to = getElement(op.getResult());
  Type precision = op.getPrecision(), f32 = l.builder.getF32Type();
  l.set(op, mapScaled(op, l, [&](B &b, Value x, Value scale, Value zero) -> Value {
    Value real = Lowering::castScalar(b, x, from, f32, true);
    real = b.create<arith::DivFOp>(real, scale);
    if (precision.getIntOrFloatBitWidth() < 32)
      real = Lowering::toCompute(b, Lowering::toStorage(b, real, precision),
                                 precision);
    if (isa<FloatType>(to))
      return Lowering::castScalar(b, real, f32, to, op.getSaturate());
    return roundTo(b, real, zero, to);
  }));
  return success();
}

/// The quantize op whose integers only `op` reads, with one zero point for both.
nn::QuantizeOp findRounding(nn::DequantizeOp op, Lowering &l) {
  auto quantize = op.getX().getDefiningOp<nn::QuantizeOp>();
  if (!quantize || !quantize->hasOneUse() || !getElement(quantize).isIntOrIndex() ||
      quantize.getZeroPoint() != op.getZeroPoint() || !quantize.getPrecision().isF32())
    return {};
  for (Value value : {op.getScale(), quantize.getScale(), op.getZeroPoint()})
    if (value && (!isSingle(l.getShape(value)) ||
                  int64_t(l.getShape(value).size()) > int64_t(l.getShape(op.getX()).size())))
      return {};
  return quantize;
}

/// Both at once: the zero point cancels out, and nothing becomes an integer.
void lowerRounding(nn::QuantizeOp quantize, nn::DequantizeOp op, Lowering &l) {
  SmallVector<Value> operands;
  SmallVector<Shape> shapes;
  SmallVector<Type> types;
  for (Value value : {quantize.getX(), quantize.getScale(), op.getScale(), op.getZeroPoint()})
    if (value) {
      operands.push_back(l.get(value));
      shapes.push_back(l.getShape(value));
      types.push_back(getElement(value));
    }
  Type f32 = l.builder.getF32Type(), to = getElement(op.getResult());
  SmallVector<Type> from = types;
  types.push_back(to);
  l.set(op, l.createElementwise(
                operands, shapes, l.getShape(op.getResult()), types,
                [&](B &b, ArrayRef<Value> args) {
                  SmallVector<Value> reals;
                  for (auto [arg, type] : llvm::zip_equal(args, from))
                    reals.push_back(Lowering::castScalar(b, arg, type, f32, true));
                  Value real = b.create<arith::DivFOp>(reals[0], reals[1]);
                  real = roundInside(b, real, reals.size() > 3 ? reals[3] : Value(),
                                     getElement(quantize));
                  real = b.create<arith::MulFOp>(real, reals[2]);
                  return Lowering::castScalar(b, real, f32, to, true);
                }));
}

LogicalResult lowerDequantize(nn::DequantizeOp op, Lowering &l) {
  if (nn::QuantizeOp quantize = findRounding(op, l)) {
    lowerRounding(quantize, op, l);
    return success();
  }
  Type from = getElement(op.getX()), to = getElement(op.getResult());
  Type f32 = l.builder.getF32Type();
  l.set(op, mapScaled(op, l, [&](B &b, Value x, Value scale, Value zero) -> Value {
    Value real = Lowering::castScalar(b, x, from, f32, true);
    if (zero)
      real = b.create<arith::SubFOp>(real, zero);
    real = b.create<arith::MulFOp>(real, scale);
    return Lowering::castScalar(b, real, f32, to, true);
  }));
  return success();
}

LogicalResult lowerLookup(nn::LookupOp op, Lowering &l) {
  l.set(op, l.createElementwise(op, [&](B &b, ArrayRef<Value> args) -> Value {
    return b.create<exec::LookupOp>(args[0], op.getTable());
  }));
  return success();
}

//===- dynamic_quantize ---------------------------------------------------===//

/// The smallest or largest element, or 0.
Value foldRange(const Folding &all, const Folding::Input &x, bool largest,
                B &builder) {
  return all.fold(
      x, builder.getF32FloatAttr(0),
      [](B &, ArrayRef<Value> args) { return args[0]; },
      [&](B &b, ArrayRef<Value> args) -> Value {
        // There is no scale for a NaN: what comes of one does not matter.
        using Flags = arith::FastMathFlags;
        if (largest)
          return b.create<arith::MaximumFOp>(args[0], args[1], Flags::nnan | Flags::nsz);
        return b.create<arith::MinimumFOp>(args[0], args[1], Flags::nnan | Flags::nsz);
      });
}

LogicalResult lowerDynamicQuantize(nn::DynamicQuantizeOp op, Lowering &l) {
  Type f32 = l.builder.getF32Type(), byte = getElement(op.getResult());
  Shape shape = l.getShape(op.getX()), scalar;
  Folding all(l, shape, llvm::to_vector(llvm::seq<int64_t>(shape.size())));
  Folding::Input x = all.all(l.get(op.getX()), f32);
  Value low = foldRange(all, x, false, l.builder);
  Value high = foldRange(all, x, true, l.builder);
  Value scale = l.createElementwise(
      {low, high}, {scalar, scalar}, scalar, {f32, f32, f32},
      [&](B &b, ArrayRef<Value> args) -> Value {
        Value range = b.create<arith::SubFOp>(args[1], args[0]);
        Value isEmpty = b.create<arith::CmpFOp>(arith::CmpFPredicate::OEQ, range,
                                                getFloat(b, f32, 0));
        range = b.create<arith::SelectOp>(isEmpty, getFloat(b, f32, 1), range);
        return b.create<arith::DivFOp>(range, getFloat(b, f32, 255));
      });
  Value zero = l.createElementwise(
      {low, scale}, {scalar, scalar}, scalar, {f32, f32, byte},
      [&](B &b, ArrayRef<Value> args) -> Value {
        Value negated = b.create<arith::SubFOp>(getFloat(b, f32, 0), args[0]);
        return roundTo(b, b.create<arith::DivFOp>(negated, args[1]), Value(), byte);
      });
  l.set(op.getScale(), scale);
  l.set(op.getZeroPoint(), zero);
  l.set(op.getResult(),
        l.createElementwise({l.get(op.getX()), scale, zero},
                            {shape, scalar, scalar}, shape, {f32, f32, byte, byte},
                            [&](B &b, ArrayRef<Value> args) -> Value {
                              Value offset = Lowering::castScalar(b, args[2], byte,
                                                                  f32, true);
                              Value real =
                                  b.create<arith::DivFOp>(args[0], args[1]);
                              return roundTo(b, real, offset, byte);
                            }));
  return success();
}
} // namespace

void burin::addQuantLowerings(LowerTable &table) {
  addLowering<nn::QuantizeOp, lowerQuantize>(table);
  addLowering<nn::DequantizeOp, lowerDequantize>(table);
  addLowering<nn::LookupOp, lowerLookup>(table);
  addLowering<nn::DynamicQuantizeOp, lowerDynamicQuantize>(table);
  addMatMulNBitsLowering(table);
}
