//===- Vectors.cpp - Vectors in memory ------------------------------------===//

#include "passes/Exec/Vectors.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace burin;

Value burin::loadVector(ImplicitLocOpBuilder &b, VectorType type, Value memory,
                        ValueRange at, Value mask) {
  if (!mask)
    return b.create<vector::LoadOp>(type, memory, at);
  Value rest = b.create<arith::ConstantOp>(b.getZeroAttr(type));
  return b.create<vector::MaskedLoadOp>(type, memory, at, mask, rest);
}

void burin::storeVector(ImplicitLocOpBuilder &b, Value vector, Value memory, Value at,
                        Value mask) {
  if (mask)
    b.create<vector::MaskedStoreOp>(memory, at, mask, vector);
  else
    b.create<vector::StoreOp>(vector, memory, at);
}

Value burin::createMask(ImplicitLocOpBuilder &b, int64_t lanes, Value count) {
  return b.create<vector::CreateMaskOp>(VectorType::get(lanes, b.getI1Type()), count);
}

Value burin::hideAddress(ImplicitLocOpBuilder &b, Value address, bool inOrder) {
  Type i64 = b.getI64Type();
  Value value = b.create<arith::IndexCastOp>(i64, address);
  auto same = b.create<LLVM::InlineAsmOp>(
      i64, value, /*asm_string=*/"", /*constraints=*/"=r,0",
      /*has_side_effects=*/inOrder, /*is_align_stack=*/false, LLVM::AsmDialectAttr(),
      ArrayAttr());
  return b.create<arith::IndexCastOp>(b.getIndexType(), same.getResult(0));
}
