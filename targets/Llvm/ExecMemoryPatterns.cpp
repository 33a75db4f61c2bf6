//===- ExecMemoryPatterns.cpp - Where the memory of exec ops is -----------===//

#include "burin/abi.h"
#include "dialects/Exec/Exec.h"
#include "targets/Llvm/ExecCode.h"
#include <cstddef>

using namespace mlir;
using namespace burin;

namespace {
struct InputPattern : ExecPattern<exec::InputOp> {
  using ExecPattern::ExecPattern;
  LogicalResult matchAndRewrite(exec::InputOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    ExecCode code{rewriter, op.getLoc()};
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
                                ConversionPatternRewriter &rewriter) const override {
    ExecCode code{rewriter, op.getLoc()};
    auto type = cast<MemRefType>(op.getType());
    Value shape = code.stack(op, code.i8, 8 * BURIN_MAX_RANK);
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
                                ConversionPatternRewriter &rewriter) const override {
    ExecCode code{rewriter, op.getLoc()};
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
                                ConversionPatternRewriter &rewriter) const override {
    ExecCode code{rewriter, op.getLoc()};
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
                                ConversionPatternRewriter &rewriter) const override {
    ExecCode code{rewriter, op.getLoc()};
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
                                ConversionPatternRewriter &rewriter) const override {
    ExecCode code{rewriter, op.getLoc()};
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
                                ConversionPatternRewriter &rewriter) const override {
    ExecCode code{rewriter, op.getLoc()};
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
                                ConversionPatternRewriter &rewriter) const override {
    ExecCode code{rewriter, op.getLoc()};
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
                                ConversionPatternRewriter &rewriter) const override {
    ExecCode code{rewriter, op.getLoc()};
    Value memory = MemRefDescriptor(adaptor.getMemory()).allocatedPtr(rewriter, code.loc);
    code.callService(op, offsetof(burin_services, release), {}, memory);
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

void burin::populateExecMemoryPatterns(const LLVMTypeConverter &converter,
                                       RewritePatternSet &patterns) {
  patterns.add<InputPattern, OutputPattern, ArenaPattern, ConstantPattern, StatePattern,
               StateLengthPattern, SetStateLengthPattern, AllocatePattern,
               ReleasePattern>(converter);
}
