// RUN: burin-opt %s --burin-multiply-quantized --split-input-file | FileCheck %s

// The zero point is what the convolution is padded with, and goes into a constant
// for each filter together with a bias of the same scale.
// CHECK-LABEL: func @conv
func.func @conv(%x: tensor<?x1x4x4xui8>) -> tensor<?x2x4x4xf32> {
  // CHECK-DAG: %[[SCALES:.*]] = nn.constant dense<[2.500000e-01, 5.000000e-01]>
  // CHECK-DAG: %[[OFFSETS:.*]] = nn.constant dense<{{\[\[\[}}-7]], {{\[\[}}-35]]]> : tensor<2x1x1xi32>
  // CHECK-DAG: %[[ZERO:.*]] = nn.constant dense<2> : tensor<ui8>
  // CHECK: %[[PADDED:.*]] = nn.pad %arg0, %{{.*}}, %[[ZERO]] {axes = array<i64: 2, 3>, mode = "constant"}
  // CHECK-SAME: -> tensor<?x1x6x6xui8>
  // CHECK: %[[SUMS:.*]] = nn.conv %[[PADDED]], %{{.*}} pads = array<i64: 0, 0, 0, 0>
  // CHECK-SAME: (tensor<?x1x6x6xui8>, tensor<2x1x3x3xi8>) -> tensor<?x2x4x4xi32>
  // CHECK: %[[ALL:.*]] = nn.add %[[SUMS]], %[[OFFSETS]]
  // CHECK: nn.dequantize %[[ALL]], %[[SCALES]] {axis = 1 : i64
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<2> : tensor<ui8>
  %ws = nn.constant dense<[0.5, 1.0]> : tensor<2xf32>
  %w = nn.constant dense<[[[[1, 1, 1], [1, 1, 1], [1, 1, 1]]], [[[2, 2, 2], [2, 2, 2], [2, 2, 2]]]]> : tensor<2x1x3x3xi8>
  %bs = nn.constant dense<[0.25, 0.5]> : tensor<2xf32>
  %b = nn.constant dense<[11, 1]> : tensor<2xi32>
  %0 = nn.dequantize %x, %s, %z {axis = 0 : i64, block_size = 0 : i64} : (tensor<?x1x4x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x1x4x4xf32>
  %1 = nn.dequantize %w, %ws {axis = 0 : i64, block_size = 0 : i64} : (tensor<2x1x3x3xi8>, tensor<2xf32>) -> tensor<2x1x3x3xf32>
  %2 = nn.dequantize %b, %bs {axis = 0 : i64, block_size = 0 : i64} : (tensor<2xi32>, tensor<2xf32>) -> tensor<2xf32>
  %3 = nn.conv %0, %1, %2 {auto_pad = "NOTSET", dilations = array<i64: 1, 1>, group = 1 : i64, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<?x1x4x4xf32>, tensor<2x1x3x3xf32>, tensor<2xf32>) -> tensor<?x2x4x4xf32>
  return %3 : tensor<?x2x4x4xf32>
}

// -----

// Weights less their zero points, if they fit; a bias of another scale is added
// to the floats.
// CHECK-LABEL: func @unsigned_weights
func.func @unsigned_weights(%x: tensor<1x2x4xi8>) -> tensor<1x2x4xf32> {
  // CHECK-DAG: %[[W:.*]] = nn.constant dense_resource<bytes> : tensor<2x2x1xi8>
  // CHECK-DAG: %[[BIAS:.*]] = nn.constant dense<{{.*}}> : tensor<2x1xf32>
  // CHECK: %[[SUMS:.*]] = nn.conv %arg0, %[[W]]
  // CHECK: %[[REAL:.*]] = nn.dequantize %[[SUMS]]
  // CHECK: nn.add %[[REAL]], %[[BIAS]]
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<128> : tensor<ui8>
  %w = nn.constant dense<[[[0], [1]], [[254], [255]]]> : tensor<2x2x1xui8>
  %b = nn.constant dense<[0.3, 0.1]> : tensor<2xf32>
  %0 = nn.dequantize %x, %s {axis = 0 : i64, block_size = 0 : i64} : (tensor<1x2x4xi8>, tensor<f32>) -> tensor<1x2x4xf32>
  %1 = nn.dequantize %w, %s, %z {axis = 0 : i64, block_size = 0 : i64} : (tensor<2x2x1xui8>, tensor<f32>, tensor<ui8>) -> tensor<2x2x1xf32>
  %2 = nn.conv %0, %1, %b {auto_pad = "NOTSET", dilations = array<i64: 1>, group = 1 : i64, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<1x2x4xf32>, tensor<2x2x1xf32>, tensor<2xf32>) -> tensor<1x2x4xf32>
  return %2 : tensor<1x2x4xf32>
}

// -----

// Less 1 they do not fit i8: less 128, and 127 times the sums of the rows more.
// CHECK-LABEL: func @too_wide
func.func @too_wide(%x: tensor<4x2xui8>) -> tensor<4x2xf32> {
  // CHECK-DAG: %[[REST:.*]] = nn.constant dense<-127> : tensor<i32>
  // CHECK-DAG: %[[W:.*]] = nn.constant dense_resource<bytes> : tensor<2x2xi8>
  // CHECK: %[[SUMS:.*]] = nn.matmul %arg0, %[[W]] {{.*}} -> tensor<4x2xi32>
  // CHECK: %[[ROWS:.*]] = nn.reduce_sum
  // CHECK: %[[PART:.*]] = nn.mul %[[ROWS]], %[[REST]]
  // CHECK: %[[ALL:.*]] = nn.sub %[[SUMS]], %[[PART]]
  // CHECK: nn.dequantize %[[ALL]]
  // CHECK: bytes: "0x{{........}}80817E7F"
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<1> : tensor<ui8>
  %w = nn.constant dense<[[0, 1], [254, 255]]> : tensor<2x2xui8>
  %0 = nn.dequantize %x, %s {axis = 0 : i64, block_size = 0 : i64} : (tensor<4x2xui8>, tensor<f32>) -> tensor<4x2xf32>
  %1 = nn.dequantize %w, %s, %z {axis = 0 : i64, block_size = 0 : i64} : (tensor<2x2xui8>, tensor<f32>, tensor<ui8>) -> tensor<2x2xf32>
  %2 = nn.matmul %0, %1 : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  return %2 : tensor<4x2xf32>
}
