// RUN: burin-opt %s --burin-bind-interface --split-input-file | FileCheck %s

// CHECK-LABEL: func @reshaped()
// CHECK-SAME: exec.inputs = [{nn.name = "x"}]
func.func @reshaped(%x: memref<4xf32> {nn.name = "x"}) -> memref<2x2xf32> {
  // The result is all of the buffer: its memory is the output's.
  // CHECK: exec.output 0() : memref<2x2xf32>
  // CHECK-NOT: linalg.copy
  %0 = memref.alloc() : memref<4xf32>
  linalg.exp ins(%x : memref<4xf32>) outs(%0 : memref<4xf32>)
  %1 = memref.expand_shape %0 [[0, 1]] output_shape [2, 2] : memref<4xf32> into memref<2x2xf32>
  return %1 : memref<2x2xf32>
}

// -----

// An input that is returned, and a buffer that is returned twice, are copied.
// CHECK-LABEL: func @shared()
func.func @shared(%x: memref<?xf32>) -> (memref<?xf32>, memref<4xf32>, memref<4xf32>) {
  // CHECK: %[[IN:.*]] = exec.input 0
  // CHECK: %[[N:.*]] = memref.dim %[[IN]]
  // CHECK: %[[OUT:.*]] = exec.output 0(%[[N]]) : memref<?xf32>
  // CHECK: linalg.copy ins(%[[IN]] {{.*}} outs(%[[OUT]]
  // CHECK: exec.output 1()
  // CHECK: linalg.copy
  // CHECK: exec.output 2()
  // CHECK: linalg.copy
  %c = arith.constant 1.0 : f32
  %0 = memref.alloc() : memref<4xf32>
  linalg.fill ins(%c : f32) outs(%0 : memref<4xf32>)
  return %x, %0, %0 : memref<?xf32>, memref<4xf32>, memref<4xf32>
}

// -----

// A part of a buffer is not the buffer.
// CHECK-LABEL: func @part()
func.func @part() -> memref<2xf32, strided<[1], offset: 1>> {
  // CHECK: memref.alloc
  // CHECK: exec.output 0() : memref<2xf32>
  // CHECK: linalg.copy
  %c = arith.constant 1.0 : f32
  %0 = memref.alloc() : memref<4xf32>
  linalg.fill ins(%c : f32) outs(%0 : memref<4xf32>)
  %1 = memref.subview %0[1] [2] [1] : memref<4xf32> to memref<2xf32, strided<[1], offset: 1>>
  return %1 : memref<2xf32, strided<[1], offset: 1>>
}
