#ifndef BURIN_PASSES_LAYOUT_PASSES_TD
#define BURIN_PASSES_LAYOUT_PASSES_TD

include "mlir/Pass/PassBase.td"

def ChannelsLast : Pass<"burin-channels-last", "::mlir::ModuleOp"> {
  let summary = "Put channels behind the spatial dimensions";
  let description = [{
    Convolutions and poolings work on `[N, D1, ..., C]` instead of ONNX's
    `[N, C, D1, ...]`, and with them all ops that can (`LayoutOpInterface`) and
    that are connected with them by tensors, so that transposes are left only
    where such a region ends. A region stays as it is if its transposes would move
    more elements than its convolutions and poolings read and write, which count more
    the more a window multiplies. Where only a dimension of size 1 moves, a transpose
    is none. Results do not change.

    ```mlir
    // before: --burin-channels-last
    func.func @f(%x: tensor<1x3x8x8xf32>, %w: tensor<16x3x3x3xf32>, %v: tensor<16x16x1x1xf32>) -> tensor<1x16x1x1xf32> {
      %0 = nn.conv %x, %w {auto_pad = "NOTSET", dilations = array<i64: 1, 1>, group = 1 : i64, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>, tensor<16x3x3x3xf32>) -> tensor<1x16x8x8xf32>
      %1 = nn.relu %0 : (tensor<1x16x8x8xf32>) -> tensor<1x16x8x8xf32>
      %2 = nn.reduce_mean %1 {axes = array<i64: 2, 3>, keepdims = true} : (tensor<1x16x8x8xf32>) -> tensor<1x16x1x1xf32>
      return %2 : tensor<1x16x1x1xf32>
    }
    ```

    ```mlir
    // after
    func.func @f(%x: tensor<1x3x8x8xf32>, %w: tensor<16x3x3x3xf32>, %v: tensor<16x16x1x1xf32>) -> tensor<1x16x1x1xf32> {
      %t = nn.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x3x8x8xf32>) -> tensor<1x8x8x3xf32>
      %0 = nn.conv %t, %w {auto_pad = "NOTSET", channels_last, dilations = array<i64: 1, 1>, group = 1 : i64, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<1x8x8x3xf32>, tensor<16x3x3x3xf32>) -> tensor<1x8x8x16xf32>
      %1 = nn.relu %0 : (tensor<1x8x8x16xf32>) -> tensor<1x8x8x16xf32>
      %2 = nn.reduce_mean %1 {axes = array<i64: 1, 2>, keepdims = true} : (tensor<1x8x8x16xf32>) -> tensor<1x1x1x16xf32>
      %3 = nn.transpose %2 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x1x1x16xf32>) -> tensor<1x16x1x1xf32>
      return %3 : tensor<1x16x1x1xf32>
    }
    ```
  }];
  let options = [
    Option<"force", "force", "bool", /*default=*/"false",
           "Move every op that can, worth it or not">,
  ];
  let dependentDialects = ["::burin::nn::NNDialect"];
}

def MergeTransposes : Pass<"burin-merge-transposes", "::mlir::ModuleOp"> {
  let summary = "Make one transpose of two around a reshape";
  let description = [{
    A reshape only splits and joins dimensions. Between two transposes it is done
    as a split before and a join behind one transpose; often nothing is left for
    that to do. Of two reshapes around a transpose the first one is enough if the
    second one joins only what lay together before: exporters join the batch with the
    heads of attention to transpose them, and split both again. Not where sizes that
    are not known keep it from being seen which dimensions are split and joined.

    ```mlir
    // before: --burin-merge-transposes
    func.func @f(%x: tensor<1x4x4x24xf32>, %s: tensor<5xi64>) -> tensor<1x4x4x6x4xf32> {
      %0 = nn.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x4x4x24xf32>) -> tensor<1x24x4x4xf32>
      %1 = nn.reshape %0, %s {allowzero = false} : (tensor<1x24x4x4xf32>, tensor<5xi64>) -> tensor<1x6x4x4x4xf32>
      %2 = nn.transpose %1 {permutation = array<i64: 0, 3, 4, 1, 2>} : (tensor<1x6x4x4x4xf32>) -> tensor<1x4x4x6x4xf32>
      return %2 : tensor<1x4x4x6x4xf32>
    }
    ```

    ```mlir
    // after
    func.func @f(%x: tensor<1x4x4x24xf32>, %s: tensor<5xi64>) -> tensor<1x4x4x6x4xf32> {
      %0 = nn.constant dense<[1, 4, 4, 6, 4]> : tensor<5xi64>
      %1 = nn.reshape %x, %0 {allowzero = true} : (tensor<1x4x4x24xf32>, tensor<5xi64>) -> tensor<1x4x4x6x4xf32>
      return %1 : tensor<1x4x4x6x4xf32>
    }
    ```

    ```mlir
    // before: --burin-merge-transposes
    func.func @f(%x: tensor<7x?x8xf32>, %joined: tensor<3xi64>, %split: tensor<4xi64>) -> tensor<?x2x7x4xf32> {
      %0 = nn.reshape %x, %joined {allowzero = false} : (tensor<7x?x8xf32>, tensor<3xi64>) -> tensor<7x?x4xf32>
      %1 = nn.transpose %0 {permutation = array<i64: 1, 0, 2>} : (tensor<7x?x4xf32>) -> tensor<?x7x4xf32>
      %2 = nn.reshape %1, %split {allowzero = false} : (tensor<?x7x4xf32>, tensor<4xi64>) -> tensor<?x2x7x4xf32>
      return %2 : tensor<?x2x7x4xf32>
    }
    ```

    ```mlir
    // after
    func.func @f(%x: tensor<7x?x8xf32>, %joined: tensor<3xi64>, %split: tensor<4xi64>) -> tensor<?x2x7x4xf32> {
      %0 = nn.constant dense<[7, -1, 2, 4]> : tensor<4xi64>
      %1 = nn.reshape %x, %0 {allowzero = true} : (tensor<7x?x8xf32>, tensor<4xi64>) -> tensor<7x?x2x4xf32>
      %2 = nn.transpose %1 {permutation = array<i64: 1, 2, 0, 3>} : (tensor<7x?x2x4xf32>) -> tensor<?x2x7x4xf32>
      return %2 : tensor<?x2x7x4xf32>
    }
    ```
  }];
  let dependentDialects = ["::burin::nn::NNDialect"];
}

def ShrinkTransposes : Pass<"burin-shrink-transposes"> {
  let summary = "Move transposes past what takes parts of their results";
  let description = [{
    Where all that read a transposed tensor take slices of it, or single indices, and
    these are not more than the whole, each is taken first and transposed by itself;
    a squeeze comes before the transpose, too. Parts lie where the whole does, and
    attention and products read what is transposed as it lies: queries, keys and
    values that are calculated as one tensor are then not copied. Results do not
    change.

    ```mlir
    // before: --burin-shrink-transposes
    func.func @f(%x: tensor<2x5x2x4xf32>, %i: tensor<i64>, %j: tensor<i64>) -> (tensor<2x5x4xf32>, tensor<2x5x4xf32>) {
      %t = nn.transpose %x {permutation = array<i64: 2, 0, 1, 3>} : (tensor<2x5x2x4xf32>) -> tensor<2x2x5x4xf32>
      %a = nn.gather %t, %i {axis = 0 : i64} : (tensor<2x2x5x4xf32>, tensor<i64>) -> tensor<2x5x4xf32>
      %b = nn.gather %t, %j {axis = 0 : i64} : (tensor<2x2x5x4xf32>, tensor<i64>) -> tensor<2x5x4xf32>
      return %a, %b : tensor<2x5x4xf32>, tensor<2x5x4xf32>
    }
    ```

    ```mlir
    // after
    func.func @f(%x: tensor<2x5x2x4xf32>, %i: tensor<i64>, %j: tensor<i64>) -> (tensor<2x5x4xf32>, tensor<2x5x4xf32>) {
      %a = nn.gather %x, %i {axis = 2 : i64} : (tensor<2x5x2x4xf32>, tensor<i64>) -> tensor<2x5x4xf32>
      %b = nn.gather %x, %j {axis = 2 : i64} : (tensor<2x5x2x4xf32>, tensor<i64>) -> tensor<2x5x4xf32>
      return %a, %b : tensor<2x5x4xf32>, tensor<2x5x4xf32>
    }
    ```
  }];
  let dependentDialects = ["::burin::nn::NNDialect"];
}

def SinkTransposes : Pass<"burin-sink-transposes"> {
  let summary = "Move transposes past elementwise ops to the products that read them";
  let description = [{
    The right operand of a product that was transposed first, and then scaled,
    quantized or the like by single numbers, is transposed last: a product reads
    what is transposed as it lies, and the ops before it run along the memory. Done
    where the transpose changes the last dimension and nothing else reads what lies
    between. Results do not change.

    ```mlir
    // before: --burin-sink-transposes
    func.func @f(%a: tensor<3x4xf32>, %b: tensor<5x4xf32>, %c: tensor<f32>) -> tensor<3x5xf32> {
      %t = nn.transpose %b {permutation = array<i64: 1, 0>} : (tensor<5x4xf32>) -> tensor<4x5xf32>
      %m = nn.mul %t, %c : (tensor<4x5xf32>, tensor<f32>) -> tensor<4x5xf32>
      %r = nn.matmul %a, %m {trans_lhs = false, trans_rhs = false} : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
      return %r : tensor<3x5xf32>
    }
    ```

    ```mlir
    // after
    func.func @f(%a: tensor<3x4xf32>, %b: tensor<5x4xf32>, %c: tensor<f32>) -> tensor<3x5xf32> {
      %m = nn.mul %b, %c : (tensor<5x4xf32>, tensor<f32>) -> tensor<5x4xf32>
      %t = nn.transpose %m {permutation = array<i64: 1, 0>} : (tensor<5x4xf32>) -> tensor<4x5xf32>
      %r = nn.matmul %a, %t {trans_lhs = false, trans_rhs = false} : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
      return %r : tensor<3x5xf32>
    }
    ```
  }];
  let dependentDialects = ["::burin::nn::NNDialect"];
}

def HoistTransposes : Pass<"burin-hoist-transposes"> {
  let summary = "Move transposes before resizes that make tensors larger";
  let description = [{
    What is transposed after it was enlarged is transposed before that, where there
    is less to move: as it is at the end of segmentation models. Done where all
    sizes that change are known and nothing else reads what lies between. Results
    do not change.

    ```mlir
    // before: --burin-hoist-transposes
    func.func @f(%x: tensor<?x4x4x2xf32>, %s: tensor<2xi64>) -> tensor<?x2x8x8xf32> {
      %0 = nn.resize %x, %s {antialias = false, axes = array<i64: 1, 2>, coordinates = "half_pixel", cubic = -7.500000e-01 : f32, exclude_outside = false, extrapolation = 0.000000e+00 : f32, mode = "linear", nearest = "floor", operandSegmentSizes = array<i32: 1, 0, 1, 0>, policy = "stretch"} : (tensor<?x4x4x2xf32>, tensor<2xi64>) -> tensor<?x8x8x2xf32>
      %1 = nn.transpose %0 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<?x8x8x2xf32>) -> tensor<?x2x8x8xf32>
      return %1 : tensor<?x2x8x8xf32>
    }
    ```

    ```mlir
    // after
    func.func @f(%x: tensor<?x4x4x2xf32>, %s: tensor<2xi64>) -> tensor<?x2x8x8xf32> {
      %0 = nn.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : (tensor<?x4x4x2xf32>) -> tensor<?x2x4x4xf32>
      %1 = nn.resize %0, %s {antialias = false, axes = array<i64: 2, 3>, coordinates = "half_pixel", cubic = -7.500000e-01 : f32, exclude_outside = false, extrapolation = 0.000000e+00 : f32, mode = "linear", nearest = "floor", operandSegmentSizes = array<i32: 1, 0, 1, 0>, policy = "stretch"} : (tensor<?x2x4x4xf32>, tensor<2xi64>) -> tensor<?x2x8x8xf32>
      return %1 : tensor<?x2x8x8xf32>
    }
    ```
  }];
  let dependentDialects = ["::burin::nn::NNDialect"];
}

#endif // BURIN_PASSES_LAYOUT_PASSES_TD
