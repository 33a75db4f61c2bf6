//===- Sampling.cpp - Grids, regions, spectra: library kernels ------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Movement/MovementLowering.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

/// One result out of all operands.
static LogicalResult lowerToKernel(Operation *op, Lowering &l, StringRef kernel,
                                   ArrayRef<int64_t> params) {
  SmallVector<Value> inputs;
  SmallVector<Type> types;
  for (Value operand : op->getOperands()) {
    inputs.push_back(l.get(operand));
    types.push_back(getElementTypeOrSelf(operand.getType()));
  }
  Value result = op->getResult(0);
  Type element = getElementTypeOrSelf(result.getType());
  types.push_back(element);
  Value empty = l.createEmpty(l.getShape(result), getStorageType(element));
  l.set(result, l.createCall(kernel, inputs, empty, params, types)[0]);
  return success();
}

static int64_t getBits(APFloat number) {
  return llvm::bit_cast<uint32_t>(number.convertToFloat());
}

namespace {
LogicalResult lowerGridSample(nn::GridSampleOp op, Lowering &l) {
  int64_t mode = llvm::StringSwitch<int64_t>(op.getMode())
                     .Case("nearest", 0)
                     .Case("linear", 1)
                     .Default(2);
  int64_t padding = llvm::StringSwitch<int64_t>(op.getPadding())
                        .Case("zeros", 0)
                        .Case("border", 1)
                        .Default(2);
  return lowerToKernel(op, l, "burin_grid_sample",
                       {mode, padding, op.getAlignCorners()});
}

LogicalResult lowerRoiAlign(nn::RoiAlignOp op, Lowering &l) {
  return lowerToKernel(op, l, "burin_roi_align",
                       {int64_t(op.getSamples()), op.getMax(),
                        op.getHalfPixel(), getBits(op.getScale())});
}

LogicalResult lowerMaxRoiPool(nn::MaxRoiPoolOp op, Lowering &l) {
  return lowerToKernel(op, l, "burin_max_roi_pool", getBits(op.getScale()));
}

LogicalResult lowerCol2Im(nn::Col2ImOp op, Lowering &l) {
  SmallVector<int64_t> params(op.getStrides());
  llvm::append_range(params, op.getPads());
  llvm::append_range(params, op.getDilations());
  return lowerToKernel(op, l, "burin_col2im", params);
}

LogicalResult lowerDFT(nn::DFTOp op, Lowering &l) {
  return lowerToKernel(
      op, l, "burin_dft",
      {op.getInverse(), op.getOnesided(), bool(op.getLength())});
}

LogicalResult lowerSTFT(nn::STFTOp op, Lowering &l) {
  return lowerToKernel(
      op, l, "burin_stft",
      {op.getOnesided(), bool(op.getWindow()), bool(op.getLength())});
}

LogicalResult lowerMelWeightMatrix(nn::MelWeightMatrixOp op, Lowering &l) {
  return lowerToKernel(op, l, "burin_mel_weight_matrix", {});
}

/// The place of index `i` of `size` in [-1, 1].
Value getCoordinate(B &b, Value i, Value size, bool alignCorners, Type type) {
  auto toFloat = [&](Value index) -> Value {
    return b.create<arith::SIToFPOp>(
        type, b.create<arith::IndexCastOp>(b.getI64Type(), index));
  };
  Value one = b.create<arith::ConstantIndexOp>(1);
  Value place = b.create<arith::AddIOp>(i, i);
  if (alignCorners)
    size = b.create<arith::MaxSIOp>(subIndex(b, size, one), one);
  else
    place = addIndex(b, place, one);
  Value ratio = b.create<arith::DivFOp>(toFloat(place), toFloat(size));
  return b.create<arith::SubFOp>(
      ratio, b.create<arith::ConstantOp>(b.getFloatAttr(type, 1)));
}

LogicalResult lowerAffineGrid(nn::AffineGridOp op, Lowering &l) {
  Shape shape = l.getShape(op), theta = l.getShape(op.getTheta());
  int64_t rank = shape.size(), count = rank - 2;
  requireEqual(l, theta[1], l.shapes.get(count), "AffineGrid: not a map");
  requireEqual(l, theta[2], l.shapes.get(count + 1), "AffineGrid: not a map");
  Value maps = l.get(op.getTheta());
  Type element = getElementTypeOrSelf(op.getType());
  Type type = getComputeType(element);
  SmallVector<Value> sizes;
  for (OpFoldResult size : shape)
    sizes.push_back(l.shapes.getValue(size));
  l.set(op, createIndexed(
                l, shape, getStorageType(element),
                [&](B &b, ArrayRef<Value> at) -> Value {
                  auto getFactor = [&](int64_t j) {
                    Value column = b.create<arith::ConstantIndexOp>(j);
                    Value stored = b.create<tensor::ExtractOp>(
                        maps, ValueRange{at[0], at.back(), column});
                    return Lowering::toCompute(b, stored, element);
                  };
                  Value sum = getFactor(count);
                  for (int64_t j = 0; j < count; ++j) {
                    int64_t d = count - j; // Innermost first.
                    Value x = getCoordinate(b, at[d], sizes[d],
                                            op.getAlignCorners(), type);
                    sum = b.create<arith::AddFOp>(
                        sum, b.create<arith::MulFOp>(getFactor(j), x));
                  }
                  return Lowering::toStorage(b, sum, element);
                }));
  return success();
}
} // namespace

void burin::addSamplingLowerings(LowerTable &table) {
  addLowering<nn::GridSampleOp, lowerGridSample>(table);
  addLowering<nn::AffineGridOp, lowerAffineGrid>(table);
  addLowering<nn::RoiAlignOp, lowerRoiAlign>(table);
  addLowering<nn::MaxRoiPoolOp, lowerMaxRoiPool>(table);
  addLowering<nn::Col2ImOp, lowerCol2Im>(table);
  addLowering<nn::DFTOp, lowerDFT>(table);
  addLowering<nn::STFTOp, lowerSTFT>(table);
  addLowering<nn::MelWeightMatrixOp, lowerMelWeightMatrix>(table);
}
