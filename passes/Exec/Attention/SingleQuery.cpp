//===- SingleQuery.cpp - Attention of one query per head ------------------===//

#include "passes/Exec/Attention/SingleQuery.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace burin;

static Value addNumber(ImplicitLocOpBuilder &b, Value x, int64_t y) {
  return b.createOrFold<arith::AddIOp>(x, b.create<arith::ConstantIndexOp>(y));
}

/// Lane `i` of the result is the sum of all lanes of vector `i`: halves are added
/// to what they change places with.
static Value sumLanes(ImplicitLocOpBuilder &b, SmallVector<Value> vectors) {
  int64_t lanes = vectors.size();
  for (int64_t size = lanes / 2; size > 0; size /= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      bool isLow = (lane & size) == 0;
      low.push_back(isLow ? lane : lanes + lane - size);
      high.push_back(isLow ? lane + size : lanes + lane);
    }
    for (int64_t i = 0; i < size; ++i)
      vectors[i] = b.create<arith::AddFOp>(
          b.create<vector::ShuffleOp>(vectors[i], vectors[i + size], low),
          b.create<vector::ShuffleOp>(vectors[i], vectors[i + size], high));
    vectors.resize(size);
  }
  return vectors[0];
}

Value burin::emitDots(ImplicitLocOpBuilder &b, Value queryMemory, Value query,
                      Value keyMemory, ArrayRef<Value> keys, int64_t depth) {
  int64_t lanes = keys.size();
  auto type = VectorType::get(lanes, b.getF32Type());
  SmallVector<Value> sums(lanes);
  for (int64_t d = 0; d < depth; d += lanes) {
    Value x = b.create<vector::LoadOp>(type, queryMemory, addNumber(b, query, d));
    for (auto [key, sum] : llvm::zip_equal(keys, sums)) {
      Value y = b.create<vector::LoadOp>(type, keyMemory, addNumber(b, key, d));
      sum = sum ? b.create<vector::FMAOp>(x, y, sum).getResult()
                : b.create<arith::MulFOp>(x, y).getResult();
    }
  }
  return sumLanes(b, std::move(sums));
}

SmallVector<Value> burin::emitWeightedSums(ImplicitLocOpBuilder &b,
                                           const WeightedValues &values,
                                           ArrayRef<Value> sums) {
  Value zero = b.create<arith::ConstantIndexOp>(0), one = b.create<arith::ConstantIndexOp>(1);
  auto type = cast<VectorType>(sums[0].getType());
  int64_t vectors = sums.size() / values.rows.size();
  auto loop = b.create<scf::ForOp>(zero, values.keys, one, sums);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value key = loop.getInductionVar();
  Value start = b.create<arith::AddIOp>(values.start,
                                        b.create<arith::MulIOp>(key, values.stride));
  SmallVector<Value> loaded, results;
  for (int64_t v = 0; v < vectors; ++v)
    loaded.push_back(b.create<vector::LoadOp>(
        type, values.memory, addNumber(b, start, v * type.getNumElements())));
  for (auto [i, sum] : llvm::enumerate(loop.getRegionIterArgs())) {
    Value at = b.create<arith::AddIOp>(values.rows[i / vectors], key);
    Value weight = b.create<vector::BroadcastOp>(
        type, b.create<memref::LoadOp>(values.weights, at));
    results.push_back(b.create<vector::FMAOp>(weight, loaded[i % vectors], sum));
  }
  b.create<scf::YieldOp>(results);
  return loop.getResults();
}
