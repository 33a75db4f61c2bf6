// RUN: burin-opt %s --burin-emit-contractions="vector-bits=512 registers=32" --canonicalize --split-input-file | FileCheck %s

// The columns of a constant, which the result has apart, stay columns where sums are long: they are transposed after.
memref.global "private" constant @w : memref<128x64xf32> = dense<1.0>
#y = affine_map<(i, j) -> (i, j)>
#t = affine_map<(i, j) -> (j, i)>
// CHECK-LABEL: func @deep
func.func @deep(%y: memref<64x40xf32>) {
  // CHECK: %[[SUMS:.*]] = memref.alloc() : memref<40x64xf32>
  // CHECK-NOT: memref.alloc
  // CHECK: vector.fma
  // CHECK: linalg.generic {{.*}} ins(%[[SUMS]] : memref<40x64xf32>) outs(%{{.*}} : memref<64x40xf32>)
  %w = memref.get_global @w : memref<128x64xf32>
  %a = memref.alloc() : memref<40x128xf32>
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<40x64xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<40x64xf32>)
  linalg.matmul ins(%a, %w : memref<40x128xf32>, memref<128x64xf32>) outs(%c : memref<40x64xf32>)
  linalg.generic {indexing_maps = [#y, #t], iterator_types = ["parallel", "parallel"]}
      ins(%c : memref<40x64xf32>) outs(%y : memref<64x40xf32>) {
  ^bb0(%s: f32, %old: f32):
    %r = arith.maximumf %s, %zero : f32
    linalg.yield %r : f32
  }
  return
}

// -----

// Where they are short, the other operand's columns spare the pass over memory.
memref.global "private" constant @w : memref<64x64xf32> = dense<1.0>
#y = affine_map<(i, j) -> (i, j)>
#t = affine_map<(i, j) -> (j, i)>
// CHECK-LABEL: func @shallow
func.func @shallow(%y: memref<64x40xf32>) {
  // CHECK: memref.alloc() : memref<40x64xf32>
  // CHECK-NOT: linalg.
  %w = memref.get_global @w : memref<64x64xf32>
  %a = memref.alloc() : memref<40x64xf32>
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<40x64xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<40x64xf32>)
  linalg.matmul ins(%a, %w : memref<40x64xf32>, memref<64x64xf32>) outs(%c : memref<40x64xf32>)
  linalg.generic {indexing_maps = [#y, #t], iterator_types = ["parallel", "parallel"]}
      ins(%c : memref<40x64xf32>) outs(%y : memref<64x40xf32>) {
  ^bb0(%s: f32, %old: f32):
    %r = arith.maximumf %s, %zero : f32
    linalg.yield %r : f32
  }
  return
}
