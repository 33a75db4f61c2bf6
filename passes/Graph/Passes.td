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

#endif // BURIN_PASSES_GRAPH_PASSES_TD
