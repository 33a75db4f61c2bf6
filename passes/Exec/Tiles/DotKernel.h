//===- DotKernel.h - The innermost tile of products of bytes ----*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_TILES_DOTKERNEL_H
#define BURIN_PASSES_EXEC_TILES_DOTKERNEL_H

#include "passes/Exec/Cpu.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
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

/// The function
///   (a, aStart, aStride, b, bStart, c, steps, next, nextStep)
/// that writes a x b to c, made once per module and size. All are 1-D buffers of
/// i32, where an element of a or b is a group of factors, one of c the bits of a
/// sum: a is [row][step] with
/// `aStride` groups from row to row; b is first the sums to start with, then
/// [step][tile columns]; c is [row][tile columns]. Each step asks for `linesAhead`
/// cache lines of b for a later call, from `next` on, which is `nextStep` further each
/// time.
mlir::func::FuncOp getDotKernel(mlir::ModuleOp module,
                                const DotInstruction &instruction,
                                const Tile &tile, int64_t linesAhead);

} // namespace burin

#endif // BURIN_PASSES_EXEC_TILES_DOTKERNEL_H
