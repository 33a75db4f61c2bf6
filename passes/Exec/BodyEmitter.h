//===- BodyEmitter.h - Scalar bodies on vectors -----------------*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_BODYEMITTER_H
#define BURIN_PASSES_EXEC_BODYEMITTER_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace burin {

/// Clones the body of a linalg op for one vector of consecutive iterations.
/// Values that are the same in all lanes stay scalars.
class BodyEmitter {
public:
  /// For bodies that do not ask for indices.
  static constexpr unsigned noLoop = ~0u;

  /// `vectorLoop`: the loop whose iterations the lanes are; `lanes` 1: scalar
  /// code. `uniform`: per argument of the block, whether its lanes are equal.
  BodyEmitter(mlir::Block &body, unsigned vectorLoop, int64_t lanes,
              llvm::ArrayRef<bool> uniform)
      : body(body), vectorLoop(vectorLoop), lanes(lanes), uniform(uniform) {}

  /// Whether `lanes` > 1 is possible: only elementwise ops, indices, and loads
  /// whose lanes are one address or consecutive ones.
  bool canVectorize();

  /// Values of the block's arguments in, values yielded out: scalars or vectors
  /// of `lanes`. `indices`: the current index of each loop, that of lane 0. `mask`
  /// (i1 vector) is null where all lanes are alive.
  llvm::SmallVector<mlir::Value> emit(mlir::ImplicitLocOpBuilder &b,
                                      mlir::ValueRange arguments,
                                      mlir::ValueRange indices,
                                      mlir::Value mask);
  /// The same where some values of the block are known already; then all are.
  llvm::SmallVector<mlir::Value>
  emit(mlir::ImplicitLocOpBuilder &b, mlir::ValueRange arguments,
       mlir::ValueRange indices, mlir::Value mask,
       llvm::DenseMap<mlir::Value, mlir::Value> &values);

  /// `value` as a vector of `lanes`, if there are lanes.
  mlir::Value widen(mlir::ImplicitLocOpBuilder &b, mlir::Value value) const;

private:
  mlir::Value emitOp(mlir::ImplicitLocOpBuilder &b, mlir::Operation &op,
                     llvm::function_ref<mlir::Value(mlir::Value)> get,
                     mlir::ValueRange indices, mlir::Value mask);
  bool isUniform(mlir::Value value);
  bool isConsecutive(mlir::Value index);

  mlir::Block &body;
  unsigned vectorLoop;
  int64_t lanes;
  llvm::SmallVector<bool> uniform;
};

/// Whether all of a body is constants and ops that vectors can do lane by lane.
bool isVectorizable(mlir::Block &body);

} // namespace burin

#endif // BURIN_PASSES_EXEC_BODYEMITTER_H
