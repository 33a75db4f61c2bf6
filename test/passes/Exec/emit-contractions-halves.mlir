// RUN: burin-opt %s --burin-emit-contractions="vector-bits=512 registers=32" --canonicalize --cse --split-input-file | FileCheck %s
// RUN: burin-opt %s --burin-emit-contractions="vector-bits=256 registers=16" --split-input-file | FileCheck %s --check-prefix=AVX2

// 24 columns are a vector and a half: two rows share a third vector. The 13th row has no other one.
memref.global "private" constant @w : memref<300x24xf32> = dense<1.0>
// CHECK-LABEL: func @halves
// AVX2-LABEL: func @halves
// AVX2-NOT: arith.select {{.*}} : vector
func.func @halves(%a: memref<13x300xf32>, %c: memref<13x24xf32>) {
  // CHECK: call @burin_gemm_f32_13x24of32
  %w = memref.get_global @w : memref<300x24xf32>
  linalg.matmul ins(%a, %w : memref<13x300xf32>, memref<300x24xf32>) outs(%c : memref<13x24xf32>)
  return
}
// CHECK: func.func private @burin_gemm_f32_13x24of32
// CHECK: llvm.inline_asm
// CHECK: %[[IS_SECOND:.*]] = vector.bitcast %{{.*}} : vector<1xi16> to vector<16xi1>
// CHECK: scf.for
// CHECK: %[[WHOLE:.*]] = vector.load {{.*}} vector<16xf32>
// CHECK: %[[HALF:.*]] = vector.load {{.*}} vector<8xf32>
// CHECK: %[[TWICE:.*]] = vector.shuffle %[[HALF]], %[[HALF]] [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7]
// CHECK: %[[FIRST:.*]] = vector.broadcast %{{.*}} : f32 to vector<16xf32>
// CHECK: vector.fma %[[FIRST]], %[[WHOLE]]
// CHECK: %[[SECOND:.*]] = vector.broadcast %{{.*}} : f32 to vector<16xf32>
// CHECK: vector.fma %[[SECOND]], %[[WHOLE]]
// CHECK: %[[BOTH:.*]] = arith.select %[[IS_SECOND]], %[[SECOND]], %[[FIRST]]
// CHECK: vector.fma %[[BOTH]], %[[TWICE]]
// CHECK-COUNT-5: vector.fma {{.*}}, %[[TWICE]]
// CHECK: vector.fma {{.*}}, %[[WHOLE]]
// CHECK: vector.fma {{.*}}, %[[HALF]]
// CHECK-NOT: vector.fma
// CHECK: vector.extract_strided_slice {{.*}} {offsets = [0], sizes = [8]
// CHECK: vector.extract_strided_slice {{.*}} {offsets = [8], sizes = [8]

// -----

// Nothing is shared by few rows, and not where the second vector is whole.
memref.global "private" constant @w : memref<300x56xf32> = dense<1.0>
// CHECK-LABEL: func @few
// CHECK-NOT: vector.shuffle
func.func @few(%a: memref<3x300xf32>, %c: memref<3x56xf32>) {
  %w = memref.get_global @w : memref<300x56xf32>
  linalg.matmul ins(%a, %w : memref<3x300xf32>, memref<300x56xf32>) outs(%c : memref<3x56xf32>)
  return
}
