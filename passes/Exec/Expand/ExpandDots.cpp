//===- ExpandDots.cpp - exec.dot to instructions --------------------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "passes/Exec/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_EXPANDDOTS
#include "passes/Exec/Passes.h.inc"

namespace {
struct ExpandDots : impl::ExpandDotsBase<ExpandDots> {
  using ExpandDotsBase::ExpandDotsBase;

  void runOnOperation() override {
    bool hasInstruction = !intrinsic.empty() && (group == 4 || !pairIntrinsic.empty());
    auto isNative = [&](exec::DotOp op) {
      auto type = dyn_cast<VectorType>(op.getType());
      return type && type.getNumElements() * 32 == vectorBits;
    };
    getOperation()->walk([&](exec::DotOp op) {
      if (op.getIsWide() && !(isNative(op) && group == 4 && isUnsigned))
        halve(op);
    });
    getOperation()->walk([&](exec::DotOp op) {
      ImplicitLocOpBuilder b(op.getLoc(), op);
      auto type = dyn_cast<VectorType>(op.getType());
      op.replaceAllUsesWith(!isNative(op) || !hasInstruction ? expand(b, op)
                            : group == 4                 ? multiplyFours(b, op, type)
                                                         : multiplyPairs(b, op, type));
      op.erase();
    });
  }

private:
  static Value getNumber(ImplicitLocOpBuilder &b, Type type, int64_t value) {
    TypedAttr attr = b.getI32IntegerAttr(value);
    if (auto vector = dyn_cast<VectorType>(type))
      attr = DenseElementsAttr::get(vector, Attribute(attr));
    return b.create<arith::ConstantOp>(attr);
  }

  /// Bytes up to 255 are two of 4 bits each.
  static void halve(exec::DotOp op) {
    ImplicitLocOpBuilder b(op.getLoc(), op);
    Type type = op.getType();
    Value mask = getNumber(b, type, 0x0F0F0F0F), four = getNumber(b, type, 4);
    Value low = b.create<arith::AndIOp>(op.getX(), mask);
    Value high = b.create<arith::AndIOp>(
        b.create<arith::ShRUIOp>(op.getX(), four), mask);
    high = b.create<exec::DotOp>(type, high, op.getY(), getNumber(b, type, 0));
    low = b.create<exec::DotOp>(type, low, op.getY(), op.getSum());
    op.replaceAllUsesWith(
        b.create<arith::AddIOp>(low, b.create<arith::ShLIOp>(high, four)).getResult());
    op.erase();
  }

  static Value call(ImplicitLocOpBuilder &b, StringRef name, Type type,
                    ValueRange operands) {
    return b.create<LLVM::CallIntrinsicOp>(type, b.getStringAttr(name), operands)
        .getResult(0);
  }

  static Value getBytes(ImplicitLocOpBuilder &b, Value words, VectorType type) {
    return b.create<vector::BitCastOp>(
        VectorType::get(type.getNumElements() * 4, b.getI8Type()), words);
  }

  /// LLVM declares vpdpbusd on words of four bytes, sdot on bytes.
  Value multiplyFours(ImplicitLocOpBuilder &b, exec::DotOp op, VectorType type) {
    Value x = op.getX(), y = op.getY();
    if (!isUnsigned)
      x = getBytes(b, x, type), y = getBytes(b, y, type);
    return call(b, intrinsic, type, {op.getSum(), x, y});
  }

  /// Two products of 7 and 8 bits fit into 16.
  Value multiplyPairs(ImplicitLocOpBuilder &b, exec::DotOp op, VectorType type) {
    auto halves = VectorType::get(type.getNumElements() * 2, b.getI16Type());
    Value pairs = call(b, pairIntrinsic, halves,
                       {getBytes(b, op.getX(), type), getBytes(b, op.getY(), type)});
    Value ones = b.create<arith::ConstantOp>(
        DenseElementsAttr::get(halves, b.getI16IntegerAttr(1)));
    Value dot = call(b, intrinsic, type, {pairs, ones});
    return b.create<arith::AddIOp>(op.getSum(), dot);
  }

  static Value expand(ImplicitLocOpBuilder &b, exec::DotOp op) {
    Type type = op.getType();
    auto number = [&](int64_t value) { return getNumber(b, type, value); };
    Value sum = op.getSum();
    for (int64_t place : {24, 16, 8, 0}) { // From the top: how far to shift up.
      Value factors[] = {op.getX(), op.getY()};
      for (Value &factor : factors) {
        if (place != 0)
          factor = b.create<arith::ShLIOp>(factor, number(place));
        factor = b.create<arith::ShRSIOp>(factor, number(24));
      }
      sum = b.create<arith::AddIOp>(
          sum, b.create<arith::MulIOp>(factors[0], factors[1]));
    }
    return sum;
  }
};
} // namespace
} // namespace burin
