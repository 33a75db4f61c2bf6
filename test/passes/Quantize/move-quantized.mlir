// RUN: burin-opt %s --burin-move-quantized --split-input-file | FileCheck %s

// Pooling between two scales: bytes are pooled.
// CHECK-LABEL: func @pool
func.func @pool(%x: tensor<1x8x4x4xui8>) -> tensor<1x8x2x2xui8> {
  // CHECK: %[[POOLED:.*]], %{{.*}} = nn.max_pool %arg0
  // CHECK-SAME: (tensor<1x8x4x4xui8>) -> (tensor<1x8x2x2xui8>, tensor<1x8x2x2xi64>)
  // CHECK: return %[[POOLED]]
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<3> : tensor<ui8>
  %0 = nn.dequantize %x, %s, %z {axis = 0 : i64, block_size = 0 : i64} : (tensor<1x8x4x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x8x4x4xf32>
  %1, %i = nn.max_pool %0 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, auto_pad = "NOTSET", ceil_mode = false, column_major = false} : (tensor<1x8x4x4xf32>) -> (tensor<1x8x2x2xf32>, tensor<1x8x2x2xi64>)
  %2 = nn.quantize %1, %s, %z {axis = 0 : i64, block_size = 0 : i64, precision = f32, saturate = true} : (tensor<1x8x2x2xf32>, tensor<f32>, tensor<ui8>) -> tensor<1x8x2x2xui8>
  return %2 : tensor<1x8x2x2xui8>
}

// -----

// Inputs of one scale are joined as bytes; another scale stays.
// CHECK-LABEL: func @concat
func.func @concat(%x: tensor<2x4xi8>, %y: tensor<3x4xi8>) -> (tensor<5x4xi8>, tensor<5x4xf32>) {
  // CHECK: %[[JOINED:.*]] = nn.concat %arg0, %arg1
  // CHECK: nn.concat {{.*}} -> tensor<5x4xf32>
  // CHECK: return %[[JOINED]]
  %s = nn.constant dense<0.5> : tensor<f32>
  %t = nn.constant dense<0.25> : tensor<f32>
  %0 = nn.dequantize %x, %s {axis = 0 : i64, block_size = 0 : i64} : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  %1 = nn.dequantize %y, %s {axis = 0 : i64, block_size = 0 : i64} : (tensor<3x4xi8>, tensor<f32>) -> tensor<3x4xf32>
  %2 = nn.dequantize %y, %t {axis = 0 : i64, block_size = 0 : i64} : (tensor<3x4xi8>, tensor<f32>) -> tensor<3x4xf32>
  %3 = nn.concat %0, %1 {axis = 0 : i64} : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<5x4xf32>
  %4 = nn.quantize %3, %s {axis = 0 : i64, block_size = 0 : i64, precision = f32, saturate = true} : (tensor<5x4xf32>, tensor<f32>) -> tensor<5x4xi8>
  %5 = nn.concat %0, %2 {axis = 0 : i64} : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<5x4xf32>
  return %4, %5 : tensor<5x4xi8>, tensor<5x4xf32>
}

// -----

// A scale for each slice goes along an axis that the transpose would move.
// CHECK-LABEL: func @per_slice
func.func @per_slice(%x: tensor<2x4xi8>) -> tensor<4x2xf32> {
  // CHECK: nn.transpose {{.*}} -> tensor<4x2xf32>
  %s = nn.constant dense<[0.5, 0.25]> : tensor<2xf32>
  %0 = nn.dequantize %x, %s {axis = 0 : i64, block_size = 0 : i64} : (tensor<2x4xi8>, tensor<2xf32>) -> tensor<2x4xf32>
  %1 = nn.transpose %0 {permutation = array<i64: 1, 0>} : (tensor<2x4xf32>) -> tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}
