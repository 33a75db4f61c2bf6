//===- ShapeBuilder.cpp - Sizes of tensors, as constants or values --------===//

#include "dialects/NN/ShapeBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace burin::nn;

/// More than any shape has, with room for pads of every dimension.
static constexpr int64_t maxElements = 256;

std::optional<int64_t> burin::nn::getStatic(OpFoldResult size) {
  return getConstantIntValue(size);
}

SmallVector<int64_t>
burin::nn::getStaticShape(ArrayRef<OpFoldResult> shape) {
  return llvm::map_to_vector(shape, [](OpFoldResult size) {
    std::optional<int64_t> known = size ? getStatic(size) : std::nullopt;
    return known && *known >= 0 ? *known : ShapedType::kDynamic;
  });
}

bool burin::nn::areEqual(OpFoldResult a, OpFoldResult b) {
  if (a == b)
    return true;
  std::optional<int64_t> x = getStatic(a), y = getStatic(b);
  return x && y && *x == *y;
}

Location ShapeBuilder::getLoc() const {
  return loc ? *loc : UnknownLoc::get(builder.getContext());
}

template <typename OpTy, typename... Args>
Value ShapeBuilder::buildOnce(int64_t tag, ArrayRef<Value> operands,
                              Args &&...args) {
  static const char kind = 0; // One address per instantiation.
  std::vector<void *> key = {const_cast<char *>(&kind),
                             reinterpret_cast<void *>(tag)};
  for (Value operand : operands)
    key.push_back(operand.getAsOpaquePointer());
  Value &value = built[key];
  if (!value)
    value = builder.createOrFold<OpTy>(getLoc(), std::forward<Args>(args)...);
  return value;
}

OpFoldResult ShapeBuilder::get(int64_t number) {
  return builder.getIndexAttr(number);
}

Value ShapeBuilder::getValue(OpFoldResult size) {
  if (auto value = dyn_cast<Value>(size))
    return value;
  int64_t number = *getStatic(size);
  return buildOnce<arith::ConstantIndexOp>(number, {}, number);
}

OpFoldResult ShapeBuilder::getDim(Value tensor, int64_t i) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(i))
    return get(type.getDimSize(i));
  if (auto known = dims.find(tensor); known != dims.end())
    return known->second[i];
  Value dim = buildOnce<tensor::DimOp>(i, {tensor}, getSource(tensor), i);
  return getAsOpFoldResult(dim);
}

Shape ShapeBuilder::getDims(Value tensor) {
  Shape shape;
  for (int64_t i = 0, e = cast<RankedTensorType>(tensor.getType()).getRank();
       i < e; ++i)
    shape.push_back(getDim(tensor, i));
  return shape;
}

void ShapeBuilder::setDims(Value tensor, ArrayRef<OpFoldResult> sizes) {
  dims[tensor] = Shape(sizes);
}

void ShapeBuilder::setElements(Value tensor, ArrayRef<OpFoldResult> values) {
  elements[tensor] = Shape(values);
}

std::optional<Shape> ShapeBuilder::findElements(Value tensor) const {
  if (auto known = elements.find(tensor); known != elements.end())
    return known->second;
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  DenseIntElementsAttr constant;
  if (!type || type.getRank() > 1 || !type.hasStaticShape() ||
      type.getNumElements() > maxElements ||
      !matchPattern(tensor, m_Constant(&constant)))
    return std::nullopt;
  Shape values;
  for (const APInt &element : constant.getValues<APInt>())
    values.push_back(builder.getIndexAttr(
        type.getElementType().isUnsignedInteger() ||
                type.getElementType().isInteger(1)
            ? int64_t(element.getZExtValue())
            : element.getSExtValue()));
  return values;
}

std::optional<SmallVector<int64_t>>
ShapeBuilder::findConstants(Value tensor) const {
  std::optional<Shape> values = findElements(tensor);
  return values ? getConstantIntValues(*values) : std::nullopt;
}

Shape ShapeBuilder::getElements(Value tensor) {
  if (std::optional<Shape> known = findElements(tensor))
    return *known;
  auto type = cast<RankedTensorType>(tensor.getType());
  Shape values;
  for (int64_t i = 0, e = type.getNumElements(); i < e; ++i) {
    SmallVector<Value, 1> at;
    if (type.getRank() == 1)
      at.push_back(getValue(get(i)));
    Value element =
        buildOnce<tensor::ExtractOp>(i, {tensor}, getSource(tensor), at);
    bool isUnsigned = type.getElementType().isUnsignedInteger() ||
                      type.getElementType().isInteger(1);
    values.push_back(
        isUnsigned ? buildOnce<arith::IndexCastUIOp>(
                         0, {element}, builder.getIndexType(), element)
                   : buildOnce<arith::IndexCastOp>(
                         0, {element}, builder.getIndexType(), element));
  }
  return values;
}

/// The same for both orders. Addresses differ from run to run, so what is built must
/// not depend on them.
static std::array<Value, 2> orderForLookup(Value lhs, Value rhs) {
  if (lhs.getAsOpaquePointer() > rhs.getAsOpaquePointer())
    return {rhs, lhs};
  return {lhs, rhs};
}

OpFoldResult ShapeBuilder::add(OpFoldResult a, OpFoldResult b) {
  std::optional<int64_t> x = getStatic(a), y = getStatic(b);
  if (x && y)
    return get(llvm::checkedAdd(*x, *y).value_or(INT64_MAX));
  if (x && *x == 0)
    return b;
  if (y && *y == 0)
    return a;
  Value lhs = getValue(a), rhs = getValue(b);
  return getAsOpFoldResult(
      buildOnce<arith::AddIOp>(0, orderForLookup(lhs, rhs), lhs, rhs));
}

OpFoldResult ShapeBuilder::sub(OpFoldResult a, OpFoldResult b) {
  if (areEqual(a, b))
    return get(0);
  std::optional<int64_t> x = getStatic(a), y = getStatic(b);
  if (x && y)
    return get(llvm::checkedSub(*x, *y).value_or(INT64_MAX));
  if (y && *y == 0)
    return a;
  // (p + q) - p is q: what was appended to a cache.
  if (auto sum = dyn_cast_or_null<Value>(a))
    if (auto op = sum.getDefiningOp<arith::AddIOp>())
      for (int i : {0, 1})
        if (areEqual(getAsOpFoldResult(op->getOperand(i)), b))
          return getAsOpFoldResult(op->getOperand(1 - i));
  Value lhs = getValue(a), rhs = getValue(b);
  return getAsOpFoldResult(buildOnce<arith::SubIOp>(0, {lhs, rhs}, lhs, rhs));
}

OpFoldResult ShapeBuilder::mul(OpFoldResult a, OpFoldResult b) {
  std::optional<int64_t> x = getStatic(a), y = getStatic(b);
  if (x && y)
    return get(llvm::checkedMul(*x, *y).value_or(INT64_MAX));
  if ((x && *x == 0) || (y && *y == 0))
    return get(0);
  if (x && *x == 1)
    return b;
  if (y && *y == 1)
    return a;
  Value lhs = getValue(a), rhs = getValue(b);
  return getAsOpFoldResult(
      buildOnce<arith::MulIOp>(0, orderForLookup(lhs, rhs), lhs, rhs));
}

/// floorDiv(p * q, q) is p: a dimension split off by Reshape comes back.
static std::optional<OpFoldResult> divideProduct(OpFoldResult a,
                                                 OpFoldResult b) {
  auto value = dyn_cast_or_null<Value>(a);
  auto product = value ? value.getDefiningOp<arith::MulIOp>() : nullptr;
  if (!product)
    return std::nullopt;
  OpFoldResult lhs = getAsOpFoldResult(product.getLhs());
  OpFoldResult rhs = getAsOpFoldResult(product.getRhs());
  if (areEqual(rhs, b))
    return lhs;
  if (areEqual(lhs, b))
    return rhs;
  return std::nullopt;
}

OpFoldResult ShapeBuilder::floorDiv(OpFoldResult a, OpFoldResult b) {
  std::optional<int64_t> x = getStatic(a), y = getStatic(b);
  if (y && *y == 0)
    return get(0);
  if (x && y)
    return get(*y == -1 ? -*x : llvm::divideFloorSigned(*x, *y));
  if (y && *y == 1)
    return a;
  if (!y || *y != 0)
    if (std::optional<OpFoldResult> factor = divideProduct(a, b))
      return *factor;
  // (p * 6) / 3 is p * 2.
  if (auto value = dyn_cast_or_null<Value>(a); value && y)
    if (auto product = value.getDefiningOp<arith::MulIOp>())
      for (int i : {0, 1})
        if (auto factor = getConstantIntValue(product->getOperand(i));
            factor && *factor % *y == 0)
          return mul(getAsOpFoldResult(product->getOperand(1 - i)),
                     get(*factor / *y));
  Value lhs = getValue(a), rhs = getValue(b);
  if (!y) // Nothing a file contains may divide by zero.
    rhs = getValue(max(b, get(1)));
  return getAsOpFoldResult(
      buildOnce<arith::FloorDivSIOp>(0, {lhs, rhs}, lhs, rhs));
}

OpFoldResult ShapeBuilder::ceilDiv(OpFoldResult a, OpFoldResult b) {
  return floorDiv(add(a, sub(b, get(1))), b);
}

OpFoldResult ShapeBuilder::min(OpFoldResult a, OpFoldResult b) {
  return selectLess(a, b, a, b);
}

OpFoldResult ShapeBuilder::max(OpFoldResult a, OpFoldResult b) {
  if (areEqual(a, b))
    return a;
  std::optional<int64_t> x = getStatic(a), y = getStatic(b);
  if (x && y)
    return get(std::max(*x, *y));
  Value lhs = getValue(a), rhs = getValue(b);
  return getAsOpFoldResult(buildOnce<arith::MaxSIOp>(0, {lhs, rhs}, lhs, rhs));
}

/// True for sizes, and what is made of sizes without subtracting. Arithmetic
/// that overflows is none of sizes of tensors that exist.
static bool isSize(OpFoldResult size) {
  if (std::optional<int64_t> known = getStatic(size))
    return *known >= 0;
  Operation *op = cast<Value>(size).getDefiningOp();
  if (isa_and_nonnull<tensor::DimOp, memref::DimOp>(op))
    return true;
  return isa_and_nonnull<arith::AddIOp, arith::MulIOp>(op) &&
         llvm::all_of(op->getOperands(), [](Value operand) {
           return isSize(getAsOpFoldResult(operand));
         });
}

OpFoldResult ShapeBuilder::selectEqual(OpFoldResult a, OpFoldResult b,
                                       OpFoldResult x, OpFoldResult y) {
  if (areEqual(a, b) || areEqual(x, y))
    return x;
  std::optional<int64_t> p = getStatic(a), q = getStatic(b);
  if ((p && q) || (p.value_or(0) < 0 && isSize(b)) ||
      (q.value_or(0) < 0 && isSize(a)))
    return y;
  // a == b ? b : a
  if ((areEqual(a, x) && areEqual(b, y)) || (areEqual(a, y) && areEqual(b, x)))
    return y;
  Value lhs = getValue(a), rhs = getValue(b);
  Value test = buildOnce<arith::CmpIOp>(1, {lhs, rhs}, arith::CmpIPredicate::eq,
                                        lhs, rhs);
  Value yes = getValue(x), no = getValue(y);
  return getAsOpFoldResult(
      buildOnce<arith::SelectOp>(0, {test, yes, no}, test, yes, no));
}

OpFoldResult ShapeBuilder::selectLess(OpFoldResult a, OpFoldResult b,
                                      OpFoldResult x, OpFoldResult y) {
  if (areEqual(x, y))
    return x;
  if (areEqual(a, b))
    return y;
  std::optional<int64_t> p = getStatic(a), q = getStatic(b);
  if (p && q)
    return *p < *q ? x : y;
  Value lhs = getValue(a), rhs = getValue(b);
  Value test = buildOnce<arith::CmpIOp>(
      2, {lhs, rhs}, arith::CmpIPredicate::slt, lhs, rhs);
  Value yes = getValue(x), no = getValue(y);
  return getAsOpFoldResult(
      buildOnce<arith::SelectOp>(0, {test, yes, no}, test, yes, no));
}

OpFoldResult ShapeBuilder::product(ArrayRef<OpFoldResult> sizes) {
  OpFoldResult result = get(1);
  for (OpFoldResult size : sizes)
    result = mul(result, size);
  return result;
}

std::optional<OpFoldResult> ShapeBuilder::broadcast(OpFoldResult a,
                                                    OpFoldResult b) {
  if (areEqual(a, b))
    return a;
  std::optional<int64_t> x = getStatic(a), y = getStatic(b);
  if (x && *x == 1)
    return b;
  if (y && *y == 1)
    return a;
  if (x && y)
    return std::nullopt;
  if (x)
    return a;
  if (y)
    return b;
  return selectEqual(a, get(1), b, a);
}

std::optional<Shape> ShapeBuilder::broadcast(ArrayRef<OpFoldResult> a,
                                             ArrayRef<OpFoldResult> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  Shape result(a);
  size_t offset = a.size() - b.size();
  for (size_t i = 0; i < b.size(); ++i) {
    std::optional<OpFoldResult> dim = broadcast(a[offset + i], b[i]);
    if (!dim)
      return std::nullopt;
    result[offset + i] = *dim;
  }
  return result;
}
