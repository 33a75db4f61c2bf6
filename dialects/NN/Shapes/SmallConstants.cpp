//===- SmallConstants.cpp - Sizes that are calculated in floats -----------===//
//
// Exporters also calculate sizes as floats, from constants: the largest of one
// number, cast to an integer and back, divided, rounded up. Folded, they leave the
// sizes of whole networks known. Integers are the matter of ShapeArithmetic.
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NN.h"
#include <cmath>

using namespace mlir;
using namespace burin::nn;

namespace {
constexpr int64_t mostElements = 64;

/// A small constant of f32; null if it is none.
DenseElementsAttr getFloats(Attribute value) {
  auto dense = dyn_cast_or_null<DenseElementsAttr>(value);
  return dense && dense.getElementType().isF32() && dense.getNumElements() > 0 &&
                 dense.getNumElements() <= mostElements
             ? dense
             : DenseElementsAttr();
}

RankedTensorType getSmall(Value result) {
  auto type = dyn_cast<RankedTensorType>(result.getType());
  return type && type.hasStaticShape() && type.getNumElements() <= mostElements
             ? type
             : RankedTensorType();
}

OpFoldResult foldBinary(Attribute left, Attribute right, Value result,
                        function_ref<float(float, float)> f) {
  DenseElementsAttr a = getFloats(left), b = getFloats(right);
  RankedTensorType type = getSmall(result);
  if (!a || !b || !type)
    return {};
  int64_t count = type.getNumElements();
  for (DenseElementsAttr x : {a, b}) // Equal shapes, or one number for all.
    if (x.getNumElements() != 1 && x.getType() != type)
      return {};
  SmallVector<float> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(f(a.getValues<float>()[a.getNumElements() == 1 ? 0 : i],
                       b.getValues<float>()[b.getNumElements() == 1 ? 0 : i]));
  return DenseElementsAttr::get(type, ArrayRef<float>(values));
}

OpFoldResult foldUnary(Attribute operand, Value result, function_ref<float(float)> f) {
  DenseElementsAttr x = getFloats(operand);
  if (!x || !getSmall(result))
    return {};
  SmallVector<float> values = llvm::map_to_vector(x.getValues<float>(), f);
  return DenseElementsAttr::get(getSmall(result), ArrayRef<float>(values));
}

/// Of one element alone.
OpFoldResult foldReduction(Attribute operand, Value result) {
  DenseElementsAttr x = getFloats(operand);
  RankedTensorType type = getSmall(result);
  return x && type && x.getNumElements() == 1 && type.getNumElements() == 1
             ? x.reshape(type)
             : DenseElementsAttr();
}

/// f32 to an integer that holds it; none if one is not a number or too large.
OpFoldResult castToIntegers(DenseElementsAttr x, RankedTensorType type) {
  unsigned width = type.getElementTypeBitWidth();
  SmallVector<APInt> values;
  for (float value : x.getValues<float>()) {
    APSInt integer(width, /*isUnsigned=*/false);
    bool isExact;
    if (APFloat(value).convertToInteger(integer, APFloat::rmTowardZero, &isExact) ==
        APFloat::opInvalidOp)
      return {};
    values.push_back(integer);
  }
  return DenseElementsAttr::get(type, values);
}
} // namespace

OpFoldResult CastOp::fold(FoldAdaptor adaptor) {
  auto x = dyn_cast_or_null<DenseElementsAttr>(adaptor.getX());
  RankedTensorType type = getSmall(getResult());
  if (!x || !type)
    return {};
  auto isWord = [](Type t) { return t.isSignlessInteger(32) || t.isSignlessInteger(64); };
  if (getFloats(x) && isWord(type.getElementType()))
    return castToIntegers(x, type);
  if (!isWord(x.getElementType()) || !type.getElementType().isF32())
    return {};
  return DenseElementsAttr::get(
      type, ArrayRef<float>(llvm::map_to_vector(x.getValues<APInt>(), [](const APInt &i) {
        return float(i.getSExtValue());
      })));
}

OpFoldResult AddOp::fold(FoldAdaptor adaptor) {
  return foldBinary(adaptor.getA(), adaptor.getB(), getResult(),
                    [](float a, float b) { return a + b; });
}

OpFoldResult SubOp::fold(FoldAdaptor adaptor) {
  return foldBinary(adaptor.getA(), adaptor.getB(), getResult(),
                    [](float a, float b) { return a - b; });
}

OpFoldResult MulOp::fold(FoldAdaptor adaptor) {
  return foldBinary(adaptor.getA(), adaptor.getB(), getResult(),
                    [](float a, float b) { return a * b; });
}

OpFoldResult DivOp::fold(FoldAdaptor adaptor) {
  return foldBinary(adaptor.getA(), adaptor.getB(), getResult(),
                    [](float a, float b) { return a / b; });
}

OpFoldResult CeilOp::fold(FoldAdaptor adaptor) {
  return foldUnary(adaptor.getX(), getResult(), [](float x) { return std::ceil(x); });
}

OpFoldResult FloorOp::fold(FoldAdaptor adaptor) {
  return foldUnary(adaptor.getX(), getResult(), [](float x) { return std::floor(x); });
}

OpFoldResult ReduceMaxOp::fold(FoldAdaptor adaptor) {
  return foldReduction(adaptor.getX(), getResult());
}

OpFoldResult ReduceMinOp::fold(FoldAdaptor adaptor) {
  return foldReduction(adaptor.getX(), getResult());
}
