//===- LoopEmitter.h - One linalg op as loops over vectors ------*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_LOOPS_LOOPEMITTER_H
#define BURIN_PASSES_EXEC_LOOPS_LOOPEMITTER_H

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/LoopNest.h"
#include "passes/Exec/Loops/IndexEmitter.h"

namespace burin {

/// Vectors whose sums are calculated together.
inline constexpr int64_t vectorsAtOnce = 4;

/// Emits the loops of an op at the insertion point of `b`. Which loop becomes
/// vectors is chosen by what lies contiguous; `lanes` is how many 32-bit elements
/// a native vector has.
class LoopEmitter : IndexEmitter {
public:
  LoopEmitter(mlir::linalg::LinalgOp op, mlir::ImplicitLocOpBuilder &b,
              nn::ShapeBuilder &shapes, LoopNest nest, int64_t lanes)
      : IndexEmitter(b, &shapes), op(op), shapes(shapes), nest(std::move(nest)),
        nativeLanes(lanes), lanes(lanes), rows({mlir::Value()}) {}

  void emit(bool mayRunInParallel);

private:
  /// As of getGrain.
  int64_t getWorkPerElement();
  mlir::Value getWork(llvm::ArrayRef<unsigned> loops);
  void chooseVectorLoop();
  int64_t getScore(unsigned loop) const;
  void emitParallel(llvm::ArrayRef<unsigned> loops, Part inner);
  bool hasFewLongSums(llvm::ArrayRef<unsigned> loops);
  void emitBlocks(llvm::ArrayRef<unsigned> loops);
  void emitOver(unsigned loop, Part body);
  void chooseRowLoop(llvm::ArrayRef<unsigned> outer);
  /// How many iterations of a loop are emitted at once.
  mlir::OpFoldResult getStep(unsigned loop);
  mlir::OpFoldResult getSteps(unsigned loop);
  void emitRowGroup();
  void emitVectorLoop(mlir::Value lower, mlir::Value upper);
  std::pair<mlir::Value, mlir::Value> emitWhole(mlir::Value lower, mlir::Value upper,
                                                int64_t vectors);
  void emitLanes(llvm::ArrayRef<mlir::Value> some, mlir::Value mask);
  void emitLanewiseReduction();
  std::pair<mlir::Value, mlir::Value> accumulateSome(mlir::Value upper, mlir::Value acc,
                                                     mlir::Value neutral,
                                                     mlir::vector::CombiningKind kind);
  void emitReductionLoops(unsigned next, mlir::Value mask, llvm::MutableArrayRef<mlir::Value> acc);
  llvm::SmallVector<mlir::Value> emitBody(mlir::ValueRange outputs, mlir::Value mask);
  mlir::Value load(unsigned operand, mlir::Value mask);
  void store(unsigned operand, mlir::Value value, mlir::Value mask);
  bool isWide(unsigned operand) const;

  mlir::linalg::LinalgOp op;
  nn::ShapeBuilder &shapes;
  LoopNest nest;
  int64_t nativeLanes, lanes; ///< The latter are 1 in scalar code.
  unsigned vectorLoop = 0;
  llvm::SmallVector<unsigned> reductions; ///< But the vector loop.
  std::optional<unsigned> rowLoop; ///< Whose iterations share what others read.
  llvm::SmallVector<mlir::Value> rows;   ///< Of that loop at hand; one null: no such loop.
  struct Position {
    mlir::Value row, first; ///< `first` lane of a vector.
  };
  llvm::SmallVector<Position> positions; ///< Whose sums are at hand.
  void moveTo(const Position &position);
  llvm::DenseSet<mlir::Value> ofOneRow; ///< Values of the body that differ between rows,
  llvm::DenseMap<mlir::Value, mlir::Value> shared; ///< and what the others are here.
  Index index; ///< Current index of each loop.
  llvm::SmallVector<bool> uniform;
};

} // namespace burin

#endif // BURIN_PASSES_EXEC_LOOPS_LOOPEMITTER_H
