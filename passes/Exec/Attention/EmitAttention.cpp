//===- EmitAttention.cpp - Attention in blocks of queries -----------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Attention/AttentionEmitter.h"
#include "passes/Exec/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_EMITATTENTION
#include "passes/Exec/Passes.h.inc"

namespace {
/// Room for what is in `memory`, row-major.
Value createContiguous(ImplicitLocOpBuilder &b, Value memory) {
  auto type = cast<MemRefType>(memory.getType());
  SmallVector<Value> sizes;
  for (int64_t d = 0; d < type.getRank(); ++d)
    if (type.isDynamicDim(d))
      sizes.push_back(b.create<memref::DimOp>(memory, d));
  return b.create<memref::AllocOp>(
      MemRefType::get(type.getShape(), type.getElementType()), sizes);
}

bool isContiguous(Value memory) {
  int64_t offset;
  SmallVector<int64_t> strides;
  auto type = cast<MemRefType>(memory.getType());
  return succeeded(getStridesAndOffset(type, strides, offset)) && strides.back() == 1;
}

/// Vectors run along the last dimensions of extras and of the result.
void makeContiguous(exec::AttentionOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  for (OpOperand &extra : op.getExtrasMutable())
    if (!isContiguous(extra.get())) {
      Value copy = createContiguous(b, extra.get());
      b.create<memref::CopyOp>(extra.get(), copy);
      extra.set(copy);
    }
  if (isContiguous(op.getInit()))
    return;
  Value init = op.getInit(), own = createContiguous(b, init);
  op.getInitMutable().assign(own);
  b.setInsertionPointAfter(op);
  b.create<memref::CopyOp>(own, init);
}

struct EmitAttention : impl::EmitAttentionBase<EmitAttention> {
  using EmitAttentionBase::EmitAttentionBase;

  void runOnOperation() override {
    SmallVector<exec::AttentionOp> ops;
    getOperation()->walk([&](exec::AttentionOp op) { ops.push_back(op); });
    for (exec::AttentionOp op : ops) {
      makeContiguous(op);
      ImplicitLocOpBuilder b(op.getLoc(), op);
      nn::ShapeBuilder shapes(b);
      shapes.setLoc(op.getLoc());
      AttentionEmitter(op, b, shapes, Cpu{vectorBits, registers},
                       DotInstruction{intrinsic, 2, false, /*isFloat=*/true})
          .emit();
      op.erase();
    }
  }
};
} // namespace
} // namespace burin
