// RUN: burin-opt %s --burin-count-work --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// A product counts two operations for each of its three loops, and what is
// calculated of the weights once for each weight.
// CHECK: exec.work = [
// CHECK-SAME: {constants = array<i64: 1, 16>, flops = 112 : i64, int_ops = 0 : i64, operators = ["fc1", "scale"], reads = array<i64: 0, 48, 2, 48>, writes = array<i64: 2, 48>}
// Integers count apart; steps touch what they reach only.
// CHECK-SAME: {constants = array<i64>, flops = 0 : i64, int_ops = 4 : i64, operators = [], reads = array<i64: 3, 16>, writes = array<i64: 4, 16>}
// Not known before the sizes are.
// CHECK-SAME: {constants = array<i64>, flops = -1 : i64, int_ops = 0 : i64, operators = [], reads = array<i64: 5, -1>, writes = array<i64: 6, -1>}
// Elements that are looked up.
// CHECK-SAME: {constants = array<i64: 7, 8>, flops = 0 : i64, int_ops = 0 : i64, operators = [], reads = array<i64: 8, 16>, writes = array<i64: 9, 8>}
// CHECK-SAME: {constants = array<i64>, flops = 0 : i64, int_ops = 0 : i64, operators = [], reads = array<i64: 10, 16>, writes = array<i64: 11, 16>}
// CHECK-SAME: {constants = array<i64>, flops = -1 : i64, int_ops = -1 : i64, operators = ["sort"], reads = array<i64: 12, 16>, writes = array<i64: 13, 16>}
// Scores: 2 queries by 3 keys. 8 for each product of a width of 4, 3 for the
// softmax, 1 of the body.
// CHECK-SAME: {constants = array<i64>, flops = 120 : i64, int_ops = 0 : i64, operators = ["attend"], reads = array<i64: 14, 32, 15, 48, 16, 48>, writes = array<i64: 17, 32>}
// What is read in several places, all of it.
// CHECK-SAME: {constants = array<i64: 18, 12>, flops = 0 : i64, int_ops = 0 : i64, operators = [], reads = array<i64>, writes = array<i64: 19, 4>}
memref.global "private" constant @w : memref<4x4xi8> = dense<1>
memref.global "private" constant @table : memref<4xf32> = dense<1.0>

#row = affine_map<(m, n, k) -> (m, k)>
#column = affine_map<(m, n, k) -> (k, n)>
#sum = affine_map<(m, n, k) -> (m, n)>
func.func @product(%a: memref<3x4xf32>, %c: memref<3x4xf32>) {
  %w = memref.get_global @w : memref<4x4xi8>
  // CHECK: linalg.generic
  // CHECK: loc(fused<0 : i64>[fused["fc1", "scale"]])
  linalg.generic {indexing_maps = [#row, #column, #sum], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %w : memref<3x4xf32>, memref<4x4xi8>) outs(%c : memref<3x4xf32>) {
  ^bb0(%x: f32, %y: i8, %z: f32):
    %0 = arith.sitofp %y : i8 to f32
    %1 = arith.mulf %0, %0 : f32
    %2 = arith.mulf %x, %1 : f32
    %3 = arith.addf %z, %2 : f32
    linalg.yield %3 : f32
  } loc(fused["fc1", "scale"])
  return
}

#step = affine_map<(i) -> (i * 2)>
#all = affine_map<(i) -> (i)>
func.func @step(%a: memref<8xi32>, %b: memref<4xi32>) {
  linalg.generic {indexing_maps = [#step, #all], iterator_types = ["parallel"]} ins(%a : memref<8xi32>) outs(%b : memref<4xi32>) {
  ^bb0(%x: i32, %y: i32):
    %i = linalg.index 0 : index
    %j = arith.addi %i, %i : index
    %0 = arith.addi %x, %x : i32
    linalg.yield %0 : i32
  }
  return
}

func.func @open(%a: memref<?xf32>, %b: memref<?xf32>) {
  linalg.exp ins(%a : memref<?xf32>) outs(%b : memref<?xf32>)
  return
}

func.func @gather(%i: memref<2xindex>, %b: memref<2xf32>) {
  %table = memref.get_global @table : memref<4xf32>
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel"]} ins(%i : memref<2xindex>) outs(%b : memref<2xf32>) {
  ^bb0(%x: index, %y: f32):
    %0 = memref.load %table[%x] : memref<4xf32>
    linalg.yield %0 : f32
  }
  return
}

func.func @others(%a: memref<4xf32>, %b: memref<4xf32>, %c: memref<4xf32>, %d: memref<4xf32>) {
  memref.copy %a, %b : memref<4xf32> to memref<4xf32>
  exec.call @burin_sort ins(%c : memref<4xf32>) outs(%d : memref<4xf32>) params [] types [1, 1] loc("sort")
  return
}

func.func @attention(%q: memref<1x1x2x4xf32>, %k: memref<1x1x3x4xf32>, %v: memref<1x1x3x4xf32>, %o: memref<1x1x2x4xf32>) {
  exec.attention %q, %k, %v extras() outs(%o)
      order [0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3]
      : memref<1x1x2x4xf32>, memref<1x1x3x4xf32>, memref<1x1x3x4xf32>, memref<1x1x2x4xf32> {
  ^bb0(%s: f32, %i: index, %j: index):
    %0 = arith.mulf %s, %s : f32
    exec.yield %0 : f32
  } loc("attend")
  return
}

func.func @places(%c: memref<4xi8>) {
  %w = memref.get_global @w : memref<4x4xi8>
  linalg.generic {indexing_maps = [affine_map<(i) -> (0, i)>, affine_map<(i) -> (1, i)>, affine_map<(i) -> (1, i)>, affine_map<(i) -> (3, i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%w, %w, %w, %w : memref<4x4xi8>, memref<4x4xi8>, memref<4x4xi8>, memref<4x4xi8>) outs(%c : memref<4xi8>) {
  ^bb0(%p: i8, %q: i8, %r: i8, %s: i8, %y: i8):
    %0 = arith.xori %p, %q : i8
    %1 = arith.xori %0, %r : i8
    %2 = arith.xori %1, %s : i8
    linalg.yield %2 : i8
  }
  return
}
