// RUN: burin-opt %s --burin-multiply-differences --split-input-file | FileCheck %s

// The zero point pads, whatever it is at run time; the bias comes afterwards.
// CHECK-LABEL: func @conv
func.func @conv(%x: tensor<1x1x4x4xui8>, %z: tensor<1xui8>, %bias: tensor<2xi32>) -> tensor<1x2x4x4xi32> {
  // CHECK-DAG: %[[FACTORS:.*]] = nn.constant dense<{{\[\[\[}}9]], {{\[\[}}18]]]> : tensor<2x1x1xi32>
  // CHECK: %[[Z:.*]] = nn.reshape %arg1, {{.*}} -> tensor<ui8>
  // CHECK: %[[PADDED:.*]] = nn.pad %arg0, %{{.*}}, %[[Z]]
  // CHECK: %[[SUMS:.*]] = nn.conv %[[PADDED]], %{{.*}} (tensor<1x1x6x6xui8>, tensor<2x1x3x3xi8>) -> tensor<1x2x4x4xi32>
  // CHECK: %[[WIDE:.*]] = nn.cast %[[Z]]
  // CHECK: %[[OFFSET:.*]] = nn.mul %[[WIDE]], %[[FACTORS]]
  // CHECK: %[[MOVED:.*]] = nn.sub %[[SUMS]], %[[OFFSET]]
  // CHECK: %[[BIAS:.*]] = nn.unsqueeze %arg2
  // CHECK: nn.add %[[MOVED]], %[[BIAS]]
  %w = nn.constant dense<[[[[1, 1, 1], [1, 1, 1], [1, 1, 1]]], [[[2, 2, 2], [2, 2, 2], [2, 2, 2]]]]> : tensor<2x1x3x3xi8>
  %0 = nn.cast %x {saturate = true} : (tensor<1x1x4x4xui8>) -> tensor<1x1x4x4xi16>
  %1 = nn.cast %z {saturate = true} : (tensor<1xui8>) -> tensor<1xi16>
  %2 = nn.sub %0, %1 : (tensor<1x1x4x4xi16>, tensor<1xi16>) -> tensor<1x1x4x4xi16>
  %3 = nn.conv %2, %w, %bias {auto_pad = "NOTSET", dilations = array<i64: 1, 1>, group = 1 : i64, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<1x1x4x4xi16>, tensor<2x1x3x3xi8>, tensor<2xi32>) -> tensor<1x2x4x4xi32>
  return %3 : tensor<1x2x4x4xi32>
}

// -----

// Weights less their zero points; x as it is.
// CHECK-LABEL: func @weights
func.func @weights(%x: tensor<?x2xi8>) -> tensor<?x2xi32> {
  // CHECK: nn.matmul %arg0, %{{.*}} : (tensor<?x2xi8>, tensor<2x2xi8>) -> tensor<?x2xi32>
  // CHECK-NOT: nn.sub
  %w = nn.constant dense<[[128, 129], [130, 131]]> : tensor<2x2xui8>
  %z = nn.constant dense<128> : tensor<ui8>
  %0 = nn.cast %w {saturate = true} : (tensor<2x2xui8>) -> tensor<2x2xi16>
  %1 = nn.cast %z {saturate = true} : (tensor<ui8>) -> tensor<i16>
  %2 = nn.sub %0, %1 : (tensor<2x2xi16>, tensor<i16>) -> tensor<2x2xi16>
  %3 = nn.matmul %x, %2 : (tensor<?x2xi8>, tensor<2x2xi16>) -> tensor<?x2xi32>
  return %3 : tensor<?x2xi32>
}

// -----

// A zero point for each row stays where it is.
// CHECK-LABEL: func @rows
func.func @rows(%x: tensor<2x2xi8>, %z: tensor<2x1xi8>) -> tensor<2x2xi32> {
  // CHECK: nn.matmul {{.*}} (tensor<2x2xi16>, tensor<2x2xi8>)
  %w = nn.constant dense<1> : tensor<2x2xi8>
  %0 = nn.cast %x {saturate = true} : (tensor<2x2xi8>) -> tensor<2x2xi16>
  %1 = nn.cast %z {saturate = true} : (tensor<2x1xi8>) -> tensor<2x1xi16>
  %2 = nn.sub %0, %1 : (tensor<2x2xi16>, tensor<2x1xi16>) -> tensor<2x2xi16>
  %3 = nn.matmul %2, %w : (tensor<2x2xi16>, tensor<2x2xi8>) -> tensor<2x2xi32>
  return %3 : tensor<2x2xi32>
}

// -----

// Around 127 they do not fit: less 128, and the sums of the rows of x once more.
// CHECK-LABEL: func @beyond
func.func @beyond(%x: tensor<?x2xi8>) -> tensor<?x2xi32> {
  // CHECK-DAG: %[[REST:.*]] = nn.constant dense<-1> : tensor<i32>
  // CHECK-DAG: %[[W:.*]] = nn.constant dense_resource<bytes> : tensor<2x2xi8>
  // CHECK: %[[SUMS:.*]] = nn.matmul %arg0, %[[W]]
  // CHECK: %[[ROWS:.*]] = nn.reduce_sum %{{.*}} {axes = array<i64: 1>, keepdims = true} : (tensor<?x2xi32>) -> tensor<?x1xi32>
  // CHECK: %[[PART:.*]] = nn.mul %[[ROWS]], %[[REST]]
  // CHECK: nn.sub %[[SUMS]], %[[PART]]
  // CHECK: bytes: "0x{{........}}807F0000"
  %w = nn.constant dense<[[0, 255], [128, 128]]> : tensor<2x2xui8>
  %z = nn.constant dense<127> : tensor<ui8>
  %0 = nn.cast %w {saturate = true} : (tensor<2x2xui8>) -> tensor<2x2xi16>
  %1 = nn.cast %z {saturate = true} : (tensor<ui8>) -> tensor<i16>
  %2 = nn.sub %0, %1 : (tensor<2x2xi16>, tensor<i16>) -> tensor<2x2xi16>
  %3 = nn.matmul %x, %2 : (tensor<?x2xi8>, tensor<2x2xi16>) -> tensor<?x2xi32>
  return %3 : tensor<?x2xi32>
}

// -----

// Of a convolution what each filter sees, added up by one of ones.
// CHECK-LABEL: func @seen
func.func @seen(%x: tensor<1x2x4x4xui8>) -> tensor<1x1x3x3xi32> {
  // CHECK-DAG: %[[ONES:.*]] = nn.constant dense_resource<bytes_1> : tensor<1x2x2x2xi8>
  // CHECK: %[[SUMS:.*]] = nn.conv %arg0
  // CHECK: %[[SEEN:.*]] = nn.conv %arg0, %[[ONES]]
  // CHECK: nn.mul %[[SEEN]]
  // CHECK: nn.sub %[[SUMS]]
  // CHECK: bytes_1: "0x{{........}}0101010101010101"
  %w = nn.constant dense<[[[[0, 255], [128, 128]], [[0, 255], [128, 128]]]]> : tensor<1x2x2x2xui8>
  %z = nn.constant dense<127> : tensor<ui8>
  %0 = nn.cast %w {saturate = true} : (tensor<1x2x2x2xui8>) -> tensor<1x2x2x2xi16>
  %1 = nn.cast %z {saturate = true} : (tensor<ui8>) -> tensor<i16>
  %2 = nn.sub %0, %1 : (tensor<1x2x2x2xi16>, tensor<i16>) -> tensor<1x2x2x2xi16>
  %3 = nn.conv %x, %2 {auto_pad = "NOTSET", dilations = array<i64: 1, 1>, group = 1 : i64, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x2x4x4xui8>, tensor<1x2x2x2xi16>) -> tensor<1x1x3x3xi32>
  return %3 : tensor<1x1x3x3xi32>
}
