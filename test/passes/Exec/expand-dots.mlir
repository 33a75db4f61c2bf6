// RUN: burin-opt %s --burin-expand-dots="vector-bits=512 intrinsic=llvm.x86.avx512.vpdpbusd.512 group=4 unsigned" | FileCheck %s
// RUN: burin-opt %s --burin-expand-dots="vector-bits=256" | FileCheck %s --check-prefix=AVX2
// RUN: burin-opt %s --burin-expand-dots="vector-bits=128 intrinsic=llvm.aarch64.neon.sdot.v4i32.v16i8 group=4 pair-intrinsic=" | FileCheck %s --check-prefix=NEON
// RUN: burin-opt %s --burin-expand-dots="vector-bits=128 pair-intrinsic=" | FileCheck %s --check-prefix=NONE

// CHECK-LABEL: func @wide
// AVX2-LABEL: func @wide
// NONE-LABEL: func @wide
func.func @wide(%x: vector<16xi32>, %y: vector<16xi32>, %s: vector<16xi32>) -> vector<16xi32> {
  // CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%arg2, %arg0, %arg1)
  // AVX2: arith.muli
  // NONE: arith.muli
  %0 = exec.dot %x, %y, %s : vector<16xi32>
  return %0 : vector<16xi32>
}

// CHECK-LABEL: func @half
// AVX2-LABEL: func @half
func.func @half(%x: vector<8xi32>, %y: vector<8xi32>, %s: vector<8xi32>) -> vector<8xi32> {
  // CHECK: arith.muli
  // AVX2: %[[PAIRS:.*]] = llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"
  // AVX2: %[[DOT:.*]] = llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"(%[[PAIRS]],
  // AVX2: arith.addi %arg2, %[[DOT]]
  %0 = exec.dot %x, %y, %s : vector<8xi32>
  return %0 : vector<8xi32>
}

// NEON-LABEL: func @quarter
// NONE-LABEL: func @quarter
func.func @quarter(%x: vector<4xi32>, %y: vector<4xi32>, %s: vector<4xi32>) -> vector<4xi32> {
  // NEON: llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"(%arg2, %{{.*}}, %{{.*}}) : (vector<4xi32>, vector<16xi8>, vector<16xi8>)
  // NONE: arith.muli
  %0 = exec.dot %x, %y, %s : vector<4xi32>
  return %0 : vector<4xi32>
}

// Byte by byte from the lowest.
// CHECK-LABEL: func @one
func.func @one(%x: i32, %y: i32, %s: i32) -> i32 {
  // CHECK-COUNT-4: arith.muli
  // CHECK-NOT: arith.muli
  %0 = exec.dot %x, %y, %s : i32
  return %0 : i32
}

// Bytes up to 255 are two of 4 bits where instructions take 7.
// CHECK-LABEL: func @bytes
// NEON-LABEL: func @bytes
func.func @bytes(%x: vector<16xi32>, %y: vector<16xi32>, %s: vector<16xi32>, %u: vector<4xi32>) -> (vector<16xi32>, vector<4xi32>) {
  // CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%arg2, %arg0, %arg1)
  // CHECK-NOT: vpdpbusd
  %0 = exec.dot %x, %y, %s {is_wide} : vector<16xi32>
  // NEON: %[[LOW:.*]] = arith.andi %arg3
  // NEON: %[[HIGH:.*]] = arith.andi
  // NEON: %[[HIGHS:.*]] = llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"
  // NEON: %[[LOWS:.*]] = llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"(%arg3
  // NEON: %[[SHIFTED:.*]] = arith.shli %[[HIGHS]]
  // NEON: arith.addi %[[LOWS]], %[[SHIFTED]]
  %1 = exec.dot %u, %u, %u {is_wide} : vector<4xi32>
  return %0, %1 : vector<16xi32>, vector<4xi32>
}
