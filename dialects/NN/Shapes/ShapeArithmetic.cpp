//===- ShapeArithmetic.cpp - Elements of small integer tensors ------------===//
//
// Exporters compute shapes in the graph: Shape -> Gather -> Mul -> Concat ->
// Reshape. What these ops do to the elements is known here, so that the sizes
// come out as numbers or as sums and products of symbolic dimensions.
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NN.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace burin::nn;

namespace {
using Combine = function_ref<OpFoldResult(OpFoldResult, OpFoldResult)>;

/// Small integers: rank 0 or 1, a static number of elements.
bool isSmall(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() <= 1 && type.hasStaticShape() &&
         type.getElementType().isIntOrIndex() && type.getNumElements() <= 64;
}

/// Elements of all operands, each stretched to the size of the result.
std::optional<SmallVector<Shape>> getOperands(Operation *op,
                                              ShapeBuilder &shapes) {
  int64_t count =
      cast<RankedTensorType>(op->getResult(0).getType()).getNumElements();
  SmallVector<Shape> operands;
  for (Value operand : op->getOperands()) {
    if (!isSmall(operand))
      return std::nullopt;
    std::optional<Shape> elements = shapes.findElements(operand);
    if (!elements)
      return std::nullopt;
    if (elements->size() == 1 && count != 1)
      elements->resize(count, elements->front());
    operands.push_back(*elements);
  }
  return operands;
}

std::optional<Shape> combine(Operation *op, ShapeBuilder &shapes, Combine f) {
  std::optional<SmallVector<Shape>> operands = getOperands(op, shapes);
  if (!operands)
    return std::nullopt;
  Shape result;
  for (auto [a, b] : llvm::zip_equal((*operands)[0], (*operands)[1]))
    result.push_back(f(a, b));
  return result;
}

/// The constants that an integer division may be done with here: both numbers,
/// or sizes (which are not negative) by a positive number.
OpFoldResult divide(ShapeBuilder &shapes, OpFoldResult a, OpFoldResult b) {
  std::optional<int64_t> x = getStatic(a), y = getStatic(b);
  if (x && y && *y != 0 && *y != -1)
    return shapes.get(*x / *y);
  return shapes.floorDiv(a, b);
}

std::optional<Shape> getWhere(WhereOp op, ShapeBuilder &shapes) {
  std::optional<SmallVector<Shape>> operands = getOperands(op, shapes);
  if (!operands)
    return std::nullopt;
  Shape result;
  for (auto [c, a, b] :
       llvm::zip_equal((*operands)[0], (*operands)[1], (*operands)[2]))
    result.push_back(shapes.selectEqual(c, shapes.get(0), b, a));
  return result;
}

/// Of x itself, if it is small: what Identity-like ops do.
std::optional<Shape> getSame(Value x, ShapeBuilder &shapes) {
  return isSmall(x) ? shapes.findElements(x) : std::nullopt;
}

std::optional<Shape> getResult(Operation *op, ShapeBuilder &shapes) {
  OpFoldResult zero = shapes.get(0), one = shapes.get(1);
  return llvm::TypeSwitch<Operation *, std::optional<Shape>>(op)
      .Case([&](ShapeOp op) {
        Shape dims;
        for (int64_t i = int64_t(op.getStart()); i < int64_t(op.getEnd()); ++i)
          dims.push_back(shapes.getDim(op.getX(), i));
        return dims;
      })
      .Case([&](SizeOp op) {
        return Shape{shapes.product(shapes.getDims(op.getX()))};
      })
      .Case([&](AddOp op) {
        return combine(op, shapes,
                       [&](auto a, auto b) { return shapes.add(a, b); });
      })
      .Case([&](SubOp op) {
        return combine(op, shapes,
                       [&](auto a, auto b) { return shapes.sub(a, b); });
      })
      .Case([&](MulOp op) {
        return combine(op, shapes,
                       [&](auto a, auto b) { return shapes.mul(a, b); });
      })
      .Case([&](DivOp op) {
        return combine(op, shapes,
                       [&](auto a, auto b) { return divide(shapes, a, b); });
      })
      .Case([&](ModOp op) {
        return combine(op, shapes, [&](auto a, auto b) {
          return shapes.sub(a, shapes.mul(shapes.floorDiv(a, b), b));
        });
      })
      .Case([&](MaximumOp op) {
        return combine(op, shapes,
                       [&](auto a, auto b) { return shapes.max(a, b); });
      })
      .Case([&](MinimumOp op) {
        return combine(op, shapes,
                       [&](auto a, auto b) { return shapes.min(a, b); });
      })
      .Case([&](EqualOp op) {
        return combine(op, shapes, [&](auto a, auto b) {
          return shapes.selectEqual(a, b, one, zero);
        });
      })
      .Case([&](LessOp op) {
        return combine(op, shapes, [&](auto a, auto b) {
          return shapes.selectLess(a, b, one, zero);
        });
      })
      .Case([&](GreaterOp op) {
        return combine(op, shapes, [&](auto a, auto b) {
          return shapes.selectLess(b, a, one, zero);
        });
      })
      .Case([&](NotOp op) -> std::optional<Shape> {
        std::optional<Shape> x = getSame(op.getX(), shapes);
        if (x && cast<TensorType>(op.getX().getType()).getElementType().isInteger(1))
          for (OpFoldResult &element : *x)
            element = shapes.selectEqual(element, zero, one, zero);
        else
          x.reset();
        return x;
      })
      .Case([&](CastOp op) -> std::optional<Shape> {
        auto from = cast<TensorType>(op.getX().getType()).getElementType();
        auto to = cast<TensorType>(op.getType()).getElementType();
        std::optional<Shape> x = getSame(op.getX(), shapes);
        if (!x || !to.isIntOrIndex() || !from.isIntOrIndex())
          return std::nullopt;
        for (OpFoldResult &element : *x)
          if (to.isInteger(1))
            element = shapes.selectEqual(element, zero, zero, one);
          else if (to.getIntOrFloatBitWidth() < 32 && !from.isInteger(1))
            return std::nullopt; // It may wrap.
        return x;
      })
      .Case([&](WhereOp op) { return getWhere(op, shapes); })
      .Case([&](ElementsOpInterface op) { return op.inferElements(shapes); })
      .Default([](Operation *) -> std::optional<Shape> { return std::nullopt; });
}
} // namespace

void burin::nn::recordElements(Operation *op, ShapeBuilder &shapes) {
  if (op->getNumResults() == 0 || !isSmall(op->getResult(0)))
    return;
  for (Value operand : op->getOperands())
    if (!isa<RankedTensorType>(operand.getType()))
      return;
  if (std::optional<Shape> elements = getResult(op, shapes))
    shapes.setElements(op->getResult(0), *elements);
}
