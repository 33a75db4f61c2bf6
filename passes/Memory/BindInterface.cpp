//===- BindInterface.cpp - Arguments and results to exec ops --------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "passes/Memory/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_BINDINTERFACE
#include "passes/Memory/Passes.h.inc"

namespace {
/// The allocation that `value` is all of, under the same or another shape; null
/// if it is a part of something, or not ours.
memref::AllocOp findAllocation(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto alloc = dyn_cast<memref::AllocOp>(op))
      return alloc;
    if (!isa<memref::CastOp, memref::CollapseShapeOp, memref::ExpandShapeOp>(op))
      return {};
    value = op->getOperand(0);
  }
  return {};
}

/// Makes the allocation itself the output's memory; false if it cannot be.
bool bindAllocation(Value value, int32_t index, Block &entry) {
  memref::AllocOp alloc = findAllocation(value);
  auto type = cast<MemRefType>(value.getType());
  if (!alloc || alloc->getBlock() != &entry || !type.getLayout().isIdentity() ||
      !alloc.getType().getLayout().isIdentity())
    return false;
  OpBuilder builder(alloc);
  Location loc = alloc.getLoc();
  Value memory;
  if (alloc.getType() == type) {
    memory = builder.create<exec::OutputOp>(loc, type, index,
                                            alloc.getDynamicSizes());
  } else if (alloc.getType().getRank() == type.getRank() &&
             isa<memref::CastOp>(value.getDefiningOp()) &&
             value.getDefiningOp()->getOperand(0) == alloc.getResult()) {
    memory = builder.create<exec::OutputOp>(loc, alloc.getType(), index,
                                            alloc.getDynamicSizes());
  } else if (type.hasStaticShape() && alloc.getType().hasStaticShape()) {
    Value output = builder.create<exec::OutputOp>(loc, type, index, ValueRange());
    auto [strides, offset] = getStridesAndOffset(alloc.getType());
    memory = builder.create<memref::ReinterpretCastOp>(
        loc, alloc.getType(), output, offset, alloc.getType().getShape(),
        strides);
  } else {
    return false;
  }
  alloc.getResult().replaceAllUsesWith(memory);
  alloc.erase();
  return true;
}

void copyToOutput(Value value, int32_t index, Operation *before) {
  OpBuilder builder(before);
  Location loc = before->getLoc();
  auto type = cast<MemRefType>(value.getType());
  SmallVector<Value> sizes;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      sizes.push_back(builder.create<memref::DimOp>(loc, value, i));
  auto plain = MemRefType::get(type.getShape(), type.getElementType());
  Value memory = builder.create<exec::OutputOp>(loc, plain, index, sizes);
  builder.create<linalg::CopyOp>(loc, value, memory);
}

void bind(func::FuncOp func) {
  Block &entry = func.getBody().front();
  OpBuilder builder = OpBuilder::atBlockBegin(&entry);
  for (BlockArgument argument : entry.getArguments())
    argument.replaceAllUsesWith(builder.create<exec::InputOp>(
        func.getLoc(), argument.getType(), argument.getArgNumber()));
  Operation *end = entry.getTerminator();
  SmallVector<Value> results(end->getOperands());
  end->setOperands({});
  // A buffer that is returned twice can be the memory of one of them only.
  llvm::SmallDenseMap<Operation *, unsigned> users;
  for (Value value : results)
    if (memref::AllocOp alloc = findAllocation(value))
      ++users[alloc];
  SmallVector<bool> isShared = llvm::map_to_vector(results, [&](Value value) {
    return users.lookup(findAllocation(value)) > 1;
  });
  for (auto [index, value] : llvm::enumerate(results))
    if (isShared[index] || !bindAllocation(value, index, entry))
      copyToOutput(value, index, end);
  entry.eraseArguments(0, entry.getNumArguments());
  // Names, symbols and types of the interface stay for the artifact writer.
  if (ArrayAttr attrs = func.getAllArgAttrs())
    func->setAttr("exec.inputs", attrs);
  if (ArrayAttr attrs = func.getAllResultAttrs())
    func->setAttr("exec.outputs", attrs);
  func.removeArgAttrsAttr();
  func.removeResAttrsAttr();
  func.setFunctionType(builder.getFunctionType({}, {}));
}

struct BindInterface : impl::BindInterfaceBase<BindInterface> {
  void runOnOperation() override {
    for (func::FuncOp func : getOperation().getOps<func::FuncOp>())
      if (func.isPublic() && !func.isDeclaration())
        bind(func);
  }
};
} // namespace
} // namespace burin
