//===- LowerLRN.cpp - Local response normalization ------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Reduction/Folding.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace burin {
void addLRNLowering(LowerTable &table);
} // namespace burin

namespace {
/// `x` with zeros before and after its channels.
Value padChannels(Lowering &l, Value x, const Shape &shape, OpFoldResult low,
                  const Shape &padded, int64_t channelDim) {
  Type storage = getElementTypeOrSelf(x.getType());
  Value zeros = l.createFilled(padded, l.builder.getZeroAttr(storage));
  SmallVector<OpFoldResult> offsets(shape.size(), l.shapes.get(0));
  SmallVector<OpFoldResult> strides(shape.size(), l.shapes.get(1));
  offsets[channelDim] = low;
  return l.builder.create<tensor::InsertSliceOp>(
      l.createCast(x, shape), zeros, offsets, llvm::to_vector(ArrayRef(shape)),
      strides);
}

/// The sum of the squares of `window` channels from the one `low` before.
Value sumSquares(Lowering &l, Value x, const Shape &shape, Type element,
                 Type type, OpFoldResult low, OpFoldResult window,
                 int64_t channelDim) {
  Shape padded = shape;
  padded[channelDim] =
      l.shapes.sub(l.shapes.add(shape[channelDim], window), l.shapes.get(1));
  Value source = padChannels(l, x, shape, low, padded, channelDim);
  MLIRContext *context = l.builder.getContext();
  int64_t rank = shape.size();
  SmallVector<AffineExpr> at;
  for (int64_t d = 0; d < rank; ++d)
    at.push_back(getAffineDimExpr(d, context));
  AffineMap out = AffineMap::get(rank + 1, 0, at, context);
  AffineExpr offset = getAffineDimExpr(rank, context);
  at[channelDim] = at[channelDim] + offset;
  AffineMap maps[] = {AffineMap::get(rank + 1, 0, at, context),
                      AffineMap::get(rank + 1, 0, offset, context), out};
  SmallVector<utils::IteratorType> loops(rank + 1,
                                         utils::IteratorType::parallel);
  loops.back() = utils::IteratorType::reduction;
  // Only the size of the second input is of interest: that of the window.
  Value sizes = l.createEmpty(window, l.builder.getI8Type());
  Value init = l.createFilled(shape, l.builder.getZeroAttr(type));
  return l.createGeneric({source, sizes}, init, maps, loops,
                         [&](B &b, ValueRange args) -> Value {
                           Value x = Lowering::toCompute(b, args[0], element);
                           Value square = b.create<arith::MulFOp>(x, x);
                           return b.create<arith::AddFOp>(args[2], square);
                         });
}

/// x ^ beta, by roots where that is possible.
Value power(B &b, Value x, double beta) {
  if (beta == 1)
    return x;
  if (beta != 0.75 && beta != 0.5)
    return b.create<math::PowFOp>(
        x, b.create<arith::ConstantOp>(b.getFloatAttr(x.getType(), beta)));
  Value root = b.create<math::SqrtOp>(x);
  if (beta == 0.5)
    return root;
  return b.create<arith::MulFOp>(root, b.create<math::SqrtOp>(root));
}

LogicalResult lowerLRN(nn::LRNOp op, Lowering &l) {
  Shape shape = l.getShape(op.getX());
  int64_t channelDim = nn::getChannelDim(op, shape.size());
  Type element = getElementTypeOrSelf(op.getX().getType());
  Type type = getStatisticsType(element);
  // A window larger than all channels sees no more than one of their size.
  int64_t size = op.getSize();
  OpFoldResult one = l.shapes.get(1), channels = l.shapes.max(shape[channelDim], one);
  OpFoldResult low = l.shapes.min(l.shapes.get((size - 1) / 2), channels);
  OpFoldResult high = l.shapes.min(l.shapes.get(size / 2), channels);
  OpFoldResult window = l.shapes.add(l.shapes.add(low, high), one);
  Value x = l.get(op.getX());
  Value sum = sumSquares(l, x, shape, element, type, low, window, channelDim);
  double alpha = op.getAlpha().convertToDouble() / double(size);
  double beta = op.getBeta().convertToDouble();
  double bias = op.getBias().convertToDouble();
  Folding all(l, shape, {});
  l.set(op,
        all.map({all.all(x, element), all.all(sum, type)}, element,
                [&](B &b, ArrayRef<Value> args) -> Value {
                  auto get = [&](double value) {
                    return b.create<arith::ConstantOp>(
                        b.getFloatAttr(type, value));
                  };
                  Value scaled = b.create<arith::MulFOp>(args[1], get(alpha));
                  Value base = b.create<arith::AddFOp>(scaled, get(bias));
                  return b.create<arith::DivFOp>(args[0], power(b, base, beta));
                }));
  return success();
}
} // namespace

void burin::addLRNLowering(LowerTable &table) {
  addLowering<nn::LRNOp, lowerLRN>(table);
}
