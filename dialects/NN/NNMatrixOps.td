#ifndef BURIN_DIALECTS_NN_NNMATRIXOPS_TD
#define BURIN_DIALECTS_NN_NNMATRIXOPS_TD

include "dialects/NN/NNBase.td"

def NN_MatMulOp : NN_PureOp<"matmul"> {
  let summary = "Matrix product of the last two dimensions, batches broadcast";
  let description = [{
    `result[..., i, j] = sum_k lhs[..., i, k] * rhs[..., k, j]`, as numpy.matmul
    (ONNX MatMul 13, Gemm 13): the dimensions before the last two broadcast, and an
    operand of rank 1 is a row on the left, a column on the right, whose dimension
    the result does not have. `trans_lhs` and `trans_rhs` swap the last two
    dimensions of an operand of rank 2 or more first.

    Floats accumulate in f32 (f64 in f64). Integers are widened to the element
    type of the result, i32 or i64, by their own sign.

    Example:
    `%0 = nn.matmul %a, %b {trans_lhs = false, trans_rhs = true} : (tensor<?x64xf32>, tensor<32x64xf32>) -> tensor<?x32xf32>`
  }];
  let arguments = (ins NN_Tensor:$lhs, NN_Tensor:$rhs,
                       DefaultValuedAttr<BoolAttr, "false">:$trans_lhs,
                       DefaultValuedAttr<BoolAttr, "false">:$trans_rhs);
  let results = (outs NN_Tensor:$result);
}

#endif // BURIN_DIALECTS_NN_NNMATRIXOPS_TD
