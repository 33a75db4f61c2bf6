//===- RowCopy.cpp - Rows as groups of factors ----------------------------===//

#include "passes/Exec/Dots/RowCopy.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Tiles/DotKernel.h"
#include "passes/Exec/Tiles/Packing.h"

using namespace mlir;
using namespace burin;

Value burin::emitFactors(ImplicitLocOpBuilder &b, Value loaded, bool isUnsigned,
                         const DotInstruction &instruction) {
  auto type = cast<VectorType>(loaded.getType());
  VectorType factors = type.clone(getFactorType(b, instruction));
  if (getShift(isUnsigned, instruction) != 0)
    loaded = b.create<arith::XOrIOp>(
        loaded, b.create<arith::ConstantOp>(DenseElementsAttr::get(
                    type, b.getI8IntegerAttr(int8_t(-128)))));
  if (type == factors)
    return loaded;
  if (instruction.isFloat)
    return b.create<arith::TruncFOp>(factors, loaded);
  return isUnsigned ? b.create<arith::ExtUIOp>(factors, loaded).getResult()
                    : b.create<arith::ExtSIOp>(factors, loaded).getResult();
}

RowCopy::RowCopy(ImplicitLocOpBuilder &b, const LinearAccess &from,
                 ArrayRef<OpFoldResult> allSizes, ArrayRef<unsigned> loops, bool isUnsigned,
                 const DotInstruction &instruction, const Cpu &cpu)
    : IndexEmitter(b), memory(from.memory), instruction(instruction),
      isUnsigned(isUnsigned), lanes(cpu.vectorBits / (32 / instruction.group)) {
  for (unsigned d : loops) {
    sizes.push_back(*nn::getStatic(allSizes[d]));
    strides.push_back(from.coefficients[d]);
    depth *= sizes.back();
  }
  rowBytes = llvm::divideCeil(depth, instruction.group) * 4;
  while (!sizes.empty() && nn::getStatic(strides.back()) == run) {
    run *= sizes.pop_back_val();
    strides.pop_back();
  }
}

Value RowCopy::createBuffer(int64_t rows) {
  return createStackBuffer(b, MemRefType::get({rows * rowBytes}, b.getI8Type()));
}

Value RowCopy::createGroupView(Value buffer) {
  return b.create<memref::CastOp>(
      MemRefType::get({ShapedType::kDynamic}, b.getI32Type()),
      createElementView(b, buffer, b.getI32Type()));
}

void RowCopy::emit(Value from, Value buffer, Value row) {
  Type element = getFactorType(b, instruction);
  target = createElementView(b, buffer, element);
  int64_t width = element.getIntOrFloatBitWidth() / 8;
  Value to = mul(row, number(rowBytes / width));
  emitOuter(0, from, to);
  // A weight of zero past the end does not undo a NaN.
  if (isa<FloatType>(element) && depth * width < rowBytes)
    b.create<memref::StoreOp>(
        b.create<arith::ConstantOp>(b.getZeroAttr(element)), target,
        add(to, number(depth)));
}

void RowCopy::emitOuter(size_t k, Value from, Value to) {
  if (k == sizes.size())
    return emitRun(from, to);
  int64_t inner = run;
  for (int64_t size : ArrayRef(sizes).drop_front(k + 1))
    inner *= size;
  std::optional<int64_t> known = nn::getStatic(strides[k]);
  Value stride = known ? number(*known) : cast<Value>(strides[k]);
  emitLoop(number(0), number(sizes[k]), 1, [&](Value i) {
    emitOuter(k + 1, add(from, mul(i, stride)),
              add(to, mul(i, number(inner))));
  });
}

/// Whole vectors, the last of which may copy again what the one before did; of a
/// short run pieces of 1, 2, 4, ... elements.
void RowCopy::emitRun(Value from, Value to) {
  int64_t done = 0;
  if (run >= lanes) {
    constexpr int64_t unrolled = 4;
    int64_t whole = run / lanes * lanes;
    if (whole > unrolled * lanes) {
      emitLoop(number(0), number(whole), lanes,
               [&](Value i) { emitPiece(lanes, add(from, i), add(to, i)); });
      done = whole;
    }
    for (; done < whole; done += lanes)
      emitPiece(lanes, add(from, number(done)), add(to, number(done)));
    if (done < run)
      emitPiece(lanes, add(from, number(run - lanes)), add(to, number(run - lanes)));
    return;
  }
  for (int64_t count = lanes / 2; count > 0; count /= 2)
    if (run & count) {
      emitPiece(count, add(from, number(done)), add(to, number(done)));
      done += count;
    }
}

void RowCopy::emitPiece(int64_t count, Value from, Value to) {
  auto type = VectorType::get(count, cast<MemRefType>(memory.getType()).getElementType());
  Value loaded = b.create<vector::LoadOp>(type, memory, from);
  b.create<vector::StoreOp>(emitFactors(b, loaded, isUnsigned, instruction), target, to);
}
