// RUN: burin-opt %s --burin-form-block-products --split-input-file | FileCheck %s
// RUN: burin-opt %s --burin-form-block-products=takes-columns --split-input-file | FileCheck %s --check-prefix=COLUMNS

// Zero points that are not the middle; a block that is not full.
// CHECK-LABEL: func @zeros
func.func @zeros(%x: tensor<?x40xf32>) -> tensor<?x2xf32> {
  // CHECK-DAG: %[[S:.*]] = nn.constant dense<{{\[\[}}5.000000e-01, 2.500000e-01], [1.000000e+00, 2.000000e+00]]> : tensor<2x2xf32>
  // CHECK-DAG: %[[Z:.*]] = nn.constant dense<{{\[\[}}1.000000e+00, 3.000000e+00], [2.000000e+00, 4.000000e+00]]> : tensor<2x2xf32>
  // CHECK-DAG: %[[W:.*]] = nn.constant dense_resource<bytes> : tensor<2x2x32xui8>
  // CHECK: nn.matmul_nbits %arg0, %[[W]], %[[S]], %[[Z]] {bits = 8 : i64, block_size = 32 : i64, k = 40 : i64, n = 2 : i64
  %s = nn.constant dense<[[0.5, 1.0], [0.25, 2.0]]> : tensor<2x2xf32>
  %z = nn.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xui8>
  %w = nn.constant dense<5> : tensor<40x2xui8>
  %0 = nn.dequantize %w, %s, %z {axis = 0 : i64, block_size = 32 : i64} : (tensor<40x2xui8>, tensor<2x2xf32>, tensor<2x2xui8>) -> tensor<40x2xf32>
  %1 = nn.matmul %x, %0 : (tensor<?x40xf32>, tensor<40x2xf32>) -> tensor<?x2xf32>
  return %1 : tensor<?x2xf32>
}

// -----

// Columns of 4 bits, as rows.
// CHECK-LABEL: func @columns
func.func @columns(%x: tensor<3x5x20xf32>) -> tensor<3x5x2xf32> {
  // CHECK-DAG: %[[S:.*]] = nn.constant dense<{{\[\[}}5.000000e-01], [2.500000e-01]]> : tensor<2x1xf32>
  // CHECK-DAG: %[[W:.*]] = nn.constant dense_resource<bytes> : tensor<2x1x16xui8>
  // CHECK: nn.matmul_nbits %arg0, %[[W]], %[[S]] {bits = 4 : i64, block_size = 32 : i64, k = 20 : i64, n = 2 : i64
  %s = nn.constant dense<[0.5, 0.25]> : tensor<2xf32>
  %w = nn.constant dense<-3> : tensor<2x20xi4>
  %0 = nn.dequantize %w, %s {axis = 0 : i64, block_size = 0 : i64} : (tensor<2x20xi4>, tensor<2xf32>) -> tensor<2x20xf32>
  %1 = nn.matmul %x, %0 {trans_rhs = true} : (tensor<3x5x20xf32>, tensor<2x20xf32>) -> tensor<3x5x2xf32>
  return %1 : tensor<3x5x2xf32>
}

// -----

// One block for all, which may be larger than the matrix.
// CHECK-LABEL: func @larger
func.func @larger(%x: tensor<3x20xf32>) -> (tensor<3x2xf32>, tensor<3x2xf32>) {
  // CHECK: nn.matmul_nbits %arg0, {{.*}} {bits = 8 : i64, block_size = 32 : i64, k = 20 : i64
  // CHECK: nn.matmul_nbits %arg0, {{.*}} {bits = 8 : i64, block_size = 32 : i64, k = 20 : i64
  %s = nn.constant dense<[[0.5, 0.25]]> : tensor<1x2xf32>
  %w = nn.constant dense<-3> : tensor<20x2xi8>
  %0 = nn.dequantize %w, %s {axis = 0 : i64, block_size = 2097152 : i64} : (tensor<20x2xi8>, tensor<1x2xf32>) -> tensor<20x2xf32>
  %1 = nn.dequantize %w, %s {axis = 0 : i64, block_size = 20 : i64} : (tensor<20x2xi8>, tensor<1x2xf32>) -> tensor<20x2xf32>
  %2 = nn.matmul %x, %0 : (tensor<3x20xf32>, tensor<20x2xf32>) -> tensor<3x2xf32>
  %3 = nn.matmul %x, %1 : (tensor<3x20xf32>, tensor<20x2xf32>) -> tensor<3x2xf32>
  return %2, %3 : tensor<3x2xf32>, tensor<3x2xf32>
}

// -----

// Bytes only if asked for, and of few rows.
// CHECK-LABEL: func @bytes
// COLUMNS-LABEL: func @bytes
func.func @bytes(%x: tensor<1x20xf32>, %y: tensor<64x20xf32>) -> (tensor<1x2xf32>, tensor<64x2xf32>) {
  // CHECK-NOT: nn.matmul_nbits
  // COLUMNS: nn.matmul_nbits %arg0
  // COLUMNS: nn.matmul %arg1
  %s = nn.constant dense<[0.5, 0.25]> : tensor<2xf32>
  %w = nn.constant dense<-3> : tensor<20x2xi8>
  %0 = nn.dequantize %w, %s {axis = 1 : i64, block_size = 0 : i64} : (tensor<20x2xi8>, tensor<2xf32>) -> tensor<20x2xf32>
  %1 = nn.matmul %x, %0 : (tensor<1x20xf32>, tensor<20x2xf32>) -> tensor<1x2xf32>
  %2 = nn.matmul %y, %0 : (tensor<64x20xf32>, tensor<20x2xf32>) -> tensor<64x2xf32>
  return %1, %2 : tensor<1x2xf32>, tensor<64x2xf32>
}

// -----

// Blocks across the sum, and blocks of other sizes.
// CHECK-LABEL: func @others
func.func @others(%x: tensor<1x24xf32>) -> (tensor<1x32xf32>, tensor<1x32xf32>) {
  // CHECK-NOT: nn.matmul_nbits
  %s = nn.constant dense<0.5> : tensor<24x2xf32>
  %t = nn.constant dense<0.5> : tensor<2x32xf32>
  %w = nn.constant dense<-3> : tensor<24x32xi4>
  %0 = nn.dequantize %w, %s {axis = 1 : i64, block_size = 16 : i64} : (tensor<24x32xi4>, tensor<24x2xf32>) -> tensor<24x32xf32>
  %1 = nn.matmul %x, %0 : (tensor<1x24xf32>, tensor<24x32xf32>) -> tensor<1x32xf32>
  %2 = nn.dequantize %w, %t {axis = 0 : i64, block_size = 12 : i64} : (tensor<24x32xi4>, tensor<2x32xf32>) -> tensor<24x32xf32>
  %3 = nn.matmul %x, %2 : (tensor<1x24xf32>, tensor<24x32xf32>) -> tensor<1x32xf32>
  return %1, %3 : tensor<1x32xf32>, tensor<1x32xf32>
}
