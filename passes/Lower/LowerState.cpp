//===- LowerState.cpp - States in place -----------------------------------===//

#include "burin/types.h"
#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "passes/Lower/Lowering.h"

using namespace mlir;
using namespace burin;

namespace {
/// A state's memory, and slices of it as tensors.
class StateAccess {
public:
  StateAccess(Operation *op, FlatSymbolRefAttr name, Lowering &l)
      : l(l), state(nn::findState(op, name)) {
    RankedTensorType type = getStorageType(state.getStateType());
    memory = l.builder.create<exec::StateOp>(
        MemRefType::get(type.getShape(), type.getElementType()),
        state.getIndex());
  }

  Value getLength() {
    return l.builder.create<exec::StateLengthOp>(
        l.builder.getIndexType(), state.getIndex());
  }
  void setLength(Value length) {
    l.builder.create<exec::SetStateLengthOp>(state.getIndex(), length);
  }
  void requireRoom(Value end) {
    ImplicitLocOpBuilder &b = l.builder;
    int64_t capacity = state.getStateType().getDimSize(state.getAxis());
    Value fits = b.create<arith::CmpIOp>(
        arith::CmpIPredicate::sle, end, b.create<arith::ConstantIndexOp>(capacity));
    b.create<exec::CheckOp>(
        fits,
        ("state '" + state.getSymName() + "' is full: its capacity is " +
         Twine(capacity) + "; compile with a larger --state-capacity, or reset it")
            .str(),
        BURIN_EXHAUSTED);
  }
  /// Slices [start, start + count).
  Value getView(OpFoldResult start, OpFoldResult count) {
    ImplicitLocOpBuilder &b = l.builder;
    int64_t rank = state.getStateType().getRank();
    SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0)), sizes;
    SmallVector<OpFoldResult> steps(rank, b.getIndexAttr(1));
    for (int64_t size : state.getStateType().getShape())
      sizes.push_back(b.getIndexAttr(size));
    offsets[state.getAxis()] = start;
    sizes[state.getAxis()] = count;
    return b.create<memref::SubViewOp>(memory, offsets, sizes, steps);
  }
  void write(Value tensor, Value start, Value count) {
    l.builder.create<bufferization::MaterializeInDestinationOp>(
        TypeRange(), tensor,
        getView(getAsOpFoldResult(start), getAsOpFoldResult(count)),
        /*restrict=*/true, /*writable=*/true);
  }
  /// The first `count` slices as the value of `result`.
  void setResult(Value result, Value count) {
    Shape shape;
    for (int64_t size : state.getStateType().getShape())
      shape.push_back(l.shapes.get(size));
    shape[state.getAxis()] = getAsOpFoldResult(count);
    Value view = getView(l.builder.getIndexAttr(0), getAsOpFoldResult(count));
    l.shapes.setDims(result, shape);
    auto type = cast<MemRefType>(view.getType());
    l.set(result, l.builder.create<bufferization::ToTensorOp>(
                      RankedTensorType::get(type.getShape(), type.getElementType()),
                      view, /*restrict=*/true, /*writable=*/false));
  }
  int64_t getAxis() { return state.getAxis(); }

private:
  Lowering &l;
  nn::StateOp state;
  Value memory;
};

LogicalResult lowerRead(nn::StateReadOp op, Lowering &l) {
  StateAccess state(op, op.getStateAttr(), l);
  state.setResult(op.getResult(), state.getLength());
  return success();
}

LogicalResult lowerAppend(nn::StateAppendOp op, Lowering &l) {
  StateAccess state(op, op.getStateAttr(), l);
  Value length = state.getLength();
  Value count =
      l.shapes.getValue(l.shapes.getDim(op.getSlices(), state.getAxis()));
  Value end = l.builder.create<arith::AddIOp>(length, count);
  state.requireRoom(end);
  state.write(l.get(op.getSlices()), length, count);
  state.setLength(end);
  state.setResult(op.getResult(), end);
  return success();
}

LogicalResult lowerWrite(nn::StateWriteOp op, Lowering &l) {
  StateAccess state(op, op.getStateAttr(), l);
  Value count =
      l.shapes.getValue(l.shapes.getDim(op.getContents(), state.getAxis()));
  state.requireRoom(count);
  state.write(l.get(op.getContents()), l.shapes.getValue(l.shapes.get(0)), count);
  state.setLength(count);
  return success();
}
} // namespace

void burin::addStateLowerings(LowerTable &table) {
  addLowering<nn::StateReadOp, lowerRead>(table);
  addLowering<nn::StateAppendOp, lowerAppend>(table);
  addLowering<nn::StateWriteOp, lowerWrite>(table);
}
