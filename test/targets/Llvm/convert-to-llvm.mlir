// RUN: burin-opt %s --burin-convert-to-llvm | FileCheck %s

// The default rounding is to even: one instruction instead of two.
// CHECK-LABEL: llvm.func @round
// CHECK: llvm.call_intrinsic "llvm.lrint"(%{{.*}}) : (vector<16xf32>) -> vector<16xi32>
// CHECK-NOT: fptosi
func.func @round(%x: vector<16xf32>) -> vector<16xi32> {
  %0 = math.roundeven %x : vector<16xf32>
  %1 = arith.fptosi %0 : vector<16xf32> to vector<16xi32>
  return %1 : vector<16xi32>
}

// CHECK-LABEL: llvm.func @truncate
// CHECK: llvm.fptosi
func.func @truncate(%x: f32) -> i32 {
  %0 = arith.fptosi %x : f32 to i32
  return %0 : i32
}

// CHECK-LABEL: llvm.func @wide
// CHECK: llvm.intr.roundeven
// CHECK: llvm.fptosi
func.func @wide(%x: f64) -> i64 {
  %0 = math.roundeven %x : f64
  %1 = arith.fptosi %0 : f64 to i64
  return %1 : i64
}
