#ifndef BURIN_PASSES_MEMORY_PASSES_TD
#define BURIN_PASSES_MEMORY_PASSES_TD

include "mlir/Pass/PassBase.td"

def MaterializeCasts : Pass<"burin-materialize-casts", "::mlir::ModuleOp"> {
  let summary = "Copy where a cast would forget strides";
  let description = [{
    Bufferization casts a strided part of a buffer to a type without strides where
    sizes are dynamic, as if the strides might be those of the sizes. They are not:
    such a cast becomes a buffer of its own, and a copy.

    ```mlir
    // before: --burin-materialize-casts
    func.func @main(%a: memref<2x?xf32, strided<[6, 1]>>) -> memref<2x?xf32> {
      %0 = memref.cast %a : memref<2x?xf32, strided<[6, 1]>> to memref<2x?xf32>
      return %0 : memref<2x?xf32>
    }
    ```

    ```mlir
    // after
    func.func @main(%a: memref<2x?xf32, strided<[6, 1]>>) -> memref<2x?xf32> {
      %c1 = arith.constant 1 : index
      %n = memref.dim %a, %c1 : memref<2x?xf32, strided<[6, 1]>>
      %0 = memref.alloc(%n) : memref<2x?xf32>
      linalg.copy ins(%a : memref<2x?xf32, strided<[6, 1]>>) outs(%0 : memref<2x?xf32>)
      return %0 : memref<2x?xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
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

def PadRows : Pass<"burin-pad-rows", "::mlir::ModuleOp"> {
  let summary = "Move rows apart that would lie whole pages apart";
  let description = [{
    Several rows that a product reads at once drive each other out of the nearest cache
    where they lie whole pages apart. Rows that go from the elements of one product's
    sums to other products alone get a cache line between them.

    ```mlir
    // before: --burin-pad-rows
    func.func @main(%x: memref<5x9xf32>, %v: memref<9x1024xf32>, %w: memref<1024x8xf32>, %y: memref<5x8xf32>) {
      %sums = memref.alloc() : memref<5x1024xf32>
      linalg.matmul ins(%x, %v : memref<5x9xf32>, memref<9x1024xf32>) outs(%sums : memref<5x1024xf32>)
      %a = memref.alloc() : memref<5x1024xf32>
      linalg.exp ins(%sums : memref<5x1024xf32>) outs(%a : memref<5x1024xf32>)
      linalg.matmul ins(%a, %w : memref<5x1024xf32>, memref<1024x8xf32>) outs(%y : memref<5x8xf32>)
      return
    }
    ```

    ```mlir
    // after
    func.func @main(%x: memref<5x9xf32>, %v: memref<9x1024xf32>, %w: memref<1024x8xf32>, %y: memref<5x8xf32>) {
      %sums = memref.alloc() : memref<5x1024xf32>
      linalg.matmul ins(%x, %v : memref<5x9xf32>, memref<9x1024xf32>) outs(%sums : memref<5x1024xf32>)
      %0 = memref.alloc() : memref<5x1040xf32>
      %a = memref.subview %0[0, 0] [5, 1024] [1, 1] : memref<5x1040xf32> to memref<5x1024xf32, strided<[1040, 1]>>
      linalg.exp ins(%sums : memref<5x1024xf32>) outs(%a : memref<5x1024xf32, strided<[1040, 1]>>)
      linalg.matmul ins(%a, %w : memref<5x1024xf32, strided<[1040, 1]>>, memref<1024x8xf32>) outs(%y : memref<5x8xf32>)
      return
    }
    ```
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
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

#endif // BURIN_PASSES_MEMORY_PASSES_TD
