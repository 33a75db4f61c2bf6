//===- BfloatColumn.cpp - Factors of one sum, rounded to bf16 -------------===//

#include "passes/Exec/Tiles/BfloatColumn.h"
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

static double widen(uint16_t bits) { return bit_cast<float>(uint32_t(bits) << 16); }

namespace {
/// A factor that could be rounded the other way.
struct Choice {
  double cost; ///< How much the sum of squared errors grows, by the change of the sum.
  double change;
  size_t factor;
  uint16_t other;

  bool operator<(const Choice &second) const { // The cheapest is on top of a heap.
    return std::make_pair(cost, factor) > std::make_pair(second.cost, second.factor);
  }
};
} // namespace

SmallVector<uint16_t> burin::roundColumn(ArrayRef<float> column) {
  SmallVector<uint16_t> rounded;
  double error = 0;
  for (float exact : column) {
    rounded.push_back(roundToBfloat(bit_cast<uint32_t>(exact)));
    error += widen(rounded.back()) - exact;
  }
  if (!std::isfinite(error))
    return rounded;
  std::vector<Choice> choices;
  for (auto [factor, exact] : llvm::enumerate(column)) {
    double nearest = widen(rounded[factor]), lost = nearest - exact;
    if (lost * error <= 0)
      continue;
    // Away from 0 are the greater bits, whatever the sign.
    uint16_t other = rounded[factor] + (std::fabs(nearest) < std::fabs(exact) ? 1 : -1);
    double change = widen(other) - nearest, cost = std::fabs(change) - 2 * std::fabs(lost);
    if (std::isfinite(change) && 2 * cost <= std::fabs(change))
      choices.push_back({cost, change, factor, other});
  }
  std::make_heap(choices.begin(), choices.end());
  for (; !choices.empty(); choices.pop_back()) {
    std::pop_heap(choices.begin(), choices.end());
    const Choice &cheapest = choices.back();
    if (std::fabs(error + cheapest.change) >= std::fabs(error))
      continue;
    error += cheapest.change;
    rounded[cheapest.factor] = cheapest.other;
  }
  return rounded;
}
