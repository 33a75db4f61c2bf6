//===- Lowering.cpp - Pieces that nn lowerings are built with -------------===//

#include "passes/Lower/Lowering.h"
#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace burin;

Value Lowering::createEmpty(ArrayRef<OpFoldResult> shape, Type storage) {
  return builder.create<tensor::EmptyOp>(SmallVector<OpFoldResult>(shape),
                                         storage);
}

Value Lowering::createFilled(ArrayRef<OpFoldResult> shape, TypedAttr value) {
  Value scalar = builder.create<arith::ConstantOp>(value);
  Value empty = createEmpty(shape, value.getType());
  return builder.create<linalg::FillOp>(scalar, empty).getResult(0);
}

Value Lowering::createConstant(Type type, double value) {
  if (isa<FloatType>(type))
    return builder.create<arith::ConstantOp>(builder.getFloatAttr(type, value));
  return builder.create<arith::ConstantOp>(
      builder.getIntegerAttr(type, int64_t(value)));
}

Value Lowering::createGeneric(
    ValueRange inputs, Value init, ArrayRef<AffineMap> maps,
    ArrayRef<utils::IteratorType> iterators,
    function_ref<Value(ImplicitLocOpBuilder &, ValueRange)> body) {
  return builder
      .create<linalg::GenericOp>(
          init.getType(), inputs, init, maps, iterators,
          [&](OpBuilder &nested, Location loc, ValueRange args) {
            ImplicitLocOpBuilder b(loc, nested);
            b.create<linalg::YieldOp>(body(b, args));
          })
      .getResult(0);
}

/// `tensor` stretched where a dynamic dimension that may be 1 is not the
/// result's; what it is otherwise. Which of the two is known only at run time.
static Value stretchAtRunTime(Lowering &lowering, Value tensor, Shape from,
                              Shape to) {
  ImplicitLocOpBuilder &b = lowering.builder;
  Value differs;
  for (auto [have, want] : llvm::zip_equal(from, to)) {
    if (nn::areEqual(have, want) || nn::getStatic(have))
      continue;
    Value test = b.create<arith::CmpIOp>(arith::CmpIPredicate::ne,
                                         lowering.shapes.getValue(have),
                                         lowering.shapes.getValue(want));
    differs = differs ? b.create<arith::OrIOp>(differs, test) : test;
  }
  Type storage = cast<RankedTensorType>(tensor.getType()).getElementType();
  SmallVector<OpFoldResult> sizes;
  for (auto [have, want] : llvm::zip_equal(from, to))
    sizes.push_back(nn::getStatic(have) ? have : want);
  auto type = RankedTensorType::get(nn::getStaticShape(sizes), storage);
  nn::ShapeBuilder::Scope scope(lowering.shapes);
  auto choice = b.create<scf::IfOp>(
      type, differs, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  OpFoldResult one = lowering.shapes.get(1);
  for (auto [have, want] : llvm::zip_equal(from, to))
    if (!nn::getStatic(have))
      requireEqual(lowering, lowering.shapes.selectEqual(have, one, want, have),
                   want, "expects operands whose sizes fit together");
  SmallVector<Value> lasts;
  for (OpFoldResult size : from)
    lasts.push_back(b.create<arith::SubIOp>(
        lowering.shapes.getValue(size), b.create<arith::ConstantIndexOp>(1)));
  AffineMap identity = b.getMultiDimIdentityMap(from.size());
  SmallVector<utils::IteratorType> loops(from.size(),
                                         utils::IteratorType::parallel);
  Value stretched = lowering.createGeneric(
      {}, lowering.createEmpty(sizes, storage), identity, loops,
      [&](ImplicitLocOpBuilder &nested, ValueRange) -> Value {
        SmallVector<Value> at;
        for (auto [i, last] : llvm::enumerate(lasts))
          at.push_back(nested.create<arith::MinSIOp>(
              nested.create<linalg::IndexOp>(i), last));
        return nested.create<tensor::ExtractOp>(tensor, at);
      });
  b.create<scf::YieldOp>(stretched);
  b.setInsertionPointToStart(choice.elseBlock());
  Value same = tensor;
  if (tensor.getType() != type)
    same = b.create<tensor::CastOp>(type, tensor);
  b.create<scf::YieldOp>(same);
  return choice.getResult(0);
}

/// The map from the result's loops to an operand aligned at the right; replaces
/// `tensor` where broadcasting has to be decided at run time.
static AffineMap getBroadcastMap(Lowering &lowering, Value &tensor,
                                 const Shape &from, const Shape &to) {
  MLIRContext *context = lowering.builder.getContext();
  size_t offset = to.size() - from.size();
  bool mayStretch = false;
  SmallVector<AffineExpr> exprs;
  for (size_t i = 0; i < from.size(); ++i) {
    OpFoldResult have = from[i], want = to[offset + i];
    std::optional<int64_t> size = nn::getStatic(have);
    bool isOne = size && *size == 1 && !nn::areEqual(have, want);
    if (size && !isOne)
      requireEqual(lowering, have, want, "expects operands whose sizes fit together");
    mayStretch |= !isOne && !size && !nn::areEqual(have, want);
    exprs.push_back(isOne ? getAffineConstantExpr(0, context)
                          : getAffineDimExpr(offset + i, context));
  }
  if (mayStretch)
    tensor = stretchAtRunTime(lowering, tensor, from,
                              Shape(ArrayRef(to).drop_front(offset)));
  return AffineMap::get(to.size(), 0, exprs, context);
}

Value Lowering::createElementwise(ArrayRef<Value> operands,
                                  ArrayRef<Shape> operandShapes,
                                  ArrayRef<OpFoldResult> shape,
                                  ArrayRef<Type> types, ScalarBody body) {
  SmallVector<Value> inputs(operands);
  SmallVector<AffineMap> maps;
  for (auto [input, from] : llvm::zip_equal(inputs, operandShapes))
    maps.push_back(getBroadcastMap(*this, input, from, Shape(shape)));
  maps.push_back(builder.getMultiDimIdentityMap(shape.size()));
  SmallVector<utils::IteratorType> loops(shape.size(),
                                         utils::IteratorType::parallel);
  return createGeneric(
      inputs, createEmpty(shape, getStorageType(types.back())), maps, loops,
      [&](ImplicitLocOpBuilder &b, ValueRange args) {
        SmallVector<Value> scalars;
        for (auto [arg, type] :
             llvm::zip_equal(args.drop_back(), types.drop_back()))
          scalars.push_back(toCompute(b, arg, type));
        return toStorage(b, body(b, scalars), types.back());
      });
}

Value Lowering::createElementwise(Operation *op, ScalarBody body) {
  SmallVector<Value> operands;
  SmallVector<Shape> operandShapes;
  SmallVector<Type> types;
  for (Value operand : op->getOperands()) {
    operands.push_back(get(operand));
    operandShapes.push_back(getShape(operand));
    types.push_back(getElementTypeOrSelf(operand.getType()));
  }
  types.push_back(getElementTypeOrSelf(op->getResult(0).getType()));
  return createElementwise(operands, operandShapes, getShape(op->getResult(0)),
                           types, body);
}

Value Lowering::createCast(Value tensor, ArrayRef<OpFoldResult> shape) {
  auto type = cast<RankedTensorType>(tensor.getType());
  auto wanted =
      RankedTensorType::get(nn::getStaticShape(shape), type.getElementType());
  if (type == wanted)
    return tensor;
  return builder.create<tensor::CastOp>(wanted, tensor);
}

Value Lowering::createTranspose(Value tensor, ArrayRef<OpFoldResult> from,
                                ArrayRef<int64_t> permutation) {
  if (auto constant = tensor.getDefiningOp<arith::ConstantOp>())
    if (ElementsAttr moved = nn::transposeElements(
            cast<ElementsAttr>(constant.getValue()), permutation))
      return builder.create<arith::ConstantOp>(cast<TypedAttr>(Attribute(moved)));
  Shape to;
  SmallVector<AffineExpr> exprs(permutation.size());
  for (auto [d, source] : llvm::enumerate(permutation)) {
    to.push_back(from[source]);
    exprs[source] = builder.getAffineDimExpr(d);
  }
  unsigned rank = permutation.size();
  AffineMap maps[] = {AffineMap::get(rank, 0, exprs, builder.getContext()),
                      builder.getMultiDimIdentityMap(rank)};
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  Type storage = cast<RankedTensorType>(tensor.getType()).getElementType();
  return createGeneric(
      tensor, createEmpty(to, storage), maps, loops,
      [](ImplicitLocOpBuilder &, ValueRange args) { return args[0]; });
}

Value Lowering::createBroadcast(Value tensor, ArrayRef<OpFoldResult> from,
                                ArrayRef<OpFoldResult> to) {
  Type storage = cast<RankedTensorType>(tensor.getType()).getElementType();
  AffineMap map = getBroadcastMap(*this, tensor, Shape(from), Shape(to));
  SmallVector<utils::IteratorType> loops(to.size(),
                                         utils::IteratorType::parallel);
  return createGeneric(
      tensor, createEmpty(to, storage),
      {map, builder.getMultiDimIdentityMap(to.size())}, loops,
      [](ImplicitLocOpBuilder &, ValueRange args) { return args[0]; });
}

Value Lowering::createStretched(Value tensor, ArrayRef<OpFoldResult> from,
                                ArrayRef<OpFoldResult> to) {
  getBroadcastMap(*this, tensor, Shape(from), Shape(to));
  return tensor;
}

void burin::requireEqual(Lowering &l, OpFoldResult a, OpFoldResult b,
                         const Twine &what) {
  if (nn::areEqual(a, b))
    return;
  Value same = l.builder.create<arith::CmpIOp>(
      arith::CmpIPredicate::eq, l.shapes.getValue(a), l.shapes.getValue(b));
  l.createCheck(same, what);
}

void Lowering::createCheck(Value condition, const Twine &message) {
  builder.create<exec::CheckOp>(condition, message.str());
}

SmallVector<Value> Lowering::createCall(StringRef kernel, ValueRange inputs,
                                        ValueRange inits,
                                        ArrayRef<int64_t> params,
                                        ArrayRef<Type> types) {
  SmallVector<int32_t> dtypes = llvm::map_to_vector(types, getDType);
  return builder
      .create<exec::CallOp>(inits.getTypes(), kernel, inputs, inits, params,
                            dtypes)
      .getResults();
}
