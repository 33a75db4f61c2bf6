// RUN: burin-opt %s --burin-form-group-norms | FileCheck %s

// CHECK-LABEL: func.func @groups
// CHECK-NEXT: nn.group_norm %arg0, %arg1, %arg2 {{.*}}groups = 2 : i64, per_group = true
func.func @groups(%x: tensor<2x6x8xf32>, %a: tensor<2xf32>, %b: tensor<2xf32>, %s: tensor<3xi64>) -> tensor<2x6x8xf32> {
  %0 = nn.reshape %x, %s {allowzero = false} : (tensor<2x6x8xf32>, tensor<3xi64>) -> tensor<2x2x24xf32>
  %1 = nn.instance_norm %0, %a, %b {epsilon = 1.0e-5 : f32} : (tensor<2x2x24xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x2x24xf32>
  %2 = nn.reshape %1, %s {allowzero = false} : (tensor<2x2x24xf32>, tensor<3xi64>) -> tensor<2x6x8xf32>
  return %2 : tensor<2x6x8xf32>
}

// Groups across samples, channels cut in two, and sizes that could be anything.
// CHECK-LABEL: func.func @others
// CHECK-COUNT-3: nn.instance_norm
func.func @others(%x: tensor<2x6x8xf32>, %a: tensor<4xf32>, %b: tensor<4xf32>, %s: tensor<3xi64>, %y: tensor<?x4x?x?xf32>, %t: tensor<4xi64>) -> (tensor<2x6x8xf32>, tensor<2x6x8xf32>, tensor<?x4x?x?xf32>) {
  %0 = nn.reshape %x, %s {allowzero = false} : (tensor<2x6x8xf32>, tensor<3xi64>) -> tensor<1x4x24xf32>
  %1 = nn.instance_norm %0, %a, %b {epsilon = 1.0e-5 : f32} : (tensor<1x4x24xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x4x24xf32>
  %2 = nn.reshape %1, %s {allowzero = false} : (tensor<1x4x24xf32>, tensor<3xi64>) -> tensor<2x6x8xf32>
  %3 = nn.reshape %x, %s {allowzero = false} : (tensor<2x6x8xf32>, tensor<3xi64>) -> tensor<2x4x12xf32>
  %4 = nn.instance_norm %3, %a, %b {epsilon = 1.0e-5 : f32} : (tensor<2x4x12xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x4x12xf32>
  %5 = nn.reshape %4, %s {allowzero = false} : (tensor<2x4x12xf32>, tensor<3xi64>) -> tensor<2x6x8xf32>
  %6 = nn.reshape %y, %s {allowzero = false} : (tensor<?x4x?x?xf32>, tensor<3xi64>) -> tensor<?x4x?xf32>
  %7 = nn.instance_norm %6, %a, %b {epsilon = 1.0e-5 : f32} : (tensor<?x4x?xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4x?xf32>
  %8 = nn.reshape %7, %t {allowzero = false} : (tensor<?x4x?xf32>, tensor<4xi64>) -> tensor<?x4x?x?xf32>
  return %2, %5, %8 : tensor<2x6x8xf32>, tensor<2x6x8xf32>, tensor<?x4x?x?xf32>
}
