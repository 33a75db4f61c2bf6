// RUN: burin-opt %s --burin-fold-scales --split-input-file | FileCheck %s

// A rectifier between the scales stays there.
// CHECK-LABEL: func @relu
func.func @relu(%sums: tensor<4x2xi32>) -> tensor<4x2xi8> {
  // CHECK-DAG: %[[SCALES:.*]] = nn.constant dense<[2.000000e+00, 4.000000e+00]>
  // CHECK-DAG: %[[ONE:.*]] = nn.constant dense<1.000000e+00> : tensor<f32>
  // CHECK: %[[REAL:.*]] = nn.dequantize %arg0, %[[SCALES]] {axis = 1
  // CHECK: %[[RELU:.*]] = nn.relu %[[REAL]]
  // CHECK: nn.quantize %[[RELU]], %[[ONE]]
  %s = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %t = nn.constant dense<0.5> : tensor<f32>
  %0 = nn.dequantize %sums, %s {axis = 1 : i64, block_size = 0 : i64} : (tensor<4x2xi32>, tensor<2xf32>) -> tensor<4x2xf32>
  %1 = nn.relu %0 : (tensor<4x2xf32>) -> tensor<4x2xf32>
  %2 = nn.quantize %1, %t {axis = 0 : i64, block_size = 0 : i64, precision = f32, saturate = true} : (tensor<4x2xf32>, tensor<f32>) -> tensor<4x2xi8>
  return %2 : tensor<4x2xi8>
}

// -----

// What the graph calculates is multiplied, what a caller gives is divided.
// CHECK-LABEL: func @reciprocal
func.func @reciprocal(%x: tensor<4xf32>) -> (tensor<4xi8>, tensor<4xi8>) {
  // CHECK-DAG: %[[T:.*]] = nn.constant dense<5.000000e-01> : tensor<f32>
  // CHECK-DAG: %[[INVERSE:.*]] = nn.constant dense<2.000000e+00> : tensor<f32>
  // CHECK: nn.quantize %arg0, %[[T]]
  // CHECK: %[[EXP:.*]] = nn.exp
  // CHECK: nn.mul %[[EXP]], %[[INVERSE]]
  %t = nn.constant dense<0.5> : tensor<f32>
  %0 = nn.quantize %x, %t {axis = 0 : i64, block_size = 0 : i64, precision = f32, saturate = true} : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  %1 = nn.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  %2 = nn.quantize %1, %t {axis = 0 : i64, block_size = 0 : i64, precision = f32, saturate = true} : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  return %0, %2 : tensor<4xi8>, tensor<4xi8>
}

// -----

// CHECK-LABEL: func @constants
func.func @constants() -> tensor<2xf32> {
  // CHECK: nn.constant dense<[1.500000e+00, -1.000000e+00]>
  // CHECK-NOT: nn.dequantize
  %x = nn.constant dense<[4, -1]> : tensor<2xi8>
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<1> : tensor<i8>
  %0 = nn.dequantize %x, %s, %z {axis = 0 : i64, block_size = 0 : i64} : (tensor<2xi8>, tensor<f32>, tensor<i8>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
