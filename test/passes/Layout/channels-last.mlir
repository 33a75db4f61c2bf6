// RUN: burin-opt %s --burin-channels-last | FileCheck %s
// RUN: burin-opt %s --burin-channels-last=force | FileCheck %s --check-prefix=FORCE

// What broadcasts, is joined, cut and reduced moves along; a bias of one number
// per channel only changes its shape.
// CHECK-LABEL: func.func @region
// CHECK-NEXT: %[[X:.*]] = nn.transpose %arg0 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<?x3x8x8xf32>) -> tensor<?x8x8x3xf32>
// CHECK-NEXT: %[[C:.*]] = nn.conv %[[X]], %arg1 {{.*}}channels_last{{.*}} -> tensor<?x8x8x16xf32>
// CHECK: %[[B:.*]] = nn.transpose {{.*}} : (tensor<1x16x1x1xf32>) -> tensor<1x1x1x16xf32>
// CHECK: %[[A:.*]] = nn.add %[[C]], %[[B]] : {{.*}} -> tensor<?x8x8x16xf32>
// CHECK: nn.concat %[[A]], %[[C]] {axis = 3 : i64}
// CHECK: nn.max_pool {{.*}}channels_last{{.*}} -> (tensor<?x4x4x32xf32>, tensor<?x4x4x32xi64>)
// CHECK: nn.reshape {{.*}} -> tensor<?x16x32xf32>
// CHECK: nn.softmax {{.*}} {axes = array<i64: 2>}
// CHECK: nn.reduce_mean {{.*}} {axes = array<i64: 1>, keepdims = false} : (tensor<?x16x32xf32>) -> tensor<?x32xf32>
// CHECK-NEXT: return
func.func @region(%x: tensor<?x3x8x8xf32>, %w: tensor<16x3x3x3xf32>, %b: tensor<16x1x1xf32>) -> tensor<?x32xf32> {
  %0 = nn.conv %x, %w {auto_pad = "NOTSET", dilations = array<i64: 1, 1>, group = 1 : i64, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<?x3x8x8xf32>, tensor<16x3x3x3xf32>) -> tensor<?x16x8x8xf32>
  %1 = nn.add %0, %b : (tensor<?x16x8x8xf32>, tensor<16x1x1xf32>) -> tensor<?x16x8x8xf32>
  %2 = nn.concat %1, %0 {axis = 1 : i64} : (tensor<?x16x8x8xf32>, tensor<?x16x8x8xf32>) -> tensor<?x32x8x8xf32>
  %3:2 = nn.max_pool %2 {auto_pad = "NOTSET", ceil_mode = false, column_major = false, dilations = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} : (tensor<?x32x8x8xf32>) -> (tensor<?x32x4x4xf32>, tensor<?x32x4x4xi64>)
  %s = nn.constant dense<[0, 32, -1]> : tensor<3xi64>
  %4 = nn.reshape %3#0, %s {allowzero = false} : (tensor<?x32x4x4xf32>, tensor<3xi64>) -> tensor<?x32x16xf32>
  %5 = nn.softmax %4 {axes = array<i64: 1>} : (tensor<?x32x16xf32>) -> tensor<?x32x16xf32>
  %6 = nn.reduce_mean %5 {axes = array<i64: 2>, keepdims = false} : (tensor<?x32x16xf32>) -> tensor<?x32xf32>
  return %6 : tensor<?x32xf32>
}

// Two transposes are not worth one convolution.
// CHECK-LABEL: func.func @alone
// CHECK-NEXT: nn.conv %arg0
// CHECK-NOT: channels_last
// FORCE-LABEL: func.func @alone
// FORCE: nn.conv {{.*}}channels_last
func.func @alone(%x: tensor<1x4x8x8xf32>, %w: tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32> {
  %0 = nn.conv %x, %w {auto_pad = "NOTSET", dilations = array<i64: 1, 1>, group = 1 : i64, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  return %0 : tensor<1x4x8x8xf32>
}

// But one of bytes, whose products are summed up over channels side by side.
// CHECK-LABEL: func.func @bytes
// CHECK: nn.conv {{.*}}channels_last
func.func @bytes(%x: tensor<1x64x8x8xui8>, %w: tensor<32x64x1x1xi8>) -> tensor<1x32x8x8xi32> {
  %0 = nn.conv %x, %w {auto_pad = "NOTSET", dilations = array<i64: 1, 1>, group = 1 : i64, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x64x8x8xui8>, tensor<32x64x1x1xi8>) -> tensor<1x32x8x8xi32>
  return %0 : tensor<1x32x8x8xi32>
}

// The model transposes itself: nothing is to be done but to compose.
// CHECK-LABEL: func.func @patches
// CHECK: nn.conv {{.*}}channels_last
// CHECK: nn.reshape {{.*}} -> tensor<1x4x8xf32>
func.func @patches(%x: tensor<1x3x8x8xf32>, %w: tensor<8x3x4x4xf32>) -> tensor<1x4x8xf32> {
  %0 = nn.conv %x, %w {auto_pad = "NOTSET", dilations = array<i64: 1, 1>, group = 1 : i64, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 4, 4>} : (tensor<1x3x8x8xf32>, tensor<8x3x4x4xf32>) -> tensor<1x8x2x2xf32>
  %s = nn.constant dense<[1, 8, 4]> : tensor<3xi64>
  %4 = nn.reshape %0, %s {allowzero = false} : (tensor<1x8x2x2xf32>, tensor<3xi64>) -> tensor<1x8x4xf32>
  %5 = nn.transpose %4 {permutation = array<i64: 0, 2, 1>} : (tensor<1x8x4xf32>) -> tensor<1x4x8xf32>
  return %5 : tensor<1x4x8xf32>
}

// No convolution, no change; nor where indices count in ONNX's order.
// CHECK-LABEL: func.func @others
// CHECK-NOT: nn.transpose
// FORCE-LABEL: func.func @others
// FORCE: nn.max_pool %arg0
// FORCE-NOT: channels_last
func.func @others(%x: tensor<1x4x8x8xf32>) -> (tensor<1x4x8x8xi64>) {
  %0:2 = nn.max_pool %x {auto_pad = "NOTSET", ceil_mode = false, column_major = false, dilations = array<i64: 1, 1>, kernel = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>) -> (tensor<1x4x8x8xf32>, tensor<1x4x8x8xi64>)
  return %0#1 : tensor<1x4x8x8xi64>
}
