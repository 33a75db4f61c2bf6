//===- Scalars.cpp - Element types in memory and in arithmetic ------------===//

#include "burin/types.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/Lower/Lowering.h"
#include "passes/Lower/SmallFloats.h"

using namespace mlir;
using namespace burin;

static bool isSmallFloat(Type type) {
  return isa<FloatType>(type) && type.getIntOrFloatBitWidth() == 8;
}

Type burin::getStorageType(Type element) {
  MLIRContext *context = element.getContext();
  if (isSmallFloat(element))
    return IntegerType::get(context, 8);
  if (auto integer = dyn_cast<IntegerType>(element))
    return IntegerType::get(context, std::max(8u, integer.getWidth()));
  return element;
}

RankedTensorType burin::getStorageType(RankedTensorType type) {
  return RankedTensorType::get(type.getShape(),
                               getStorageType(type.getElementType()));
}

Type burin::getComputeType(Type element) {
  MLIRContext *context = element.getContext();
  if (isa<FloatType>(element))
    return element.getIntOrFloatBitWidth() < 32 ? Float32Type::get(context)
                                                : element;
  return element.isInteger(1) ? element : getStorageType(element);
}

bool burin::isUnsigned(Type element) {
  return element.isUnsignedInteger() || element.isInteger(1);
}

int32_t burin::getDType(Type element) {
  if (auto integer = dyn_cast<IntegerType>(element)) {
    bool plain = !integer.isUnsigned();
    switch (integer.getWidth()) {
    case 1:
      return BURIN_BOOL;
    case 2:
      return plain ? BURIN_I2 : BURIN_U2;
    case 4:
      return plain ? BURIN_I4 : BURIN_U4;
    case 8:
      return plain ? BURIN_I8 : BURIN_U8;
    case 16:
      return plain ? BURIN_I16 : BURIN_U16;
    case 32:
      return plain ? BURIN_I32 : BURIN_U32;
    default:
      return plain ? BURIN_I64 : BURIN_U64;
    }
  }
  if (element.isF16())
    return BURIN_F16;
  if (element.isBF16())
    return BURIN_BF16;
  if (element.isF64())
    return BURIN_F64;
  if (element.isFloat8E4M3FN())
    return BURIN_F8E4M3FN;
  if (element.isFloat8E4M3FNUZ())
    return BURIN_F8E4M3FNUZ;
  if (element.isFloat8E5M2())
    return BURIN_F8E5M2;
  if (element.isFloat8E5M2FNUZ())
    return BURIN_F8E5M2FNUZ;
  return BURIN_F32;
}

static Value getInt(ImplicitLocOpBuilder &b, Type type, int64_t value) {
  return b.create<arith::ConstantOp>(b.getIntegerAttr(type, value));
}

/// The low `width` bits as a number.
static Value extendFrom(ImplicitLocOpBuilder &b, Value scalar, unsigned width,
                        bool isUnsigned) {
  Value shift = getInt(b, scalar.getType(),
                       scalar.getType().getIntOrFloatBitWidth() - width);
  Value high = b.create<arith::ShLIOp>(scalar, shift);
  if (isUnsigned)
    return b.create<arith::ShRUIOp>(high, shift);
  return b.create<arith::ShRSIOp>(high, shift);
}

Value Lowering::toCompute(ImplicitLocOpBuilder &b, Value scalar, Type element) {
  if (isSmallFloat(element))
    return buildF8ToF32(b, scalar, element);
  if (isa<FloatType>(element))
    return element == getComputeType(element)
               ? scalar
               : b.create<arith::ExtFOp>(getComputeType(element), scalar);
  unsigned width = element.getIntOrFloatBitWidth();
  if (width == 1)
    return b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, scalar,
                                   getInt(b, scalar.getType(), 0));
  return width < 8 ? extendFrom(b, scalar, width, isUnsigned(element)) : scalar;
}

Value Lowering::toStorage(ImplicitLocOpBuilder &b, Value scalar, Type element) {
  if (isSmallFloat(element))
    return buildF32ToF8(b, scalar, element);
  if (element.isBF16())
    return b.create<arith::BitcastOp>(element, buildF32ToBF16Bits(b, scalar));
  if (isa<FloatType>(element))
    return element == scalar.getType()
               ? scalar
               : b.create<arith::TruncFOp>(element, scalar);
  unsigned width = element.getIntOrFloatBitWidth();
  if (width == 1)
    return b.create<arith::ExtUIOp>(b.getI8Type(), scalar);
  if (width < 8)
    return b.create<arith::AndIOp>(
        scalar, getInt(b, scalar.getType(), (1 << width) - 1));
  return scalar;
}

/// Drops the fraction; what does not fit wraps, as C does it on most machines.
static Value floatToInt(ImplicitLocOpBuilder &b, Value scalar, Type to) {
  Type type = getComputeType(to);
  unsigned width = type.getIntOrFloatBitWidth();
  if (width == 64 && isUnsigned(to))
    return b.create<arith::FPToUIOp>(type, scalar);
  Type wide = b.getIntegerType(width == 32 && isUnsigned(to) ? 64
                                                             : std::max(32u, width));
  Value integer = b.create<arith::FPToSIOp>(wide, scalar);
  return wide == type ? integer : b.create<arith::TruncIOp>(type, integer);
}

/// The nearest number, of those that are finite in the 8-bit float `to`; NaN.
static Value clampToFinite(ImplicitLocOpBuilder &b, Value f32, Type to) {
  auto type = cast<FloatType>(to);
  auto clamp = [&](Value x, bool negative, arith::CmpFPredicate beyond) {
    APFloat bound = APFloat::getLargest(type.getFloatSemantics(), negative);
    Value limit = b.create<arith::ConstantOp>(
        b.getF32FloatAttr(bound.convertToFloat()));
    Value isBeyond = b.create<arith::CmpFOp>(beyond, x, limit);
    return b.create<arith::SelectOp>(isBeyond, limit, x).getResult();
  };
  Value above = clamp(f32, true, arith::CmpFPredicate::OLT);
  return clamp(above, false, arith::CmpFPredicate::OGT);
}

Value Lowering::castScalar(ImplicitLocOpBuilder &b, Value scalar, Type from,
                           Type to, bool saturate) {
  Type have = scalar.getType(), want = getComputeType(to);
  if (isSmallFloat(to) && saturate)
    return clampToFinite(b, castScalar(b, scalar, from, want, false), to);
  bool fromFloat = isa<FloatType>(have), toFloat = isa<FloatType>(want);
  if (to.isInteger(1)) {
    Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(have));
    if (fromFloat)
      return b.create<arith::CmpFOp>(arith::CmpFPredicate::UNE, scalar, zero);
    return b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, scalar, zero);
  }
  if (fromFloat && toFloat) {
    if (have == want)
      return scalar;
    if (have.getIntOrFloatBitWidth() < want.getIntOrFloatBitWidth())
      return b.create<arith::ExtFOp>(want, scalar);
    return b.create<arith::TruncFOp>(want, scalar);
  }
  if (fromFloat)
    return floatToInt(b, scalar, to);
  if (toFloat) {
    if (isUnsigned(from))
      return b.create<arith::UIToFPOp>(want, scalar);
    return b.create<arith::SIToFPOp>(want, scalar);
  }
  unsigned width = have.getIntOrFloatBitWidth();
  unsigned wanted = want.getIntOrFloatBitWidth();
  if (width > wanted)
    return b.create<arith::TruncIOp>(want, scalar);
  if (width == wanted)
    return scalar;
  if (isUnsigned(from))
    return b.create<arith::ExtUIOp>(want, scalar);
  return b.create<arith::ExtSIOp>(want, scalar);
}
