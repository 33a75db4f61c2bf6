//===- Addresses.cpp - Addresses of what a loop nest accesses -------------===//

#include "passes/Exec/Fused/Addresses.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace burin;

Addresses::Addresses(ImplicitLocOpBuilder &b, const LoopNest &nest,
                     nn::ShapeBuilder &shapes)
    : b(b) {
  for (OpFoldResult size : nest.sizes)
    sizes.push_back(shapes.getValue(size));
  for (const LinearAccess &access : nest.accesses) {
    steps.emplace_back();
    for (OpFoldResult coefficient : access.coefficients)
      steps.back().push_back(nn::getStatic(coefficient) == 0
                                 ? Value()
                                 : shapes.getValue(coefficient));
  }
}

void Addresses::split(Value flat, ArrayRef<unsigned> loops, Index &index) {
  for (size_t k = loops.size(); k-- > 0;) {
    Value size = sizes[loops[k]];
    index[loops[k]] = k == 0 ? flat : b.create<arith::RemUIOp>(flat, size).getResult();
    if (k > 0)
      flat = b.create<arith::DivUIOp>(flat, size);
  }
}

Value Addresses::get(size_t access, const Index &index) {
  Value address = b.create<arith::ConstantIndexOp>(0);
  for (auto [i, step] : llvm::zip_equal(index, steps[access]))
    if (i && step)
      address = b.createOrFold<arith::AddIOp>(
          address, b.createOrFold<arith::MulIOp>(i, step));
  return address;
}

SmallVector<Value> Addresses::getFrom(size_t first, const Index &index) {
  SmallVector<Value> addresses(first);
  for (size_t i = first; i < steps.size(); ++i)
    addresses.push_back(get(i, index));
  return addresses;
}
