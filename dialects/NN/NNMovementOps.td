#ifndef BURIN_DIALECTS_NN_NNMOVEMENTOPS_TD
#define BURIN_DIALECTS_NN_NNMOVEMENTOPS_TD

include "dialects/NN/NNBase.td"

//===- Same elements, another shape ----------------------------------------===//

def NN_ReshapeOp : NN_MovementOp<"reshape", [NN_Layout]> {
  let summary = "Same elements in row-major order, other sizes (ONNX Reshape 25)";
  let description = [{
    `result` has the sizes `shape` (1-D, of static length), where one may be -1:
    what is left. Unless `allowzero`, a 0 is the size of `x` at the same place. A
    size that the graph computed from sizes (Shape -> Gather -> Concat) is taken as
    it is, so that an empty dimension stays empty.

    Example: `%1 = nn.reshape %x, %shape {allowzero = false} : (tensor<?x768xf32>,
    tensor<3xi64>) -> tensor<?x12x64xf32>`
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$shape, BoolAttr:$allowzero);
  let results = (outs NN_Tensor:$result);
  let hasFolder = 1;
}

def NN_FlattenOp : NN_PureOp<"flatten"> {
  let summary = "Two dimensions of many (ONNX Flatten 25)";
  let description = "`x` of shape `d0, ..., dn` as `[d0 * ... * d(axis-1), d(axis) * ... * dn]`; 0 <= axis <= rank.";
  let arguments = (ins NN_Tensor:$x, I64Attr:$axis);
  let results = (outs NN_Tensor:$result);
  let hasFolder = 1;
}

class NN_AxesOp<string mnemonic, string text, string more>
    : NN_MovementOp<mnemonic, [NN_Layout]> {
  let summary = text;
  let description = more # [{ `axes` is 1-D, of static length, none twice; negative ones
    count from the end. Where it is not constant, so are none of the sizes.}];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$axes);
  let results = (outs NN_Tensor:$result);
  let hasFolder = 1;
}
def NN_SqueezeOp : NN_AxesOp<"squeeze", "Drops dimensions of size 1 (ONNX Squeeze 25)",
    "`result` is `x` without the dimensions `axes`, which are of size 1.">;
def NN_UnsqueezeOp : NN_AxesOp<"unsqueeze", "Adds dimensions of size 1 (ONNX Unsqueeze 25)",
    "`result` is `x` with dimensions of size 1 at `axes`, which count in the result.">;

//===- Same elements in another order --------------------------------------===//

def NN_TransposeOp : NN_MovementOp<"transpose"> {
  let summary = "Permutes dimensions (ONNX Transpose 25)";
  let description = [{
    Dimension `d` of `result` is dimension `permutation[d]` of `x`.

    Example: `%1 = nn.transpose %x {permutation = array<i64: 1, 0>} :
    (tensor<2x3xf32>) -> tensor<3x2xf32>`
  }];
  let arguments = (ins NN_Tensor:$x, DenseI64ArrayAttr:$permutation);
  let results = (outs NN_Tensor:$result);
  let hasFolder = 1;
}

class NN_BlockOp<string mnemonic, string text, string more>
    : NN_PureOp<mnemonic, [NN_Layout]> {
  let summary = text;
  let description = more # [{ `crd` orders the depth as column-row-depth, else it is depth-column-row.
    With `channels_last`, `x` and `result` have the channels behind the pixels.}];
  let arguments = (ins NN_Tensor:$x, I64Attr:$block, BoolAttr:$crd,
                       UnitAttr:$channels_last);
  let results = (outs NN_Tensor:$result);
}
def NN_DepthToSpaceOp : NN_BlockOp<"depth_to_space", "Channels to blocks of pixels (ONNX DepthToSpace 28)",
    "`[n, c * block^2, h, w]` to `[n, c, h * block, w * block]`.">;
def NN_SpaceToDepthOp : NN_BlockOp<"space_to_depth", "Blocks of pixels to channels (ONNX SpaceToDepth 28)",
    "`[n, c, h * block, w * block]` to `[n, c * block^2, h, w]`.">;

def NN_ReverseSequenceOp : NN_PureOp<"reverse_sequence"> {
  let summary = "Turns the beginning of each sequence round (ONNX ReverseSequence 28)";
  let description = [{
    For each batch `b` the first `lengths[b]` elements along `time_axis` are in
    reverse order. `batch_axis` and `time_axis` are 0 and 1 or 1 and 0.
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$lengths, I64Attr:$time_axis, I64Attr:$batch_axis);
  let results = (outs NN_Tensor:$result);
}

//===- Elements more than once ---------------------------------------------===//

def NN_ExpandOp : NN_MovementOp<"expand"> {
  let summary = "Broadcasts to a shape (ONNX Expand 13)";
  let description = [{
    `x` and a tensor of sizes `shape` (1-D, of static length) broadcast as NumPy's
    do; `result` is the stretched `x`. A 1 in `shape` keeps the size of `x`.
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$shape);
  let results = (outs NN_Tensor:$result);
}

def NN_TileOp : NN_MovementOp<"tile"> {
  let summary = "Repeats a tensor along its dimensions (ONNX Tile 13)";
  let description = "`result[i, ...] = x[i mod d0, ...]`; size `i` of `result` is that of `x` times `repeats[i]`.";
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$repeats);
  let results = (outs NN_Tensor:$result);
}

//===- Joining and cutting -------------------------------------------------===//

def NN_ConcatOp : NN_MovementOp<"concat", [NN_Layout]> {
  let summary = "Tensors one after the other along `axis` (ONNX Concat 13)";
  let description = "All `inputs` have the same sizes but along `axis`.";
  let arguments = (ins Variadic<NN_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs NN_Tensor:$result);
}

def NN_SplitOp : NN_PureOp<"split", [NN_Layout]> {
  let summary = "Cuts a tensor along `axis` (ONNX Split 18)";
  let description = [{
    Result `i` has `sizes[i]` slices of `x`, in order. Without `sizes` all results
    have `ceil(size / count)` slices, the last ones fewer.

    Example: `%1:2 = nn.split %x {axis = 0 : i64} : (tensor<5xf32>) ->
    (tensor<3xf32>, tensor<2xf32>)`
  }];
  let arguments = (ins NN_Tensor:$x, Optional<NN_Tensor>:$sizes, I64Attr:$axis);
  let results = (outs Variadic<NN_Tensor>:$results);
}

def NN_SliceOp : NN_MovementOp<"slice", [NN_Layout]> {
  let summary = "Every `step`-th element of a range (ONNX Slice 13)";
  let description = [{
    As NumPy's `x[start:end:step]`, along `axes[i]` by element `i` of `starts`, `ends`
    and `steps` (1-D, integer). Negative bounds count from the end, those too
    large are clamped. Steps are not 0 and may be negative.

    Example: `%1 = nn.slice %x, %b, %e, %s {axes = array<i64: 1>} : (tensor<2x8xf32>,
    tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3xf32>`
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$starts, NN_Tensor:$ends,
                       NN_Tensor:$steps, DenseI64ArrayAttr:$axes);
  let results = (outs NN_Tensor:$result);
  let hasFolder = 1;
}

def NN_PadOp : NN_PureOp<"pad", [NN_Layout]> {
  let summary = "Adds elements at the borders, or takes them away (ONNX Pad 25)";
  let description = [{
    Along `axes[i]` of n axes, `pads[i]` elements before and `pads[n + i]` behind;
    negative ones are taken away. `mode` says what they are: "constant" (`value`, a
    scalar; 0 without it), "reflect" (mirrored at the last element), "edge" (the
    last element) or "wrap" (from the other end).
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$pads, Optional<NN_Tensor>:$value,
                       StrAttr:$mode, DenseI64ArrayAttr:$axes);
  let results = (outs NN_Tensor:$result);
}

def NN_CenterCropPadOp : NN_PureOp<"center_crop_pad"> {
  let summary = "Cuts or pads around the center (ONNX CenterCropPad 18)";
  let description = [{
    Size `axes[i]` becomes `shape[i]`: by as many elements less at both ends or
    zeros more, one more behind where the difference is odd.
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$shape, DenseI64ArrayAttr:$axes);
  let results = (outs NN_Tensor:$result);
}

def NN_TriluOp : NN_PureOp<"trilu"> {
  let summary = "Upper or lower triangle (ONNX Trilu 14)";
  let description = [{
    The last two dimensions are matrices: element `(i, j)` stays where
    `j - i >= k` (`upper`) or `j - i <= k`, else it is 0. `k` is an integer scalar.
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$k, BoolAttr:$upper);
  let results = (outs NN_Tensor:$result);
}

//===- Tensors out of sizes ------------------------------------------------===//

def NN_ConstantOfShapeOp : NN_MovementOp<"constant_of_shape"> {
  let summary = "One value everywhere (ONNX ConstantOfShape 25)";
  let description = "All elements are that of `value` (a tensor of one element); the sizes are `shape` (1-D, of static length).";
  let arguments = (ins NN_Tensor:$shape, ElementsAttr:$value);
  let results = (outs NN_Tensor:$result);
  let hasFolder = 1;
}

def NN_RangeOp : NN_MovementOp<"range"> {
  let summary = "An arithmetic progression (ONNX Range 27)";
  let description = [{
    `result[i] = start + i * delta` for all `i` below
    `max(0, ceil((limit - start) / delta))`; the operands are scalars of one type.
  }];
  let arguments = (ins NN_Tensor:$start, NN_Tensor:$limit, NN_Tensor:$delta);
  let results = (outs NN_Tensor:$result);
}

def NN_EyeLikeOp : NN_PureOp<"eye_like"> {
  let summary = "Ones on a diagonal (ONNX EyeLike 22)";
  let description = "Of the sizes of the matrix `x`: 1 at `(i, i + offset)`, 0 elsewhere.";
  let arguments = (ins NN_Tensor:$x, I64Attr:$offset);
  let results = (outs NN_Tensor:$result);
}

def NN_CosineWindowOp : NN_PureOp<"cosine_window"> {
  let summary = "A window of cosines (ONNX HannWindow, HammingWindow, BlackmanWindow 17)";
  let description = [{
    `result[i] = c0 + c1 * cos(2 pi i / n) + c2 * cos(4 pi i / n)` for `i < size`, an
    integer scalar, where `n` is `size` if `periodic`, else `size - 1`.
  }];
  let arguments = (ins NN_Tensor:$size, DenseF64ArrayAttr:$coefficients, BoolAttr:$periodic);
  let results = (outs NN_Tensor:$result);
}

def NN_RandomOp : NN_PureOp<"random"> {
  let summary = "Pseudo-random numbers (ONNX Random*, Bernoulli)";
  let description = [{
    Float elements of sizes `shape` (1-D, of static length), each a hash of `seed`
    and its position: the same in every run. `kind` is "uniform", in [a, b), or
    "normal", of mean `a` and deviation `b`.
  }];
  let arguments = (ins NN_Tensor:$shape, StrAttr:$kind, F32Attr:$a, F32Attr:$b, I64Attr:$seed);
  let results = (outs NN_Tensor:$result);
}

#endif // BURIN_DIALECTS_NN_NNMOVEMENTOPS_TD
