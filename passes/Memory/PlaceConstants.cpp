//===- PlaceConstants.cpp - Every constant its place in the weights -------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "passes/Memory/Passes.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_PLACECONSTANTS
#include "passes/Memory/Passes.h.inc"

namespace {
struct PlaceConstants : impl::PlaceConstantsBase<PlaceConstants> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<memref::GetGlobalOp> reads;
    module.walk([&](memref::GetGlobalOp op) { reads.push_back(op); });
    SymbolTable symbols(module);
    OpBuilder builder(module.getContext());
    int64_t end = 0;
    // In the order of use, which is nearly the order in which they are read.
    for (memref::GetGlobalOp read : reads) {
      auto global = symbols.lookup<memref::GlobalOp>(read.getName());
      auto offset = global->getAttrOfType<IntegerAttr>("exec.offset");
      if (!offset) {
        offset = builder.getI64IntegerAttr(end);
        global->setAttr("exec.offset", offset);
        int64_t width = (global.getType().getElementTypeBitWidth() + 7) / 8;
        end += llvm::alignTo(
            std::max<int64_t>(1, global.getType().getNumElements() * width), 64);
      }
      builder.setInsertionPoint(read);
      read.replaceAllUsesWith(
          builder
              .create<exec::ConstantOp>(read.getLoc(), read.getType(),
                                        /*section=*/0, offset.getInt())
              .getMemory());
      read.erase();
    }
    for (auto global :
         llvm::make_early_inc_range(module.getOps<memref::GlobalOp>()))
      if (!global->hasAttr("exec.offset"))
        global.erase();
    module->setAttr("exec.weights_bytes", builder.getI64IntegerAttr(end));
  }
};
} // namespace
} // namespace burin
