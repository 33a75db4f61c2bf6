// RUN: burin-opt %s --burin-emit-winograd="vector-bits=512 registers=32" --canonicalize --cse | FileCheck %s
// RUN: burin-opt %s --burin-emit-winograd="vector-bits=256 registers=16 max-bytes=400000" --canonicalize --cse | FileCheck %s --check-prefix=FEW

#x = affine_map<(n, i, j, f, k, l, c) -> (n, i + k, j + l, c)>
#w = affine_map<(n, i, j, f, k, l, c) -> (f, c, k, l)>
#y = affine_map<(n, i, j, f, k, l, c) -> (n, i, j, f)>
#strided = affine_map<(n, i, j, f, k, l, c) -> (n, i * 2 + k, j * 2 + l, c)>

// 36 products of 64 channels with two panels of 32 filters; 16 where only these
// are few enough bytes.
// CHECK: memref.global "private" constant @w_winograd_4_32{{.*}} : memref<147456xf32>
// FEW: memref.global "private" constant @w_winograd_2_16{{.*}} : memref<65536xf32>
memref.global "private" constant @w : memref<64x64x3x3xf32> = dense<1.0>
memref.global "private" constant @half : memref<32x32x3x3xf32> = dense<1.0>
memref.global "private" constant @middle : memref<48x48x3x3xf32> = dense<1.0>
memref.global "private" constant @large : memref<512x128x3x3xf32> = dense<1.0>
memref.global "private" constant @narrow : memref<4x4x3x3xf32> = dense<1.0>

// CHECK-LABEL: func @conv
// FEW-LABEL: func @conv
func.func @conv(%x: memref<?x30x58x64xf32>, %n: index, %bias: memref<64xf32>) -> memref<?x28x56x64xf32> {
  %w = memref.get_global @w : memref<64x64x3x3xf32>
  %s = memref.alloc(%n) : memref<?x28x56x64xf32>
  linalg.generic {indexing_maps = [affine_map<(n, i, j, f) -> (f)>, affine_map<(n, i, j, f) -> (n, i, j, f)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%bias : memref<64xf32>) outs(%s : memref<?x28x56x64xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }
  // The 98 tiles of an image are 8 blocks, of each thread its own; all sizes are
  // multiples of 4.
  // CHECK: exec.parallel
  // CHECK: memref.alloca()
  // CHECK-NOT: exec.parallel
  // CHECK-COUNT-36: vector.load {{.*}} vector<16xf32>
  // CHECK-COUNT-36: vector.store
  // CHECK: func.call @burin_gemm_f32_13x32of32
  // CHECK-COUNT-72: vector.load
  // Bias and activation on what is stored.
  // CHECK: arith.addf
  // CHECK: arith.maximumf
  // CHECK: vector.store
  // CHECK-NOT: linalg.generic
  // FEW-COUNT-16: vector.load {{.*}} vector<8xf32>
  // FEW-COUNT-16: vector.store
  // FEW: func.call @burin_gemm_f32_6x16of16
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : memref<?x30x58x64xf32>, memref<64x64x3x3xf32>) outs(%s : memref<?x28x56x64xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  %zero = arith.constant 0.0 : f32
  %y = memref.alloc(%n) : memref<?x28x56x64xf32>
  linalg.generic {indexing_maps = [affine_map<(n, i, j, f) -> (n, i, j, f)>, affine_map<(n, i, j, f) -> (n, i, j, f)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s : memref<?x28x56x64xf32>) outs(%y : memref<?x28x56x64xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maximumf %in, %zero : f32
    linalg.yield %0 : f32
  }
  return %y : memref<?x28x56x64xf32>
}

// Tiles stick out: what is past the last row and column is read from these. Filters
// that are there already take no more bytes.
// FEW-LABEL: func @odd
// FEW: func.call @burin_gemm_f32_6x16of16
// CHECK-LABEL: func @odd
// CHECK: scf.if
// CHECK-COUNT-36: vector.load
// CHECK: else
// CHECK: arith.minui
func.func @odd(%x: memref<1x57x57x64xf32>, %y: memref<1x55x55x64xf32>) {
  %w = memref.get_global @w : memref<64x64x3x3xf32>
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : memref<1x57x57x64xf32>, memref<64x64x3x3xf32>) outs(%y : memref<1x55x55x64xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// 16 tiles and filters that a cache holds: two threads get half of them each.
// CHECK-LABEL: func @small
// CHECK: exec.parallel {{.*}} of %c2 grain 1
// CHECK: func.call @burin_gemm_f32_8x32of32
// CHECK-NOT: exec.parallel
func.func @small(%x: memref<1x18x18x32xf32>, %y: memref<1x16x16x32xf32>) {
  %w = memref.get_global @half : memref<32x32x3x3xf32>
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : memref<1x18x18x32xf32>, memref<32x32x3x3xf32>) outs(%y : memref<1x16x16x32xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// Every other position.
// CHECK-LABEL: func @strided
// CHECK-NOT: exec.parallel
// CHECK: linalg.generic
func.func @strided(%x: memref<1x57x57x64xf32>, %y: memref<1x28x28x64xf32>) {
  %w = memref.get_global @w : memref<64x64x3x3xf32>
  linalg.generic {indexing_maps = [#strided, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : memref<1x57x57x64xf32>, memref<64x64x3x3xf32>) outs(%y : memref<1x28x28x64xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// The transforms would take longer than the products.
// CHECK-LABEL: func @few_channels
// CHECK-NOT: exec.parallel
// CHECK: linalg.generic
func.func @few_channels(%x: memref<1x58x58x4xf32>, %y: memref<1x56x56x4xf32>) {
  %w = memref.get_global @narrow : memref<4x4x3x3xf32>
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : memref<1x58x58x4xf32>, memref<4x4x3x3xf32>) outs(%y : memref<1x56x56x4xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// Filters that no cache has for each block: threads share one block of the 16 tiles of
// an image after the other, until there are enough.
// CHECK-LABEL: func @many_filters
// CHECK: arith.cmpi uge, {{.*}}, %c128
// CHECK: scf.if
// CHECK: exec.parallel
// CHECK: memref.alloca()
// CHECK-NOT: exec.parallel
// CHECK: func.call @burin_gemm_f32_8x32of32
// CHECK: } else {
// CHECK: memref.alloc() : memref<{{.*}}xf32>
// CHECK: scf.for
// CHECK: exec.parallel
// CHECK-COUNT-36: vector.load {{.*}} vector<16xf32>
// CHECK-COUNT-36: vector.store
// CHECK: exec.parallel
// CHECK: func.call @burin_gemm_f32_8x32of32
func.func @many_filters(%x: memref<?x18x18x128xf32>, %y: memref<?x16x16x512xf32>) {
  %w = memref.get_global @large : memref<512x128x3x3xf32>
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : memref<?x18x18x128xf32>, memref<512x128x3x3xf32>) outs(%y : memref<?x16x16x512xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// 48 filters are one panel of three vectors, not two of two. Other filters are too many
// bytes.
// FEW-LABEL: func @three_vectors
// FEW-NOT: func.call
// FEW: linalg.generic
// CHECK-LABEL: func @three_vectors
// CHECK: call @burin_gemm_f32_8x48of48
func.func @three_vectors(%x: memref<1x18x18x48xf32>, %y: memref<1x16x16x48xf32>) {
  %w = memref.get_global @middle : memref<48x48x3x3xf32>
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : memref<1x18x18x48xf32>, memref<48x48x3x3xf32>) outs(%y : memref<1x16x16x48xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// Sizes that are not known are counted in tiles when running; the last panel of rows
// may be half as high.
// CHECK-LABEL: func @unknown_sizes
// CHECK: arith.cmpi uge, {{.*}}, %c28
// CHECK: scf.if
// CHECK: exec.parallel
// CHECK: scf.if
// CHECK-COUNT-36: vector.load {{.*}} vector<16xf32>
// CHECK: else
// CHECK: arith.minui
// CHECK: func.call @burin_gemm_f32_7x32of32
// CHECK: func.call @burin_gemm_f32_14x32of32
func.func @unknown_sizes(%x: memref<1x?x?x32xf32>, %y: memref<1x?x?x32xf32>) {
  %w = memref.get_global @half : memref<32x32x3x3xf32>
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : memref<1x?x?x32xf32>, memref<32x32x3x3xf32>) outs(%y : memref<1x?x?x32xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

#pair = affine_map<(n, i, j, f, k, l) -> (n, i * 2 + k, j * 2 + l, f)>
#tap = affine_map<(n, i, j, f, k, l) -> (k, l)>
#pooled = affine_map<(n, i, j, f, k, l) -> (n, i, j, f)>
#same = affine_map<(n, i, j, f) -> (n, i, j, f)>

// Pairs of lines and pixels lie in one tile: of these the largest is stored, and
// nothing else.
// CHECK-LABEL: func @pooled
// CHECK: exec.parallel
// CHECK: func.call @burin_gemm_f32_13x32of32
// CHECK: %[[LINE:.*]] = arith.divui %{{.*}}, %c2
// CHECK: %[[RESULT:.*]] = arith.maximumf %{{.*}}, %{{.*}} : vector<16xf32>
// CHECK: %[[IS_FIRST:.*]] = arith.cmpi eq
// CHECK: %[[BEFORE:.*]] = arith.select %[[IS_FIRST]], %{{.*}}, %{{.*}} : vector<16xf32>
// CHECK: %[[MOST:.*]] = arith.maximumf %[[RESULT]], %[[BEFORE]] : vector<16xf32>
// CHECK: vector.store %[[MOST]]
// CHECK-NOT: linalg
// CHECK: return
func.func @pooled(%x: memref<?x30x58x64xf32>, %n: index) -> memref<?x14x28x64xf32> {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %w = memref.get_global @w : memref<64x64x3x3xf32>
  %s = memref.alloc(%n) : memref<?x28x56x64xf32>
  linalg.fill ins(%zero : f32) outs(%s : memref<?x28x56x64xf32>)
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : memref<?x30x58x64xf32>, memref<64x64x3x3xf32>) outs(%s : memref<?x28x56x64xf32>) {
  ^bb0(%a: f32, %b: f32, %acc: f32):
    %p = arith.mulf %a, %b : f32 %q = arith.addf %acc, %p : f32 linalg.yield %q : f32
  }
  %r = memref.alloc(%n) : memref<?x28x56x64xf32>
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s : memref<?x28x56x64xf32>) outs(%r : memref<?x28x56x64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %p = arith.maximumf %a, %zero : f32 linalg.yield %p : f32
  }
  %window = memref.alloc() : memref<2x2xi8>
  %out = memref.alloc(%n) : memref<?x14x28x64xf32>
  linalg.fill ins(%least : f32) outs(%out : memref<?x14x28x64xf32>)
  linalg.generic {indexing_maps = [#pair, #tap, #pooled], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%r, %window : memref<?x28x56x64xf32>, memref<2x2xi8>) outs(%out : memref<?x14x28x64xf32>) {
  ^bb0(%a: f32, %o: i8, %most: f32):
    %p = arith.maximumf %a, %most : f32 linalg.yield %p : f32
  }
  return %out : memref<?x14x28x64xf32>
}

// A line is left over, which no pair has.
// CHECK-LABEL: func @unpaired
// CHECK: func.call @burin_gemm
// CHECK: linalg.generic
// CHECK: return
func.func @unpaired(%x: memref<?x31x58x64xf32>, %n: index) -> memref<?x14x28x64xf32> {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %w = memref.get_global @w : memref<64x64x3x3xf32>
  %s = memref.alloc(%n) : memref<?x29x56x64xf32>
  linalg.fill ins(%zero : f32) outs(%s : memref<?x29x56x64xf32>)
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : memref<?x31x58x64xf32>, memref<64x64x3x3xf32>) outs(%s : memref<?x29x56x64xf32>) {
  ^bb0(%a: f32, %b: f32, %acc: f32):
    %p = arith.mulf %a, %b : f32 %q = arith.addf %acc, %p : f32 linalg.yield %q : f32
  }
  %window = memref.alloc() : memref<2x2xi8>
  %out = memref.alloc(%n) : memref<?x14x28x64xf32>
  linalg.fill ins(%least : f32) outs(%out : memref<?x14x28x64xf32>)
  linalg.generic {indexing_maps = [#pair, #tap, #pooled], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%s, %window : memref<?x29x56x64xf32>, memref<2x2xi8>) outs(%out : memref<?x14x28x64xf32>) {
  ^bb0(%a: f32, %o: i8, %most: f32):
    %p = arith.maximumf %a, %most : f32 linalg.yield %p : f32
  }
  return %out : memref<?x14x28x64xf32>
}
