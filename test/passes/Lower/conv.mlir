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

// -----

// Of 3 x 3 taps 24 apart only the middle one lies on the image: a matrix product, and no pads.
// CHECK-LABEL: func @middle
// CHECK-NOT: tensor.insert_slice
func.func @middle(%x: tensor<1x16x16x64xf32>, %w: tensor<64x64x3x3xf32>) -> tensor<1x16x16x64xf32> {
  // CHECK: %[[TAP:.*]] = tensor.extract_slice %arg1[0, 0, 1, 1] [64, 64, 1, 1]
  // CHECK: linalg.generic {{.*}} ins(%arg0, %[[TAP]] : tensor<1x16x16x64xf32>, tensor<64x64x1x1xf32>)
  // CHECK-NOT: linalg.generic
  %0 = nn.conv %x, %w {auto_pad = "NOTSET", channels_last, dilations = array<i64: 24, 24>, group = 1 : i64, pads = array<i64: 24, 24, 24, 24>, strides = array<i64: 1, 1>} : (tensor<1x16x16x64xf32>, tensor<64x64x3x3xf32>) -> tensor<1x16x16x64xf32>
  return %0 : tensor<1x16x16x64xf32>
}

// -----

// Each tap by itself where it lies on the image.
// CHECK-LABEL: func @apart
func.func @apart(%x: tensor<1x16x64xf32>, %w: tensor<64x64x3xf32>) -> tensor<1x16x64xf32> {
  // CHECK: %[[ZERO:.*]] = linalg.fill
  // CHECK: tensor.extract_slice %arg0[0, 0, 0] [1, 4, 64]
  // CHECK: tensor.extract_slice %arg1[0, 0, 0] [64, 64, 1]
  // CHECK: tensor.extract_slice %[[ZERO]][0, 12, 0] [1, 4, 64]
  // CHECK: %[[FIRST:.*]] = tensor.insert_slice {{.*}}[0, 12, 0] [1, 4, 64]
  // CHECK: linalg.generic {{.*}} ins(%arg0, {{.*}} outs(%[[FIRST]] :
  // CHECK: tensor.extract_slice %arg0[0, 12, 0] [1, 4, 64]
  // CHECK: tensor.insert_slice {{.*}}[0, 0, 0] [1, 4, 64]
  %0 = nn.conv %x, %w {auto_pad = "NOTSET", channels_last, dilations = array<i64: 12>, group = 1 : i64, pads = array<i64: 12, 12>, strides = array<i64: 1>} : (tensor<1x16x64xf32>, tensor<64x64x3xf32>) -> tensor<1x16x64xf32>
  return %0 : tensor<1x16x64xf32>
}

// -----

// Where most taps see the image most of the time, it is padded.
// CHECK-LABEL: func @padded
func.func @padded(%x: tensor<1x16x64xf32>, %w: tensor<64x64x3xf32>) -> tensor<1x16x64xf32> {
  // CHECK: tensor.insert_slice %arg0 into {{.*}}[0, 2, 0] [1, 16, 64]
  // CHECK: linalg.generic
  // CHECK-NOT: linalg.generic
  %0 = nn.conv %x, %w {auto_pad = "NOTSET", channels_last, dilations = array<i64: 2>, group = 1 : i64, pads = array<i64: 2, 2>, strides = array<i64: 1>} : (tensor<1x16x64xf32>, tensor<64x64x3xf32>) -> tensor<1x16x64xf32>
  return %0 : tensor<1x16x64xf32>
}

// -----

// Many taps would be much code.
// CHECK-LABEL: func @many
func.func @many(%x: tensor<1x16x64xf32>, %w: tensor<64x64x31xf32>) -> tensor<1x16x64xf32> {
  // CHECK: tensor.insert_slice %arg0 into {{.*}}[0, 15, 0] [1, 16, 64]
  // CHECK: linalg.generic
  // CHECK-NOT: linalg.generic
  %0 = nn.conv %x, %w {auto_pad = "NOTSET", channels_last, dilations = array<i64: 1>, group = 1 : i64, pads = array<i64: 15, 15>, strides = array<i64: 1>} : (tensor<1x16x64xf32>, tensor<64x64x31xf32>) -> tensor<1x16x64xf32>
  return %0 : tensor<1x16x64xf32>
}
