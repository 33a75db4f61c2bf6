//===- MicroKernel.cpp - The innermost tile of a contraction --------------===//

#include "passes/Exec/Tiles/MicroKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace burin;

Tile burin::getTile(const Cpu &cpu, Type element) {
  int64_t lanes = cpu.vectorBits / element.getIntOrFloatBitWidth();
  // 12 x 2 of 32 registers, 6 x 2 of 16 (8 x 2 on NEON, whose vectors are short).
  if (cpu.registers < 32)
    return {6, 2, lanes};
  return cpu.vectorBits >= 256 ? Tile{12, 2, lanes} : Tile{8, 2, lanes};
}

namespace {
/// Row counts with code of their own; the least that is enough is taken.
SmallVector<int64_t> getRowCounts(const Tile &tile) {
  SmallVector<int64_t> counts;
  for (int64_t rows : {1, 2, 4, 8})
    if (rows < tile.rows)
      counts.push_back(rows);
  counts.push_back(tile.rows);
  return counts;
}

class KernelEmitter {
public:
  KernelEmitter(func::FuncOp func, const Tile &tile, Type element)
      : b(ImplicitLocOpBuilder::atBlockEnd(func.getLoc(), &func.front())),
        tile(tile), element(element),
        type(VectorType::get(tile.lanes, element)),
        arguments(func.getArguments()) {}

  void emit() {
    emitCounts(getRowCounts(tile));
    b.create<func::ReturnOp>();
  }

private:
  enum Argument { A, AStart, B, BStart, C, CStart, CStride, Depth, Rows, Columns };

  Value number(int64_t value) { return b.create<arith::ConstantIndexOp>(value); }

  void emitCounts(ArrayRef<int64_t> counts) {
    if (counts.size() == 1)
      return emitRows(counts.front());
    Value fits = b.create<arith::CmpIOp>(arith::CmpIPredicate::ule,
                                         arguments[Rows], number(counts.front()));
    auto choice = b.create<scf::IfOp>(fits, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.thenBlock());
    emitRows(counts.front());
    b.setInsertionPointToStart(choice.elseBlock());
    emitCounts(counts.drop_front());
  }

  /// Where row `r` of c starts. Rows past the end are the last one again: they
  /// are stored before it, so that what it holds in the end is its own.
  Value getRow(int64_t r) {
    Value last = b.create<arith::SubIOp>(arguments[Rows], number(1));
    Value row = r == 0 ? number(0)
                       : b.create<arith::MinUIOp>(number(r), last).getResult();
    return b.create<arith::AddIOp>(
        arguments[CStart], b.create<arith::MulIOp>(row, arguments[CStride]));
  }

  Value getMask(int64_t v) {
    Value left = b.create<arith::SubIOp>(arguments[Columns],
                                         number(v * tile.lanes));
    return b.create<vector::CreateMaskOp>(
        VectorType::get(tile.lanes, b.getI1Type()), left);
  }

  /// `whole` with all columns, or `part` with masks.
  SmallVector<Value> emitColumns(TypeRange results,
                                 function_ref<SmallVector<Value>(bool)> emit) {
    Value whole = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq,
                                          arguments[Columns],
                                          number(tile.getColumns()));
    auto choice = b.create<scf::IfOp>(results, whole, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    for (auto [block, masked] : {std::pair(choice.thenBlock(), false),
                                 std::pair(choice.elseBlock(), true)}) {
      b.setInsertionPointToStart(block);
      SmallVector<Value> values = emit(masked);
      if (!results.empty())
        b.create<scf::YieldOp>(values);
    }
    return choice.getResults();
  }

  SmallVector<Value> loadTile(int64_t rows) {
    SmallVector<Type> types(rows * tile.vectors, type);
    return emitColumns(types, [&](bool masked) {
      SmallVector<Value> values;
      Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(type));
      for (int64_t r = 0; r < rows; ++r) {
        Value row = getRow(r);
        for (int64_t v = 0; v < tile.vectors; ++v) {
          Value at = b.create<arith::AddIOp>(row, number(v * tile.lanes));
          if (masked)
            values.push_back(b.create<vector::MaskedLoadOp>(
                type, arguments[C], at, getMask(v), zero));
          else
            values.push_back(b.create<vector::LoadOp>(type, arguments[C], at));
        }
      }
      return values;
    });
  }

  void storeTile(int64_t rows, ValueRange values) {
    emitColumns({}, [&](bool masked) {
      for (int64_t r = rows; r-- > 0;) {
        Value row = getRow(r);
        for (int64_t v = 0; v < tile.vectors; ++v) {
          Value at = b.create<arith::AddIOp>(row, number(v * tile.lanes));
          Value value = values[r * tile.vectors + v];
          if (masked)
            b.create<vector::MaskedStoreOp>(arguments[C], at, getMask(v), value);
          else
            b.create<vector::StoreOp>(value, arguments[C], at);
        }
      }
      return SmallVector<Value>();
    });
  }

  Value multiplyAdd(Value x, Value y, Value acc) {
    if (isa<FloatType>(element))
      return b.create<vector::FMAOp>(x, y, acc);
    return b.create<arith::AddIOp>(acc, b.create<arith::MulIOp>(x, y));
  }

  void emitRows(int64_t rows) {
    SmallVector<Value> tileValues = loadTile(rows);
    auto loop = b.create<scf::ForOp>(number(0), arguments[Depth], number(1),
                                     tileValues);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      Value k = loop.getInductionVar();
      Value aRow = b.create<arith::AddIOp>(
          arguments[AStart], b.create<arith::MulIOp>(k, number(tile.rows)));
      Value bRow = b.create<arith::AddIOp>(
          arguments[BStart], b.create<arith::MulIOp>(k, number(tile.getColumns())));
      SmallVector<Value> columns, next(loop.getRegionIterArgs());
      for (int64_t v = 0; v < tile.vectors; ++v)
        columns.push_back(b.create<vector::LoadOp>(
            type, arguments[B],
            b.create<arith::AddIOp>(bRow, number(v * tile.lanes)).getResult()));
      for (int64_t r = 0; r < rows; ++r) {
        Value scalar = b.create<memref::LoadOp>(
            arguments[A],
            b.create<arith::AddIOp>(aRow, number(r)).getResult());
        Value x = b.create<vector::BroadcastOp>(type, scalar);
        for (int64_t v = 0; v < tile.vectors; ++v) {
          Value &acc = next[r * tile.vectors + v];
          acc = multiplyAdd(x, columns[v], acc);
        }
      }
      b.create<scf::YieldOp>(next);
    }
    storeTile(rows, loop.getResults());
  }

  ImplicitLocOpBuilder b;
  Tile tile;
  Type element;
  VectorType type;
  ValueRange arguments;
};
} // namespace

func::FuncOp burin::getMicroKernel(ModuleOp module, const Tile &tile,
                                   Type element) {
  std::string name;
  llvm::raw_string_ostream(name) << "burin_gemm_" << element << "_" << tile.rows
                                 << "x" << tile.getColumns();
  if (auto func = module.lookupSymbol<func::FuncOp>(name))
    return func;
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto packed = MemRefType::get({ShapedType::kDynamic}, element);
  auto layout = StridedLayoutAttr::get(module.getContext(), ShapedType::kDynamic, {1});
  auto any = MemRefType::get({ShapedType::kDynamic}, element, layout);
  Type index = builder.getIndexType();
  auto func = builder.create<func::FuncOp>(
      module.getLoc(), name,
      builder.getFunctionType({packed, index, packed, index, any, index, index,
                               index, index, index},
                              {}));
  func.setPrivate();
  func.addEntryBlock();
  KernelEmitter(func, tile, element).emit();
  return func;
}
