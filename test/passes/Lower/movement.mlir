// RUN: burin-opt %s --burin-lower-nn --canonicalize | FileCheck %s

// Shape arithmetic becomes sizes: the heads are split off by a view, and the -1
// is the sequence.
// CHECK-LABEL: func.func @split_heads
func.func @split_heads(%x: tensor<?x?x768xf32>) -> tensor<?x?x12x64xf32> {
  // CHECK-NOT: linalg.generic
  // CHECK-NOT: exec.check
  // CHECK: tensor.expand_shape %arg0 {{\[}}[0], [1], [2, 3]{{\]}}
  // CHECK-NEXT: return
  %shape = nn.constant dense<[0, -1, 12, 64]> : tensor<4xi64>
  %0 = nn.reshape %x, %shape {allowzero = false} : (tensor<?x?x768xf32>, tensor<4xi64>) -> tensor<?x?x12x64xf32>
  return %0 : tensor<?x?x12x64xf32>
}

// Sizes that the model is given are checked before they are believed.
// CHECK-LABEL: func.func @reshape_at_run_time
func.func @reshape_at_run_time(%x: tensor<2x3xf32>, %shape: tensor<1xi64>) -> tensor<?xf32> {
  // CHECK: tensor.extract %arg1
  // CHECK: exec.check %{{.*}}, "a shape of another number of elements"
  // CHECK: tensor.collapse_shape
  %0 = nn.reshape %x, %shape {allowzero = true} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func.func @shape_chain
// CHECK-SAME: %[[X:.*]]: tensor<?x?x8xf32>
func.func @shape_chain(%x: tensor<?x?x8xf32>) -> tensor<2xi64> {
  // CHECK-NOT: linalg
  // CHECK: %[[DIM:.*]] = tensor.dim %[[X]], %c1
  // CHECK: %[[SIZE:.*]] = arith.index_cast %[[DIM]] : index to i64
  // CHECK: tensor.from_elements %[[SIZE]], %c8_i64
  %0 = nn.shape %x {start = 0 : i64, end = 3 : i64} : (tensor<?x?x8xf32>) -> tensor<3xi64>
  %one = nn.constant dense<1> : tensor<1xi64>
  %end = nn.constant dense<9223372036854775807> : tensor<1xi64>
  %1 = nn.slice %0, %one, %end, %one {axes = array<i64: 0>} : (tensor<3xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  return %1 : tensor<2xi64>
}

// CHECK-LABEL: func.func @slice_is_view
func.func @slice_is_view(%x: tensor<?x8xf32>) -> tensor<?x3xf32> {
  // CHECK: tensor.extract_slice %arg0[0, 1] [%{{.*}}, 3] [1, 2]
  // CHECK-NEXT: return
  %b = nn.constant dense<1> : tensor<1xi64>
  %e = nn.constant dense<-2> : tensor<1xi64>
  %s = nn.constant dense<2> : tensor<1xi64>
  %0 = nn.slice %x, %b, %e, %s {axes = array<i64: 1>} : (tensor<?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @slice_backwards
func.func @slice_backwards(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK: linalg.generic
  // CHECK: %[[I:.*]] = linalg.index 0
  // CHECK: %[[AT:.*]] = arith.subi %c7, %[[I]]
  // CHECK: tensor.extract %arg0[%[[AT]]]
  %b = nn.constant dense<-1> : tensor<1xi64>
  %e = nn.constant dense<-9223372036854775807> : tensor<1xi64>
  %0 = nn.slice %x, %b, %e, %b {axes = array<i64: 0>} : (tensor<8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// Each operand is written in place; one whose other size is not known to fit is
// checked.
// CHECK-LABEL: func.func @concat
func.func @concat(%a: tensor<2x?xf32>, %b: tensor<3x?xf32>) -> tensor<5x?xf32> {
  // CHECK: %[[EMPTY:.*]] = tensor.empty
  // CHECK: %[[FIRST:.*]] = tensor.insert_slice %arg0 into %[[EMPTY]][0, 0]
  // CHECK: exec.check %{{.*}}, "Concat: sizes differ"
  // CHECK: tensor.insert_slice %arg1 into %[[FIRST]][2, 0]
  %0 = nn.concat %a, %b {axis = 0 : i64} : (tensor<2x?xf32>, tensor<3x?xf32>) -> tensor<5x?xf32>
  return %0 : tensor<5x?xf32>
}

// Repeats are loops around the dimension, so that the inner one is contiguous.
// CHECK-LABEL: func.func @tile
func.func @tile(%x: tensor<2x8xf32>) -> tensor<6x8xf32> {
  // CHECK: linalg.generic {{.*}} ins(%arg0 : tensor<2x8xf32>) outs(%{{.*}} : tensor<3x2x8xf32>)
  // CHECK: tensor.collapse_shape %{{.*}} {{\[}}[0, 1], [2]{{\]}}
  %r = nn.constant dense<[3, 1]> : tensor<2xi64>
  %0 = nn.tile %x, %r : (tensor<2x8xf32>, tensor<2xi64>) -> tensor<6x8xf32>
  return %0 : tensor<6x8xf32>
}

// A negative pad takes elements away.
// CHECK-LABEL: func.func @pad
func.func @pad(%x: tensor<4x4xf32>) -> tensor<5x3xf32> {
  // CHECK: %[[CUT:.*]] = tensor.extract_slice %arg0[0, 1] [4, 3] [1, 1]
  // CHECK: %[[FILLED:.*]] = linalg.fill
  // CHECK: tensor.insert_slice %[[CUT]] into %[[FILLED]][1, 0] [4, 3]
  %p = nn.constant dense<[1, -1, 0, 0]> : tensor<4xi64>
  %0 = nn.pad %x, %p {mode = "constant", axes = array<i64: 0, 1>} : (tensor<4x4xf32>, tensor<4xi64>) -> tensor<5x3xf32>
  return %0 : tensor<5x3xf32>
}
