//===- ExactProducts.h - Which products are not rounded ---------*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_DOTS_EXACTPRODUCTS_H
#define BURIN_PASSES_EXEC_DOTS_EXACTPRODUCTS_H

#include "passes/Exec/Dots/DotProduct.h"
#include "llvm/ADT/DenseSet.h"

namespace burin {

/// The first products of each function that together take so little that hardly any
/// time is lost with f32: what is rounded there goes through all the others.
llvm::DenseSet<mlir::Operation *> findExactProducts(mlir::ModuleOp module,
                                                    const DotInstruction &instruction);

} // namespace burin

#endif // BURIN_PASSES_EXEC_DOTS_EXACTPRODUCTS_H
