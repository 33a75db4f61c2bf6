// RUN: burin-opt %s --burin-hoist-transposes | FileCheck %s

// CHECK-LABEL: func @grows
//       CHECK: %[[T:.*]] = nn.transpose %arg0
//       CHECK: %[[R:.*]] = nn.resize %[[T]], %arg1 {{.*}} axes = array<i64: 2, 3>
//       CHECK: return %[[R]]
func.func @grows(%x: tensor<?x4x4x2xf32>, %s: tensor<2xi64>) -> tensor<?x2x8x8xf32> {
  %0 = nn.resize %x, %s {antialias = false, axes = array<i64: 1, 2>, coordinates = "half_pixel", cubic = -7.500000e-01 : f32, exclude_outside = false, extrapolation = 0.000000e+00 : f32, mode = "linear", nearest = "floor", operandSegmentSizes = array<i32: 1, 0, 1, 0>, policy = "stretch"} : (tensor<?x4x4x2xf32>, tensor<2xi64>) -> tensor<?x8x8x2xf32>
  %1 = nn.transpose %0 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<?x8x8x2xf32>) -> tensor<?x2x8x8xf32>
  return %1 : tensor<?x2x8x8xf32>
}

// CHECK-LABEL: func @shrinks
//       CHECK: nn.resize %arg0
//       CHECK: nn.transpose
func.func @shrinks(%x: tensor<1x4x4x2xf32>, %s: tensor<2xi64>) -> tensor<1x2x8x3xf32> {
  %0 = nn.resize %x, %s {antialias = false, axes = array<i64: 1, 2>, coordinates = "half_pixel", cubic = -7.500000e-01 : f32, exclude_outside = false, extrapolation = 0.000000e+00 : f32, mode = "linear", nearest = "floor", operandSegmentSizes = array<i32: 1, 0, 1, 0>, policy = "stretch"} : (tensor<1x4x4x2xf32>, tensor<2xi64>) -> tensor<1x8x3x2xf32>
  %1 = nn.transpose %0 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x8x3x2xf32>) -> tensor<1x2x8x3xf32>
  return %1 : tensor<1x2x8x3xf32>
}

// CHECK-LABEL: func @unknown
//       CHECK: nn.resize %arg0
//       CHECK: nn.transpose
func.func @unknown(%x: tensor<1x4x4x2xf32>, %s: tensor<2xi64>) -> tensor<1x2x?x8xf32> {
  %0 = nn.resize %x, %s {antialias = false, axes = array<i64: 1, 2>, coordinates = "half_pixel", cubic = -7.500000e-01 : f32, exclude_outside = false, extrapolation = 0.000000e+00 : f32, mode = "linear", nearest = "floor", operandSegmentSizes = array<i32: 1, 0, 1, 0>, policy = "stretch"} : (tensor<1x4x4x2xf32>, tensor<2xi64>) -> tensor<1x?x8x2xf32>
  %1 = nn.transpose %0 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x?x8x2xf32>) -> tensor<1x2x?x8xf32>
  return %1 : tensor<1x2x?x8xf32>
}

// CHECK-LABEL: func @read
//       CHECK: nn.resize %arg0
//       CHECK: nn.transpose
func.func @read(%x: tensor<1x4x4x2xf32>, %s: tensor<2xi64>) -> (tensor<1x8x8x2xf32>, tensor<1x2x8x8xf32>) {
  %0 = nn.resize %x, %s {antialias = false, axes = array<i64: 1, 2>, coordinates = "half_pixel", cubic = -7.500000e-01 : f32, exclude_outside = false, extrapolation = 0.000000e+00 : f32, mode = "linear", nearest = "floor", operandSegmentSizes = array<i32: 1, 0, 1, 0>, policy = "stretch"} : (tensor<1x4x4x2xf32>, tensor<2xi64>) -> tensor<1x8x8x2xf32>
  %1 = nn.transpose %0 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x8x8x2xf32>) -> tensor<1x2x8x8xf32>
  return %0, %1 : tensor<1x8x8x2xf32>, tensor<1x2x8x8xf32>
}
