// RUN: burin-opt %s --burin-pad-rows --split-input-file | FileCheck %s

#row = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#left = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
#right = affine_map<(d0, d1, d2, d3) -> (d3, d2)>
#out = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>

// Sizes that are not known stay what they were.
// CHECK-LABEL: func @open
func.func @open(%n: index, %x: memref<?x7x9xf32>, %v: memref<9x3072xf32>, %w: memref<3072x8xf32>, %y: memref<?x7x8xf32>) {
  // CHECK: %[[SUMS:.*]] = memref.alloc(%[[N:.*]]) : memref<?x7x3072xf32>
  // CHECK: linalg.generic {{.*}} outs(%[[SUMS]]
  // CHECK: %[[ALLOC:.*]] = memref.alloc(%[[N]]) {alignment = 64 : i64} : memref<?x7x3088xf32>
  // CHECK: %[[ROWS:.*]] = memref.subview %[[ALLOC]][0, 0, 0] [%[[N]], 7, 3072] [1, 1, 1]
  // CHECK: linalg.generic {{.*}} ins(%[[SUMS]] {{.*}} outs(%[[ROWS]]
  // CHECK: linalg.generic {{.*}} ins(%[[ROWS]]
  %sums = memref.alloc(%n) : memref<?x7x3072xf32>
  linalg.generic {indexing_maps = [#left, #right, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %v : memref<?x7x9xf32>, memref<9x3072xf32>) outs(%sums : memref<?x7x3072xf32>) {
  ^bb0(%l: f32, %r: f32, %o: f32):
    %0 = arith.mulf %l, %r : f32
    %1 = arith.addf %o, %0 : f32
    linalg.yield %1 : f32
  }
  %a = memref.alloc(%n) {alignment = 64 : i64} : memref<?x7x3072xf32>
  linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%sums : memref<?x7x3072xf32>) outs(%a : memref<?x7x3072xf32>) {
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

// -----

// Rows of 4000 bytes, and one alone.
// CHECK-LABEL: func @apart
func.func @apart(%x: memref<5x9xf32>, %v: memref<9x1000xf32>, %w: memref<1000x8xf32>, %y: memref<5x8xf32>,
                 %x1: memref<1x9xf32>, %v1: memref<9x1024xf32>, %w1: memref<1024x8xf32>, %y1: memref<1x8xf32>) {
  // CHECK-NOT: memref.subview
  %sums = memref.alloc() : memref<5x1000xf32>
  linalg.matmul ins(%x, %v : memref<5x9xf32>, memref<9x1000xf32>) outs(%sums : memref<5x1000xf32>)
  %a = memref.alloc() : memref<5x1000xf32>
  linalg.exp ins(%sums : memref<5x1000xf32>) outs(%a : memref<5x1000xf32>)
  linalg.matmul ins(%a, %w : memref<5x1000xf32>, memref<1000x8xf32>) outs(%y : memref<5x8xf32>)
  %sums1 = memref.alloc() : memref<1x1024xf32>
  linalg.matmul ins(%x1, %v1 : memref<1x9xf32>, memref<9x1024xf32>) outs(%sums1 : memref<1x1024xf32>)
  %a1 = memref.alloc() : memref<1x1024xf32>
  linalg.exp ins(%sums1 : memref<1x1024xf32>) outs(%a1 : memref<1x1024xf32>)
  linalg.matmul ins(%a1, %w1 : memref<1x1024xf32>, memref<1024x8xf32>) outs(%y1 : memref<1x8xf32>)
  // CHECK: return
  return
}

// -----

// Sums themselves; what no product writes, as the last of several ops on rows; what something else reads.
// CHECK-LABEL: func @follow
func.func @follow(%x: memref<5x1024xf32>, %v: memref<1024x1024xf32>, %y: memref<5x1024xf32>) -> memref<5120xf32> {
  // CHECK-NOT: memref.subview
  %sums = memref.alloc() : memref<5x1024xf32>
  linalg.matmul ins(%x, %v : memref<5x1024xf32>, memref<1024x1024xf32>) outs(%sums : memref<5x1024xf32>)
  linalg.matmul ins(%sums, %v : memref<5x1024xf32>, memref<1024x1024xf32>) outs(%y : memref<5x1024xf32>)
  %a = memref.alloc() : memref<5x1024xf32>
  linalg.exp ins(%x : memref<5x1024xf32>) outs(%a : memref<5x1024xf32>)
  linalg.matmul ins(%a, %v : memref<5x1024xf32>, memref<1024x1024xf32>) outs(%y : memref<5x1024xf32>)
  %b = memref.alloc() : memref<5x1024xf32>
  linalg.exp ins(%sums : memref<5x1024xf32>) outs(%b : memref<5x1024xf32>)
  linalg.matmul ins(%b, %v : memref<5x1024xf32>, memref<1024x1024xf32>) outs(%y : memref<5x1024xf32>)
  // CHECK: return
  %flat = memref.collapse_shape %b [[0, 1]] : memref<5x1024xf32> into memref<5120xf32>
  return %flat : memref<5120xf32>
}
