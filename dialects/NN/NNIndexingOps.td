#ifndef BURIN_DIALECTS_NN_NNINDEXINGOPS_TD
#define BURIN_DIALECTS_NN_NNINDEXINGOPS_TD

include "dialects/NN/NNBase.td"

// Indices are i32 or i64 tensors; negative ones count from the end. What points
// outside ends the run, unless the op says otherwise.

//===- Gathering -----------------------------------------------------------===//

def NN_GatherOp : NN_MovementOp<"gather"> {
  let summary = "Slices chosen by index (ONNX Gather 13)";
  let description = [{
    `result[p, i, s] = x[p, indices[i], s]`, where `p` are the dimensions before
    `axis`, `i` all those of `indices`, `s` those behind `axis`.

    Example: `%1 = nn.gather %table, %ids {axis = 0 : i64} : (tensor<100x8xf32>,
    tensor<2x3xi64>) -> tensor<2x3x8xf32>`
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$indices, I64Attr:$axis);
  let results = (outs NN_Tensor:$result);
}

def NN_GatherElementsOp : NN_PureOp<"gather_elements"> {
  let summary = "Elements chosen by index along one axis (ONNX GatherElements 13)";
  let description = "`result[..., i, ...] = x[..., indices[..., i, ...], ...]` at `axis`; `result` has the sizes of `indices`.";
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$indices, I64Attr:$axis);
  let results = (outs NN_Tensor:$result);
}

def NN_GatherNDOp : NN_PureOp<"gather_nd"> {
  let summary = "Slices chosen by tuples of indices (ONNX GatherND 13)";
  let description = [{
    `result[b, i, s] = x[b, indices[b, i, :], s]`: `b` are `batch_dims` leading
    dimensions, the last of `indices` is a tuple of static length, `s` the
    dimensions of `x` that are left.
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$indices, I64Attr:$batch_dims);
  let results = (outs NN_Tensor:$result);
}

def NN_OneHotOp : NN_PureOp<"one_hot"> {
  let summary = "Indices as unit vectors (ONNX OneHot 28)";
  let description = [{
    A new dimension of size `depth` (an integer scalar) at `axis`: `values[1]` where
    its index is the element of `indices`, `values[0]` elsewhere, and everywhere if
    the element is outside `[-depth, depth)`.
  }];
  let arguments = (ins NN_Tensor:$indices, NN_Tensor:$depth, NN_Tensor:$values, I64Attr:$axis);
  let results = (outs NN_Tensor:$result);
}

//===- Scattering ----------------------------------------------------------===//

// Several updates of one element: in order; the last one stays, or all are
// combined by `reduction`: "none", "add", "mul", "max", "min".

def NN_ScatterElementsOp : NN_PureOp<"scatter_elements"> {
  let summary = "Writes elements along one axis (ONNX ScatterElements 18)";
  let description = "A copy of `x` with `result[..., indices[..., i, ...], ...] = updates[..., i, ...]` at `axis`.";
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$indices, NN_Tensor:$updates,
                       I64Attr:$axis, StrAttr:$reduction);
  let results = (outs NN_Tensor:$result);
}

def NN_ScatterNDOp : NN_PureOp<"scatter_nd"> {
  let summary = "Writes slices chosen by tuples of indices (ONNX ScatterND 18)";
  let description = "A copy of `x` with `result[indices[i, :], s] = updates[i, s]`; the tuples have a static length.";
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$indices, NN_Tensor:$updates, StrAttr:$reduction);
  let results = (outs NN_Tensor:$result);
}

def NN_TensorScatterOp : NN_PureOp<"tensor_scatter"> {
  let summary = "Writes new elements into a cache (ONNX TensorScatter 24)";
  let description = [{
    A copy of `past` with `update`, which is shorter along `axis`, from position
    `at[b]` (0 without `at`) of batch `b`, the first dimension; `circular` goes on at
    the beginning when the end is reached.
  }];
  let arguments = (ins NN_Tensor:$past, NN_Tensor:$update, Optional<NN_Tensor>:$at,
                       I64Attr:$axis, BoolAttr:$circular);
  let results = (outs NN_Tensor:$result);
}

//===- As many elements as the data say ------------------------------------===//

def NN_NonZeroOp : NN_PureOp<"nonzero"> {
  let summary = "Where a tensor is not zero (ONNX NonZero 13)";
  let description = "Column `j` of the i64 `[rank, n]` result is the index of the `j`-th element that is not zero, in row-major order.";
  let arguments = (ins NN_Tensor:$x);
  let results = (outs NN_Tensor:$result);
}

def NN_CompressOp : NN_PureOp<"compress"> {
  let summary = "Slices chosen by a condition (ONNX Compress 28)";
  let description = "Those slices of `x` along `axis`, or elements of the flat `x` without it, for which the 1-D i1 `condition`, which may be shorter, is true.";
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$condition, OptionalAttr<I64Attr>:$axis);
  let results = (outs NN_Tensor:$result);
}

def NN_UniqueOp : NN_PureOp<"unique"> {
  let summary = "Each element or slice once (ONNX Unique 28)";
  let description = [{
    The different slices of `x` along `axis`, or elements of the flat `x` without it,
    `sorted` or in the order of their first occurrence. `first` are the places of
    that, `inverse` for each of `x` its place in `values`, `counts` how many there are.
  }];
  let arguments = (ins NN_Tensor:$x, OptionalAttr<I64Attr>:$axis, BoolAttr:$sorted);
  let results = (outs NN_Tensor:$values, NN_Tensor:$first, NN_Tensor:$inverse, NN_Tensor:$counts);
}

def NN_NonMaxSuppressionOp : NN_PureOp<"non_max_suppression", [AttrSizedOperandSegments]> {
  let summary = "Boxes that no better box overlaps (ONNX NonMaxSuppression 11)";
  let description = [{
    Per batch and class, boxes by falling score, but those whose intersection with
    one already taken is more than `iou_threshold` (0) of the union, not more than
    `max_boxes` (0). Rows of the i64 `[n, 3]` result are batch, class, box.

    | `boxes` | `[batch, box, 4]` f32: two corners (y, x), or by `center` x, y, width, height |
    |---|---|
    | `scores` | `[batch, class, box]` f32; those not above `score_threshold` are left out |
  }];
  let arguments = (ins NN_Tensor:$boxes, NN_Tensor:$scores,
      Optional<NN_Tensor>:$max_boxes, Optional<NN_Tensor>:$iou_threshold,
      Optional<NN_Tensor>:$score_threshold, BoolAttr:$center);
  let results = (outs NN_Tensor:$result);
}

//===- Sampling ------------------------------------------------------------===//

def NN_ResizeOp : NN_PureOp<"resize", [AttrSizedOperandSegments, NN_Layout]> {
  let summary = "Resamples along some axes (ONNX Resize 19, Upsample)";
  let description = [{
    Along `axes[i]` the new size is `floor(size * scales[i])`, or `sizes[i]`, or by
    `policy` "not_larger" / "not_smaller" the nearest that keeps the proportions
    ("stretch": as given). A result's coordinate is mapped into `x` by `coordinates`
    (the names of ONNX: "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",
    "align_corners", "asymmetric", "tf_crop_and_resize" with the regions `roi`:
    all starts, then all ends). `mode` takes the element there ("nearest", rounded
    as `nearest` says: "round_prefer_floor", "round_prefer_ceil", "floor", "ceil"),
    or weights of those around it ("linear", "cubic" with `cubic`); `antialias`
    widens them when shrinking, `exclude_outside` leaves out elements beyond the
    borders, which else repeat. Outside of a cropped `x` it is `extrapolation`.
  }];
  let arguments = (ins NN_Tensor:$x, Optional<NN_Tensor>:$scales,
      Optional<NN_Tensor>:$sizes, Optional<NN_Tensor>:$roi, DenseI64ArrayAttr:$axes,
      StrAttr:$mode, StrAttr:$coordinates, StrAttr:$nearest, StrAttr:$policy,
      F32Attr:$cubic, F32Attr:$extrapolation, BoolAttr:$antialias,
      BoolAttr:$exclude_outside);
  let results = (outs NN_Tensor:$result);
}

def NN_GridSampleOp : NN_PureOp<"grid_sample"> {
  let summary = "Samples at the places of a grid (ONNX GridSample 22)";
  let description = [{
    `result[n, c, o] = x[n, c, grid[n, o, :]]`, where `grid` has coordinates in
    [-1, 1], innermost first. `mode` is "nearest", "linear" or "cubic"; `padding`
    says what lies outside: "zeros", "border" or "reflection".
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$grid, StrAttr:$mode, StrAttr:$padding,
                       BoolAttr:$align_corners);
  let results = (outs NN_Tensor:$result);
}

def NN_AffineGridOp : NN_PureOp<"affine_grid"> {
  let summary = "A grid for GridSample out of affine maps (ONNX AffineGrid 20)";
  let description = [{
    `result[n, o, :] = theta[n] * (coordinates of o in [-1, 1], innermost first, 1)`
    for a result of sizes `size = [n, c, o...]` with 2 or 3 dimensions `o`.
  }];
  let arguments = (ins NN_Tensor:$theta, NN_Tensor:$size, BoolAttr:$align_corners);
  let results = (outs NN_Tensor:$result);
}

def NN_RoiAlignOp : NN_PureOp<"roi_align"> {
  let summary = "Pools regions at sampled places (ONNX RoiAlign 22)";
  let description = [{
    Each of `rois` (`[r, 4]`: x1, y1, x2, y2, times `scale`) of image `batch[r]` of `x`
    (`[n, c, h, w]`) as `[height, width]` bins, of `samples`^2 (0: one per pixel)
    bilinear samples each: their mean, or by `max` the largest. `half_pixel` shifts
    the regions by half a pixel.
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$rois, NN_Tensor:$batch, I64Attr:$height,
      I64Attr:$width, I64Attr:$samples, F32Attr:$scale, BoolAttr:$max, BoolAttr:$half_pixel);
  let results = (outs NN_Tensor:$result);
}

def NN_MaxRoiPoolOp : NN_PureOp<"max_roi_pool"> {
  let summary = "The largest elements of regions (ONNX MaxRoiPool 22)";
  let description = [{
    Each of `rois` (`[r, 5]`: image, x1, y1, x2, y2, times `scale` and rounded) of `x`
    (`[n, c, h, w]`) as `[height, width]` bins: the largest element, 0 if empty.
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$rois, I64Attr:$height, I64Attr:$width, F32Attr:$scale);
  let results = (outs NN_Tensor:$result);
}

def NN_Col2ImOp : NN_PureOp<"col2im"> {
  let summary = "Adds overlapping blocks to an image (ONNX Col2Im 18)";
  let description = [{
    `x` is `[n, c * prod(block), l]`, where `l` counts the places of a block in the
    padded image in row-major order; the result `[n, c, image...]` is their sum.
    `pads` are all those before, then all those behind.
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$image, NN_Tensor:$block,
      DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations);
  let results = (outs NN_Tensor:$result);
}

//===- Spectra -------------------------------------------------------------===//

def NN_DFTOp : NN_PureOp<"dft"> {
  let summary = "Discrete Fourier transform along one axis (ONNX DFT 20)";
  let description = [{
    The last dimension of `x` is 1 (real) or 2 (real and imaginary part). `axis` and
    `length` are integer scalars; the signal is cut or filled with zeros to
    `length` (the size of the axis; 2 * (size - 1) if `onesided` and `inverse`).
    `onesided` keeps the first `length / 2 + 1` frequencies of a real signal, or takes
    just these and gives a real signal. `inverse` divides by the length.
  }];
  let arguments = (ins NN_Tensor:$x, Optional<NN_Tensor>:$length, NN_Tensor:$axis,
                       BoolAttr:$inverse, BoolAttr:$onesided);
  let results = (outs NN_Tensor:$result);
}

def NN_STFTOp : NN_PureOp<"stft", [AttrSizedOperandSegments]> {
  let summary = "Short-time Fourier transform (ONNX STFT 17)";
  let description = [{
    `signal` is `[batch, n, 1 or 2]`; frames of `length` (the window's size, else `n`)
    elements every `step`, times `window`, are transformed as by `nn.dft`:
    `[batch, 1 + (n - length) / step, frequencies, 2]`.
  }];
  let arguments = (ins NN_Tensor:$signal, NN_Tensor:$step, Optional<NN_Tensor>:$window,
                       Optional<NN_Tensor>:$length, BoolAttr:$onesided);
  let results = (outs NN_Tensor:$result);
}

def NN_MelWeightMatrixOp : NN_PureOp<"mel_weight_matrix"> {
  let summary = "Triangular filters on the mel scale (ONNX MelWeightMatrix 17)";
  let description = "The f64 matrix `[length / 2 + 1, bins]` that weighs frequencies between `low` and `high` Hz; all operands are scalars, the last two f64.";
  let arguments = (ins NN_Tensor:$bins, NN_Tensor:$length, NN_Tensor:$rate, NN_Tensor:$low, NN_Tensor:$high);
  let results = (outs NN_Tensor:$result);
}

#endif // BURIN_DIALECTS_NN_NNINDEXINGOPS_TD
