// RUN: burin-opt %s --canonicalize | FileCheck %s

// Pads as PyTorch writes them are turned over before they are transposed.
// CHECK-LABEL: func @reversed
func.func @reversed() -> tensor<2x2xi64> {
  // CHECK-NEXT: %[[C:.*]] = nn.constant dense<{{\[\[}}0, 7], [4, 5{{\]\]}}> : tensor<2x2xi64>
  // CHECK-NEXT: return %[[C]]
  %x = nn.constant dense<[[1, 1], [4, 5], [0, 7]]> : tensor<3x2xi64>
  %start = nn.constant dense<-1> : tensor<1xi64>
  %end = nn.constant dense<0> : tensor<1xi64>
  %step = nn.constant dense<-1> : tensor<1xi64>
  %0 = nn.slice %x, %start, %end, %step {axes = array<i64: 0>} : (tensor<3x2xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x2xi64>
  return %0 : tensor<2x2xi64>
}

// Sizes in floats, as PyTorch's detection models calculate them.
// CHECK-LABEL: func @size
func.func @size() -> tensor<i64> {
  // CHECK-NEXT: %[[C:.*]] = nn.constant dense<4> : tensor<i64>
  // CHECK-NEXT: return %[[C]]
  %x = nn.constant dense<7.0> : tensor<1xf32>
  %two = nn.constant dense<2.0> : tensor<f32>
  %0 = nn.reduce_max %x {axes = array<i64: 0>, keepdims = false} : (tensor<1xf32>) -> tensor<f32>
  %1 = nn.div %0, %two : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %2 = nn.ceil %1 : (tensor<f32>) -> tensor<f32>
  %3 = nn.cast %2 {saturate = true} : (tensor<f32>) -> tensor<i64>
  return %3 : tensor<i64>
}

// What no integer holds is left to the machine.
// CHECK-LABEL: func @too_large
func.func @too_large() -> tensor<2xi32> {
  // CHECK: nn.cast
  %x = nn.constant dense<[1.0, 3.0e9]> : tensor<2xf32>
  %0 = nn.cast %x {saturate = true} : (tensor<2xf32>) -> tensor<2xi32>
  return %0 : tensor<2xi32>
}

// The larger of several numbers is no fold of one.
// CHECK-LABEL: func @several
func.func @several() -> tensor<f32> {
  // CHECK: nn.reduce_max
  %x = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = nn.reduce_max %x {axes = array<i64: 0>, keepdims = false} : (tensor<2xf32>) -> tensor<f32>
  return %0 : tensor<f32>
}
