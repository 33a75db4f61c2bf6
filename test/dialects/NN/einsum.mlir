// RUN: burin-opt %s -split-input-file -verify-diagnostics | burin-opt -split-input-file | FileCheck %s

// The diagonal of each matrix, summed over the batch.
// CHECK: #[[IN:.*]] = affine_map<(d0, d1) -> (d1, d0, d0)>
// CHECK: #[[OUT:.*]] = affine_map<(d0, d1) -> (d0)>
// CHECK-LABEL: func @diagonal
func.func @diagonal(%x: tensor<?x3x3xf32>) -> tensor<3xf32> {
  // CHECK: nn.einsum %{{.*}} {maps = [#[[IN]], #[[OUT]]]}
  %0 = nn.einsum %x {maps = [affine_map<(i, b) -> (b, i, i)>, affine_map<(i, b) -> (i)>]} : (tensor<?x3x3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @rank(%x: tensor<2x3xf32>) -> tensor<2xf32> {
  // expected-error@+1 {{expects one map result per dimension, got affine_map<(d0) -> (d0)> for 'tensor<2x3xf32>'}}
  %0 = nn.einsum %x {maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>]} : (tensor<2x3xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @unbound(%x: tensor<2xf32>) -> tensor<2x3xf32> {
  // expected-error@+1 {{expects every loop in an input, and in the result at most once}}
  %0 = nn.einsum %x {maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>]} : (tensor<2xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

func.func @shifted(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 {{expects maps from loops to dimensions}}
  %0 = nn.einsum %x {maps = [affine_map<(i) -> (i + 1)>, affine_map<(i) -> (i)>]} : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @count(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 {{expects one map per input and one for the result, got 1}}
  %0 = nn.einsum %x {maps = [affine_map<(i) -> (i)>]} : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
