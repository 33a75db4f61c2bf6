// RUN: burin-opt %s --burin-lower-nn --canonicalize | FileCheck %s

// One look at all indices; then none is read that could be outside.
// CHECK-LABEL: func.func @gather
func.func @gather(%table: tensor<100x8xf32>, %ids: tensor<2x?xi64>) -> tensor<2x?x8xf32> {
  // CHECK: linalg.generic {{.*}} iterator_types = ["reduction", "reduction"]
  // CHECK: exec.check %{{.*}}, "Gather: an index is out of range"
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel"]
  // CHECK: %[[BELOW:.*]] = arith.minsi %{{.*}}, %c99
  // CHECK: %[[INSIDE:.*]] = arith.maxsi %[[BELOW]], %c0
  // CHECK: tensor.extract %arg0[%[[INSIDE]], %{{.*}}]
  %0 = nn.gather %table, %ids {axis = 0 : i64} : (tensor<100x8xf32>, tensor<2x?xi64>) -> tensor<2x?x8xf32>
  return %0 : tensor<2x?x8xf32>
}

// Constants are looked at now.
// CHECK-LABEL: func.func @gather_constant
func.func @gather_constant(%x: tensor<100x8xf32>) -> tensor<2x8xf32> {
  // CHECK-NOT: exec.check
  // CHECK: return
  %ids = nn.constant dense<[-1, 3]> : tensor<2xi64>
  %0 = nn.gather %x, %ids {axis = 0 : i64} : (tensor<100x8xf32>, tensor<2xi64>) -> tensor<2x8xf32>
  return %0 : tensor<2x8xf32>
}

// One element is read where it lies, from the end, too.
// CHECK-LABEL: func.func @gather_one
func.func @gather_one(%x: tensor<3x?x8xf32>) -> (tensor<?x8xf32>, tensor<3x8xf32>, tensor<3x8xf32>) {
  %i = nn.constant dense<-1> : tensor<i64>
  %j = nn.constant dense<2> : tensor<i64>
  // CHECK: %[[SIZE:.*]] = tensor.dim %arg0, %c1
  // CHECK-NOT: linalg.generic
  // CHECK: tensor.extract_slice %arg0[2, 0, 0] [1, %{{.*}}, 8] [1, 1, 1] : tensor<3x?x8xf32> to tensor<?x8xf32>
  // CHECK: %[[LAST:.*]] = arith.subi %[[SIZE]], %c1
  // CHECK: %[[ANY:.*]] = arith.cmpi sge, %[[LAST]], %c0
  // CHECK: exec.check %[[ANY]], "Gather: an index is out of range"
  // CHECK: %[[AT:.*]] = arith.addi %[[SIZE]], %c-1
  // CHECK: tensor.extract_slice %arg0[0, %[[AT]], 0] [3, 1, 8] [1, 1, 1] : tensor<3x?x8xf32> to tensor<3x8xf32>
  // CHECK: %[[INSIDE:.*]] = arith.cmpi sge, %[[LAST]], %c2
  // CHECK: exec.check %[[INSIDE]], "Gather: an index is out of range"
  // CHECK: tensor.extract_slice %arg0[0, 2, 0] [3, 1, 8] [1, 1, 1] : tensor<3x?x8xf32> to tensor<3x8xf32>
  %0 = nn.gather %x, %i {axis = 0 : i64} : (tensor<3x?x8xf32>, tensor<i64>) -> tensor<?x8xf32>
  %1 = nn.gather %x, %i {axis = 1 : i64} : (tensor<3x?x8xf32>, tensor<i64>) -> tensor<3x8xf32>
  %2 = nn.gather %x, %j {axis = 1 : i64} : (tensor<3x?x8xf32>, tensor<i64>) -> tensor<3x8xf32>
  return %0, %1, %2 : tensor<?x8xf32>, tensor<3x8xf32>, tensor<3x8xf32>
}

// What is all of it is no slice.
// CHECK-LABEL: func.func @gather_all
func.func @gather_all(%x: tensor<1x3x8xf32>) -> tensor<3x8xf32> {
  %i = nn.constant dense<0> : tensor<i64>
  // CHECK: tensor.collapse_shape %arg0 {{\[\[}}0, 1], [2]] : tensor<1x3x8xf32> into tensor<3x8xf32>
  %0 = nn.gather %x, %i {axis = 0 : i64} : (tensor<1x3x8xf32>, tensor<i64>) -> tensor<3x8xf32>
  return %0 : tensor<3x8xf32>
}

// Which dimension a slice is without must be clear: not where others lie between it and one more of size 1.
// CHECK-LABEL: func.func @gather_between
func.func @gather_between(%x: tensor<1x2x7x?xf32>) -> tensor<1x2x?xf32> {
  %i = nn.constant dense<2> : tensor<i64>
  // CHECK: %[[ONE:.*]] = tensor.extract_slice %arg0[0, 0, 2, 0] [1, 2, 1, %{{.*}}] [1, 1, 1, 1] : tensor<1x2x7x?xf32> to tensor<1x2x1x?xf32>
  // CHECK: tensor.collapse_shape %[[ONE]]
  %0 = nn.gather %x, %i {axis = 2 : i64} : (tensor<1x2x7x?xf32>, tensor<i64>) -> tensor<1x2x?xf32>
  return %0 : tensor<1x2x?xf32>
}

// Counted first, then listed.
// CHECK-LABEL: func.func @nonzero
func.func @nonzero(%x: tensor<4x?xi1>) -> tensor<2x?xi64> {
  // CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<i64>)
  // CHECK: %[[COUNT:.*]] = arith.index_cast
  // CHECK: %[[EMPTY:.*]] = tensor.empty(%[[COUNT]]) : tensor<2x?xi64>
  // CHECK: exec.call @burin_nonzero ins(%arg0 : tensor<4x?xi8>) outs(%[[EMPTY]] : tensor<2x?xi64>)
  %0 = nn.nonzero %x : (tensor<4x?xi1>) -> tensor<2x?xi64>
  return %0 : tensor<2x?xi64>
}

// CHECK-LABEL: func.func @scatter
func.func @scatter(%x: tensor<8x4xf32>, %i: tensor<2x1xi64>, %u: tensor<2x4xf32>) -> tensor<8x4xf32> {
  // CHECK: exec.call @burin_scatter_nd ins(%arg1, %arg2 : {{.*}}) outs(%arg0 : tensor<8x4xf32>) params [1]
  %0 = nn.scatter_nd %x, %i, %u {reduction = "add"} : (tensor<8x4xf32>, tensor<2x1xi64>, tensor<2x4xf32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}

// Twice each element: loops, no table.
// CHECK-LABEL: func.func @upsample
func.func @upsample(%x: tensor<1x4x8x?xf32>) -> tensor<1x4x16x?xf32> {
  // CHECK-NOT: exec.call
  // CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<1x4x8x2x?x2xf32>)
  // CHECK: tensor.collapse_shape
  %s = nn.constant dense<[1.0, 1.0, 2.0, 2.0]> : tensor<4xf32>
  %0 = nn.resize %x, %s {operandSegmentSizes = array<i32: 1, 1, 0, 0>, axes = array<i64: 0, 1, 2, 3>, mode = "nearest", coordinates = "asymmetric", nearest = "floor", policy = "stretch", cubic = -0.75 : f32, extrapolation = 0.0 : f32, antialias = false, exclude_outside = false} : (tensor<1x4x8x?xf32>, tensor<4xf32>) -> tensor<1x4x16x?xf32>
  return %0 : tensor<1x4x16x?xf32>
}

// A table per axis that changes, two taps each.
// CHECK-LABEL: func.func @bilinear
func.func @bilinear(%x: tensor<1x4x8x8xf32>) -> tensor<1x4x20x8xf32> {
  // CHECK: exec.call @burin_resize_table {{.*}} outs(%{{.*}} : tensor<2x20xi32>, tensor<2x20xf32>, tensor<20xf32>)
  // CHECK-NOT: exec.call
  // CHECK: linalg.generic
  // CHECK-COUNT-2: tensor.extract %arg0
  %s = nn.constant dense<[20, 8]> : tensor<2xi64>
  %0 = nn.resize %x, %s {operandSegmentSizes = array<i32: 1, 0, 1, 0>, axes = array<i64: 2, 3>, mode = "linear", coordinates = "half_pixel", nearest = "floor", policy = "stretch", cubic = -0.75 : f32, extrapolation = 0.0 : f32, antialias = false, exclude_outside = false} : (tensor<1x4x8x8xf32>, tensor<2xi64>) -> tensor<1x4x20x8xf32>
  return %0 : tensor<1x4x20x8xf32>
}
