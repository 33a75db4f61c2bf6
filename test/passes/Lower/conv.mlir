// RUN: burin-opt %s --burin-lower-nn --canonicalize --cse --split-input-file | FileCheck %s

// Without pads nothing is copied, whatever the size of the input.
// CHECK-LABEL: func @unpadded
func.func @unpadded(%x: tensor<1x8x?xf32>, %w: tensor<16x8x3xf32>) -> tensor<1x16x?xf32> {
  // CHECK-NOT: tensor.insert_slice
  // CHECK: linalg.generic {{.*}} ins(%arg0, %arg1
  %0 = nn.conv %x, %w {auto_pad = "NOTSET", dilations = array<i64: 1>, group = 1 : i64, pads = array<i64: 0, 0>, strides = array<i64: 2>} : (tensor<1x8x?xf32>, tensor<16x8x3xf32>) -> tensor<1x16x?xf32>
  return %0 : tensor<1x16x?xf32>
}

// -----

// Of few filters the channels come to lie side by side, as those of the input do.
// CHECK: #[[W:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d2, d3, d4)>
// CHECK-LABEL: func @few
func.func @few(%x: tensor<1x9x8xf32>, %w: tensor<1x8x3xf32>) -> tensor<1x7x1xf32> {
  // CHECK: %[[FILTERS:.*]] = linalg.generic {{.*}} ins(%arg1 : tensor<1x8x3xf32>) outs({{.*}} : tensor<1x3x8xf32>)
  // CHECK: linalg.generic {indexing_maps = [{{.*}}, #[[W]], {{.*}} ins(%arg0, %[[FILTERS]]
  %0 = nn.conv %x, %w {auto_pad = "NOTSET", channels_last, dilations = array<i64: 1>, group = 1 : i64, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<1x9x8xf32>, tensor<1x8x3xf32>) -> tensor<1x7x1xf32>
  return %0 : tensor<1x7x1xf32>
}
