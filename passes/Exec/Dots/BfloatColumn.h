//===- BfloatColumn.h - Factors of one sum, rounded to bf16 -----*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_DOTS_BFLOATCOLUMN_H
#define BURIN_PASSES_EXEC_DOTS_BFLOATCOLUMN_H

#include "mlir/Support/LLVM.h"

namespace burin {

/// The bf16s of floats that one sum has as its constant factors: each is nearest,
/// except that some near the middle between two go the other way, as many as it takes
/// for them to add up to what the floats add up to. The other factors often have a
/// common part, as behind a ReLU, and that is multiplied by this sum.
llvm::SmallVector<uint16_t> roundColumn(llvm::ArrayRef<float> column);

} // namespace burin

#endif // BURIN_PASSES_EXEC_DOTS_BFLOATCOLUMN_H
