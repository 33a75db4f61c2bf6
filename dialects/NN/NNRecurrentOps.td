#ifndef BURIN_DIALECTS_NN_NNRECURRENTOPS_TD
#define BURIN_DIALECTS_NN_NNRECURRENTOPS_TD

include "dialects/NN/NNBase.td"

/// What lstm, gru and rnn have in common.
class NN_RecurrentOp<string mnemonic>
    : NN_PureOp<mnemonic, [AttrSizedOperandSegments]> {
  code common = [{

    | value           | shape             | meaning                                         |
    |-----------------|-------------------|-------------------------------------------------|
    | `x`             | `[S, B, I]`       | steps, batch, inputs                            |
    | `w`, `r`        | `[D, G H, I or H]`| weights of `x` and of the state: directions, `G` gates of `H` |
    | `bias`          | `[D, 2 G H]`      | of all gates for `w`, then for `r`              |
    | `sequence_lens` | `[B]`             | i32; steps from there on change nothing and give 0 |
    | `initial_h`     | `[D, B, H]`       | the state before the first step; 0 if left out  |
    | `y`             | `[S, D, B, H]`    | the state after each step                       |
    | `y_h`           | `[D, B, H]`       | the state after the last step                   |

    If `batch_major`, the shapes are `x: [B, S, I]`, `y: [B, S, D, H]` and
    `[B, D, H]` for the states. `direction` is `forward`, `reverse` (from the last
    step to the first, each sequence's own) or `bidirectional` (both, D = 2).

    `activations` are the functions f, g, h in turn, for each direction:
    `Relu`, `Tanh`, `Sigmoid`, `Affine`, `LeakyRelu`, `ThresholdedRelu`, `ScaledTanh`,
    `HardSigmoid`, `Elu`, `Softsign`, `Softplus`, with `alphas` and `betas` as ONNX
    names them, one of each per function. If `clip` is given, the sums that they
    are applied to are clamped to [-clip, clip] first, as ONNX Runtime does (which
    leaves h(C) alone).
  }];
  let hasVerifier = 1;
}

def NN_LSTMOp : NN_RecurrentOp<"lstm"> {
  let summary = "Long short-term memory (ONNX LSTM 1-22)";
  let description = [{
    At each step, for gates in the order i, o, f, c (`w_i x` stands for the product
    with the transposed matrix, `.` multiplies elements):

    ```
    i = f(w_i x + r_i h + b_i + p_i . C),  f = f(w_f x + r_f h + b_f + p_f . C)
    c = g(w_c x + r_c h + b_c),            C = f . C + i . c
    o = f(w_o x + r_o h + b_o + p_o . C),  h = o . h(C)
    ```

    If `input_forget`, f is 1 - i. `peepholes`: `[D, 3 H]`, for i, o, f. `initial_c`
    and `y_c` are C as `initial_h` and `y_h` are h.
  }] # common;
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$w, NN_Tensor:$r,
                       Optional<NN_Tensor>:$bias,
                       Optional<NN_Tensor>:$sequence_lens,
                       Optional<NN_Tensor>:$initial_h,
                       Optional<NN_Tensor>:$initial_c,
                       Optional<NN_Tensor>:$peepholes, StrAttr:$direction,
                       BoolAttr:$batch_major, StrArrayAttr:$activations,
                       DenseF32ArrayAttr:$alphas, DenseF32ArrayAttr:$betas,
                       OptionalAttr<F32Attr>:$clip, BoolAttr:$input_forget);
  let results = (outs NN_Tensor:$y, NN_Tensor:$y_h, NN_Tensor:$y_c);
}

def NN_GRUOp : NN_RecurrentOp<"gru"> {
  let summary = "Gated recurrent unit (ONNX GRU 1-22)";
  let description = [{
    At each step, for gates in the order z, r, h (see `nn.lstm` for the notation):

    ```
    z = f(w_z x + r_z h + b_z),  r = f(w_r x + r_r h + b_r)
    n = g(w_h x + wb_h + r_h (r . h) + rb_h)     (or, if linear_before_reset:
    n = g(w_h x + wb_h + r . (r_h h + rb_h)))
    h = (1 - z) . n + z . h
    ```
  }] # common;
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$w, NN_Tensor:$r,
                       Optional<NN_Tensor>:$bias,
                       Optional<NN_Tensor>:$sequence_lens,
                       Optional<NN_Tensor>:$initial_h, StrAttr:$direction,
                       BoolAttr:$batch_major, StrArrayAttr:$activations,
                       DenseF32ArrayAttr:$alphas, DenseF32ArrayAttr:$betas,
                       OptionalAttr<F32Attr>:$clip,
                       BoolAttr:$linear_before_reset);
  let results = (outs NN_Tensor:$y, NN_Tensor:$y_h);
}

def NN_RNNOp : NN_RecurrentOp<"rnn"> {
  let summary = "Simple recurrence (ONNX RNN 1-22)";
  let description = [{
    At each step (see `nn.lstm` for the notation):

    ```
    h = f(w x + r h + b)
    ```
  }] # common;
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$w, NN_Tensor:$r,
                       Optional<NN_Tensor>:$bias,
                       Optional<NN_Tensor>:$sequence_lens,
                       Optional<NN_Tensor>:$initial_h, StrAttr:$direction,
                       BoolAttr:$batch_major, StrArrayAttr:$activations,
                       DenseF32ArrayAttr:$alphas, DenseF32ArrayAttr:$betas,
                       OptionalAttr<F32Attr>:$clip);
  let results = (outs NN_Tensor:$y, NN_Tensor:$y_h);
}

#endif // BURIN_DIALECTS_NN_NNRECURRENTOPS_TD
