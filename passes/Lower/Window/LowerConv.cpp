//===- LowerConv.cpp - Convolutions ---------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Window/WindowLowering.h"

using namespace mlir;
using namespace burin;
using nn::Window;

Value burin::createPadded(Lowering &l, Value x, Shape &shape,
                          ArrayRef<Window> windows, TypedAttr value) {
  nn::ShapeBuilder &shapes = l.shapes;
  OpFoldResult zero = shapes.get(0), one = shapes.get(1);
  SmallVector<OpFoldResult> offsets(shape.size(), zero);
  SmallVector<OpFoldResult> steps(shape.size(), one);
  Shape padded = shape;
  bool changes = false;
  for (auto [i, window] : llvm::enumerate(windows)) {
    OpFoldResult extent =
        shapes.add(shapes.mul(shapes.sub(window.kernel, one),
                              shapes.get(window.dilation)),
                   one);
    OpFoldResult reach = shapes.add(
        shapes.mul(shapes.sub(window.output, one), shapes.get(window.stride)),
        extent);
    // What lies past the last window need not be there, but may.
    padded[2 + i] =
        shapes.max(reach, shapes.add(window.padBegin, window.input));
    offsets[2 + i] = window.padBegin;
    changes |= !nn::areEqual(padded[2 + i], shape[2 + i]);
  }
  if (!changes)
    return x;
  Value filled = l.createFilled(padded, value);
  Value result = l.builder.create<tensor::InsertSliceOp>(
      x, filled, offsets, llvm::to_vector<6>(shape), steps);
  shape = padded;
  return result;
}

SmallVector<AffineExpr> burin::getWindowExprs(OpBuilder &b,
                                              ArrayRef<Window> windows,
                                              unsigned firstOutput,
                                              unsigned firstKernel) {
  SmallVector<AffineExpr> exprs;
  for (auto [i, window] : llvm::enumerate(windows))
    exprs.push_back(b.getAffineDimExpr(firstOutput + i) * window.stride +
                    b.getAffineDimExpr(firstKernel + i) * window.dilation);
  return exprs;
}

namespace {
/// [F] as the start of every sum, or zeros.
Value createStart(Lowering &l, Value bias, Type biasType,
                  ArrayRef<OpFoldResult> out, Type sumType) {
  if (!bias)
    return l.createFilled(out, cast<TypedAttr>(l.builder.getZeroAttr(sumType)));
  Shape spread{out[1]};
  spread.append(out.size() - 2, l.shapes.get(1));
  Value column = l.createReshape(l.get(bias), Shape{out[1]}, spread);
  return l.createElementwise(
      column, Shape(spread), out, {biasType, sumType},
      [&](ImplicitLocOpBuilder &b, ArrayRef<Value> args) -> Value {
        return args[0].getType() == sumType
                   ? args[0]
                   : Lowering::castScalar(b, args[0], biasType, sumType, true);
      });
}

/// [.., C, ..] as [.., group, C / group, ..] at dimension `at`.
Value splitGroups(Lowering &l, Value value, Shape &shape, unsigned at,
                  int64_t group) {
  Shape split = shape;
  split[at] = l.shapes.floorDiv(shape[at], l.shapes.get(group));
  split.insert(split.begin() + at, l.shapes.get(group));
  Value result = l.createReshape(value, shape, split);
  shape = split;
  return result;
}

struct ConvOperands {
  Value x, w, bias;
  Shape xShape, wShape; ///< x padded; w [F, C/group, K...].
  Type xType, wType, biasType, element;
  int64_t group;
};

/// The sums over channels and taps, for windows that need no padding any more.
Value createConv(Lowering &l, ConvOperands c, ArrayRef<Window> windows,
                 const Shape &out) {
  ImplicitLocOpBuilder &b = l.builder;
  unsigned spatial = windows.size(), grouped = c.group > 1;
  Type sumType = getComputeType(c.element);
  Value start = createStart(l, c.bias, c.biasType, out, sumType);
  Shape sums = out;
  if (grouped) {
    c.x = splitGroups(l, c.x, c.xShape, 1, c.group);
    c.w = splitGroups(l, c.w, c.wShape, 0, c.group);
    start = splitGroups(l, start, sums, 1, c.group);
  }
  // Loops: batch, (group,) filter, outputs..., channel, taps...
  unsigned filter = 1 + grouped, firstOutput = filter + 1;
  unsigned channel = firstOutput + spatial, firstTap = channel + 1;
  unsigned loops = firstTap + spatial;
  auto dim = [&](unsigned i) { return b.getAffineDimExpr(i); };
  SmallVector<AffineExpr> x = {dim(0)}, w, y = {dim(0)};
  if (grouped)
    for (auto *exprs : {&x, &w, &y})
      exprs->push_back(dim(1));
  x.push_back(dim(channel));
  llvm::append_range(x, getWindowExprs(b, windows, firstOutput, firstTap));
  w.append({dim(filter), dim(channel)});
  y.push_back(dim(filter));
  for (unsigned i = 0; i < spatial; ++i) {
    w.push_back(dim(firstTap + i));
    y.push_back(dim(firstOutput + i));
  }
  SmallVector<utils::IteratorType> kinds(channel, utils::IteratorType::parallel);
  kinds.resize(loops, utils::IteratorType::reduction);
  MLIRContext *context = b.getContext();
  Value sum = l.createGeneric(
      {c.x, c.w}, start,
      {AffineMap::get(loops, 0, x, context), AffineMap::get(loops, 0, w, context),
       AffineMap::get(loops, 0, y, context)},
      kinds, [&](ImplicitLocOpBuilder &nested, ValueRange args) {
        return buildMultiplyAdd(nested, args[0], c.xType, args[1], c.wType, args[2]);
      });
  if (grouped)
    sum = l.createReshape(sum, sums, out);
  return l.createRounded(sum, out, c.element);
}

Shape getTaps(Lowering &l, Value w) {
  Shape shape = l.getShape(w);
  return Shape(ArrayRef(shape).drop_front(2));
}

template <typename OpTy>
ConvOperands getOperands(OpTy op, Lowering &l) {
  ConvOperands c;
  c.x = l.get(op.getX());
  c.w = l.get(op.getW());
  c.bias = op.getBias();
  c.xShape = l.getShape(op.getX());
  c.wShape = l.getShape(op.getW());
  c.xType = getElementTypeOrSelf(op.getX().getType());
  c.wType = getElementTypeOrSelf(op.getW().getType());
  if (c.bias)
    c.biasType = getElementTypeOrSelf(c.bias.getType());
  c.element = getElementTypeOrSelf(op.getResult().getType());
  c.group = op.getGroup();
  return c;
}

LogicalResult lowerConv(nn::ConvOp op, Lowering &l) {
  FailureOr<SmallVector<Window>> windows =
      nn::getWindows(op, l.shapes, op.getX(), getTaps(l, op.getW()));
  if (failed(windows))
    return failure();
  ConvOperands c = getOperands(op, l);
  c.x = createPadded(l, c.x, c.xShape, *windows,
                     cast<TypedAttr>(l.builder.getZeroAttr(getStorageType(c.xType))));
  l.set(op, createConv(l, c, *windows, l.getShape(op.getResult())));
  return success();
}

/// [C, F/group, K...] as [F, C/group, K...] with the taps in reverse.
Value createFlipped(Lowering &l, ConvOperands &c) {
  ImplicitLocOpBuilder &b = l.builder;
  Shape from = c.wShape;
  OpFoldResult group = l.shapes.get(c.group);
  OpFoldResult channels = l.shapes.floorDiv(from[0], group);
  Shape to = from;
  to[0] = l.shapes.mul(from[1], group);
  to[1] = channels;
  SmallVector<Value> lasts;
  for (OpFoldResult size : ArrayRef(from).drop_front(2))
    lasts.push_back(l.shapes.getValue(l.shapes.sub(size, l.shapes.get(1))));
  Value filters = l.shapes.getValue(from[1]), perGroup = l.shapes.getValue(channels);
  SmallVector<utils::IteratorType> loops(to.size(), utils::IteratorType::parallel);
  Value source = c.w;
  Type storage = getElementTypeOrSelf(source.getType());
  Value result = l.createGeneric(
      {}, l.createEmpty(to, storage), b.getMultiDimIdentityMap(to.size()), loops,
      [&](ImplicitLocOpBuilder &n, ValueRange) -> Value {
        Value f = n.create<linalg::IndexOp>(0), ch = n.create<linalg::IndexOp>(1);
        Value g = n.create<arith::DivUIOp>(f, filters);
        SmallVector<Value> at = {
            n.create<arith::AddIOp>(n.create<arith::MulIOp>(g, perGroup), ch),
            n.create<arith::RemUIOp>(f, filters)};
        for (auto [i, last] : llvm::enumerate(lasts))
          at.push_back(n.create<arith::SubIOp>(
              last, n.create<linalg::IndexOp>(2 + i)));
        return n.create<tensor::ExtractOp>(source, at);
      });
  c.wShape = to;
  return result;
}

/// A convolution with stride 1 over the input with zeros between its elements.
LogicalResult lowerConvTranspose(nn::ConvTransposeOp op, Lowering &l) {
  FailureOr<SmallVector<Window>> windows =
      nn::getTransposedWindows(op, l.shapes, op.getX(), getTaps(l, op.getW()));
  if (failed(windows))
    return failure();
  nn::ShapeBuilder &s = l.shapes;
  OpFoldResult zero = s.get(0), one = s.get(1);
  ConvOperands c = getOperands(op, l);
  Shape spread = c.xShape, part = c.xShape;
  SmallVector<OpFoldResult> offsets(spread.size(), zero), steps(spread.size(), one);
  SmallVector<OpFoldResult> crops(spread.size(), zero), ones(spread.size(), one);
  for (auto [i, window] : llvm::enumerate(*windows)) {
    OpFoldResult reach =
        s.mul(s.sub(window.kernel, one), s.get(window.dilation));
    OpFoldResult shift = s.sub(reach, window.padBegin);
    OpFoldResult needed = s.add(window.output, reach);
    offsets[2 + i] = s.max(zero, shift);
    crops[2 + i] = s.max(zero, s.sub(zero, shift));
    steps[2 + i] = s.get(window.stride);
    OpFoldResult last = s.add(offsets[2 + i],
                              s.mul(s.sub(window.input, one), s.get(window.stride)));
    spread[2 + i] = s.max(s.add(crops[2 + i], needed), s.add(last, one));
    part[2 + i] = needed;
    window.stride = 1;
  }
  Value zeros = l.createFilled(
      spread, cast<TypedAttr>(l.builder.getZeroAttr(getStorageType(c.xType))));
  Value wide = l.builder.create<tensor::InsertSliceOp>(
      c.x, zeros, offsets, llvm::to_vector<6>(c.xShape), steps);
  c.x = wide;
  if (!llvm::equal(part, spread, nn::areEqual))
    c.x = l.builder.create<tensor::ExtractSliceOp>(
        wide, crops, llvm::to_vector<6>(part), ones);
  c.xShape = part;
  c.w = createFlipped(l, c);
  l.set(op, createConv(l, c, *windows, l.getShape(op.getResult())));
  return success();
}
} // namespace

void burin::addConvLowerings(LowerTable &table) {
  addLowering<nn::ConvOp, lowerConv>(table);
  addLowering<nn::ConvTransposeOp, lowerConvTranspose>(table);
  addPoolLowerings(table);
}
