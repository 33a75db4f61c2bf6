// RUN: burin-opt %s --burin-pad-rows | FileCheck %s

#row = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#left = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
#right = affine_map<(d0, d1, d2, d3) -> (d3, d2)>
#out = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>

// Sizes that are not known stay what they were.
// CHECK-LABEL: func @open
func.func @open(%n: index, %w: memref<3072x8xf32>, %y: memref<?x7x8xf32>, %x: memref<?x7x3072xf32>) {
  // CHECK: %[[ALLOC:.*]] = memref.alloc(%[[N:.*]]) {alignment = 64 : i64} : memref<?x7x3088xf32>
  // CHECK: %[[ROWS:.*]] = memref.subview %[[ALLOC]][0, 0, 0] [%[[N]], 7, 3072] [1, 1, 1]
  // CHECK: linalg.generic {{.*}} outs(%[[ROWS]]
  // CHECK: linalg.generic {{.*}} ins(%[[ROWS]]
  %a = memref.alloc(%n) {alignment = 64 : i64} : memref<?x7x3072xf32>
  linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : memref<?x7x3072xf32>) outs(%a : memref<?x7x3072xf32>) {
  ^bb0(%in: f32, %o: f32):
    %0 = math.absf %in : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#left, #right, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%a, %w : memref<?x7x3072xf32>, memref<3072x8xf32>) outs(%y : memref<?x7x8xf32>) {
  ^bb0(%l: f32, %r: f32, %o: f32):
    %0 = arith.mulf %l, %r : f32
    %1 = arith.addf %o, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// No whole pages; not what is summed up; sums; other views.
// CHECK-LABEL: func @stays
// CHECK-NOT: memref.subview
func.func @stays(%v: f32, %w: memref<1000x1024xf32>, %y: memref<5x1024xf32>) -> memref<5120xf32> {
  // CHECK: memref.alloc() : memref<5x1000xf32>
  %a = memref.alloc() : memref<5x1000xf32>
  linalg.fill ins(%v : f32) outs(%a : memref<5x1000xf32>)
  // CHECK: memref.alloc() : memref<5x1024xf32>
  %b = memref.alloc() : memref<5x1024xf32>
  linalg.matmul ins(%a, %w : memref<5x1000xf32>, memref<1000x1024xf32>) outs(%b : memref<5x1024xf32>)
  // CHECK: memref.alloc() : memref<1024x1024xf32>
  %c = memref.alloc() : memref<1024x1024xf32>
  linalg.fill ins(%v : f32) outs(%c : memref<1024x1024xf32>)
  linalg.matmul ins(%b, %c : memref<5x1024xf32>, memref<1024x1024xf32>) outs(%y : memref<5x1024xf32>)
  // CHECK: memref.alloc() : memref<5x1024xf32>
  %d = memref.alloc() : memref<5x1024xf32>
  linalg.fill ins(%v : f32) outs(%d : memref<5x1024xf32>)
  linalg.matmul ins(%d, %c : memref<5x1024xf32>, memref<1024x1024xf32>) outs(%y : memref<5x1024xf32>)
  %flat = memref.collapse_shape %d [[0, 1]] : memref<5x1024xf32> into memref<5120xf32>
  return %flat : memref<5120xf32>
}
