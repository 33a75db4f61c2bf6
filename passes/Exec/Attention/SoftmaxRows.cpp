//===- SoftmaxRows.cpp - Softmax of scores in panels ----------------------===//

#include "passes/Exec/Attention/SoftmaxRows.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Loops/IndexEmitter.h"
#include "passes/Exec/Vectors.h"
#include <cmath>

using namespace mlir;
using namespace burin;

/// `number` as `type`, which is f32 or a vector of it.
static Value getConstant(ImplicitLocOpBuilder &b, Type type, float number) {
  TypedAttr scalar = b.getF32FloatAttr(number);
  if (auto vector = dyn_cast<VectorType>(type))
    return b.create<arith::ConstantOp>(DenseElementsAttr::get(vector, number));
  return b.create<arith::ConstantOp>(scalar);
}

namespace {
class RowEmitter : IndexEmitter {
public:
  RowEmitter(ImplicitLocOpBuilder &b, const ScoreRows &memory, Value keys, ScoreBody body)
      : IndexEmitter(b), memory(memory), body(body),
        type(VectorType::get(memory.lanes, b.getF32Type())),
        rest(rem(keys, number(memory.columns))), whole(div(keys, number(memory.columns))),
        panels(ceilDiv(keys, number(memory.columns))) {}

  using Scale = function_ref<void(Value row, Value factor)>;

  /// First the largest of all rows: while their lanes are compared, which takes long but
  /// little, another row can be read.
  void emit(Value rows, Scale scale) {
    emitLoop(number(0), rows, 1, [&](Value row) { findLargest(row, scale); });
    emitLoop(number(0), rows, 1, [&](Value row) { sumPowers(row, /*hasSum=*/bool(scale)); });
  }

private:
  int64_t getVectors() const { return memory.columns / memory.lanes; }

  /// What powers are relative to. Where all scores are -inf, they are to be 0.
  Value getBase(Value largest) {
    Type f32 = b.getF32Type();
    Value isNone = b.create<arith::CmpFOp>(arith::CmpFPredicate::OEQ, largest,
                                           getConstant(b, f32, -INFINITY));
    return b.create<arith::SelectOp>(isNone, getConstant(b, f32, 0), largest);
  }

  void findLargest(Value row, Scale scale) {
    Value largest = emitLargest(row);
    if (scale) {
      Value before = b.create<memref::LoadOp>(memory.largest, row);
      Value isMore = b.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, before, largest);
      largest = b.create<arith::SelectOp>(isMore, before, largest);
      Value factor = b.create<math::ExpOp>(b.create<arith::SubFOp>(before, getBase(largest)));
      scale(row, factor);
      Value sum = b.create<memref::LoadOp>(memory.sums, row);
      b.create<memref::StoreOp>(b.create<arith::MulFOp>(sum, factor), memory.sums, row);
    }
    b.create<memref::StoreOp>(largest, memory.largest, row);
  }

  void sumPowers(Value row, bool hasSum) {
    Value sum = emitPowers(row, getBase(b.create<memref::LoadOp>(memory.largest, row)));
    if (hasSum)
      sum = b.create<arith::AddFOp>(b.create<memref::LoadOp>(memory.sums, row), sum);
    b.create<memref::StoreOp>(sum, memory.sums, row);
  }

  /// The largest score of a row, each of which goes through the body.
  Value emitLargest(Value row) {
    SmallVector<Value> largest(getVectors(), getConstant(b, type, -INFINITY));
    largest = emitPanels(whole, largest, [&](Value panel, MutableArrayRef<Value> best) {
      emitScores(row, panel, best, /*isLast=*/false);
    });
    if (std::optional<int64_t> known = getConstantIntValue(rest)) {
      if (*known)
        emitScores(row, whole, largest, /*isLast=*/true);
    } else {
      Value isThere = isNotEqual(rest, number(0));
      auto choice = b.create<scf::IfOp>(TypeRange(ValueRange(largest)), isThere, true);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(choice.elseBlock());
      b.create<scf::YieldOp>(largest);
      b.setInsertionPointToStart(choice.thenBlock());
      emitScores(row, whole, largest, /*isLast=*/true);
      b.create<scf::YieldOp>(largest);
      largest = choice.getResults();
    }
    return join(vector::CombiningKind::MAXNUMF, largest);
  }

  /// Exponentials instead of a row's scores, and their sum.
  Value emitPowers(Value row, Value largest) {
    Value base = b.create<vector::BroadcastOp>(type, largest);
    SmallVector<Value> sums(getVectors(), getConstant(b, type, 0));
    sums = emitPanels(panels, sums, [&](Value panel, MutableArrayRef<Value> sums) {
      for (auto [v, sum] : llvm::enumerate(sums)) {
        Value at = getPlace(row, panel, v);
        Value score = b.create<vector::LoadOp>(type, memory.scores, at);
        Value power = b.create<math::ExpOp>(b.create<arith::SubFOp>(score, base));
        storePower(power, row, panel, v);
        sum = b.create<arith::AddFOp>(sum, power);
      }
    });
    return join(vector::CombiningKind::ADD, sums);
  }

  void storePower(Value power, Value row, Value panel, int64_t vector) {
    if (!memory.rounded) {
      b.create<vector::StoreOp>(power, memory.scores, getPlace(row, panel, vector));
      return;
    }
    Value at = add(mul(getPlace(row, panel, 0), number(2)), number(vector * memory.lanes));
    Value rounded = b.create<arith::TruncFOp>(type.clone(b.getBF16Type()), power);
    b.create<vector::StoreOp>(rounded, memory.rounded, at);
  }

  Value getPlace(Value row, Value panel, int64_t vector) {
    Value start = add(mul(panel, number(memory.panelStride)),
                      mul(row, number(memory.rowStride)));
    return add(start, number(vector * memory.lanes));
  }

  /// A loop over panels that carries vectors along.
  SmallVector<Value> emitPanels(Value count, ArrayRef<Value> start,
                                function_ref<void(Value, MutableArrayRef<Value>)> inner) {
    return emitLoop(number(0), count, 1, start, [&](Value panel, ValueRange carried) {
      SmallVector<Value> next(carried);
      inner(panel, next);
      return next;
    });
  }

  /// One panel's part of a row through the body; `best` become the larger ones.
  void emitScores(Value row, Value panel, MutableArrayRef<Value> best, bool isLast) {
    Value none = getConstant(b, type, -INFINITY);
    for (auto [v, most] : llvm::enumerate(best)) {
      Value at = getPlace(row, panel, v), mask;
      if (isLast)
        mask = createMask(b, memory.lanes, sub(rest, number(v * memory.lanes)));
      Value stored = b.create<vector::LoadOp>(type, memory.scores, at);
      Value key = add(mul(panel, number(memory.columns)), number(v * memory.lanes));
      Value score = body(stored, row, key, mask);
      if (mask)
        score = b.create<arith::SelectOp>(mask, score, none);
      if (score != stored)
        b.create<vector::StoreOp>(score, memory.scores, at);
      // NaN is found later: its exponential is in the sum.
      Value isMore = b.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, score, most);
      most = b.create<arith::SelectOp>(isMore, score, most);
    }
  }

  Value join(vector::CombiningKind kind, ArrayRef<Value> vectors) {
    Value all = vectors[0];
    for (Value vector : vectors.drop_front()) {
      if (kind == vector::CombiningKind::ADD) {
        all = b.create<arith::AddFOp>(all, vector);
        continue;
      }
      Value isMore = b.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, vector, all);
      all = b.create<arith::SelectOp>(isMore, vector, all);
    }
    // None is NaN: then lanes are compared in a tree, not one after the other.
    auto flags = arith::FastMathFlags::reassoc;
    if (kind != vector::CombiningKind::ADD)
      flags = flags | arith::FastMathFlags::nnan;
    return b.create<vector::ReductionOp>(kind, all, flags);
  }

  const ScoreRows &memory;
  ScoreBody body;
  VectorType type;
  Value rest, whole, panels; ///< Keys of the last panel; panels but it; and with it.
};
} // namespace

void burin::emitSoftmaxRows(ImplicitLocOpBuilder &b, const ScoreRows &memory, Value rows,
                            Value keys, ScoreBody body,
                            function_ref<void(Value, Value)> scale) {
  RowEmitter(b, memory, keys, body).emit(rows, scale);
}
