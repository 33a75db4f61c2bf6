// RUN: burin-opt %s --burin-emit-contractions="vector-bits=512 registers=32" --canonicalize --cse --split-input-file | FileCheck %s
// RUN: burin-opt %s --burin-emit-contractions="vector-bits=256 registers=16" --split-input-file | FileCheck %s --check-prefix=AVX2

// CHECK-LABEL: func @matmul
// AVX2-LABEL: func @matmul
func.func @matmul(%a: memref<100x300xf32>, %b: memref<300x2000xf32>, %c: memref<100x2000xf32>) {
  // Each thread packs panels of 32 columns and runs all rows against them. These are read where they lie, so that
  // their panels may start anywhere: 4 of 13, 4 of 12.
  // CHECK-NOT: memref.alloc()
  // CHECK: exec.parallel {{.*}} of %c63
  // CHECK-DAG: %[[TILE:.*]] = memref.alloca() {alignment = 64 : i64} : memref<416xf32>
  // CHECK-DAG: memref.alloca() {alignment = 64 : i64} : memref<9600xf32>
  // CHECK: %[[BEFORE:.*]] = arith.muli %[[PANEL:.*]], %c100
  // CHECK-NEXT: %[[FIRST:.*]] = arith.divui %[[BEFORE]], %c8
  // CHECK: %[[END:.*]] = arith.divui {{.*}}, %c8
  // CHECK-NEXT: %[[LIMIT:.*]] = arith.minui %[[END]], %c100
  // CHECK-NEXT: arith.subi %[[LIMIT]], %[[FIRST]]
  // CHECK: func.call @burin_gemm_f32_13x32of32_300_300_1
  // CHECK: func.call @burin_gemm_f32_12x32of32_300_300_1
  // The sums are added to what is there.
  // CHECK: %[[SUM:.*]] = vector.load {{.*}} : memref<416xf32>, vector<16xf32>
  // CHECK: %[[OLD:.*]] = vector.load
  // CHECK: arith.addf %[[OLD]], %[[SUM]]
  // AVX2: call @burin_gemm_f32_6x16of16_300_300_1
  linalg.matmul ins(%a, %b : memref<100x300xf32>, memref<300x2000xf32>) outs(%c : memref<100x2000xf32>)
  return
}
// CHECK: func.func private @burin_gemm_f32_13x32of32_300_300_1({{.*}}) attributes {passthrough = ["noinline"]}
// CHECK: scf.for {{.*}} to %c300
// CHECK: vector.fma {{.*}} : vector<16xf32>

// -----

// A constant is packed at compile time: [panels of 32 columns][depth][32]. Rows that are not known: panels of 14, or
// all of 12 to 14 if that is enough for each; what else is left in powers of two.
// CHECK: memref.global "private" constant @w_packed_32{{.*}} : memref<19200xf32> = dense<1.000000e+00>
memref.global "private" constant @w : memref<300x64xf32> = dense<1.0>
// CHECK-LABEL: func @constant
func.func @constant(%a: memref<?x300xf32>, %c: memref<?x64xf32>) {
  // CHECK: memref.get_global @w_packed_32
  // CHECK: %[[LEAST:.*]] = arith.muli %[[PANELS:.*]], %c12
  // CHECK: %[[EVEN:.*]] = arith.cmpi ule, %[[LEAST]], %[[ROWS:.*]] :
  // CHECK: arith.select %[[EVEN]]
  // CHECK: call @burin_gemm_f32_14x32
  // CHECK: call @burin_gemm_f32_13x32
  // CHECK: call @burin_gemm_f32_12x32
  // CHECK: call @burin_gemm_f32_3x32
  // CHECK: call @burin_gemm_f32_8x32
  // CHECK: call @burin_gemm_f32_1x32
  %w = memref.get_global @w : memref<300x64xf32>
  linalg.matmul ins(%a, %w : memref<?x300xf32>, memref<300x64xf32>) outs(%c : memref<?x64xf32>)
  return
}

// -----

// Pixels under a window: runs of 3 x 16 channels, the taps of a row, a row of the image further each time. Bias and
// activation are applied to the sums; the buffer between is gone. The depth is short: sums stay in registers, those
// of the last panel's 24 columns in three vectors for two rows.
memref.global "private" constant @w : memref<24x3x3x16xf32> = dense<1.0>
#x = affine_map<(h, w, f, i, j, c) -> (h + i, w + j, c)>
#w = affine_map<(h, w, f, i, j, c) -> (f, i, j, c)>
#y = affine_map<(h, w, f, i, j, c) -> (h, w, f)>
#id = affine_map<(h, w, f) -> (h, w, f)>
#f = affine_map<(h, w, f) -> (f)>
// CHECK-LABEL: func @fused
func.func @fused(%bias: memref<24xf32>, %y: memref<28x28x24xf32>) {
  // CHECK-NOT: linalg
  // CHECK-NOT: memref.alloc() : memref<28x28x24xf32>
  // CHECK-NOT: memref.alloca
  // CHECK: llvm.inline_asm "", "=r,0"
  // CHECK: %[[SUMS:.*]]:24 = scf.for {{.*}} to %c3
  // CHECK: scf.for {{.*}} to %c48
  // CHECK-COUNT-21: vector.fma {{.*}} : vector<16xf32>
  // CHECK-NOT: vector.fma
  // CHECK: %[[BIAS:.*]] = vector.load {{.*}} : memref<?xf32>, vector<16xf32>
  // CHECK: %[[BIASED:.*]] = arith.addf %[[SUMS]]#3, %[[BIAS]]
  // CHECK: %[[Y:.*]] = arith.maximumf %[[BIASED]]
  // CHECK-NEXT: vector.store %[[Y]]
  // CHECK-NEXT: llvm.inline_asm has_side_effects "", "=r,0"
  // CHECK-COUNT-27: vector.store
  // CHECK-NOT: vector.maskedstore
  %zero = arith.constant 0.0 : f32
  %w = memref.get_global @w : memref<24x3x3x16xf32>
  %x = memref.alloc() : memref<30x30x16xf32>
  %sums = memref.alloc() : memref<28x28x24xf32>
  linalg.fill ins(%zero : f32) outs(%sums : memref<28x28x24xf32>)
  linalg.generic {indexing_maps = [#x, #w, #y],
                  iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : memref<30x30x16xf32>, memref<24x3x3x16xf32>) outs(%sums : memref<28x28x24xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#id, #f, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%sums, %bias : memref<28x28x24xf32>, memref<24xf32>) outs(%y : memref<28x28x24xf32>) {
  ^bb0(%s: f32, %b: f32, %old: f32):
    %t = arith.addf %s, %b : f32
    %r = arith.maximumf %t, %zero : f32
    linalg.yield %r : f32
  }
  return
}

// -----

// What reads the sums may overwrite a factor that other tiles still need: it stays apart.
// CHECK-LABEL: func @overwrites
func.func @overwrites(%a: memref<64x64xf32>, %b: memref<64x64xf32>) {
  // CHECK: vector.fma
  // CHECK: linalg.add
  %zero = arith.constant 0.0 : f32
  %sums = memref.alloc() : memref<64x64xf32>
  linalg.fill ins(%zero : f32) outs(%sums : memref<64x64xf32>)
  linalg.matmul ins(%a, %b : memref<64x64xf32>, memref<64x64xf32>) outs(%sums : memref<64x64xf32>)
  linalg.add ins(%a, %sums : memref<64x64xf32>, memref<64x64xf32>) outs(%a : memref<64x64xf32>)
  return
}

// -----

// A convolution in channels-first order: filters are the rows, output positions the columns.
// CHECK-LABEL: func @conv
func.func @conv(%x: memref<1x16x34x34xf32>, %w: memref<24x16x3x3xf32>, %y: memref<1x24x32x32xf32>) {
  // CHECK-NOT: memref.alloca() {{.*}} memref<384xf32>
  // CHECK: scf.for {{.*}} to %c144
  // CHECK-COUNT-24: vector.fma
  linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
      ins(%x, %w : memref<1x16x34x34xf32>, memref<24x16x3x3xf32>) outs(%y : memref<1x24x32x32xf32>)
  return
}

// -----

// Nothing to gain.
// CHECK-LABEL: func @small
func.func @small(%a: memref<2x3xf32>, %b: memref<3x4xf32>, %c: memref<2x4xf32>) {
  // CHECK: linalg.matmul
  linalg.matmul ins(%a, %b : memref<2x3xf32>, memref<3x4xf32>) outs(%c : memref<2x4xf32>)
  return
}

// -----

// Weights of 16 bits are packed as they are; the kernel widens them.
// CHECK: memref.global "private" constant @h_packed_32{{.*}} : memref<19200xf16>
memref.global "private" constant @h : memref<300x64xf16> = dense<1.0>
// CHECK-LABEL: func @half
func.func @half(%a: memref<?x300xf32>, %c: memref<?x64xf32>) {
  // CHECK: call @burin_gemm_f32_f16_
  %w = memref.get_global @h : memref<300x64xf16>
  linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %w : memref<?x300xf32>, memref<300x64xf16>) outs(%c : memref<?x64xf32>) {
  ^bb0(%x: f32, %y: f16, %sum: f32):
    %0 = arith.extf %y : f16 to f32
    %1 = arith.mulf %x, %0 : f32
    %2 = arith.addf %sum, %1 : f32
    linalg.yield %2 : f32
  }
  return
}
// CHECK: func.func private @burin_gemm_f32_f16_
// CHECK: arith.extf {{.*}} : vector<16xf16> to vector<16xf32>

// -----

// So is a part of a constant, from where it starts.
// CHECK: memref.global "private" constant @gates_packed_32_from_4096{{.*}} : memref<4096xf32>
memref.global "private" constant @gates : memref<3x64x64xf32> = dense<1.0>
// CHECK-LABEL: func @part
func.func @part(%a: memref<?x64xf32>, %c: memref<?x64xf32>) {
  // CHECK: memref.get_global @gates_packed_32_from_4096
  // CHECK: vector.fma
  %w = memref.get_global @gates : memref<3x64x64xf32>
  %part = memref.subview %w[1, 0, 0] [1, 64, 64] [1, 1, 1] : memref<3x64x64xf32> to memref<64x64xf32, strided<[64, 1], offset: 4096>>
  linalg.matmul ins(%a, %part : memref<?x64xf32>, memref<64x64xf32, strided<[64, 1], offset: 4096>>) outs(%c : memref<?x64xf32>)
  return
}

// -----

// A small image: 4 lines of 5 pixels are two panels of 2 lines each, however many images there are. AVX2's
// tiles have rows for one line only.
memref.global "private" constant @w : memref<24x3x3x64xf32> = dense<1.0>
#x = affine_map<(n, h, w, f, i, j, c) -> (n, 2 * h + i, 2 * w + j, c)>
#w = affine_map<(n, h, w, f, i, j, c) -> (f, i, j, c)>
#y = affine_map<(n, h, w, f, i, j, c) -> (n, h, w, f)>
// CHECK-LABEL: func @image
// AVX2-LABEL: func @image
func.func @image(%x: memref<?x9x11x64xf32>, %y: memref<?x4x5x24xf32>) {
  // CHECK: call @burin_gemm_f32_10x24of32_next2_run5_128_1408_3_704_192_1
  // CHECK: %[[LINES:.*]] = arith.divui {{.*}}, %c5
  // CHECK-NEXT: scf.for {{.*}} to %[[LINES]]
  // CHECK-NEXT: scf.for {{.*}} to %c5
  // AVX2: call @burin_gemm_f32_5x16of16_next1_128_3_704_192_1
  %w = memref.get_global @w : memref<24x3x3x64xf32>
  linalg.generic {indexing_maps = [#x, #w, #y],
                  iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : memref<?x9x11x64xf32>, memref<24x3x3x64xf32>) outs(%y : memref<?x4x5x24xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// One row, along which both operands lie, would be packed for nothing.
// CHECK-LABEL: func @dots
func.func @dots(%x: memref<256xf32>, %k: memref<100x256xf32>, %y: memref<100xf32>) {
  // CHECK: linalg.matvec
  linalg.matvec ins(%k, %x : memref<100x256xf32>, memref<256xf32>) outs(%y : memref<100xf32>)
  return
}

// -----

// Constants are packed at compile time, so that even a short depth is worth a tile.
memref.global "private" constant @w : memref<64x3xf32> = dense<1.0>
#x = affine_map<(p, f, c) -> (p, c)>
#w = affine_map<(p, f, c) -> (f, c)>
#y = affine_map<(p, f, c) -> (p, f)>
// CHECK-LABEL: func @points
func.func @points(%x: memref<28x3xf32>, %y: memref<28x64xf32>) {
  // CHECK: memref.get_global @w_packed_32
  // CHECK: scf.for {{.*}} to %c3
  // CHECK-COUNT-28: vector.fma
  %w = memref.get_global @w : memref<64x3xf32>
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : memref<28x3xf32>, memref<64x3xf32>) outs(%y : memref<28x64xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// Lines in a larger image: two panels of 13 of them, in each all of the 5 positions. Rows are enough work for several
// tasks, each with rows of its own: an even number of parts of them.
memref.global "private" constant @w : memref<172x172xf32> = dense<1.0>
// CHECK-LABEL: func @lines
func.func @lines(%x: memref<25x5x172xf32>, %y: memref<25x5x172xf32, strided<[1204, 172, 1]>>) {
  // CHECK: exec.parallel {{.*}} of %c36 grain 1
  // CHECK-NEXT: scf.for
  // CHECK: scf.for %[[POSITION:.*]] = {{.*}} step %c1
  // CHECK-NEXT: arith.divui %[[POSITION]], %c5
  // CHECK-NEXT: arith.remui %[[POSITION]], %c5
  %w = memref.get_global @w : memref<172x172xf32>
  linalg.generic {indexing_maps = [affine_map<(i, j, f, c) -> (i, j, c)>, affine_map<(i, j, f, c) -> (c, f)>, affine_map<(i, j, f, c) -> (i, j, f)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %w : memref<25x5x172xf32>, memref<172x172xf32>) outs(%y : memref<25x5x172xf32, strided<[1204, 172, 1]>>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// The same for images whose number is not known: 10 positions of each are two tasks. All are an even number, and equal.
memref.global "private" constant @w : memref<64x64xf32> = dense<1.0>
// CHECK-LABEL: func @images
func.func @images(%x: memref<?x25x5x64xf32>, %y: memref<?x25x5x64xf32, strided<[12096, 448, 64, 1]>>) {
  // CHECK: %[[POSITIONS:.*]] = arith.muli %{{.*}}, %c10
  // CHECK: %[[PAIRS:.*]] = arith.floordivsi %{{.*}}, %c2
  // CHECK: arith.muli %[[PAIRS]], %c2
  // CHECK: %[[CHUNKS:.*]] = arith.maxsi
  // CHECK: exec.parallel
  // CHECK: %[[CHUNK:.*]] = arith.remui {{.*}}, %[[CHUNKS]]
  // CHECK: %[[BEFORE:.*]] = arith.muli %[[CHUNK]], %[[POSITIONS]]
  // CHECK-NEXT: arith.divui %[[BEFORE]], %[[CHUNKS]]
  %w = memref.get_global @w : memref<64x64xf32>
  linalg.generic {indexing_maps = [affine_map<(n, i, j, f, c) -> (n, i, j, c)>, affine_map<(n, i, j, f, c) -> (c, f)>, affine_map<(n, i, j, f, c) -> (n, i, j, f)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %w : memref<?x25x5x64xf32>, memref<64x64xf32>) outs(%y : memref<?x25x5x64xf32, strided<[12096, 448, 64, 1]>>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// Lines of no pixels.
// CHECK-LABEL: func @empty
func.func @empty(%x: memref<1x6x2x64xf32>, %w: memref<3x3x64x64xf32>, %y: memref<1x4x0x64xf32>) {
  // CHECK-NEXT: return
  linalg.conv_2d_nhwc_hwcf ins(%x, %w : memref<1x6x2x64xf32>, memref<3x3x64x64xf32>) outs(%y : memref<1x4x0x64xf32>)
  return
}
