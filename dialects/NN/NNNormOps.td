#ifndef BURIN_DIALECTS_NN_NNNORMOPS_TD
#define BURIN_DIALECTS_NN_NNNORMOPS_TD

include "dialects/NN/NNReductionOps.td"

/// Rescales the elements of `x`; the result has its shape.
class NN_NormOp<string mnemonic, list<Trait> traits = []>
    : NN_PureOp<mnemonic, traits> {
  let results = (outs NN_Tensor:$result);
}

/// The same by nothing but attributes: nothing has to fit together.
class NN_PlainNormOp<string mnemonic, list<Trait> traits = []>
    : NN_NormOp<mnemonic, traits> {
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferShapes(
        ShapeBuilder &shapes, ::llvm::SmallVectorImpl<Shape> &results) {
      results.push_back(shapes.getDims(getX()));
      return ::llvm::success();
    }
  }];
}

//===- Softmax -------------------------------------------------------------===//

class NN_SoftmaxLikeOp<string mnemonic, string formula, string onnx>
    : NN_PlainNormOp<mnemonic, [NN_AxesOfX, NN_Layout]> {
  let summary = "Normalized exponentials (ONNX " # onnx # ")";
  let description = "`result = " # formula # [{`, where max and sum are over all elements along `axes`:
    one axis since opset 13, all from one on before. Calculated in f32 for f16, bf16 and 8-bit floats.
    `result` has the shape of `x`.}];
  let arguments = (ins NN_Tensor:$x, DenseI64ArrayAttr:$axes);
}

def NN_SoftmaxOp : NN_SoftmaxLikeOp<"softmax", "exp(x - max(x)) / sum(exp(x - max(x)))", "Softmax">;
def NN_LogSoftmaxOp : NN_SoftmaxLikeOp<"log_softmax", "x - max(x) - ln(sum(exp(x - max(x))))", "LogSoftmax">;

//===- By the statistics of rows -------------------------------------------===//

def NN_LayerNormOp : NN_NormOp<"layer_norm", [NN_AxisOfX]> {
  let summary = "Layer normalization (ONNX LayerNormalization 17, arXiv:1607.06450)";
  let description = [{
    Over all elements of dimensions `axis` and after, in f32 (f64 for f64):

    ```
    result = (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * scale + bias
    ```

    `scale` and `bias` broadcast to `x`. `result` has its shape.
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$scale, Optional<NN_Tensor>:$bias,
                       I64Attr:$axis, F32Attr:$epsilon);
}

def NN_RMSNormOp : NN_NormOp<"rms_norm", [NN_AxisOfX]> {
  let summary = "Root-mean-square normalization (ONNX RMSNormalization 23, arXiv:1910.07467)";
  let description = [{
    Over all elements of dimensions `axis` and after, in f32 (f64 for f64):

    ```
    result = x / sqrt(mean(x^2) + epsilon) * scale
    ```

    `scale` broadcasts to `x`. `result` has the shape of `x` and the element type of
    `scale`. Also imported from SimplifiedLayerNormalization.
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$scale, I64Attr:$axis, F32Attr:$epsilon);
}

//===- By the statistics of channels ---------------------------------------===//

// With `channels_last`, `x` and `result` have the shape `[N, ..., C]`.

def NN_GroupNormOp : NN_NormOp<"group_norm", [NN_Layout]> {
  let summary = "Group normalization (ONNX GroupNormalization 21, arXiv:1803.08494)";
  let description = [{
    `x` has shape `[N, C, ...]`; its channels form `groups` groups of equally many. Over
    all elements of one group of one sample, in f32 (f64 for f64):

    ```
    result = (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * scale + bias
    ```

    `scale` and `bias` have shape `[C]`, or `[groups]` if `per_group` (opset 18).
    `result` has the shape of `x`.
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$scale, NN_Tensor:$bias,
                       I64Attr:$groups, BoolAttr:$per_group, F32Attr:$epsilon,
                       UnitAttr:$channels_last);
}

def NN_InstanceNormOp : NN_NormOp<"instance_norm", [NN_Layout]> {
  let summary = "Instance normalization (ONNX InstanceNormalization 22, arXiv:1607.08022)";
  let description = [{
    Group normalization with one channel per group: `x` has shape `[N, C, ...]`, `scale`
    and `bias` `[C]`; `result` has the shape of `x`.
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$scale, NN_Tensor:$bias, F32Attr:$epsilon,
                       UnitAttr:$channels_last);
}

def NN_BatchNormOp : NN_NormOp<"batch_norm", [NN_Layout]> {
  let summary = "Batch normalization (ONNX BatchNormalization 15, arXiv:1502.03167)";
  let description = [{
    By statistics that are given, as at inference. `x` has shape `[N, C, ...]` or `[N]`
    (then C is 1), the others `[C]`, and `result` that of `x`:

    ```
    result = (x - mean) / sqrt(variance + epsilon) * scale + bias
    ```
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$scale, NN_Tensor:$bias,
                       NN_Tensor:$mean, NN_Tensor:$variance, F32Attr:$epsilon,
                       UnitAttr:$channels_last);
}

def NN_LRNOp : NN_NormOp<"lrn", [NN_Layout]> {
  let summary = "Local response normalization (ONNX LRN 13)";
  let description = [{
    `x` has shape `[N, C, ...]`. With the sum over the channels from
    `c - floor((size - 1) / 2)` to `c + ceil((size - 1) / 2)`, as far as there are such,

    ```
    result[n, c, ...] = x[n, c, ...] / (bias + alpha / size * sum(x[n, i, ...]^2)) ^ beta
    ```
  }];
  let arguments = (ins NN_Tensor:$x, I64Attr:$size, F32Attr:$alpha, F32Attr:$beta,
                       F32Attr:$bias, UnitAttr:$channels_last);
}

//===- Without parameters --------------------------------------------------===//

def NN_LpNormalizeOp : NN_PlainNormOp<"lp_normalize", [NN_AxisOfX, NN_Layout]> {
  let summary = "Division by the length of vectors (ONNX LpNormalization 22)";
  let description = [{
    `result = x / norm(x)`, 0 where the norm is 0; the norm along `axis` is `sum(|x|)`
    for `p` 1 and `sqrt(sum(x * x))` for `p` 2.
  }];
  let arguments = (ins NN_Tensor:$x, I64Attr:$axis, ConfinedAttr<I64Attr, [IntMinValue<1>, IntMaxValue<2>]>:$p);
}

def NN_MeanVarianceNormOp : NN_PlainNormOp<"mean_variance_norm", [NN_AxesOfX, NN_Layout]> {
  let summary = "Standardization (ONNX MeanVarianceNormalization 13)";
  let description = "`result = (x - mean(x)) / (sqrt(mean((x - mean(x))^2)) + 1e-9)`, over all elements along `axes`.";
  let arguments = (ins NN_Tensor:$x, DenseI64ArrayAttr:$axes);
}

#endif // BURIN_DIALECTS_NN_NNNORMOPS_TD
