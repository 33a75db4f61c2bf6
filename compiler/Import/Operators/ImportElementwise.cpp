//===- ImportElementwise.cpp - Arithmetic, activations, logic, Cast -------===//

#include "compiler/Import/NodeReader.h"

using namespace mlir;
using namespace burin;

namespace {
/// f(x), of x's type.
template <typename OpTy>
LogicalResult importUnary(const NodeReader &node) {
  if (failed(node.requireNumeric(0)))
    return failure();
  return node.produce<OpTy>(node.getElementType(0), node.getInput(0));
}

template <typename OpTy>
LogicalResult importFloatUnary(const NodeReader &node) {
  if (failed(node.requireFloat(0)))
    return failure();
  return node.produce<OpTy>(node.getElementType(0), node.getInput(0));
}

/// Before opset 7 the second operand broadcast from `axis`, if asked to.
LogicalResult checkOldBroadcast(const NodeReader &node) {
  if (node.getOpset() >= 7 || !node.hasAttr("axis"))
    return success();
  return node.emitUnsupported()
         << "broadcasting from an axis (opset 6 and older); convert the model "
            "to opset 7 or newer";
}

template <typename OpTy>
LogicalResult importBinary(const NodeReader &node) {
  if (failed(checkOldBroadcast(node)) || failed(node.requireSameType({0, 1})) ||
      failed(node.requireNumeric(0)))
    return failure();
  return node.produce<OpTy>(node.getElementType(0), node.getInput(0),
                            node.getInput(1));
}

template <typename OpTy>
LogicalResult importLogical(const NodeReader &node) {
  if (failed(checkOldBroadcast(node)) || failed(node.requireBool(0)) ||
      failed(node.requireBool(1)))
    return failure();
  return node.produce<OpTy>(node.getElementType(0), node.getInput(0),
                            node.getInput(1));
}

template <typename OpTy>
LogicalResult importBitwise(const NodeReader &node) {
  if (failed(node.requireInteger(0)) || failed(node.requireSameType({0, 1})))
    return failure();
  return node.produce<OpTy>(node.getElementType(0), node.getInput(0),
                            node.getInput(1));
}

template <typename OpTy>
LogicalResult importCompare(const NodeReader &node) {
  if (failed(checkOldBroadcast(node)) || failed(node.requireSameType({0, 1})))
    return failure();
  return node.produce<OpTy>(node.getBuilder().getI1Type(), node.getInput(0),
                            node.getInput(1));
}

/// Sum, Max, Min, Mean: any number of operands, one after the other.
template <typename OpTy>
FailureOr<Value> foldInputs(const NodeReader &node) {
  Value result = node.getInput(0);
  for (int i = 1; i < node.getNumInputs(); ++i) {
    if (failed(node.requireSameType({0, i})))
      return failure();
    result = node.buildValue<OpTy>(node.getElementType(0), result,
                                   node.getInput(i));
    if (!result)
      return failure();
  }
  return result;
}

template <typename OpTy>
LogicalResult importVariadic(const NodeReader &node) {
  if (failed(node.requireNumeric(0)))
    return failure();
  FailureOr<Value> result = foldInputs<OpTy>(node);
  if (failed(result))
    return failure();
  node.setOutput(0, *result);
  return success();
}

LogicalResult importMean(const NodeReader &node) {
  FailureOr<Value> sum = foldInputs<nn::AddOp>(node);
  if (failed(node.requireFloat(0)) || failed(sum))
    return failure();
  Value count = node.getScalar(node.getElementType(0), node.getNumInputs());
  return node.produce<nn::DivOp>(node.getElementType(0), *sum, count);
}

LogicalResult importMod(const NodeReader &node) {
  FailureOr<int64_t> fmod = node.getInt("fmod", 0);
  if (failed(fmod))
    return failure();
  if (*fmod)
    return importBinary<nn::FModOp>(node);
  return importBinary<nn::ModOp>(node);
}

LogicalResult importPow(const NodeReader &node) {
  if (failed(node.requireNumeric(0)) || failed(node.requireNumeric(1)))
    return failure();
  return node.produce<nn::PowOp>(node.getElementType(0), node.getInput(0),
                                 node.getInput(1));
}

/// An activation with one float attribute.
template <typename OpTy>
LogicalResult importAlpha(const NodeReader &node, float alpha) {
  FailureOr<float> given = node.getFloat("alpha", alpha);
  if (failed(given) || failed(node.requireFloat(0)))
    return failure();
  return node.produce<OpTy>(node.getElementType(0), node.getInput(0),
                            node.getBuilder().getF32FloatAttr(*given));
}

/// An activation with two, whatever ONNX calls them.
template <typename OpTy>
LogicalResult importAlphaBeta(const NodeReader &node, StringRef alphaName,
                              float alpha, StringRef betaName, float beta) {
  FailureOr<float> a = node.getFloat(alphaName, alpha);
  FailureOr<float> b = node.getFloat(betaName, beta);
  if (failed(a) || failed(b) || failed(node.requireNumeric(0)))
    return failure();
  return node.produce<OpTy>(node.getElementType(0), node.getInput(0),
                            node.getBuilder().getF32FloatAttr(*a),
                            node.getBuilder().getF32FloatAttr(*b));
}

LogicalResult importGelu(const NodeReader &node) {
  FailureOr<std::string> how = node.getString("approximate", "none");
  if (failed(how) || failed(node.requireFloat(0)))
    return failure();
  if (*how != "none" && *how != "tanh")
    return node.emitInvalid()
           << "attribute 'approximate' expects 'none' or 'tanh', got '" << *how
           << "'";
  return node.produce<nn::GeluOp>(
      node.getElementType(0), node.getInput(0),
      node.getBuilder().getBoolAttr(*how == "tanh"));
}

/// The constants of the model, or its operands: before opset 11 attributes.
LogicalResult importClip(const NodeReader &node) {
  if (failed(node.requireNumeric(0)))
    return failure();
  Type type = node.getElementType(0);
  Value low = node.getInput(1), high = node.getInput(2);
  if (node.getOpset() < 11)
    for (auto [name, bound] : {std::pair("min", &low), std::pair("max", &high)})
      if (node.hasAttr(name)) {
        FailureOr<float> value = node.getFloat(name);
        if (failed(value))
          return failure();
        *bound = node.getScalar(type, *value);
      }
  if (failed(node.requireSameType({0, 1, 2})))
    return failure();
  Value result = node.getInput(0);
  if (low)
    result = node.buildValue<nn::MaximumOp>(type, result, low);
  if (high && result)
    result = node.buildValue<nn::MinimumOp>(type, result, high);
  if (!result)
    return failure();
  node.setOutput(0, result);
  return success();
}

LogicalResult importPRelu(const NodeReader &node) {
  if (failed(node.requireSameType({0, 1})))
    return failure();
  Type type = node.getElementType(0);
  Value slope = node.getInput(1);
  // Before opset 7 a slope of rank 1 was one number per channel.
  if (node.getOpset() < 7 && node.getRank(1) == 1 && node.getRank(0) > 2 &&
      node.getInputType(1).getShape() != ArrayRef<int64_t>{1}) {
    auto axes = llvm::to_vector(llvm::seq<int64_t>(1, node.getRank(0) - 1));
    slope = node.buildValue<nn::UnsqueezeOp>(type, slope,
                                             node.getIntTensor(axes));
  }
  if (!slope)
    return failure();
  return node.produce<nn::PReluOp>(type, node.getInput(0), slope);
}

LogicalResult importNot(const NodeReader &node) {
  if (failed(node.requireBool(0)))
    return failure();
  return node.produce<nn::NotOp>(node.getElementType(0), node.getInput(0));
}

LogicalResult importBitwiseNot(const NodeReader &node) {
  if (failed(node.requireInteger(0)))
    return failure();
  return node.produce<nn::NotOp>(node.getElementType(0), node.getInput(0));
}

LogicalResult importBitShift(const NodeReader &node) {
  FailureOr<std::string> direction = node.getString("direction");
  if (failed(direction))
    return failure();
  if (*direction == "LEFT")
    return importBitwise<nn::ShiftLeftOp>(node);
  if (*direction == "RIGHT")
    return importBitwise<nn::ShiftRightOp>(node);
  return node.emitInvalid() << "attribute 'direction' expects LEFT or RIGHT, "
                               "got '"
                            << *direction << "'";
}

LogicalResult importIsNaN(const NodeReader &node) {
  if (failed(node.requireFloat(0)))
    return failure();
  return node.produce<nn::IsNaNOp>(node.getBuilder().getI1Type(),
                                   node.getInput(0));
}

LogicalResult importIsInf(const NodeReader &node) {
  FailureOr<int64_t> negative = node.getInt("detect_negative", 1);
  FailureOr<int64_t> positive = node.getInt("detect_positive", 1);
  if (failed(negative) || failed(positive) || failed(node.requireFloat(0)))
    return failure();
  OpBuilder &builder = node.getBuilder();
  return node.produce<nn::IsInfOp>(builder.getI1Type(), node.getInput(0),
                                   builder.getBoolAttr(*positive),
                                   builder.getBoolAttr(*negative));
}

LogicalResult importWhere(const NodeReader &node) {
  if (failed(node.requireBool(0)) || failed(node.requireSameType({1, 2})))
    return failure();
  return node.produce<nn::WhereOp>(node.getElementType(1), node.getInput(0),
                                   node.getInput(1), node.getInput(2));
}

LogicalResult castTo(const NodeReader &node, Type type) {
  FailureOr<int64_t> saturate = node.getInt("saturate", 1);
  if (failed(saturate))
    return failure();
  if (type == node.getElementType(0)) {
    node.setOutput(0, node.getInput(0));
    return success();
  }
  return node.produce<nn::CastOp>(type, node.getInput(0),
                                  node.getBuilder().getBoolAttr(*saturate));
}

LogicalResult importCast(const NodeReader &node) {
  FailureOr<Type> type = node.getTypeAttr("to");
  return failed(type) ? failure() : castTo(node, *type);
}

LogicalResult importCastLike(const NodeReader &node) {
  return castTo(node, node.getElementType(1));
}
} // namespace

ArrayRef<OpImporter> burin::getElementwiseImporters() {
  static const OpImporter importers[] = {
      {"Add", 1, 2, 2, 1, importBinary<nn::AddOp>},
      {"Sub", 1, 2, 2, 1, importBinary<nn::SubOp>},
      {"Mul", 1, 2, 2, 1, importBinary<nn::MulOp>},
      {"Div", 1, 2, 2, 1, importBinary<nn::DivOp>},
      {"Mod", 10, 2, 2, 1, importMod},
      {"Pow", 1, 2, 2, 1, importPow},
      {"Sum", 1, 1, -1, 1, importVariadic<nn::AddOp>},
      {"Max", 1, 1, -1, 1, importVariadic<nn::MaximumOp>},
      {"Min", 1, 1, -1, 1, importVariadic<nn::MinimumOp>},
      {"Mean", 1, 1, -1, 1, importMean},
      {"Abs", 1, 1, 1, 1, importUnary<nn::AbsOp>},
      {"Neg", 1, 1, 1, 1, importUnary<nn::NegOp>},
      {"Sign", 9, 1, 1, 1, importUnary<nn::SignOp>},
      {"Reciprocal", 1, 1, 1, 1, importFloatUnary<nn::ReciprocalOp>},
      {"Sqrt", 1, 1, 1, 1, importFloatUnary<nn::SqrtOp>},
      {"Ceil", 1, 1, 1, 1, importFloatUnary<nn::CeilOp>},
      {"Floor", 1, 1, 1, 1, importFloatUnary<nn::FloorOp>},
      {"Round", 11, 1, 1, 1, importFloatUnary<nn::RoundOp>},
      {"Exp", 1, 1, 1, 1, importFloatUnary<nn::ExpOp>},
      {"Log", 1, 1, 1, 1, importFloatUnary<nn::LogOp>},
      {"Erf", 9, 1, 1, 1, importUnary<nn::ErfOp>},
      {"Sin", 7, 1, 1, 1, importFloatUnary<nn::SinOp>},
      {"Cos", 7, 1, 1, 1, importFloatUnary<nn::CosOp>},
      {"Tan", 7, 1, 1, 1, importFloatUnary<nn::TanOp>},
      {"Asin", 7, 1, 1, 1, importFloatUnary<nn::AsinOp>},
      {"Acos", 7, 1, 1, 1, importFloatUnary<nn::AcosOp>},
      {"Atan", 7, 1, 1, 1, importFloatUnary<nn::AtanOp>},
      {"Sinh", 9, 1, 1, 1, importFloatUnary<nn::SinhOp>},
      {"Cosh", 9, 1, 1, 1, importFloatUnary<nn::CoshOp>},
      {"Tanh", 1, 1, 1, 1, importFloatUnary<nn::TanhOp>},
      {"Asinh", 9, 1, 1, 1, importFloatUnary<nn::AsinhOp>},
      {"Acosh", 9, 1, 1, 1, importFloatUnary<nn::AcoshOp>},
      {"Atanh", 9, 1, 1, 1, importFloatUnary<nn::AtanhOp>},
      {"Relu", 1, 1, 1, 1, importUnary<nn::ReluOp>},
      {"Sigmoid", 1, 1, 1, 1, importFloatUnary<nn::SigmoidOp>},
      {"Softplus", 1, 1, 1, 1, importFloatUnary<nn::SoftplusOp>},
      {"Softsign", 1, 1, 1, 1, importFloatUnary<nn::SoftsignOp>},
      {"Mish", 18, 1, 1, 1, importFloatUnary<nn::MishOp>},
      {"HardSwish", 14, 1, 1, 1, importFloatUnary<nn::HardSwishOp>},
      {"LeakyRelu", 1, 1, 1, 1,
       [](const NodeReader &node) {
         return importAlpha<nn::LeakyReluOp>(node, 0.01f);
       }},
      {"Elu", 1, 1, 1, 1,
       [](const NodeReader &node) { return importAlpha<nn::EluOp>(node, 1); }},
      {"Celu", 12, 1, 1, 1,
       [](const NodeReader &node) { return importAlpha<nn::CeluOp>(node, 1); }},
      {"ThresholdedRelu", 10, 1, 1, 1,
       [](const NodeReader &node) {
         return importAlpha<nn::ThresholdedReluOp>(node, 1);
       }},
      {"Swish", 24, 1, 1, 1,
       [](const NodeReader &node) { return importAlpha<nn::SwishOp>(node, 1); }},
      {"HardSigmoid", 1, 1, 1, 1,
       [](const NodeReader &node) {
         return importAlphaBeta<nn::HardSigmoidOp>(node, "alpha", 0.2f, "beta",
                                                   0.5f);
       }},
      {"Selu", 1, 1, 1, 1,
       [](const NodeReader &node) {
         return importAlphaBeta<nn::SeluOp>(
             node, "alpha", 1.67326319217681884765625f, "gamma",
             1.05070102214813232421875f);
       }},
      {"Shrink", 9, 1, 1, 1,
       [](const NodeReader &node) {
         return importAlphaBeta<nn::ShrinkOp>(node, "lambd", 0.5f, "bias", 0);
       }},
      {"Gelu", 20, 1, 1, 1, importGelu},
      {"Clip", 1, 1, 3, 1, importClip},
      {"PRelu", 1, 2, 2, 1, importPRelu},
      {"Not", 1, 1, 1, 1, importNot},
      {"And", 1, 2, 2, 1, importLogical<nn::AndOp>},
      {"Or", 1, 2, 2, 1, importLogical<nn::OrOp>},
      {"Xor", 1, 2, 2, 1, importLogical<nn::XorOp>},
      {"BitwiseAnd", 18, 2, 2, 1, importBitwise<nn::AndOp>},
      {"BitwiseOr", 18, 2, 2, 1, importBitwise<nn::OrOp>},
      {"BitwiseXor", 18, 2, 2, 1, importBitwise<nn::XorOp>},
      {"BitwiseNot", 18, 1, 1, 1, importBitwiseNot},
      {"BitShift", 11, 2, 2, 1, importBitShift},
      {"Equal", 1, 2, 2, 1, importCompare<nn::EqualOp>},
      {"Less", 1, 2, 2, 1, importCompare<nn::LessOp>},
      {"LessOrEqual", 12, 2, 2, 1, importCompare<nn::LessOrEqualOp>},
      {"Greater", 1, 2, 2, 1, importCompare<nn::GreaterOp>},
      {"GreaterOrEqual", 12, 2, 2, 1, importCompare<nn::GreaterOrEqualOp>},
      {"IsNaN", 9, 1, 1, 1, importIsNaN},
      {"IsInf", 10, 1, 1, 1, importIsInf},
      {"Where", 9, 3, 3, 1, importWhere},
      {"Cast", 1, 1, 1, 1, importCast},
      {"CastLike", 15, 2, 2, 1, importCastLike},
  };
  return importers;
}
