#ifndef BURIN_PASSES_GRAPH_PASSES_TD
#define BURIN_PASSES_GRAPH_PASSES_TD

include "mlir/Pass/PassBase.td"

def FormStates : Pass<"burin-form-states", "::mlir::ModuleOp"> {
  let summary = "Turn pairs of inputs and outputs into states";
  let description = [{
    An input and an output of every entry whose names match one of `patterns`
    (`INPUT=OUTPUT`, one `*` in each stands for the same text) become a state that
    the session keeps: the input is read from it, the output replaces it. Where
    the output is the input with something concatenated behind it, only the new
    slices are written. The input must have exactly one size that is not static;
    along it the state has `capacity` slices. Names that match in one entry must
    match in all.

    ```mlir
    // before: --burin-form-states=capacity=16
    func.func @main(%past: tensor<1x?x4xf32> {nn.name = "past.0"}, %new: tensor<1x1x4xf32> {nn.name = "x"}) -> (tensor<1x?x4xf32> {nn.name = "present.0"}) {
      %0 = nn.concat %past, %new {axis = 1 : i64} : (tensor<1x?x4xf32>, tensor<1x1x4xf32>) -> tensor<1x?x4xf32>
      return %0 : tensor<1x?x4xf32>
    }
    ```

    ```mlir
    // after
    nn.state @past.0 : tensor<1x16x4xf32> axis 1 index 0
    func.func @main(%new: tensor<1x1x4xf32> {nn.name = "x"}) {
      %0 = nn.state_append @past.0, %new : (tensor<1x1x4xf32>) -> tensor<1x?x4xf32>
      return
    }
    ```
  }];
  let options = [
    ListOption<"patterns", "patterns", "std::string",
               "INPUT=OUTPUT; none: past_key_values.*=present.* and the like">,
    Option<"capacity", "capacity", "int64_t", /*default=*/"1024",
           "Slices along the axis that grows, at least 1">,
  ];
  let dependentDialects = ["::burin::nn::NNDialect"];
}

def FormGroupNorms : Pass<"burin-form-group-norms", "::mlir::ModuleOp"> {
  let summary = "Make group normalizations of instance normalizations of groups";
  let description = [{
    Exporters write a group normalization as an instance normalization between two
    reshapes, of which the first makes a channel of each group. As one op it does
    not depend on the order of channels and pixels in memory. Not where sizes other
    than that of the batch are unknown.

    ```mlir
    // before: --burin-form-group-norms
    func.func @f(%x: tensor<?x6x4x4xf32>, %a: tensor<2xf32>, %b: tensor<2xf32>, %s: tensor<3xi64>, %t: tensor<4xi64>) -> tensor<?x6x4x4xf32> {
      %0 = nn.reshape %x, %s {allowzero = false} : (tensor<?x6x4x4xf32>, tensor<3xi64>) -> tensor<?x2x48xf32>
      %1 = nn.instance_norm %0, %a, %b {epsilon = 1.0e-5 : f32} : (tensor<?x2x48xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x48xf32>
      %2 = nn.reshape %1, %t {allowzero = false} : (tensor<?x2x48xf32>, tensor<4xi64>) -> tensor<?x6x4x4xf32>
      return %2 : tensor<?x6x4x4xf32>
    }
    ```

    ```mlir
    // after
    func.func @f(%x: tensor<?x6x4x4xf32>, %a: tensor<2xf32>, %b: tensor<2xf32>, %s: tensor<3xi64>, %t: tensor<4xi64>) -> tensor<?x6x4x4xf32> {
      %0 = nn.group_norm %x, %a, %b {epsilon = 1.0e-5 : f32, groups = 2 : i64, per_group = true} : (tensor<?x6x4x4xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x6x4x4xf32>
      return %0 : tensor<?x6x4x4xf32>
    }
    ```
  }];
  let dependentDialects = ["::burin::nn::NNDialect"];
}

#endif // BURIN_PASSES_GRAPH_PASSES_TD
