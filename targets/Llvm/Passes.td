#ifndef BURIN_TARGETS_LLVM_PASSES_TD
#define BURIN_TARGETS_LLVM_PASSES_TD

include "mlir/Pass/PassBase.td"

def OutlineParallel : Pass<"burin-outline-parallel", "::mlir::ModuleOp"> {
  let summary = "Make functions of parallel loops, and entries take the call";
  let description = [{
    Each `exec.parallel` becomes a private function of (call, lower, upper,
    captured values...) and an `exec.launch` of it. Constants are not captured
    but made again. Each entry takes the `burin_call` pointer and returns a
    status. Where its kernels are listed (`exec.kernels`), `exec.parts` names the
    functions of the parallel ones, in the same order.

    ```mlir
    // before: --burin-outline-parallel
    func.func @main(%n: index, %m: memref<?xf32>) {
      %x = arith.constant 1.0 : f32
      exec.parallel %lower to %upper of %n grain 4 {
        memref.store %x, %m[%lower] : memref<?xf32>
      }
      return
    }
    ```

    ```mlir
    // after
    func.func @main(%call: !llvm.ptr, %n: index, %m: memref<?xf32>) -> i32 {
      %x = arith.constant 1.0 : f32
      exec.launch @main_part0 of %n grain 4(%m) : memref<?xf32>
      %ok = arith.constant 0 : i32
      return %ok : i32
    }
    func.func private @main_part0(%call: !llvm.ptr, %lower: index, %upper: index, %m: memref<?xf32>) {
      %x = arith.constant 1.0 : f32
      memref.store %x, %m[%lower] : memref<?xf32>
      return
    }
    ```
  }];
  let dependentDialects = ["::burin::exec::ExecDialect",
                           "::mlir::LLVM::LLVMDialect"];
}

def MergeParts : Pass<"burin-merge-parts", "::mlir::ModuleOp"> {
  let summary = "Make one function of parts that differ in addresses only";
  let description = [{
    Layers of one shape are parts of one code; what differs is where in the arena
    and in the weights they work. Such parts become the first of them, and the
    addresses that differ are captured. Parts that have no equal keep theirs as
    constants. Results do not change.

    ```mlir
    // before: --burin-merge-parts
    func.func @main(%call: !llvm.ptr, %n: index) {
      exec.launch @main_part0 of %n grain 4()
      exec.launch @main_part1 of %n grain 4()
      return
    }
    func.func private @main_part0(%call: !llvm.ptr, %lower: index, %upper: index) {
      %x = arith.constant 1.0 : f32
      %m = exec.arena 0 : memref<8xf32>
      memref.store %x, %m[%lower] : memref<8xf32>
      return
    }
    func.func private @main_part1(%call: !llvm.ptr, %lower: index, %upper: index) {
      %x = arith.constant 1.0 : f32
      %m = exec.arena 64 : memref<8xf32>
      memref.store %x, %m[%lower] : memref<8xf32>
      return
    }
    ```

    ```mlir
    // after
    func.func @main(%call: !llvm.ptr, %n: index) {
      %0 = exec.arena 0 : memref<8xf32>
      exec.launch @main_part0 of %n grain 4(%0) : memref<8xf32>
      %1 = exec.arena 64 : memref<8xf32>
      exec.launch @main_part0 of %n grain 4(%1) : memref<8xf32>
      return
    }
    func.func private @main_part0(%call: !llvm.ptr, %lower: index, %upper: index, %m: memref<8xf32>) {
      %x = arith.constant 1.0 : f32
      memref.store %x, %m[%lower] : memref<8xf32>
      return
    }
    ```
  }];
  let dependentDialects = ["::burin::exec::ExecDialect"];
  let statistics = [
    Statistic<"numMerged", "num-merged", "Parts that became others">,
    Statistic<"numKept", "num-kept", "Parts of their own">
  ];
}

def ConvertExecToLLVM : Pass<"burin-convert-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Convert everything to the LLVM dialect";
  let description = [{
    The last step: func, memref, vector, arith, math, cf and exec ops become LLVM
    ops; exec ops become loads from `burin_call` and calls of its services, as
    `burin/abi.h` lays them out. Structured control flow must be gone.

    ```mlir
    // before: --burin-convert-to-llvm
    func.func @f(%call: !llvm.ptr) -> i32 {
      %ok = arith.constant 0 : i32
      return %ok : i32
    }
    ```

    ```mlir
    // after
    llvm.func @f(%call: !llvm.ptr) -> i32 {
      %ok = llvm.mlir.constant(0 : i32) : i32
      llvm.return %ok : i32
    }
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def ExpandMath : Pass<"burin-expand-math", "::mlir::ModuleOp"> {
  let summary = "Replace f32 functions by polynomials that vectorise";
  let description = [{
    exp, expm1, log, log1p, tanh, erf and atan of f32 become polynomials (a few
    ulp). All others, f64, and those whose polynomials upstream lose too much (sin
    and cos near their zeros, asin and acos near 1) stay and are called in libm.

    exp is right within 1 ulp and 0 where it is less than 1.7e-38. With `afn` it is
    within 3 ulp for |x| <= 20 and 6 elsewhere, and x * (1 / (1 + exp(y))) becomes
    x / (1 + exp(y)). erf(x / c) with `afn` becomes erf(x * (1 / c)).

    ```mlir
    // before: --burin-expand-math
    func.func @f(%x: f64) -> f64 {
      %0 = math.exp %x : f64
      return %0 : f64
    }
    ```

    ```mlir
    // after
    func.func @f(%x: f64) -> f64 {
      %0 = math.exp %x : f64
      return %0 : f64
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::vector::VectorDialect"];
}

#endif // BURIN_TARGETS_LLVM_PASSES_TD
