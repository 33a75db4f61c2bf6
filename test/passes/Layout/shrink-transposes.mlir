// RUN: burin-opt %s --burin-shrink-transposes | FileCheck %s

// Queries and keys of one product, by slices.
// CHECK-LABEL: func @slices
func.func @slices(%x: tensor<?x17x2x4x16xf32>, %zero: tensor<1xi64>, %one: tensor<1xi64>, %two: tensor<1xi64>) -> (tensor<?x4x17x16xf32>, tensor<?x4x17x16xf32>) {
  %axes = nn.constant dense<-5> : tensor<1xi64>
  // CHECK: %[[S:.*]] = nn.slice %arg0, %arg1, %arg2, %arg2 {axes = array<i64: 2>} {{.*}} -> tensor<?x17x1x4x16xf32>
  // CHECK: %[[Q:.*]] = nn.squeeze %[[S]], {{.*}} -> tensor<?x17x4x16xf32>
  // CHECK: nn.transpose %[[Q]] {permutation = array<i64: 0, 2, 1, 3>}
  // CHECK: nn.slice %arg0, %arg2, %arg3, %arg2 {axes = array<i64: 2>}
  %t = nn.transpose %x {permutation = array<i64: 2, 0, 3, 1, 4>} : (tensor<?x17x2x4x16xf32>) -> tensor<2x?x4x17x16xf32>
  %a = nn.slice %t, %zero, %one, %one {axes = array<i64: 0>} : (tensor<2x?x4x17x16xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?x4x17x16xf32>
  %q = nn.squeeze %a, %axes : (tensor<1x?x4x17x16xf32>, tensor<1xi64>) -> tensor<?x4x17x16xf32>
  %b = nn.slice %t, %one, %two, %one {axes = array<i64: 0>} : (tensor<2x?x4x17x16xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?x4x17x16xf32>
  %k = nn.squeeze %b, %axes : (tensor<1x?x4x17x16xf32>, tensor<1xi64>) -> tensor<?x4x17x16xf32>
  return %q, %k : tensor<?x4x17x16xf32>, tensor<?x4x17x16xf32>
}

// Not parts that overlap, nor beside what needs the whole.
// CHECK-LABEL: func @whole
func.func @whole(%x: tensor<3x4xf32>, %b: tensor<1xi64>, %e: tensor<1xi64>, %s: tensor<1xi64>) -> (tensor<3x3xf32>, tensor<3x3xf32>, tensor<4x3xf32>, tensor<1x3xf32>) {
  // CHECK: %[[T:.*]] = nn.transpose %arg0
  // CHECK: nn.slice %[[T]]
  // CHECK: nn.slice %[[T]]
  %t = nn.transpose %x {permutation = array<i64: 1, 0>} : (tensor<3x4xf32>) -> tensor<4x3xf32>
  %0 = nn.slice %t, %b, %e, %s {axes = array<i64: 0>} : (tensor<4x3xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3x3xf32>
  %1 = nn.slice %t, %b, %e, %s {axes = array<i64: 0>} : (tensor<4x3xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3x3xf32>
  // CHECK: %[[U:.*]] = nn.transpose %arg0
  // CHECK: nn.slice %[[U]]
  %u = nn.transpose %x {permutation = array<i64: 1, 0>} : (tensor<3x4xf32>) -> tensor<4x3xf32>
  %2 = nn.slice %u, %b, %e, %s {axes = array<i64: 0>} : (tensor<4x3xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x3xf32>
  return %0, %1, %u, %2 : tensor<3x3xf32>, tensor<3x3xf32>, tensor<4x3xf32>, tensor<1x3xf32>
}
