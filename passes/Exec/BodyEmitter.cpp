//===- BodyEmitter.cpp - Scalar bodies on vectors -------------------------===//

#include "passes/Exec/BodyEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Vectors.h"

using namespace mlir;
using namespace burin;

bool BodyEmitter::isUniform(Value value) {
  if (value.getParentBlock() != &body)
    return true;
  Operation *op = value.getDefiningOp();
  if (!op)
    return uniform[cast<BlockArgument>(value).getArgNumber()];
  if (auto index = dyn_cast<linalg::IndexOp>(op))
    return index.getDim() != vectorLoop;
  return llvm::all_of(op->getOperands(),
                      [&](Value operand) { return isUniform(operand); });
}

/// index(vectorLoop), possibly plus something uniform.
bool BodyEmitter::isConsecutive(Value index) {
  Operation *op = index.getDefiningOp();
  if (!op || op->getBlock() != &body)
    return false;
  if (auto loop = dyn_cast<linalg::IndexOp>(op))
    return loop.getDim() == vectorLoop;
  if (auto sum = dyn_cast<arith::AddIOp>(op))
    return (isConsecutive(sum.getLhs()) && isUniform(sum.getRhs())) ||
           (isConsecutive(sum.getRhs()) && isUniform(sum.getLhs()));
  auto difference = dyn_cast<arith::SubIOp>(op);
  return difference && isConsecutive(difference.getLhs()) &&
         isUniform(difference.getRhs());
}

static bool isContiguous(MemRefType type) {
  int64_t offset;
  SmallVector<int64_t> strides;
  return succeeded(getStridesAndOffset(type, strides, offset)) &&
         !strides.empty() && strides.back() == 1;
}

bool burin::isVectorizable(Block &body) {
  return llvm::all_of(body.without_terminator(), [](Operation &op) {
    return op.hasTrait<OpTrait::ConstantLike>() ||
           (OpTrait::hasElementwiseMappableTraits(&op) && op.getNumResults() == 1);
  });
}

bool BodyEmitter::canVectorize() {
  for (Operation &op : body.without_terminator()) {
    if (isa<linalg::IndexOp>(op))
      continue;
    if (auto load = dyn_cast<memref::LoadOp>(op)) {
      bool uniform = llvm::all_of(load.getIndices(),
                                  [&](Value i) { return isUniform(i); });
      if (uniform)
        continue;
      if (!isContiguous(load.getMemRefType()) ||
          !llvm::all_of(load.getIndices().drop_back(),
                        [&](Value i) { return isUniform(i); }) ||
          !isConsecutive(load.getIndices().back()))
        return false;
      continue;
    }
    if (op.getNumRegions() || op.getNumResults() != 1 ||
        !OpTrait::hasElementwiseMappableTraits(&op))
      if (!isa<arith::ConstantOp>(op))
        return false;
  }
  return true;
}

Value BodyEmitter::widen(ImplicitLocOpBuilder &b, Value value) const {
  if (lanes == 1 || isa<VectorType>(value.getType()))
    return value;
  return b.create<vector::BroadcastOp>(
      VectorType::get(lanes, value.getType()), value);
}

Value BodyEmitter::emitOp(ImplicitLocOpBuilder &b, Operation &op,
                          function_ref<Value(Value)> get, ValueRange indices,
                          Value mask) {
  if (auto index = dyn_cast<linalg::IndexOp>(op)) {
    Value first = indices[index.getDim()];
    if (lanes == 1 || index.getDim() != vectorLoop)
      return first;
    auto type = VectorType::get(lanes, b.getIndexType());
    Value steps = b.create<arith::ConstantOp>(DenseElementsAttr::get(
        type, llvm::to_vector(llvm::map_range(
                  llvm::seq<int64_t>(lanes),
                  [&](int64_t i) { return Attribute(b.getIndexAttr(i)); }))));
    return b.create<arith::AddIOp>(widen(b, first), steps);
  }
  if (auto load = dyn_cast<memref::LoadOp>(op); load && lanes > 1) {
    SmallVector<Value> firsts;
    bool vectorized = false;
    for (Value index : load.getIndices()) {
      Value at = get(index);
      if (isa<VectorType>(at.getType())) {
        vectorized = true;
        at = b.create<vector::ExtractOp>(at, ArrayRef<int64_t>{0});
      }
      firsts.push_back(at);
    }
    if (vectorized)
      return loadVector(b, VectorType::get(lanes, load.getType()), load.getMemRef(),
                        firsts, mask);
    return b.create<memref::LoadOp>(load.getMemRef(), firsts);
  }
  SmallVector<Value> operands;
  bool vectorized = false;
  for (Value operand : op.getOperands()) {
    operands.push_back(get(operand));
    vectorized |= isa<VectorType>(operands.back().getType());
  }
  Type type = op.getResult(0).getType();
  if (vectorized) {
    for (Value &operand : operands)
      operand = widen(b, operand);
    type = VectorType::get(lanes, type);
  }
  OperationState state(b.getLoc(), op.getName(), operands, type,
                       op.getAttrDictionary().getValue());
  state.propertiesAttr = op.getPropertiesAsAttribute();
  return b.create(state)->getResult(0);
}

SmallVector<Value> BodyEmitter::emit(ImplicitLocOpBuilder &b,
                                     ValueRange arguments, ValueRange indices,
                                     Value mask) {
  llvm::DenseMap<Value, Value> values;
  return emit(b, arguments, indices, mask, values);
}

SmallVector<Value> BodyEmitter::emit(ImplicitLocOpBuilder &b,
                                     ValueRange arguments, ValueRange indices,
                                     Value mask, llvm::DenseMap<Value, Value> &values) {
  for (auto [from, to] : llvm::zip_equal(body.getArguments(), arguments))
    values[from] = to;
  auto get = [&](Value value) {
    Value known = values.lookup(value);
    return known ? known : value;
  };
  IRMapping mapping; // Of scalar code.
  for (auto [from, to] : values)
    mapping.map(from, to);
  for (Operation &op : body.without_terminator()) {
    if (lanes == 1 && !isa<linalg::IndexOp>(op)) {
      Operation *clone = b.clone(op, mapping);
      for (auto [from, to] : llvm::zip(op.getResults(), clone->getResults()))
        values[from] = to;
      continue;
    }
    Value &value = values[op.getResult(0)];
    if (!value)
      value = emitOp(b, op, get, indices, mask);
    mapping.map(op.getResult(0), value);
  }
  return llvm::map_to_vector(body.getTerminator()->getOperands(), get);
}
