// RUN: burin-opt %s --burin-form-states=capacity=8 --split-input-file | FileCheck %s

// Two entries share one state.
// CHECK: nn.state @past_key_values.0.key : tensor<1x2x8x4xf32> axis 2 index 0
// CHECK-LABEL: func @prefill(%arg0: tensor<1x2x?x4xf32> {nn.name = "new"})
func.func @prefill(%past: tensor<1x2x?x4xf32> {nn.name = "past_key_values.0.key"}, %new: tensor<1x2x?x4xf32> {nn.name = "new"})
    -> (tensor<1x2x?x4xf32> {nn.name = "present.0.key"}) {
  // CHECK: nn.state_append @past_key_values.0.key, %arg0
  %0 = nn.concat %past, %new {axis = 2 : i64} : (tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %0 : tensor<1x2x?x4xf32>
}
// CHECK-LABEL: func @decode
func.func @decode(%past: tensor<1x2x?x4xf32> {nn.name = "past_key_values.0.key"}, %new: tensor<1x2x1x4xf32> {nn.name = "new"})
    -> (tensor<1x2x?x4xf32> {nn.name = "present.0.key"}, tensor<1x2x?x4xf32> {nn.name = "y"}) {
  // CHECK: %[[ALL:.*]] = nn.state_append @past_key_values.0.key
  // CHECK: return %[[ALL]]
  %0 = nn.concat %past, %new {axis = 2 : i64} : (tensor<1x2x?x4xf32>, tensor<1x2x1x4xf32>) -> tensor<1x2x?x4xf32>
  return %0, %0 : tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>
}

// -----

// Something else than appending: the whole state is written.
// CHECK-LABEL: func @replaced
func.func @replaced(%past: tensor<1x?xf32> {nn.name = "past.h"}) -> (tensor<1x?xf32> {nn.name = "present.h"}) {
  // CHECK: %[[OLD:.*]] = nn.state_read @past.h
  // CHECK: %[[NEW:.*]] = nn.exp %[[OLD]]
  // CHECK: nn.state_write @past.h, %[[NEW]]
  %0 = nn.exp %past : (tensor<1x?xf32>) -> tensor<1x?xf32>
  return %0 : tensor<1x?xf32>
}

// -----

// Names that do not pair up are left alone.
// CHECK-LABEL: func @other
func.func @other(%past: tensor<1x?xf32> {nn.name = "past.h"}) -> (tensor<1x?xf32> {nn.name = "present.k"}) {
  // CHECK: return
  %0 = nn.exp %past : (tensor<1x?xf32>) -> tensor<1x?xf32>
  return %0 : tensor<1x?xf32>
}
