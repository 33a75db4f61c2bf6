// RUN: burin-opt %s --burin-expand-dots="vector-bits=512 intrinsic=llvm.x86.avx512.vpdpwssd.512 accumulates" | FileCheck %s
// RUN: burin-opt %s --burin-expand-dots="vector-bits=256 intrinsic=llvm.x86.avx2.pmadd.wd" | FileCheck %s --check-prefix=AVX2
// RUN: burin-opt %s --burin-expand-dots="vector-bits=128" | FileCheck %s --check-prefix=NONE

// CHECK-LABEL: func @wide
// AVX2-LABEL: func @wide
// NONE-LABEL: func @wide
func.func @wide(%x: vector<16xi32>, %y: vector<16xi32>, %s: vector<16xi32>) -> vector<16xi32> {
  // CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpdpwssd.512"(%arg2, %arg0, %arg1)
  // AVX2: arith.muli
  // NONE: arith.muli
  %0 = exec.dot %x, %y, %s : vector<16xi32>
  return %0 : vector<16xi32>
}

// CHECK-LABEL: func @half
// AVX2-LABEL: func @half
func.func @half(%x: vector<8xi32>, %y: vector<8xi32>, %s: vector<8xi32>) -> vector<8xi32> {
  // CHECK: arith.muli
  // AVX2: %[[DOT:.*]] = llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
  // AVX2: arith.addi %arg2, %[[DOT]]
  %0 = exec.dot %x, %y, %s : vector<8xi32>
  return %0 : vector<8xi32>
}

// The low halves, then the high ones.
// CHECK-LABEL: func @one
func.func @one(%x: i32, %y: i32, %s: i32) -> i32 {
  // CHECK: %[[C:.*]] = arith.constant 16 : i32
  // CHECK: arith.shli %arg0, %[[C]]
  // CHECK: arith.shrsi
  // CHECK: arith.shli %arg1, %[[C]]
  // CHECK: arith.shrsi
  // CHECK: arith.muli
  // CHECK: arith.addi %arg2
  // CHECK: arith.shrsi %arg0
  // CHECK: arith.shrsi %arg1
  // CHECK: arith.muli
  // CHECK: arith.addi
  %0 = exec.dot %x, %y, %s : i32
  return %0 : i32
}
