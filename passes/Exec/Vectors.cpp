//===- Vectors.cpp - Vectors in memory ------------------------------------===//

#include "passes/Exec/Vectors.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
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
