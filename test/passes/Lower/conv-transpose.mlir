// RUN: burin-opt %s --burin-lower-nn --canonicalize --cse --split-input-file | FileCheck %s

// Outputs two apart are sums over the same taps: four convolutions of 2 x 2 taps over the padded input, each into its
// quarter of the result. Their filters are constants that lie in reverse.
// CHECK-LABEL: func @phases
func.func @phases(%x: tensor<1x2x4x4xf32>) -> tensor<1x1x8x8xf32> {
  // CHECK-DAG: dense_resource<filters> : tensor<1x2x2x2xf32>
  // CHECK-DAG: dense_resource<filters_3> : tensor<1x2x2x2xf32>
  // CHECK: %[[OUT:.*]] = tensor.empty() : tensor<1x1x8x8xf32>
  // CHECK: %[[WINDOWS:.*]] = tensor.extract_slice {{.*}}[0, 0, 0, 0] [1, 2, 5, 5] [1, 1, 1, 1]
  // CHECK: %[[SUMS:.*]] = linalg.generic {{.*}} ins(%[[WINDOWS]],
  // CHECK: %[[FIRST:.*]] = tensor.insert_slice %[[SUMS]] into %[[OUT]][0, 0, 0, 0] [1, 1, 4, 4] [1, 1, 2, 2]
  // CHECK: tensor.extract_slice {{.*}}[0, 0, 0, 1] [1, 2, 5, 5] [1, 1, 1, 1]
  // CHECK: tensor.insert_slice {{.*}} into %[[FIRST]][0, 0, 0, 1] [1, 1, 4, 4] [1, 1, 2, 2]
  // CHECK: into {{.*}}[0, 0, 1, 0] [1, 1, 4, 4] [1, 1, 2, 2]
  // CHECK: into {{.*}}[0, 0, 1, 1] [1, 1, 4, 4] [1, 1, 2, 2]
  %w = nn.constant dense<[[[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0, 10.0, 11.0, 12.0], [13.0, 14.0, 15.0, 16.0]]], [[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0, 10.0, 11.0, 12.0], [13.0, 14.0, 15.0, 16.0]]]]> : tensor<2x1x4x4xf32>
  %0 = nn.conv_transpose %x, %w {auto_pad = "NOTSET", dilations = array<i64: 1, 1>, group = 1 : i64, output_padding = array<i64: 0, 0>, output_shape = array<i64>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} : (tensor<1x2x4x4xf32>, tensor<2x1x4x4xf32>) -> tensor<1x1x8x8xf32>
  return %0 : tensor<1x1x8x8xf32>
}

// -----

// 3 taps at a stride of 2: two of them make the even outputs, one the odd ones. Filters that are not known are gathered.
// CHECK-LABEL: func @gathered
func.func @gathered(%x: tensor<1x2x4xf32>, %w: tensor<2x1x3xf32>) -> tensor<1x1x9xf32> {
  // CHECK: %[[EVEN:.*]] = linalg.generic {{.*}} outs({{.*}} : tensor<1x2x2xf32>)
  // CHECK: tensor.extract %arg1
  // CHECK: tensor.insert_slice {{.*}}[0, 0, 0] [1, 1, 5] [1, 1, 2]
  // CHECK: linalg.generic {{.*}} outs({{.*}} : tensor<1x2x1xf32>)
  // CHECK: tensor.insert_slice {{.*}}[0, 0, 1] [1, 1, 4] [1, 1, 2]
  %0 = nn.conv_transpose %x, %w {auto_pad = "NOTSET", dilations = array<i64: 1>, group = 1 : i64, output_padding = array<i64: 0>, output_shape = array<i64>, pads = array<i64: 0, 0>, strides = array<i64: 2>} : (tensor<1x2x4xf32>, tensor<2x1x3xf32>) -> tensor<1x1x9xf32>
  return %0 : tensor<1x1x9xf32>
}

// -----

// With dilation and stride the input is spread out.
// CHECK-LABEL: func @spread
func.func @spread(%x: tensor<1x2x4xf32>, %w: tensor<2x1x3xf32>) -> tensor<1x1x11xf32> {
  // CHECK: tensor.insert_slice %arg0 into {{.*}}[0, 0, 4] [1, 2, 4] [1, 1, 2] : tensor<1x2x4xf32> into tensor<1x2x15xf32>
  // CHECK: linalg.generic {{.*}} outs({{.*}} : tensor<1x1x11xf32>)
  %0 = nn.conv_transpose %x, %w {auto_pad = "NOTSET", dilations = array<i64: 2>, group = 1 : i64, output_padding = array<i64: 0>, output_shape = array<i64>, pads = array<i64: 0, 0>, strides = array<i64: 2>} : (tensor<1x2x4xf32>, tensor<2x1x3xf32>) -> tensor<1x1x11xf32>
  return %0 : tensor<1x1x11xf32>
}
