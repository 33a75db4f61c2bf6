// RUN: burin-opt %s --burin-count-work --burin-emit-loops=vector-bits=128 --canonicalize --burin-place-constants --burin-list-kernels | FileCheck %s
// RUN: burin-opt %s --burin-list-kernels | FileCheck %s --check-prefix=NONE

// Nothing is listed where nothing was counted.
// NONE-NOT: exec.kernels

#all = affine_map<(i) -> (i)>

// What lies between two parallel loops is one kernel. A buffer that it makes for
// itself alone is not counted.
// CHECK-LABEL: @order
// CHECK-SAME: {constant_bytes = 0 : i64, flops = 40 : i64, int_ops = 0 : i64, name = "second", operators = ["first", "second"], parallel = false, read_bytes = 40 : i64, rows = array<i64: 0, 1>, written_bytes = 40 : i64}
// CHECK-SAME: {constant_bytes = 65536 : i64, flops = 16384 : i64, int_ops = 0 : i64, name = "big", operators = ["big"], parallel = true, read_bytes = 65536 : i64, rows = array<i64: 2>, written_bytes = 65536 : i64}
// CHECK-SAME: {constant_bytes = 0 : i64, flops = 10 : i64, int_ops = 0 : i64, name = "last", operators = ["last"], parallel = false, read_bytes = 40 : i64, rows = array<i64: 3>, written_bytes = 40 : i64}
memref.global "private" constant @w : memref<16384xf32> = dense<2.0>
func.func @order() {
  %x = exec.input 0 : memref<10xf32>
  %big = exec.input 1 : memref<16384xf32>
  %w = memref.get_global @w : memref<16384xf32>
  %own = memref.alloc() : memref<10xf32>
  %y = memref.alloc() : memref<10xf32>
  %o0 = exec.output 0() : memref<16384xf32>
  %o1 = exec.output 1() : memref<10xf32>
  linalg.mul ins(%x, %x : memref<10xf32>, memref<10xf32>) outs(%own : memref<10xf32>) loc("first")
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel"]} ins(%own : memref<10xf32>) outs(%y : memref<10xf32>) {
  ^bb0(%a: f32, %b: f32):
    %0 = math.fma %a, %a, %a : f32
    %1 = arith.negf %0 : f32
    linalg.yield %1 : f32
  } loc("second")
  linalg.add ins(%big, %w : memref<16384xf32>, memref<16384xf32>) outs(%o0 : memref<16384xf32>) loc("big")
  linalg.exp ins(%y : memref<10xf32>) outs(%o1 : memref<10xf32>) loc("last")
  return
}

// Sizes that are not known: no numbers. Branches are gone through.
// CHECK-LABEL: @open
// CHECK-SAME: [{constant_bytes = 0 : i64, int_ops = 0 : i64, name = "exp", operators = ["exp"], parallel = true, rows = array<i64: 4>}
// CHECK-SAME: {constant_bytes = 0 : i64, int_ops = 0 : i64, name = "other", operators = ["other"], parallel = true, rows = array<i64: 5>}]
func.func @open(%c: i1) {
  %x = exec.input 0 : memref<?xf32>
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  %y = exec.output 0(%n) : memref<?xf32>
  scf.if %c {
    linalg.exp ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) loc("exp")
  } else {
    linalg.negf ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) loc("other")
  }
  return
}
