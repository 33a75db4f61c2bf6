// RUN: burin-opt %s --burin-lower-nn --canonicalize | FileCheck %s

// CHECK-DAG: #[[STRETCHED:.*]] = affine_map<(d0, d1, d2) -> (d0, 0)>

// Halves are summed in f32 and rounded once.
// CHECK-LABEL: func.func @sum
func.func @sum(%x: tensor<2x?xf16>) -> tensor<2x1xf16> {
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]} ins(%{{.*}} : tensor<2x?xf16>) outs(%{{.*}} : tensor<2xf32>)
  // CHECK: arith.extf
  // CHECK: arith.addf
  // CHECK: linalg.generic
  // CHECK: arith.truncf
  // CHECK: tensor.expand_shape %{{.*}} tensor<2xf16> into tensor<2x1xf16>
  %0 = nn.reduce_sum %x {axes = array<i64: 1>, keepdims = true} : (tensor<2x?xf16>) -> tensor<2x1xf16>
  return %0 : tensor<2x1xf16>
}

// The largest of no unsigned integers is the least of them.
// CHECK-LABEL: func.func @unsigned_max
func.func @unsigned_max(%x: tensor<3x0xui8>) -> tensor<3xui8> {
  // CHECK: arith.constant 0 : i8
  // CHECK: arith.maxui
  %0 = nn.reduce_max %x {axes = array<i64: 1>, keepdims = false} : (tensor<3x0xui8>) -> tensor<3xui8>
  return %0 : tensor<3xui8>
}

// Whether all are true: the smallest byte.
// CHECK-LABEL: func.func @all_true
func.func @all_true(%x: tensor<3x4xi1>) -> tensor<3xi1> {
  // CHECK: arith.constant -1 : i8
  // CHECK: arith.minui
  %0 = nn.reduce_min %x {axes = array<i64: 1>, keepdims = false} : (tensor<3x4xi1>) -> tensor<3xi1>
  return %0 : tensor<3xi1>
}

// First the largest, then the first place of it, or of NaN.
// CHECK-LABEL: func.func @argmax
func.func @argmax(%x: tensor<5x4xf32>) -> tensor<4xi64> {
  // CHECK: arith.maximumf
  // CHECK: arith.cmpf oeq
  // CHECK: arith.cmpf uno
  // CHECK: linalg.index 0
  // CHECK: arith.minsi
  %0 = nn.argmax %x {axis = 0 : i64, keepdims = false, last = false} : (tensor<5x4xf32>) -> tensor<4xi64>
  return %0 : tensor<4xi64>
}

// k is known only at run time: checked before memory is asked for.
// CHECK-LABEL: func.func @topk
func.func @topk(%x: tensor<6xf32>, %k: tensor<1xi64>) -> (tensor<?xf32>, tensor<?xi64>) {
  // CHECK: exec.check %{{.*}}, "TopK: k is out of range"
  // CHECK: tensor.empty
  // CHECK: exec.call @burin_topk
  // CHECK-SAME: params [0, 1, 1] types [0, 0, 11]
  %0:2 = nn.topk %x, %k {axis = 0 : i64, largest = true, sorted = true} : (tensor<6xf32>, tensor<1xi64>) -> (tensor<?xf32>, tensor<?xi64>)
  return %0#0, %0#1 : tensor<?xf32>, tensor<?xi64>
}

// A dimension of 1 stretches, one known at run time must be equal.
// CHECK-LABEL: func.func @einsum
func.func @einsum(%a: tensor<5x1xf32>, %b: tensor<?x4xf32>, %c: tensor<3x4xf32>) -> tensor<5x4xf32> {
  // CHECK-NOT: exec.check
  // CHECK: linalg.generic {indexing_maps = [#[[STRETCHED]], {{.*}} iterator_types = ["parallel", "parallel", "reduction"]
  // CHECK: %[[PRODUCT:.*]] = arith.mulf
  // CHECK: arith.addf %{{.*}}, %[[PRODUCT]]
  %0 = nn.einsum %a, %c {maps = [affine_map<(i, k, j) -> (i, j)>, affine_map<(i, k, j) -> (j, k)>, affine_map<(i, k, j) -> (i, k)>]}
       : (tensor<5x1xf32>, tensor<3x4xf32>) -> tensor<5x4xf32>
  // CHECK: exec.check %{{.*}}, "Einsum: sizes under one letter differ"
  %1 = nn.einsum %b, %c {maps = [affine_map<(i, k) -> (i, k)>, affine_map<(i, k) -> (i, k)>, affine_map<(i, k) -> (i, k)>]}
       : (tensor<?x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  return %0 : tensor<5x4xf32>
}
