//===- ConvertToLLVM.cpp - Everything to the LLVM dialect -----------------===//

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "targets/Llvm/ExecPatterns.h"
#include "targets/Llvm/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_CONVERTEXECTOLLVM
#include "targets/Llvm/Passes.h.inc"

namespace {
/// Rounding to an even integer is what conversion does in the default mode.
LogicalResult roundToInteger(arith::FPToSIOp op, PatternRewriter &rewriter) {
  auto round = op.getIn().getDefiningOp<math::RoundEvenOp>();
  Type real = getElementTypeOrSelf(op.getIn().getType());
  if (!round || !real.isF32() || !getElementTypeOrSelf(op.getType()).isInteger(32))
    return failure();
  // MLIR's own op for it takes no vectors.
  rewriter.replaceOpWithNewOp<LLVM::CallIntrinsicOp>(
      op, op.getType(), rewriter.getStringAttr("llvm.lrint"), round.getOperand());
  return success();
}

struct ConvertExecToLLVM : impl::ConvertExecToLLVMBase<ConvertExecToLLVM> {
  void runOnOperation() override {
    LowerToLLVMOptions options(&getContext());
    LLVMTypeConverter converter(&getContext(), options);
    if (failed(lowerVectors()) || failed(lowerInstructions()))
      return signalPassFailure();
    RewritePatternSet patterns(&getContext());
    populateExecToLLVMPatterns(converter, patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    arith::populateCeilFloorDivExpandOpsPatterns(patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    index::populateIndexToLLVMConversionPatterns(converter, patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    populateMathToLLVMConversionPatterns(converter, patterns);
    populateMathToLibmConversionPatterns(patterns);
    vector::populateVectorMaskOpLoweringPatterns(patterns);
    populateVectorToLLVMMatrixConversionPatterns(converter, patterns);
    populateVectorToLLVMConversionPatterns(converter, patterns);
    LLVMConversionTarget target(getContext());
    target.addLegalOp<ModuleOp>();
    target.addIllegalDialect<math::MathDialect>();
    if (failed(applyFullConversion(getOperation(), target, std::move(patterns))))
      return signalPassFailure();
    for (auto func : getOperation().getOps<LLVM::LLVMFuncOp>())
      if (!func.isExternal() && func.getLinkage() == LLVM::Linkage::External &&
          SymbolTable::getSymbolVisibility(func) != SymbolTable::Visibility::Public)
        func.setLinkage(LLVM::Linkage::Internal);
  }

  /// Functions that are instructions: libm's patterns must not see them.
  LogicalResult lowerInstructions() {
    LLVMTypeConverter converter(&getContext());
    RewritePatternSet patterns(&getContext());
    populateMathToLLVMConversionPatterns(converter, patterns);
    ConversionTarget target(getContext());
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    target.addIllegalOp<math::FmaOp, math::SqrtOp, math::AbsFOp, math::CeilOp,
                        math::FloorOp, math::RoundEvenOp, math::CopySignOp>();
    return applyPartialConversion(getOperation(), target, std::move(patterns));
  }

  /// Vector ops that have no counterpart in LLVM become ones that have; two ops
  /// become one that it has.
  LogicalResult lowerVectors() {
    RewritePatternSet patterns(&getContext());
    vector::populateVectorBroadcastLoweringPatterns(patterns);
    vector::populateVectorMaskOpLoweringPatterns(patterns);
    vector::populateVectorMaskMaterializationPatterns(
        patterns, /*force32BitVectorIndices=*/false);
    patterns.add(roundToInteger);
    vector::populateVectorShapeCastLoweringPatterns(patterns);
    return applyPatternsAndFoldGreedily(getOperation(), std::move(patterns));
  }
};
} // namespace
} // namespace burin
