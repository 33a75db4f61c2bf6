// RUN: burin-opt %s --burin-emit-contractions="vector-bits=512 registers=32" --canonicalize --cse --split-input-file | FileCheck %s
// RUN: burin-opt %s --burin-emit-contractions="vector-bits=256 registers=16" --split-input-file | FileCheck %s --check-prefix=AVX2

// Weights that no nearby cache holds: each of 8 kernels asks for an eighth of the next panel, 4 floats with each step.
// The last panel asks for itself.
memref.global "private" constant @w : memref<300x2000xf32> = dense<1.0>
// CHECK-LABEL: func @next
func.func @next(%a: memref<100x300xf32>, %c: memref<100x2000xf32>) {
  // CHECK: %[[THIS:.*]] = arith.muli {{.*}}, %c9600
  // CHECK: %[[NEXT:.*]] = arith.addi %[[THIS]], %c9600
  // CHECK: %[[START:.*]] = arith.minui %[[NEXT]], %c595200
  // CHECK: %[[PART:.*]] = arith.addi %[[START]]
  // CHECK: call @burin_gemm_f32_13x32of32_next1_300_300_1({{.*}}, %[[PART]], %c4)
  // AVX2: call @burin_gemm_f32_6x16of16_next1_
  %w = memref.get_global @w : memref<300x2000xf32>
  linalg.matmul ins(%a, %w : memref<100x300xf32>, memref<300x2000xf32>) outs(%c : memref<100x2000xf32>)
  return
}
// CHECK: func.func private @burin_gemm_f32_13x32of32_next1_300_300_1({{.*}}, %[[AT:.*]]: index, %[[STEP:.*]]: index)
// CHECK: scf.for {{.*}} %[[HERE:.*]] = %[[AT]]
// CHECK: memref.prefetch %{{.*}}[%[[HERE]]]
// CHECK: arith.addi %[[HERE]], %[[STEP]]

// -----

// Rows that are not known: if one kernel must ask for all of a panel, that are two cache lines with each step. The last
// one may have too few rows to ask.
memref.global "private" constant @w : memref<300x2000xf32> = dense<1.0>
// CHECK-LABEL: func @unknown
func.func @unknown(%a: memref<?x300xf32>, %c: memref<?x2000xf32>) {
  // CHECK: %[[LESS:.*]] = arith.subi %{{.*}}, %c1
  // CHECK: %[[CALLS:.*]] = arith.maxui %[[LESS]], %c1
  // CHECK: %[[STEP:.*]] = arith.ceildivui %c32{{.*}}, %[[CALLS]]
  // CHECK: call @burin_gemm_f32_14x32of32_next2_300_300_1({{.*}}, %[[STEP]])
  // CHECK: call @burin_gemm_f32_4x32of32_300_300_1(
  %w = memref.get_global @w : memref<300x2000xf32>
  linalg.matmul ins(%a, %w : memref<?x300xf32>, memref<300x2000xf32>) outs(%c : memref<?x2000xf32>)
  return
}
