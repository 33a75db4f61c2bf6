//===- LowerConv.cpp - Convolutions ---------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "passes/Lower/Window/Convolution.h"

using namespace mlir;
using namespace burin;
using nn::Window;

/// `to` with `value` in `size` slices along `dim` from `begin` on, which otherwise
/// have the sizes `shape` and start at `offsets`.
static Value fillBorder(Lowering &l, Value to, const Shape &shape,
                        ArrayRef<OpFoldResult> offsets, int64_t dim,
                        OpFoldResult begin, OpFoldResult size, TypedAttr value) {
  if (nn::getStatic(size) == 0)
    return to;
  Shape sizes = shape;
  SmallVector<OpFoldResult> starts(offsets), steps(shape.size(), l.shapes.get(1));
  sizes[dim] = size;
  starts[dim] = begin;
  return l.builder.create<tensor::InsertSliceOp>(
      l.createFilled(sizes, value), to, starts, llvm::to_vector<6>(sizes), steps);
}

Value burin::createPadded(Lowering &l, Operation *op, Value x, Shape &shape,
                          ArrayRef<Window> windows, TypedAttr value) {
  nn::ShapeBuilder &shapes = l.shapes;
  OpFoldResult zero = shapes.get(0), one = shapes.get(1);
  SmallVector<OpFoldResult> offsets(shape.size(), zero);
  SmallVector<OpFoldResult> steps(shape.size(), one);
  Shape padded = shape;
  bool changes = false;
  for (auto [i, window] : llvm::enumerate(windows)) {
    int64_t d = nn::getSpatialDim(op) + i;
    OpFoldResult extent =
        shapes.add(shapes.mul(shapes.sub(window.kernel, one),
                              shapes.get(window.dilation)),
                   one);
    OpFoldResult reach = shapes.add(
        shapes.mul(shapes.sub(window.output, one), shapes.get(window.stride)),
        extent);
    // What lies past the last window need not be there, but may. Where the windows
    // are not known they end with the pads at the latest, but for ceil_mode.
    OpFoldResult end = shapes.add(window.padBegin, window.input);
    auto ceil = op->getAttrOfType<BoolAttr>("ceil_mode");
    padded[d] = nn::getStatic(reach) || (ceil && ceil.getValue())
                    ? shapes.max(reach, end)
                    : shapes.add(end, window.padEnd);
    offsets[d] = window.padBegin;
    changes |= !nn::areEqual(padded[d], shape[d]);
  }
  if (!changes)
    return x;
  // Only the borders are filled: what x is made by can then write between them.
  Value result = l.createEmpty(padded, value.getType());
  Shape rest = padded;
  SmallVector<OpFoldResult> starts(shape.size(), zero);
  for (auto [i, window] : llvm::enumerate(windows)) {
    int64_t d = nn::getSpatialDim(op) + i;
    OpFoldResult end = shapes.add(window.padBegin, window.input);
    result = fillBorder(l, result, rest, starts, d, zero, window.padBegin, value);
    result = fillBorder(l, result, rest, starts, d, end,
                        shapes.sub(padded[d], end), value);
    rest[d] = shape[d];
    starts[d] = window.padBegin;
  }
  result = l.builder.create<tensor::InsertSliceOp>(
      x, result, offsets, llvm::to_vector<6>(shape), steps);
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
Value createStart(Lowering &l, Value bias, Type biasType, int64_t filterDim,
                  ArrayRef<OpFoldResult> out, Type sumType) {
  if (!bias)
    return l.createFilled(out, cast<TypedAttr>(l.builder.getZeroAttr(sumType)));
  Shape spread{out[filterDim]};
  spread.append(out.size() - filterDim - 1, l.shapes.get(1));
  Value column = l.createReshape(l.get(bias), Shape{out[filterDim]}, spread);
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

/// The loops of a convolution, and the dimensions of the operands in terms of
/// them: those of the output, in its order, then channels and taps in that of x.
struct ConvLoops {
  SmallVector<AffineExpr> x, w, y;
  unsigned numOutput = 0;
};

ConvLoops getLoops(OpBuilder &b, ArrayRef<Window> windows, bool last,
                   bool isGrouped) {
  unsigned spatial = windows.size();
  unsigned numOutput = 2 + spatial + isGrouped;
  unsigned firstOutput = last ? 1 : 2 + isGrouped;
  unsigned filter = last ? numOutput - 1 : 1 + isGrouped;
  unsigned channel = last ? numOutput + spatial : numOutput;
  unsigned firstTap = last ? numOutput : numOutput + 1;
  auto dim = [&](unsigned i) { return b.getAffineDimExpr(i); };
  ConvLoops loops;
  loops.numOutput = numOutput;
  for (unsigned d = 0; d < numOutput; ++d)
    loops.y.push_back(dim(d));
  loops.x = loops.y;
  loops.x[filter] = dim(channel);
  llvm::copy(getWindowExprs(b, windows, firstOutput, firstTap),
             loops.x.begin() + firstOutput);
  if (isGrouped)
    loops.w.push_back(dim(filter - 1));
  loops.w.append({dim(filter), dim(channel)});
  for (unsigned i = 0; i < spatial; ++i)
    loops.w.push_back(dim(firstTap + i));
  return loops;
}

/// Sums over the loops behind those of the output; `start` is what they begin at.
Value createSums(Lowering &l, const ConvOperands &c, const ConvLoops &loops,
                 unsigned numLoops, Value start) {
  SmallVector<utils::IteratorType> kinds(loops.numOutput,
                                         utils::IteratorType::parallel);
  kinds.resize(numLoops, utils::IteratorType::reduction);
  MLIRContext *context = l.builder.getContext();
  return l.createGeneric(
      {c.x, c.w}, start,
      {AffineMap::get(numLoops, 0, loops.x, context),
       AffineMap::get(numLoops, 0, loops.w, context),
       AffineMap::get(numLoops, 0, loops.y, context)},
      kinds, [&](ImplicitLocOpBuilder &nested, ValueRange args) {
        return buildMultiplyAdd(nested, args[0], c.xType, args[1], c.wType, args[2]);
      });
}

/// Channels last and few filters: sums run along the channels, in which the taps of
/// the filters come to lie.
bool sumsAlongChannels(const ConvOperands &c) {
  constexpr int64_t few = 4, atOnce = 8;
  return nn::isChannelsLast(c.op) && c.group == 1 &&
         nn::getStatic(c.wShape[0]).value_or(few) < few &&
         nn::getStatic(c.wShape[1]).value_or(0) >= atOnce;
}

/// One filter and one channel per group.
bool isDepthwise(const ConvOperands &c) {
  return nn::getStatic(c.wShape[0]) == c.group && nn::getStatic(c.wShape[1]) == 1;
}

/// Channels last, each by itself: the filters lie as the channels do.
Value createDepthwise(Lowering &l, ConvOperands c, ArrayRef<Window> windows,
                      Value start) {
  unsigned spatial = windows.size(), numOutput = 2 + spatial;
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(2, numOutput));
  order.append({1, 0});
  Shape moved, flat;
  for (int64_t d : order)
    moved.push_back(c.wShape[d]);
  flat = moved;
  flat.erase(flat.end() - 2);
  c.w = l.createReshape(l.createTranspose(c.w, c.wShape, order), moved, flat);
  ConvLoops loops;
  loops.numOutput = numOutput;
  OpBuilder &b = l.builder;
  for (unsigned d = 0; d < numOutput; ++d)
    loops.y.push_back(b.getAffineDimExpr(d));
  loops.x = loops.y;
  llvm::copy(getWindowExprs(b, windows, 1, numOutput), loops.x.begin() + 1);
  for (unsigned i = 0; i < spatial; ++i)
    loops.w.push_back(b.getAffineDimExpr(numOutput + i));
  loops.w.push_back(loops.y.back());
  return createSums(l, c, loops, numOutput + spatial, start);
}

/// Positions [first, first + count) of the output at which a tap lies on the image and
/// not on what is around it.
struct TapPlace {
  int64_t tap, first, count;
};

/// Of the taps that lie on the image anywhere; none if that is not known.
std::optional<SmallVector<TapPlace>> findPlaces(const Window &window) {
  auto taps = nn::getStatic(window.kernel), input = nn::getStatic(window.input),
       output = nn::getStatic(window.output), pad = nn::getStatic(window.padBegin);
  if (!taps || !input || !output || !pad)
    return std::nullopt;
  SmallVector<TapPlace> places;
  for (int64_t tap = 0; tap < *taps; ++tap) {
    int64_t offset = tap * window.dilation - *pad;
    int64_t first = llvm::divideCeilSigned(std::max<int64_t>(-offset, 0), window.stride);
    int64_t end = llvm::divideFloorSigned(*input - 1 - offset, window.stride) + 1;
    if (int64_t count = std::min(end, *output) - first; count > 0)
      places.push_back({tap, first, count});
  }
  return places;
}

/// For dilations about as large as the image: where each tap lies on it, by dimension,
/// if the others' products are many and what is left are few matrix products of some size.
std::optional<SmallVector<SmallVector<TapPlace>>>
findTapsApart(const ConvOperands &c, ArrayRef<Window> windows) {
  constexpr double most = 0.7; // Of the products, for more the sums are read too often.
  constexpr int64_t fewest = 64;
  constexpr size_t mostTaps = 25; // Each is code of its own: of 13 x 13 it takes minutes.
  if (!nn::isChannelsLast(c.op) || c.group != 1 || !isa<FloatType>(c.xType) ||
      nn::getStatic(c.wShape[0]).value_or(0) < fewest ||
      nn::getStatic(c.wShape[1]).value_or(0) < fewest)
    return std::nullopt;
  SmallVector<SmallVector<TapPlace>> all;
  double part = 1;
  size_t taps = 1;
  for (const Window &window : windows) {
    std::optional<SmallVector<TapPlace>> places = findPlaces(window);
    if (!places || places->empty())
      return std::nullopt;
    int64_t seen = 0;
    for (const TapPlace &place : *places)
      seen += place.count;
    part *= double(seen) / double(*nn::getStatic(window.output) * *nn::getStatic(window.kernel));
    taps *= places->size();
    all.push_back(std::move(*places));
  }
  if (part > most || taps > mostTaps)
    return std::nullopt;
  return all;
}

/// `sum` and the products of taps, one for each dimension, with what they lie on.
Value addTaps(Lowering &l, ConvOperands c, ArrayRef<Window> windows,
              ArrayRef<TapPlace> taps, Value sum, const Shape &out) {
  nn::ShapeBuilder &shapes = l.shapes;
  unsigned rank = out.size(), spatial = windows.size();
  SmallVector<OpFoldResult> ones(rank, shapes.get(1)), zeros(rank, shapes.get(0));
  SmallVector<OpFoldResult> fromX = zeros, fromW = zeros, fromY = zeros;
  Shape part = out;
  SmallVector<Window> alone(windows);
  for (auto [i, place] : llvm::enumerate(taps)) {
    const Window &window = windows[i];
    int64_t offset = place.tap * window.dilation - *nn::getStatic(window.padBegin);
    fromX[1 + i] = shapes.get(place.first * window.stride + offset);
    c.xShape[1 + i] = shapes.get((place.count - 1) * window.stride + 1);
    fromW[2 + i] = shapes.get(place.tap);
    c.wShape[2 + i] = alone[i].kernel = shapes.get(1);
    fromY[1 + i] = shapes.get(place.first);
    part[1 + i] = alone[i].output = shapes.get(place.count);
  }
  auto slice = [&](Value from, ArrayRef<OpFoldResult> starts, const Shape &sizes) {
    return l.builder.create<tensor::ExtractSliceOp>(from, starts,
                                                    llvm::to_vector<6>(sizes), ones);
  };
  c.x = slice(c.x, fromX, c.xShape);
  c.w = slice(c.w, fromW, c.wShape);
  Value own = createSums(l, c, getLoops(l.builder, alone, /*last=*/true, false),
                         rank + 1 + spatial, slice(sum, fromY, part));
  return l.builder.create<tensor::InsertSliceOp>(own, sum, fromY, llvm::to_vector<6>(part),
                                                 ones);
}

/// A convolution tap by tap.
Value createTapsApart(Lowering &l, const ConvOperands &c, ArrayRef<Window> windows,
                      ArrayRef<SmallVector<TapPlace>> places, const Shape &out) {
  Value sum = createStart(l, c.bias, c.biasType, nn::getChannelDim(c.op, out.size()), out,
                          getComputeType(c.element));
  SmallVector<int64_t> counts = llvm::map_to_vector(
      places, [](const auto &of) { return int64_t(of.size()); });
  for (int64_t i = 0; i < ShapedType::getNumElements(counts); ++i) {
    SmallVector<TapPlace> taps;
    for (auto [of, k] : llvm::zip_equal(places, delinearize(i, computeStrides(counts))))
      taps.push_back(of[k]);
    sum = addTaps(l, c, windows, taps, sum, out);
  }
  return l.createRounded(sum, out, c.element);
}
} // namespace

Value burin::createConv(Lowering &l, ConvOperands c, ArrayRef<Window> windows,
                        const Shape &out) {
  int64_t channelDim = nn::getChannelDim(c.op, out.size());
  bool last = nn::isChannelsLast(c.op), isGrouped = c.group > 1;
  Value start = createStart(l, c.bias, c.biasType, channelDim, out,
                            getComputeType(c.element));
  if (last && isGrouped && isDepthwise(c))
    return l.createRounded(createDepthwise(l, c, windows, start), out, c.element);
  Shape sums = out;
  if (isGrouped) {
    c.x = splitGroups(l, c.x, c.xShape, channelDim, c.group);
    c.w = splitGroups(l, c.w, c.wShape, 0, c.group);
    start = splitGroups(l, start, sums, channelDim, c.group);
  }
  ConvLoops loops = getLoops(l.builder, windows, last, isGrouped);
  unsigned numLoops = loops.numOutput + 1 + windows.size();
  if (sumsAlongChannels(c)) {
    SmallVector<int64_t> order{0};
    llvm::append_range(order, llvm::seq<int64_t>(2, out.size()));
    order.push_back(1);
    c.w = l.createTranspose(c.w, c.wShape, order);
    std::rotate(loops.w.begin() + 1, loops.w.begin() + 2, loops.w.end());
  }
  Value sum = createSums(l, c, loops, numLoops, start);
  if (isGrouped)
    sum = l.createReshape(sum, sums, out);
  return l.createRounded(sum, out, c.element);
}

static LogicalResult lowerConv(nn::ConvOp op, Lowering &l) {
  FailureOr<SmallVector<Window>> windows =
      nn::getWindows(op, l.shapes, op.getX(), ArrayRef(l.getShape(op.getW())).drop_front(2));
  if (failed(windows))
    return failure();
  ConvOperands c = getConvOperands(op, l);
  requireEqual(l, c.xShape[nn::getChannelDim(op, c.xShape.size())],
               l.shapes.mul(c.wShape[1], l.shapes.get(c.group)),
               "expects as many channels as its filters have");
  Shape out = l.getShape(op.getResult());
  if (auto places = findTapsApart(c, *windows)) {
    l.set(op, createTapsApart(l, c, *windows, *places, out));
    return success();
  }
  c.x = createPadded(l, op, c.x, c.xShape, *windows,
                     cast<TypedAttr>(l.builder.getZeroAttr(getStorageType(c.xType))));
  l.set(op, createConv(l, c, *windows, out));
  return success();
}

void burin::addConvLowerings(LowerTable &table) {
  addLowering<nn::ConvOp, lowerConv>(table);
  addConvTransposeLowerings(table);
  addPoolLowerings(table);
}
