// RUN: burin-opt %s --burin-lower-nn | FileCheck %s

// Squares and cubes are products.
// CHECK-LABEL: func @cube
func.func @cube(%x: tensor<?xf32>) -> tensor<?xf32> {
  // CHECK-NOT: math.powf
  // CHECK: %[[S:.*]] = arith.mulf %[[X:.*]], %[[X]] : f32
  // CHECK: arith.mulf %[[S]], %[[X]] : f32
  %c = nn.constant dense<3.0> : tensor<f32>
  %0 = nn.pow %x, %c : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func @other
func.func @other(%x: tensor<?xf32>) -> tensor<?xf32> {
  // CHECK: math.powf
  %c = nn.constant dense<2.5> : tensor<f32>
  %0 = nn.pow %x, %c : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// What is stretched when the model runs had one element, or else does not fit.
// CHECK-LABEL: func @unknown
func.func @unknown(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  // CHECK: scf.if
  // CHECK: exec.check %{{.*}}, "expects operands whose sizes fit together"
  // CHECK: } else {
  %0 = nn.add %x, %y : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
