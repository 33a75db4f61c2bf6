//===- ExpandLookups.cpp - exec.lookup to loads or permutations -----------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "passes/Exec/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_EXPANDLOOKUPS
#include "passes/Exec/Passes.h.inc"

namespace {
struct ExpandLookups : impl::ExpandLookupsBase<ExpandLookups> {
  using ExpandLookupsBase::ExpandLookupsBase;

  void runOnOperation() override {
    getOperation()->walk([&](exec::LookupOp op) {
      ImplicitLocOpBuilder b(op.getLoc(), op);
      auto type = dyn_cast<VectorType>(op.getType());
      bool fits = type && !intrinsic.empty() && type.getNumElements() <= vectorBits / 8;
      op.replaceAllUsesWith(fits   ? permute(b, op, type)
                            : type ? gather(b, op, type)
                                   : load(b, op));
      op.erase();
    });
  }

private:
  /// The table in memory.
  Value getTable(ImplicitLocOpBuilder &b, exec::LookupOp op) {
    memref::GlobalOp &global = tables[op.getTable()];
    if (!global) {
      auto type = MemRefType::get({256}, b.getI32Type());
      SmallVector<int32_t> words;
      for (int8_t byte : op.getTable().getValues<int8_t>())
        words.push_back(uint8_t(byte));
      SymbolTable symbols(getOperation());
      OpBuilder start = OpBuilder::atBlockBegin(getOperation().getBody());
      global = start.create<memref::GlobalOp>(
          getOperation().getLoc(), "burin_table", start.getStringAttr("private"), type,
          DenseElementsAttr::get(RankedTensorType::get({256}, b.getI32Type()),
                                 ArrayRef<int32_t>(words)),
          /*constant=*/true, /*alignment=*/IntegerAttr());
      symbols.insert(global);
    }
    return b.create<memref::GetGlobalOp>(global.getType(), global.getSymName());
  }

  Value load(ImplicitLocOpBuilder &b, exec::LookupOp op) {
    Value table = getTable(b, op);
    Value at = b.create<arith::IndexCastUIOp>(b.getIndexType(), op.getX());
    return b.create<arith::TruncIOp>(op.getType(), b.create<memref::LoadOp>(table, at));
  }

  Value gather(ImplicitLocOpBuilder &b, exec::LookupOp op, VectorType type) {
    Value table = getTable(b, op), zero = b.create<arith::ConstantIndexOp>(0);
    VectorType words = type.clone(b.getI32Type()), bits = type.clone(b.getI1Type());
    Value all = b.create<arith::ConstantOp>(DenseElementsAttr::get(bits, true));
    Value numbers = b.create<arith::ExtUIOp>(words, op.getX());
    Value found = b.create<vector::GatherOp>(
        words, table, zero, numbers, all, b.create<arith::ConstantOp>(b.getZeroAttr(words)));
    return b.create<arith::TruncIOp>(type, found);
  }

  /// Both halves of the table, and of the results those that the sign asks for.
  Value permute(ImplicitLocOpBuilder &b, exec::LookupOp op, VectorType type) {
    int64_t lanes = vectorBits / 8, count = type.getNumElements();
    auto whole = VectorType::get(lanes, b.getI8Type());
    SmallVector<int8_t> table(op.getTable().getValues<int8_t>());
    auto part = [&](int64_t i) -> Value {
      return b.create<arith::ConstantOp>(
          DenseElementsAttr::get(whole, ArrayRef(table).slice(i * lanes, lanes)));
    };
    SmallVector<int32_t> widened(lanes, -1), narrowed;
    for (int32_t i = 0; i < count; ++i) {
      widened[i] = i;
      narrowed.push_back(i);
    }
    Value numbers = b.create<LLVM::ShuffleVectorOp>(op.getX(), op.getX(), widened);
    Value halves[2];
    for (int64_t i : {0, 1})
      halves[i] = b.create<LLVM::CallIntrinsicOp>(
                       whole, b.getStringAttr(intrinsic),
                       ValueRange{part(2 * i), numbers, part(2 * i + 1)})
                      .getResult(0);
    Value isHigh = b.create<arith::CmpIOp>(
        arith::CmpIPredicate::slt, numbers,
        b.create<arith::ConstantOp>(b.getZeroAttr(whole)));
    Value found = b.create<arith::SelectOp>(isHigh, halves[1], halves[0]);
    return b.create<LLVM::ShuffleVectorOp>(found, found, narrowed);
  }

  llvm::DenseMap<Attribute, memref::GlobalOp> tables;
};
} // namespace
} // namespace burin
