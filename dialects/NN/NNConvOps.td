#ifndef BURIN_DIALECTS_NN_NNCONVOPS_TD
#define BURIN_DIALECTS_NN_NNCONVOPS_TD

include "dialects/NN/NNBase.td"

// Windows. For each spatial dimension i: `strides[i]` >= 1, `dilations[i]` >= 1,
// and `pads`, all begins, then all ends, may be negative in transposed ones only.
// `auto_pad` NOTSET takes `pads` as they are; VALID is none; SAME_UPPER and
// SAME_LOWER make the output ceil(input / stride) long and put the odd one at the
// end or at the begin. With `channels_last`, `x` and the results are
// `[N, D1, ..., C]`; filters stay as they are.
defvar windowArguments = (ins DenseI64ArrayAttr:$strides,
                              DenseI64ArrayAttr:$dilations,
                              DenseI64ArrayAttr:$pads, StrAttr:$auto_pad);

def NN_ConvOp : NN_PureOp<"conv", [NN_Layout]> {
  let summary = "Convolution over any number of spatial dimensions (ONNX Conv 22)";
  let description = [{
    | value    | shape                     | meaning                             |
    |----------|---------------------------|-------------------------------------|
    | `x`      | `[N, C, D1, ...]`         | batch, channels, spatial            |
    | `w`      | `[F, C/group, K1, ...]`   | filters                             |
    | `bias`   | `[F]`                     | optional                            |
    | `result` | `[N, F, O1, ...]`         | O = floor((D + pads - dilation * (K - 1) - 1) / stride) + 1 |

    Channel group g of the output sees channel group g of the input. Integers
    accumulate in the element type of the result.
  }];
  let arguments = !con((ins NN_Tensor:$x, NN_Tensor:$w,
                            Optional<NN_Tensor>:$bias), windowArguments,
                       (ins I64Attr:$group), NN_ChannelsLast);
  let results = (outs NN_Tensor:$result);
}

def NN_ConvTransposeOp : NN_PureOp<"conv_transpose", [NN_Layout]> {
  let summary = "Transposed convolution (ONNX ConvTranspose 22)";
  let description = [{
    The gradient of `nn.conv` with respect to its input: `x` is `[N, C, D1, ...]`,
    `w` `[C, F/group, K1, ...]`, the result `[N, F, O1, ...]` with
    `O = stride * (D - 1) + output_padding + dilation * (K - 1) + 1 - pads`, or
    `output_shape` where it is not empty; then the pads follow from it.
  }];
  let arguments = !con((ins NN_Tensor:$x, NN_Tensor:$w,
                            Optional<NN_Tensor>:$bias), windowArguments,
                       (ins I64Attr:$group, DenseI64ArrayAttr:$output_padding,
                            DenseI64ArrayAttr:$output_shape), NN_ChannelsLast);
  let results = (outs NN_Tensor:$result);
}

class NN_PoolOp<string mnemonic> : NN_PureOp<mnemonic, [NN_Layout]>;

def NN_MaxPoolOp : NN_PoolOp<"max_pool"> {
  let summary = "Largest element of each window (ONNX MaxPool 22)";
  let description = [{
    `x` is `[N, C, D1, ...]`, `result` `[N, C, O1, ...]`. Pads are never the
    largest. `indices` (i64, of the same shape) says where it was found: the number
    of the element in `x` of ONNX's order, row-major, or with the last two dimensions swapped if
    `column_major`. With `ceil_mode` a last window that sticks out counts too.
  }];
  let arguments = !con((ins NN_Tensor:$x, DenseI64ArrayAttr:$kernel),
                       windowArguments,
                       (ins BoolAttr:$ceil_mode, BoolAttr:$column_major),
                       NN_ChannelsLast);
  let results = (outs NN_Tensor:$result, NN_Tensor:$indices);
}

def NN_AveragePoolOp : NN_PoolOp<"average_pool"> {
  let summary = "Mean of each window (ONNX AveragePool 22)";
  let description = [{
    `x` is `[N, C, D1, ...]`, `result` `[N, C, O1, ...]`. Pads count as zeros if
    `count_include_pad`, else not at all.
  }];
  let arguments = !con((ins NN_Tensor:$x, DenseI64ArrayAttr:$kernel),
                       windowArguments,
                       (ins BoolAttr:$ceil_mode, BoolAttr:$count_include_pad),
                       NN_ChannelsLast);
  let results = (outs NN_Tensor:$result);
}

def NN_LpPoolOp : NN_PoolOp<"lp_pool"> {
  let summary = "p-norm of each window (ONNX LpPool 22)";
  let description = "`result = (sum over the window of |x|^p)^(1/p)`; pads are zeros.";
  let arguments = !con((ins NN_Tensor:$x, DenseI64ArrayAttr:$kernel),
                       windowArguments, (ins BoolAttr:$ceil_mode, I64Attr:$p),
                       NN_ChannelsLast);
  let results = (outs NN_Tensor:$result);
}

#endif // BURIN_DIALECTS_NN_NNCONVOPS_TD
