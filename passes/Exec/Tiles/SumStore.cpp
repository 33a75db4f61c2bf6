//===- SumStore.cpp - From sums of bytes to results in memory -------------===//

#include "passes/Exec/Tiles/SumStore.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/BodyEmitter.h"

using namespace mlir;
using namespace burin;

SumStore::SumStore(ImplicitLocOpBuilder &b, const DotProduct &product,
                   nn::ShapeBuilder &shapes, int64_t lanes)
    : b(b), c(product), lanes(lanes) {
  for (OpFoldResult size : c.nest.sizes)
    sizes.push_back(shapes.getValue(size));
  for (const LinearAccess &access : c.nest.accesses) {
    steps.emplace_back();
    for (OpFoldResult coefficient : access.coefficients)
      steps.back().push_back(nn::getStatic(coefficient) == 0
                                 ? Value()
                                 : shapes.getValue(coefficient));
  }
}

void SumStore::split(Value flat, ArrayRef<unsigned> loops, Index &index) {
  for (size_t k = loops.size(); k-- > 0;) {
    Value size = sizes[loops[k]];
    index[loops[k]] = k == 0 ? flat : b.create<arith::RemUIOp>(flat, size).getResult();
    if (k > 0)
      flat = b.create<arith::DivUIOp>(flat, size);
  }
}

/// Of the element of an access at the loops that `index` has.
Value SumStore::getAddress(size_t access, const Index &index) {
  Value address = b.create<arith::ConstantIndexOp>(0);
  for (auto [i, step] : llvm::zip_equal(index, steps[access]))
    if (i && step)
      address = b.createOrFold<arith::AddIOp>(
          address, b.createOrFold<arith::MulIOp>(i, step));
  return address;
}

SmallVector<Value> SumStore::getAddresses(const Index &index) {
  SmallVector<Value> addresses(2);
  for (size_t i = 2; i < c.nest.accesses.size(); ++i)
    addresses.push_back(getAddress(i, index));
  return addresses;
}

Value SumStore::load(size_t access, Value at, int64_t offset,
                     Value mask) {
  const LinearAccess &from = c.nest.accesses[access];
  if (!isa<MemRefType>(from.memory.getType()))
    return from.memory;
  if (!steps[access][c.column])
    return b.create<memref::LoadOp>(from.memory, at);
  at = b.createOrFold<arith::AddIOp>(at, b.create<arith::ConstantIndexOp>(offset));
  auto type = VectorType::get(lanes, from.getElementType());
  if (!mask)
    return b.create<vector::LoadOp>(type, from.memory, at);
  Value rest = b.create<arith::ConstantOp>(b.getZeroAttr(type));
  return b.create<vector::MaskedLoadOp>(type, from.memory, at, mask, rest);
}

void SumStore::emit(Value value, ArrayRef<Value> addresses,
                                   int64_t offset, Value mask) {
  size_t output = c.nest.accesses.size() - 1;
  if (linalg::LinalgOp finish = c.finish) {
    Block &body = finish->getRegion(0).front();
    SmallVector<Value> arguments;
    SmallVector<bool> uniform;
    size_t next = 2;
    for (unsigned i = 0; i < finish.getNumDpsInputs(); ++i) {
      bool isSum = i == c.operand;
      arguments.push_back(isSum ? value : load(next, addresses[next], offset, mask));
      uniform.push_back(!isa<VectorType>(arguments.back().getType()));
      next += !isSum;
    }
    arguments.push_back(b.create<arith::ConstantOp>(
        b.getZeroAttr(body.getArguments().back().getType())));
    uniform.push_back(true);
    BodyEmitter emitter(body, c.column, lanes, uniform);
    value = emitter.widen(b, emitter.emit(b, arguments, {}, mask)[0]);
  } else {
    value = b.create<arith::AddIOp>(value, load(output, addresses[output], offset, mask));
  }
  Value at = b.createOrFold<arith::AddIOp>(
      addresses[output], b.create<arith::ConstantIndexOp>(offset));
  Value memory = c.getOutput().memory;
  if (mask)
    b.create<vector::MaskedStoreOp>(memory, at, mask, value);
  else
    b.create<vector::StoreOp>(value, memory, at);
}

