// RUN: burin-opt %s --burin-emit-contractions="vector-bits=512 registers=32 strassen" --canonicalize --cse --split-input-file | FileCheck %s
// RUN: burin-opt %s --burin-emit-contractions="vector-bits=512 registers=32" --split-input-file | FileCheck %s --check-prefix=STRICT

// STRICT-NOT: _minus_

// 99 rows in a half, of which one is in both: 8 panels of 12 and 13.
memref.global "private" constant @w : memref<768x3072xf32> = dense<1.0>
// CHECK-LABEL: func @odd
func.func @odd(%a: memref<197x768xf32>, %c: memref<197x3072xf32>) {
  // Row i of the upper half, and row i + 98.
  // CHECK: %[[SUMS:.*]] = memref.alloc() : memref<152064xf32>
  // CHECK: exec.parallel
  // CHECK: %[[A11:.*]] = vector.load %{{.*}} vector<16xf32>
  // CHECK: %[[A12:.*]] = vector.load
  // CHECK: %[[A21:.*]] = vector.load
  // CHECK: %[[A22:.*]] = vector.load
  // CHECK: %[[S1:.*]] = arith.addf %[[A21]], %[[A22]]
  // CHECK: %[[S2:.*]] = arith.subf %[[S1]], %[[A11]]
  // CHECK: vector.store %[[S1]]
  // CHECK: vector.store %[[S2]]
  // CHECK: arith.subf %[[A11]], %[[A21]]
  // CHECK: arith.subf %[[A12]], %[[S2]]
  // CHECK: vector.store
  // CHECK-NOT: vector.store
  // 48 pairs of panels. Four of seven products take a difference, which the first rows leave to the others.
  // CHECK: exec.parallel
  // CHECK: call @burin_gemm_f32_13x32of32_next1_768_384_1
  // CHECK: call @burin_gemm_f32_12x32of32_minus_768_384_1
  // CHECK: call @burin_gemm_f32_13x32of32_768_384_1
  // CHECK: call @burin_gemm_f32_12x32of32_minus_768_384_1
  // CHECK: call @burin_gemm_f32_13x32of32_next1_768_384_1
  // CHECK: call @burin_gemm_f32_12x32of32_minus_768_384_1
  // CHECK: call @burin_gemm_f32_12x32of32_minus_768_384_1
  // CHECK: call @burin_gemm_f32_13x32of32_next1_768_384_1
  // CHECK-NOT: _minus_
  // CHECK-COUNT-7: vector.load
  // CHECK-COUNT-7: arith.addf
  // CHECK-COUNT-4: vector.store
  // CHECK-NOT: linalg
  // CHECK: return
  %w = memref.get_global @w : memref<768x3072xf32>
  linalg.matmul ins(%a, %w : memref<197x768xf32>, memref<768x3072xf32>) outs(%c : memref<197x3072xf32>)
  return
}
// The difference is stored where other rows find it.
// CHECK: func.func private @burin_gemm_f32_12x32of32_minus_768_384_1({{.*}} offset: ?>>, {{[^,]*}}, %[[B:.*]]: memref<?xf32>, %{{.*}}: index, %{{.*}}: memref<?xf32>, %{{.*}}: index, %[[MINUS:.*]]: memref<?xf32>, %{{.*}}: index, %[[LEFT:.*]]: memref<?xf32>, %{{.*}}: index)
// CHECK: %[[X:.*]] = vector.load %[[B]]
// CHECK: %[[Y:.*]] = vector.load %[[MINUS]]
// CHECK: %[[D:.*]] = arith.subf %[[X]], %[[Y]]
// CHECK: vector.store %[[D]], %[[LEFT]]
// CHECK: vector.fma %{{.*}}, %[[D]]

// -----

// The depth goes in blocks, whose products add up in tiles. Rows a whole number of pages apart are copied.
memref.global "private" constant @w : memref<3072x768xf32> = dense<1.0>
// CHECK-LABEL: func @deep
func.func @deep(%a: memref<128x3072xf32>, %c: memref<128x768xf32>) {
  // CHECK: exec.parallel
  // CHECK-COUNT-7: vector.store
  // CHECK: exec.parallel
  // CHECK: scf.for %{{.*}} = %c0 to %c1536 step %c512
  // CHECK: call @burin_gemm_add_f32_13x32of32_next1_3088_512_1
  // CHECK: call @burin_gemm_add_f32_13x32of32_minus_3088_512_1
  %w = memref.get_global @w : memref<3072x768xf32>
  linalg.matmul ins(%a, %w : memref<128x3072xf32>, memref<3072x768xf32>) outs(%c : memref<128x768xf32>)
  return
}

// -----

// Of rows that are not known there must be 96, and no more in all batches than a cache holds, with what is written.
memref.global "private" constant @w : memref<768x768xf32> = dense<1.0>
// CHECK-LABEL: func @unknown
func.func @unknown(%a: memref<?x768xf32>, %c: memref<?x768xf32>) {
  // CHECK-DAG: %[[MANY:.*]] = arith.cmpi uge, %[[ROWS:.*]], %c96
  // CHECK-DAG: %[[FEW:.*]] = arith.cmpi ule, %[[ROWS]], %c1365
  // CHECK: %[[BOTH:.*]] = arith.andi %[[MANY]], %[[FEW]]
  // CHECK: scf.if %[[BOTH]]
  // CHECK: call @burin_gemm_f32_14x32of32_next1_768_384_1
  // CHECK: call @burin_gemm_f32_12x32of32_next1_768_384_1
  // CHECK: } else {
  // CHECK: call @burin_gemm_f32_14x32of32_next2_768_768_1
  %w = memref.get_global @w : memref<768x768xf32>
  linalg.matmul ins(%a, %w : memref<?x768xf32>, memref<768x768xf32>) outs(%c : memref<?x768xf32>)
  return
}

// -----

// Too few rows, steps or columns; too much to move for what is multiplied; an odd number of panels; no constant.
memref.global "private" constant @w : memref<768x768xf32> = dense<1.0>
memref.global "private" constant @short : memref<256x768xf32> = dense<1.0>
memref.global "private" constant @narrow : memref<768x448xf32> = dense<1.0>
memref.global "private" constant @odd : memref<768x800xf32> = dense<1.0>
// CHECK-LABEL: func @others
func.func @others(%few: memref<63x768xf32>, %c0: memref<63x768xf32>, %a: memref<128x768xf32>, %many: memref<1400x768xf32>,
                  %c1: memref<1400x768xf32>, %thin: memref<128x256xf32>, %c: memref<128x768xf32>,
                  %c2: memref<128x448xf32>, %c3: memref<128x800xf32>, %b: memref<768x768xf32>) {
  // CHECK-NOT: _minus_
  %w = memref.get_global @w : memref<768x768xf32>
  %short = memref.get_global @short : memref<256x768xf32>
  %narrow = memref.get_global @narrow : memref<768x448xf32>
  %odd = memref.get_global @odd : memref<768x800xf32>
  linalg.matmul ins(%few, %w : memref<63x768xf32>, memref<768x768xf32>) outs(%c0 : memref<63x768xf32>)
  linalg.matmul ins(%many, %w : memref<1400x768xf32>, memref<768x768xf32>) outs(%c1 : memref<1400x768xf32>)
  linalg.matmul ins(%thin, %short : memref<128x256xf32>, memref<256x768xf32>) outs(%c : memref<128x768xf32>)
  linalg.matmul ins(%a, %narrow : memref<128x768xf32>, memref<768x448xf32>) outs(%c2 : memref<128x448xf32>)
  linalg.matmul ins(%a, %odd : memref<128x768xf32>, memref<768x800xf32>) outs(%c3 : memref<128x800xf32>)
  linalg.matmul ins(%a, %b : memref<128x768xf32>, memref<768x768xf32>) outs(%c : memref<128x768xf32>)
  return
}
