// RUN: burin-opt %s --burin-scale-products --split-input-file | FileCheck %s

// Zero points go into the bytes, one scale for all is no vector.
// CHECK-LABEL: func @one_scale
func.func @one_scale(%x: tensor<?x3x2xf32>) -> tensor<?x3x4xf32> {
  // CHECK-DAG: %[[S:.*]] = nn.constant dense<5.000000e-01> : tensor<f32>
  // CHECK-DAG: %[[W:.*]] = nn.constant dense_resource<bytes> : tensor<4x2xi8>
  // CHECK: %[[P:.*]] = nn.matmul %arg0, %[[W]] {trans_rhs = true} : (tensor<?x3x2xf32>, tensor<4x2xi8>) -> tensor<?x3x4xf32>
  // CHECK: nn.mul %[[P]], %[[S]] : (tensor<?x3x4xf32>, tensor<f32>)
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<128> : tensor<ui8>
  %w = nn.constant dense<[[0, 1], [2, 3], [252, 253], [254, 255]]> : tensor<4x2xui8>
  %0 = nn.dequantize %w, %s, %z {axis = 1 : i64, block_size = 0 : i64} : (tensor<4x2xui8>, tensor<f32>, tensor<ui8>) -> tensor<4x2xf32>
  %1 = nn.matmul %x, %0 {trans_rhs = true} : (tensor<?x3x2xf32>, tensor<4x2xf32>) -> tensor<?x3x4xf32>
  return %1 : tensor<?x3x4xf32>
}

// -----

// Scales along the sum cannot come after it.
// CHECK-LABEL: func @along_depth
func.func @along_depth(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: nn.matmul {{.*}} : (tensor<4x2xf32>, tensor<2x2xf32>)
  %s = nn.constant dense<[0.5, 0.25]> : tensor<2xf32>
  %w = nn.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi8>
  %0 = nn.dequantize %w, %s {axis = 0 : i64, block_size = 0 : i64} : (tensor<2x2xi8>, tensor<2xf32>) -> tensor<2x2xf32>
  %1 = nn.matmul %x, %0 : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}

// -----

// Nor is anything done to bytes that are not known, or that do not fit.
// CHECK-LABEL: func @no_constants
func.func @no_constants(%x: tensor<4x2xf32>, %v: tensor<2x2xi8>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  // CHECK: nn.matmul {{.*}} : (tensor<4x2xf32>, tensor<2x2xf32>)
  // CHECK: nn.matmul {{.*}} : (tensor<4x2xf32>, tensor<2x2xf32>)
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<1> : tensor<ui8>
  %w = nn.constant dense<[[0, 1], [254, 255]]> : tensor<2x2xui8>
  %0 = nn.dequantize %v, %s {axis = 0 : i64, block_size = 0 : i64} : (tensor<2x2xi8>, tensor<f32>) -> tensor<2x2xf32>
  %1 = nn.matmul %x, %0 : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  %2 = nn.dequantize %w, %s, %z {axis = 0 : i64, block_size = 0 : i64} : (tensor<2x2xui8>, tensor<f32>, tensor<ui8>) -> tensor<2x2xf32>
  %3 = nn.matmul %x, %2 : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  return %1, %3 : tensor<4x2xf32>, tensor<4x2xf32>
}
