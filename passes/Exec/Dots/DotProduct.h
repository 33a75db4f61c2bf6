//===- DotProduct.h - Sums of products of small numbers ---------*- C++ -*-===//
//
// out[row, column] = f(sum over k of a[row, k] * w[k, column]) where a are bytes
// and w constant signed bytes, or both are floats that may be rounded to bf16:
// matrix products and convolutions whose output channels lie side by side, and
// the elementwise ops around them.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_EXEC_DOTS_DOTPRODUCT_H
#define BURIN_PASSES_EXEC_DOTS_DOTPRODUCT_H

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "passes/Exec/Cpu.h"
#include "passes/Exec/Fused/Stages.h"

namespace burin {

struct DotProduct : FusedSums {
  unsigned lhs = 0; ///< The factor that is not constant.
  llvm::SmallVector<unsigned> batch, rows, depth; ///< Loops.
  unsigned column = 0;
  bool isUnsigned = false; ///< Whether lhs is.
  bool isFloat = false;    ///< Whether both are f32 or bf16.
  mlir::memref::GlobalOp weights;
  mlir::memref::GlobalOp bias; ///< One i32 per column that sums start with, or null.

  const LinearAccess &getLhs() const { return getOperand(lhs); }
  const LinearAccess &getWeights() const { return getOperand(1 - lhs); }
};

/// Whether the body of `op` sums up products of bytes in i32; or, where that is what
/// `instruction` does, of floats in f32.
bool sumsProducts(mlir::linalg::LinalgOp op, const DotInstruction &instruction);

/// `op` as such a product with `fused` around it; none if it is something else, or
/// too small to pack for. Values are built at the insertion point of `shapes`.
std::optional<DotProduct> matchDotProduct(mlir::linalg::LinalgOp op,
                                          const Fusion &fused,
                                          nn::ShapeBuilder &shapes,
                                          const DotInstruction &instruction);

/// The same where each column has factors of its own on both sides: depthwise
/// convolutions, whose depth are the taps.
std::optional<DotProduct> matchDepthwise(mlir::linalg::LinalgOp op,
                                         const Fusion &fused,
                                         nn::ShapeBuilder &shapes);

/// What is added to bytes, unsigned or not, so that the instruction takes them as its
/// first factors: those of the wrong sign are shifted by half their range.
int64_t getShift(bool isUnsigned, const DotInstruction &instruction);

/// The weights as groups of factors for `width` columns at a time, a new constant
/// of the module: [batch][panel](starting sums [width], [step][width]). What is
/// past the last column or factor is 0. The starting sums are the bias, and make up
/// for factors whose sign is not the instruction's.
mlir::Value packWeights(mlir::ImplicitLocOpBuilder &b, const DotProduct &product,
                        const DotInstruction &instruction, int64_t width);

/// The weights of a depthwise product for `width` columns at a time, as many as
/// `lanes` times the group: [block](starting sums, [group of taps]) of vectors with
/// the columns in the order of getDepthwiseColumn.
mlir::Value packDepthwise(mlir::ImplicitLocOpBuilder &b, const DotProduct &product,
                          const DotInstruction &instruction, int64_t lanes);

/// The column in lane `lane` of vector `vector` after the taps were interleaved in
/// 128-bit lanes.
int64_t getDepthwiseColumn(const DotInstruction &instruction, int64_t vector,
                           int64_t lane);

} // namespace burin

#endif // BURIN_PASSES_EXEC_DOTS_DOTPRODUCT_H
