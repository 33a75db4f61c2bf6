//===- Scatter.cpp - Elements written by index ----------------------------===//
//
// Updates are in order and may hit an element more than once: kernels do it, in
// place where the tensor is not needed any more.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Movement/MovementLowering.h"

using namespace mlir;
using namespace burin;

namespace {
/// The number of a reduction in burin/kernels.h.
int64_t getReduction(StringRef name) {
  return llvm::StringSwitch<int64_t>(name)
      .Case("add", 1)
      .Case("mul", 2)
      .Case("max", 3)
      .Case("min", 4)
      .Default(0);
}

SmallVector<Type> getTypes(ValueRange values) {
  return llvm::map_to_vector(
      values, [](Value value) { return getElementTypeOrSelf(value.getType()); });
}

LogicalResult lowerScatterElements(nn::ScatterElementsOp op, Lowering &l) {
  int64_t params[] = {int64_t(op.getAxis()), getReduction(op.getReduction())};
  l.set(op, l.createCall("burin_scatter_elements",
                         {l.get(op.getIndices()), l.get(op.getUpdates())},
                         l.get(op.getX()), params,
                         getTypes({op.getIndices(), op.getUpdates(), op}))[0]);
  return success();
}

LogicalResult lowerScatterND(nn::ScatterNDOp op, Lowering &l) {
  l.set(op, l.createCall("burin_scatter_nd",
                         {l.get(op.getIndices()), l.get(op.getUpdates())},
                         l.get(op.getX()), getReduction(op.getReduction()),
                         getTypes({op.getIndices(), op.getUpdates(), op}))[0]);
  return success();
}

LogicalResult lowerTensorScatter(nn::TensorScatterOp op, Lowering &l) {
  SmallVector<Value> operands = {op.getUpdate()};
  if (op.getAt())
    operands.push_back(op.getAt());
  SmallVector<Value> inputs = llvm::map_to_vector(
      operands, [&](Value operand) { return l.get(operand); });
  operands.push_back(op);
  int64_t params[] = {int64_t(op.getAxis()), op.getCircular(),
                      bool(op.getAt())};
  l.set(op, l.createCall("burin_tensor_scatter", inputs, l.get(op.getPast()),
                         params, getTypes(operands))[0]);
  return success();
}
} // namespace

void burin::addScatterLowerings(LowerTable &table) {
  addLowering<nn::ScatterElementsOp, lowerScatterElements>(table);
  addLowering<nn::ScatterNDOp, lowerScatterND>(table);
  addLowering<nn::TensorScatterOp, lowerTensorScatter>(table);
}
