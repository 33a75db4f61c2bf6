// RUN: burin-opt %s --burin-lower-nn --split-input-file | FileCheck %s

// What is quantized only to be dequantized stays a float.
// CHECK-LABEL: func @rounding
func.func @rounding(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: ^bb0(%[[X:.*]]: f32, %[[S:.*]]: f32, %[[T:.*]]: f32, %[[Z:.*]]: i8, %{{.*}}: f32):
  // CHECK: %[[ZERO:.*]] = arith.uitofp %[[Z]]
  // CHECK: arith.divf %[[X]], %[[S]]
  // CHECK: arith.subf %{{.*}}, %[[ZERO]]
  // CHECK: %[[ROUND:.*]] = math.roundeven
  // CHECK-NEXT: %[[REAL:.*]] = arith.mulf %[[ROUND]], %[[T]]
  // CHECK-NEXT: linalg.yield %[[REAL]]
  %s = nn.constant dense<0.5> : tensor<f32>
  %t = nn.constant dense<0.25> : tensor<f32>
  %z = nn.constant dense<3> : tensor<ui8>
  %0 = nn.quantize %x, %s, %z {axis = 0 : i64, block_size = 0 : i64, precision = f32, saturate = true} : (tensor<4xf32>, tensor<f32>, tensor<ui8>) -> tensor<4xui8>
  %1 = nn.dequantize %0, %t, %z {axis = 0 : i64, block_size = 0 : i64} : (tensor<4xui8>, tensor<f32>, tensor<ui8>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// Other zero points do not cancel out.
// CHECK-LABEL: func @shifted
func.func @shifted(%x: tensor<4xf32>, %y: tensor<ui8>, %z: tensor<ui8>) -> tensor<4xf32> {
  // CHECK: arith.trunci
  // CHECK: arith.uitofp
  %s = nn.constant dense<0.5> : tensor<f32>
  %0 = nn.quantize %x, %s, %y {axis = 0 : i64, block_size = 0 : i64, precision = f32, saturate = true} : (tensor<4xf32>, tensor<f32>, tensor<ui8>) -> tensor<4xui8>
  %1 = nn.dequantize %0, %s, %z {axis = 0 : i64, block_size = 0 : i64} : (tensor<4xui8>, tensor<f32>, tensor<ui8>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// CHECK-LABEL: func @lookup
func.func @lookup(%x: tensor<4xui8>) -> tensor<4xi8> {
  // CHECK: exec.lookup %{{.*}} in dense<1> : tensor<256xi8> : i8
  %0 = nn.lookup %x {table = dense<1> : tensor<256xi8>} : (tensor<4xui8>) -> tensor<4xi8>
  return %0 : tensor<4xi8>
}
