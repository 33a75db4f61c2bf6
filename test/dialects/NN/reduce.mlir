// RUN: burin-opt %s -split-input-file -verify-diagnostics | burin-opt -split-input-file | FileCheck %s

// CHECK-LABEL: func @reduce
func.func @reduce(%x: tensor<2x?x4xf32>) -> (tensor<2x1x1xf32>, tensor<2x4xi64>) {
  // CHECK: nn.reduce_log_sum_exp %{{.*}} {axes = array<i64: 1, 2>, keepdims = true}
  %0 = nn.reduce_log_sum_exp %x {axes = array<i64: 1, 2>, keepdims = true} : (tensor<2x?x4xf32>) -> tensor<2x1x1xf32>
  // CHECK: nn.argmax %{{.*}} {axis = 1 : i64, keepdims = false, last = true}
  %1 = nn.argmax %x {axis = 1 : i64, keepdims = false, last = true} : (tensor<2x?x4xf32>) -> tensor<2x4xi64>
  return %0, %1 : tensor<2x1x1xf32>, tensor<2x4xi64>
}

// -----

func.func @unordered(%x: tensor<2x3xf32>) -> tensor<1x1xf32> {
  // expected-error@+1 {{axes ascend and lie within the rank of x}}
  %0 = nn.reduce_sum %x {axes = array<i64: 1, 0>, keepdims = true} : (tensor<2x3xf32>) -> tensor<1x1xf32>
  return %0 : tensor<1x1xf32>
}

// -----

func.func @beyond(%x: tensor<2x3xf32>) -> tensor<2x1xf32> {
  // expected-error@+1 {{axes ascend and lie within the rank of x}}
  %0 = nn.reduce_max %x {axes = array<i64: 2>, keepdims = true} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  return %0 : tensor<2x1xf32>
}

// -----

func.func @negative(%x: tensor<2x3xf32>) -> tensor<2xi64> {
  // expected-error@+1 {{axis lies within the rank of x}}
  %0 = nn.argmin %x {axis = -1 : i64, keepdims = false, last = false} : (tensor<2x3xf32>) -> tensor<2xi64>
  return %0 : tensor<2xi64>
}
