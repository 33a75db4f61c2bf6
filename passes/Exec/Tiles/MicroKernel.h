//===- MicroKernel.h - The innermost tile of a contraction ------*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_TILES_MICROKERNEL_H
#define BURIN_PASSES_EXEC_TILES_MICROKERNEL_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/Exec/Cpu.h"

namespace burin {

/// Tile sizes for one element type: `rows` x `vectors` vectors of accumulators
/// fill the register file but for the operands.
struct Tile {
  int64_t rows, vectors, lanes;
  int64_t getColumns() const { return vectors * lanes; }
};
Tile getTile(const Cpu &cpu, mlir::Type element);

/// The function
///   (a, aStart, b, bStart, c, cStart, cStride, depth, rows, columns)
/// that adds a x b to c, made once per module. `a` is packed [depth][tile.rows],
/// `b` [depth][tile columns], c is row-major with row stride `cStride`; at most
/// `rows` rows and `columns` columns of it are touched, at least one of each. All
/// memrefs are 1-D of `element`, c with any offset.
mlir::func::FuncOp getMicroKernel(mlir::ModuleOp module, const Tile &tile,
                                  mlir::Type element);

} // namespace burin

#endif // BURIN_PASSES_EXEC_TILES_MICROKERNEL_H
