// RUN: burin-opt %s --burin-emit-attention="vector-bits=512 registers=32" --canonicalize --cse --split-input-file | FileCheck %s
// RUN: burin-opt %s --burin-emit-attention="vector-bits=256 registers=16" --split-input-file | FileCheck %s --check-prefix=AVX2
// RUN: burin-opt %s --burin-emit-attention="vector-bits=512 registers=32 intrinsic=llvm.x86.avx512bf16.dpbf16ps.512" --canonicalize --cse --split-input-file | FileCheck %s --check-prefix=PAIRS

// All keys at once: the scores of 10 queries for 40 keys, in two panels, never leave the thread's stack. Those for the
// last 8 are half a vector, dot products one.
// CHECK-LABEL: func @known
// AVX2-LABEL: func @known
// PAIRS-LABEL: func @known
func.func @known(%q: memref<1x4x20x8xf32>, %k: memref<1x2x40x8xf32>, %v: memref<1x40x2x24xf32>, %m: memref<1x1x20x40xi8>, %o: memref<1x20x4x24xf32>) {
  // CHECK: exec.parallel
  // CHECK: exec.parallel
  // CHECK: exec.parallel {{.*}} of %c8
  // CHECK-DAG: memref.alloca() {alignment = 64 : i64} : memref<2560xi8>
  // CHECK-DAG: memref.alloca() {alignment = 64 : i64} : memref<320xf32>
  // CHECK: call @burin_gemm_f32_10x32of32_8_8_1
  // CHECK: call @burin_gemm_f32_10x8of32_8_8_1
  // Of the mask only what is there is read.
  // CHECK: vector.maskedload {{.*}} vector<16xi8>
  // CHECK: call @burin_gemm_f32_10x32of32_32_1_320_32_1
  // CHECK: call @burin_gemm_add_f32_10x32of32_32_8_1
  // CHECK: vector.maskedstore
  // AVX2: call @burin_gemm_f32_5x16of16_8_8_1
  // Keys and values are rounded and lie in pairs, as do queries and exponentials of a task.
  // PAIRS: exec.parallel
  // PAIRS: arith.truncf {{.*}} : vector<16xf32> to vector<16xbf16>
  // PAIRS: exec.parallel
  // PAIRS: exec.parallel {{.*}} of %c8
  // PAIRS: vector.store {{.*}} : memref<80xbf16>, vector<8xbf16>
  // PAIRS: call @burin_gemm_f32_dot_10x32of32_4_4_1
  // PAIRS: call @burin_gemm_f32_dot_10x16of32_4_4_1
  // PAIRS: arith.truncf {{.*}} : vector<16xf32> to vector<16xbf16>
  // PAIRS: call @burin_gemm_f32_dot_10x32of32_32_1_320_16_1
  // PAIRS: call @burin_gemm_add_f32_dot_10x32of32_32_4_1
  exec.attention %q, %k, %v extras(%m : memref<1x1x20x40xi8>) outs(%o)
      order [0, 1, 2, 3], [0, 1, 2, 3], [0, 2, 1, 3], [0, 2, 1, 3] {zero_unseen}
      : memref<1x4x20x8xf32>, memref<1x2x40x8xf32>, memref<1x40x2x24xf32>, memref<1x20x4x24xf32> {
  ^bb0(%s: f32, %b: i8, %i: index, %j: index):
    %zero = arith.constant 0 : i8
    %none = arith.constant 0xFF800000 : f32
    %0 = arith.cmpi ne, %b, %zero : i8
    %1 = arith.select %0, %s, %none : f32
    exec.yield %1 : f32
  }
  return
}

// -----

// Keys that are not known come in blocks of 512 if they are more, and rows in panels of 12 to 14 or in powers of two.
// While one panel is multiplied the queries of the next are asked for.
// One query of each head reads keys and values where they lie.
// CHECK-LABEL: func @unknown
func.func @unknown(%q: memref<?x4x?x64xf32>, %k: memref<?x4x?x64xf32>, %v: memref<?x4x?x64xf32>, %o: memref<?x4x?x64xf32>) {
  // CHECK: scf.if
  // CHECK: exec.parallel
  // CHECK: memref.alloca() {alignment = 64 : i64} : memref<2048xi8>
  // CHECK: vector.shuffle
  // CHECK: math.exp
  // CHECK: else
  // CHECK: memref.alloca() {alignment = 64 : i64} : memref<28672xi8>
  // CHECK-COUNT-4: memref.prefetch
  // CHECK: arith.cmpi ule, {{.*}}, %c16
  // CHECK: call @burin_gemm_f32_14x32of32
  // CHECK: call @burin_gemm_f32_12x32of32
  // CHECK: call @burin_gemm_f32_8x32of32
  // CHECK: call @burin_gemm_f32_1x32of32
  // CHECK: scf.for {{.*}} step %c16
  // CHECK: call @burin_gemm_add_f32_14x32of32
  // PAIRS-LABEL: func @unknown
  // PAIRS: math.exp
  // PAIRS: call @burin_gemm_f32_dot_14x32of32
  // PAIRS: call @burin_gemm_add_f32_dot_14x32of32
  exec.attention %q, %k, %v extras() outs(%o)
      order [0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3]
      : memref<?x4x?x64xf32>, memref<?x4x?x64xf32>, memref<?x4x?x64xf32>, memref<?x4x?x64xf32> {
  ^bb0(%s: f32, %i: index, %j: index):
    exec.yield %s : f32
  }
  return
}

// -----

// A result whose vectors would not be contiguous is copied.
// CHECK-LABEL: func @strided
func.func @strided(%q: memref<1x4x20x8xf32>, %o: memref<1x4x20x8xf32, strided<[640, 160, 1, 20]>>) {
  // CHECK: %[[OWN:.*]] = memref.alloc() : memref<1x4x20x8xf32>
  // CHECK: memref.copy %[[OWN]], %arg1
  exec.attention %q, %q, %q extras() outs(%o)
      order [0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3]
      : memref<1x4x20x8xf32>, memref<1x4x20x8xf32>, memref<1x4x20x8xf32>, memref<1x4x20x8xf32, strided<[640, 160, 1, 20]>> {
  ^bb0(%s: f32, %i: index, %j: index):
    exec.yield %s : f32
  }
  return
}
