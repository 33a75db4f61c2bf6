//===- SmallFloats.cpp - 8-bit floats and bf16 in integer code ------------===//
//
// Integer arithmetic on the bits of f32, without branches and tables, so that it
// vectorises and does not depend on how the machine treats denormals.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/SmallFloats.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <cmath>

using namespace mlir;

namespace {
/// What distinguishes the 8-bit formats. All have one sign bit.
struct Format {
  int mantissa;    ///< Bits of the fraction.
  int bias;        ///< Of the exponent.
  int32_t largest; ///< Bits of the largest finite magnitude.
  int32_t infinity; ///< What a magnitude out of range becomes: infinity or NaN.
  int32_t nan;
  bool oneZero; ///< FNUZ: the only NaN is where -0 would be.
};

Format getFormat(Type f8) {
  if (f8.isFloat8E4M3FN())
    return {3, 7, 0x7e, 0x7f, 0x7f, false};
  if (f8.isFloat8E4M3FNUZ())
    return {3, 8, 0x7f, 0x80, 0x80, true};
  if (f8.isFloat8E5M2())
    return {2, 15, 0x7b, 0x7c, 0x7e, false};
  return {2, 16, 0x7f, 0x80, 0x80, true}; // E5M2FNUZ
}

/// i32 arithmetic, short.
struct Bits {
  ImplicitLocOpBuilder &b;

  Value get(int32_t number) {
    return b.create<arith::ConstantOp>(b.getI32IntegerAttr(number));
  }
  Value getFloat(double number) {
    return b.create<arith::ConstantOp>(b.getF32FloatAttr(float(number)));
  }
  Value add(Value x, int32_t y) { return b.create<arith::AddIOp>(x, get(y)); }
  Value add(Value x, Value y) { return b.create<arith::AddIOp>(x, y); }
  Value mask(Value x, int32_t y) { return b.create<arith::AndIOp>(x, get(y)); }
  Value join(Value x, Value y) { return b.create<arith::OrIOp>(x, y); }
  Value left(Value x, int y) { return b.create<arith::ShLIOp>(x, get(y)); }
  Value right(Value x, int y) { return b.create<arith::ShRUIOp>(x, get(y)); }
  Value greater(Value x, int32_t y) {
    return b.create<arith::CmpIOp>(arith::CmpIPredicate::sgt, x, get(y));
  }
  Value equal(Value x, int32_t y) {
    return b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, x, get(y));
  }
  Value select(Value test, Value x, Value y) {
    return b.create<arith::SelectOp>(test, x, y);
  }
  Value fromFloat(Value x) {
    return b.create<arith::BitcastOp>(b.getI32Type(), x);
  }
  Value toFloat(Value x) {
    return b.create<arith::BitcastOp>(b.getF32Type(), x);
  }
};
} // namespace

Value burin::buildF8ToF32(ImplicitLocOpBuilder &b, Value i8, Type f8) {
  Format format = getFormat(f8);
  Bits bits{b};
  int shift = 23 - format.mantissa;
  Value x = b.create<arith::ExtUIOp>(b.getI32Type(), i8);
  Value magnitude = bits.mask(x, 0x7f);
  Value sign = bits.left(bits.mask(x, 0x80), 24);

  Value normal = bits.add(bits.left(magnitude, shift), (127 - format.bias) << 23);
  Value fraction = b.create<arith::SIToFPOp>(b.getF32Type(), magnitude);
  Value least = bits.getFloat(std::ldexp(1.0, 1 - format.bias - format.mantissa));
  Value tiny = bits.fromFloat(b.create<arith::MulFOp>(fraction, least));
  Value isNormal = bits.greater(magnitude, (1 << format.mantissa) - 1);
  Value result = bits.join(bits.select(isNormal, normal, tiny), sign);

  Value nan = bits.get(0x7fc00000);
  if (format.oneZero)
    return bits.toFloat(bits.select(bits.equal(x, format.nan), nan, result));
  if (format.infinity != format.nan)
    result = bits.select(bits.equal(magnitude, format.infinity),
                         bits.join(bits.get(0x7f800000), sign), result);
  Value isNaN = bits.greater(magnitude, format.nan == 0x7f ? 0x7e
                                                           : format.infinity);
  return bits.toFloat(bits.select(isNaN, nan, result));
}

Value burin::buildF32ToF8(ImplicitLocOpBuilder &b, Value f32, Type f8) {
  Format format = getFormat(f8);
  Bits bits{b};
  int shift = 23 - format.mantissa;
  Value x = bits.fromFloat(f32);
  Value sign = bits.mask(bits.right(x, 24), 0x80);
  Value magnitude = bits.mask(x, 0x7fffffff);

  // Half of the last place, less one if the place before is even.
  Value odd = bits.mask(bits.right(magnitude, shift), 1);
  Value rounded = bits.add(bits.add(magnitude, odd), (1 << (shift - 1)) - 1);
  Value normal = bits.add(bits.right(rounded, shift),
                          -((127 - format.bias) << format.mantissa));
  // Added to a number whose last place is the smallest denormal, the magnitude
  // is rounded to a multiple of that.
  int32_t magic = (127 + 1 - format.bias + shift) << 23;
  Value sum = b.create<arith::AddFOp>(bits.toFloat(magnitude),
                                      bits.toFloat(bits.get(magic)));
  Value tiny = bits.add(bits.fromFloat(sum), -magic);
  Value isNormal =
      bits.greater(magnitude, ((127 + 1 - format.bias) << 23) - 1);
  Value result = bits.select(isNormal, normal, tiny);

  result = bits.select(bits.greater(result, format.largest),
                       bits.get(format.infinity), result);
  result = bits.select(bits.greater(magnitude, 0x7f800000),
                       bits.get(format.nan), result);
  Value joined = bits.join(result, sign);
  if (format.oneZero)
    joined = bits.select(bits.equal(result, 0), result, joined);
  return b.create<arith::TruncIOp>(b.getI8Type(), joined);
}

Value burin::buildF32ToBF16Bits(ImplicitLocOpBuilder &b, Value f32) {
  Bits bits{b};
  Value x = bits.fromFloat(f32);
  Value odd = bits.mask(bits.right(x, 16), 1);
  Value rounded = bits.right(bits.add(bits.add(x, odd), 0x7fff), 16);
  // Rounding could carry a NaN into infinity or over the sign.
  Value quiet = bits.join(bits.right(x, 16), bits.get(0x40));
  Value isNaN = bits.greater(bits.mask(x, 0x7fffffff), 0x7f800000);
  return b.create<arith::TruncIOp>(b.getI16Type(),
                                   bits.select(isNaN, quiet, rounded));
}
