// RUN: burin-opt %s --burin-emit-contractions="vector-bits=512 registers=32" --canonicalize --cse --split-input-file | FileCheck %s

// Rows a page apart would drive each other out of the cache: in a copy they are a line further apart.
memref.global "private" constant @w : memref<1024x96xf32> = dense<1.0>
// CHECK-LABEL: func @pages
func.func @pages(%a: memref<28x1024xf32>, %c: memref<28x96xf32>) {
  // CHECK: memref.alloc() : memref<29120xf32>
  // CHECK: scf.for {{.*}} to %c1024 step %c16
  // CHECK: call @burin_gemm_f32_14x32of32_next2_1040_1024_1
  %w = memref.get_global @w : memref<1024x96xf32>
  linalg.matmul ins(%a, %w : memref<28x1024xf32>, memref<1024x96xf32>) outs(%c : memref<28x96xf32>)
  return
}

// -----

// Of every second pixel of 512 channels, too: all are copied once, 528 numbers apart, and read there by all taps.
memref.global "private" constant @w : memref<100x512x3xf32> = dense<1.0>
#x = affine_map<(w, f, j, c) -> (w * 2 + j, c)>
#w = affine_map<(w, f, j, c) -> (f, c, j)>
#y = affine_map<(w, f, j, c) -> (w, f)>
// CHECK-LABEL: func @pixels
func.func @pixels(%x: memref<29x512xf32>, %y: memref<14x100xf32>) {
  // CHECK: memref.alloc() : memref<15312xf32>
  // CHECK: exec.parallel {{.*}} of %c29
  // CHECK: call @burin_gemm_f32_14x32of32_{{.*}}1056_3_528_512_1(
  %w = memref.get_global @w : memref<100x512x3xf32>
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %w : memref<29x512xf32>, memref<100x512x3xf32>) outs(%y : memref<14x100xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// Few filters are done before a copy is: read where they lie.
memref.global "private" constant @w : memref<64x512x3xf32> = dense<1.0>
#x = affine_map<(w, f, j, c) -> (w * 2 + j, c)>
#w = affine_map<(w, f, j, c) -> (f, c, j)>
#y = affine_map<(w, f, j, c) -> (w, f)>
// CHECK-LABEL: func @few_filters
func.func @few_filters(%x: memref<29x512xf32>, %y: memref<14x64xf32>) {
  // CHECK-NOT: memref.alloc()
  // CHECK: call @burin_gemm_f32_14x32of32_next2_1024_1536_1(
  %w = memref.get_global @w : memref<64x512x3xf32>
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %w : memref<29x512xf32>, memref<64x512x3xf32>) outs(%y : memref<14x64xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// Where nothing is summed up, nothing is copied, however far the taps reach.
memref.global "private" constant @w : memref<100x512x3xf32> = dense<1.0>
#x = affine_map<(w, f, j, c) -> (w * 2 + j * 9, c)>
#w = affine_map<(w, f, j, c) -> (f, c, j)>
#y = affine_map<(w, f, j, c) -> (w, f)>
// CHECK-LABEL: func @unknown
func.func @unknown(%x: memref<?x512xf32>, %y: memref<?x100xf32>) {
  // CHECK: %[[SIZE:.*]] = memref.dim %arg1, %c0
  // CHECK: %[[EMPTY:.*]] = arith.cmpi slt, %[[SIZE]], %c1 :
  // CHECK: %[[ANY:.*]] = arith.select %[[EMPTY]], %[[SIZE]], %c1 :
  // CHECK: %[[PIXELS:.*]] = arith.muli %{{.*}}, %[[ANY]]
  // CHECK: exec.parallel {{.*}} of %[[PIXELS]]
  // CHECK: call @burin_gemm_f32_
  %w = memref.get_global @w : memref<100x512x3xf32>
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %w : memref<?x512xf32>, memref<100x512x3xf32>) outs(%y : memref<?x100xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// Of pixels most of which lie between the taps, those that are read are read where they lie.
memref.global "private" constant @w : memref<100x512x3xf32> = dense<1.0>
#x = affine_map<(w, f, j, c) -> (w * 2 + j * 200, c)>
#w = affine_map<(w, f, j, c) -> (f, c, j)>
#y = affine_map<(w, f, j, c) -> (w, f)>
// CHECK-LABEL: func @between
func.func @between(%x: memref<427x512xf32>, %y: memref<14x100xf32>) {
  // CHECK-NOT: memref.alloc()
  // CHECK: call @burin_gemm_f32_14x32of32_{{.*}}1024_3_102400_512_1(
  %w = memref.get_global @w : memref<100x512x3xf32>
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %w : memref<427x512xf32>, memref<100x512x3xf32>) outs(%y : memref<14x100xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// Rows are the pixels of a line of any length, a known number of elements apart, not
// those of a column, which would be copied for each tap.
memref.global "private" constant @w : memref<32x32x7x7xf32> = dense<1.0>
#x = affine_map<(n, i, j, f, k, l, c) -> (n, i + k, j + l, c)>
#w = affine_map<(n, i, j, f, k, l, c) -> (f, c, k, l)>
#y = affine_map<(n, i, j, f, k, l, c) -> (n, i, j, f)>
// CHECK-LABEL: func @unknown_width
func.func @unknown_width(%x: memref<1x26x?x32xf32>, %y: memref<1x20x?x32xf32>) {
  // CHECK-NOT: memref.alloc(
  // CHECK: call @burin_gemm_{{.*}}f32_14x32of32_next2_32_n_n_224_1(
  %w = memref.get_global @w : memref<32x32x7x7xf32>
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : memref<1x26x?x32xf32>, memref<32x32x7x7xf32>) outs(%y : memref<1x20x?x32xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// Rows that burin-pad-rows has moved apart are read where they lie, and those of all batches are one loop though their
// numbers are not known.
memref.global "private" constant @w : memref<1024x96xf32> = dense<1.0>
#x = affine_map<(n, r, f, c) -> (n, r, c)>
#w = affine_map<(n, r, f, c) -> (c, f)>
#y = affine_map<(n, r, f, c) -> (n, r, f)>
// CHECK-LABEL: func @padded
func.func @padded(%n: index, %r: index, %c: memref<?x?x96xf32>) {
  // CHECK: %[[ROWS:.*]] = arith.muli %arg0, %arg1
  // CHECK: %[[MORE:.*]] = arith.addi %[[ROWS]], %c13
  // CHECK: arith.floordivsi %[[MORE]], %c14
  // CHECK: call @burin_gemm_f32_14x32of32_next2_1040_1024_1(
  %w = memref.get_global @w : memref<1024x96xf32>
  %a = memref.alloc(%n, %r) : memref<?x?x1040xf32>
  %x = memref.subview %a[0, 0, 0] [%n, %r, 1024] [1, 1, 1] : memref<?x?x1040xf32> to memref<?x?x1024xf32, strided<[?, 1040, 1]>>
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %w : memref<?x?x1024xf32, strided<[?, 1040, 1]>>, memref<1024x96xf32>) outs(%c : memref<?x?x96xf32>) {
  ^bb0(%a0: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a0, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}
