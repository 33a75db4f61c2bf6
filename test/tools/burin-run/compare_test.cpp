//===- compare_test.cpp - Whether an output is what was expected ----------===//

#include "compare.h"
#include "inputs.h"
#include "numbers.h"
#include <cmath>
#include <gtest/gtest.h>

namespace {

using namespace burin_run;

template <typename T>
Comparison compareAs(int32_t dtype, std::vector<T> actual,
                     std::vector<T> expected, double rtol = -1,
                     double atol = -1) {
  burin_tensor a = {actual.data(), dtype, 1, {int64_t(actual.size())}};
  burin_tensor e = {expected.data(), dtype, 1, {int64_t(expected.size())}};
  return compare(a, e, rtol, atol);
}

TEST(Compare, TakesFloatsWithinTolerance) {
  Comparison close =
      compareAs<float>(BURIN_F32, {1, 100.05f}, {1, 100}, 1e-3, 0);
  EXPECT_TRUE(close.ok);
  EXPECT_NEAR(close.maxAbs, 0.05, 1e-5);
  EXPECT_NEAR(close.maxRel, 5e-4, 1e-6);
  EXPECT_FALSE(compareAs<float>(BURIN_F32, {1, 100.2f}, {1, 100}, 1e-3, 0).ok);
  EXPECT_TRUE(compareAs<float>(BURIN_F32, {0.01f, 100}, {0, 100}).ok)
      << "small beside the rest";
  EXPECT_FALSE(compareAs<float>(BURIN_F32, {0.01f, 100}, {0, 100}, 1e-3, 0).ok);
}

TEST(Compare, TakesIntegersOnlyIfEqual) {
  EXPECT_TRUE(compareAs<int64_t>(BURIN_I64, {7}, {7}).ok);
  EXPECT_FALSE(compareAs<int64_t>(BURIN_I64, {100001}, {100000}, 1, 1).ok);
  Comparison big =
      compareAs<int64_t>(BURIN_I64, {(1ll << 60) + 1}, {1ll << 60});
  EXPECT_FALSE(big.ok) << "they are equal as doubles";
}

TEST(Compare, KnowsNanAndInfinity) {
  float nan = NAN, inf = INFINITY;
  EXPECT_TRUE(compareAs<float>(BURIN_F32, {nan, inf}, {nan, inf}).ok);
  EXPECT_FALSE(compareAs<float>(BURIN_F32, {1}, {nan}).ok);
  EXPECT_FALSE(compareAs<float>(BURIN_F32, {nan}, {1}).ok);
  EXPECT_FALSE(compareAs<float>(BURIN_F32, {-inf}, {inf}).ok);
  EXPECT_FALSE(compareAs<float>(BURIN_F32, {1e30f}, {inf}, 1, 1).ok);
}

TEST(Compare, NamesADifferentShape) {
  Comparison result = compareAs<float>(BURIN_F32, {1, 2}, {1});
  EXPECT_FALSE(result.ok);
  EXPECT_EQ(result.what, "has shape [2], expected [1]");
}

TEST(Numbers, ReadSmallFloatsAsTheirFormatsSay) {
  auto read = [](int32_t dtype, unsigned bits) {
    uint16_t data = uint16_t(bits);
    return readNumber(&data, dtype, 0);
  };
  EXPECT_EQ(read(BURIN_F16, 0x3c00), 1);
  EXPECT_EQ(read(BURIN_F16, 0x0001), 0x1p-24);
  EXPECT_EQ(read(BURIN_F16, 0xfc00), -INFINITY);
  EXPECT_EQ(read(BURIN_BF16, 0xc040), -3);
  EXPECT_EQ(read(BURIN_F8E4M3FN, 0x7e), 448);
  EXPECT_TRUE(std::isnan(read(BURIN_F8E4M3FN, 0x7f)));
  EXPECT_EQ(read(BURIN_F8E4M3FNUZ, 0x7f), 240);
  EXPECT_TRUE(std::isnan(read(BURIN_F8E4M3FNUZ, 0x80)));
  EXPECT_EQ(read(BURIN_F8E5M2, 0x7b), 57344);
  EXPECT_EQ(read(BURIN_F8E5M2, 0x7c), INFINITY);
  EXPECT_EQ(read(BURIN_F8E5M2FNUZ, 0x7f), 57344);
  EXPECT_EQ(read(BURIN_F8E8M0, 127), 1);
  EXPECT_EQ(read(BURIN_F4E2M1, 0x7), 6);
  EXPECT_EQ(read(BURIN_F4E2M1, 0x9), -0.5);
  EXPECT_EQ(read(BURIN_I4, 0xf), -1);
  EXPECT_EQ(read(BURIN_I2, 0x2), -2);
  EXPECT_EQ(read(BURIN_U4, 0xf), 15);
}

TEST(Numbers, AreReadAsTheyWereWritten) {
  for (int32_t dtype = 0; dtype < BURIN_NUM_DTYPES; ++dtype)
    for (double value : {0.0, 1.0, 0.5, -1.0, -0.75, 0.125, 0x1p-24}) {
      bool fits = value == 1 || (value == 0 && dtype != BURIN_F8E8M0) ||
                  (isFloat(dtype) && value == 0.5);
      bool wide = dtype == BURIN_F32 || dtype == BURIN_F64 ||
                  dtype == BURIN_F16 || dtype == BURIN_BF16;
      if (!fits && !wide)
        continue;
      double data = 0;
      writeNumber(&data, dtype, 0, value);
      EXPECT_EQ(readNumber(&data, dtype, 0), value) << burin_dtype_name(dtype);
    }
}

TEST(FillTensor, DrawsTheSameForTheSameSeed) {
  for (int32_t dtype = 0; dtype < BURIN_NUM_DTYPES; ++dtype) {
    double a[100] = {}, b[100] = {};
    burin_tensor first = {a, dtype, 1, {100}}, second = {b, dtype, 1, {100}};
    fillTensor(first, Fill::Random, 1, 0);
    fillTensor(second, Fill::Random, 1, 0);
    EXPECT_TRUE(std::equal(a, a + 100, b));
    double least = 1, most = 0;
    for (size_t i = 0; i < 100; ++i) {
      double value = readNumber(a, dtype, i);
      EXPECT_LE(std::fabs(value), 1) << burin_dtype_name(dtype);
      EXPECT_TRUE(isFloat(dtype) || value == 0 || value == 1 ||
                  (dtype == BURIN_I2 && value == 1));
      least = std::min(least, value);
      most = std::max(most, value);
    }
    EXPECT_LT(least, most);
    fillTensor(second, Fill::Random, 2, 0);
    EXPECT_FALSE(std::equal(a, a + 100, b));
  }
}

} // namespace
