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
    func.func @f(%a: tensor<4xf32> {bufferization.writable = false}) -> tensor<4xf32> {
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
  let options = [
    Option<"strictMath", "strict-math", "bool", /*default=*/"false",
           "Round nothing but where ONNX does">,
    Option<"multipliesBytes", "multiplies-bytes", "bool", /*default=*/"false",
           "Floats may be multiplied byte by byte, which takes less time (exec.dot)">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::bufferization::BufferizationDialect",
    "::mlir::memref::MemRefDialect",
    "::mlir::bufferization::BufferizationDialect",
    "::mlir::memref::MemRefDialect",
    "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect", "::burin::exec::ExecDialect",
  ];
}

def ReadBroadcasts : Pass<"burin-read-broadcasts", "::mlir::ModuleOp"> {
  let summary = "Read what is repeated where it lies";
  let description = [{
    Models repeat the heads of keys and values by Expand and Reshape. Such a copy
    is not made: its reader runs over the repeated dimension as a loop of its own
    and reads the original. What a sum of products reads as a function of a
    repeated or transposed tensor is computed once per element of the tensor.
    Constants of 16-bit floats that are only widened for it stay as they are.

    ```mlir
    // before: --burin-read-broadcasts --canonicalize
    func.func @f(%k: tensor<2x8xf32>, %q: tensor<6x8xf32>) -> tensor<6xf32> {
      %0 = tensor.empty() : tensor<2x3x8xf32>
      %1 = linalg.generic {indexing_maps = [affine_map<(h, g, d) -> (h, d)>, affine_map<(h, g, d) -> (h, g, d)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%k : tensor<2x8xf32>) outs(%0 : tensor<2x3x8xf32>) {
      ^bb0(%in: f32, %out: f32):
        linalg.yield %in : f32
      } -> tensor<2x3x8xf32>
      %2 = tensor.collapse_shape %1 [[0, 1], [2]] : tensor<2x3x8xf32> into tensor<6x8xf32>
      %3 = tensor.empty() : tensor<6xf32>
      %4 = linalg.generic {indexing_maps = [affine_map<(h, d) -> (h, d)>, affine_map<(h, d) -> (h, d)>, affine_map<(h, d) -> (h)>], iterator_types = ["parallel", "reduction"]} ins(%q, %2 : tensor<6x8xf32>, tensor<6x8xf32>) outs(%3 : tensor<6xf32>) {
      ^bb0(%x: f32, %y: f32, %sum: f32):
        %5 = arith.mulf %x, %y : f32
        %6 = arith.addf %sum, %5 : f32
        linalg.yield %6 : f32
      } -> tensor<6xf32>
      return %4 : tensor<6xf32>
    }
    ```

    ```mlir
    // after
    func.func @f(%k: tensor<2x8xf32>, %q: tensor<6x8xf32>) -> tensor<6xf32> {
      %0 = tensor.empty() : tensor<6xf32>
      %1 = tensor.expand_shape %q [[0, 1], [2]] output_shape [2, 3, 8] : tensor<6x8xf32> into tensor<2x3x8xf32>
      %2 = tensor.expand_shape %0 [[0, 1]] output_shape [2, 3] : tensor<6xf32> into tensor<2x3xf32>
      %3 = linalg.generic {indexing_maps = [affine_map<(h, g, d) -> (h, g, d)>, affine_map<(h, g, d) -> (h, d)>, affine_map<(h, g, d) -> (h, g)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%1, %k : tensor<2x3x8xf32>, tensor<2x8xf32>) outs(%2 : tensor<2x3xf32>) {
      ^bb0(%x: f32, %y: f32, %sum: f32):
        %4 = arith.mulf %x, %y : f32
        %5 = arith.addf %sum, %4 : f32
        linalg.yield %5 : f32
      } -> tensor<2x3xf32>
      %6 = tensor.collapse_shape %3 [[0, 1]] : tensor<2x3xf32> into tensor<6xf32>
      return %6 : tensor<6xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FuseElementwise : Pass<"burin-fuse-elementwise", "::mlir::ModuleOp"> {
  let summary = "Join elementwise linalg ops with what reads them";
  let description = [{
    An elementwise op whose only reader runs over the same elements is computed
    there, even where a reshape between the two adds sizes of 1. A transposed or
    broadcast copy is read through its map instead. Not where work would be repeated,
    and matrix products take nothing in but copies; sums take in nothing that is
    written over its own operand.

    ```mlir
    // before: --burin-fuse-elementwise --canonicalize
    func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
      %0 = tensor.empty() : tensor<4xf32>
      %1 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%a : tensor<4xf32>) outs(%0 : tensor<4xf32>) {
      ^bb0(%in: f32, %out: f32):
        %3 = math.exp %in : f32
        linalg.yield %3 : f32
      } -> tensor<4xf32>
      %2 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%1 : tensor<4xf32>) outs(%0 : tensor<4xf32>) {
      ^bb0(%in: f32, %out: f32):
        %3 = math.sqrt %in : f32
        linalg.yield %3 : f32
      } -> tensor<4xf32>
      return %2 : tensor<4xf32>
    }
    ```

    ```mlir
    // after
    func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
      %0 = tensor.empty() : tensor<4xf32>
      %1 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%a : tensor<4xf32>) outs(%0 : tensor<4xf32>) {
      ^bb0(%in: f32, %out: f32):
        %2 = math.exp %in : f32
        %3 = math.sqrt %2 : f32
        linalg.yield %3 : f32
      } -> tensor<4xf32>
      return %1 : tensor<4xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def ClampIntegers : Pass<"burin-clamp-integers", "::mlir::ModuleOp"> {
  let summary = "Clamp integers instead of the floats they are rounded from";
  let description = [{
    Quantizing clamps floats, so that they fit the integer that they are rounded to.
    Where they do so anyway, as sums of i32 times known small scales do, the integers
    are clamped: processors do that together with taking their low bits.

    ```mlir
    // before: --burin-clamp-integers --canonicalize
    func.func @f(%x: tensor<8xi32>) -> tensor<8xi8> {
      %0 = tensor.empty() : tensor<8xi8>
      %1 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%x : tensor<8xi32>) outs(%0 : tensor<8xi8>) {
      ^bb0(%in: i32, %out: i8):
        %s = arith.constant 1.250000e-01 : f32
        %low = arith.constant -3.000000e+00 : f32
        %high = arith.constant 2.520000e+02 : f32
        %z = arith.constant 3 : i32
        %2 = arith.sitofp %in : i32 to f32
        %3 = arith.mulf %2, %s : f32
        %4 = arith.cmpf ogt, %3, %low : f32
        %5 = arith.select %4, %3, %low : f32
        %6 = arith.cmpf olt, %5, %high : f32
        %7 = arith.select %6, %5, %high : f32
        %8 = math.roundeven %7 : f32
        %9 = arith.fptosi %8 : f32 to i32
        %10 = arith.addi %9, %z : i32
        %11 = arith.trunci %10 : i32 to i8
        linalg.yield %11 : i8
      } -> tensor<8xi8>
      return %1 : tensor<8xi8>
    }
    ```

    ```mlir
    // after
    func.func @f(%x: tensor<8xi32>) -> tensor<8xi8> {
      %high = arith.constant 255 : i32
      %low = arith.constant 0 : i32
      %z = arith.constant 3 : i32
      %s = arith.constant 1.250000e-01 : f32
      %0 = tensor.empty() : tensor<8xi8>
      %1 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%x : tensor<8xi32>) outs(%0 : tensor<8xi8>) {
      ^bb0(%in: i32, %out: i8):
        %2 = arith.sitofp %in : i32 to f32
        %3 = arith.mulf %2, %s : f32
        %4 = math.roundeven %3 : f32
        %5 = arith.fptosi %4 : f32 to i32
        %6 = arith.addi %5, %z : i32
        %7 = arith.maxsi %6, %low : i32
        %8 = arith.minsi %7, %high : i32
        %9 = arith.trunci %8 : i32 to i8
        linalg.yield %9 : i8
      } -> tensor<8xi8>
      return %1 : tensor<8xi8>
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def OwnDestinations : Pass<"burin-own-destinations", "::mlir::ModuleOp"> {
  let summary = "Give every op a destination of its own";
  let description = [{
    Equal empty tensors, equal fills of them and equal starts of sums have become
    one; written by two ops they would have to be copied in between. Here every
    reader gets its own.
    What a tensor is inserted into is made before that tensor, where it can be: who
    computes it then writes it there.

    ```mlir
    // before: --burin-own-destinations
    func.func @f(%x: f32) -> (tensor<4xf32>, tensor<4xf32>) {
      %0 = tensor.empty() : tensor<4xf32>
      %1 = linalg.fill ins(%x : f32) outs(%0 : tensor<4xf32>) -> tensor<4xf32>
      return %1, %1 : tensor<4xf32>, tensor<4xf32>
    }
    ```

    ```mlir
    // after
    func.func @f(%x: f32) -> (tensor<4xf32>, tensor<4xf32>) {
      %0 = tensor.empty() : tensor<4xf32>
      %1 = linalg.fill ins(%x : f32) outs(%0 : tensor<4xf32>) -> tensor<4xf32>
      %2 = tensor.empty() : tensor<4xf32>
      %3 = linalg.fill ins(%x : f32) outs(%2 : tensor<4xf32>) -> tensor<4xf32>
      return %1, %3 : tensor<4xf32>, tensor<4xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

#endif // BURIN_PASSES_LOWER_PASSES_TD
