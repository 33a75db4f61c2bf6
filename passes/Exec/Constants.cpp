//===- Constants.cpp - Constants of kernels -------------------------------===//

#include "passes/Exec/Constants.h"
#include "mlir/IR/AsmState.h"
#include "passes/Exec/Cpu.h"

using namespace mlir;
using namespace burin;

memref::GlobalOp burin::findGlobal(Value memory, ModuleOp module) {
  while (Operation *op = memory.getDefiningOp()) {
    if (auto read = dyn_cast<memref::GetGlobalOp>(op))
      return module.lookupSymbol<memref::GlobalOp>(read.getName());
    if (!isa<memref::ReinterpretCastOp, memref::ExtractStridedMetadataOp,
             memref::CollapseShapeOp, memref::ExpandShapeOp, memref::CastOp>(op))
      return {};
    // A view of a part starts elsewhere or has strides of its own.
    if (auto type = dyn_cast<MemRefType>(op->getResult(0).getType());
        !type || !type.getLayout().isIdentity())
      return {};
    memory = op->getOperand(0);
  }
  return {};
}

std::optional<nn::StoredElements> burin::findStored(memref::GlobalOp global) {
  return nn::StoredElements::find(global.getInitialValueAttr());
}

ElementsAttr burin::createElements(RankedTensorType type, function_ref<void(char *)> fill) {
  int64_t bytes = type.getNumElements() * type.getElementTypeBitWidth() / 8;
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(bytes, cacheLine);
  fill(blob.getMutableData().data());
  return DenseResourceElementsAttr::get(type, "packed", std::move(blob));
}

Value burin::getConstant(ImplicitLocOpBuilder &b, memref::GlobalOp from, StringRef name,
                         int64_t count, Type element,
                         function_ref<ElementsAttr(RankedTensorType)> create) {
  auto type = MemRefType::get({count}, element);
  if (!from->getParentOfType<ModuleOp>().lookupSymbol(name)) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(from);
    b.create<memref::GlobalOp>(name, b.getStringAttr("private"), type,
                               create(RankedTensorType::get({count}, element)),
                               /*constant=*/true, IntegerAttr());
  }
  Value read = b.create<memref::GetGlobalOp>(type, name);
  return b.create<memref::CastOp>(MemRefType::get({ShapedType::kDynamic}, element), read);
}
