#ifndef BURIN_DIALECTS_NN_NNATTENTIONOPS_TD
#define BURIN_DIALECTS_NN_NNATTENTIONOPS_TD

include "dialects/NN/NNBase.td"

def NN_Heads : 4DTensorOf<[F32, F16, BF16, F64]>;

def NN_AttentionOp : NN_PureOp<"attention", [AttrSizedOperandSegments,
    AllElementTypesMatch<["query", "key"]>]> {
  let summary = "Scaled dot-product attention under a mask";
  let description = [{
    For each batch `b` and head `h`, with `g = h / (H / G)` the key head that the
    query head shares with others:

    ```
    scores = scale * query[b,h] x key[b,g]^T
    scores = softcap * tanh(scores / softcap)        (if softcap is not 0)
    result[b,h] = softmax(scores + bias[b,h]) x value[b,g]
    ```

    | value     | shape            | meaning                                        |
    |-----------|------------------|------------------------------------------------|
    | `query`   | `[B, H, Sq, D]`  | batch, heads, query tokens, depth              |
    | `key`     | `[B, G, Sk, D]`  | `Sk` key tokens; `G` divides `H`               |
    | `value`   | `[B, G, Sk, Dv]` |                                                |
    | `bias`    | broadcasts to `[B, H, Sq, Sk]`, but may have less than `Sk` columns, the others hidden | a float to add, or i1: hidden where false |
    | `offset`  | `[1]` or `[B]`   | i64: position of the first query among the keys; 0 if left out |
    | `lengths` | `[B]`            | i64: keys from this position on are hidden     |
    | `result`  | `[B, H, Sq, Dv]` | as `query`                                     |
    | `scores`  | `[B, H, Sq, Sk]` | only if asked for                              |

    A key is seen by the query at position `offset + i` if `mask`
    (`AttnMaskAttrInterface`) says so and `bias` and `lengths` do not hide it. A query
    that sees no key gives 0, or NaN with `nan_unseen`, as plain softmaxes do; with
    `zero_nan` one whose softmax is NaN gives 0. The softmax is one of type `softmax_type` (f32, or f64
    for f64, if left out). `scale` is usually `1/sqrt(D)` and is taken as given.

    `scores` are, by `scores_stage`: 0 the scaled products, 1 after `softcap`, 2 after
    `bias` and masks (hidden ones -inf), 3 the probabilities.

    Imported from ONNX Attention 23-25 and from the matmul-softmax-matmul idiom.

    Example:

    ```mlir
    %r = nn.attention %q, %k, %v mask(#nn.sliding_window<128>) scale(1.250000e-01)
         : tensor<1x8x512x64xf32>, tensor<1x8x512x64xf32>, tensor<1x8x512x64xf32> -> tensor<1x8x512x64xf32>
    ```
  }];
  let arguments = (ins NN_Heads:$query, NN_Heads:$key, NN_Heads:$value,
                       Optional<NN_Tensor>:$bias, Optional<NN_Tensor>:$offset,
                       Optional<NN_Tensor>:$lengths,
                       NN_AttnMaskAttrInterface:$mask, F32Attr:$scale,
                       DefaultValuedAttr<F32Attr, "0.0f">:$softcap,
                       OptionalAttr<TypeAttr>:$softmax_type,
                       DefaultValuedAttr<I64Attr, "0">:$scores_stage,
                       UnitAttr:$nan_unseen, UnitAttr:$zero_nan);
  let results = (outs NN_Tensor:$result, Optional<NN_Tensor>:$scores);
  let assemblyFormat = [{
    $query `,` $key `,` $value
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`offset` `(` $offset^ `:` type($offset) `)`)?
    (`lengths` `(` $lengths^ `:` type($lengths) `)`)?
    `mask` `(` $mask `)` `scale` `(` $scale `)` attr-dict
    `:` type($query) `,` type($key) `,` type($value)
    `->` type($result) (`,` type($scores)^)?
  }];
  let hasVerifier = 1;
}

def NN_RotaryEmbeddingOp : NN_PureOp<"rotary_embedding", [AllElementTypesMatch<["x", "cos", "sin"]>]> {
  let summary = "Rotates pairs of elements by the position of their token (ONNX RotaryEmbedding 23, arXiv:2104.09864)";
  let description = [{
    Of each token's head the first 2 R elements are R pairs; pair `j` is elements
    `2 j` and `2 j + 1` if `interleaved`, else `j` and `R + j`:

    ```
    (u, v) -> (cos u - sin v, sin u + cos v)
    ```

    The elements after those stay.

    | value        | shape                                   | meaning                    |
    |--------------|-----------------------------------------|----------------------------|
    | `x`          | `[B, heads, S, D]` or `[B, S, heads D]` | the latter if `heads` is not 0 |
    | `cos`, `sin` | `[B, S, R]`                             | by token                   |
    | `result`     | as `x`                                  |                            |

    Where ONNX looks cos and sin up by position, `nn.gather` has done that.
  }];
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$cos, NN_Tensor:$sin,
                       I64Attr:$heads, BoolAttr:$interleaved);
  let results = (outs NN_Tensor:$result);
}

def NN_LinearAttentionOp : NN_PureOp<"linear_attention", [AttrSizedOperandSegments,
    AllElementTypesMatch<["query", "key", "value"]>]> {
  let summary = "Attention by a recurrent state instead of a softmax (ONNX LinearAttention 27)";
  let description = [{
    For each batch and key head a matrix `s`, at each step `t`, all in f32:

    ```
    s = exp(decay[t]) . s                      (if `decay` is given; per row of s)
    v' = value[t], or beta[t] . (value[t] - s^T key[t]) if `beta` is given
    s = s + key[t] v'^T
    result[t] = scale * s^T query[t]           (for each query head of the key head)
    ```

    | value               | shape            | meaning                              |
    |---------------------|------------------|--------------------------------------|
    | `query`             | `[B, T, H D]`    | batch, steps, `H` heads of depth `D` |
    | `key`               | `[B, T, G D]`    | `G` divides `H`                      |
    | `value`             | `[B, T, G E]`    |                                      |
    | `state`, `present`  | `[B, G, D, E]`   | before the first and after the last step; 0 if left out |
    | `decay`             | `[B, T, G D or G]` |                                    |
    | `beta`              | `[B, T, G or 1]` |                                      |
    | `result`            | `[B, T, H E]`    |                                      |

    `q_heads` is H, `kv_heads` is G.
  }];
  let arguments = (ins NN_Tensor:$query, NN_Tensor:$key, NN_Tensor:$value,
                       Optional<NN_Tensor>:$state, Optional<NN_Tensor>:$decay,
                       Optional<NN_Tensor>:$beta, I64Attr:$q_heads,
                       I64Attr:$kv_heads, F32Attr:$scale);
  let results = (outs NN_Tensor:$result, NN_Tensor:$present);
}

#endif // BURIN_DIALECTS_NN_NNATTENTIONOPS_TD
