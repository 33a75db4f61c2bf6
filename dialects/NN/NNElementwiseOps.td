#ifndef BURIN_DIALECTS_NN_NNELEMENTWISEOPS_TD
#define BURIN_DIALECTS_NN_NNELEMENTWISEOPS_TD

include "dialects/NN/NNBase.td"

/// One scalar function of all operands, which broadcast as NumPy's do.
/// `formula` is in terms of the operand names.
class NN_ElementwiseOp<string mnemonic, string text, string formula,
                       list<Trait> traits = []>
    : NN_PureOp<mnemonic, !listconcat(traits, [NN_Layout])> {
  let summary = text;
  let description = "`result = " # formula # "`, for each element.";
  let results = (outs NN_Tensor:$result);
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferShapes(
        ShapeBuilder &shapes, ::llvm::SmallVectorImpl<Shape> &results) {
      return inferBroadcast(*this, shapes, results);
    }
    void $cppClass::getChannelValues(
        ::llvm::SmallVectorImpl<::mlir::OpOperand *> &operands,
        ::llvm::SmallVectorImpl<::mlir::OpResult> &results) {
      getBroadcastChannels(*this, operands, results);
    }
    void $cppClass::moveChannelsLast(::mlir::OpBuilder &builder) {
      moveBroadcastChannelsLast(*this, builder);
    }
  }];
}

class NN_UnaryOp<string mnemonic, string text, string formula>
    : NN_ElementwiseOp<mnemonic, text, formula> {
  let arguments = (ins NN_Tensor:$x);
}

class NN_BinaryOp<string mnemonic, string text, string formula,
                  list<Trait> traits = []>
    : NN_ElementwiseOp<mnemonic, text, formula, traits> {
  let arguments = (ins NN_Tensor:$a, NN_Tensor:$b);
}

class NN_CompareOp<string mnemonic, string text, string formula>
    : NN_BinaryOp<mnemonic, text, formula>; // The result is i1.

//===- Arithmetic ----------------------------------------------------------===//

def NN_AddOp : NN_BinaryOp<"add", "Sum; integers wrap", "a + b", [Commutative]> {
  let hasFolder = 1;
}
def NN_SubOp : NN_BinaryOp<"sub", "Difference; integers wrap", "a - b"> {
  let hasFolder = 1;
}
def NN_MulOp : NN_BinaryOp<"mul", "Product; integers wrap", "a * b", [Commutative]> {
  let hasFolder = 1;
}
def NN_DivOp : NN_BinaryOp<"div", "Quotient; that of integers is rounded to zero, x / 0 is 0", "a / b"> {
  let hasFolder = 1;
}
def NN_ModOp : NN_BinaryOp<"mod", "Remainder with the sign of the divisor (ONNX Mod, fmod=0)", "a - floor(a / b) * b">;
def NN_FModOp : NN_BinaryOp<"fmod", "Remainder with the sign of the dividend, as C's fmod (ONNX Mod, fmod=1)", "a - trunc(a / b) * b">;
def NN_PowOp : NN_BinaryOp<"pow", "Power; the result has the type of the base", "a ^ b">;
def NN_MaximumOp : NN_BinaryOp<"maximum", "The larger of two; NaN if either is", "max(a, b)", [Commutative]>;
def NN_MinimumOp : NN_BinaryOp<"minimum", "The smaller of two; NaN if either is", "min(a, b)", [Commutative]>;
def NN_PReluOp : NN_BinaryOp<"prelu", "Leaky rectifier with a slope tensor (ONNX PRelu)", "a < 0 ? b * a : a">;

def NN_AbsOp : NN_UnaryOp<"abs", "Magnitude", "|x|">;
def NN_NegOp : NN_UnaryOp<"neg", "Negation; integers wrap", "-x">;
def NN_SignOp : NN_UnaryOp<"sign", "-1, 0 or 1 by the sign; NaN for NaN", "sign(x)">;
def NN_ReciprocalOp : NN_UnaryOp<"reciprocal", "Reciprocal", "1 / x">;
def NN_SqrtOp : NN_UnaryOp<"sqrt", "Square root", "sqrt(x)">;
def NN_CeilOp : NN_UnaryOp<"ceil", "Rounds up", "ceil(x)"> {
  let hasFolder = 1;
}
def NN_FloorOp : NN_UnaryOp<"floor", "Rounds down", "floor(x)"> {
  let hasFolder = 1;
}
def NN_RoundOp : NN_UnaryOp<"round", "Rounds to nearest, ties to even", "roundeven(x)">;

//===- Functions -----------------------------------------------------------===//

def NN_ExpOp : NN_UnaryOp<"exp", "Exponential", "exp(x)">;
def NN_LogOp : NN_UnaryOp<"log", "Natural logarithm", "ln(x)">;
def NN_ErfOp : NN_UnaryOp<"erf", "Gauss's error function", "erf(x)">;
def NN_SinOp : NN_UnaryOp<"sin", "Sine of radians", "sin(x)">;
def NN_CosOp : NN_UnaryOp<"cos", "Cosine of radians", "cos(x)">;
def NN_TanOp : NN_UnaryOp<"tan", "Tangent of radians", "tan(x)">;
def NN_AsinOp : NN_UnaryOp<"asin", "Arc sine", "asin(x)">;
def NN_AcosOp : NN_UnaryOp<"acos", "Arc cosine", "acos(x)">;
def NN_AtanOp : NN_UnaryOp<"atan", "Arc tangent", "atan(x)">;
def NN_SinhOp : NN_UnaryOp<"sinh", "Hyperbolic sine", "sinh(x)">;
def NN_CoshOp : NN_UnaryOp<"cosh", "Hyperbolic cosine", "cosh(x)">;
def NN_TanhOp : NN_UnaryOp<"tanh", "Hyperbolic tangent", "tanh(x)">;
def NN_AsinhOp : NN_UnaryOp<"asinh", "Inverse hyperbolic sine", "asinh(x)">;
def NN_AcoshOp : NN_UnaryOp<"acosh", "Inverse hyperbolic cosine", "acosh(x)">;
def NN_AtanhOp : NN_UnaryOp<"atanh", "Inverse hyperbolic tangent", "atanh(x)">;

//===- Activations ---------------------------------------------------------===//

def NN_ReluOp : NN_UnaryOp<"relu", "Rectifier", "max(x, 0)">;
def NN_SigmoidOp : NN_UnaryOp<"sigmoid", "Logistic function", "1 / (1 + exp(-x))">;
def NN_SoftplusOp : NN_UnaryOp<"softplus", "Soft rectifier", "ln(1 + exp(x))">;
def NN_SoftsignOp : NN_UnaryOp<"softsign", "Soft sign", "x / (1 + |x|)">;
def NN_MishOp : NN_UnaryOp<"mish", "Mish (arXiv:1908.08681)", "x * tanh(softplus(x))">;
def NN_HardSwishOp : NN_UnaryOp<"hard_swish", "Hard swish (arXiv:1905.02244)", "x * max(0, min(1, x / 6 + 0.5))">;

class NN_AlphaOp<string mnemonic, string text, string formula>
    : NN_UnaryOp<mnemonic, text, formula> {
  let arguments = (ins NN_Tensor:$x, F32Attr:$alpha);
}
def NN_LeakyReluOp : NN_AlphaOp<"leaky_relu", "Leaky rectifier", "x < 0 ? alpha * x : x">;
def NN_EluOp : NN_AlphaOp<"elu", "Exponential linear unit", "x < 0 ? alpha * (exp(x) - 1) : x">;
def NN_CeluOp : NN_AlphaOp<"celu", "Continuously differentiable exponential linear unit", "max(0, x) + min(0, alpha * (exp(x / alpha) - 1))">;
def NN_ThresholdedReluOp : NN_AlphaOp<"thresholded_relu", "Rectifier above a threshold", "x > alpha ? x : 0">;
def NN_SwishOp : NN_AlphaOp<"swish", "Swish; SiLU with alpha 1 (arXiv:1710.05941)", "x * sigmoid(alpha * x)">;

def NN_GeluOp : NN_UnaryOp<"gelu", "Gaussian error linear unit (arXiv:1606.08415)",
    "0.5 * x * (1 + erf(x / sqrt(2))), or by tanh: 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))"> {
  let arguments = (ins NN_Tensor:$x, BoolAttr:$tanh);
}

class NN_AlphaBetaOp<string mnemonic, string text, string formula>
    : NN_UnaryOp<mnemonic, text, formula> {
  let arguments = (ins NN_Tensor:$x, F32Attr:$alpha, F32Attr:$beta);
}
def NN_HardSigmoidOp : NN_AlphaBetaOp<"hard_sigmoid", "Hard sigmoid", "max(0, min(1, alpha * x + beta))">;
def NN_SeluOp : NN_AlphaBetaOp<"selu", "Scaled exponential linear unit (arXiv:1706.02515)", "beta * (x <= 0 ? alpha * (exp(x) - 1) : x)">;
def NN_ShrinkOp : NN_AlphaBetaOp<"shrink", "Soft or hard shrinkage (ONNX Shrink: alpha is lambd, beta is bias)", "x < -alpha ? x + beta : x > alpha ? x - beta : 0">;

//===- Logic and bits ------------------------------------------------------===//

def NN_EqualOp : NN_CompareOp<"equal", "Equality", "a == b">;
def NN_LessOp : NN_CompareOp<"less", "Order", "a < b">;
def NN_LessOrEqualOp : NN_CompareOp<"less_or_equal", "Order", "a <= b">;
def NN_GreaterOp : NN_CompareOp<"greater", "Order", "a > b">;
def NN_GreaterOrEqualOp : NN_CompareOp<"greater_or_equal", "Order", "a >= b">;
def NN_AndOp : NN_BinaryOp<"and", "Bits of both; on i1 the logical and", "a & b", [Commutative]>;
def NN_OrOp : NN_BinaryOp<"or", "Bits of either; on i1 the logical or", "a | b", [Commutative]>;
def NN_XorOp : NN_BinaryOp<"xor", "Bits that differ; on i1 the logical xor", "a ^ b", [Commutative]>;
def NN_NotOp : NN_UnaryOp<"not", "Complement of all bits; on i1 the logical not", "~x">;
def NN_ShiftLeftOp : NN_BinaryOp<"shift_left", "Shift of unsigned integers", "a << b">;
def NN_ShiftRightOp : NN_BinaryOp<"shift_right", "Shift of unsigned integers", "a >> b">;
def NN_IsNaNOp : NN_UnaryOp<"isnan", "True for NaN; the result is i1", "x != x">;
def NN_IsInfOp : NN_UnaryOp<"isinf", "True for the infinities asked for; the result is i1",
    "x == inf && positive || x == -inf && negative"> {
  let arguments = (ins NN_Tensor:$x, BoolAttr:$positive, BoolAttr:$negative);
}
def NN_WhereOp : NN_ElementwiseOp<"where", "Choice by a condition of type i1", "condition ? a : b"> {
  let arguments = (ins NN_Tensor:$condition, NN_Tensor:$a, NN_Tensor:$b);
}

//===- Bytes ---------------------------------------------------------------===//

def NN_LookupOp : NN_UnaryOp<"lookup", "Any function of a byte", "table[x]"> {
  let description = [{
    The element of `table` whose number are the bits of the byte `x` without a sign:
    that of -1 is the last one. The result is of bytes, too.

    Example: `%0 = nn.lookup %x {table = dense<1> : tensor<256xi8>} : (tensor<?x8xui8>) -> tensor<?x8xi8>`
  }];
  let arguments = (ins NN_Tensor:$x, RankedSignlessIntElementsAttr<8, [256]>:$table);
}

//===- Types ---------------------------------------------------------------===//

def NN_CastOp : NN_UnaryOp<"cast", "Conversion to the element type of the result", "x as its type"> {
  let description = [{
    Converts each element to the element type of the result, as ONNX Cast 25:
    float to integer drops the fraction, to i1 is `x != 0`; to a float rounds to
    nearest even. To an 8-bit float values out of range become the largest finite
    ones if `saturate`, else NaN or infinity.
  }];
  let arguments = (ins NN_Tensor:$x, BoolAttr:$saturate);
  let hasFolder = 1;
}

#endif // BURIN_DIALECTS_NN_NNELEMENTWISEOPS_TD
