// RUN: burin-opt %s --burin-expand-math | FileCheck %s

// erf is one quotient, of numbers and of vectors.
// CHECK-LABEL: func @erf
//  CHECK-SAME: (%[[X:.*]]: vector<8xf32>)
//   CHECK-DAG: %[[END:.*]] = arith.constant dense<3.840000e+00> : vector<8xf32>
//       CHECK: %[[BEYOND:.*]] = arith.cmpf olt, %[[END]], %[[X]]
//       CHECK: arith.select %[[BEYOND]], %[[END]], %[[X]]
// CHECK-COUNT-10: math.fma
//       CHECK: arith.divf
//   CHECK-NOT: math.erf
func.func @erf(%x: vector<8xf32>) -> vector<8xf32> {
  %0 = math.erf %x : vector<8xf32>
  return %0 : vector<8xf32>
}

// CHECK-LABEL: func @one
//       CHECK: arith.divf {{.*}} : f32
func.func @one(%x: f32) -> f32 {
  %0 = math.erf %x : f32
  return %0 : f32
}

// exp is MLIR's.
// CHECK-LABEL: func @exp
//   CHECK-NOT: math.exp
func.func @exp(%x: vector<8xf32>) -> vector<8xf32> {
  %0 = math.exp %x : vector<8xf32>
  return %0 : vector<8xf32>
}

// f64 stays, and so do functions that lose too much.
// CHECK-LABEL: func @kept
//       CHECK: math.erf {{.*}} : f64
//       CHECK: math.sin {{.*}} : f32
func.func @kept(%x: f64, %y: f32) -> (f64, f32) {
  %0 = math.erf %x : f64
  %1 = math.sin %y : f32
  return %0, %1 : f64, f32
}
