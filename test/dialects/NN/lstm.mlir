// RUN: burin-opt %s -split-input-file -verify-diagnostics | burin-opt -split-input-file | FileCheck %s

// CHECK-LABEL: func @lstm
func.func @lstm(%x: tensor<?x1x4xf32>, %w: tensor<1x12x4xf32>, %r: tensor<1x12x3xf32>, %n: tensor<1xi32>)
    -> (tensor<?x1x1x3xf32>, tensor<1x1x3xf32>, tensor<1x1x3xf32>) {
  // CHECK: nn.lstm {{.*}}activations = ["Sigmoid", "Tanh", "Tanh"]
  %0:3 = nn.lstm %x, %w, %r, %n {direction = "reverse", batch_major = false, activations = ["Sigmoid", "Tanh", "Tanh"],
      alphas = array<f32: 0.0, 0.0, 0.0>, betas = array<f32: 0.0, 0.0, 0.0>, input_forget = false,
      operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>}
      : (tensor<?x1x4xf32>, tensor<1x12x4xf32>, tensor<1x12x3xf32>, tensor<1xi32>)
      -> (tensor<?x1x1x3xf32>, tensor<1x1x3xf32>, tensor<1x1x3xf32>)
  return %0#0, %0#1, %0#2 : tensor<?x1x1x3xf32>, tensor<1x1x3xf32>, tensor<1x1x3xf32>
}

// -----

func.func @count(%x: tensor<5x1x4xf32>, %w: tensor<1x3x4xf32>, %r: tensor<1x3x3xf32>) -> tensor<5x1x1x3xf32> {
  // expected-error@+1 {{expects 1 activations, alphas and betas, got 2, 1 and 1}}
  %0:2 = nn.rnn %x, %w, %r {direction = "forward", batch_major = false, activations = ["Tanh", "Tanh"],
      alphas = array<f32: 0.0>, betas = array<f32: 0.0>, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>}
      : (tensor<5x1x4xf32>, tensor<1x3x4xf32>, tensor<1x3x3xf32>) -> (tensor<5x1x1x3xf32>, tensor<1x1x3xf32>)
  return %0#0 : tensor<5x1x1x3xf32>
}

// -----

func.func @name(%x: tensor<5x1x4xf32>, %w: tensor<1x3x4xf32>, %r: tensor<1x3x3xf32>) -> tensor<5x1x1x3xf32> {
  // expected-error@+1 {{expects a known activation, got "Sine"}}
  %0:2 = nn.rnn %x, %w, %r {direction = "forward", batch_major = false, activations = ["Sine"],
      alphas = array<f32: 0.0>, betas = array<f32: 0.0>, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>}
      : (tensor<5x1x4xf32>, tensor<1x3x4xf32>, tensor<1x3x3xf32>) -> (tensor<5x1x1x3xf32>, tensor<1x1x3xf32>)
  return %0#0 : tensor<5x1x1x3xf32>
}
