//===- NNQuantOps.cpp - Shapes of quantization ----------------------------===//

#include "dialects/NN/NN.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace burin::nn;

static RankedTensorType getRanked(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// quantize, dequantize
//===----------------------------------------------------------------------===//

/// One number for all elements, whatever its rank.
static bool isSingle(Value value) {
  RankedTensorType type = getRanked(value);
  return type.hasStaticShape() && type.getNumElements() == 1;
}

/// What the types say about scales and zero points.
template <typename OpTy>
static LogicalResult verifyScaled(OpTy op) {
  RankedTensorType x = getRanked(op.getX()), scale = getRanked(op.getScale());
  int64_t axis = op.getAxis(), block = op.getBlockSize();
  if (x.getRank() != 0 && (axis < 0 || axis >= x.getRank()))
    return op.emitOpError("expects an axis in [0, ")
           << x.getRank() << "), got " << axis;
  if (block < 0)
    return op.emitOpError("expects a block_size of at least 0, got ") << block;
  bool fits = isSingle(op.getScale()) ||
              (block ? scale.getRank() == x.getRank()
                     : scale.getRank() <= (x.getRank() ? 1 : 0));
  if (!fits)
    return op.emitOpError("expects scale to be a scalar, a vector or, with "
                          "block_size, of the rank of x, got ")
           << scale;
  // One for all may be so only when the model runs.
  Value zero = op.getZeroPoint();
  if (zero && !isSingle(zero) &&
      failed(verifyCompatibleShape(getRanked(zero), scale)) &&
      !(isSingle(op.getScale()) && getRanked(zero).getRank() == 1 &&
        getRanked(zero).isDynamicDim(0)))
    return op.emitOpError("expects zero_point of the shape of scale, got ")
           << op.getZeroPoint().getType() << " and " << scale;
  return success();
}

LogicalResult QuantizeOp::verify() { return verifyScaled(*this); }
LogicalResult DequantizeOp::verify() { return verifyScaled(*this); }

/// The sizes of `scale`, if it is not one for all.
template <typename OpTy>
static std::optional<Shape> getScaleShape(OpTy op, ShapeBuilder &shapes,
                                          const Shape &x) {
  if (isSingle(op.getScale()))
    return std::nullopt;
  int64_t axis = op.getAxis(), block = op.getBlockSize();
  if (block == 0)
    return Shape{x[axis]};
  Shape shape = x;
  shape[axis] = shapes.ceilDiv(x[axis], shapes.get(block));
  return shape;
}

template <typename OpTy>
static LogicalResult inferScaled(OpTy op, ShapeBuilder &shapes,
                                 SmallVectorImpl<Shape> &results) {
  if (failed(verifyScaled(op)))
    return failure();
  Shape x = shapes.getDims(op.getX());
  if (std::optional<Shape> expected = getScaleShape(op, shapes, x)) {
    for (Value value : {op.getScale(), op.getZeroPoint()})
      for (auto [d, size] : llvm::enumerate(*expected)) {
        std::optional<int64_t> wanted = getStatic(size);
        std::optional<int64_t> got = value && !isSingle(value)
                                         ? getStatic(shapes.getDim(value, d))
                                         : wanted;
        if (wanted && got && *wanted != *got)
          return op.emitOpError("expects scale and zero_point of size ")
                 << *wanted << " in dimension " << d << ", got " << *got;
      }
  }
  results.push_back(x);
  return success();
}

LogicalResult QuantizeOp::inferShapes(ShapeBuilder &shapes,
                                      SmallVectorImpl<Shape> &results) {
  return inferScaled(*this, shapes, results);
}

LogicalResult DequantizeOp::inferShapes(ShapeBuilder &shapes,
                                        SmallVectorImpl<Shape> &results) {
  return inferScaled(*this, shapes, results);
}

LogicalResult DynamicQuantizeOp::inferShapes(ShapeBuilder &shapes,
                                             SmallVectorImpl<Shape> &results) {
  results.push_back(shapes.getDims(getX()));
  results.append(2, Shape());
  return success();
}

//===----------------------------------------------------------------------===//
// matmul_nbits
//===----------------------------------------------------------------------===//

/// The number of elements of an operand must be `wanted`.
static LogicalResult verifyCount(MatMulNBitsOp op, StringRef name, Value value,
                                 int64_t wanted) {
  RankedTensorType type = getRanked(value);
  if (type.hasStaticShape() && type.getNumElements() == wanted)
    return success();
  return op.emitOpError("expects ")
         << name << " of " << wanted << " elements, got " << type;
}

LogicalResult MatMulNBitsOp::inferShapes(ShapeBuilder &shapes,
                                         SmallVectorImpl<Shape> &results) {
  // Sizes whose products fit: the weights lie in memory.
  constexpr int64_t most = int64_t(1) << 31;
  int64_t k = getK(), n = getN(), bits = getBits(), block = getBlockSize();
  if (k <= 0 || n <= 0 || k >= most || n >= most)
    return emitOpError("expects k and n of 1 to 2^31, got ")
           << k << " and " << n;
  if ((bits != 2 && bits != 4 && bits != 8) || block < 16 || block > (1 << 20) ||
      (block & (block - 1)) != 0)
    return emitOpError("expects 2, 4 or 8 bits and blocks of a power of two of at "
                       "least 16, got ")
           << bits << " and " << block;
  int64_t blocks = (k + block - 1) / block;
  if (failed(verifyCount(*this, "b", getB(), n * blocks * (block * bits / 8))) ||
      failed(verifyCount(*this, "scales", getScales(), n * blocks)))
    return failure();
  if (Value zeros = getZeroPoints()) {
    bool packed = !isa<FloatType>(getRanked(zeros).getElementType());
    int64_t perRow = packed ? (blocks * bits + 7) / 8 : blocks;
    if (failed(verifyCount(*this, "zero_points", zeros, n * perRow)))
      return failure();
  }
  if (getBias() && failed(verifyCount(*this, "bias", getBias(), n)))
    return failure();
  Shape shape = shapes.getDims(getA());
  std::optional<int64_t> depth =
      shape.empty() ? 0 : getStatic(shape.back());
  if (shape.empty() || (depth && *depth != k))
    return emitOpError("expects a with rows of ")
           << k << " elements, got " << getA().getType();
  shape.back() = shapes.get(n);
  results.push_back(shape);
  return success();
}
