//===- NNSliceOps.cpp - Shapes of joining, cutting and repeating ----------===//

#include "dialects/NN/NN.h"
#include "dialects/NN/Shapes/ShapeRules.h"

using namespace mlir;
using namespace burin::nn;

using Results = SmallVectorImpl<Shape>;

static int64_t getCount(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getNumElements();
}

/// The elements if the tensor has rank 1 (or 0).
static std::optional<Shape> findSmall(ShapeBuilder &shapes, Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getRank() <= 1
             ? shapes.findElements(tensor)
             : std::nullopt;
}

//===- Expand, Tile --------------------------------------------------------===//

LogicalResult ExpandOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape wanted;
  for (OpFoldResult size : shapes.getElements(getShape()))
    wanted.push_back(getStatic(size) ? size : clampToSize(shapes, size));
  std::optional<Shape> both =
      shapes.broadcast(shapes.getDims(getX()), wanted);
  if (!both)
    return emitOpError("expects a shape that its operand broadcasts to");
  results.push_back(*both);
  return success();
}

/// What Expand and Tile do to one dimension: all of it, again and again.
static std::optional<Shape> repeat(std::optional<Shape> elements,
                                   Value result) {
  size_t count = getCount(result);
  if (!elements || elements->empty())
    return std::nullopt;
  Shape repeated;
  for (size_t i = 0; i < count; ++i)
    repeated.push_back((*elements)[i % elements->size()]);
  return repeated;
}

std::optional<Shape> ExpandOp::inferElements(ShapeBuilder &shapes) {
  return repeat(findSmall(shapes, getX()), getResult());
}

LogicalResult TileOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape from = shapes.getDims(getX());
  Shape repeats = shapes.getElements(getRepeats());
  if (repeats.size() != from.size())
    return emitOpError("expects ")
           << from.size() << " repeats, got " << repeats.size();
  for (auto [size, count] : llvm::zip(from, repeats))
    size = shapes.mul(size, getStatic(count) ? count
                                             : clampToSize(shapes, count));
  results.push_back(from);
  return success();
}

std::optional<Shape> TileOp::inferElements(ShapeBuilder &shapes) {
  return repeat(findSmall(shapes, getX()), getResult());
}

//===- Concat, Split -------------------------------------------------------===//

LogicalResult ConcatOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape result = shapes.getDims(getInputs().front());
  for (Value input : getInputs().drop_front()) {
    Shape from = shapes.getDims(input);
    if (from.size() != result.size())
      return emitOpError("expects operands of one rank, got ")
             << getOperandTypes();
    for (auto [d, size] : llvm::enumerate(from)) {
      std::optional<int64_t> have = getStatic(result[d]), more = getStatic(size);
      if (d == getAxis())
        result[d] = shapes.add(result[d], size);
      else if (have && more && *have != *more)
        return emitOpError("expects equal sizes but along axis ")
               << getAxis() << ", got " << getOperandTypes();
      else if (more)
        result[d] = size;
    }
  }
  results.push_back(result);
  return success();
}

std::optional<Shape> ConcatOp::inferElements(ShapeBuilder &shapes) {
  Shape result;
  for (Value input : getInputs()) {
    std::optional<Shape> elements = findSmall(shapes, input);
    if (!elements)
      return std::nullopt;
    result.append(*elements);
  }
  return result;
}

/// Sizes of equal parts; the last ones are smaller.
static Shape getEqualParts(ShapeBuilder &shapes, OpFoldResult size,
                           int64_t count) {
  OpFoldResult part = shapes.ceilDiv(size, shapes.get(count));
  Shape parts;
  for (int64_t i = 0; i < count; ++i) {
    OpFoldResult before = shapes.mul(part, shapes.get(i));
    OpFoldResult rest = clampToSize(shapes, shapes.sub(size, before));
    parts.push_back(i == 0 ? part : shapes.min(part, rest));
  }
  return parts;
}

LogicalResult SplitOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape from = shapes.getDims(getX());
  OpFoldResult size = from[getAxis()];
  size_t count = getNumResults();
  Shape parts = getSizes() ? shapes.getElements(getSizes())
                           : getEqualParts(shapes, size, count);
  if (parts.size() != count)
    return emitOpError("expects ")
           << count << " sizes, got " << parts.size();
  OpFoldResult sum = shapes.get(0);
  for (OpFoldResult &part : parts) {
    part = getStatic(part) ? part : clampToSize(shapes, part);
    sum = shapes.add(sum, part);
    from[getAxis()] = part;
    results.push_back(from);
  }
  std::optional<int64_t> have = getStatic(size), want = getStatic(sum);
  if (have && want && *have != *want)
    return emitOpError("expects sizes that add up to ")
           << *have << ", got " << *want;
  return success();
}

//===- Slice, Pad ----------------------------------------------------------===//

LogicalResult SliceOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape result = shapes.getDims(getX());
  Shape starts = shapes.getElements(getStarts());
  Shape ends = shapes.getElements(getEnds());
  Shape steps = shapes.getElements(getSteps());
  size_t count = getAxes().size();
  if (starts.size() != count || ends.size() != count || steps.size() != count)
    return emitOpError("expects as many starts, ends and steps as axes");
  for (auto [i, axis] : llvm::enumerate(getAxes())) {
    if (std::optional<int64_t> step = getStatic(steps[i]); step && *step == 0)
      return emitOpError("expects steps other than 0");
    result[axis] =
        getSliceRange(shapes, result[axis], starts[i], ends[i], steps[i]).size;
  }
  results.push_back(result);
  return success();
}

std::optional<Shape> SliceOp::inferElements(ShapeBuilder &shapes) {
  std::optional<Shape> elements = findSmall(shapes, getX());
  if (!elements || getAxes().size() != 1)
    return getAxes().empty() ? elements : std::nullopt;
  SliceRange range = getSliceRange(
      shapes, shapes.get(elements->size()), shapes.getElements(getStarts())[0],
      shapes.getElements(getEnds())[0], shapes.getElements(getSteps())[0]);
  std::optional<int64_t> start = getStatic(range.start),
                         size = getStatic(range.size),
                         step = getStatic(range.step);
  if (!start || !size || !step)
    return std::nullopt;
  Shape result;
  for (int64_t i = 0; i < *size; ++i)
    result.push_back((*elements)[*start + i * *step]);
  return result;
}

/// Which elements of a constant of `sizes` a slice has, in row-major order.
static std::optional<SmallVector<int64_t>>
findSliced(ArrayRef<int64_t> sizes, ArrayRef<int64_t> axes,
           ArrayRef<DenseIntElementsAttr> bounds, ShapeBuilder &shapes) {
  SmallVector<SliceRange> ranges;
  for (int64_t size : sizes)
    ranges.push_back({shapes.get(0), shapes.get(size), shapes.get(1)});
  for (auto [i, axis] : llvm::enumerate(axes)) {
    OpFoldResult at[3];
    for (auto [bound, number] : llvm::zip_equal(bounds, at)) {
      if (!bound || bound.getNumElements() != int64_t(axes.size()))
        return std::nullopt;
      number = shapes.get(bound.getValues<APInt>()[i].getSExtValue());
    }
    ranges[axis] = getSliceRange(shapes, shapes.get(sizes[axis]), at[0], at[1], at[2]);
  }
  SmallVector<int64_t> places = {0};
  for (auto [size, range] : llvm::zip_equal(sizes, ranges)) {
    std::optional<int64_t> start = getStatic(range.start), count = getStatic(range.size),
                           step = getStatic(range.step);
    if (!start || !count || !step)
      return std::nullopt;
    SmallVector<int64_t> next;
    for (int64_t place : places)
      for (int64_t i = 0; i < *count; ++i)
        next.push_back(place * size + *start + i * *step);
    places = std::move(next);
  }
  return places;
}

/// Of small constants, such as exporters turn over to get pads in ONNX's order.
OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  constexpr int64_t mostElements = 1 << 12;
  auto value = dyn_cast_or_null<DenseElementsAttr>(adaptor.getX());
  auto type = cast<RankedTensorType>(getType());
  if (!value || value.getNumElements() > mostElements || !type.hasStaticShape())
    return {};
  ImplicitLocOpBuilder builder(getLoc(), getContext()); // All is known: nothing is built.
  ShapeBuilder shapes(builder);
  DenseIntElementsAttr bounds[] = {
      dyn_cast_or_null<DenseIntElementsAttr>(adaptor.getStarts()),
      dyn_cast_or_null<DenseIntElementsAttr>(adaptor.getEnds()),
      dyn_cast_or_null<DenseIntElementsAttr>(adaptor.getSteps())};
  std::optional<SmallVector<int64_t>> places =
      findSliced(value.getType().getShape(), getAxes(), bounds, shapes);
  if (!places || int64_t(places->size()) != type.getNumElements())
    return {};
  auto elements = value.getValues<Attribute>();
  return DenseElementsAttr::get(
      type, llvm::map_to_vector(*places, [&](int64_t i) { return elements[i]; }));
}

LogicalResult PadOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape result = shapes.getDims(getX());
  Shape pads = shapes.getElements(getPads());
  size_t count = getAxes().size();
  if (pads.size() != 2 * count)
    return emitOpError("expects ") << 2 * count << " pads, got " << pads.size();
  for (auto [i, axis] : llvm::enumerate(getAxes())) {
    OpFoldResult size = shapes.add(shapes.add(result[axis], pads[i]),
                                   pads[count + i]);
    result[axis] = getStatic(size) ? size : clampToSize(shapes, size);
  }
  results.push_back(result);
  return success();
}

LogicalResult CenterCropPadOp::inferShapes(ShapeBuilder &shapes,
                                           Results &results) {
  Shape result = shapes.getDims(getX());
  Shape wanted = shapes.getElements(getShape());
  if (wanted.size() != getAxes().size())
    return emitOpError("expects ")
           << getAxes().size() << " sizes, got " << wanted.size();
  for (auto [axis, size] : llvm::zip(getAxes(), wanted))
    result[axis] = getStatic(size) ? size : clampToSize(shapes, size);
  results.push_back(result);
  return success();
}

//===- Tensors out of sizes ------------------------------------------------===//

/// The elements of `shape` as sizes of a result.
static Shape getSizes(ShapeBuilder &shapes, Value shape) {
  Shape sizes = shapes.getElements(shape);
  for (OpFoldResult &size : sizes)
    size = getStatic(size) ? size : clampToSize(shapes, size);
  return sizes;
}

LogicalResult ConstantOfShapeOp::inferShapes(ShapeBuilder &shapes,
                                             Results &results) {
  results.push_back(getSizes(shapes, getShape()));
  return success();
}

std::optional<Shape> ConstantOfShapeOp::inferElements(ShapeBuilder &shapes) {
  auto value = dyn_cast<DenseIntElementsAttr>(getValue());
  if (!value)
    return std::nullopt;
  APInt element = *value.begin();
  bool isSigned = value.getElementType().isSignlessInteger() &&
                  !value.getElementType().isInteger(1);
  return Shape(getCount(getResult()),
               shapes.get(isSigned ? element.getSExtValue()
                                   : int64_t(element.getZExtValue())));
}

OpFoldResult ConstantOfShapeOp::fold(FoldAdaptor) {
  auto type = dyn_cast<RankedTensorType>(getType());
  auto value = dyn_cast<DenseElementsAttr>(getValue());
  if (!type || !type.hasStaticShape() || !value || value.getNumElements() != 1)
    return {};
  // A splat, however large, is one element.
  return DenseElementsAttr::get(type, *value.getValues<Attribute>().begin());
}

LogicalResult RandomOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  results.push_back(getSizes(shapes, getShape()));
  return success();
}

LogicalResult CosineWindowOp::inferShapes(ShapeBuilder &shapes,
                                          Results &results) {
  results.push_back(getSizes(shapes, getSize()));
  return success();
}

LogicalResult EyeLikeOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  results.push_back(shapes.getDims(getX()));
  return success();
}

/// The one element of a constant float tensor.
static std::optional<double> getFloat(Value value) {
  DenseFPElementsAttr constant;
  if (!matchPattern(value, m_Constant(&constant)) ||
      constant.getNumElements() != 1)
    return std::nullopt;
  APFloat number = *constant.begin();
  bool losesInfo;
  number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                 &losesInfo);
  return number.convertToDouble();
}

LogicalResult RangeOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  if (getElementTypeOrSelf(getStart()).isInteger()) {
    OpFoldResult delta = shapes.getElements(getDelta())[0];
    if (std::optional<int64_t> known = getStatic(delta); known && *known == 0)
      return emitOpError("expects a delta other than 0");
    results.push_back({getRangeSize(shapes, shapes.getElements(getStart())[0],
                                    shapes.getElements(getLimit())[0], delta)});
    return success();
  }
  std::optional<double> start = getFloat(getStart()), limit = getFloat(getLimit()),
                        delta = getFloat(getDelta());
  if (!start || !limit || !delta) { // The lowering finds out.
    results.push_back({OpFoldResult()});
    return success();
  }
  double count = std::ceil((*limit - *start) / *delta);
  if (!(std::abs(count) < 1e15))
    return emitOpError("expects a finite number of elements");
  results.push_back({shapes.get(std::max<int64_t>(0, int64_t(count)))});
  return success();
}

std::optional<Shape> RangeOp::inferElements(ShapeBuilder &shapes) {
  if (!getElementTypeOrSelf(getStart()).isInteger())
    return std::nullopt;
  OpFoldResult next = shapes.getElements(getStart())[0];
  OpFoldResult delta = shapes.getElements(getDelta())[0];
  Shape elements;
  for (int64_t i = 0, e = getCount(getResult()); i < e; ++i) {
    elements.push_back(next);
    next = shapes.add(next, delta);
  }
  return elements;
}
