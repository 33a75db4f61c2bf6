//===- MaterializeCasts.cpp - Copies where casts forget strides -----------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "passes/Memory/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_MATERIALIZECASTS
#include "passes/Memory/Passes.h.inc"

namespace {
bool forgetsStrides(memref::CastOp op) {
  auto from = dyn_cast<MemRefType>(op.getSource().getType());
  auto to = dyn_cast<MemRefType>(op.getType());
  return from && to && !from.getLayout().isIdentity() &&
         to.getLayout().isIdentity();
}

void materialize(memref::CastOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  auto type = cast<MemRefType>(op.getType());
  SmallVector<Value> sizes;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      sizes.push_back(builder.create<memref::DimOp>(loc, op.getSource(), i));
  Value copy = builder.create<memref::AllocOp>(loc, type, sizes);
  builder.create<linalg::CopyOp>(loc, op.getSource(), copy);
  op.replaceAllUsesWith(copy);
  op.erase();
}

struct MaterializeCasts : impl::MaterializeCastsBase<MaterializeCasts> {
  void runOnOperation() override {
    SmallVector<memref::CastOp> casts;
    getOperation()->walk([&](memref::CastOp op) {
      if (forgetsStrides(op))
        casts.push_back(op);
    });
    llvm::for_each(casts, materialize);
  }
};
} // namespace
} // namespace burin
