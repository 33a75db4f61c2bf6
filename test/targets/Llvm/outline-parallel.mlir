// RUN: burin-opt %s --burin-outline-parallel | FileCheck %s

// CHECK-LABEL: func @main(%arg0: !llvm.ptr) -> i32
func.func @main() {
  %c1 = arith.constant 1 : index
  %x = arith.constant 2.0 : f32
  %m = exec.input 0 : memref<?xf32>
  %n = memref.dim %m, %c1 : memref<?xf32>
  // The buffer travels, the constant is made again.
  // CHECK: exec.launch @main_part0 of %{{.*}} grain 7(%{{.*}}) : memref<?xf32>
  exec.parallel %lower to %upper of %n grain 7 {
    memref.store %x, %m[%lower] : memref<?xf32>
  }
  // CHECK: return %{{.*}} : i32
  return
}
// CHECK: func private @main_part0(%arg0: !llvm.ptr, %arg1: index, %arg2: index, %arg3: memref<?xf32>)
// CHECK: arith.constant 2.0
// CHECK: memref.store

// The functions of listed kernels are named.
// CHECK-LABEL: func @listed
// CHECK-SAME: exec.parts = ["listed_part0"]
func.func @listed(%n: index, %m: memref<?xf32>) attributes {exec.kernels = []} {
  %x = arith.constant 2.0 : f32
  exec.parallel %lower to %upper of %n grain 7 {
    memref.store %x, %m[%lower] : memref<?xf32>
  }
  return
}
