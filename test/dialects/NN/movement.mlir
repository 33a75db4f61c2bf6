// RUN: burin-opt %s | burin-opt | FileCheck %s

// CHECK-LABEL: func @movement
func.func @movement(%x: tensor<2x?x4xf32>, %s: tensor<2xi64>, %v: tensor<f32>) {
  // CHECK: nn.reshape %{{.*}}, %{{.*}} {allowzero = false} : (tensor<2x?x4xf32>, tensor<2xi64>) -> tensor<2x?xf32>
  %0 = nn.reshape %x, %s {allowzero = false} : (tensor<2x?x4xf32>, tensor<2xi64>) -> tensor<2x?xf32>
  // CHECK: nn.transpose %{{.*}} {permutation = array<i64: 2, 0, 1>}
  %1 = nn.transpose %x {permutation = array<i64: 2, 0, 1>} : (tensor<2x?x4xf32>) -> tensor<4x2x?xf32>
  // CHECK: nn.slice %{{.*}} {axes = array<i64: 0, 2>}
  %2 = nn.slice %x, %s, %s, %s {axes = array<i64: 0, 2>} : (tensor<2x?x4xf32>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<?x?x?xf32>
  // CHECK: nn.pad %{{.*}}, %{{.*}}, %{{.*}} {axes = array<i64: 2>, mode = "constant"}
  %3 = nn.pad %x, %s, %v {axes = array<i64: 2>, mode = "constant"} : (tensor<2x?x4xf32>, tensor<2xi64>, tensor<f32>) -> tensor<2x?x?xf32>
  // CHECK: nn.split %{{.*}} {axis = 2 : i64} : (tensor<2x?x4xf32>) -> (tensor<2x?x2xf32>, tensor<2x?x2xf32>)
  %4:2 = nn.split %x {axis = 2 : i64} : (tensor<2x?x4xf32>) -> (tensor<2x?x2xf32>, tensor<2x?x2xf32>)
  // CHECK: nn.concat %{{.*}}, %{{.*}} {axis = 0 : i64}
  %5 = nn.concat %x, %x {axis = 0 : i64} : (tensor<2x?x4xf32>, tensor<2x?x4xf32>) -> tensor<4x?x4xf32>
  // CHECK: nn.constant_of_shape %{{.*}} {value = dense<1> : tensor<1xi64>}
  %6 = nn.constant_of_shape %s {value = dense<1> : tensor<1xi64>} : (tensor<2xi64>) -> tensor<?x?xi64>
  return
}

// CHECK-LABEL: func @indexing
func.func @indexing(%x: tensor<2x?x4xf32>, %i: tensor<2x1xi64>, %b: tensor<1x6x4xf32>, %s: tensor<1x2x6xf32>, %m: tensor<i64>, %c: tensor<2xi1>) {
  // CHECK: nn.gather %{{.*}} {axis = 1 : i64}
  %0 = nn.gather %x, %i {axis = 1 : i64} : (tensor<2x?x4xf32>, tensor<2x1xi64>) -> tensor<2x2x1x4xf32>
  // CHECK: nn.nonzero %{{.*}} : (tensor<2x?x4xf32>) -> tensor<3x?xi64>
  %1 = nn.nonzero %x : (tensor<2x?x4xf32>) -> tensor<3x?xi64>
  // CHECK: nn.compress
  // CHECK: nn.unique %{{.*}} {sorted = true}
  %2 = nn.compress %x, %c {axis = 0 : i64} : (tensor<2x?x4xf32>, tensor<2xi1>) -> tensor<?x?x4xf32>
  %3:4 = nn.unique %x {sorted = true} : (tensor<2x?x4xf32>) -> (tensor<?xf32>, tensor<?xi64>, tensor<?xi64>, tensor<?xi64>)
  // CHECK: nn.non_max_suppression %{{.*}}, %{{.*}}, %{{.*}} {center = false, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}
  %4 = nn.non_max_suppression %b, %s, %m {center = false, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<1x6x4xf32>, tensor<1x2x6xf32>, tensor<i64>) -> tensor<?x3xi64>
  return
}
