//===- DotKernel.cpp - The innermost tile of products of bytes ------------===//

#include "passes/Exec/Tiles/DotKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace burin;

Tile burin::getDotTile(const Cpu &cpu) {
  // 6 x 4 of 32 registers leave room for 4 columns and a row; 6 x 2 of 16.
  return {6, cpu.registers < 32 ? 2 : 4, cpu.getLanes()};
}

Type burin::getFactorType(OpBuilder &b, const DotInstruction &instruction) {
  if (instruction.isFloat)
    return b.getBF16Type();
  return b.getIntegerType(32 / instruction.group);
}

Type burin::getSumType(OpBuilder &b, const DotInstruction &instruction) {
  return instruction.isFloat ? Type(b.getF32Type()) : b.getI32Type();
}

Value burin::emitDot(ImplicitLocOpBuilder &b, const DotInstruction &instruction,
                     Value sum, Value x, Value y) {
  auto type = cast<VectorType>(sum.getType());
  bool accumulates = instruction.group == 4 || instruction.isFloat;
  SmallVector<Value> operands;
  if (accumulates)
    operands.push_back(sum);
  for (Value factor : {x, y}) {
    // vpdpbusd is declared on words of four bytes, the others on what they take.
    if (!accumulates || !instruction.isUnsigned) {
      Type element = getFactorType(b, instruction);
      factor = b.create<vector::BitCastOp>(
          VectorType::get(type.getNumElements() * instruction.group, element), factor);
    }
    operands.push_back(factor);
  }
  Value result =
      b.create<LLVM::CallIntrinsicOp>(type, StringRef(instruction.intrinsic), operands)
          .getResult(0);
  return accumulates ? result : b.create<arith::AddIOp>(sum, result).getResult();
}

namespace {
class DotEmitter {
public:
  DotEmitter(ImplicitLocOpBuilder &b, const DotInstruction &instruction,
             const Tile &tile, const DotOperands &operands)
      : b(b), instruction(instruction), tile(tile), operands(operands),
        groups(VectorType::get(tile.lanes, b.getI32Type())),
        sums(VectorType::get(tile.lanes, getSumType(b, instruction))) {}

  SmallVector<Value> emit() {
    SmallVector<Value> start;
    for (int64_t v = 0; v < tile.vectors; ++v)
      start.push_back(b.create<vector::BitCastOp>(
          sums, load(add(operands.bStart, number(v * tile.lanes)))));
    SmallVector<Value> all;
    for (int64_t r = 0; r < tile.rows; ++r)
      all.append(start);
    Value first = add(operands.bStart, number(tile.getColumns()));
    auto loop = b.create<scf::ForOp>(number(0), operands.steps, number(1), all);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    b.create<scf::YieldOp>(
        emitStep(loop.getInductionVar(), first, loop.getRegionIterArgs()));
    return SmallVector<Value>(loop.getResults());
  }

private:
  Value number(int64_t value) { return b.create<arith::ConstantIndexOp>(value); }
  Value add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(x, y); }
  Value mul(Value x, Value y) { return b.createOrFold<arith::MulIOp>(x, y); }
  Value load(Value at) { return b.create<vector::LoadOp>(groups, operands.b, at); }

  SmallVector<Value> emitStep(Value k, Value first, ValueRange carried) {
    Value bRow = add(first, mul(k, number(tile.getColumns())));
    SmallVector<Value> columns, next(carried);
    for (int64_t v = 0; v < tile.vectors; ++v)
      columns.push_back(load(add(bRow, number(v * tile.lanes))));
    Value start = add(operands.aStart, k);
    for (int64_t r = 0; r < tile.rows; ++r) {
      Value at = add(start, mul(operands.aStride, number(r)));
      Value group = b.create<memref::LoadOp>(operands.a, at);
      Value x = b.create<vector::BroadcastOp>(groups, group);
      for (int64_t v = 0; v < tile.vectors; ++v) {
        Value &sum = next[r * tile.vectors + v];
        sum = emitDot(b, instruction, sum, x, columns[v]);
      }
    }
    return next;
  }

  ImplicitLocOpBuilder &b;
  const DotInstruction &instruction;
  const Tile &tile;
  const DotOperands &operands;
  VectorType groups, sums;
};
} // namespace

SmallVector<Value> burin::emitDotTile(ImplicitLocOpBuilder &b,
                                      const DotInstruction &instruction,
                                      const Tile &tile, const DotOperands &operands) {
  return DotEmitter(b, instruction, tile, operands).emit();
}
