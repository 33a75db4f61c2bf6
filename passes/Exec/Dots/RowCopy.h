//===- RowCopy.h - Rows as groups of factors --------------------*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_DOTS_ROWCOPY_H
#define BURIN_PASSES_EXEC_DOTS_ROWCOPY_H

#include "passes/Exec/Dots/DotProduct.h"
#include "passes/Exec/Loops/IndexEmitter.h"

namespace burin {

/// A vector of bytes, unsigned or not, or of floats as the instruction's first factors.
mlir::Value emitFactors(mlir::ImplicitLocOpBuilder &b, mlir::Value loaded, bool isUnsigned,
                        const DotInstruction &instruction);

/// Copies what the depth loops of a dot product read for one row into one run of
/// memory, in the order of the packed weights, as the instruction takes it.
class RowCopy : IndexEmitter {
public:
  /// Of `from`, which has coefficients for loops of `sizes`; the depth are `loops`, whose
  /// sizes are known.
  RowCopy(mlir::ImplicitLocOpBuilder &b, const LinearAccess &from,
          llvm::ArrayRef<mlir::OpFoldResult> sizes, llvm::ArrayRef<unsigned> loops,
          bool isUnsigned, const DotInstruction &instruction, const Cpu &cpu);
  RowCopy(mlir::ImplicitLocOpBuilder &b, const DotProduct &product,
          const DotInstruction &instruction, const Cpu &cpu)
      : RowCopy(b, product.getLhs(), product.nest.sizes, product.depth,
                product.isUnsigned, instruction, cpu) {}

  /// Of a copied row; a multiple of 4.
  int64_t getRowBytes() const { return rowBytes; }

  /// Whether the elements of a row lie side by side where they are copied from.
  bool isOneRun() const { return sizes.empty(); }

  /// A place for `rows` rows on the thread's stack.
  mlir::Value createBuffer(int64_t rows);
  /// The same memory as 32-bit groups.
  mlir::Value createGroupView(mlir::Value buffer);
  /// The row whose first element is at `from` to row number `row` of `buffer`.
  void emit(mlir::Value from, mlir::Value buffer, mlir::Value row);

private:
  void emitOuter(size_t k, mlir::Value from, mlir::Value to);
  void emitRun(mlir::Value from, mlir::Value to);
  void emitPiece(int64_t count, mlir::Value from, mlir::Value to);

  mlir::Value memory;
  DotInstruction instruction;
  bool isUnsigned;       ///< Whether bytes are.
  // Of the loops around the runs.
  llvm::SmallVector<int64_t> sizes;
  llvm::SmallVector<mlir::OpFoldResult> strides;
  int64_t run = 1;       ///< Elements that lie side by side.
  int64_t depth = 1;     ///< Elements of a row.
  int64_t rowBytes = 0, lanes;
  mlir::Value target;    ///< The buffer in factors.
};

} // namespace burin

#endif // BURIN_PASSES_EXEC_DOTS_ROWCOPY_H
