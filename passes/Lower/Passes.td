#ifndef BURIN_PASSES_LOWER_PASSES_TD
#define BURIN_PASSES_LOWER_PASSES_TD

include "mlir/Pass/PassBase.td"

def LowerNN : Pass<"burin-lower-nn", "::mlir::ModuleOp"> {
  let summary = "Lower nn ops to linalg on tensors";
  let description = [{
    Replaces every nn op by linalg, tensor, scf and arith ops on tensors of
    storage types: signless integers, whole bytes (bool is i8). Sizes known only
    at run time become index arithmetic on the sizes of the inputs. Shape
    arithmetic leaves no loops behind.

    ```mlir
    // before: --burin-lower-nn --canonicalize
    func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
      %0 = nn.exp %a : (tensor<4xf32>) -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    ```

    ```mlir
    // after
    func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
      %0 = tensor.empty() : tensor<4xf32>
      %1 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%a : tensor<4xf32>) outs(%0 : tensor<4xf32>) {
      ^bb0(%in: f32, %out: f32):
        %2 = math.exp %in : f32
        linalg.yield %2 : f32
      } -> tensor<4xf32>
      return %1 : tensor<4xf32>
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect", "::burin::exec::ExecDialect",
  ];
}

#endif // BURIN_PASSES_LOWER_PASSES_TD
