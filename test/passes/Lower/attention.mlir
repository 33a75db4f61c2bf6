// RUN: burin-opt %s --burin-lower-nn --burin-fuse-elementwise --canonicalize --cse | FileCheck %s

// Heads are side by side before and after: what transposes them is read and written in that order. The result is
// reshaped in between to the sizes that it has, one of which is left open.
// CHECK-LABEL: func.func @heads
func.func @heads(%x: tensor<?x?x12x64xf32>) -> tensor<?x?x?x64xf32> {
  // CHECK-NOT: linalg.generic
  // CHECK: exec.attention %arg0, %arg0, %arg0 {{.*}} order [0, 2, 1, 3], [0, 2, 1, 3], [0, 2, 1, 3], [0, 2, 1, 3]
  %rest = nn.constant dense<-1> : tensor<1xi64>
  %width = nn.constant dense<64> : tensor<1xi64>
  %batch = nn.shape %x {end = 1 : i64, start = 0 : i64} : (tensor<?x?x12x64xf32>) -> tensor<1xi64>
  %0 = nn.transpose %x {permutation = array<i64: 0, 2, 1, 3>} : (tensor<?x?x12x64xf32>) -> tensor<?x12x?x64xf32>
  %1 = nn.attention %0, %0, %0 mask(#nn.dense) scale(0.125) : tensor<?x12x?x64xf32>, tensor<?x12x?x64xf32>, tensor<?x12x?x64xf32> -> tensor<?x12x?x64xf32>
  %queries = nn.shape %1 {end = 3 : i64, start = 2 : i64} : (tensor<?x12x?x64xf32>) -> tensor<1xi64>
  %shape = nn.concat %batch, %rest, %queries, %width {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %2 = nn.reshape %1, %shape {allowzero = false} : (tensor<?x12x?x64xf32>, tensor<4xi64>) -> tensor<?x?x?x64xf32>
  %3 = nn.transpose %2 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<?x?x?x64xf32>) -> tensor<?x?x?x64xf32>
  return %3 : tensor<?x?x?x64xf32>
}

// A reshape to other sizes after it: the transpose is one of others.
// CHECK-LABEL: func.func @others
func.func @others(%x: tensor<2x12x6x64xf32>) -> tensor<4x6x6x64xf32> {
  // CHECK: exec.attention {{.*}}, [0, 1, 2, 3] {
  // CHECK: linalg.generic
  %shape = nn.constant dense<[4, 6, 6, 64]> : tensor<4xi64>
  %0 = nn.attention %x, %x, %x mask(#nn.dense) scale(0.125) : tensor<2x12x6x64xf32>, tensor<2x12x6x64xf32>, tensor<2x12x6x64xf32> -> tensor<2x12x6x64xf32>
  %1 = nn.reshape %0, %shape {allowzero = false} : (tensor<2x12x6x64xf32>, tensor<4xi64>) -> tensor<4x6x6x64xf32>
  %2 = nn.transpose %1 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<4x6x6x64xf32>) -> tensor<4x6x6x64xf32>
  return %2 : tensor<4x6x6x64xf32>
}
