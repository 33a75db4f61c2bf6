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

// exp is a power of two, which is bits, and a polynomial.
// CHECK-LABEL: func @exp
//  CHECK-SAME: (%[[X:.*]]: vector<8xf32>)
//   CHECK-DAG: %[[MOST:.*]] = arith.constant dense<8.890000e+01> : vector<8xf32>
//       CHECK: arith.cmpf olt, %[[MOST]], %[[X]]
//       CHECK: %[[SHIFTED:.*]] = math.fma
//       CHECK: %[[N:.*]] = arith.subf %[[SHIFTED]]
//       CHECK: math.fma %[[N]]
//       CHECK: math.fma %[[N]]
// CHECK-COUNT-6: math.fma
//       CHECK: %[[BITS:.*]] = arith.bitcast %[[SHIFTED]] : vector<8xf32> to vector<8xi32>
//       CHECK: %[[SHORT:.*]] = arith.shli %[[BITS]]
//       CHECK: %[[HALF:.*]] = arith.constant dense<1056964608> : vector<8xi32>
//       CHECK: arith.addi %[[SHORT]], %[[HALF]]
//       CHECK: arith.mulf
//   CHECK-NOT: math.exp
func.func @exp(%x: vector<8xf32>) -> vector<8xf32> {
  %0 = math.exp %x : vector<8xf32>
  return %0 : vector<8xf32>
}

// Where it may be rough, a sigmoid is a quotient of what it is multiplied by.
// CHECK-LABEL: func @silu
//  CHECK-SAME: (%[[X:.*]]: f32)
//   CHECK-DAG: %[[MOST:.*]] = arith.constant 8.750000e+01 : f32
//       CHECK: arith.cmpf olt, %[[MOST]], %[[X]]
//       CHECK: %[[N:.*]] = arith.subf
//       CHECK: arith.negf
//       CHECK: %[[R:.*]] = math.fma %[[N]]
// CHECK-COUNT-5: math.fma {{.*}} %[[R]]
//   CHECK-NOT: math.fma
//       CHECK: %[[SUM:.*]] = arith.addf
//       CHECK: %[[QUOTIENT:.*]] = arith.divf %[[X]], %[[SUM]]
//       CHECK: return %[[QUOTIENT]]
func.func @silu(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %0 = arith.negf %x : f32
  %1 = math.exp %0 fastmath<afn> : f32
  %2 = arith.addf %1, %one : f32
  %3 = arith.divf %one, %2 : f32
  %4 = arith.mulf %x, %3 : f32
  return %4 : f32
}

// CHECK-LABEL: func @strict
//       CHECK: %[[SIGMOID:.*]] = arith.divf
//       CHECK: arith.mulf {{.*}}, %[[SIGMOID]]
func.func @strict(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %0 = arith.negf %x : f32
  %1 = math.exp %0 : f32
  %2 = arith.addf %1, %one : f32
  %3 = arith.divf %one, %2 : f32
  %4 = arith.mulf %x, %3 : f32
  return %4 : f32
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

// A constant quotient is a product there, but not of what has no reciprocal, and not where erf is strict.
// CHECK-LABEL: func @gelu
//   CHECK-DAG: %[[FACTOR:.*]] = arith.constant dense<0.707106769> : vector<4xf32>
//       CHECK: arith.mulf %{{.*}}, %[[FACTOR]]
// CHECK-COUNT-1: arith.divf
//   CHECK-NOT: arith.divf
//       CHECK: return
func.func @gelu(%x: vector<4xf32>) -> vector<4xf32> {
  %root = arith.constant dense<1.41421354> : vector<4xf32>
  %0 = arith.divf %x, %root : vector<4xf32>
  %1 = math.erf %0 fastmath<afn> : vector<4xf32>
  return %1 : vector<4xf32>
}

// CHECK-LABEL: func @divides
// CHECK-COUNT-4: arith.divf
//       CHECK: return
func.func @divides(%x: f32) -> (f32, f32) {
  %root = arith.constant 1.41421354 : f32
  %zero = arith.constant 0.0 : f32
  %0 = arith.divf %x, %root : f32
  %1 = math.erf %0 : f32
  %2 = arith.divf %x, %zero : f32
  %3 = math.erf %2 fastmath<afn> : f32
  return %1, %3 : f32, f32
}
