//===- Fill.cpp - Tensors out of sizes: Range, windows, random ------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Movement/MovementLowering.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace {
LogicalResult lowerConstantOfShape(nn::ConstantOfShapeOp op, Lowering &l) {
  B &b = l.builder;
  Shape shape = l.getShape(op);
  // The element as it is stored.
  Type element = getElementTypeOrSelf(op.getType());
  Type storage = getStorageType(element);
  auto value = cast<DenseElementsAttr>(op.getValue());
  TypedAttr scalar;
  if (auto integer = dyn_cast<IntegerType>(element)) {
    APInt bits = *value.getValues<APInt>().begin();
    scalar = b.getIntegerAttr(storage,
                              bits.zextOrTrunc(storage.getIntOrFloatBitWidth()));
  } else {
    APFloat number = *value.getValues<APFloat>().begin();
    scalar = isa<FloatType>(storage)
                 ? TypedAttr(b.getFloatAttr(storage, number))
                 : b.getIntegerAttr(storage, number.bitcastToAPInt());
  }
  l.set(op, l.createFilled(shape, scalar));
  return success();
}

//===- Range ---------------------------------------------------------------===//

Value makeConstant(B &b, Type type, double value) {
  if (isa<FloatType>(type))
    return b.create<arith::ConstantOp>(b.getFloatAttr(type, value));
  return b.create<arith::ConstantOp>(b.getIntegerAttr(type, int64_t(value)));
}

/// max(0, ceil((limit - start) / delta)) of floats, as far as there is memory.
OpFoldResult countSteps(Lowering &l, Value start, Value limit, Value delta,
                        Type element) {
  B &b = l.builder;
  Type f64 = b.getF64Type();
  for (Value *value : {&start, &limit, &delta})
    *value = Lowering::castScalar(b, *value, element, f64, true);
  Value count = b.create<math::CeilOp>(b.create<arith::DivFOp>(
      b.create<arith::SubFOp>(limit, start), delta));
  // Of NaN the other one.
  count = b.create<arith::MaxNumFOp>(count, makeConstant(b, f64, 0));
  count = b.create<arith::MinNumFOp>(count, makeConstant(b, f64, 1e15));
  Value integer = b.create<arith::FPToSIOp>(b.getI64Type(), count);
  return b.create<arith::IndexCastOp>(b.getIndexType(), integer).getResult();
}

/// An index as a number of a compute type.
Value fromIndex(B &b, Value index, Type type) {
  if (isa<IntegerType>(type))
    return b.create<arith::IndexCastOp>(type, index);
  return b.create<arith::SIToFPOp>(
      type, b.create<arith::IndexCastOp>(b.getI64Type(), index));
}

LogicalResult lowerRange(nn::RangeOp op, Lowering &l) {
  Type element = getElementTypeOrSelf(op.getType());
  SmallVector<Value> scalars;
  for (Value operand : op->getOperands())
    scalars.push_back(Lowering::toCompute(
        l.builder, extractScalar(l, l.get(operand)), element));
  Value start = scalars[0], delta = scalars[2];
  SmallVector<Shape> inferred;
  if (failed(op.inferShapes(l.shapes, inferred)))
    return failure();
  Shape shape = inferred[0];
  if (!shape[0]) {
    shape = {countSteps(l, start, scalars[1], delta, element)};
    l.shapes.setDims(op, shape);
  }
  if (isa<IntegerType>(element))
    l.createCheck(l.builder.create<arith::CmpIOp>(
                      arith::CmpIPredicate::ne, delta,
                      makeConstant(l.builder, delta.getType(), 0)),
                  "Range: a delta of 0");
  l.set(op, createIndexed(
                l, shape, getStorageType(element),
                [&](B &b, ArrayRef<Value> indices) -> Value {
                  Value i = fromIndex(b, indices[0], delta.getType());
                  Value sum;
                  if (isa<FloatType>(delta.getType()))
                    sum = b.create<arith::AddFOp>(
                        start, b.create<arith::MulFOp>(i, delta));
                  else
                    sum = b.create<arith::AddIOp>(
                        start, b.create<arith::MulIOp>(i, delta));
                  return Lowering::toStorage(b, sum, element);
                }));
  return success();
}

//===- EyeLike, windows ----------------------------------------------------===//

LogicalResult lowerEyeLike(nn::EyeLikeOp op, Lowering &l) {
  Type element = getElementTypeOrSelf(op.getType());
  Type type = getComputeType(element);
  Value offset = l.shapes.getValue(l.shapes.get(op.getOffset()));
  l.set(op,
        createIndexed(l, l.getShape(op), getStorageType(element),
                      [&](B &b, ArrayRef<Value> indices) -> Value {
                        Value hits = b.create<arith::CmpIOp>(
                            arith::CmpIPredicate::eq, indices[1],
                            addIndex(b, indices[0], offset));
                        Value one = makeConstant(b, type, 1);
                        Value zero = makeConstant(b, type, 0);
                        return Lowering::toStorage(
                            b, b.create<arith::SelectOp>(hits, one, zero),
                            element);
                      }));
  return success();
}

LogicalResult lowerCosineWindow(nn::CosineWindowOp op, Lowering &l) {
  Type type = getElementTypeOrSelf(op.getType());
  OpFoldResult size = l.getShape(op)[0], one = l.shapes.get(1);
  OpFoldResult period = op.getPeriodic() ? size : l.shapes.sub(size, one);
  Value count = fromIndex(
      l.builder, l.shapes.getValue(l.shapes.max(period, one)), type);
  ArrayRef<double> c = op.getCoefficients();
  l.set(op, createIndexed(
                l, l.getShape(op), type,
                [&](B &b, ArrayRef<Value> indices) -> Value {
                  Value i = fromIndex(b, indices[0], type);
                  Value turn = b.create<arith::MulFOp>(
                      b.create<arith::DivFOp>(i, count),
                      makeConstant(b, type, 2 * M_PI));
                  Value sum = makeConstant(b, type, c[0]);
                  for (int k : {1, 2}) {
                    if (c[k] == 0)
                      continue;
                    Value angle = b.create<arith::MulFOp>(
                        turn, makeConstant(b, type, k));
                    Value term = b.create<arith::MulFOp>(
                        b.create<math::CosOp>(angle), makeConstant(b, type, c[k]));
                    sum = b.create<arith::AddFOp>(sum, term);
                  }
                  return sum;
                }));
  return success();
}

//===- Random --------------------------------------------------------------===//

/// 64 bits that look random, of a seed and a number (SplitMix64).
Value createHash(B &b, Value number, int64_t seed) {
  Type i64 = b.getI64Type();
  auto constant = [&](uint64_t bits) {
    return b.create<arith::ConstantOp>(b.getIntegerAttr(i64, APInt(64, bits)));
  };
  auto mix = [&](Value z, int shift, uint64_t factor) -> Value {
    Value high = b.create<arith::ShRUIOp>(z, constant(shift));
    z = b.create<arith::XOrIOp>(z, high);
    return factor ? Value(b.create<arith::MulIOp>(z, constant(factor))) : z;
  };
  Value z = b.create<arith::MulIOp>(number, constant(0x9e3779b97f4a7c15));
  z = b.create<arith::AddIOp>(z, constant(uint64_t(seed) * 0xd1342543de82ef95 +
                                          0x9e3779b97f4a7c15));
  z = mix(z, 30, 0xbf58476d1ce4e5b9);
  z = mix(z, 27, 0x94d049bb133111eb);
  return mix(z, 31, 0);
}

/// 24 of 64 bits from `shift` on as a number in [0, 1).
Value getFraction(B &b, Value hash, int shift, Type type) {
  Value bits = b.create<arith::ShRUIOp>(
      hash, b.create<arith::ConstantOp>(b.getI64IntegerAttr(shift)));
  bits = b.create<arith::AndIOp>(
      bits, b.create<arith::ConstantOp>(b.getI64IntegerAttr(0xffffff)));
  return b.create<arith::MulFOp>(b.create<arith::SIToFPOp>(type, bits),
                                 makeConstant(b, type, 0x1p-24));
}

/// Of mean 0 and deviation 1 (Box and Muller).
Value createNormal(B &b, Value hash, Type type) {
  Value radius = b.create<arith::SubFOp>(makeConstant(b, type, 1),
                                         getFraction(b, hash, 40, type));
  radius = b.create<math::SqrtOp>(b.create<arith::MulFOp>(
      b.create<math::LogOp>(radius), makeConstant(b, type, -2)));
  Value angle = b.create<arith::MulFOp>(getFraction(b, hash, 8, type),
                                        makeConstant(b, type, 2 * M_PI));
  return b.create<arith::MulFOp>(radius, b.create<math::CosOp>(angle));
}

LogicalResult lowerRandom(nn::RandomOp op, Lowering &l) {
  Shape shape = l.getShape(op);
  Type type = getElementTypeOrSelf(op.getType());
  SmallVector<Value> sizes;
  for (OpFoldResult size : shape)
    sizes.push_back(l.shapes.getValue(size));
  double a = op.getA().convertToDouble(), c = op.getB().convertToDouble();
  bool isNormal = op.getKind() == "normal";
  l.set(op, createIndexed(
                l, shape, type, [&](B &b, ArrayRef<Value> indices) -> Value {
                  Value place = b.create<arith::ConstantIndexOp>(0);
                  for (auto [i, size] : llvm::zip_equal(indices, sizes))
                    place = addIndex(
                        b, b.createOrFold<arith::MulIOp>(place, size), i);
                  place = b.create<arith::IndexCastOp>(b.getI64Type(), place);
                  Value hash = createHash(b, place, op.getSeed());
                  Value number = isNormal ? createNormal(b, hash, type)
                                          : getFraction(b, hash, 40, type);
                  number = b.create<arith::MulFOp>(
                      number, makeConstant(b, type, isNormal ? c : c - a));
                  return b.create<arith::AddFOp>(number,
                                                 makeConstant(b, type, a));
                }));
  return success();
}
} // namespace

void burin::addFillLowerings(LowerTable &table) {
  addLowering<nn::ConstantOfShapeOp, lowerConstantOfShape>(table);
  addLowering<nn::RangeOp, lowerRange>(table);
  addLowering<nn::EyeLikeOp, lowerEyeLike>(table);
  addLowering<nn::CosineWindowOp, lowerCosineWindow>(table);
  addLowering<nn::RandomOp, lowerRandom>(table);
}
