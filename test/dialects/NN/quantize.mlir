// RUN: burin-opt %s -split-input-file -verify-diagnostics | burin-opt -split-input-file | FileCheck %s

// CHECK-LABEL: func @quantize
func.func @quantize(%x: tensor<2x8xf32>, %s: tensor<8xf32>, %z: tensor<8xui8>) -> tensor<2x8xui8> {
  // CHECK: nn.quantize %{{.*}} {axis = 1 : i64, block_size = 0 : i64, precision = f32, saturate = true}
  %0 = nn.quantize %x, %s, %z {axis = 1 : i64, block_size = 0 : i64, precision = f32, saturate = true}
       : (tensor<2x8xf32>, tensor<8xf32>, tensor<8xui8>) -> tensor<2x8xui8>
  return %0 : tensor<2x8xui8>
}

// CHECK-LABEL: func @dequantize
func.func @dequantize(%x: tensor<64x8xi4>, %s: tensor<2x8xf16>) -> tensor<64x8xf16> {
  // CHECK: nn.dequantize %{{.*}} {axis = 0 : i64, block_size = 32 : i64}
  %0 = nn.dequantize %x, %s {axis = 0 : i64, block_size = 32 : i64} : (tensor<64x8xi4>, tensor<2x8xf16>) -> tensor<64x8xf16>
  return %0 : tensor<64x8xf16>
}

// -----

func.func @axis(%x: tensor<2x8xi8>, %s: tensor<8xf32>) -> tensor<2x8xf32> {
  // expected-error@+1 {{expects an axis in [0, 2), got 2}}
  %0 = nn.dequantize %x, %s {axis = 2 : i64, block_size = 0 : i64} : (tensor<2x8xi8>, tensor<8xf32>) -> tensor<2x8xf32>
  return %0 : tensor<2x8xf32>
}

// -----

func.func @rank(%x: tensor<2x8xi8>, %s: tensor<2x4xf32>) -> tensor<2x8xf32> {
  // expected-error@+1 {{expects scale to be a scalar, a vector or, with block_size, of the rank of x}}
  %0 = nn.dequantize %x, %s {axis = 1 : i64, block_size = 0 : i64} : (tensor<2x8xi8>, tensor<2x4xf32>) -> tensor<2x8xf32>
  return %0 : tensor<2x8xf32>
}

// -----

func.func @zero_point(%x: tensor<2x8xi8>, %s: tensor<8xf32>, %z: tensor<2x4xi8>) -> tensor<2x8xf32> {
  // expected-error@+1 {{expects zero_point of the shape of scale}}
  %0 = nn.dequantize %x, %s, %z {axis = 1 : i64, block_size = 0 : i64} : (tensor<2x8xi8>, tensor<8xf32>, tensor<2x4xi8>) -> tensor<2x8xf32>
  return %0 : tensor<2x8xf32>
}
