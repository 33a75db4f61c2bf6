#ifndef BURIN_PASSES_REPORT_PASSES_TD
#define BURIN_PASSES_REPORT_PASSES_TD

include "mlir/Pass/PassBase.td"

def CountWork : Pass<"burin-count-work", "::mlir::ModuleOp"> {
  let summary = "Count what each op on buffers calculates and touches";
  let description = [{
    A table in the module gets one row per linalg op, copy and library call: its
    ONNX nodes, floating-point and integer operations, and the bytes that it takes
    from and leaves in each buffer. The op's location becomes `fused<N>[...]`, N
    being the row, so that `burin-list-kernels` finds what became of it: passes in
    between keep locations and need not know of this.

    An operation of a body counts as often as its operands change: what depends on
    the weights alone is not multiplied by the rows that they are used for.
    Conversions, comparisons and addresses count nothing; all else, functions as
    well, one. What sizes known at run time decide is -1.

    ```mlir
    // before: --burin-count-work
    func.func @main(%a: memref<4x8xf32>, %b: memref<8x2xf32>, %c: memref<4x2xf32>) {
      linalg.matmul ins(%a, %b : memref<4x8xf32>, memref<8x2xf32>) outs(%c : memref<4x2xf32>)
      return
    }
    ```

    ```mlir
    // after
    module attributes {exec.work = [{constants = array<i64>, flops = 128 : i64, int_ops = 0 : i64, operators = [], reads = array<i64: 0, 128, 1, 64, 2, 32>, writes = array<i64: 2, 32>} ]} {
      func.func @main(%a: memref<4x8xf32>, %b: memref<8x2xf32>, %c: memref<4x2xf32>) {
        linalg.matmul ins(%a, %b : memref<4x8xf32>, memref<8x2xf32>) outs(%c : memref<4x2xf32>)
        return
      }
    }
    ```
  }];
}

def ListKernels : Pass<"burin-list-kernels", "::mlir::ModuleOp"> {
  let summary = "List the kernels of each entry and what they do";
  let description = [{
    A kernel is a parallel loop, or all that runs between two of them. Each entry
    gets a list, in the order of the code, with the rows of `burin-count-work` that
    went into each, and their sums. Ops that were fused are found by their buffers: they count for the kernel that makes what they read.
    Bytes are those of memory that others see: a buffer that is only used inside
    of a kernel counts nothing, and one that a kernel reads twice counts once.
    Constants count as they are packed, where that is less. A number that is
    not known before the sizes are is left out.

    ```mlir
    // before: --burin-count-work --burin-list-kernels
    func.func @main(%a: memref<4xf32>, %b: memref<4xf32>) {
      memref.copy %a, %b : memref<4xf32> to memref<4xf32>
      return
    }
    ```

    ```mlir
    // after
    module attributes {exec.work = [{constants = array<i64>, flops = 0 : i64, int_ops = 0 : i64, operators = [], reads = array<i64: 0, 16>, writes = array<i64: 1, 16>} ]} {
      func.func @main(%a: memref<4xf32>, %b: memref<4xf32>) attributes {exec.kernels = [{constant_bytes = 0 : i64, flops = 0 : i64, int_ops = 0 : i64, name = "", operators = [], parallel = false, read_bytes = 16 : i64, rows = array<i64: 0>, written_bytes = 16 : i64} ]} {
        memref.copy %a, %b : memref<4xf32> to memref<4xf32>
        return
      }
    }
    ```
  }];
}

#endif // BURIN_PASSES_REPORT_PASSES_TD
