// RUN: burin-opt %s --burin-merge-transposes | FileCheck %s

// Heads are split off behind the channels, where they lie.
// CHECK-LABEL: func.func @heads
// CHECK: %[[S:.*]] = nn.reshape %arg0, {{.*}} -> tensor<?x16x3x4x24xf32>
// CHECK: %[[T:.*]] = nn.transpose %[[S]] {permutation = array<i64: 0, 2, 1, 3, 4>}
// CHECK: return %[[T]]
func.func @heads(%x: tensor<?x4x4x288xf32>, %s: tensor<5xi64>) -> tensor<?x3x16x4x24xf32> {
  %0 = nn.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : (tensor<?x4x4x288xf32>) -> tensor<?x288x4x4xf32>
  %1 = nn.reshape %0, %s {allowzero = false} : (tensor<?x288x4x4xf32>, tensor<5xi64>) -> tensor<?x3x4x24x16xf32>
  %2 = nn.transpose %1 {permutation = array<i64: 0, 1, 4, 2, 3>} : (tensor<?x3x4x24x16xf32>) -> tensor<?x3x16x4x24xf32>
  return %2 : tensor<?x3x16x4x24xf32>
}

// Dimensions of size 1 come and go anywhere.
// CHECK-LABEL: func.func @ones
// CHECK-NEXT: return %arg0
func.func @ones(%x: tensor<4x1x6xf32>, %a: tensor<1xi64>) -> tensor<4x1x6xf32> {
  %0 = nn.transpose %x {permutation = array<i64: 1, 2, 0>} : (tensor<4x1x6xf32>) -> tensor<1x6x4xf32>
  %s = nn.constant dense<[6, 1, 4]> : tensor<3xi64>
  %1 = nn.reshape %0, %s {allowzero = false} : (tensor<1x6x4xf32>, tensor<3xi64>) -> tensor<6x1x4xf32>
  %2 = nn.transpose %1 {permutation = array<i64: 2, 1, 0>} : (tensor<6x1x4xf32>) -> tensor<4x1x6xf32>
  return %2 : tensor<4x1x6xf32>
}

// 6 x 4 as 4 x 6 is neither split nor joined; two unknown sizes could be anything.
// CHECK-LABEL: func.func @cannot
// CHECK-COUNT-4: nn.transpose
func.func @cannot(%x: tensor<6x4xf32>, %s: tensor<2xi64>, %y: tensor<?x?x4xf32>, %t: tensor<3xi64>) -> (tensor<6x4xf32>, tensor<4x?x?xf32>) {
  %0 = nn.transpose %x {permutation = array<i64: 1, 0>} : (tensor<6x4xf32>) -> tensor<4x6xf32>
  %1 = nn.reshape %0, %s {allowzero = false} : (tensor<4x6xf32>, tensor<2xi64>) -> tensor<6x4xf32>
  %2 = nn.transpose %1 {permutation = array<i64: 1, 0>} : (tensor<6x4xf32>) -> tensor<4x6xf32>
  %3 = nn.reshape %2, %s {allowzero = false} : (tensor<4x6xf32>, tensor<2xi64>) -> tensor<6x4xf32>
  %4 = nn.transpose %y {permutation = array<i64: 2, 0, 1>} : (tensor<?x?x4xf32>) -> tensor<4x?x?xf32>
  %5 = nn.reshape %4, %t {allowzero = false} : (tensor<4x?x?xf32>, tensor<3xi64>) -> tensor<4x?x?xf32>
  %6 = nn.transpose %5 {permutation = array<i64: 0, 2, 1>} : (tensor<4x?x?xf32>) -> tensor<4x?x?xf32>
  return %3, %6 : tensor<6x4xf32>, tensor<4x?x?xf32>
}

// Several reshapes are as one: channels are shuffled where they lie.
// CHECK-LABEL: func.func @chain
// CHECK: %[[X:.*]] = nn.reshape %arg0, {{.*}} -> tensor<1x9x2x4xf32>
// CHECK: %[[T:.*]] = nn.transpose %[[X]] {permutation = array<i64: 0, 1, 3, 2>}
// CHECK: return %[[T]]
func.func @chain(%x: tensor<1x3x3x8xf32>) -> tensor<1x9x4x2xf32> {
  %a = nn.constant dense<[1, 2, 4, 3, 3]> : tensor<5xi64>
  %b = nn.constant dense<[1, 2, 4, 9]> : tensor<4xi64>
  %0 = nn.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x3x3x8xf32>) -> tensor<1x8x3x3xf32>
  %1 = nn.reshape %0, %a {allowzero = false} : (tensor<1x8x3x3xf32>, tensor<5xi64>) -> tensor<1x2x4x3x3xf32>
  %2 = nn.reshape %1, %b {allowzero = false} : (tensor<1x2x4x3x3xf32>, tensor<4xi64>) -> tensor<1x2x4x9xf32>
  %3 = nn.transpose %2 {permutation = array<i64: 0, 3, 2, 1>} : (tensor<1x2x4x9xf32>) -> tensor<1x9x4x2xf32>
  return %3 : tensor<1x9x4x2xf32>
}

// What comes together only behind the transpose is joined there.
// CHECK-LABEL: func.func @join
// CHECK: %[[X:.*]] = nn.reshape %arg0, {{.*}} -> tensor<?x4xf32>
// CHECK: %[[T:.*]] = nn.transpose %[[X]] {permutation = array<i64: 1, 0>}
// CHECK: %[[R:.*]] = nn.reshape %[[T]], {{.*}} -> tensor<?x3xf32>
// CHECK: return %[[R]]
func.func @join(%x: tensor<?x12xf32>, %s: tensor<3xi64>) -> tensor<?x3xf32> {
  %w = nn.constant dense<[-1, 3]> : tensor<2xi64>
  %0 = nn.transpose %x {permutation = array<i64: 1, 0>} : (tensor<?x12xf32>) -> tensor<12x?xf32>
  %1 = nn.reshape %0, %s {allowzero = false} : (tensor<12x?xf32>, tensor<3xi64>) -> tensor<3x4x?xf32>
  %2 = nn.transpose %1 {permutation = array<i64: 1, 2, 0>} : (tensor<3x4x?xf32>) -> tensor<4x?x3xf32>
  %3 = nn.reshape %2, %w {allowzero = false} : (tensor<4x?x3xf32>, tensor<2xi64>) -> tensor<?x3xf32>
  return %3 : tensor<?x3xf32>
}

// Of two reshapes around a transpose the first one is enough: the batch is known, the
// length is not.
// CHECK-LABEL: func @known_batch
// CHECK: nn.reshape %arg0, {{.*}} -> tensor<?x2x3x4xf32>
// CHECK: %[[T:.*]] = nn.transpose {{.*}} {permutation = array<i64: 1, 2, 0, 3>} {{.*}} -> tensor<2x3x?x4xf32>
// CHECK: return %[[T]]
func.func @known_batch(%x: tensor<?x2x12xf32>, %joined: tensor<3xi64>, %split: tensor<4xi64>) -> tensor<2x3x?x4xf32> {
  %0 = nn.reshape %x, %joined {allowzero = false} : (tensor<?x2x12xf32>, tensor<3xi64>) -> tensor<?x6x4xf32>
  %1 = nn.transpose %0 {permutation = array<i64: 1, 0, 2>} : (tensor<?x6x4xf32>) -> tensor<6x?x4xf32>
  %2 = nn.reshape %1, %split {allowzero = false} : (tensor<6x?x4xf32>, tensor<4xi64>) -> tensor<2x3x?x4xf32>
  return %2 : tensor<2x3x?x4xf32>
}

// Neither is known: the reshapes may mix them. What is known before and behind the
// unknown size may share factors: 6 and 4 do not both divide 12 at once.
// CHECK-LABEL: func @unknown
// CHECK: permutation = array<i64: 1, 0, 2>
// CHECK: permutation = array<i64: 1, 0>
// CHECK: nn.reshape %{{.*}}, %{{.*}} -> tensor<?x4xf32>
func.func @unknown(%x: tensor<?x?x12xf32>, %joined: tensor<3xi64>, %split: tensor<4xi64>, %y: tensor<?xf32>) -> (tensor<?x3x?x4xf32>, tensor<?x4xf32>) {
  %0 = nn.reshape %x, %joined {allowzero = false} : (tensor<?x?x12xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  %1 = nn.transpose %0 {permutation = array<i64: 1, 0, 2>} : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %2 = nn.reshape %1, %split {allowzero = false} : (tensor<?x?x4xf32>, tensor<4xi64>) -> tensor<?x3x?x4xf32>
  %a = nn.constant dense<[-1, 6]> : tensor<2xi64>
  %b = nn.constant dense<[-1, 4]> : tensor<2xi64>
  %3 = nn.reshape %y, %a {allowzero = false} : (tensor<?xf32>, tensor<2xi64>) -> tensor<?x6xf32>
  %4 = nn.transpose %3 {permutation = array<i64: 1, 0>} : (tensor<?x6xf32>) -> tensor<6x?xf32>
  %5 = nn.reshape %4, %b {allowzero = false} : (tensor<6x?xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  return %2, %5 : tensor<?x3x?x4xf32>, tensor<?x4xf32>
}
