// RUN: burin-opt %s --burin-emit-contractions="vector-bits=512 registers=32" --canonicalize --cse | FileCheck %s
// RUN: burin-opt %s --burin-emit-contractions="vector-bits=256 registers=16" | FileCheck %s --check-prefix=AVX2

// Weights that no nearby cache holds: each of 8 kernels asks for an eighth of the next panel, 4 floats with each step.
// The last panel asks for itself.
memref.global "private" constant @w : memref<300x2000xf32> = dense<1.0>
// CHECK-LABEL: func @next
func.func @next(%a: memref<100x300xf32>, %c: memref<100x2000xf32>) {
  // CHECK: %[[THIS:.*]] = arith.muli {{.*}}, %c9600
  // CHECK: %[[NEXT:.*]] = arith.addi %[[THIS]], %c9600
  // CHECK: %[[START:.*]] = arith.minui %[[NEXT]], %c595200
  // CHECK: %[[PART:.*]] = arith.addi %[[START]]
  // CHECK: call @burin_gemm_f32_13x32of32_next4_300_300_1({{.*}}, %[[PART]])
  // AVX2: call @burin_gemm_f32_6x16of16_next2_
  %w = memref.get_global @w : memref<300x2000xf32>
  linalg.matmul ins(%a, %w : memref<100x300xf32>, memref<300x2000xf32>) outs(%c : memref<100x2000xf32>)
  return
}
// CHECK: func.func private @burin_gemm_f32_13x32of32_next4_300_300_1({{.*}}, %[[AT:.*]]: index)
// CHECK: scf.for {{.*}} %[[HERE:.*]] = %[[AT]]
// CHECK: memref.prefetch %{{.*}}[%[[HERE]]]
// CHECK: arith.addi %[[HERE]], %c4
