// RUN: burin-opt %s --burin-read-heads --split-input-file | FileCheck %s

// What three projections leave side by side is taken where it lies.
// CHECK-LABEL: func @packed
// CHECK-NOT: nn.transpose
// CHECK: nn.gather %arg0, %{{.*}} {axis = 2 : i64} : (tensor<7x?x3x8xf32>, tensor<i64>) -> tensor<7x?x8xf32>
func.func @packed(%x: tensor<7x?x3x8xf32>) -> tensor<7x?x8xf32> {
  %first = nn.constant dense<0> : tensor<1xi64>
  %last = nn.constant dense<3> : tensor<1xi64>
  %one = nn.constant dense<1> : tensor<i64>
  %0 = nn.unsqueeze %x, %first : (tensor<7x?x3x8xf32>, tensor<1xi64>) -> tensor<1x7x?x3x8xf32>
  %1 = nn.transpose %0 {permutation = array<i64: 3, 1, 2, 0, 4>} : (tensor<1x7x?x3x8xf32>) -> tensor<3x7x?x1x8xf32>
  %2 = nn.squeeze %1, %last : (tensor<3x7x?x1x8xf32>, tensor<1xi64>) -> tensor<3x7x?x8xf32>
  %3 = nn.gather %2, %one {axis = 0 : i64} : (tensor<3x7x?x8xf32>, tensor<i64>) -> tensor<7x?x8xf32>
  return %3 : tensor<7x?x8xf32>
}

// -----

// Another dimension is dropped than was added.
// CHECK-LABEL: func @another
// CHECK: nn.squeeze
func.func @another(%x: tensor<7x1x3x8xf32>) -> tensor<1x3x7x8xf32> {
  %axis = nn.constant dense<0> : tensor<1xi64>
  %0 = nn.unsqueeze %x, %axis : (tensor<7x1x3x8xf32>, tensor<1xi64>) -> tensor<1x7x1x3x8xf32>
  %1 = nn.transpose %0 {permutation = array<i64: 2, 0, 3, 1, 4>} : (tensor<1x7x1x3x8xf32>) -> tensor<1x1x3x7x8xf32>
  %2 = nn.squeeze %1, %axis : (tensor<1x1x3x7x8xf32>, tensor<1xi64>) -> tensor<1x3x7x8xf32>
  return %2 : tensor<1x3x7x8xf32>
}

// -----

// What is gathered is not in order: the transpose stays.
// CHECK-LABEL: func @moved
// CHECK: nn.transpose
func.func @moved(%x: tensor<7x5x3x8xf32>) -> tensor<5x7x8xf32> {
  %one = nn.constant dense<1> : tensor<i64>
  %0 = nn.transpose %x {permutation = array<i64: 2, 1, 0, 3>} : (tensor<7x5x3x8xf32>) -> tensor<3x5x7x8xf32>
  %1 = nn.gather %0, %one {axis = 0 : i64} : (tensor<3x5x7x8xf32>, tensor<i64>) -> tensor<5x7x8xf32>
  return %1 : tensor<5x7x8xf32>
}

// -----

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
