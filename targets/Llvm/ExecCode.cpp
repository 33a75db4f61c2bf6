//===- ExecCode.cpp - What patterns for exec ops build --------------------===//

#include "targets/Llvm/ExecCode.h"
#include "burin/abi.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <cstddef>

using namespace mlir;
using namespace burin;

/// The function around `op`, converted already or not.
static Operation *getFunction(Operation *op) {
  if (Operation *func = op->getParentOfType<func::FuncOp>())
    return func;
  return op->getParentOfType<LLVM::LLVMFuncOp>();
}

Value ExecCode::number(int64_t value, Type type) {
  return rewriter.create<LLVM::ConstantOp>(
      loc, rewriter.getIntegerAttr(type ? type : i64, value));
}

Value ExecCode::offset(Value base, int64_t bytes) {
  return rewriter.create<LLVM::GEPOp>(loc, ptr, i8, base,
                                      ArrayRef<LLVM::GEPArg>{int32_t(bytes)});
}

Value ExecCode::offset(Value base, Value bytes) {
  return rewriter.create<LLVM::GEPOp>(loc, ptr, i8, base, bytes);
}

Value ExecCode::load(Type type, Value base, int64_t bytes) {
  return rewriter.create<LLVM::LoadOp>(loc, type, offset(base, bytes));
}

void ExecCode::store(Value value, Value base, int64_t bytes) {
  rewriter.create<LLVM::StoreOp>(loc, value, offset(base, bytes));
}

Value ExecCode::stack(Type type, int64_t count) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointToStart(&getFunction(op)->getRegion(0).front());
  return rewriter.create<LLVM::AllocaOp>(loc, ptr, type, number(count), 64);
}

Value ExecCode::getCall() {
  return getFunction(op)->getRegion(0).front().getArgument(0);
}

Value ExecCode::loadMember(size_t member) { return load(ptr, getCall(), member); }

Value ExecCode::callService(size_t service, Type result, ArrayRef<Value> more) {
  Value services = loadMember(offsetof(burin_call, services));
  Value function = load(ptr, services, service);
  SmallVector<Value> operands = {function, loadMember(offsetof(burin_call, owner))};
  operands.append(more.begin(), more.end());
  SmallVector<Type> types(llvm::map_range(
      llvm::drop_begin(operands), [](Value v) { return v.getType(); }));
  auto type = LLVM::LLVMFunctionType::get(
      result ? result : LLVM::LLVMVoidType::get(context), types);
  auto made = rewriter.create<LLVM::CallOp>(loc, type, operands);
  return result ? made.getResult() : Value();
}

void ExecCode::returnIf(Value condition, function_ref<void()> before) {
  Block *here = rewriter.getInsertionBlock();
  Block *rest = rewriter.splitBlock(here, rewriter.getInsertionPoint());
  Block *failed = rewriter.createBlock(rest);
  if (before)
    before();
  Operation *func = failed->getParentOp();
  bool hasStatus =
      isa<func::FuncOp>(func)
          ? cast<func::FuncOp>(func).getNumResults() != 0
          : !isa<LLVM::LLVMVoidType>(
                cast<LLVM::LLVMFuncOp>(func).getFunctionType().getReturnType());
  SmallVector<Value> status;
  if (hasStatus)
    status.push_back(number(BURIN_FAILED, i32));
  rewriter.create<LLVM::ReturnOp>(loc, status);
  rewriter.setInsertionPointToEnd(here);
  rewriter.create<LLVM::CondBrOp>(loc, condition, failed, rest);
  rewriter.setInsertionPointToStart(rest);
}

Value ExecCode::isNull(Value pointer) {
  return rewriter.create<LLVM::ICmpOp>(
      loc, LLVM::ICmpPredicate::eq, pointer,
      rewriter.create<LLVM::ZeroOp>(loc, ptr));
}

SmallVector<Value> ExecCode::getSizes(MemRefType type, ValueRange sizes) {
  SmallVector<Value> all;
  for (int64_t size : type.getShape()) {
    bool isDynamic = ShapedType::isDynamic(size);
    all.push_back(isDynamic ? sizes.front() : number(size));
    sizes = sizes.drop_front(isDynamic);
  }
  return all;
}

Value ExecCode::getDescriptor(MemRefType type, Value base, ValueRange sizes) {
  SmallVector<Value> all = getSizes(type, sizes);
  auto descriptor = MemRefDescriptor::undef(rewriter, loc, converter.convertType(type));
  descriptor.setAllocatedPtr(rewriter, loc, base);
  descriptor.setAlignedPtr(rewriter, loc, base);
  descriptor.setOffset(rewriter, loc, number(0));
  Value stride = number(1);
  for (int64_t i = type.getRank(); i-- > 0;) {
    descriptor.setSize(rewriter, loc, i, all[i]);
    descriptor.setStride(rewriter, loc, i, stride);
    if (i > 0)
      stride = rewriter.create<LLVM::MulOp>(loc, stride, all[i]);
  }
  return descriptor;
}
