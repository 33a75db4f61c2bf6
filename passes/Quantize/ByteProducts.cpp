//===- ByteProducts.cpp - Products of bytes with constant ones ------------===//

#include "passes/Quantize/ByteProducts.h"

using namespace mlir;
using namespace burin;

bool burin::isByte(Type type) {
  return type.isSignlessInteger(8) || type.isUnsignedInteger(8);
}

std::optional<ByteWeights> burin::findWeights(OpBuilder &b, Value bytes,
                                              ArrayRef<int64_t> zeros, int64_t axis,
                                              bool mayHaveRest) {
  std::optional<Numbers> numbers = Numbers::find(bytes);
  auto type = cast<RankedTensorType>(bytes.getType());
  if (!numbers || !isByte(type.getElementType()))
    return std::nullopt;
  int64_t slices = type.getDimSize(axis), inner = 1;
  for (int64_t d = axis + 1; d < type.getRank(); ++d)
    inner *= type.getDimSize(d);
  if (zeros.size() != 1 && int64_t(zeros.size()) != slices)
    return std::nullopt;
  ByteWeights weights{bytes, SmallVector<int64_t>(slices, 0), {}};
  auto getPlace = [&](int64_t i) { return zeros.size() == 1 ? 0 : i / inner % slices; };
  SmallVector<int64_t> least(zeros.size(), 0), most(zeros.size(), 0);
  for (int64_t i = 0; i < numbers->size(); ++i) {
    int64_t place = getPlace(i), w = int64_t((*numbers)[i]) - zeros[place];
    weights.sums[i / inner % slices] += w;
    least[place] = std::min(least[place], w);
    most[place] = std::max(most[place], w);
  }
  int64_t middle = type.getElementType().isUnsignedInteger() ? 128 : 0;
  SmallVector<int64_t> starts, rest;
  for (auto [zero, from, to] : llvm::zip_equal(zeros, least, most)) {
    starts.push_back(llvm::isInt<8>(from) && llvm::isInt<8>(to) ? zero : middle);
    rest.push_back(zero - starts.back());
  }
  if (llvm::any_of(rest, [](int64_t r) { return r != 0; })) {
    if (!mayHaveRest)
      return std::nullopt;
    weights.rest = rest;
  }
  auto plain = RankedTensorType::get(type.getShape(), b.getI8Type());
  if (type == plain && llvm::all_of(starts, [](int64_t start) { return start == 0; }))
    return weights;
  SmallVector<int8_t> moved;
  for (int64_t i = 0; i < numbers->size(); ++i)
    moved.push_back(int64_t((*numbers)[i]) - starts[getPlace(i)]);
  weights.bytes = createBytes(b, bytes.getLoc(), plain, moved);
  return weights;
}

bool burin::canSubtractRest(nn::ConvOp op) {
  return op.getGroup() == 1 ||
         int64_t(op.getGroup()) == cast<RankedTensorType>(op.getW().getType()).getDimSize(0);
}

bool burin::canSubtractRest(nn::MatMulOp op) {
  return cast<RankedTensorType>(op.getLhs().getType()).getRank() >= 2;
}

/// `sums` less the products of w.rest, which lies along `axis`, with `ofX`.
static Value subtractRest(OpBuilder &b, Value sums, Value ofX, const ByteWeights &w,
                          int64_t axis) {
  auto type = cast<RankedTensorType>(sums.getType());
  SmallVector<int64_t> shape;
  if (w.rest.size() > 1) {
    shape.resize(type.getRank() - axis, 1);
    shape[0] = w.rest.size();
  }
  Location loc = sums.getLoc();
  Value rest = createInts(b, loc, shape, llvm::to_vector_of<int32_t>(w.rest));
  Value part = b.create<nn::MulOp>(loc, shape.empty() ? ofX.getType() : type, ofX, rest);
  return b.create<nn::SubOp>(loc, type, sums, part);
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
                            const ByteWeights &w) {
  auto type = cast<RankedTensorType>(op.getType()).clone(b.getI32Type());
  auto wType = cast<RankedTensorType>(w.bytes.getType());
  int64_t groups = op.getGroup();
  Value padded = createPadded(b, op, x);
  if (!padded)
    return Value();
  SmallVector<int64_t> pads(op.getPads());
  if (padded != x.bytes)
    pads.assign(pads.size(), 0);
  auto create = [&](RankedTensorType sums, Value filters) -> Value {
    return b.create<nn::ConvOp>(op.getLoc(), sums, padded, filters, Value(), op.getStrides(),
                                op.getDilations(), pads, op.getAutoPad(), groups);
  };
  Value sums = create(type, w.bytes);
  if (w.rest.empty())
    return sums;
  // What each filter sees, added up: one of ones for each group.
  SmallVector<int64_t> shape(wType.getShape()), seen(type.getShape());
  shape[0] = seen[1] = groups;
  auto ones = RankedTensorType::get(shape, b.getI8Type());
  Value filters = createBytes(b, op.getLoc(), ones, SmallVector<int8_t>(ones.getNumElements(), 1));
  return subtractRest(b, sums, create(type.clone(seen), filters), w, 1);
}

Value burin::createByteMatMul(OpBuilder &b, nn::MatMulOp op, Value x,
                              const ByteWeights &w) {
  auto type = cast<RankedTensorType>(op.getType()).clone(b.getI32Type());
  Location loc = op.getLoc();
  Value sums = b.create<nn::MatMulOp>(loc, type, x, w.bytes, op.getTransLhs(), op.getTransRhs());
  if (w.rest.empty())
    return sums;
  // Rows of x, added up.
  auto xType = cast<RankedTensorType>(x.getType());
  int64_t rank = xType.getRank();
  if (op.getTransLhs()) {
    SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    std::swap(order[rank - 1], order[rank - 2]);
    SmallVector<int64_t> shape(xType.getShape());
    std::swap(shape[rank - 1], shape[rank - 2]);
    xType = xType.clone(shape);
    x = b.create<nn::TransposeOp>(loc, xType, x, order);
  }
  auto wide = xType.clone(b.getI32Type());
  SmallVector<int64_t> rows(xType.getShape());
  rows[rank - 1] = 1;
  x = b.create<nn::CastOp>(loc, wide, x, b.getBoolAttr(true));
  Value ofX = b.create<nn::ReduceSumOp>(loc, wide.clone(rows), x,
                                        b.getDenseI64ArrayAttr({rank - 1}), b.getBoolAttr(true));
  return subtractRest(b, sums, ofX, w, type.getRank() - 1);
}
