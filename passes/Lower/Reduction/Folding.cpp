//===- Folding.cpp - Loops that fold some dimensions ----------------------===//

#include "passes/Lower/Reduction/Folding.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace burin;

TypedAttr burin::getLowest(Type type, bool isUnsigned) {
  if (auto real = dyn_cast<FloatType>(type))
    return FloatAttr::get(
        type, APFloat::getInf(real.getFloatSemantics(), /*Negative=*/true));
  unsigned width = type.getIntOrFloatBitWidth();
  return IntegerAttr::get(type, isUnsigned ? APInt::getMinValue(width)
                                           : APInt::getSignedMinValue(width));
}

TypedAttr burin::getHighest(Type type, bool isUnsigned) {
  if (auto real = dyn_cast<FloatType>(type))
    return FloatAttr::get(type, APFloat::getInf(real.getFloatSemantics()));
  unsigned width = type.getIntOrFloatBitWidth();
  return IntegerAttr::get(type, isUnsigned ? APInt::getMaxValue(width)
                                           : APInt::getSignedMaxValue(width));
}

Type burin::getStatisticsType(Type element) {
  return element.isF64() ? element : Float32Type::get(element.getContext());
}

Folding::Folding(Lowering &lowering, Shape shape, ArrayRef<int64_t> axes)
    : l(lowering), shape(std::move(shape)), isFolded(this->shape.size()) {
  for (int64_t axis : axes)
    isFolded[axis] = true;
}

SmallVector<int64_t> Folding::getDims(bool keptOnly) const {
  SmallVector<int64_t> dims;
  for (auto [d, folded] : llvm::enumerate(isFolded))
    if (!keptOnly || !folded)
      dims.push_back(d);
  return dims;
}

Shape Folding::getKept() const {
  Shape kept;
  for (int64_t d : getDims(/*keptOnly=*/true))
    kept.push_back(shape[d]);
  return kept;
}

OpFoldResult Folding::getCount() const {
  OpFoldResult count = l.shapes.get(1);
  for (auto [size, folded] : llvm::zip_equal(shape, isFolded))
    if (folded)
      count = l.shapes.mul(count, size);
  return count;
}

Value Folding::getCount(Type type) const {
  OpFoldResult count = getCount();
  if (std::optional<int64_t> known = nn::getStatic(count))
    return l.createConstant(type, double(*known));
  Value integer = l.builder.create<arith::IndexCastOp>(
      l.builder.getI64Type(), l.shapes.getValue(count));
  return l.builder.create<arith::SIToFPOp>(type, integer);
}

Folding::Input Folding::withDims(Value tensor, ArrayRef<int64_t> dims,
                                 Type element, Type as) const {
  SmallVector<AffineExpr> exprs;
  for (int64_t d : dims)
    exprs.push_back(l.builder.getAffineDimExpr(d));
  return {tensor,
          AffineMap::get(shape.size(), 0, exprs, l.builder.getContext()),
          element, as ? as : element};
}

Folding::Input Folding::all(Value tensor, Type element, Type as) const {
  return withDims(tensor, getDims(/*keptOnly=*/false), element, as);
}

Folding::Input Folding::kept(Value tensor, Type element, Type as) const {
  return withDims(tensor, getDims(/*keptOnly=*/true), element, as);
}

Folding::Input Folding::broadcast(Value tensor, ArrayRef<OpFoldResult> from,
                                  Type element, Type as) const {
  size_t offset = shape.size() - from.size();
  Shape to(ArrayRef(shape).drop_front(offset));
  SmallVector<AffineExpr> exprs;
  bool isUncertain = false;
  for (auto [i, have, want] : llvm::enumerate(from, to)) {
    bool isOne = nn::getStatic(have) == 1 && !nn::areEqual(have, want);
    isUncertain |= !nn::getStatic(have) && !nn::areEqual(have, want);
    if (nn::getStatic(have) && !isOne)
      requireEqual(l, have, want, "expects operands whose sizes fit together");
    exprs.push_back(isOne ? l.builder.getAffineConstantExpr(0)
                          : l.builder.getAffineDimExpr(offset + i));
  }
  if (isUncertain) {
    tensor = l.createBroadcast(tensor, from, to);
    for (auto [i, expr] : llvm::enumerate(exprs))
      expr = l.builder.getAffineDimExpr(offset + i);
  }
  return {tensor,
          AffineMap::get(shape.size(), 0, exprs, l.builder.getContext()),
          element, as ? as : element};
}

SmallVector<Value> Folding::load(ImplicitLocOpBuilder &b,
                                 ArrayRef<Input> inputs,
                                 ValueRange args) const {
  SmallVector<Value> scalars;
  for (auto [input, arg] : llvm::zip_first(inputs, args)) {
    Value scalar = Lowering::toCompute(b, arg, input.element);
    if (input.as != input.element)
      scalar = Lowering::castScalar(b, scalar, input.element, input.as, true);
    scalars.push_back(scalar);
  }
  return scalars;
}

Value Folding::fold(ArrayRef<Input> inputs, TypedAttr init, Body body,
                    Body combine) const {
  SmallVector<Value> tensors;
  SmallVector<AffineMap> maps;
  for (const Input &input : inputs) {
    tensors.push_back(input.tensor);
    maps.push_back(input.map);
  }
  maps.push_back(kept({}, init.getType()).map);
  SmallVector<utils::IteratorType> loops;
  for (bool folded : isFolded)
    loops.push_back(folded ? utils::IteratorType::reduction
                           : utils::IteratorType::parallel);
  return l.createGeneric(tensors, l.createFilled(getKept(), init), maps, loops,
                         [&](ImplicitLocOpBuilder &b, ValueRange args) {
                           Value mapped = body(b, load(b, inputs, args));
                           return combine(b, {args.back(), mapped});
                         });
}

Value Folding::foldSum(ArrayRef<Input> inputs, Type type, Body body) const {
  return fold(inputs, l.builder.getZeroAttr(type), body,
              [](ImplicitLocOpBuilder &b, ArrayRef<Value> args) -> Value {
                if (isa<FloatType>(args[0].getType()))
                  return b.create<arith::AddFOp>(args[0], args[1]);
                return b.create<arith::AddIOp>(args[0], args[1]);
              });
}

Value Folding::foldMax(const Input &input, bool keepsNaN) const {
  Type type = getComputeType(input.as);
  bool isUnsigned = burin::isUnsigned(input.as);
  return fold(
      input, getLowest(type, isUnsigned),
      [](ImplicitLocOpBuilder &, ArrayRef<Value> args) { return args[0]; },
      [&](ImplicitLocOpBuilder &b, ArrayRef<Value> args) -> Value {
        using Flags = arith::FastMathFlags;
        if (isa<FloatType>(type))
          return b.create<arith::MaximumFOp>(
              args[0], args[1],
              keepsNaN ? Flags::none : Flags::nnan | Flags::nsz);
        if (isUnsigned)
          return b.create<arith::MaxUIOp>(args[0], args[1]);
        return b.create<arith::MaxSIOp>(args[0], args[1]);
      });
}

Value Folding::update(Value tensor, ArrayRef<Input> inputs, Type element,
                      Body body) const {
  SmallVector<Value> tensors;
  SmallVector<AffineMap> maps;
  SmallVector<Input> all(inputs);
  all.push_back(this->all(tensor, element));
  for (const Input &input : inputs)
    tensors.push_back(input.tensor);
  for (const Input &input : all)
    maps.push_back(input.map);
  SmallVector<utils::IteratorType> loops(shape.size(),
                                         utils::IteratorType::parallel);
  return l.createGeneric(
      tensors, tensor, maps, loops, [&](ImplicitLocOpBuilder &b, ValueRange args) {
        return Lowering::toStorage(b, body(b, load(b, all, args)), element);
      });
}

Value Folding::map(ArrayRef<Input> inputs, Type element, Body body) const {
  SmallVector<Value> tensors;
  SmallVector<AffineMap> maps;
  for (const Input &input : inputs) {
    tensors.push_back(input.tensor);
    maps.push_back(input.map);
  }
  maps.push_back(all({}, element).map);
  SmallVector<utils::IteratorType> loops(shape.size(),
                                         utils::IteratorType::parallel);
  return l.createGeneric(
      tensors, l.createEmpty(shape, getStorageType(element)), maps, loops,
      [&](ImplicitLocOpBuilder &b, ValueRange args) {
        return Lowering::toStorage(b, body(b, load(b, inputs, args)), element);
      });
}

Value Folding::mapKept(ArrayRef<Value> tensors, Type type, Body body) const {
  Shape kept = getKept();
  SmallVector<Shape> shapes(tensors.size(), kept);
  SmallVector<Type> types(tensors.size() + 1, type);
  return l.createElementwise(tensors, shapes, kept, types, body);
}
