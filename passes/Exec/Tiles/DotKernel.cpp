//===- DotKernel.cpp - The innermost tile of products of bytes ------------===//

#include "passes/Exec/Tiles/DotKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Tiles/NextPanel.h"

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
class DotEmitter : IndexEmitter {
public:
  DotEmitter(ImplicitLocOpBuilder &b, func::FuncOp func,
             const DotInstruction &instruction, const Tile &tile, int64_t linesAhead)
      : IndexEmitter(b), instruction(instruction), tile(tile), linesAhead(linesAhead),
        groups(VectorType::get(tile.lanes, b.getI32Type())),
        sums(VectorType::get(tile.lanes, getSumType(b, instruction))),
        arguments(func.getArguments()) {}

  void emit() {
    SmallVector<Value> start;
    for (int64_t r = 0; r < tile.rows; ++r)
      for (int64_t v = 0; v < tile.vectors; ++v)
        start.push_back(b.create<vector::BitCastOp>(
            sums, load(add(arguments[BStart], number(v * tile.lanes)))));
    Value first = add(arguments[BStart], number(tile.getColumns()));
    auto step = [&](Value k, ValueRange carried) { return emitStep(k, first, carried); };
    SmallVector<Value> results = emitLoop(number(0), arguments[Steps], 1, start, step);
    for (auto [i, value] : llvm::enumerate(results))
      b.create<vector::StoreOp>(b.create<vector::BitCastOp>(groups, value),
                                arguments[C], number(i * tile.lanes));
    b.create<func::ReturnOp>();
  }

private:
  enum Argument { A, AStart, AStride, B, BStart, C, Steps, Next, NextStep };

  Value load(Value at) {
    return b.create<vector::LoadOp>(groups, arguments[B], at);
  }

  SmallVector<Value> emitStep(Value k, Value first, ValueRange carried) {
    Value bRow = add(first, mul(k, number(tile.getColumns())));
    SmallVector<Value> columns, next(carried);
    for (int64_t v = 0; v < tile.vectors; ++v)
      columns.push_back(load(add(bRow, number(v * tile.lanes))));
    Value ahead = add(arguments[Next], mul(k, arguments[NextStep]));
    emitRequest(b, arguments[B], ahead, linesAhead);
    Value start = add(arguments[AStart], k);
    for (int64_t r = 0; r < tile.rows; ++r) {
      Value at = add(start, mul(arguments[AStride], number(r)));
      Value group = b.create<memref::LoadOp>(arguments[A], at);
      Value x = b.create<vector::BroadcastOp>(groups, group);
      for (int64_t v = 0; v < tile.vectors; ++v) {
        Value &sum = next[r * tile.vectors + v];
        sum = emitDot(b, instruction, sum, x, columns[v]);
      }
    }
    return next;
  }

  const DotInstruction &instruction;
  Tile tile;
  int64_t linesAhead;
  VectorType groups, sums;
  ValueRange arguments;
};
} // namespace

func::FuncOp burin::getDotKernel(ModuleOp module, const DotInstruction &instruction,
                                 const Tile &tile, int64_t linesAhead) {
  std::string name;
  llvm::raw_string_ostream os(name);
  os << (instruction.isFloat ? "burin_bf16_dot_" : "burin_dot_") << tile.rows << "x"
     << tile.getColumns();
  if (linesAhead)
    os << "_next" << linesAhead;
  if (auto func = module.lookupSymbol<func::FuncOp>(name))
    return func;
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto groups = MemRefType::get({ShapedType::kDynamic}, builder.getI32Type());
  Type index = builder.getIndexType();
  auto func = builder.create<func::FuncOp>(
      module.getLoc(), name,
      builder.getFunctionType(
          {groups, index, index, groups, index, groups, index, index, index}, {}));
  func.setPrivate();
  func.addEntryBlock();
  auto b = ImplicitLocOpBuilder::atBlockEnd(func.getLoc(), &func.front());
  DotEmitter(b, func, instruction, tile, linesAhead).emit();
  return func;
}
