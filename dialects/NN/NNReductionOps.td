#ifndef BURIN_DIALECTS_NN_NNREDUCTIONOPS_TD
#define BURIN_DIALECTS_NN_NNREDUCTIONOPS_TD

include "dialects/NN/NNBase.td"

/// `axes` of `x`: ascending, none twice.
def NN_AxesOfX : PredOpTrait<"axes ascend and lie within the rank of x", CPred<[{
    [&] {
      auto type = ::llvm::dyn_cast<::mlir::RankedTensorType>(getX().getType());
      int64_t least = 0;
      for (int64_t axis : getAxes()) {
        if (!type || axis < least || axis >= type.getRank())
          return false;
        least = axis + 1;
      }
      return true;
    }()
  }]>>;

/// `axis` of `x`.
def NN_AxisOfX : PredOpTrait<"axis lies within the rank of x", CPred<[{
    [&] {
      auto type = ::llvm::dyn_cast<::mlir::RankedTensorType>(getX().getType());
      return type && getAxis() < uint64_t(type.getRank());
    }()
  }]>>;

//===- Folding dimensions --------------------------------------------------===//

/// Folds all elements along `axes` into one. `formula` is in terms of the
/// elements `x` that are folded; `empty` is the result of folding none.
class NN_ReduceOp<string mnemonic, string text, string formula, string empty,
                  string onnx, list<Trait> traits = []>
    : NN_PureOp<mnemonic, !listconcat(traits, [NN_AxesOfX, NN_Layout])> {
  let summary = text # " over axes (ONNX " # onnx # ")";
  let description = "`result = " # formula # [{`, over all elements along the dimensions `axes`
    of `x`; of none it is }] # empty # [{. The dimensions are 1 in `result` if `keepdims`,
    else left out. Without axes each element is folded alone. Sums of f16, bf16 and
    8-bit floats are kept in f32; those of integers wrap.}];
  let arguments = (ins NN_Tensor:$x, DenseI64ArrayAttr:$axes, BoolAttr:$keepdims);
  let results = (outs NN_Tensor:$result);
}

/// One that exporters use on shapes too.
class NN_ShapeReduceOp<string mnemonic, string text, string formula,
                       string empty, string onnx>
    : NN_ReduceOp<mnemonic, text, formula, empty, onnx,
                  [DeclareOpInterfaceMethods<NN_ElementsOpInterface>]>;

def NN_ReduceSumOp : NN_ShapeReduceOp<"reduce_sum", "Sum", "sum(x)", "0", "ReduceSum">;
def NN_ReduceProdOp : NN_ShapeReduceOp<"reduce_prod", "Product", "prod(x)", "1", "ReduceProd">;
def NN_ReduceMaxOp : NN_ShapeReduceOp<"reduce_max", "Largest element, NaN if there is one; of i1 whether any is true", "max(x)", "-inf or the least integer", "ReduceMax, GlobalMaxPool"> {
  let hasFolder = 1;
}
def NN_ReduceMinOp : NN_ShapeReduceOp<"reduce_min", "Smallest element, NaN if there is one; of i1 whether all are true", "min(x)", "inf or the largest integer", "ReduceMin"> {
  let hasFolder = 1;
}
def NN_ReduceMeanOp : NN_ReduceOp<"reduce_mean", "Mean; that of integers is rounded to zero", "sum(x) / count(x)", "NaN or 0", "ReduceMean, GlobalAveragePool">;
def NN_ReduceL1Op : NN_ReduceOp<"reduce_l1", "Sum of magnitudes", "sum(|x|)", "0", "ReduceL1">;
def NN_ReduceL2Op : NN_ReduceOp<"reduce_l2", "Euclidean norm; that of integers is rounded to zero", "sqrt(sum(x * x))", "0", "ReduceL2">;
def NN_ReduceSumSquareOp : NN_ReduceOp<"reduce_sum_square", "Sum of squares", "sum(x * x)", "0", "ReduceSumSquare">;
def NN_ReduceLogSumOp : NN_ReduceOp<"reduce_log_sum", "Logarithm of the sum", "ln(sum(x))", "-inf", "ReduceLogSum">;
def NN_ReduceLogSumExpOp : NN_ReduceOp<"reduce_log_sum_exp", "Logarithm of the sum of exponentials, without overflow on the way", "ln(sum(exp(x)))", "-inf", "ReduceLogSumExp">;

//===- Axes that are known only at run time --------------------------------===//

def NN_AxesMaskOp : NN_PureOp<"axes_mask"> {
  let summary = "Which dimensions a list of axes names";
  let description = [{
    `result`, i1 of shape `[rank]`, is true at `d` if `axes`, integers of shape `[K]`,
    has `d` or `d - rank`. If `all_if_empty` and K is 0, it is true everywhere.
    The run fails if an axis is out of range or named twice.

    The reductions take their axes as attributes. A model that computes them gets
    `axes_mask`, `group_axes`, a reduction of the grouped axes, `ungroup_axes`.
  }];
  let arguments = (ins NN_Tensor:$axes, I64Attr:$rank, BoolAttr:$all_if_empty);
  let results = (outs NN_Tensor:$result);
}

def NN_GroupAxesOp : NN_PureOp<"group_axes"> {
  let summary = "A matrix whose rows run along the masked dimensions";
  let description = [{
    `x` transposed so that the dimensions where `mask` (i1, `[rank of x]`) is true come
    last, then flattened to `[A, B]`: A elements along the others, B along them.
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$mask);
  let results = (outs NN_Tensor:$result);
}

def NN_UngroupAxesOp : NN_PureOp<"ungroup_axes"> {
  let summary = "The shape that a reduction of masked dimensions leaves";
  let description = [{
    `reduced`, of shape `[A]` (see `nn.group_axes`), reshaped to that of `x` with the
    dimensions where `mask` is true made 1 if `rank` is the rank of `x`, and left out
    otherwise: then as many must be true as `rank` is smaller, or the run fails.
  }];
  let arguments = (ins NN_Tensor:$reduced, NN_Tensor:$x, NN_Tensor:$mask, I64Attr:$rank);
  let results = (outs NN_Tensor:$result);
}

//===- Places --------------------------------------------------------------===//

class NN_ArgOp<string mnemonic, string text, string onnx>
    : NN_PureOp<mnemonic, [NN_AxisOfX, NN_Layout]> {
  let summary = text # " along an axis (ONNX " # onnx # ")";
  let description = [{
    `result`, i64, has the index along `axis` of the element sought: of the first, or of
    the last if `last`, where several are equal. NaN is taken for it wherever there is
    one. The dimension is 1 in `result` if `keepdims`, else left out. The run fails if it is 0 in `x`
    and `result` is not empty.
  }];
  let arguments = (ins NN_Tensor:$x, I64Attr:$axis, BoolAttr:$keepdims, BoolAttr:$last);
  let results = (outs NN_Tensor:$result);
}

def NN_ArgMaxOp : NN_ArgOp<"argmax", "Index of the largest element", "ArgMax 13">;
def NN_ArgMinOp : NN_ArgOp<"argmin", "Index of the smallest element", "ArgMin 13">;

def NN_HardmaxOp : NN_PureOp<"hardmax", [NN_AxesOfX]> {
  let summary = "1 at the first largest element, 0 elsewhere (ONNX Hardmax)";
  let description = [{
    Of all elements along `axes`, which follow each other, the first largest in
    row-major order becomes 1, the others 0. Opset 13 has one axis, older ones all from
    one on. `result` has the shape of `x`.
  }];
  let arguments = (ins NN_Tensor:$x, DenseI64ArrayAttr:$axes);
  let results = (outs NN_Tensor:$result);
}

def NN_TopKOp : NN_PureOp<"topk", [NN_AxisOfX]> {
  let summary = "The k largest or smallest elements along an axis (ONNX TopK 24)";
  let description = [{
    Dimension `axis` of `values` and `indices` (i64) has `k`, an i64 of shape `[1]`,
    elements: the `k` largest (smallest unless `largest`) and where they were. Of equal ones that with
    the lower index comes first; NaN counts as larger than all else. They are in order if `sorted`, else
    in any. The run fails unless `0 <= k <=` the size of the dimension.
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$k, I64Attr:$axis,
                       BoolAttr:$largest, BoolAttr:$sorted);
  let results = (outs NN_Tensor:$values, NN_Tensor:$indices);
}

//===- Scans ---------------------------------------------------------------===//

class NN_ScanOp<string mnemonic, string text, string formula, string onnx>
    : NN_PureOp<mnemonic> {
  let summary = text # " (ONNX " # onnx # ")";
  let description = "`result[i] = " # formula # [{`, along the dimension `axis` of `x`, which is an
    integer of shape `[]` or `[1]` and may count from the back; with `exclusive` for all
    `j < i`, and from the other end with `reverse`. `result` has the shape of `x`. The
    run fails if `axis` is out of range.}];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$axis, BoolAttr:$exclusive,
                       BoolAttr:$reverse);
  let results = (outs NN_Tensor:$result);
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferShapes(
        ShapeBuilder &shapes, ::llvm::SmallVectorImpl<Shape> &results) {
      results.push_back(shapes.getDims(getX()));
      return ::llvm::success();
    }
  }];
}

def NN_CumSumOp : NN_ScanOp<"cumsum", "Running sum", "sum over j <= i of x[j]", "CumSum 14">;
def NN_CumProdOp : NN_ScanOp<"cumprod", "Running product", "product over j <= i of x[j]", "CumProd 26">;

//===- Products of several tensors -----------------------------------------===//

def NN_EinsumOp : NN_PureOp<"einsum"> {
  let summary = "Sums of products by index maps (ONNX Einsum 28)";
  let description = [{
    One loop per letter of the equation. `maps` has one map per operand, then that of
    the result, from loops to dimensions, as `linalg.generic` has:

    ```
    result[map(i)] = sum over the other loops of the product of operand[map(i)]
    ```

    A loop in the result's map only once; in an operand's twice means its diagonal. A
    dimension of 1 stretches. The ellipsis has become loops of its own.

    Example, `bij,bjk->bik`:

    ```mlir
    %r = nn.einsum %a, %b {maps = [affine_map<(b, i, k, j) -> (b, i, j)>,
        affine_map<(b, i, k, j) -> (b, j, k)>, affine_map<(b, i, k, j) -> (b, i, k)>]}
        : (tensor<?x2x3xf32>, tensor<?x3x4xf32>) -> tensor<?x2x4xf32>
    ```
  }];
  let arguments = (ins Variadic<NN_Tensor>:$inputs, AffineMapArrayAttr:$maps);
  let results = (outs NN_Tensor:$result);
  let extraClassDeclaration = [{
    /// How often each loop runs; diagnoses operands that do not fit together.
    ::mlir::FailureOr<::burin::nn::Shape>
    getLoopSizes(::burin::nn::ShapeBuilder &shapes);
  }];
  let hasVerifier = 1;
}

//===- Matrices ------------------------------------------------------------===//

def NN_DetOp : NN_PureOp<"det"> {
  let summary = "Determinants of square matrices (ONNX Det 22)";
  let description = "`x` has shape `[..., M, M]`, `result` `[...]`; the determinant of a matrix of size 0 is 1.";
  let arguments = (ins NN_Tensor:$x);
  let results = (outs NN_Tensor:$result);
}

#endif // BURIN_DIALECTS_NN_NNREDUCTIONOPS_TD
