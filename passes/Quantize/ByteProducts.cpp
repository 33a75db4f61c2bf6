//===- ByteProducts.cpp - Products of bytes with constant ones ------------===//

#include "passes/Quantize/ByteProducts.h"

using namespace mlir;
using namespace burin;

bool burin::isByte(Type type) {
  return type.isSignlessInteger(8) || type.isUnsignedInteger(8);
}

std::optional<ByteWeights> burin::findWeights(OpBuilder &b, Value bytes,
                                              ArrayRef<int64_t> zeros, int64_t axis) {
  std::optional<Numbers> numbers = Numbers::find(bytes);
  auto type = cast<RankedTensorType>(bytes.getType());
  if (!numbers || !isByte(type.getElementType()))
    return std::nullopt;
  int64_t slices = type.getDimSize(axis), inner = 1;
  for (int64_t d = axis + 1; d < type.getRank(); ++d)
    inner *= type.getDimSize(d);
  if (zeros.size() != 1 && int64_t(zeros.size()) != slices)
    return std::nullopt;
  ByteWeights weights{bytes, SmallVector<int64_t>(slices, 0)};
  SmallVector<int8_t> moved;
  for (int64_t i = 0; i < numbers->size(); ++i) {
    int64_t slice = i / inner % slices;
    int64_t w = int64_t((*numbers)[i]) - zeros[zeros.size() == 1 ? 0 : slice];
    if (w != int8_t(w))
      return std::nullopt;
    weights.sums[slice] += w;
    moved.push_back(w);
  }
  auto plain = RankedTensorType::get(type.getShape(), b.getI8Type());
  if (type != plain || llvm::any_of(zeros, [](int64_t z) { return z != 0; }))
    weights.bytes = createBytes(b, bytes.getLoc(), plain, moved);
  return weights;
}

/// `x` with its zero around it, as `op` is padded; null if that is not known.
static Value createPadded(OpBuilder &b, nn::ConvOp op, const ZeroedBytes &x) {
  bool hasPads = llvm::any_of(op.getPads(), [](int64_t pad) { return pad != 0; });
  if (!x.zero || op.getAutoPad() == "VALID" || (op.getAutoPad() == "NOTSET" && !hasPads))
    return x.bytes;
  auto type = cast<RankedTensorType>(x.bytes.getType());
  int64_t spatial = type.getRank() - 2;
  if (op.getAutoPad() != "NOTSET" || int64_t(op.getPads().size()) != 2 * spatial)
    return Value();
  SmallVector<int64_t> shape(type.getShape()), axes;
  for (int64_t d = 0; d < spatial; ++d) {
    axes.push_back(2 + d);
    if (!type.isDynamicDim(2 + d))
      shape[2 + d] += op.getPads()[d] + op.getPads()[spatial + d];
  }
  auto padType = RankedTensorType::get({2 * spatial}, b.getI64Type());
  Value pads = b.create<nn::ConstantOp>(op.getLoc(),
                                        DenseElementsAttr::get(padType, op.getPads()));
  return b.create<nn::PadOp>(op.getLoc(), type.clone(shape), x.bytes, pads, x.zero,
                             "constant", axes);
}

Value burin::createByteConv(OpBuilder &b, nn::ConvOp op, const ZeroedBytes &x,
                            Value w) {
  Value padded = createPadded(b, op, x);
  if (!padded)
    return Value();
  SmallVector<int64_t> pads(op.getPads());
  if (padded != x.bytes)
    pads.assign(pads.size(), 0);
  auto type = cast<RankedTensorType>(op.getType());
  return b.create<nn::ConvOp>(op.getLoc(), type.clone(b.getI32Type()), padded, w,
                              Value(), op.getStrides(), op.getDilations(), pads,
                              op.getAutoPad(), op.getGroup());
}

Value burin::createByteMatMul(OpBuilder &b, nn::MatMulOp op, Value x, Value w) {
  auto type = cast<RankedTensorType>(op.getType());
  return b.create<nn::MatMulOp>(op.getLoc(), type.clone(b.getI32Type()), x, w,
                                op.getTransLhs(), op.getTransRhs());
}
