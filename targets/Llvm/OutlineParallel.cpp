//===- OutlineParallel.cpp - Parallel loops to functions ------------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Transforms/RegionUtils.h"
#include "targets/Llvm/Passes.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_OUTLINEPARALLEL
#include "targets/Llvm/Passes.h.inc"

namespace {
/// Cheaper to make again than to hand over.
bool isRemade(Value value) {
  Operation *op = value.getDefiningOp();
  return op && (op->hasTrait<OpTrait::ConstantLike>() ||
                isa<exec::ConstantOp, exec::ArenaOp>(op));
}

void outline(exec::ParallelOp op, StringRef name) {
  auto parent = op->getParentOfType<func::FuncOp>();
  OpBuilder builder(parent);
  builder.setInsertionPointAfter(parent);
  llvm::SetVector<Value> used, captured;
  getUsedValuesDefinedAbove(op.getBody(), used);
  SmallVector<Type> inputs = {LLVM::LLVMPointerType::get(op.getContext()),
                              builder.getIndexType(), builder.getIndexType()};
  for (Value value : used)
    if (!isRemade(value)) {
      captured.insert(value);
      inputs.push_back(value.getType());
    }
  auto func = builder.create<func::FuncOp>(
      op.getLoc(), name, builder.getFunctionType(inputs, {}));
  func.setPrivate();
  Block *entry = func.addEntryBlock();
  builder.setInsertionPointToEnd(entry);
  IRMapping mapping;
  mapping.map(op.getLower(), entry->getArgument(1));
  mapping.map(op.getUpper(), entry->getArgument(2));
  for (auto [i, value] : llvm::enumerate(captured))
    mapping.map(value, entry->getArgument(3 + i));
  for (Value value : used)
    if (isRemade(value))
      builder.clone(*value.getDefiningOp(), mapping);
  for (Operation &inner : op.getBody().front().without_terminator())
    builder.clone(inner, mapping);
  builder.create<func::ReturnOp>(op.getLoc());
  builder.setInsertionPoint(op);
  builder.create<exec::LaunchOp>(op.getLoc(), name, op.getCount(),
                                 op.getGrain(), captured.getArrayRef());
  op.erase();
}

/// (call) -> status, with 0 at the end.
void takeCall(func::FuncOp func) {
  OpBuilder builder(func.getContext());
  func.insertArgument(0, LLVM::LLVMPointerType::get(func.getContext()), {},
                      func.getLoc());
  auto end = cast<func::ReturnOp>(func.getBody().front().getTerminator());
  builder.setInsertionPoint(end);
  Value ok = builder.create<arith::ConstantIntOp>(func.getLoc(), 0, 32);
  end->setOperands(ok);
  func.setFunctionType(builder.getFunctionType(
      func.getFunctionType().getInputs(), builder.getI32Type()));
}

/// "_" and the name of the op's first ONNX node, so that profilers show it.
std::string getNodeName(Operation *op) {
  std::string text;
  op->getLoc()->walk([&](Location loc) {
    auto name = dyn_cast<NameLoc>(loc);
    if (!name)
      return WalkResult::advance();
    text = "_";
    for (char c : name.getName().strref())
      text += llvm::isAlnum(c) ? c : '_';
    return WalkResult::interrupt();
  });
  return text;
}

struct OutlineParallel : impl::OutlineParallelBase<OutlineParallel> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> entries;
    for (func::FuncOp func : getOperation().getOps<func::FuncOp>())
      if (func.isPublic() && !func.isDeclaration())
        entries.push_back(func);
    for (func::FuncOp func : entries) {
      SmallVector<exec::ParallelOp> loops;
      func.walk<WalkOrder::PreOrder>([&](exec::ParallelOp op) {
        loops.push_back(op);
        return WalkResult::skip();
      });
      SmallVector<Attribute> parts;
      for (auto [i, op] : llvm::enumerate(loops)) {
        std::string name =
            (func.getName() + "_part" + Twine(i) + getNodeName(op)).str();
        outline(op, name);
        parts.push_back(StringAttr::get(&getContext(), name));
      }
      if (func->hasAttr("exec.kernels"))
        func->setAttr("exec.parts", ArrayAttr::get(&getContext(), parts));
      takeCall(func);
    }
  }
};
} // namespace
} // namespace burin
