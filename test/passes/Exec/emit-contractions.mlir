// RUN: burin-opt %s --burin-emit-contractions="vector-bits=512 registers=32" --canonicalize --cse --split-input-file | FileCheck %s
// RUN: burin-opt %s --burin-emit-contractions="vector-bits=256 registers=16" --split-input-file | FileCheck %s --check-prefix=AVX2

// CHECK-LABEL: func @matmul
// AVX2-LABEL: func @matmul
func.func @matmul(%a: memref<100x300xf32>, %b: memref<300x2000xf32>, %c: memref<100x2000xf32>) {
  // Rows are packed first: 9 panels of 12 rows.
  // CHECK: memref.alloc() : memref<32400xf32>
  // CHECK: exec.parallel {{.*}} of %c9
  // Then each thread packs panels of 32 columns and runs all rows against them.
  // CHECK: exec.parallel {{.*}} of %c63
  // CHECK: memref.alloca() {alignment = 64 : i64} : memref<12288xf32>
  // CHECK: func.call @burin_gemm_f32_12x32
  // AVX2: call @burin_gemm_f32_6x16
  linalg.matmul ins(%a, %b : memref<100x300xf32>, memref<300x2000xf32>) outs(%c : memref<100x2000xf32>)
  return
}
// CHECK: func.func private @burin_gemm_f32_12x32
// CHECK: vector.fma {{.*}} : vector<16xf32>

// -----

// A constant is packed at compile time: [panels of 32 columns][depth][32].
// CHECK: memref.global "private" constant @w_packed_32{{.*}} : memref<4096xf32> = dense<1.000000e+00>
memref.global "private" constant @w : memref<64x64xf32> = dense<1.0>
// CHECK-LABEL: func @constant
func.func @constant(%a: memref<?x64xf32>, %c: memref<?x64xf32>) {
  // CHECK: memref.get_global @w_packed_32
  // CHECK-NOT: memref.alloca
  // CHECK: call @burin_gemm_f32_12x32
  %w = memref.get_global @w : memref<64x64xf32>
  linalg.matmul ins(%a, %w : memref<?x64xf32>, memref<64x64xf32>) outs(%c : memref<?x64xf32>)
  return
}

// -----

// A convolution is a product: filters are the rows, output positions the columns.
// CHECK-LABEL: func @conv
func.func @conv(%x: memref<1x16x34x34xf32>, %w: memref<24x16x3x3xf32>, %y: memref<1x24x32x32xf32>) {
  // CHECK: call @burin_gemm_f32_12x32
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
