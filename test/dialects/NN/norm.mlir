// RUN: burin-opt %s --burin-lower-nn -split-input-file -verify-diagnostics

// What does not fit together is found where the shapes are inferred.

func.func @rows(%x: tensor<2x8xf32>, %s: tensor<7xf32>) -> tensor<2x8xf32> {
  // expected-error@+1 {{expects parameters that broadcast to x, got 'tensor<7xf32>' for 'tensor<2x8xf32>'}}
  %0 = nn.layer_norm %x, %s {axis = 1 : i64, epsilon = 1.0e-5 : f32} : (tensor<2x8xf32>, tensor<7xf32>) -> tensor<2x8xf32>
  return %0 : tensor<2x8xf32>
}

// -----

func.func @channels(%x: tensor<2x8x3xf32>, %s: tensor<7xf32>) -> tensor<2x8x3xf32> {
  // expected-error@+1 {{expects one parameter per channel, got 'tensor<7xf32>' for 'tensor<2x8x3xf32>'}}
  %0 = nn.instance_norm %x, %s, %s {epsilon = 1.0e-5 : f32} : (tensor<2x8x3xf32>, tensor<7xf32>, tensor<7xf32>) -> tensor<2x8x3xf32>
  return %0 : tensor<2x8x3xf32>
}

// -----

func.func @groups(%x: tensor<2x8x3xf32>, %s: tensor<8xf32>) -> tensor<2x8x3xf32> {
  // expected-error@+1 {{expects groups that divide the channels, got 3 for 'tensor<2x8x3xf32>'}}
  %0 = nn.group_norm %x, %s, %s {groups = 3 : i64, per_group = false, epsilon = 1.0e-5 : f32} : (tensor<2x8x3xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<2x8x3xf32>
  return %0 : tensor<2x8x3xf32>
}

// -----

func.func @size(%x: tensor<2x8x3xf32>) -> tensor<2x8x3xf32> {
  // expected-error@+1 {{expects a size of 1 or more, got 0}}
  %0 = nn.lrn %x {size = 0 : i64, alpha = 1.0e-4 : f32, beta = 0.75 : f32, bias = 1.0 : f32} : (tensor<2x8x3xf32>) -> tensor<2x8x3xf32>
  return %0 : tensor<2x8x3xf32>
}
