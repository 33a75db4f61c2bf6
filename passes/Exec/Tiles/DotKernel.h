//===- DotKernel.h - The innermost tile of products of bytes ----*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_TILES_DOTKERNEL_H
#define BURIN_PASSES_EXEC_TILES_DOTKERNEL_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "passes/Exec/Cpu.h"
#include "passes/Exec/Tiles/MicroKernel.h"

namespace burin {

/// `rows` x `vectors` vectors of 32-bit sums and their operands fill the
/// registers.
Tile getDotTile(const Cpu &cpu);

/// Of one factor: i8, i16 or bf16.
mlir::Type getFactorType(mlir::OpBuilder &b, const DotInstruction &instruction);

/// Of the sums: i32 or f32.
mlir::Type getSumType(mlir::OpBuilder &b, const DotInstruction &instruction);

/// sum + x . y in each lane: vectors of i32, sums of f32 if products are.
mlir::Value emitDot(mlir::ImplicitLocOpBuilder &b, const DotInstruction &instruction,
                    mlir::Value sum, mlir::Value x, mlir::Value y);

/// What a tile is the product of: 1-D buffers of i32, whose elements are groups of
/// factors.
struct DotOperands {
  mlir::Value a, aStart, aStride; ///< [row][step], `aStride` groups from row to row.
  mlir::Value b, bStart; ///< The sums to start with, then [step][tile columns].
  mlir::Value steps;
};

/// The sums [tile.rows][tile.vectors] in registers.
llvm::SmallVector<mlir::Value> emitDotTile(mlir::ImplicitLocOpBuilder &b,
                                           const DotInstruction &instruction,
                                           const Tile &tile,
                                           const DotOperands &operands);

} // namespace burin

#endif // BURIN_PASSES_EXEC_TILES_DOTKERNEL_H
