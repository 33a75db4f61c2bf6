//===- NNSamplingOps.cpp - Shapes of resampling and of spectra ------------===//

#include "dialects/NN/NN.h"
#include "dialects/NN/Shapes/ShapeRules.h"
#include "llvm/ADT/APFloat.h"

using namespace mlir;
using namespace burin::nn;

using Results = SmallVectorImpl<Shape>;

/// The elements of `tensor` as sizes of a result.
static Shape getSizeElements(ShapeBuilder &shapes, Value tensor) {
  Shape sizes = shapes.getElements(tensor);
  for (OpFoldResult &size : sizes)
    size = getStatic(size) ? size : clampToSize(shapes, size);
  return sizes;
}

//===- Resize --------------------------------------------------------------===//

/// floor(size * scale), exactly: a float is an integer times a power of two.
static OpFoldResult multiply(ShapeBuilder &shapes, OpFoldResult size,
                             double scale) {
  int exponent;
  double fraction = std::frexp(scale, &exponent); // in [0.5, 1)
  int64_t mantissa = int64_t(std::ldexp(fraction, 24));
  exponent -= 24;
  while (mantissa % 2 == 0 && mantissa) {
    mantissa /= 2;
    ++exponent;
  }
  OpFoldResult product = shapes.mul(size, shapes.get(mantissa));
  if (exponent >= 0)
    return shapes.mul(product, shapes.get(int64_t(1) << std::min(exponent, 40)));
  return shapes.floorDiv(product,
                         shapes.get(int64_t(1) << std::min(-exponent, 62)));
}

/// Sizes that keep the proportions: all axes are scaled by the least (or, with
/// `isLargest`, the largest) of the ratios wanted / size, halves rounded up.
static Shape keepProportions(ShapeBuilder &shapes, const Shape &from,
                             const Shape &wanted, bool isLargest) {
  OpFoldResult above = wanted[0], below = from[0];
  for (auto [size, want] : llvm::drop_begin(llvm::zip(from, wanted))) {
    OpFoldResult left = shapes.mul(want, below);
    OpFoldResult right = shapes.mul(above, size);
    if (isLargest)
      std::swap(left, right);
    above = shapes.selectLess(left, right, want, above);
    below = shapes.selectLess(left, right, size, below);
  }
  Shape result;
  OpFoldResult two = shapes.get(2);
  for (OpFoldResult size : from) {
    OpFoldResult product = shapes.mul(shapes.mul(size, above), two);
    result.push_back(shapes.floorDiv(shapes.add(product, below),
                                     shapes.mul(below, two)));
  }
  return result;
}

LogicalResult ResizeOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape result = shapes.getDims(getX()), from;
  for (int64_t axis : getAxes())
    from.push_back(result[axis]);
  Shape sizes;
  if (getSizes()) {
    sizes = getSizeElements(shapes, getSizes());
    if (sizes.size() == from.size() && getPolicy() != "stretch" &&
        !from.empty())
      sizes = keepProportions(shapes, from, sizes,
                              getPolicy() == "not_smaller");
  } else {
    DenseFPElementsAttr scales;
    sizes.resize(from.size()); // The lowering finds out.
    if (matchPattern(getScales(), m_Constant(&scales)) &&
        scales.getNumElements() == int64_t(from.size()))
      for (auto [i, scale] : llvm::enumerate(scales.getValues<float>()))
        sizes[i] = multiply(shapes, from[i], scale);
  }
  if (sizes.size() != from.size())
    return emitOpError("expects ")
           << from.size() << " sizes, got " << sizes.size();
  for (auto [axis, size] : llvm::zip(getAxes(), sizes))
    result[axis] = size;
  results.push_back(result);
  return success();
}

//===- Grids and regions ---------------------------------------------------===//

LogicalResult GridSampleOp::inferShapes(ShapeBuilder &shapes,
                                        Results &results) {
  Shape x = shapes.getDims(getX()), grid = shapes.getDims(getGrid());
  Shape result(ArrayRef(x).take_front(2));
  result.append(grid.begin() + 1, grid.end() - 1);
  std::optional<int64_t> count = getStatic(grid.back());
  if (grid.size() != x.size() || (count && *count != int64_t(x.size()) - 2))
    return emitOpError("expects a grid of ")
           << x.size() - 2 << " coordinates, got " << getGrid().getType();
  results.push_back(result);
  return success();
}

LogicalResult AffineGridOp::inferShapes(ShapeBuilder &shapes,
                                        Results &results) {
  Shape size = getSizeElements(shapes, getSize());
  if (size.size() != 4 && size.size() != 5)
    return emitOpError("expects 4 or 5 sizes, got ") << size.size();
  int64_t rank = size.size() - 2;
  for (auto [d, want] : {std::pair(1, rank), std::pair(2, rank + 1)})
    if (std::optional<int64_t> have = getStatic(shapes.getDim(getTheta(), d));
        have && *have != want)
      return emitOpError("expects maps of ")
             << rank << " coordinates, got " << getTheta().getType();
  Shape result{shapes.getDim(getTheta(), 0)};
  result.append(size.begin() + 2, size.end());
  result.push_back(shapes.get(rank));
  results.push_back(result);
  return success();
}

LogicalResult RoiAlignOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  results.push_back({shapes.getDim(getRois(), 0), shapes.getDim(getX(), 1),
                     shapes.get(getHeight()), shapes.get(getWidth())});
  return success();
}

LogicalResult MaxRoiPoolOp::inferShapes(ShapeBuilder &shapes,
                                        Results &results) {
  results.push_back({shapes.getDim(getRois(), 0), shapes.getDim(getX(), 1),
                     shapes.get(getHeight()), shapes.get(getWidth())});
  return success();
}

LogicalResult Col2ImOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape image = getSizeElements(shapes, getImage());
  Shape block = getSizeElements(shapes, getBlock());
  size_t rank = image.size();
  if (block.size() != rank || getStrides().size() != rank ||
      getPads().size() != 2 * rank || getDilations().size() != rank)
    return emitOpError("expects ")
           << rank << " sizes, strides, dilations and pads at both ends";
  Shape from = shapes.getDims(getX());
  Shape result{from[0], divideProducts(shapes, from[1], block)};
  result.append(image);
  results.push_back(result);
  return success();
}

//===- Spectra -------------------------------------------------------------===//

/// How many different frequencies a real signal has.
static OpFoldResult getHalf(ShapeBuilder &shapes, OpFoldResult length) {
  return shapes.add(shapes.floorDiv(length, shapes.get(2)), shapes.get(1));
}

LogicalResult DFTOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape result = shapes.getDims(getX());
  int64_t rank = result.size();
  OpFoldResult axis = wrapIndex(shapes, shapes.getElements(getAxis())[0],
                                shapes.get(rank));
  if (std::optional<int64_t> known = getStatic(axis);
      known && (*known < 0 || *known >= rank - 1))
    return emitOpError("expects an axis before the last one, got ") << *known;
  bool isReal = getInverse() && getOnesided();
  OpFoldResult one = shapes.get(1);
  for (int64_t d = 0; d < rank - 1; ++d) {
    OpFoldResult length = result[d];
    if (getLength())
      length = getSizeElements(shapes, getLength())[0];
    else if (isReal)
      length = shapes.mul(shapes.get(2),
                          clampToSize(shapes, shapes.sub(length, one)));
    if (getOnesided() && !getInverse())
      length = getHalf(shapes, length);
    result[d] = shapes.selectEqual(axis, shapes.get(d), length, result[d]);
  }
  result.back() = shapes.get(isReal ? 1 : 2);
  results.push_back(result);
  return success();
}

LogicalResult STFTOp::inferShapes(ShapeBuilder &shapes, Results &results) {
  Shape signal = shapes.getDims(getSignal());
  OpFoldResult length = signal[1];
  if (getWindow())
    length = shapes.getDim(getWindow(), 0);
  else if (getLength())
    length = getSizeElements(shapes, getLength())[0];
  OpFoldResult zero = shapes.get(0), one = shapes.get(1);
  OpFoldResult step = shapes.getElements(getStep())[0];
  if (std::optional<int64_t> known = getStatic(step); known && *known <= 0)
    return emitOpError("expects a positive step, got ") << *known;
  OpFoldResult rest = shapes.sub(signal[1], length);
  OpFoldResult frames = shapes.add(
      shapes.floorDiv(clampToSize(shapes, rest), step), one);
  frames = shapes.selectLess(rest, zero, zero, frames);
  results.push_back({signal[0], frames,
                     getOnesided() ? getHalf(shapes, length) : length,
                     shapes.get(2)});
  return success();
}

LogicalResult MelWeightMatrixOp::inferShapes(ShapeBuilder &shapes,
                                             Results &results) {
  OpFoldResult length = getSizeElements(shapes, getLength())[0];
  results.push_back({getHalf(shapes, length),
                     getSizeElements(shapes, getBins())[0]});
  return success();
}
