//===- ExecPatterns.cpp - exec ops to the LLVM dialect --------------------===//
//
// Generated code reads burin_call, burin_tensor, burin_slot and burin_services
// by the offsets of burin/abi.h, which offsetof takes from that header.
//
//===----------------------------------------------------------------------===//

#include "targets/Llvm/ExecPatterns.h"
#include "burin/abi.h"
#include "burin/kernels.h"
#include "dialects/Exec/Exec.h"
#include "targets/Llvm/ExecCode.h"
#include <cstddef>

using namespace mlir;
using namespace burin;

namespace {
struct CheckPattern : ExecPattern<exec::CheckOp> {
  using ExecPattern::ExecPattern;
  Value lower(exec::CheckOp op, Adaptor adaptor, ExecCode &code) const override {
    ConversionPatternRewriter &rewriter = code.rewriter;
    Value fails = rewriter.create<LLVM::XOrOp>(
        code.loc, adaptor.getCondition(), code.number(1, rewriter.getI1Type()));
    Value text = getText(op, rewriter);
    code.returnIf(fails, [&] {
      code.callService(offsetof(burin_services, fail), code.i32,
                       {code.number(op.getStatus(), code.i32), text});
    });
    return {};
  }

  static Value getText(exec::CheckOp op, ConversionPatternRewriter &rewriter) {
    auto module = op->getParentOfType<ModuleOp>();
    std::string text = op.getMessage().str() + '\0';
    std::string name = "message_" + llvm::utohexstr(llvm::hash_value(text));
    if (!module.lookupSymbol(name)) {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(module.getBody());
      rewriter.create<LLVM::GlobalOp>(
          op.getLoc(), LLVM::LLVMArrayType::get(rewriter.getI8Type(), text.size()),
          /*isConstant=*/true, LLVM::Linkage::Private, name,
          rewriter.getStringAttr(text));
    }
    return rewriter.create<LLVM::AddressOfOp>(
        op.getLoc(), LLVM::LLVMPointerType::get(op.getContext()), name);
  }
};

/// Captured values travel in a struct on the stack, which a thunk takes apart.
struct LaunchPattern : ExecPattern<exec::LaunchOp> {
  using ExecPattern::ExecPattern;

  /// All about such a buffer but its address is in its type.
  static bool travelsAsPointer(Value value) {
    auto type = dyn_cast<MemRefType>(value.getType());
    return type && type.hasStaticShape() && type.getLayout().isIdentity();
  }

  Value lower(exec::LaunchOp op, Adaptor adaptor, ExecCode &code) const override {
    ConversionPatternRewriter &rewriter = code.rewriter;
    SmallVector<Value> values = {code.getCall()};
    for (auto [value, lowered] : llvm::zip(op.getCaptured(), adaptor.getCaptured()))
      values.push_back(travelsAsPointer(value)
                           ? MemRefDescriptor(lowered).alignedPtr(rewriter, code.loc)
                           : lowered);
    SmallVector<Type> fields(ValueRange(values).getTypes());
    auto frameType = LLVM::LLVMStructType::getLiteral(code.context, fields);
    Value frame = code.stack(frameType, 1);
    for (auto [i, value] : llvm::enumerate(values)) {
      Value place = rewriter.create<LLVM::GEPOp>(
          code.loc, code.ptr, frameType, frame,
          ArrayRef<LLVM::GEPArg>{0, int32_t(i)});
      rewriter.create<LLVM::StoreOp>(code.loc, value, place);
    }
    std::string thunk = (op.getCallee() + "_thunk").str();
    if (!op->getParentOfType<ModuleOp>().lookupSymbol(thunk))
      createThunk(op, thunk, frameType, code);
    Value function = rewriter.create<LLVM::AddressOfOp>(code.loc, code.ptr, thunk);
    return code.callService(
        offsetof(burin_services, parallel_for), {},
        {function, frame, adaptor.getCount(), code.number(op.getGrain())});
  }

  void createThunk(exec::LaunchOp op, StringRef name,
                   LLVM::LLVMStructType frameType, ExecCode &code) const {
    ConversionPatternRewriter &rewriter = code.rewriter;
    OpBuilder::InsertionGuard guard(rewriter);
    auto module = op->getParentOfType<ModuleOp>();
    rewriter.setInsertionPointToEnd(module.getBody());
    auto type = LLVM::LLVMFunctionType::get(
        LLVM::LLVMVoidType::get(code.context), {code.ptr, code.i64, code.i64});
    auto func = rewriter.create<LLVM::LLVMFuncOp>(code.loc, name, type,
                                                  LLVM::Linkage::Internal);
    Block *entry = func.addEntryBlock(rewriter);
    rewriter.setInsertionPointToStart(entry);
    auto getField = [&](int32_t i) -> Value {
      Value place = rewriter.create<LLVM::GEPOp>(
          code.loc, code.ptr, frameType, entry->getArgument(0),
          ArrayRef<LLVM::GEPArg>{0, i});
      return rewriter.create<LLVM::LoadOp>(code.loc, frameType.getBody()[i], place);
    };
    SmallVector<Value> operands = {getField(0), entry->getArgument(1),
                                   entry->getArgument(2)};
    for (auto [i, value] : llvm::enumerate(op.getCaptured())) {
      Value field = getField(1 + i);
      if (travelsAsPointer(value))
        field = code.getDescriptor(cast<MemRefType>(value.getType()), field);
      if (auto memref = dyn_cast<MemRefType>(value.getType()))
        MemRefDescriptor::unpack(rewriter, code.loc, field, memref, operands);
      else
        operands.push_back(field);
    }
    rewriter.create<LLVM::CallOp>(code.loc, TypeRange(), op.getCallee(), operands);
    rewriter.create<LLVM::ReturnOp>(code.loc, ValueRange());
  }
};

/// Views of all tensors and the parameters go onto the stack.
struct CallPattern : ExecPattern<exec::CallOp> {
  using ExecPattern::ExecPattern;
  Value lower(exec::CallOp op, Adaptor adaptor, ExecCode &code) const override {
    ConversionPatternRewriter &rewriter = code.rewriter;
    SmallVector<Value> tensors(op.getInputs());
    llvm::append_range(tensors, op.getInits());
    SmallVector<Value> descriptors(adaptor.getInputs());
    llvm::append_range(descriptors, adaptor.getInits());
    Value views = code.stack(code.i8, sizeof(burin_view) * tensors.size());
    for (auto [i, tensor] : llvm::enumerate(tensors))
      storeView(code, views, i * sizeof(burin_view), descriptors[i],
                cast<MemRefType>(tensor.getType()), op.getTypes()[i]);
    Value params = code.stack(code.i8, 8 * std::max<size_t>(1, op.getParams().size()));
    for (auto [i, value] : llvm::enumerate(op.getParams()))
      code.store(code.number(value), params, 8 * i);
    auto module = op->getParentOfType<ModuleOp>();
    if (!module.lookupSymbol(op.getCallee())) {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(module.getBody());
      rewriter.create<LLVM::LLVMFuncOp>(
          op.getLoc(), op.getCallee(),
          LLVM::LLVMFunctionType::get(code.i32, {code.ptr, code.ptr, code.ptr}));
    }
    Value status =
        rewriter
            .create<LLVM::CallOp>(code.loc, code.i32, op.getCallee(),
                                  ValueRange{code.getCall(), views, params})
            .getResult();
    Value failed = rewriter.create<LLVM::ICmpOp>(
        code.loc, LLVM::ICmpPredicate::ne, status, code.number(0, code.i32));
    code.returnIf(failed);
    return {};
  }

  static void storeView(ExecCode &code, Value views, int64_t at, Value value,
                        MemRefType type, int32_t dtype) {
    MemRefDescriptor descriptor(value);
    ConversionPatternRewriter &rewriter = code.rewriter;
    Value data = rewriter.create<LLVM::GEPOp>(
        code.loc, code.ptr, type.getElementType(),
        descriptor.alignedPtr(rewriter, code.loc),
        descriptor.offset(rewriter, code.loc));
    code.store(data, views, at + offsetof(burin_view, data));
    code.store(code.number(dtype, code.i32), views, at + offsetof(burin_view, dtype));
    code.store(code.number(type.getRank(), code.i32), views,
               at + offsetof(burin_view, rank));
    for (int64_t i = 0; i < type.getRank(); ++i) {
      code.store(descriptor.size(rewriter, code.loc, i), views,
                 at + offsetof(burin_view, shape) + 8 * i);
      code.store(descriptor.stride(rewriter, code.loc, i), views,
                 at + offsetof(burin_view, strides) + 8 * i);
    }
  }
};
} // namespace

void burin::populateExecToLLVMPatterns(const LLVMTypeConverter &converter,
                                       RewritePatternSet &patterns) {
  populateExecMemoryPatterns(converter, patterns);
  patterns.add<CheckPattern, LaunchPattern, CallPattern>(converter);
}
