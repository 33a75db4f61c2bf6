// RUN: burin-opt %s --burin-form-attention | FileCheck %s

// Scales anywhere, a mask, NaN made 0, keys transposed, heads repeated: all of it is one op.
// CHECK-LABEL: func @whole
func.func @whole(%x: tensor<?x?x4x8xf32>, %k: tensor<?x2x?x8xf32>, %v: tensor<?x2x?x8xf32>, %m: tensor<?x1x?x?xf32>,
                 %n5: tensor<5xi64>, %n4: tensor<4xi64>) -> tensor<?x4x?x8xf32> {
  %half = nn.constant dense<0.5> : tensor<f32>
  %four = nn.constant dense<4.0> : tensor<1xf32>
  %zero = nn.constant dense<0.0> : tensor<f32>
  %two = nn.constant dense<2> : tensor<1xi64>
  // CHECK: %[[Q:.*]] = nn.transpose %arg0 {permutation = array<i64: 0, 2, 1, 3>}
  // CHECK: %[[R:.*]] = nn.attention %[[Q]], %arg1, %arg2 bias(%arg3 : tensor<?x1x?x?xf32>) mask(#nn.dense) scale(1.250000e-01) {zero_nan} : tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>
  // CHECK-NEXT: return %[[R]]
  %q = nn.transpose %x {permutation = array<i64: 0, 2, 1, 3>} : (tensor<?x?x4x8xf32>) -> tensor<?x4x?x8xf32>
  %qs = nn.mul %q, %half : (tensor<?x4x?x8xf32>, tensor<f32>) -> tensor<?x4x?x8xf32>
  %k5 = nn.unsqueeze %k, %two : (tensor<?x2x?x8xf32>, tensor<1xi64>) -> tensor<?x2x1x?x8xf32>
  %ke = nn.expand %k5, %n5 : (tensor<?x2x1x?x8xf32>, tensor<5xi64>) -> tensor<?x2x2x?x8xf32>
  %kh = nn.reshape %ke, %n4 {allowzero = false} : (tensor<?x2x2x?x8xf32>, tensor<4xi64>) -> tensor<?x4x?x8xf32>
  %v5 = nn.unsqueeze %v, %two : (tensor<?x2x?x8xf32>, tensor<1xi64>) -> tensor<?x2x1x?x8xf32>
  %ve = nn.expand %v5, %n5 : (tensor<?x2x1x?x8xf32>, tensor<5xi64>) -> tensor<?x2x2x?x8xf32>
  %vh = nn.reshape %ve, %n4 {allowzero = false} : (tensor<?x2x2x?x8xf32>, tensor<4xi64>) -> tensor<?x4x?x8xf32>
  %kt = nn.transpose %kh {permutation = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  %s = nn.matmul %qs, %kt : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %d = nn.div %s, %four : (tensor<?x4x?x?xf32>, tensor<1xf32>) -> tensor<?x4x?x?xf32>
  %b = nn.add %d, %m : (tensor<?x4x?x?xf32>, tensor<?x1x?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = nn.softmax %b {axes = array<i64: 3>} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %i = nn.isnan %p : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xi1>
  %w = nn.where %i, %zero, %p : (tensor<?x4x?x?xi1>, tensor<f32>, tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %r = nn.matmul %w, %vh : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  return %r : tensor<?x4x?x8xf32>
}

// What is hidden by -inf is a mask.
// CHECK-LABEL: func @hidden
func.func @hidden(%q: tensor<1x2x8x4xf32>, %k: tensor<1x2x4x8xf32>, %v: tensor<1x2x8x4xf32>, %m: tensor<8x8xi1>) -> tensor<1x2x8x4xf32> {
  %none = nn.constant dense<0xFF800000> : tensor<f32>
  // CHECK: nn.attention {{.*}} bias(%arg3 : tensor<8x8xi1>)
  %s = nn.matmul %q, %k : (tensor<1x2x8x4xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x8x8xf32>
  %h = nn.where %m, %s, %none : (tensor<8x8xi1>, tensor<1x2x8x8xf32>, tensor<f32>) -> tensor<1x2x8x8xf32>
  %p = nn.softmax %h {axes = array<i64: 3>} : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  %r = nn.matmul %p, %v : (tensor<1x2x8x8xf32>, tensor<1x2x8x4xf32>) -> tensor<1x2x8x4xf32>
  return %r : tensor<1x2x8x4xf32>
}

// Scales are found before a transpose as well.
// CHECK-LABEL: func @scaled_first
func.func @scaled_first(%q: tensor<1x2x8x4xf32>, %k: tensor<1x2x8x4xf32>) -> tensor<1x2x8x4xf32> {
  %half = nn.constant dense<0.5> : tensor<f32>
  // CHECK: nn.attention %arg0, %arg1, %arg1 mask(#nn.dense) scale(5.000000e-01)
  %m = nn.mul %k, %half : (tensor<1x2x8x4xf32>, tensor<f32>) -> tensor<1x2x8x4xf32>
  %t = nn.transpose %m {permutation = array<i64: 0, 1, 3, 2>} : (tensor<1x2x8x4xf32>) -> tensor<1x2x4x8xf32>
  %s = nn.matmul %q, %t : (tensor<1x2x8x4xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x8x8xf32>
  %p = nn.softmax %s {axes = array<i64: 3>} : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  %r = nn.matmul %p, %k : (tensor<1x2x8x8xf32>, tensor<1x2x8x4xf32>) -> tensor<1x2x8x4xf32>
  return %r : tensor<1x2x8x4xf32>
}

// A bias by heads stays what it is.
// CHECK-LABEL: func @by_head
func.func @by_head(%q: tensor<1x2x8x4xf32>, %k: tensor<1x2x4x8xf32>, %v: tensor<1x2x8x4xf32>, %m: tensor<2x8x8xf32>) -> tensor<1x2x8x4xf32> {
  // CHECK: nn.attention {{.*}} bias(%arg3 : tensor<2x8x8xf32>)
  %s = nn.matmul %q, %k : (tensor<1x2x8x4xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x8x8xf32>
  %b = nn.add %m, %s : (tensor<2x8x8xf32>, tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  %p = nn.softmax %b {axes = array<i64: 3>} : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  %r = nn.matmul %p, %v : (tensor<1x2x8x8xf32>, tensor<1x2x8x4xf32>) -> tensor<1x2x8x4xf32>
  return %r : tensor<1x2x8x4xf32>
}

// Not where somebody else reads the probabilities.
// CHECK-LABEL: func @read
func.func @read(%q: tensor<1x2x8x4xf32>, %k: tensor<1x2x4x8xf32>, %v: tensor<1x2x8x4xf32>) -> (tensor<1x2x8x4xf32>, tensor<1x2x8x8xf32>) {
  // CHECK-NOT: nn.attention
  %s = nn.matmul %q, %k : (tensor<1x2x8x4xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x8x8xf32>
  %p = nn.softmax %s {axes = array<i64: 3>} : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  %r = nn.matmul %p, %v : (tensor<1x2x8x8xf32>, tensor<1x2x8x4xf32>) -> tensor<1x2x8x4xf32>
  return %r, %p : tensor<1x2x8x4xf32>, tensor<1x2x8x8xf32>
}

// Nor where products would broadcast the batch.
// CHECK-LABEL: func @broadcast
func.func @broadcast(%q: tensor<3x2x8x4xf32>, %k: tensor<1x2x4x8xf32>, %v: tensor<3x2x8x4xf32>) -> tensor<3x2x8x4xf32> {
  // CHECK-NOT: nn.attention
  %s = nn.matmul %q, %k : (tensor<3x2x8x4xf32>, tensor<1x2x4x8xf32>) -> tensor<3x2x8x8xf32>
  %p = nn.softmax %s {axes = array<i64: 3>} : (tensor<3x2x8x8xf32>) -> tensor<3x2x8x8xf32>
  %r = nn.matmul %p, %v : (tensor<3x2x8x8xf32>, tensor<3x2x8x4xf32>) -> tensor<3x2x8x4xf32>
  return %r : tensor<3x2x8x4xf32>
}

// Heads that are batches get a dimension; the mask as well.
// CHECK-LABEL: func @batches
func.func @batches(%q: tensor<?x8x4xf32>, %x: tensor<8x?x4xf32>, %v: tensor<?x8x4xf32>, %m: tensor<?x1x8xf32>) -> tensor<?x8x4xf32> {
  // CHECK-DAG: %[[Q:.*]] = nn.unsqueeze %arg0, {{.*}} -> tensor<?x1x8x4xf32>
  // CHECK-DAG: %[[X:.*]] = nn.unsqueeze %arg1, {{.*}} -> tensor<8x1x?x4xf32>
  // CHECK-DAG: %[[K:.*]] = nn.transpose %[[X]] {permutation = array<i64: 2, 1, 0, 3>}
  // CHECK-DAG: %[[V:.*]] = nn.unsqueeze %arg2
  // CHECK-DAG: %[[M:.*]] = nn.unsqueeze %arg3, {{.*}} -> tensor<?x1x1x8xf32>
  // CHECK: %[[R:.*]] = nn.attention %[[Q]], %[[K]], %[[V]] bias(%[[M]] : tensor<?x1x1x8xf32>)
  // CHECK: nn.squeeze %[[R]], {{.*}} -> tensor<?x8x4xf32>
  %k = nn.transpose %x {permutation = array<i64: 1, 2, 0>} : (tensor<8x?x4xf32>) -> tensor<?x4x8xf32>
  %s = nn.matmul %q, %k : (tensor<?x8x4xf32>, tensor<?x4x8xf32>) -> tensor<?x8x8xf32>
  %b = nn.add %s, %m : (tensor<?x8x8xf32>, tensor<?x1x8xf32>) -> tensor<?x8x8xf32>
  %p = nn.softmax %b {axes = array<i64: 2>} : (tensor<?x8x8xf32>) -> tensor<?x8x8xf32>
  %r = nn.matmul %p, %v : (tensor<?x8x8xf32>, tensor<?x8x4xf32>) -> tensor<?x8x4xf32>
  return %r : tensor<?x8x4xf32>
}

// A bias before the scale has a share of it, whose number may be a power.
// CHECK-LABEL: func @scaled_sum
func.func @scaled_sum(%q: tensor<1x2x8x4xf32>, %k: tensor<1x2x4x8xf32>, %v: tensor<1x2x8x4xf32>, %m: tensor<8x8xf32>) -> tensor<1x2x8x4xf32> {
  %four = nn.constant dense<4.0> : tensor<f32>
  %root = nn.constant dense<-0.5> : tensor<f32>
  // CHECK: %[[N:.*]] = nn.constant dense<5.000000e-01> : tensor<f32>
  // CHECK: %[[B:.*]] = nn.mul %arg3, %[[N]]
  // CHECK: nn.attention {{.*}} bias(%[[B]] : tensor<8x8xf32>) mask(#nn.dense) scale(5.000000e-01)
  %n = nn.pow %four, %root : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %s = nn.matmul %q, %k : (tensor<1x2x8x4xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x8x8xf32>
  %b = nn.add %s, %m : (tensor<1x2x8x8xf32>, tensor<8x8xf32>) -> tensor<1x2x8x8xf32>
  %d = nn.mul %b, %n : (tensor<1x2x8x8xf32>, tensor<f32>) -> tensor<1x2x8x8xf32>
  %p = nn.softmax %d {axes = array<i64: 3>} : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  %r = nn.matmul %p, %v : (tensor<1x2x8x8xf32>, tensor<1x2x8x4xf32>) -> tensor<1x2x8x4xf32>
  return %r : tensor<1x2x8x4xf32>
}
