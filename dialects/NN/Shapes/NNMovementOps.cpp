//===- NNMovementOps.cpp - Shapes of reshaping and reordering -------------===//

#include "dialects/NN/NN.h"
#include "dialects/NN/Shapes/ShapeRules.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace burin::nn;

using Results = SmallVectorImpl<Shape>;

//===- Reshape -------------------------------------------------------------===//

namespace {
/// What the operand `shape` of a reshape says.
struct WantedShape {
  Shape sizes;
  std::optional<unsigned> missing;   ///< Where -1 stands.
  SmallVector<unsigned, 4> unknown; ///< Where 0 or -1 may stand at run time.
};
} // namespace

static FailureOr<WantedShape> readShape(ReshapeOp op, ShapeBuilder &shapes,
                                        const Shape &from) {
  WantedShape wanted;
  for (auto [i, size] : llvm::enumerate(shapes.getElements(op.getShape()))) {
    bool mayCopy = !op.getAllowzero() && i < from.size();
    std::optional<int64_t> number = getStatic(size);
    if (number && *number == -1) {
      if (wanted.missing)
        return op.emitOpError("expects no more than one size of -1");
      wanted.missing = i;
    } else if (number && *number < 0) {
      return op.emitOpError("expects sizes of at least -1, got ") << *number;
    } else if (number && *number == 0 && !op.getAllowzero()) {
      if (!mayCopy)
        return op.emitOpError("expects a size to copy at ") << i;
      size = from[i];
    } else if (!isNonNegative(size)) {
      wanted.unknown.push_back(i);
      if (mayCopy)
        size = shapes.selectEqual(size, shapes.get(0), from[i], size);
    }
    wanted.sizes.push_back(size);
  }
  return wanted;
}

/// Sizes of which any may be -1 at run time.
static void completeAtRunTime(ShapeBuilder &shapes, const Shape &from,
                              WantedShape &wanted) {
  OpFoldResult one = shapes.get(1), minusOne = shapes.get(-1);
  Shape known = wanted.sizes;
  for (unsigned i : wanted.unknown)
    known[i] = shapes.selectEqual(known[i], minusOne, one, known[i]);
  OpFoldResult rest = divideProducts(shapes, from, known);
  for (unsigned i : wanted.unknown)
    wanted.sizes[i] =
        shapes.selectEqual(wanted.sizes[i], minusOne, rest,
                           shapes.max(wanted.sizes[i], shapes.get(0)));
}

LogicalResult ReshapeOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape from = shapes.getDims(getX());
  FailureOr<WantedShape> wanted = readShape(*this, shapes, from);
  if (failed(wanted))
    return failure();
  if (wanted->missing) {
    for (unsigned i : wanted->unknown)
      wanted->sizes[i] = clampToSize(shapes, wanted->sizes[i]);
    Shape others = wanted->sizes;
    others.erase(others.begin() + *wanted->missing);
    wanted->sizes[*wanted->missing] = divideProducts(shapes, from, others);
  } else if (!wanted->unknown.empty()) {
    completeAtRunTime(shapes, from, *wanted);
  }
  std::optional<int64_t> have = getStatic(shapes.product(from));
  std::optional<int64_t> want = getStatic(shapes.product(wanted->sizes));
  if (have && want && *have != *want)
    return emitOpError("expects a shape of as many elements as its operand, ")
           << *have << ", got " << *want;
  results.push_back(wanted->sizes);
  return success();
}

std::optional<Shape> ReshapeOp::inferElements(ShapeBuilder &shapes) {
  return shapes.findElements(getX());
}

LogicalResult FlattenOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape from = shapes.getDims(getX());
  ArrayRef<OpFoldResult> dims(from);
  results.push_back({shapes.product(dims.take_front(getAxis())),
                     shapes.product(dims.drop_front(getAxis()))});
  return success();
}

//===- Squeeze, Unsqueeze --------------------------------------------------===//

/// Axes that are known only at run time: `marks[d]` is 1 where one of them is d,
/// `places[d]` how many dimensions before d are none of them.
static void locateAxes(ShapeBuilder &shapes, Value axes, int64_t rank,
                       Shape &marks, Shape &places) {
  OpFoldResult zero = shapes.get(0), one = shapes.get(1);
  Shape wrapped;
  for (OpFoldResult axis : shapes.getElements(axes))
    wrapped.push_back(wrapIndex(shapes, axis, shapes.get(rank)));
  OpFoldResult place = zero;
  for (int64_t d = 0; d < rank; ++d) {
    OpFoldResult mark = zero;
    for (OpFoldResult axis : wrapped)
      mark = shapes.selectEqual(axis, shapes.get(d), one, mark);
    marks.push_back(mark);
    places.push_back(place);
    place = shapes.add(place, shapes.sub(one, mark));
  }
}

static int64_t getCount(Value axes) {
  return cast<RankedTensorType>(axes.getType()).getNumElements();
}

/// The sizes that are not 1, if these must be the ones that stay.
static std::optional<Shape> getOthers(const Shape &from, size_t count) {
  Shape others;
  for (OpFoldResult size : from) {
    std::optional<int64_t> known = getStatic(size);
    if (!known)
      return std::nullopt;
    if (*known != 1)
      others.push_back(size);
  }
  if (others.size() != count)
    return std::nullopt;
  return others;
}

static Shape squeezeAtRunTime(ShapeBuilder &shapes, Value axes,
                              const Shape &from) {
  size_t count = from.size() - getCount(axes);
  if (std::optional<Shape> others = getOthers(from, count))
    return *others;
  Shape marks, places, result;
  locateAxes(shapes, axes, from.size(), marks, places);
  for (size_t i = 0; i < count; ++i) {
    OpFoldResult size = shapes.get(1);
    for (size_t d = 0; d < from.size(); ++d) {
      OpFoldResult here =
          shapes.selectEqual(places[d], shapes.get(i), from[d], size);
      size = shapes.selectEqual(marks[d], shapes.get(0), here, size);
    }
    result.push_back(size);
  }
  return result;
}

LogicalResult SqueezeOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape from = shapes.getDims(getX());
  int64_t rank = from.size();
  if (getCount(getAxes()) > rank)
    return emitOpError("expects no more axes than dimensions");
  std::optional<SmallVector<int64_t>> known = shapes.findConstants(getAxes());
  if (!known) {
    results.push_back(squeezeAtRunTime(shapes, getAxes(), from));
    return success();
  }
  std::optional<SmallVector<int64_t>> axes = normalizeAxes(*known, rank);
  if (!axes)
    return emitOpError("expects different axes of a tensor of rank ") << rank;
  Shape result;
  for (auto [d, size] : llvm::enumerate(from)) {
    if (!llvm::is_contained(*axes, int64_t(d))) {
      result.push_back(size);
      continue;
    }
    std::optional<int64_t> one = getStatic(size);
    if (one && *one != 1)
      return emitOpError("expects size 1 at axis ") << d << ", got " << *one;
  }
  results.push_back(result);
  return success();
}

std::optional<Shape> SqueezeOp::inferElements(ShapeBuilder &shapes) {
  return shapes.findElements(getX());
}

static Shape unsqueezeAtRunTime(ShapeBuilder &shapes, Value axes,
                                const Shape &from) {
  Shape marks, places, result;
  OpFoldResult one = shapes.get(1);
  locateAxes(shapes, axes, from.size() + getCount(axes), marks, places);
  for (auto [mark, place] : llvm::zip_equal(marks, places)) {
    OpFoldResult size = one;
    for (auto [d, known] : llvm::enumerate(from))
      size = shapes.selectEqual(place, shapes.get(d), known, size);
    result.push_back(shapes.selectEqual(mark, one, one, size));
  }
  return result;
}

LogicalResult UnsqueezeOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape from = shapes.getDims(getX());
  std::optional<SmallVector<int64_t>> known = shapes.findConstants(getAxes());
  if (!known) {
    results.push_back(unsqueezeAtRunTime(shapes, getAxes(), from));
    return success();
  }
  int64_t rank = from.size() + known->size();
  std::optional<SmallVector<int64_t>> axes = normalizeAxes(*known, rank);
  if (!axes)
    return emitOpError("expects different axes of a result of rank ") << rank;
  Shape result;
  auto next = from.begin();
  for (int64_t d = 0; d < rank; ++d)
    result.push_back(llvm::is_contained(*axes, d) ? shapes.get(1) : *next++);
  results.push_back(result);
  return success();
}

std::optional<Shape> UnsqueezeOp::inferElements(ShapeBuilder &shapes) {
  return shapes.findElements(getX());
}

//===- Constants in another shape ------------------------------------------===//

/// The same bytes with the sizes of `type`; null if that is no constant.
static ElementsAttr getReshaped(Attribute value, Type type) {
  auto shaped = dyn_cast<RankedTensorType>(type);
  if (!shaped || !shaped.hasStaticShape())
    return {};
  if (auto dense = dyn_cast_or_null<DenseElementsAttr>(value))
    return dense.getNumElements() == shaped.getNumElements()
               ? dense.reshape(shaped)
               : DenseElementsAttr();
  auto resource = dyn_cast_or_null<DenseResourceElementsAttr>(value);
  if (!resource || resource.getNumElements() != shaped.getNumElements())
    return {};
  return DenseResourceElementsAttr::get(shaped, resource.getRawHandle());
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  return getReshaped(adaptor.getX(), getType());
}

OpFoldResult FlattenOp::fold(FoldAdaptor adaptor) {
  return getReshaped(adaptor.getX(), getType());
}

OpFoldResult SqueezeOp::fold(FoldAdaptor adaptor) {
  return getReshaped(adaptor.getX(), getType());
}

OpFoldResult UnsqueezeOp::fold(FoldAdaptor adaptor) {
  return getReshaped(adaptor.getX(), getType());
}

//===- Other orders --------------------------------------------------------===//

LogicalResult TransposeOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape result, from = shapes.getDims(getX());
  std::optional<SmallVector<int64_t>> permutation =
      normalizeAxes(getPermutation(), from.size());
  if (!permutation || permutation->size() != from.size())
    return emitOpError("expects a permutation of ") << from.size() << " axes";
  for (int64_t axis : *permutation)
    result.push_back(from[axis]);
  results.push_back(result);
  return success();
}

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  if (auto elements = dyn_cast_or_null<ElementsAttr>(adaptor.getX()))
    return transposeElements(elements, getPermutation());
  // Two are one.
  if (auto first = getX().getDefiningOp<TransposeOp>()) {
    setPermutation(llvm::map_to_vector(getPermutation(), [&](int64_t d) {
      return first.getPermutation()[d];
    }));
    getXMutable().set(first.getX());
    return getResult();
  }
  bool isIdentity = llvm::equal(
      getPermutation(), llvm::seq<int64_t>(0, getPermutation().size()));
  if (isIdentity && getX().getType() == getType())
    return getX();
  return {};
}

std::optional<Shape> TransposeOp::inferElements(ShapeBuilder &shapes) {
  return shapes.findElements(getX());
}

LogicalResult DepthToSpaceOp::inferShapes(ShapeBuilder &shapes,
                                          Results &results) {
  Shape from = shapes.getDims(getX());
  OpFoldResult block = shapes.get(getBlock());
  OpFoldResult area = shapes.mul(block, block);
  int64_t depth = getChannelDim(*this, 4), first = getSpatialDim(*this);
  std::optional<int64_t> channels = getStatic(from[depth]);
  if (channels && *channels % *getStatic(area))
    return emitOpError("expects a multiple of ")
           << *getStatic(area) << " channels, got " << *channels;
  Shape result = from;
  result[depth] = shapes.floorDiv(from[depth], area);
  for (int64_t d : {first, first + 1})
    result[d] = shapes.mul(from[d], block);
  results.push_back(result);
  return success();
}

LogicalResult SpaceToDepthOp::inferShapes(ShapeBuilder &shapes,
                                          Results &results) {
  Shape from = shapes.getDims(getX());
  OpFoldResult block = shapes.get(getBlock());
  int64_t depth = getChannelDim(*this, 4), first = getSpatialDim(*this);
  for (int64_t i : {first, first + 1})
    if (std::optional<int64_t> size = getStatic(from[i]);
        size && *size % int64_t(getBlock()))
      return emitOpError("expects multiples of ")
             << getBlock() << " pixels, got " << *size;
  Shape result = from;
  result[depth] = shapes.mul(from[depth], shapes.mul(block, block));
  for (int64_t i : {first, first + 1})
    result[i] = shapes.floorDiv(from[i], block);
  results.push_back(result);
  return success();
}

LogicalResult ReverseSequenceOp::inferShapes(ShapeBuilder &shapes,
                                             Results &results) {
  Shape from = shapes.getDims(getX());
  OpFoldResult lengths = shapes.getDim(getLengths(), 0);
  std::optional<int64_t> have = getStatic(lengths);
  std::optional<int64_t> want = getStatic(from[getBatchAxis()]);
  if (have && want && *have != *want)
    return emitOpError("expects one length per batch, ")
           << *want << ", got " << *have;
  results.push_back(from);
  return success();
}

LogicalResult TriluOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  results.push_back(shapes.getDims(getX()));
  return success();
}
