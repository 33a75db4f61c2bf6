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
  Value lower(exec::InputOp op, Adaptor, ExecCode &code) const override {
    Value inputs = code.loadMember(offsetof(burin_call, inputs));
    int64_t at = int64_t(op.getIndex()) * sizeof(burin_tensor);
    MemRefType type = op.getType();
    SmallVector<Value> sizes;
    for (int64_t i = 0; i < type.getRank(); ++i)
      if (type.isDynamicDim(i))
        sizes.push_back(code.load(
            code.i64, inputs, at + offsetof(burin_tensor, shape) + 8 * i));
    Value data = code.load(code.ptr, inputs, at + offsetof(burin_tensor, data));
    return code.getDescriptor(type, data, sizes);
  }
};

struct OutputPattern : ExecPattern<exec::OutputOp> {
  using ExecPattern::ExecPattern;
  Value lower(exec::OutputOp op, Adaptor adaptor, ExecCode &code) const override {
    Value shape = code.stack(code.i8, 8 * BURIN_MAX_RANK);
    SmallVector<Value> sizes = code.getSizes(op.getType(), adaptor.getSizes());
    for (auto [i, size] : llvm::enumerate(sizes))
      code.store(size, shape, 8 * i);
    Value memory = code.callService(offsetof(burin_services, output), code.ptr,
                                    {code.number(op.getIndex(), code.i32), shape});
    code.returnIf(code.isNull(memory));
    return code.getDescriptor(op.getType(), memory, adaptor.getSizes());
  }
};

struct ArenaPattern : ExecPattern<exec::ArenaOp> {
  using ExecPattern::ExecPattern;
  Value lower(exec::ArenaOp op, Adaptor, ExecCode &code) const override {
    Value arena = code.loadMember(offsetof(burin_call, arena));
    Value memory = code.offset(arena, code.number(op.getOffset()));
    return code.getDescriptor(op.getType(), memory);
  }
};

struct ConstantPattern : ExecPattern<exec::ConstantOp> {
  using ExecPattern::ExecPattern;
  Value lower(exec::ConstantOp op, Adaptor, ExecCode &code) const override {
    Value weights = code.loadMember(offsetof(burin_call, weights));
    Value section = code.load(code.ptr, weights, 8 * int64_t(op.getSection()));
    Value memory = code.offset(section, code.number(op.getOffset()));
    return code.getDescriptor(op.getType(), memory);
  }
};

int64_t getSlot(int64_t index) { return index * int64_t(sizeof(burin_slot)); }

struct StatePattern : ExecPattern<exec::StateOp> {
  using ExecPattern::ExecPattern;
  Value lower(exec::StateOp op, Adaptor, ExecCode &code) const override {
    Value states = code.loadMember(offsetof(burin_call, states));
    Value memory = code.load(code.ptr, states,
                             getSlot(op.getIndex()) + offsetof(burin_slot, data));
    return code.getDescriptor(op.getType(), memory);
  }
};

struct StateLengthPattern : ExecPattern<exec::StateLengthOp> {
  using ExecPattern::ExecPattern;
  Value lower(exec::StateLengthOp op, Adaptor, ExecCode &code) const override {
    Value states = code.loadMember(offsetof(burin_call, states));
    return code.load(code.i64, states,
                     getSlot(op.getIndex()) + offsetof(burin_slot, length));
  }
};

struct SetStateLengthPattern : ExecPattern<exec::SetStateLengthOp> {
  using ExecPattern::ExecPattern;
  Value lower(exec::SetStateLengthOp op, Adaptor adaptor, ExecCode &code) const override {
    Value states = code.loadMember(offsetof(burin_call, states));
    code.store(adaptor.getLength(), states,
               getSlot(op.getIndex()) + offsetof(burin_slot, length));
    return {};
  }
};

struct AllocatePattern : ExecPattern<exec::AllocateOp> {
  using ExecPattern::ExecPattern;
  Value lower(exec::AllocateOp op, Adaptor adaptor, ExecCode &code) const override {
    MemRefType type = op.getType();
    // Saturating: absurd sizes must reach the runtime as absurd sizes.
    Value bytes = code.number((type.getElementTypeBitWidth() + 7) / 8);
    for (Value factor : code.getSizes(type, adaptor.getSizes()))
      bytes = code.rewriter
                  .create<LLVM::CallIntrinsicOp>(
                      code.loc, code.i64,
                      code.rewriter.getStringAttr("llvm.smul.fix.sat.i64"),
                      ValueRange{bytes, factor, code.number(0, code.i32)},
                      LLVM::FastmathFlagsAttr::get(code.context, {}))
                  .getResult(0);
    Value memory = code.callService(offsetof(burin_services, allocate), code.ptr, bytes);
    code.returnIf(code.isNull(memory));
    return code.getDescriptor(type, memory, adaptor.getSizes());
  }
};

struct ReleasePattern : ExecPattern<exec::ReleaseOp> {
  using ExecPattern::ExecPattern;
  Value lower(exec::ReleaseOp, Adaptor adaptor, ExecCode &code) const override {
    MemRefDescriptor memory(adaptor.getMemory());
    return code.callService(offsetof(burin_services, release), {},
                            memory.allocatedPtr(code.rewriter, code.loc));
  }
};
} // namespace

void burin::populateExecMemoryPatterns(const LLVMTypeConverter &converter,
                                       RewritePatternSet &patterns) {
  patterns.add<InputPattern, OutputPattern, ArenaPattern, ConstantPattern, StatePattern,
               StateLengthPattern, SetStateLengthPattern, AllocatePattern,
               ReleasePattern>(converter);
}
