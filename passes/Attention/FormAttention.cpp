//===- FormAttention.cpp - Attention out of its matrix products -----------===//

#include "dialects/NN/NN.h"
#include "mlir/IR/Matchers.h"
#include "passes/Attention/Passes.h"
#include "passes/PatternPass.h"
#include <cmath>

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_FORMATTENTION
#include "passes/Attention/Passes.h.inc"

namespace {
RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// What exporters compute scales by: a number known at compile time.
std::optional<float> findNumber(Value value) {
  DenseElementsAttr constant;
  if (matchPattern(value, m_Constant(&constant))) {
    if (!constant.isSplat())
      return std::nullopt;
    if (auto number = dyn_cast<FloatAttr>(constant.getSplatValue<Attribute>()))
      return number.getValueAsDouble();
    if (isa<IntegerType>(constant.getElementType()))
      return constant.getSplatValue<APInt>().getSExtValue();
    return std::nullopt;
  }
  Operation *op = value.getDefiningOp();
  if (!isa_and_nonnull<nn::SqrtOp, nn::CastOp, nn::MulOp, nn::DivOp, nn::PowOp>(op) ||
      !getElementTypeOrSelf(value.getType()).isF32())
    return std::nullopt;
  SmallVector<float> numbers;
  for (Value operand : op->getOperands())
    if (std::optional<float> number = findNumber(operand))
      numbers.push_back(*number);
    else
      return std::nullopt;
  if (isa<nn::SqrtOp>(op))
    return std::sqrt(numbers[0]);
  if (isa<nn::CastOp>(op))
    return numbers[0];
  if (isa<nn::PowOp>(op))
    return std::pow(numbers[0], numbers[1]);
  return isa<nn::MulOp>(op) ? numbers[0] * numbers[1] : numbers[0] / numbers[1];
}

/// Collects the parts while `match` goes up from the last product.
struct Parts {
  explicit Parts(PatternRewriter &rewriter) : rewriter(rewriter) {}

  PatternRewriter &rewriter;
  Value query, key, value, bias;
  float scale = 1, biasScale = 1;
  bool zeroNan = false;

  /// `value` without multiplications by numbers, which go into the scale.
  Value skipScales(Value value) {
    while (Operation *op = value.getDefiningOp()) {
      if (!isa<nn::MulOp, nn::DivOp>(op))
        break;
      bool isDiv = isa<nn::DivOp>(op);
      int64_t other = 1;
      std::optional<float> number = findNumber(op->getOperand(1));
      if (!number && !isDiv)
        number = findNumber(op->getOperand(other = 0));
      Value scaled = op->getOperand(1 - other);
      if (!number || scaled.getType() != value.getType())
        break;
      float factor = isDiv ? 1 / *number : *number;
      if (!std::isfinite(factor))
        break;
      scale *= factor;
      value = scaled;
    }
    return value;
  }

  /// The same before a transpose as well.
  Value skipAllScales(Value value) {
    value = skipScales(value);
    auto transpose = value.getDefiningOp<nn::TransposeOp>();
    Value inner = transpose ? skipScales(transpose.getX()) : Value();
    if (!transpose || inner == transpose.getX())
      return value;
    return createTranspose(inner, transpose.getPermutation());
  }

  Value getAxes() {
    return rewriter.create<nn::ConstantOp>(rewriter.getUnknownLoc(),
                                           cast<TypedAttr>(rewriter.getI64TensorAttr({1})));
  }

  /// `value` with one head, if its heads are batches.
  Value addHead(Value value) {
    RankedTensorType type = getType(value);
    if (type.getRank() != 3)
      return value;
    if (auto transpose = value.getDefiningOp<nn::TransposeOp>()) {
      SmallVector<int64_t> order;
      for (int64_t d : transpose.getPermutation())
        order.push_back(d + (d > 0));
      order.insert(order.begin() + 1, 1);
      return createTranspose(addHead(transpose.getX()), order);
    }
    SmallVector<int64_t> shape(type.getShape());
    shape.insert(shape.begin() + 1, 1);
    return rewriter.create<nn::UnsqueezeOp>(
        value.getLoc(), RankedTensorType::get(shape, type.getElementType()), value,
        getAxes());
  }

  Value multiply(Value value, float factor) {
    auto element = cast<FloatType>(getType(value).getElementType());
    auto number = rewriter.create<nn::ConstantOp>(
        value.getLoc(),
        cast<TypedAttr>(DenseElementsAttr::get(RankedTensorType::get({}, element),
                                               rewriter.getFloatAttr(element, factor))));
    return rewriter.create<nn::MulOp>(value.getLoc(), value.getType(), value, number);
  }

  Value createTranspose(Value value, ArrayRef<int64_t> order) {
    SmallVector<int64_t> shape;
    for (int64_t d : order)
      shape.push_back(getType(value).getDimSize(d));
    auto type = RankedTensorType::get(shape, getType(value).getElementType());
    return rewriter.create<nn::TransposeOp>(value.getLoc(), type, value, order);
  }

  /// `value` with the last two dimensions in the other order.
  Value swapLast(Value value) {
    SmallVector<int64_t> order = {0, 1, 3, 2};
    if (auto transpose = value.getDefiningOp<nn::TransposeOp>()) {
      order.assign(transpose.getPermutation().begin(), transpose.getPermutation().end());
      std::swap(order[2], order[3]);
      value = transpose.getX();
    }
    bool isSame = llvm::equal(order, llvm::seq<int64_t>(0, 4));
    return isSame ? value : createTranspose(value, order);
  }
};

/// With heads as a dimension of their own, or as batches.
bool isHeads(Value value, int64_t rank) {
  RankedTensorType type = getType(value);
  return type.getRank() == rank && (rank == 3 || rank == 4) &&
         type.getElementType().isF32();
}

bool mayBeEqual(int64_t a, int64_t b) {
  return a == b || ShapedType::isDynamic(a) || ShapedType::isDynamic(b);
}

/// The heads that `value` repeats, each as many times in a row; `value` itself
/// if it does no such thing.
Value findRepeated(Value value) {
  auto joined = value.getDefiningOp<nn::ReshapeOp>();
  auto expand = joined ? joined.getX().getDefiningOp<nn::ExpandOp>() : nn::ExpandOp();
  auto split = expand ? expand.getX().getDefiningOp<nn::UnsqueezeOp>() : nn::UnsqueezeOp();
  if (!split || !isHeads(split.getX(), 4) || getType(value).getRank() != 4)
    return value;
  RankedTensorType heads = getType(split.getX()), one = getType(split),
                   many = getType(expand), all = getType(value);
  int64_t groups = heads.getDimSize(1), depth = heads.getDimSize(3);
  if (ShapedType::isDynamic(groups) || ShapedType::isDynamic(depth) ||
      one.getRank() != 5 || many.getRank() != 5 || one.getDimSize(1) != groups ||
      one.getDimSize(2) != 1 || one.getDimSize(4) != depth || many.getDimSize(1) != groups ||
      ShapedType::isDynamic(many.getDimSize(2)) || many.getDimSize(4) != depth ||
      all.getDimSize(1) != groups * many.getDimSize(2) || all.getDimSize(3) != depth)
    return value;
  return split.getX();
}

struct FormAttentionOp : OpRewritePattern<nn::MatMulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::MatMulOp product,
                                PatternRewriter &rewriter) const override {
    int64_t rank = getType(product).getRank();
    if (product.getTransLhs() || product.getTransRhs() || !isHeads(product, rank) ||
        !isHeads(product.getLhs(), rank) || !isHeads(product.getRhs(), rank))
      return failure();
    Parts parts(rewriter);
    Value scores = matchSoftmax(product.getLhs(), parts);
    nn::MatMulOp first = scores ? matchScores(scores, parts) : nn::MatMulOp();
    if (!first || first.getTransLhs() || !isHeads(first.getLhs(), rank) ||
        !isHeads(first.getRhs(), rank) || !first->hasOneUse())
      return failure();
    RankedTensorType q = getType(first.getLhs()), v = getType(product.getRhs());
    // Batches and heads of the one are those of the other.
    for (int64_t d = 0; d < rank - 2; ++d)
      if (!mayBeEqual(q.getDimSize(d), getType(first.getRhs()).getDimSize(d)) ||
          !mayBeEqual(q.getDimSize(d), v.getDimSize(d)))
        return failure();
    if ((rank == 4 && q.isDynamicDim(1)) || q.isDynamicDim(rank - 1) ||
        v.isDynamicDim(rank - 1) || !biasFits(parts, first))
      return failure();
    parts.query = parts.addHead(parts.skipAllScales(first.getLhs()));
    Value right = parts.addHead(parts.skipAllScales(first.getRhs()));
    parts.key = first.getTransRhs() ? right : parts.swapLast(right);
    parts.value = parts.addHead(product.getRhs());
    if (parts.biasScale != 1)
      parts.bias = parts.multiply(parts.bias, parts.biasScale);
    if (parts.bias && rank == 3)
      parts.bias = parts.addHead(parts.bias);
    Value key = findRepeated(parts.key), value = findRepeated(parts.value);
    if (key != parts.key && value != parts.value &&
        getType(key).getDimSize(1) == getType(value).getDimSize(1))
      parts.key = key, parts.value = value;
    SmallVector<int64_t> shape(getType(product).getShape());
    if (rank == 3)
      shape.insert(shape.begin() + 1, 1);
    Location loc = rewriter.getFusedLoc({first.getLoc(), product.getLoc()});
    Value result =
        rewriter
            .create<nn::AttentionOp>(
                loc, RankedTensorType::get(shape, rewriter.getF32Type()), Type(),
                parts.query, parts.key, parts.value, parts.bias, Value(), Value(),
                nn::DenseMaskAttr::get(getContext()),
                rewriter.getF32FloatAttr(parts.scale), rewriter.getF32FloatAttr(0),
                TypeAttr(), rewriter.getI64IntegerAttr(0),
                parts.zeroNan ? UnitAttr() : rewriter.getUnitAttr(),
                parts.zeroNan ? rewriter.getUnitAttr() : UnitAttr())
            .getResult();
    if (rank == 3)
      result = rewriter.create<nn::SqueezeOp>(loc, product.getType(), result, parts.getAxes());
    rewriter.replaceOp(product, result);
    return success();
  }

private:
  /// What the probabilities are the softmax of; null if they are not.
  Value matchSoftmax(Value probabilities, Parts &parts) const {
    if (!probabilities.hasOneUse())
      return {};
    auto where = probabilities.getDefiningOp<nn::WhereOp>();
    auto softmax = probabilities.getDefiningOp<nn::SoftmaxOp>();
    if (where) { // NaN is 0.
      auto isNan = where.getCondition().getDefiningOp<nn::IsNaNOp>();
      softmax = where.getB().getDefiningOp<nn::SoftmaxOp>();
      if (!isNan || !softmax || isNan.getX() != where.getB() || !isNan->hasOneUse() ||
          !llvm::hasNItems(softmax->getUses(), 2) || findNumber(where.getA()) != 0.0f)
        return {};
      parts.zeroNan = true;
    } else if (!softmax || !softmax->hasOneUse()) {
      return {};
    }
    int64_t last = getType(softmax).getRank() - 1;
    if (!softmax.getX().hasOneUse() || softmax.getAxes() != ArrayRef(last))
      return {};
    return softmax.getX();
  }

  /// The product that `scores` are, scaled and with a bias; null if they are not.
  nn::MatMulOp matchScores(Value scores, Parts &parts) const {
    auto find = [&](Value value) {
      auto product = parts.skipScales(value).getDefiningOp<nn::MatMulOp>();
      return product && value.hasOneUse() ? product : nn::MatMulOp();
    };
    Value inner = parts.skipScales(scores);
    float around = std::exchange(parts.scale, 1);
    if (auto sum = inner.getDefiningOp<nn::AddOp>(); sum && inner.hasOneUse())
      for (int64_t i : {0, 1}) {
        if (sum->getOperand(i).getType() != scores.getType())
          continue;
        if (nn::MatMulOp product = find(sum->getOperand(i))) {
          parts.bias = sum->getOperand(1 - i);
          parts.biasScale = around;
          parts.scale *= around;
          return product;
        }
        parts.scale = 1;
      }
    if (auto where = scores.getDefiningOp<nn::WhereOp>();
        where && findNumber(where.getB()) == -INFINITY) {
      parts.bias = where.getCondition();
      return find(where.getA());
    }
    return find(scores);
  }

  /// Whether the bias broadcasts to the scores, not the scores to the bias.
  bool biasFits(const Parts &parts, nn::MatMulOp scores) const {
    if (!parts.bias)
      return true;
    ArrayRef<int64_t> have = getType(parts.bias).getShape();
    ArrayRef<int64_t> want = getType(scores).getShape();
    if (have.size() > want.size() || have.empty() || have.back() == 1)
      return false;
    for (auto [a, b] : llvm::zip(llvm::reverse(have), llvm::reverse(want)))
      if (a != 1 && !mayBeEqual(a, b))
        return false;
    return true;
  }
};

struct FormAttention : PatternPass<impl::FormAttentionBase<FormAttention>, FormAttentionOp> {};
} // namespace
} // namespace burin
