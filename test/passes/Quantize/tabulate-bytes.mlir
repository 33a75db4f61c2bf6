// RUN: burin-opt %s --burin-tabulate-bytes --canonicalize --split-input-file | FileCheck %s

// Negative bytes are the second half of the table.
// CHECK-LABEL: func @signs
func.func @signs(%x: tensor<4xi8>) -> tensor<4xi8> {
  // tanh of 0, 1, 2, ..., -2, -1.
  // CHECK: nn.lookup %arg0 {table = dense<"0x00627C7F{{.*}}849E"> : tensor<256xi8>}
  %s = nn.constant dense<1.0> : tensor<f32>
  %t = nn.constant dense<7.781250e-03> : tensor<f32>
  %0 = nn.dequantize %x, %s {axis = 0 : i64, block_size = 0 : i64} : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  %1 = nn.tanh %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = nn.exp %1 : (tensor<4xf32>) -> tensor<4xf32>
  %3 = nn.log %2 : (tensor<4xf32>) -> tensor<4xf32>
  %4 = nn.quantize %3, %t {axis = 0 : i64, block_size = 0 : i64, precision = f32, saturate = true} : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  return %4 : tensor<4xi8>
}

// -----

// Gaussian error linear units in quantized steps are one table.
// CHECK-LABEL: func @steps
func.func @steps(%x: tensor<?x4xui8>) -> tensor<?x4xui8> {
  // CHECK-NEXT: %[[RESULT:.*]] = nn.lookup %arg0
  // CHECK-NEXT: return %[[RESULT]]
  %s = nn.constant dense<0.01> : tensor<f32>
  %z = nn.constant dense<128> : tensor<ui8>
  %root = nn.constant dense<1.4142135> : tensor<f32>
  %one = nn.constant dense<1.0> : tensor<f32>
  %half = nn.constant dense<0.5> : tensor<f32>
  %0 = nn.dequantize %x, %s, %z {axis = 0 : i64, block_size = 0 : i64} : (tensor<?x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x4xf32>
  %1 = nn.div %0, %root : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %2 = nn.erf %1 : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %3 = nn.quantize %2, %s, %z {axis = 0 : i64, block_size = 0 : i64, precision = f32, saturate = true} : (tensor<?x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x4xui8>
  %4 = nn.dequantize %3, %s, %z {axis = 0 : i64, block_size = 0 : i64} : (tensor<?x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x4xf32>
  %5 = nn.add %4, %one : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %6 = nn.mul %0, %5 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %7 = nn.mul %6, %half : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %8 = nn.quantize %7, %s, %z {axis = 0 : i64, block_size = 0 : i64, precision = f32, saturate = true} : (tensor<?x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x4xui8>
  return %8 : tensor<?x4xui8>
}

// -----

// Two bytes, a number for each channel, a scale that is not known: all stay.
// CHECK-LABEL: func @others
func.func @others(%x: tensor<4xui8>, %y: tensor<4xui8>, %s: tensor<f32>) -> (tensor<4xui8>, tensor<4xui8>, tensor<4xui8>) {
  // CHECK-NOT: nn.lookup
  %one = nn.constant dense<1.0> : tensor<f32>
  %channels = nn.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %0 = nn.dequantize %x, %one {axis = 0 : i64, block_size = 0 : i64} : (tensor<4xui8>, tensor<f32>) -> tensor<4xf32>
  %1 = nn.dequantize %y, %one {axis = 0 : i64, block_size = 0 : i64} : (tensor<4xui8>, tensor<f32>) -> tensor<4xf32>
  %2 = nn.exp %0 : (tensor<4xf32>) -> tensor<4xf32>
  %3 = nn.erf %2 : (tensor<4xf32>) -> tensor<4xf32>
  %4 = nn.add %3, %1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %5 = nn.quantize %4, %one {axis = 0 : i64, block_size = 0 : i64, precision = f32, saturate = true} : (tensor<4xf32>, tensor<f32>) -> tensor<4xui8>
  %6 = nn.mul %3, %channels : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %7 = nn.quantize %6, %one {axis = 0 : i64, block_size = 0 : i64, precision = f32, saturate = true} : (tensor<4xf32>, tensor<f32>) -> tensor<4xui8>
  %8 = nn.quantize %3, %s {axis = 0 : i64, block_size = 0 : i64, precision = f32, saturate = true} : (tensor<4xf32>, tensor<f32>) -> tensor<4xui8>
  return %5, %7, %8 : tensor<4xui8>, tensor<4xui8>, tensor<4xui8>
}

// -----

// A few cheap steps are cheaper than a table.
// CHECK-LABEL: func @cheap
func.func @cheap(%x: tensor<4xui8>) -> tensor<4xui8> {
  // CHECK-NOT: nn.lookup
  %one = nn.constant dense<1.0> : tensor<f32>
  %0 = nn.dequantize %x, %one {axis = 0 : i64, block_size = 0 : i64} : (tensor<4xui8>, tensor<f32>) -> tensor<4xf32>
  %1 = nn.mul %0, %0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %2 = nn.quantize %1, %one {axis = 0 : i64, block_size = 0 : i64, precision = f32, saturate = true} : (tensor<4xf32>, tensor<f32>) -> tensor<4xui8>
  return %2 : tensor<4xui8>
}
