#ifndef BURIN_DIALECTS_NN_NNATTENTIONOPS_TD
#define BURIN_DIALECTS_NN_NNATTENTIONOPS_TD

include "dialects/NN/NNBase.td"

def NN_Heads : 4DTensorOf<[F32, F16, BF16, F64]>;

def NN_AttentionOp : NN_PureOp<"attention", [AllElementTypesMatch<["query", "key"]>]> {
  let summary = "Scaled dot-product attention under a mask";
  let description = [{
    For each batch `b` and head `h`:

    ```
    result[b,h] = softmax(scale * query[b,h] x key[b,h]^T + bias(mask)) x value[b,h]
    ```

    where `bias` is 0 for a visible (query, key) pair and -inf for a hidden one.

    | value          | shape           | meaning                              |
    |----------------|-----------------|--------------------------------------|
    | `query`        | `[B, H, Sq, D]` | batch, heads, query tokens, depth    |
    | `key`, `value` | `[B, H, Sk, D]` | `Sk` key tokens                      |
    | `result`       | `[B, H, Sq, D]` | as `query`                           |

    `mask` decides visibility (`AttnMaskAttrInterface`); `scale` is usually
    `1/sqrt(D)` and is taken as given. Imported from `com.microsoft.Attention`
    and from the matmul-softmax-matmul idiom.

    Example:

    ```mlir
    %r = nn.attention %q, %k, %v mask(#nn.sliding_window<128>) scale(1.250000e-01)
         : tensor<1x8x512x64xf32>, tensor<1x8x512x64xf32> -> tensor<1x8x512x64xf32>
    ```
  }];
  let arguments = (ins NN_Heads:$query, NN_Heads:$key, NN_Heads:$value,
                       NN_AttnMaskAttrInterface:$mask, F32Attr:$scale);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = [{
    $query `,` $key `,` $value `mask` `(` $mask `)`
    `scale` `(` $scale `)` attr-dict
    `:` type($query) `,` type($key) `,` type($value) `->` type($result)
  }];
  let hasVerifier = 1;
}

#endif // BURIN_DIALECTS_NN_NNATTENTIONOPS_TD
