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
    getOperation()->walk([&](exec::DotOp op) {
      ImplicitLocOpBuilder b(op.getLoc(), op);
      auto type = dyn_cast<VectorType>(op.getType());
      bool isNative = type && type.getNumElements() * 32 == vectorBits;
      op.replaceAllUsesWith(isNative && !intrinsic.empty() ? call(b, op, type)
                                                           : expand(b, op));
      op.erase();
    });
  }

private:
  /// Where the instruction adds to the sum, LLVM takes the words by twos.
  Value call(ImplicitLocOpBuilder &b, exec::DotOp op, VectorType type) {
    if (accumulates)
      return b
          .create<LLVM::CallIntrinsicOp>(
              type, b.getStringAttr(intrinsic),
              ValueRange{op.getSum(), op.getX(), op.getY()})
          .getResult(0);
    auto words = VectorType::get(type.getNumElements() * 2, b.getI16Type());
    Value x = b.create<vector::BitCastOp>(words, op.getX());
    Value y = b.create<vector::BitCastOp>(words, op.getY());
    Value dot = b.create<LLVM::CallIntrinsicOp>(type, b.getStringAttr(intrinsic),
                                                ValueRange{x, y})
                    .getResult(0);
    return b.create<arith::AddIOp>(op.getSum(), dot);
  }

  static Value expand(ImplicitLocOpBuilder &b, exec::DotOp op) {
    Type type = op.getType();
    TypedAttr count = b.getI32IntegerAttr(16);
    if (auto vector = dyn_cast<VectorType>(type))
      count = DenseElementsAttr::get(vector, Attribute(count));
    Value half = b.create<arith::ConstantOp>(count), sum = op.getSum();
    for (bool isHigh : {false, true}) {
      Value factors[] = {op.getX(), op.getY()};
      for (Value &factor : factors) {
        if (!isHigh)
          factor = b.create<arith::ShLIOp>(factor, half);
        factor = b.create<arith::ShRSIOp>(factor, half);
      }
      sum = b.create<arith::AddIOp>(
          sum, b.create<arith::MulIOp>(factors[0], factors[1]));
    }
    return sum;
  }
};
} // namespace
} // namespace burin
