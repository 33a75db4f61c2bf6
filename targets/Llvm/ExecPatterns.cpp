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
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include <cstddef>

using namespace mlir;
using namespace burin;

namespace {
using Rewriter = ConversionPatternRewriter;

/// Short names for what the patterns build again and again.
struct Code {
  Rewriter &rewriter;
  Location loc;
  MLIRContext *context = rewriter.getContext();
  Type ptr = LLVM::LLVMPointerType::get(context);
  Type i8 = rewriter.getI8Type(), i32 = rewriter.getI32Type(),
       i64 = rewriter.getI64Type();

  Value number(int64_t value, Type type = {}) {
    return rewriter.create<LLVM::ConstantOp>(
        loc, rewriter.getIntegerAttr(type ? type : i64, value));
  }
  Value offset(Value base, int64_t bytes) {
    return rewriter.create<LLVM::GEPOp>(loc, ptr, i8, base,
                                        ArrayRef<LLVM::GEPArg>{int32_t(bytes)});
  }
  Value offset(Value base, Value bytes) {
    return rewriter.create<LLVM::GEPOp>(loc, ptr, i8, base, bytes);
  }
  Value load(Type type, Value base, int64_t bytes) {
    return rewriter.create<LLVM::LoadOp>(loc, type, offset(base, bytes));
  }
  void store(Value value, Value base, int64_t bytes) {
    rewriter.create<LLVM::StoreOp>(loc, value, offset(base, bytes));
  }
  /// Stack memory in the entry block: never grows in a loop.
  Value stack(Operation *op, int64_t bytes) {
    OpBuilder::InsertionGuard guard(rewriter);
    Operation *func = op->getParentOfType<func::FuncOp>();
    if (!func)
      func = op->getParentOfType<LLVM::LLVMFuncOp>();
    rewriter.setInsertionPointToStart(&func->getRegion(0).front());
    return rewriter.create<LLVM::AllocaOp>(loc, ptr, i8, number(bytes), 64);
  }
  /// The burin_call that the function around `op` was given.
  Value getCall(Operation *op) {
    Operation *func = op->getParentOfType<func::FuncOp>();
    if (!func)
      func = op->getParentOfType<LLVM::LLVMFuncOp>();
    return func->getRegion(0).front().getArgument(0);
  }
  Value callService(Operation *op, size_t service, Type result,
                    ArrayRef<Value> more) {
    Value call = getCall(op);
    Value services = load(ptr, call, offsetof(burin_call, services));
    Value function = load(ptr, services, service);
    SmallVector<Value> operands = {function,
                                   load(ptr, call, offsetof(burin_call, owner))};
    operands.append(more.begin(), more.end());
    SmallVector<Type> types(llvm::map_range(
        llvm::drop_begin(operands), [](Value v) { return v.getType(); }));
    auto type = LLVM::LLVMFunctionType::get(
        result ? result : LLVM::LLVMVoidType::get(context), types);
    auto made = rewriter.create<LLVM::CallOp>(loc, type, operands);
    return result ? made.getResult() : Value();
  }
  /// Ends the function around here if `condition` holds: entries with status
  /// BURIN_FAILED, parts of loops without.
  void returnIf(Value condition, function_ref<void()> before = {}) {
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
  Value isNull(Value pointer) {
    return rewriter.create<LLVM::ICmpOp>(
        loc, LLVM::ICmpPredicate::eq, pointer,
        rewriter.create<LLVM::ZeroOp>(loc, ptr));
  }
};

template <typename OpTy>
struct ExecPattern : ConvertOpToLLVMPattern<OpTy> {
  using ConvertOpToLLVMPattern<OpTy>::ConvertOpToLLVMPattern;

  /// A descriptor of row-major memory at `base`. `sizes`: the dynamic ones.
  Value getDescriptor(Code &code, MemRefType type, Value base,
                      ValueRange sizes) const {
    SmallVector<Value> all;
    unsigned dynamic = 0;
    for (int64_t size : type.getShape())
      all.push_back(ShapedType::isDynamic(size) ? sizes[dynamic++]
                                                : code.number(size));
    auto descriptor = MemRefDescriptor::undef(
        code.rewriter, code.loc, this->getTypeConverter()->convertType(type));
    descriptor.setAllocatedPtr(code.rewriter, code.loc, base);
    descriptor.setAlignedPtr(code.rewriter, code.loc, base);
    descriptor.setOffset(code.rewriter, code.loc, code.number(0));
    Value stride = code.number(1);
    for (int64_t i = type.getRank(); i-- > 0;) {
      descriptor.setSize(code.rewriter, code.loc, i, all[i]);
      descriptor.setStride(code.rewriter, code.loc, i, stride);
      if (i > 0)
        stride = code.rewriter.create<LLVM::MulOp>(code.loc, stride, all[i]);
    }
    return descriptor;
  }
};

struct InputPattern : ExecPattern<exec::InputOp> {
  using ExecPattern::ExecPattern;
  LogicalResult matchAndRewrite(exec::InputOp op, OpAdaptor,
                                Rewriter &rewriter) const override {
    Code code{rewriter, op.getLoc()};
    Value inputs = code.load(code.ptr, code.getCall(op), offsetof(burin_call, inputs));
    int64_t at = int64_t(op.getIndex()) * sizeof(burin_tensor);
    auto type = cast<MemRefType>(op.getType());
    SmallVector<Value> sizes;
    for (int64_t i = 0; i < type.getRank(); ++i)
      if (type.isDynamicDim(i))
        sizes.push_back(code.load(
            code.i64, inputs, at + offsetof(burin_tensor, shape) + 8 * i));
    Value data = code.load(code.ptr, inputs, at + offsetof(burin_tensor, data));
    rewriter.replaceOp(op, getDescriptor(code, type, data, sizes));
    return success();
  }
};

struct OutputPattern : ExecPattern<exec::OutputOp> {
  using ExecPattern::ExecPattern;
  LogicalResult matchAndRewrite(exec::OutputOp op, OpAdaptor adaptor,
                                Rewriter &rewriter) const override {
    Code code{rewriter, op.getLoc()};
    auto type = cast<MemRefType>(op.getType());
    Value shape = code.stack(op, 8 * BURIN_MAX_RANK);
    unsigned dynamic = 0;
    for (auto [i, size] : llvm::enumerate(type.getShape()))
      code.store(ShapedType::isDynamic(size) ? adaptor.getSizes()[dynamic++]
                                             : code.number(size),
                 shape, 8 * i);
    Value memory =
        code.callService(op, offsetof(burin_services, output), code.ptr,
                         {code.number(op.getIndex(), code.i32), shape});
    code.returnIf(code.isNull(memory));
    rewriter.replaceOp(op, getDescriptor(code, type, memory, adaptor.getSizes()));
    return success();
  }
};

struct ArenaPattern : ExecPattern<exec::ArenaOp> {
  using ExecPattern::ExecPattern;
  LogicalResult matchAndRewrite(exec::ArenaOp op, OpAdaptor,
                                Rewriter &rewriter) const override {
    Code code{rewriter, op.getLoc()};
    Value arena = code.load(code.ptr, code.getCall(op), offsetof(burin_call, arena));
    Value memory = code.offset(arena, code.number(op.getOffset()));
    rewriter.replaceOp(
        op, getDescriptor(code, cast<MemRefType>(op.getType()), memory, {}));
    return success();
  }
};

struct ConstantPattern : ExecPattern<exec::ConstantOp> {
  using ExecPattern::ExecPattern;
  LogicalResult matchAndRewrite(exec::ConstantOp op, OpAdaptor,
                                Rewriter &rewriter) const override {
    Code code{rewriter, op.getLoc()};
    Value weights = code.load(code.ptr, code.getCall(op), offsetof(burin_call, weights));
    Value section = code.load(code.ptr, weights, 8 * int64_t(op.getSection()));
    Value memory = code.offset(section, code.number(op.getOffset()));
    rewriter.replaceOp(
        op, getDescriptor(code, cast<MemRefType>(op.getType()), memory, {}));
    return success();
  }
};

int64_t getSlot(int64_t index) { return index * int64_t(sizeof(burin_slot)); }

struct StatePattern : ExecPattern<exec::StateOp> {
  using ExecPattern::ExecPattern;
  LogicalResult matchAndRewrite(exec::StateOp op, OpAdaptor,
                                Rewriter &rewriter) const override {
    Code code{rewriter, op.getLoc()};
    Value states = code.load(code.ptr, code.getCall(op), offsetof(burin_call, states));
    Value memory = code.load(code.ptr, states,
                             getSlot(op.getIndex()) + offsetof(burin_slot, data));
    rewriter.replaceOp(
        op, getDescriptor(code, cast<MemRefType>(op.getType()), memory, {}));
    return success();
  }
};

struct StateLengthPattern : ExecPattern<exec::StateLengthOp> {
  using ExecPattern::ExecPattern;
  LogicalResult matchAndRewrite(exec::StateLengthOp op, OpAdaptor,
                                Rewriter &rewriter) const override {
    Code code{rewriter, op.getLoc()};
    Value states = code.load(code.ptr, code.getCall(op), offsetof(burin_call, states));
    rewriter.replaceOp(
        op, code.load(code.i64, states,
                      getSlot(op.getIndex()) + offsetof(burin_slot, length)));
    return success();
  }
};

struct SetStateLengthPattern : ExecPattern<exec::SetStateLengthOp> {
  using ExecPattern::ExecPattern;
  LogicalResult matchAndRewrite(exec::SetStateLengthOp op, OpAdaptor adaptor,
                                Rewriter &rewriter) const override {
    Code code{rewriter, op.getLoc()};
    Value states = code.load(code.ptr, code.getCall(op), offsetof(burin_call, states));
    code.store(adaptor.getLength(), states,
               getSlot(op.getIndex()) + offsetof(burin_slot, length));
    rewriter.eraseOp(op);
    return success();
  }
};

struct AllocatePattern : ExecPattern<exec::AllocateOp> {
  using ExecPattern::ExecPattern;
  LogicalResult matchAndRewrite(exec::AllocateOp op, OpAdaptor adaptor,
                                Rewriter &rewriter) const override {
    Code code{rewriter, op.getLoc()};
    auto type = cast<MemRefType>(op.getType());
    // Saturating: absurd sizes must reach the runtime as absurd sizes.
    Value bytes = code.number((type.getElementTypeBitWidth() + 7) / 8);
    unsigned dynamic = 0;
    for (int64_t size : type.getShape()) {
      Value factor = ShapedType::isDynamic(size) ? adaptor.getSizes()[dynamic++]
                                                 : code.number(size);
      bytes = rewriter
                  .create<LLVM::CallIntrinsicOp>(
                      code.loc, code.i64,
                      rewriter.getStringAttr("llvm.smul.fix.sat.i64"),
                      ValueRange{bytes, factor, code.number(0, code.i32)},
                      LLVM::FastmathFlagsAttr::get(code.context, {}))
                  .getResult(0);
    }
    Value memory =
        code.callService(op, offsetof(burin_services, allocate), code.ptr, bytes);
    code.returnIf(code.isNull(memory));
    rewriter.replaceOp(op, getDescriptor(code, type, memory, adaptor.getSizes()));
    return success();
  }
};

struct ReleasePattern : ExecPattern<exec::ReleaseOp> {
  using ExecPattern::ExecPattern;
  LogicalResult matchAndRewrite(exec::ReleaseOp op, OpAdaptor adaptor,
                                Rewriter &rewriter) const override {
    Code code{rewriter, op.getLoc()};
    Value memory = MemRefDescriptor(adaptor.getMemory()).allocatedPtr(rewriter, code.loc);
    code.callService(op, offsetof(burin_services, release), {}, memory);
    rewriter.eraseOp(op);
    return success();
  }
};

struct CheckPattern : ExecPattern<exec::CheckOp> {
  using ExecPattern::ExecPattern;
  LogicalResult matchAndRewrite(exec::CheckOp op, OpAdaptor adaptor,
                                Rewriter &rewriter) const override {
    Code code{rewriter, op.getLoc()};
    Value fails = rewriter.create<LLVM::XOrOp>(
        code.loc, adaptor.getCondition(), code.number(1, rewriter.getI1Type()));
    Value text = getText(op, rewriter);
    code.returnIf(fails, [&] {
      code.callService(op, offsetof(burin_services, fail), code.i32,
                       {code.number(op.getStatus(), code.i32), text});
    });
    rewriter.eraseOp(op);
    return success();
  }

  static Value getText(exec::CheckOp op, Rewriter &rewriter) {
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

  LogicalResult matchAndRewrite(exec::LaunchOp op, OpAdaptor adaptor,
                                Rewriter &rewriter) const override {
    Code code{rewriter, op.getLoc()};
    SmallVector<Value> values = {code.getCall(op)};
    for (auto [value, lowered] : llvm::zip(op.getCaptured(), adaptor.getCaptured()))
      values.push_back(travelsAsPointer(value)
                           ? MemRefDescriptor(lowered).alignedPtr(rewriter, code.loc)
                           : lowered);
    SmallVector<Type> fields(ValueRange(values).getTypes());
    auto frameType = LLVM::LLVMStructType::getLiteral(code.context, fields);
    Value frame;
    {
      OpBuilder::InsertionGuard guard(rewriter);
      Operation *func = op->getParentOfType<func::FuncOp>();
      if (!func)
        func = op->getParentOfType<LLVM::LLVMFuncOp>();
      rewriter.setInsertionPointToStart(&func->getRegion(0).front());
      frame = rewriter.create<LLVM::AllocaOp>(code.loc, code.ptr, frameType,
                                              code.number(1), 64);
    }
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
    code.callService(op, offsetof(burin_services, parallel_for), {},
                     {function, frame, adaptor.getCount(),
                      code.number(op.getGrain())});
    rewriter.eraseOp(op);
    return success();
  }

  void createThunk(exec::LaunchOp op, StringRef name,
                   LLVM::LLVMStructType frameType, Code &code) const {
    Rewriter &rewriter = code.rewriter;
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
        field = getDescriptor(code, cast<MemRefType>(value.getType()), field, {});
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
  LogicalResult matchAndRewrite(exec::CallOp op, OpAdaptor adaptor,
                                Rewriter &rewriter) const override {
    Code code{rewriter, op.getLoc()};
    SmallVector<Value> tensors(op.getInputs());
    llvm::append_range(tensors, op.getInits());
    SmallVector<Value> descriptors(adaptor.getInputs());
    llvm::append_range(descriptors, adaptor.getInits());
    Value views = code.stack(op, sizeof(burin_view) * tensors.size());
    for (auto [i, tensor] : llvm::enumerate(tensors))
      storeView(code, views, i * sizeof(burin_view), descriptors[i],
                cast<MemRefType>(tensor.getType()), op.getTypes()[i]);
    Value params = code.stack(op, 8 * std::max<size_t>(1, op.getParams().size()));
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
                                  ValueRange{code.getCall(op), views, params})
            .getResult();
    Value failed = rewriter.create<LLVM::ICmpOp>(
        code.loc, LLVM::ICmpPredicate::ne, status, code.number(0, code.i32));
    code.returnIf(failed);
    rewriter.eraseOp(op);
    return success();
  }

  static void storeView(Code &code, Value views, int64_t at, Value value,
                        MemRefType type, int32_t dtype) {
    MemRefDescriptor descriptor(value);
    Rewriter &rewriter = code.rewriter;
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
  patterns.add<InputPattern, OutputPattern, ArenaPattern, ConstantPattern,
               StatePattern, StateLengthPattern, SetStateLengthPattern,
               AllocatePattern, ReleasePattern, CheckPattern, LaunchPattern,
               CallPattern>(converter);
}
