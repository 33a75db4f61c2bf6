//===- Algorithm.cpp - Winograd's minimal filtering -----------------------===//

#include "passes/Exec/Winograd/Algorithm.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace burin;
using Values = SmallVector<Value>;

namespace {
/// Arithmetic on vectors of floats.
struct Vectors {
  ImplicitLocOpBuilder &b;

  Value add(Value x, Value y) { return b.create<arith::AddFOp>(x, y); }
  Value sub(Value x, Value y) { return b.create<arith::SubFOp>(x, y); }
  /// factor * x + y
  Value addScaled(double factor, Value x, Value y) {
    auto type = cast<VectorType>(x.getType());
    Value all = b.create<arith::ConstantOp>(DenseElementsAttr::get(
        type, b.getFloatAttr(type.getElementType(), factor)));
    return b.create<vector::FMAOp>(x, all, y);
  }
};
} // namespace

/// B^T: points 0, 1, -1, (2, -2,) and infinity.
static Values transformInputLine(Vectors v, ArrayRef<Value> d) {
  if (d.size() == 4)
    return {v.sub(d[0], d[2]), v.add(d[1], d[2]), v.sub(d[2], d[1]),
            v.sub(d[1], d[3])};
  Value even = v.addScaled(-4, d[2], d[4]), odd = v.addScaled(-4, d[1], d[3]);
  Value far = v.sub(d[4], d[2]), near = v.sub(d[3], d[1]);
  return {v.addScaled(4, d[0], v.addScaled(-5, d[2], d[4])),
          v.add(even, odd),
          v.sub(even, odd),
          v.addScaled(2, near, far),
          v.addScaled(-2, near, far),
          v.addScaled(4, d[1], v.addScaled(-5, d[3], d[5]))};
}

/// A^T.
static Values transformProductLine(Vectors v, ArrayRef<Value> m) {
  Value sum = v.add(m[1], m[2]), difference = v.sub(m[1], m[2]);
  if (m.size() == 4)
    return {v.add(m[0], sum), v.sub(difference, m[3])};
  Value sum2 = v.add(m[3], m[4]), difference2 = v.sub(m[3], m[4]);
  return {v.add(m[0], v.add(sum, sum2)),
          v.addScaled(2, difference2, difference),
          v.addScaled(4, sum2, sum),
          v.add(v.addScaled(8, difference2, difference), m[5])};
}

/// `line` on the columns of a square tile, then on the rows of what they become.
template <typename Line>
static Values transformTile(ImplicitLocOpBuilder &b, ArrayRef<Value> tile,
                            int64_t size, Line line) {
  SmallVector<Values> columns;
  for (int64_t j = 0; j < size; ++j) {
    Values column;
    for (int64_t i = 0; i < size; ++i)
      column.push_back(tile[i * size + j]);
    columns.push_back(line(Vectors{b}, column));
  }
  Values result;
  for (size_t i = 0; i < columns[0].size(); ++i) {
    Values row;
    for (const Values &column : columns)
      row.push_back(column[i]);
    llvm::append_range(result, line(Vectors{b}, row));
  }
  return result;
}

Values Winograd::transformInputs(ImplicitLocOpBuilder &b,
                                 ArrayRef<Value> tile) const {
  return transformTile(b, tile, getInputs(), transformInputLine);
}

Values Winograd::transformProducts(ImplicitLocOpBuilder &b,
                                   ArrayRef<Value> tile) const {
  return transformTile(b, tile, getInputs(), transformProductLine);
}

SmallVector<double> Winograd::transformTaps(ArrayRef<double> filter) const {
  static constexpr double small[4][taps] = {
      {1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
  static constexpr double large[6][taps] = {
      {1. / 4, 0, 0},
      {-1. / 6, -1. / 6, -1. / 6},
      {-1. / 6, 1. / 6, -1. / 6},
      {1. / 24, 1. / 12, 1. / 6},
      {1. / 24, -1. / 12, 1. / 6},
      {0, 0, 1}};
  const double(*g)[taps] = outputs == 2 ? small : large;
  SmallVector<double> result(getProducts(), 0);
  for (int64_t i = 0; i < getInputs(); ++i)
    for (int64_t j = 0; j < getInputs(); ++j)
      for (int64_t k = 0; k < taps; ++k)
        for (int64_t l = 0; l < taps; ++l)
          result[i * getInputs() + j] += g[i][k] * filter[k * taps + l] * g[j][l];
  return result;
}
