//===- ExecCode.h - What patterns for exec ops build ------------*- C++ -*-===//

#ifndef BURIN_TARGETS_LLVM_EXECCODE_H
#define BURIN_TARGETS_LLVM_EXECCODE_H

#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace burin {

/// Short names for what the patterns build again and again.
struct ExecCode {
  mlir::ConversionPatternRewriter &rewriter;
  mlir::Operation *op; ///< What is lowered.
  const mlir::LLVMTypeConverter &converter;
  mlir::Location loc = op->getLoc();
  mlir::MLIRContext *context = rewriter.getContext();
  mlir::Type ptr = mlir::LLVM::LLVMPointerType::get(context);
  mlir::Type i8 = rewriter.getI8Type(), i32 = rewriter.getI32Type(),
             i64 = rewriter.getI64Type();

  mlir::Value number(int64_t value, mlir::Type type = {});
  mlir::Value offset(mlir::Value base, int64_t bytes);
  mlir::Value offset(mlir::Value base, mlir::Value bytes);
  mlir::Value load(mlir::Type type, mlir::Value base, int64_t bytes);
  void store(mlir::Value value, mlir::Value base, int64_t bytes);
  /// Stack memory in the entry block: never grows in a loop.
  mlir::Value stack(mlir::Type type, int64_t count);
  /// The burin_call that the function around `op` was given.
  mlir::Value getCall();
  /// The pointer in it that is its member at offset `member`.
  mlir::Value loadMember(size_t member);
  /// Of burin_services, whose member at offset `service` is called. Null without a
  /// `result`.
  mlir::Value callService(size_t service, mlir::Type result,
                          llvm::ArrayRef<mlir::Value> more);
  /// Ends the function around here if `condition` holds: entries with status
  /// BURIN_FAILED, parts of loops without.
  void returnIf(mlir::Value condition, llvm::function_ref<void()> before = {});
  mlir::Value isNull(mlir::Value pointer);
  /// `sizes`: the dynamic ones of `type`. All of them, in their order.
  llvm::SmallVector<mlir::Value> getSizes(mlir::MemRefType type, mlir::ValueRange sizes);
  /// A descriptor of row-major memory at `base`. `sizes`: the dynamic ones.
  mlir::Value getDescriptor(mlir::MemRefType type, mlir::Value base,
                            mlir::ValueRange sizes = {});
};

/// Lowers every op of a kind.
template <typename OpTy>
struct ExecPattern : mlir::ConvertOpToLLVMPattern<OpTy> {
  using mlir::ConvertOpToLLVMPattern<OpTy>::ConvertOpToLLVMPattern;
  using Adaptor = typename OpTy::Adaptor;

  /// Returns what takes the place of the op's result, null where it has none.
  virtual mlir::Value lower(OpTy op, Adaptor adaptor, ExecCode &code) const = 0;

  mlir::LogicalResult
  matchAndRewrite(OpTy op, Adaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const final {
    ExecCode code{rewriter, op, *this->getTypeConverter()};
    if (mlir::Value result = lower(op, adaptor, code))
      rewriter.replaceOp(op, result);
    else
      rewriter.eraseOp(op);
    return mlir::success();
  }
};

/// Those for inputs, outputs and all other memory.
void populateExecMemoryPatterns(const mlir::LLVMTypeConverter &converter,
                                mlir::RewritePatternSet &patterns);

} // namespace burin

#endif // BURIN_TARGETS_LLVM_EXECCODE_H
