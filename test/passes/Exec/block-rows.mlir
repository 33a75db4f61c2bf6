// RUN: burin-opt %s --burin-block-rows --canonicalize | FileCheck %s

#image = affine_map<(n, i, j) -> (n, i, j)>
#first = affine_map<(n, i, j) -> (n)>
#all = affine_map<(r, c) -> (r, c)>
#row = affine_map<(r, c) -> (r)>
#column = affine_map<(r, c) -> (c)>

// The fill goes with the sum; rows of a size known at run time decide how many
// are a block.
// CHECK-LABEL: func @sum_and_scale
func.func @sum_and_scale(%zero: f32) {
  // CHECK: %[[X:.*]] = exec.input 0
  %x = exec.input 0 : memref<64x?xf32>
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c1 : memref<64x?xf32>
  // CHECK: %[[Y:.*]] = exec.output 0
  %y = exec.output 0(%n) : memref<64x?xf32>
  %sum = memref.alloc() : memref<64xf32>
  linalg.fill ins(%zero : f32) outs(%sum : memref<64xf32>)
  // CHECK: arith.divui
  // CHECK: %[[BLOCK:.*]] = arith.maxui
  // CHECK: exec.parallel
  // CHECK: scf.for {{.*}} step %[[BLOCK]]
  // CHECK: linalg.fill
  // CHECK: linalg.generic {{.*}} ["parallel", "reduction"]
  linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<64x?xf32>) outs(%sum : memref<64xf32>) {
  ^bb0(%a: f32, %b: f32):
    %0 = arith.addf %b, %a : f32
    linalg.yield %0 : f32
  }
  // CHECK: linalg.generic {{.*}} ["parallel", "parallel"]
  // CHECK-NOT: linalg.generic
  linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]} ins(%x, %sum : memref<64x?xf32>, memref<64xf32>) outs(%y : memref<64x?xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  }
  return
}

// What a column needs is done only when all rows are.
// CHECK-LABEL: func @columns
func.func @columns() {
  // CHECK-NOT: exec.parallel
  %x = exec.input 0 : memref<64x128xf32>
  %y = exec.output 0() : memref<64x128xf32>
  %sum = memref.alloc() : memref<128xf32>
  linalg.generic {indexing_maps = [affine_map<(c, r) -> (r, c)>, affine_map<(c, r) -> (c)>], iterator_types = ["parallel", "reduction"]} ins(%x : memref<64x128xf32>) outs(%sum : memref<128xf32>) {
  ^bb0(%a: f32, %b: f32):
    %0 = arith.addf %b, %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#all, #column, #all], iterator_types = ["parallel", "parallel"]} ins(%x, %sum : memref<64x128xf32>, memref<128xf32>) outs(%y : memref<64x128xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  }
  return
}

// One row: its elements are shared among threads, not rows.
// CHECK-LABEL: func @one_row
func.func @one_row() {
  // CHECK-NOT: exec.parallel
  %x = exec.input 0 : memref<1x32000xf32>
  %y = exec.output 0() : memref<1x32000xf32>
  %sum = memref.alloc() : memref<1xf32>
  linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<1x32000xf32>) outs(%sum : memref<1xf32>) {
  ^bb0(%a: f32, %b: f32):
    %0 = arith.addf %b, %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]} ins(%x, %sum : memref<1x32000xf32>, memref<1xf32>) outs(%y : memref<1x32000xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  }
  return
}

// Rows that are whole images: each op shares out its pixels, however many images
// there will be.
// CHECK-LABEL: func @images
func.func @images(%n: index, %zero: f32) {
  // CHECK-NOT: exec.parallel
  %x = exec.input 0 : memref<?x300x300xf32>
  %y = exec.output 0(%n) : memref<?x300x300xf32>
  %sum = memref.alloc(%n) : memref<?xf32>
  linalg.fill ins(%zero : f32) outs(%sum : memref<?xf32>)
  linalg.generic {indexing_maps = [#image, #first, #image], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %sum : memref<?x300x300xf32>, memref<?xf32>) outs(%y : memref<?x300x300xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  }
  return
}

// The same memory under another shape: which rows are whose is not asked.
// CHECK-LABEL: func @views
func.func @views() {
  // CHECK-NOT: exec.parallel
  %x = exec.input 0 : memref<64x128xf32>
  %y = exec.output 0() : memref<64x128xf32>
  %flat = memref.alloc() : memref<64xf32>
  %sum = memref.expand_shape %flat [[0, 1]] output_shape [64, 1] : memref<64xf32> into memref<64x1xf32>
  linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<64x128xf32>) outs(%flat : memref<64xf32>) {
  ^bb0(%a: f32, %b: f32):
    %0 = arith.addf %b, %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#all, affine_map<(r, c) -> (r, 0)>, #all], iterator_types = ["parallel", "parallel"]} ins(%x, %sum : memref<64x128xf32>, memref<64x1xf32>) outs(%y : memref<64x128xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  }
  return
}


// A fill stays before the copy that overwrites a part of what it fills.
// CHECK-LABEL: func @fill_and_copy
func.func @fill_and_copy(%zero: f32) {
  %x = exec.input 0 : memref<64x128xf32>
  %y = exec.output 0() : memref<64x128xf32>
  %pad = memref.alloc() : memref<64x128xf32>
  %sum = memref.alloc() : memref<64xf32>
  // CHECK: linalg.fill
  linalg.fill ins(%zero : f32) outs(%pad : memref<64x128xf32>)
  // CHECK-NEXT: memref.copy
  memref.copy %x, %pad : memref<64x128xf32> to memref<64x128xf32>
  // CHECK: exec.parallel
  linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]} ins(%pad : memref<64x128xf32>) outs(%sum : memref<64xf32>) {
  ^bb0(%a: f32, %b: f32):
    %0 = arith.addf %b, %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]} ins(%pad, %sum : memref<64x128xf32>, memref<64xf32>) outs(%y : memref<64x128xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  }
  return
}

#scores = affine_map<(b, h, q, k) -> (b, h, q, k)>
#mask = affine_map<(b, h, q, k) -> (b, 0, q, k)>
#query = affine_map<(b, h, q, k) -> (b, h, q)>

// All heads have one mask: its rows are batches alone, of which there may be one. What does without it has rows for
// all threads.
// CHECK-LABEL: func @mask
func.func @mask(%b: index, %q: index) {
  %s = exec.input 0 : memref<?x12x?x64xf32>
  %m = exec.input 1 : memref<?x1x?x64xf32>
  %sum = exec.output 0(%b, %q) : memref<?x12x?xf32>
  %hidden = memref.alloc(%b, %q) : memref<?x12x?x64xf32>
  %shifted = memref.alloc(%b, %q) : memref<?x12x?x64xf32>
  // CHECK: linalg.generic {{.*}} ["parallel", "parallel", "parallel", "parallel"]
  linalg.generic {indexing_maps = [#scores, #mask, #scores], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%s, %m : memref<?x12x?x64xf32>, memref<?x1x?x64xf32>) outs(%hidden : memref<?x12x?x64xf32>) {
  ^bb0(%x: f32, %y: f32, %old: f32):
    %0 = arith.addf %x, %y : f32
    linalg.yield %0 : f32
  }
  // CHECK: memref.collapse_shape {{.*}} {{\[}}[0, 1, 2], [3]]
  // CHECK: exec.parallel
  // CHECK: linalg.generic {{.*}} ["parallel", "parallel"]
  linalg.generic {indexing_maps = [#scores, #scores], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%hidden : memref<?x12x?x64xf32>) outs(%shifted : memref<?x12x?x64xf32>) {
  ^bb0(%x: f32, %old: f32):
    %0 = math.exp %x : f32
    linalg.yield %0 : f32
  }
  // CHECK: linalg.generic {{.*}} ["parallel", "reduction"]
  linalg.generic {indexing_maps = [#scores, #query], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%shifted : memref<?x12x?x64xf32>) outs(%sum : memref<?x12x?xf32>) {
  ^bb0(%x: f32, %all: f32):
    %0 = arith.addf %all, %x : f32
    linalg.yield %0 : f32
  }
  return
}
