#ifndef BURIN_DIALECTS_NN_NNQUANTOPS_TD
#define BURIN_DIALECTS_NN_NNQUANTOPS_TD

include "dialects/NN/NNBase.td"

/// Scales and zero points: for all elements, for each slice, or for each block.
class NN_ScaledOp<string mnemonic> : NN_PureOp<mnemonic, [NN_Layout]> {
  code granularity = [{
    `scale` and `zero_point` (0 if left out) have one shape, which decides for
    which elements each of theirs counts; but one zero point may serve all:

    | shape                                  | element for `x[.., i, ..]`, `i` along `axis` |
    |----------------------------------------|----------------------------------------------|
    | `[]`, `[1]`, `[1, 1]`, ...             | the only one                                 |
    | `[D]`, `D` the size of `axis`          | `scale[i]`                                   |
    | of the rank of `x`, `block_size` not 0 | `scale[.., i / block_size, ..]`              |

    `result` has the shape of `x`.
  }];
  let results = (outs NN_Tensor:$result);
  let hasVerifier = 1;
}

def NN_QuantizeOp : NN_ScaledOp<"quantize"> {
  let summary = "Floats to small integers or 8-bit floats (ONNX QuantizeLinear 10-25)";
  let description = [{
    ```
    result = clamp(roundeven(x / scale) + zero_point)   (to an integer type)
    result = x / scale, rounded as nn.cast does         (to an 8-bit float)
    ```

    The quotient is one of type `precision`; the clamp is to the range of the
    element type of `result`. NaN becomes the least integer. `saturate` is that of
    `nn.cast`.
  }] # granularity # [{

    Example:

    ```mlir
    %0 = nn.quantize %x, %s, %z {axis = 1 : i64, block_size = 0 : i64, precision = f32, saturate = true}
         : (tensor<2x8xf32>, tensor<8xf32>, tensor<8xui8>) -> tensor<2x8xui8>
    ```
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$scale,
                       Optional<NN_Tensor>:$zero_point, I64Attr:$axis,
                       I64Attr:$block_size, TypeAttr:$precision,
                       BoolAttr:$saturate);
}

def NN_DequantizeOp : NN_ScaledOp<"dequantize"> {
  let summary = "Quantized numbers to floats (ONNX DequantizeLinear 10-25)";
  let description = [{
    ```
    result = (x - zero_point) * scale
    ```

    calculated in f32, rounded to the element type of `result`.
  }] # granularity # [{

    Example:

    ```mlir
    %0 = nn.dequantize %x, %s {axis = 0 : i64, block_size = 32 : i64}
         : (tensor<64x8xi4>, tensor<2x8xf16>) -> tensor<64x8xf16>
    ```
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$scale,
                       Optional<NN_Tensor>:$zero_point, I64Attr:$axis,
                       I64Attr:$block_size);
}

def NN_DynamicQuantizeOp : NN_PureOp<"dynamic_quantize", [NN_Layout]> {
  let summary = "To ui8 by the range of the tensor itself (ONNX DynamicQuantizeLinear 11)";
  let description = [{
    ```
    low = min(0, min(x)), high = max(0, max(x))
    scale = (high - low) / 255                 (1 / 255 where that is 0)
    zero_point = clamp(roundeven(-low / scale))
    result = clamp(roundeven(x / scale) + zero_point)
    ```

    `scale` (f32) and `zero_point` (ui8) are scalars; `result` has the shape of `x`.
  }];
  let arguments = (ins NN_Tensor:$x);
  let results = (outs NN_Tensor:$result, NN_Tensor:$scale, NN_Tensor:$zero_point);
}

def NN_MatMulNBitsOp : NN_PureOp<"matmul_nbits", [AttrSizedOperandSegments]> {
  let summary = "Product with a matrix of 2-, 4- or 8-bit integers scaled in blocks (com.microsoft MatMulNBits)";
  let description = [{
    ```
    result[.., n] = bias[n] + sum over k: a[.., k] * scales[n, k / block_size] * (b'[n, k] - zero_points'[n, k / block_size])
    ```

    where b' are the integers in `b`: with 4 bits, element `2 i` of a block lies in
    the low half of its byte `i` and element `2 i + 1` in the high half; with 2 bits,
    likewise in quarters.

    | value         | shape                                   | meaning                           |
    |---------------|-----------------------------------------|-----------------------------------|
    | `a`           | `[.., K]`                               | a float                           |
    | `b`           | `[N, blocks, block_size * bits / 8]`    | ui8; `blocks = ceil(K / block_size)` |
    | `scales`      | `N * blocks` elements, any rank         | the type of `a`                   |
    | `zero_points` | `N * ceil(blocks * bits / 8)`, any rank | ui8, packed as `b` along blocks   |
    |               | or `N * blocks`, any rank               | the type of `a`, unpacked         |
    | `bias`        | `[N]`                                   | 0 if left out                     |
    | `result`      | `[.., N]`                               | the type of `a`                   |

    Without `zero_points` they are `2^(bits - 1)`. `n` is N, `k` is K; `block_size`
    is a power of two, at least 16. With an `accuracy_level` of 4 the elements of
    each block of `a` may be rounded to integers times one factor.

    Example:

    ```mlir
    %0 = nn.matmul_nbits %a, %b, %s {bits = 4 : i64, block_size = 32 : i64, k = 64 : i64, n = 8 : i64,
             operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}
         : (tensor<1x64xf32>, tensor<8x2x16xui8>, tensor<8x2xf32>) -> tensor<1x8xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$a, NN_Tensor:$b, NN_Tensor:$scales,
                       Optional<NN_Tensor>:$zero_points, Optional<NN_Tensor>:$bias,
                       I64Attr:$k, I64Attr:$n, I64Attr:$bits, I64Attr:$block_size,
                       DefaultValuedAttr<I64Attr, "0">:$accuracy_level);
  let results = (outs NN_Tensor:$result);
}

#endif // BURIN_DIALECTS_NN_NNQUANTOPS_TD
