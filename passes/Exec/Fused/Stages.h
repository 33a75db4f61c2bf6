//===- Stages.h - What becomes of sums before they are stored ---*- C++ -*-===//
//
// Elementwise neighbours of an op that sums up run on vectors of its sums: the
// one that wrote what they are added to, and the one that alone reads them. Their
// accesses join those of the sums in one loop nest.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_EXEC_FUSED_STAGES_H
#define BURIN_PASSES_EXEC_FUSED_STAGES_H

#include "passes/Exec/Fused/Fusion.h"
#include "passes/Exec/LoopNest.h"

namespace burin {

/// The body of a fused op: its arguments are accesses of the nest, or (none) what
/// was calculated before it.
struct TileStage {
  mlir::Block *body;
  llvm::SmallVector<std::optional<unsigned>> arguments;
};

/// What becomes of 2 x 2 results.
struct TilePool {
  mlir::Block *body;
  mlir::Value start;
  unsigned target;   ///< The access that gets it, by half the indices of results.
  unsigned line = 0; ///< The loop over lines: whoever takes poolings sets it.
};

/// An op that sums up and its neighbours.
struct FusedSums {
  LoopNest nest; ///< The op's inputs, the sums' buffer, then what stages access.
  mlir::linalg::LinalgOp op;
  std::optional<TileStage> start;  ///< What sums are added to; none: the buffer.
  std::optional<TileStage> finish; ///< What becomes of the sums.
  unsigned target = 0;             ///< The access that gets the results,
  std::optional<TilePool> pool;    ///< if it is not this alone that sees them.

  const LinearAccess &getOperand(unsigned i) const { return nest.accesses[i]; }
  const LinearAccess &getTarget() const { return nest.accesses[target]; }
  /// The access to the buffer of the sums.
  unsigned getSums() const { return nest.numInputs; }
  /// The type of the sums.
  mlir::Type getType() const { return getOperand(getSums()).getElementType(); }
  /// The product of the sizes of `loops`.
  mlir::OpFoldResult getSize(nn::ShapeBuilder &shapes,
                             llvm::ArrayRef<unsigned> loops) const;

  /// Sets `nest`, simplified, and the stages to those of `sums` and `fused`; false
  /// if the loops are not linear or not those of the sums.
  bool take(mlir::linalg::LinalgOp sums, const Fusion &fused,
            nn::ShapeBuilder &shapes);
  /// Whether results and all that stages access have the columns (the iterations
  /// of `columns`) as one run as well, or one value for all that is read.
  bool fitsColumns(llvm::ArrayRef<unsigned> columns,
                   nn::ShapeBuilder &shapes) const;
};

/// Emits stages for one vector of sums at a time.
class StageEmitter {
public:
  /// Of sums whose neighbouring columns are iterations of loop `column`. Vectors
  /// have `lanes` columns.
  StageEmitter(mlir::ImplicitLocOpBuilder &b, const FusedSums &sums,
               unsigned column, int64_t lanes)
      : b(b), c(sums), column(column), lanes(lanes) {}

  /// Where the columns of an access differ.
  bool isWide(unsigned access) const;

  /// Where a vector belongs: `offset` columns from `addresses`, which are one per
  /// access, at equal indices; those of the op's inputs are not looked at.
  struct Place {
    llvm::ArrayRef<mlir::Value> addresses;
    int64_t offset;
    mlir::Value mask; ///< Null for all lanes.
  };
  /// What sums are added to.
  mlir::Value getStart(const Place &place);
  /// What becomes of them then.
  mlir::Value finish(mlir::Value value, const Place &place);
  /// Both, for sums that started from zero.
  mlir::Value evaluate(mlir::Value sums, const Place &place);
  void store(mlir::Value value, const Place &place);
  /// Adds a result to its pool, the first one or not.
  void storePooled(mlir::Value value, mlir::Value isFirst, const Place &place);

private:
  mlir::Value emitStage(const TileStage &stage, mlir::Value before, const Place &place);
  bool isZero(const TileStage &stage) const;
  mlir::Value getAddress(unsigned access, const Place &place);
  mlir::Value load(unsigned access, const Place &place);

  mlir::ImplicitLocOpBuilder &b;
  const FusedSums &c;
  unsigned column;
  int64_t lanes;
};

} // namespace burin

#endif // BURIN_PASSES_EXEC_FUSED_STAGES_H
