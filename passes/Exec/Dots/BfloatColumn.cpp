//===- BfloatColumn.cpp - Factors of one sum, rounded to bf16 -------------===//

#include "passes/Exec/Dots/BfloatColumn.h"
#include "llvm/ADT/bit.h"
#include <algorithm>
#include <cmath>

using namespace llvm;

/// A bf16 nearest to the f32 with these bits, ties to even.
static uint16_t roundToBfloat(uint32_t bits) {
  if ((bits & 0x7fffffff) > 0x7f800000)
    return bits >> 16 | 0x40; // Still a NaN.
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

static float widen(uint16_t bits) { return bit_cast<float>(uint32_t(bits) << 16); }

namespace {
/// A factor that could be rounded the other way.
struct Choice {
  float cost; ///< How much the sum of squared errors grows, by the change of the sum.
  float change;
  uint32_t factor;
  uint16_t other;

  bool operator<(const Choice &second) const { // The cheapest is on top of a heap.
    return std::make_pair(cost, factor) > std::make_pair(second.cost, second.factor);
  }
};
} // namespace

/// The factors close enough to the middle whose change makes `error` less.
static std::vector<Choice> findChoices(ArrayRef<float> column, ArrayRef<uint16_t> rounded,
                                       double error) {
  std::vector<Choice> choices(column.size() + 1);
  size_t count = 0;
  float sign = error < 0 ? -1 : 1;
  for (size_t i = 0; i < column.size(); ++i) {
    float nearest = widen(rounded[i]), lost = nearest - column[i];
    // Away from 0 are the greater bits, whatever the sign.
    uint16_t other = rounded[i] + (std::fabs(nearest) < std::fabs(column[i]) ? 1 : -1);
    float change = widen(other) - nearest, size = std::fabs(change);
    choices[count] = {size - 2 * std::fabs(lost), change, uint32_t(i), other};
    // Without a branch, since nothing could foresee it.
    count += size_t(lost * sign * 8 >= size * 3) & size_t(std::isfinite(change));
  }
  choices.resize(count);
  return choices;
}

SmallVector<uint16_t> burin::roundColumn(ArrayRef<float> column) {
  SmallVector<uint16_t> rounded(column.size());
  double error = 0;
  for (size_t i = 0; i < column.size(); ++i) {
    rounded[i] = roundToBfloat(bit_cast<uint32_t>(column[i]));
    error += widen(rounded[i]) - column[i];
  }
  if (error == 0 || !std::isfinite(error))
    return rounded;
  std::vector<Choice> choices = findChoices(column, rounded, error);
  std::make_heap(choices.begin(), choices.end());
  double least = std::fabs(error) / 16; // Less does not matter any more.
  for (; !choices.empty() && std::fabs(error) > least; choices.pop_back()) {
    std::pop_heap(choices.begin(), choices.end());
    const Choice &cheapest = choices.back();
    if (std::fabs(error + cheapest.change) >= std::fabs(error))
      continue;
    error += cheapest.change;
    rounded[cheapest.factor] = cheapest.other;
  }
  return rounded;
}
