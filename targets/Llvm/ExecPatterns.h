//===- ExecPatterns.h - exec ops to the LLVM dialect ------------*- C++ -*-===//

#ifndef BURIN_TARGETS_LLVM_EXECPATTERNS_H
#define BURIN_TARGETS_LLVM_EXECPATTERNS_H

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/IR/PatternMatch.h"

namespace burin {

/// Patterns for every exec op that is left after outlining. Argument 0 of the
/// function around must be the `burin_call`.
void populateExecToLLVMPatterns(const mlir::LLVMTypeConverter &converter,
                                mlir::RewritePatternSet &patterns);

} // namespace burin

#endif // BURIN_TARGETS_LLVM_EXECPATTERNS_H
