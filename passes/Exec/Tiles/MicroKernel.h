//===- MicroKernel.h - The innermost tile of a contraction ------*- C++ -*-===//
//
// rows x columns sums in registers, over the whole depth:
//
//   tile[r][c] = sum over k of a[r, k] * b[k, c]
//
// `a` is read where it lies: element (r, k) at r * rowStride + depth offset(k), where
// rows may come in runs that are a stride of their own apart.
// A matrix, a packed panel and the pixels under a convolution's taps differ only
// in these numbers. They are constants of the code where they are known, so that
// addresses cost nothing; kernels of equal numbers are made once per module.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_EXEC_TILES_MICROKERNEL_H
#define BURIN_PASSES_EXEC_TILES_MICROKERNEL_H

#include "dialects/NN/ShapeBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "passes/Exec/Cpu.h"

namespace burin {

/// Tile sizes for one element type: `rows` x `vectors` vectors of accumulators
/// fill the register file but for the operands.
struct Tile {
  int64_t rows = 0, vectors = 0, lanes = 0;
  /// Lanes of the narrowest vector that the last columns of a row may be.
  int64_t narrowest = 0;
  /// Steps ahead of its use that a line of the right operand is asked for.
  int64_t ahead = 8;
  int64_t getColumns() const { return vectors * lanes; }
  /// Columns that are calculated for `columns` of them.
  int64_t roundUp(int64_t columns) const { return llvm::alignTo(columns, narrowest); }
};
/// The tile for a result of `columns`, which are few enough for one vector or not
/// (ShapedType::kDynamic: not known).
Tile getTile(const Cpu &cpu, mlir::Type element, int64_t columns);

/// Up to here memory is what takes the time, and prefetching by hand slows down
/// what the processor does by itself: one row read 68 instead of 97 GB/s from the
/// third-level cache of a Zen 4.
constexpr int64_t fewRows = 4;

/// How the left operand lies in memory, in elements.
struct LhsLayout {
  /// One loop over the depth, outermost first.
  struct DepthLoop {
    mlir::OpFoldResult size, stride;
  };
  mlir::OpFoldResult rowStride;
  llvm::SmallVector<DepthLoop> depth;
  /// So many rows are `rowStride` apart, such runs `runStride`; 0: all rows are.
  int64_t run = 0;
  mlir::OpFoldResult runStride = {};
};

/// A call of the kernel for exactly `rows` rows and some of the tile's columns.
struct MicroKernelCall {
  mlir::Value a, aStart; ///< 1-D memory and where element (0, 0) is.
  mlir::Value b, bStart; ///< Packed [depth][tile columns], perhaps 16-bit floats or bytes.
                         ///< Of dot products both are i32: groups of factors.
  mlir::Value tile, tileStart; ///< Written [rows][tile columns].
  /// So many cache lines of `b` are asked for with each step of the depth, from `next`
  /// on, which is `nextStep` further each time.
  int64_t linesAhead = 0;
  mlir::Value next = {}, nextStep = {};
  /// If there is something: what is multiplied with is `b` minus this, packed as `b` is,
  /// and the difference is stored for other calls, perhaps in the same place.
  mlir::Value minus = {}, minusStart = {}, difference = {}, differenceStart = {};
};

/// Emits kernels: in place, or calls, and makes the functions that are missing.
class MicroKernels {
public:
  /// `accumulates`: sums are added to what the tile holds. With `dot` a step of the
  /// depth is one of its instructions.
  MicroKernels(mlir::ModuleOp module, mlir::Type element, Tile tile,
               LhsLayout layout, bool accumulates, DotInstruction dot = {})
      : module(module), element(element), tile(tile), layout(std::move(layout)),
        accumulates(accumulates), dot(std::move(dot)) {}

  const LhsLayout &getLayout() const { return layout; }

  void emitCall(mlir::ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                const MicroKernelCall &call, int64_t rows, int64_t columns);

  /// The same at the insertion point, for sums that start from zero: [rows][vectors].
  /// `call.tile` is not looked at.
  llvm::SmallVector<mlir::Value> emitInPlace(mlir::ImplicitLocOpBuilder &b,
                                             nn::ShapeBuilder &shapes,
                                             const MicroKernelCall &call,
                                             int64_t rows, int64_t columns);

private:
  mlir::func::FuncOp getFunction(const MicroKernelCall &call, int64_t rows,
                                 int64_t columns);

  mlir::ModuleOp module;
  mlir::Type element;
  Tile tile;
  LhsLayout layout;
  bool accumulates;
  DotInstruction dot;
};

} // namespace burin

#endif // BURIN_PASSES_EXEC_TILES_MICROKERNEL_H
