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

def FuseElementwise : Pass<"burin-fuse-elementwise", "::mlir::ModuleOp"> {
  let summary = "Join elementwise linalg ops with what reads them";
  let description = [{
    An elementwise op whose only reader runs over the same elements is computed
    there. A transposed or broadcast copy is read through its map instead. Not
    where work would be repeated, and matrix products take nothing in but copies.

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

def EmitLoops : Pass<"burin-emit-loops", "::mlir::ModuleOp"> {
  let summary = "Turn linalg ops on buffers into parallel loops over vectors";
  let description = [{
    Every linalg op left on buffers becomes a loop nest. Neighbouring loops whose
    addresses allow it are merged; the loop that is contiguous in most operands
    runs in lanes of a native vector (with a mask for what is left over); the
    parallel loops outside it are shared among threads (`exec.parallel`) where
    there is work enough. A reduction along the contiguous loop accumulates lane
    by lane. Bodies that no vector can do run as scalar code.

    ```mlir
    // before: --burin-emit-loops=vector-bits=128 --canonicalize
    func.func @f(%a: memref<8xf32>, %b: memref<8xf32>) {
      linalg.exp ins(%a : memref<8xf32>) outs(%b : memref<8xf32>)
      return
    }
    ```

    ```mlir
    // after
    func.func @f(%a: memref<8xf32>, %b: memref<8xf32>) {
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %0 = memref.reinterpret_cast %a to offset: [0], sizes: [%c1], strides: [1] : memref<8xf32> to memref<?xf32>
      %1 = memref.reinterpret_cast %b to offset: [0], sizes: [%c1], strides: [1] : memref<8xf32> to memref<?xf32>
      scf.for %i = %c0 to %c8 step %c4 {
        %2 = vector.load %0[%i] : memref<?xf32>, vector<4xf32>
        %3 = math.exp %2 : vector<4xf32>
        vector.store %3, %1[%i] : memref<?xf32>, vector<4xf32>
      }
      return
    }
    ```
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", /*default=*/"256",
           "Bits of a native vector: 128, 256 or 512">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
    "::burin::exec::ExecDialect",
  ];
}

def BindInterface : Pass<"burin-bind-interface", "::mlir::ModuleOp"> {
  let summary = "Turn the arguments and results of entries into exec ops";
  let description = [{
    An entry (a `func.func` on buffers that others may call) reads `exec.input`
    instead of arguments and writes `exec.output` instead of returning buffers. A
    result that is a buffer of its own becomes the output's memory; what shares
    memory with something else is copied.

    ```mlir
    // before: --burin-bind-interface
    func.func @main(%a: memref<4xf32>) -> memref<4xf32> {
      %0 = memref.alloc() : memref<4xf32>
      linalg.exp ins(%a : memref<4xf32>) outs(%0 : memref<4xf32>)
      return %0 : memref<4xf32>
    }
    ```

    ```mlir
    // after
    func.func @main() {
      %a = exec.input 0 : memref<4xf32>
      %0 = exec.output 0() : memref<4xf32>
      linalg.exp ins(%a : memref<4xf32>) outs(%0 : memref<4xf32>)
      return
    }
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect",
                           "::burin::exec::ExecDialect"];
}

def PlanMemory : Pass<"burin-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Give every buffer its place in the arena";
  let description = [{
    Buffers of static size get offsets in one arena such that those that live at
    the same time do not overlap: largest first, each at the lowest offset where
    it fits. Buffers of dynamic size are allocated from the session's pool and
    released after their last use. The size of the arena, and the least that any
    plan needs (the largest sum of what lives at one time), become attributes of
    the function.

    ```mlir
    // before: --burin-plan-memory
    func.func @main() {
      %c0 = arith.constant 0 : index
      %x = arith.constant 0.0 : f32
      %a = memref.alloc() : memref<16xf32>
      memref.store %x, %a[%c0] : memref<16xf32>
      %b = memref.alloc() : memref<16xf32>
      memref.store %x, %b[%c0] : memref<16xf32>
      return
    }
    ```

    ```mlir
    // after
    func.func @main() attributes {exec.arena_bytes = 64 : i64, exec.arena_lower_bound = 64 : i64} {
      %c0 = arith.constant 0 : index
      %x = arith.constant 0.0 : f32
      %a = exec.arena 0 : memref<16xf32>
      memref.store %x, %a[%c0] : memref<16xf32>
      %b = exec.arena 0 : memref<16xf32>
      memref.store %x, %b[%c0] : memref<16xf32>
      return
    }
    ```
  }];
  let dependentDialects = ["::burin::exec::ExecDialect"];
}

def PlaceConstants : Pass<"burin-place-constants", "::mlir::ModuleOp"> {
  let summary = "Give every constant buffer its place in the weights";
  let description = [{
    Constants lie one after the other, 64-byte aligned, in weights section 0. The
    globals stay, with their offsets, for the artifact writer.

    ```mlir
    // before: --burin-place-constants
    memref.global "private" constant @c : memref<2xf32> = dense<[1.0, 2.0]>
    func.func @main() -> memref<2xf32> {
      %0 = memref.get_global @c : memref<2xf32>
      return %0 : memref<2xf32>
    }
    ```

    ```mlir
    // after
    module attributes {exec.weights_bytes = 64 : i64} {
      memref.global "private" constant @c : memref<2xf32> = dense<[1.0, 2.0]> {exec.offset = 0 : i64}
      func.func @main() -> memref<2xf32> {
        %0 = exec.constant 0[0] : memref<2xf32>
        return %0 : memref<2xf32>
      }
    }
    ```
  }];
  let dependentDialects = ["::burin::exec::ExecDialect"];
}

#endif // BURIN_PASSES_LOWER_PASSES_TD
