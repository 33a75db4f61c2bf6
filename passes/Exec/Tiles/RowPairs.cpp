//===- RowPairs.cpp - Two rows that share a vector ------------------------===//

#include "passes/Exec/Tiles/RowPairs.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace burin;

RowPairs::RowPairs(ImplicitLocOpBuilder &b, int64_t rows, int64_t lanes,
                   function_ref<Value(Value)> hide)
    : b(b), pairs(rows / 2), lanes(lanes) {
  // A constant would become an insertion, which takes a multiplication's unit.
  int64_t low = (int64_t(1) << lanes / 2) - 1;
  Value bits = hide(b.create<arith::ConstantIndexOp>(low << lanes / 2));
  Type word = b.getIntegerType(lanes);
  bits = b.create<vector::BroadcastOp>(VectorType::get(1, word),
                                       b.create<arith::IndexCastOp>(word, bits));
  isSecond = b.create<vector::BitCastOp>(VectorType::get(lanes, b.getI1Type()), bits);
}

SmallVector<Value> RowPairs::pairUp(ArrayRef<Value> sums) {
  SmallVector<Value> paired;
  SmallVector<int64_t> both = llvm::to_vector(llvm::seq<int64_t>(0, lanes));
  for (int64_t pair = 0; pair < pairs; ++pair) {
    ArrayRef<Value> rows = sums.slice(4 * pair, 4);
    Value shared = b.create<vector::ShuffleOp>(rows[1], rows[3], both);
    paired.append({rows[0], rows[2], shared});
  }
  paired.append(sums.begin() + 4 * pairs, sums.end());
  return paired;
}

SmallVector<Value> RowPairs::split(ArrayRef<Value> sums) {
  SmallVector<Value> apart;
  for (int64_t pair = 0; pair < pairs; ++pair)
    for (int64_t row : {0, 1}) {
      Value half = b.create<vector::ExtractStridedSliceOp>(
          sums[3 * pair + 2], row * (lanes / 2), lanes / 2, 1);
      apart.append({sums[3 * pair + row], half});
    }
  apart.append(sums.begin() + 3 * pairs, sums.end());
  return apart;
}

Value RowPairs::repeat(Value half) {
  SmallVector<int64_t> twice = llvm::to_vector(llvm::seq<int64_t>(0, lanes / 2));
  llvm::append_range(twice, llvm::seq<int64_t>(0, lanes / 2));
  return b.create<vector::ShuffleOp>(half, half, twice);
}

Value RowPairs::blend(Value first, Value second) {
  return b.create<arith::SelectOp>(isSecond, second, first);
}
