//===- LowerPool.cpp - Poolings -------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/Lower/Window/WindowLowering.h"

using namespace mlir;
using namespace burin;
using nn::Window;
using B = ImplicitLocOpBuilder;

namespace {
Shape getKernel(Lowering &l, ArrayRef<int64_t> sizes) {
  Shape kernel;
  for (int64_t size : sizes)
    kernel.push_back(l.shapes.get(size));
  return kernel;
}

/// Less than everything else, as stored.
TypedAttr getLowest(B &b, Type element) {
  Type storage = getStorageType(element);
  if (isa<FloatType>(storage))
    return b.getFloatAttr(storage, -INFINITY);
  if (isUnsigned(element))
    return b.getIntegerAttr(storage, 0);
  return b.getIntegerAttr(
      storage, APInt::getSignedMinValue(storage.getIntOrFloatBitWidth()));
}

/// Loops as the dimensions of the results, then taps...; maps of x, the window and
/// results.
struct PoolLoops {
  SmallVector<AffineMap> maps;
  SmallVector<utils::IteratorType> kinds;
  Value window; ///< Of no content: its sizes are those of the tap loops.
};

PoolLoops getLoops(Lowering &l, Operation *op, ArrayRef<Window> windows,
                   unsigned results) {
  B &b = l.builder;
  unsigned spatial = windows.size(), firstTap = 2 + spatial;
  unsigned loops = firstTap + spatial, first = nn::getSpatialDim(op);
  SmallVector<AffineExpr> x, y, taps;
  for (unsigned d = 0; d < firstTap; ++d)
    y.push_back(b.getAffineDimExpr(d));
  x = y;
  llvm::copy(getWindowExprs(b, windows, first, firstTap), x.begin() + first);
  Shape kernel;
  for (unsigned i = 0; i < spatial; ++i) {
    taps.push_back(b.getAffineDimExpr(firstTap + i));
    kernel.push_back(windows[i].kernel);
  }
  PoolLoops result;
  result.maps = {AffineMap::get(loops, 0, x, b.getContext()),
                 AffineMap::get(loops, 0, taps, b.getContext())};
  result.maps.append(results, AffineMap::get(loops, 0, y, b.getContext()));
  result.kinds.assign(firstTap, utils::IteratorType::parallel);
  result.kinds.resize(loops, utils::IteratorType::reduction);
  result.window = l.createEmpty(kernel, b.getI8Type());
  return result;
}

using Combine = function_ref<Value(B &, Value element, Value acc)>;

/// acc = combine(element, acc) over each window; elements in compute type.
Value createPool(Lowering &l, Operation *op, Value x, Type element,
                 ArrayRef<Window> windows, Value init, Combine combine) {
  PoolLoops loops = getLoops(l, op, windows, 1);
  return l.createGeneric({x, loops.window}, init, loops.maps, loops.kinds,
                         [&](B &b, ValueRange args) {
                           return combine(b, Lowering::toCompute(b, args[0], element),
                                          args[2]);
                         });
}

Value buildMax(B &b, Type element, Value x, Value y) {
  if (isa<FloatType>(x.getType()))
    return b.create<arith::MaximumFOp>(x, y);
  if (isUnsigned(element))
    return b.create<arith::MaxUIOp>(x, y);
  return b.create<arith::MaxSIOp>(x, y);
}

Value buildGreater(B &b, Type element, Value x, Value y) {
  if (isa<FloatType>(x.getType()))
    return b.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, x, y);
  return b.create<arith::CmpIOp>(isUnsigned(element) ? arith::CmpIPredicate::ugt
                                                     : arith::CmpIPredicate::sgt,
                                 x, y);
}

/// The number in `x`, of ONNX's order, of the element that the loops are at.
Value buildFlatIndex(B &b, Lowering &l, ArrayRef<Window> windows, Shape shape,
                     bool columnMajor) {
  SmallVector<Value> at = {b.create<linalg::IndexOp>(0), b.create<linalg::IndexOp>(1)};
  unsigned spatial = windows.size();
  auto number = [&](int64_t value) -> Value { return b.create<arith::ConstantIndexOp>(value); };
  for (auto [i, window] : llvm::enumerate(windows)) {
    Value out = b.create<arith::MulIOp>(b.create<linalg::IndexOp>(2 + i), number(window.stride));
    Value tap = b.create<arith::MulIOp>(b.create<linalg::IndexOp>(2 + spatial + i),
                                        number(window.dilation));
    at.push_back(b.create<arith::SubIOp>(b.create<arith::AddIOp>(out, tap),
                                         l.shapes.getValue(window.padBegin)));
  }
  if (columnMajor && spatial >= 2) {
    std::swap(at[at.size() - 1], at[at.size() - 2]);
    std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
  }
  Value flat = at[0];
  for (unsigned d = 1; d < at.size(); ++d)
    flat = b.create<arith::AddIOp>(
        b.create<arith::MulIOp>(flat, l.shapes.getValue(shape[d])), at[d]);
  return b.create<arith::IndexCastOp>(b.getI64Type(), flat);
}

/// The largest element and where it was.
std::pair<Value, Value> createMaxAndIndex(nn::MaxPoolOp op, Lowering &l, Value x,
                                          Type element, ArrayRef<Window> windows,
                                          const Shape &inShape, const Shape &out) {
  B &b = l.builder;
  PoolLoops loops = getLoops(l, op, windows, 2);
  // Sizes that the body needs must be there before it.
  for (auto [i, window] : llvm::enumerate(windows))
    l.shapes.getValue(window.padBegin);
  for (OpFoldResult size : inShape)
    l.shapes.getValue(size);
  Value best = l.createFilled(out, getLowest(b, element));
  Value where = l.createFilled(out, b.getI64IntegerAttr(0));
  auto generic = b.create<linalg::GenericOp>(
      TypeRange{best.getType(), where.getType()}, ValueRange{x, loops.window},
      ValueRange{best, where}, loops.maps, loops.kinds,
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        B n(loc, nested);
        Value value = Lowering::toCompute(n, args[0], element);
        Value most = Lowering::toCompute(n, args[2], element);
        Value larger = buildGreater(n, element, value, most);
        Value flat = buildFlatIndex(n, l, windows, inShape, op.getColumnMajor());
        n.create<linalg::YieldOp>(
            ValueRange{n.create<arith::SelectOp>(larger, args[0], args[2]),
                       n.create<arith::SelectOp>(larger, flat, args[3])});
      });
  return {generic.getResult(0), generic.getResult(1)};
}

LogicalResult lowerMaxPool(nn::MaxPoolOp op, Lowering &l) {
  FailureOr<SmallVector<Window>> windows =
      nn::getWindows(op, l.shapes, op.getX(), getKernel(l, op.getKernel()));
  if (failed(windows))
    return failure();
  Type element = getElementTypeOrSelf(op.getX().getType());
  Shape inShape = l.getShape(op.getX()), padded = inShape;
  Shape out = l.getShape(op.getResult());
  TypedAttr lowest = getLowest(l.builder, element);
  Value x = createPadded(l, op, l.get(op.getX()), padded, *windows, lowest);
  if (!op.getIndices().use_empty()) {
    auto [best, where] =
        createMaxAndIndex(op, l, x, element, *windows, inShape, out);
    l.set(op.getResult(), best);
    l.set(op.getIndices(), where);
    return success();
  }
  l.set(op.getResult(),
        createPool(l, op, x, element, *windows, l.createFilled(out, lowest),
                   [&](B &b, Value value, Value acc) {
                     Value most = Lowering::toCompute(b, acc, element);
                     return Lowering::toStorage(
                         b, buildMax(b, element, value, most), element);
                   }));
  l.set(op.getIndices(), l.createEmpty(out, l.builder.getI64Type()));
  return success();
}

/// How many taps of the window along `dim` lie on elements that count, as an index value in
/// a body over the output.
Value buildCount(B &b, Lowering &l, const Window &window, unsigned dim, bool pads) {
  auto number = [&](int64_t value) -> Value { return b.create<arith::ConstantIndexOp>(value); };
  Value begin = l.shapes.getValue(window.padBegin);
  Value start = b.create<arith::SubIOp>(
      b.create<arith::MulIOp>(b.create<linalg::IndexOp>(dim), number(window.stride)),
      begin);
  Value low = pads ? b.create<arith::SubIOp>(number(0), begin).getResult() : number(0);
  Value high = l.shapes.getValue(window.input);
  if (pads)
    high = b.create<arith::AddIOp>(high, l.shapes.getValue(window.padEnd));
  Value dilation = number(window.dilation), zero = number(0), one = number(1);
  Value skipped = b.create<arith::MaxSIOp>(b.create<arith::SubIOp>(low, start), zero);
  Value first = b.create<arith::DivUIOp>(
      b.create<arith::AddIOp>(skipped, number(window.dilation - 1)), dilation);
  Value room = b.create<arith::SubIOp>(b.create<arith::SubIOp>(high, one), start);
  Value fit = b.create<arith::DivUIOp>(b.create<arith::MaxSIOp>(room, zero), dilation);
  Value last = b.create<arith::MinSIOp>(
      fit, b.create<arith::SubIOp>(l.shapes.getValue(window.kernel), one));
  Value count = b.create<arith::AddIOp>(b.create<arith::SubIOp>(last, first), one);
  return b.create<arith::MaxSIOp>(count, one);
}

/// What is summed up over windows, with zeros around it.
struct Summed {
  SmallVector<Window> windows;
  Type element, type; ///< Of x and of sums.
  Shape out;
  Value x, zeros; ///< What each sum starts with.
};

template <typename OpTy> FailureOr<Summed> getSummed(OpTy op, Lowering &l) {
  FailureOr<SmallVector<Window>> windows =
      nn::getWindows(op, l.shapes, op.getX(), getKernel(l, op.getKernel()));
  if (failed(windows))
    return failure();
  auto getZero = [&](Type type) { return cast<TypedAttr>(l.builder.getZeroAttr(type)); };
  Type element = getElementTypeOrSelf(op.getX().getType());
  Type type = getComputeType(element);
  Shape padded = l.getShape(op.getX()), out = l.getShape(op.getResult());
  Value x = createPadded(l, op, l.get(op.getX()), padded, *windows,
                         getZero(getStorageType(element)));
  return Summed{*windows, element, type, out, x, l.createFilled(out, getZero(type))};
}

LogicalResult lowerAveragePool(nn::AveragePoolOp op, Lowering &l) {
  FailureOr<Summed> sums = getSummed(op, l);
  if (failed(sums))
    return failure();
  Value sum = createPool(l, op, sums->x, sums->element, sums->windows, sums->zeros,
                         [](B &n, Value value, Value acc) -> Value {
                           return n.create<arith::AddFOp>(acc, value);
                         });
  for (const Window &window : sums->windows)
    for (OpFoldResult size : {window.padBegin, window.padEnd, window.input, window.kernel})
      l.shapes.getValue(size);
  l.set(op, l.createElementwise(
                sum, sums->out, sums->out, {sums->type, sums->element},
                [&](B &n, ArrayRef<Value> args) -> Value {
                  Value count;
                  for (auto [i, window] : llvm::enumerate(sums->windows)) {
                    Value along = buildCount(n, l, window, nn::getSpatialDim(op) + i,
                                             op.getCountIncludePad());
                    count = count ? n.create<arith::MulIOp>(count, along) : along;
                  }
                  Value number = n.create<arith::IndexCastOp>(n.getI32Type(), count);
                  return n.create<arith::DivFOp>(
                      args[0], n.create<arith::SIToFPOp>(sums->type, number));
                }));
  return success();
}

LogicalResult lowerLpPool(nn::LpPoolOp op, Lowering &l) {
  FailureOr<Summed> sums = getSummed(op, l);
  if (failed(sums))
    return failure();
  double p = double(op.getP());
  auto power = [&](B &n, Value value, double exponent) -> Value {
    if (exponent == 1)
      return value;
    if (exponent == 2)
      return n.create<arith::MulFOp>(value, value);
    if (exponent == 0.5)
      return n.create<math::SqrtOp>(value);
    return n.create<math::PowFOp>(
        value, n.create<arith::ConstantOp>(n.getFloatAttr(sums->type, exponent)));
  };
  Value sum = createPool(l, op, sums->x, sums->element, sums->windows, sums->zeros,
                         [&](B &n, Value value, Value acc) -> Value {
                           return n.create<arith::AddFOp>(
                               acc, power(n, n.create<math::AbsFOp>(value), p));
                         });
  l.set(op, l.createElementwise(sum, sums->out, sums->out,
                                {sums->type, sums->element},
                                [&](B &n, ArrayRef<Value> args) {
                                  return power(n, args[0], 1 / p);
                                }));
  return success();
}
} // namespace

void burin::addPoolLowerings(LowerTable &table) {
  addLowering<nn::MaxPoolOp, lowerMaxPool>(table);
  addLowering<nn::AveragePoolOp, lowerAveragePool>(table);
  addLowering<nn::LpPoolOp, lowerLpPool>(table);
}
