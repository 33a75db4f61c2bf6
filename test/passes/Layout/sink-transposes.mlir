// RUN: burin-opt %s --burin-sink-transposes | FileCheck %s

// Keys that are quantized: the transpose comes last, so that what it reads stays in order.
// CHECK-LABEL: func @keys
func.func @keys(%q: tensor<2x?x64xf32>, %k: tensor<2x?x64xui8>, %s: tensor<f32>, %z: tensor<ui8>, %c: tensor<1xf32>) -> tensor<2x?x?xf32> {
  // CHECK: %[[D:.*]] = nn.dequantize %arg1, %arg2, %arg3 {{.*}} -> tensor<2x?x64xf32>
  // CHECK: %[[M:.*]] = nn.mul %arg4, %[[D]] : (tensor<1xf32>, tensor<2x?x64xf32>) -> tensor<2x?x64xf32>
  // CHECK: %[[T:.*]] = nn.transpose %[[M]] {permutation = array<i64: 0, 2, 1>}
  // CHECK: nn.matmul %arg0, %[[T]]
  %t = nn.transpose %k {permutation = array<i64: 0, 2, 1>} : (tensor<2x?x64xui8>) -> tensor<2x64x?xui8>
  %d = nn.dequantize %t, %s, %z {axis = 0 : i64, block_size = 0 : i64} : (tensor<2x64x?xui8>, tensor<f32>, tensor<ui8>) -> tensor<2x64x?xf32>
  %m = nn.mul %c, %d : (tensor<1xf32>, tensor<2x64x?xf32>) -> tensor<2x64x?xf32>
  %p = nn.matmul %q, %m : (tensor<2x?x64xf32>, tensor<2x64x?xf32>) -> tensor<2x?x?xf32>
  return %p : tensor<2x?x?xf32>
}

// Not past numbers that differ, nor where the rows stay rows.
// CHECK-LABEL: func @stay
func.func @stay(%q: tensor<2x5x4xf32>, %k: tensor<2x3x4xf32>, %x: tensor<3x2x4xf32>, %c: tensor<3xf32>, %d: tensor<f32>) -> (tensor<2x5x3xf32>, tensor<2x5x4xf32>) {
  // CHECK: nn.transpose
  // CHECK-NEXT: nn.mul
  // CHECK-NEXT: nn.matmul
  %t = nn.transpose %k {permutation = array<i64: 0, 2, 1>} : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
  %m = nn.mul %t, %c : (tensor<2x4x3xf32>, tensor<3xf32>) -> tensor<2x4x3xf32>
  %p = nn.matmul %q, %m : (tensor<2x5x4xf32>, tensor<2x4x3xf32>) -> tensor<2x5x3xf32>
  // CHECK: nn.transpose
  // CHECK-NEXT: nn.mul
  // CHECK-NEXT: nn.matmul
  %u = nn.transpose %x {permutation = array<i64: 1, 0, 2>} : (tensor<3x2x4xf32>) -> tensor<2x3x4xf32>
  %n = nn.mul %u, %d : (tensor<2x3x4xf32>, tensor<f32>) -> tensor<2x3x4xf32>
  %r = nn.matmul %p, %n : (tensor<2x5x3xf32>, tensor<2x3x4xf32>) -> tensor<2x5x4xf32>
  return %p, %r : tensor<2x5x3xf32>, tensor<2x5x4xf32>
}
