// RUN: burin-opt %s --burin-read-heads --split-input-file | FileCheck %s

// The batch is known, the length is not.
// CHECK-LABEL: func @known_batch
// CHECK: nn.reshape %arg0, {{.*}} -> tensor<?x2x3x4xf32>
// CHECK: nn.transpose {{.*}} {permutation = array<i64: 1, 2, 0, 3>} {{.*}} -> tensor<2x3x?x4xf32>
func.func @known_batch(%x: tensor<?x2x12xf32>, %joined: tensor<3xi64>, %split: tensor<4xi64>) -> tensor<2x3x?x4xf32> {
  %0 = nn.reshape %x, %joined {allowzero = false} : (tensor<?x2x12xf32>, tensor<3xi64>) -> tensor<?x6x4xf32>
  %1 = nn.transpose %0 {permutation = array<i64: 1, 0, 2>} : (tensor<?x6x4xf32>) -> tensor<6x?x4xf32>
  %2 = nn.reshape %1, %split {allowzero = false} : (tensor<6x?x4xf32>, tensor<4xi64>) -> tensor<2x3x?x4xf32>
  return %2 : tensor<2x3x?x4xf32>
}

// -----

// Neither is known: the reshapes may mix them.
// CHECK-LABEL: func @unknown
// CHECK: permutation = array<i64: 1, 0, 2>
func.func @unknown(%x: tensor<?x?x12xf32>, %joined: tensor<3xi64>, %split: tensor<4xi64>) -> tensor<?x3x?x4xf32> {
  %0 = nn.reshape %x, %joined {allowzero = false} : (tensor<?x?x12xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  %1 = nn.transpose %0 {permutation = array<i64: 1, 0, 2>} : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %2 = nn.reshape %1, %split {allowzero = false} : (tensor<?x?x4xf32>, tensor<4xi64>) -> tensor<?x3x?x4xf32>
  return %2 : tensor<?x3x?x4xf32>
}
