// RUN: burin-opt %s --burin-lower-nn --canonicalize | FileCheck %s

// The largest, the exponentials, their sum, one multiplication each.
// CHECK-LABEL: func.func @softmax
func.func @softmax(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: arith.maximumf
  // CHECK: math.exp
  // CHECK: arith.addf
  // CHECK: outs(%{{.*}} : tensor<2xf32>)
  // CHECK: arith.divf
  // CHECK: outs(%{{.*}} : tensor<2x?xf32>)
  // CHECK: arith.mulf
  %0 = nn.softmax %x {axes = array<i64: 1>} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %0 : tensor<2x?xf32>
}

// The logarithm needs no exponentials kept.
// CHECK-LABEL: func.func @log_softmax
func.func @log_softmax(%x: tensor<2x8xf32>) -> tensor<2x8xf32> {
  // CHECK: %[[SUM:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]} ins(%{{.*}}, %{{.*}} : tensor<2x8xf32>, tensor<2xf32>) outs(%{{.*}} : tensor<2xf32>)
  // CHECK: math.exp
  // CHECK: math.log
  %0 = nn.log_softmax %x {axes = array<i64: 1>} : (tensor<2x8xf32>) -> tensor<2x8xf32>
  return %0 : tensor<2x8xf32>
}

// Statistics in f32; the variance is that of what is left without the mean.
// CHECK-LABEL: func.func @layer_norm
func.func @layer_norm(%x: tensor<2x8xf16>, %s: tensor<8xf16>) -> tensor<2x8xf16> {
  // CHECK: outs(%{{.*}} : tensor<2xf32>)
  // CHECK: arith.addf
  // CHECK: %[[CENTERED:.*]] = arith.subf
  // CHECK: arith.mulf %[[CENTERED]], %[[CENTERED]]
  // CHECK: math.sqrt
  // CHECK: outs(%{{.*}} : tensor<2x8xf16>)
  // CHECK: arith.truncf
  %0 = nn.layer_norm %x, %s, %s {axis = 1 : i64, epsilon = 1.0e-5 : f32} : (tensor<2x8xf16>, tensor<8xf16>, tensor<8xf16>) -> tensor<2x8xf16>
  return %0 : tensor<2x8xf16>
}

// One factor and one summand per channel, then one step per element.
// CHECK-LABEL: func.func @batch_norm
func.func @batch_norm(%x: tensor<2x3x?xf32>, %p: tensor<3xf32>) -> tensor<2x3x?xf32> {
  // CHECK: outs(%{{.*}} : tensor<3xf32>)
  // CHECK: outs(%{{.*}} : tensor<3xf32>)
  // CHECK: outs(%{{.*}} : tensor<2x3x?xf32>)
  // CHECK: arith.mulf
  // CHECK-NEXT: arith.addf
  // CHECK-NEXT: linalg.yield
  %0 = nn.batch_norm %x, %p, %p, %p, %p {epsilon = 1.0e-5 : f32} : (tensor<2x3x?xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x?xf32>
  return %0 : tensor<2x3x?xf32>
}

// Parameters of unknown length are not read beyond their ends.
// CHECK-LABEL: func.func @checked
func.func @checked(%x: tensor<2x3x4xf32>, %p: tensor<?xf32>) -> tensor<2x3x4xf32> {
  // CHECK: exec.check %{{.*}}, "a normalization expects one parameter per channel"
  %0 = nn.instance_norm %x, %p, %p {epsilon = 1.0e-5 : f32} : (tensor<2x3x4xf32>, tensor<?xf32>, tensor<?xf32>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}
