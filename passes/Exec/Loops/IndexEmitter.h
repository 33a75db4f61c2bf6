//===- IndexEmitter.h - Index arithmetic and loops --------------*- C++ -*-===//
//
// What all emitters of kernels have in common. They derive from it.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_EXEC_LOOPS_INDEXEMITTER_H
#define BURIN_PASSES_EXEC_LOOPS_INDEXEMITTER_H

#include "passes/Exec/LoopNest.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace burin {

/// What a thread is woken for, in vector operations: at about one per cycle several
/// times as long as the waking takes.
inline constexpr int64_t workPerTask = 1 << 12;

/// Tasks that rows should become: some for each of a few threads. Each thread then
/// has rows of its own, which it also has in the kernels before and after.
inline constexpr int64_t tasksOfRows = 8;

/// Of an operation on each element of what streams through memory, which waits for
/// loads and stores, as a multiple of one on registers.
inline constexpr int64_t workPerStreamed = 4;

/// Of an element that is only moved: where threads share the loops around, much of
/// it lies in another core's cache.
inline constexpr int64_t workPerMoved = 12;

/// How many iterations are a task at least, if each is `operations` on 32-bit
/// elements, of which a vector has `lanes`.
int64_t getGrain(int64_t operations, int64_t lanes);

/// Of `count` in as few parts of at most `most` as possible, which are as equal as
/// possible: those of the first. At least 1.
int64_t getEvenPart(int64_t count, int64_t most);

/// A size, or what it is taken for while work is estimated, if it is not known.
int64_t guessSize(mlir::OpFoldResult size);
int64_t guessSize(int64_t size); ///< Of a type.

class IndexEmitter {
protected:
  using Body = llvm::function_ref<void(mlir::Value index)>;
  using Part = llvm::function_ref<void()>;
  using Index = llvm::SmallVector<mlir::Value>; ///< One per loop; null for 0.
  /// Gets the index and what is carried, gives what is carried on.
  using CarryingBody = llvm::function_ref<llvm::SmallVector<mlir::Value>(
      mlir::Value index, mlir::ValueRange carried)>;

  /// `shapes`: the sizes that bodies ask for, if they do.
  explicit IndexEmitter(mlir::ImplicitLocOpBuilder &b, nn::ShapeBuilder *shapes = nullptr)
      : b(b), sizes(shapes) {}

  // Of unsigned numbers; constants are folded.
  mlir::Value number(int64_t value);
  mlir::Value value(mlir::OpFoldResult size) { return sizes->getValue(size); }
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value sub(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value min(mlir::Value x, mlir::Value y);
  mlir::Value max(mlir::Value x, mlir::Value y);
  mlir::Value div(mlir::Value x, mlir::Value y);
  mlir::Value rem(mlir::Value x, mlir::Value y);
  mlir::Value ceilDiv(mlir::Value x, mlir::Value y);
  /// `flat` / inner and `flat` % inner.
  std::pair<mlir::Value, mlir::Value> split(mlir::Value flat, mlir::Value inner);
  /// Sets the indices of `loops`, whose sizes `getSize` gives, to iteration `flat` of
  /// them all.
  void split(mlir::Value flat, llvm::ArrayRef<unsigned> loops,
             llvm::function_ref<mlir::Value(unsigned loop)> getSize, Index &index);
  void split(mlir::Value flat, llvm::ArrayRef<unsigned> loops, const LoopNest &nest,
             Index &index);
  /// Of the element of `access` at the loops that `index` has.
  mlir::Value getAddress(const LinearAccess &access, llvm::ArrayRef<mlir::Value> index);
  /// The same of all accesses from number `first` on; null before.
  llvm::SmallVector<mlir::Value> getAddresses(const LoopNest &nest, size_t first,
                                              llvm::ArrayRef<mlir::Value> index);
  mlir::Value isEqual(mlir::Value x, mlir::Value y);
  mlir::Value isNotEqual(mlir::Value x, mlir::Value y);
  mlir::Value isAtMost(mlir::Value x, mlir::Value y);

  void emitLoop(mlir::Value lower, mlir::Value upper, int64_t step, Body body);
  /// Gives what the last iteration carries on; `start` if there is none.
  llvm::SmallVector<mlir::Value> emitLoop(mlir::Value lower, mlir::Value upper,
                                          int64_t step, mlir::ValueRange start,
                                          CarryingBody body);
  using RangeBody = llvm::function_ref<void(mlir::Value lower, mlir::Value upper)>;
  /// `body` for 0..count, on all threads if this is not one of them already.
  void emitRange(mlir::Value count, int64_t grain, Body body);
  void emitRange(mlir::Value count, mlir::Value grain, Body body);
  /// The same for ranges [lower, upper) of it.
  void emitRanges(mlir::Value count, int64_t grain, RangeBody body);
  void emitRanges(mlir::Value count, mlir::Value grain, RangeBody body);
  /// About `grain`, if it is known, such that two threads share `count` alike: of three
  /// ranges one gets two.
  mlir::Value getEvenGrain(mlir::Value count, mlir::Value grain);
  /// As getGrain, of operations whose number may be known at run time only.
  mlir::Value emitGrain(mlir::Value operations, int64_t lanes);
  /// `body` for parts of 0..count, which is less than `limit`: powers of two, the larger
  /// ones first.
  void emitParts(mlir::Value count, int64_t limit,
                 llvm::function_ref<void(mlir::Value first, int64_t size)> body);
  void emitIf(mlir::Value condition, Part then, Part otherwise = nullptr);

  mlir::ImplicitLocOpBuilder &b;

private:
  /// Emits `part` at the start of `block`.
  void emitIn(mlir::Block *block, Part part);

  nn::ShapeBuilder *sizes;
};

} // namespace burin

#endif // BURIN_PASSES_EXEC_LOOPS_INDEXEMITTER_H
