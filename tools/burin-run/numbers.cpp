//===- numbers.cpp - Elements of any type as doubles ----------------------===//

#include "numbers.h"
#include "burin/runtime.h"
#include <cmath>
#include <cstring>
#include <limits>

using namespace burin_run;

namespace {

/// How the bits of a small float are to be read.
struct FloatFormat {
  int exponentBits;
  int mantissaBits;
  int bias;
  /// What the highest exponent means: infinity and NaN as in IEEE 754; NaN only
  /// with all mantissa bits set; or nothing special, as -0 is the only NaN or
  /// there is none.
  enum { Ieee, OneNan, NegativeZeroNan, NoNan } special;
};

FloatFormat formatOf(int32_t dtype) {
  switch (dtype) {
  case BURIN_F16:
    return {5, 10, 15, FloatFormat::Ieee};
  case BURIN_BF16:
    return {8, 7, 127, FloatFormat::Ieee};
  case BURIN_F8E4M3FN:
    return {4, 3, 7, FloatFormat::OneNan};
  case BURIN_F8E4M3FNUZ:
    return {4, 3, 8, FloatFormat::NegativeZeroNan};
  case BURIN_F8E5M2:
    return {5, 2, 15, FloatFormat::Ieee};
  case BURIN_F8E5M2FNUZ:
    return {5, 2, 16, FloatFormat::NegativeZeroNan};
  default: // BURIN_F4E2M1
    return {2, 1, 1, FloatFormat::NoNan};
  }
}

double decode(uint32_t bits, const FloatFormat &format) {
  uint32_t mantissa = bits & ((1u << format.mantissaBits) - 1);
  uint32_t top = (1u << format.exponentBits) - 1;
  uint32_t exponent = (bits >> format.mantissaBits) & top;
  bool negative = bits >> (format.mantissaBits + format.exponentBits) & 1;
  double sign = negative ? -1 : 1;
  double nan = std::numeric_limits<double>::quiet_NaN();
  if (format.special == FloatFormat::Ieee && exponent == top)
    return mantissa ? nan : sign * std::numeric_limits<double>::infinity();
  if (format.special == FloatFormat::OneNan && exponent == top &&
      mantissa + 1 == 1u << format.mantissaBits)
    return nan;
  if (format.special == FloatFormat::NegativeZeroNan && negative && !exponent &&
      !mantissa)
    return nan;
  double whole = exponent ? mantissa + (1u << format.mantissaBits) : mantissa;
  return sign * std::ldexp(whole, int(exponent ? exponent : 1) - format.bias -
                                      format.mantissaBits);
}

/// Of a value within the format's range.
uint32_t encode(double value, const FloatFormat &format) {
  int exponent = 0;
  double size = std::fabs(value);
  // size = fraction x 2^exponent, where fraction is in [0.5, 1).
  std::frexp(size, &exponent);
  int biased = exponent - 1 + format.bias;
  if (biased < 1 || size == 0)
    biased = 0;
  double unit = std::ldexp(1.0, (biased ? biased : 1) - format.bias -
                                    format.mantissaBits);
  auto mantissa = uint32_t(size / unit);
  uint32_t bits = biased ? mantissa - (1u << format.mantissaBits) +
                               (uint32_t(biased) << format.mantissaBits)
                         : mantissa;
  // Where -0 means NaN, nothing may become -0.
  bool negative = std::signbit(value) && bits != 0;
  return bits | uint32_t(negative)
                    << (format.mantissaBits + format.exponentBits);
}

template <typename T>
T load(const void *data, size_t index) {
  T value;
  memcpy(&value, static_cast<const char *>(data) + index * sizeof(T),
         sizeof(T));
  return value;
}

template <typename T>
void store(void *data, size_t index, T value) {
  memcpy(static_cast<char *>(data) + index * sizeof(T), &value, sizeof(T));
}

/// The low bits of a byte as a signed number.
double readNarrow(uint8_t byte, int bits) {
  int sign = 1 << (bits - 1);
  return ((byte & (2 * sign - 1)) ^ sign) - sign;
}

} // namespace

bool burin_run::isFloat(int32_t dtype) {
  switch (dtype) {
  case BURIN_F32:
  case BURIN_F64:
  case BURIN_F16:
  case BURIN_BF16:
    return true;
  default:
    return dtype >= BURIN_F8E4M3FN && dtype <= BURIN_F4E2M1;
  }
}

double burin_run::readNumber(const void *data, int32_t dtype, size_t index) {
  switch (dtype) {
  case BURIN_F32:
    return load<float>(data, index);
  case BURIN_F64:
    return load<double>(data, index);
  case BURIN_F16:
  case BURIN_BF16:
    return decode(load<uint16_t>(data, index), formatOf(dtype));
  case BURIN_I8:
    return load<int8_t>(data, index);
  case BURIN_I16:
    return load<int16_t>(data, index);
  case BURIN_U16:
    return load<uint16_t>(data, index);
  case BURIN_I32:
    return load<int32_t>(data, index);
  case BURIN_U32:
    return load<uint32_t>(data, index);
  case BURIN_I64:
    return double(load<int64_t>(data, index));
  case BURIN_U64:
    return double(load<uint64_t>(data, index));
  case BURIN_I4:
    return readNarrow(load<uint8_t>(data, index), 4);
  case BURIN_I2:
    return readNarrow(load<uint8_t>(data, index), 2);
  case BURIN_U8:
  case BURIN_BOOL:
  case BURIN_U4:
  case BURIN_U2:
    return load<uint8_t>(data, index);
  case BURIN_F8E8M0: {
    uint8_t bits = load<uint8_t>(data, index);
    return bits == 255 ? std::numeric_limits<double>::quiet_NaN()
                       : std::ldexp(1.0, bits - 127);
  }
  default:
    return decode(load<uint8_t>(data, index), formatOf(dtype));
  }
}

void burin_run::writeNumber(void *data, int32_t dtype, size_t index,
                            double value) {
  switch (dtype) {
  case BURIN_F32:
    return store(data, index, float(value));
  case BURIN_F64:
    return store(data, index, value);
  case BURIN_F16:
  case BURIN_BF16:
    return store(data, index, uint16_t(encode(value, formatOf(dtype))));
  case BURIN_I16:
  case BURIN_U16:
    return store(data, index, uint16_t(int32_t(value)));
  case BURIN_I32:
  case BURIN_U32:
    return store(data, index, uint32_t(int64_t(value)));
  case BURIN_I64:
  case BURIN_U64:
    return store(data, index, uint64_t(int64_t(value)));
  case BURIN_I4:
  case BURIN_U4:
    return store(data, index, uint8_t(int(value) & 0xf));
  case BURIN_I2:
  case BURIN_U2:
    return store(data, index, uint8_t(int(value) & 0x3));
  case BURIN_I8:
  case BURIN_U8:
  case BURIN_BOOL:
    return store(data, index, uint8_t(int(value)));
  case BURIN_F8E8M0: // has powers of two alone, above zero
    return store(data, index, uint8_t(value > 0 ? 127 + std::ilogb(value) : 0));
  default:
    return store(data, index, uint8_t(encode(value, formatOf(dtype))));
  }
}
