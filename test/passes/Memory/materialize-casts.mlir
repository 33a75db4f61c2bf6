// RUN: burin-opt %s --burin-materialize-casts | FileCheck %s

// Sizes may be forgotten, and strides that are those of the sizes are none.
// CHECK-LABEL: func @sizes
func.func @sizes(%a: memref<2x3xf32>) -> memref<2x?xf32> {
  // CHECK-NEXT: memref.cast
  %0 = memref.cast %a : memref<2x3xf32> to memref<2x?xf32>
  return %0 : memref<2x?xf32>
}

// CHECK-LABEL: func @strides
func.func @strides(%a: memref<?x?xf32, strided<[?, 1], offset: ?>>) -> memref<?x?xf32> {
  // CHECK: %[[COPY:.*]] = memref.alloc(%{{.*}}, %{{.*}}) : memref<?x?xf32>
  // CHECK: linalg.copy ins(%arg0 {{.*}} outs(%[[COPY]]
  // CHECK: return %[[COPY]]
  %0 = memref.cast %a : memref<?x?xf32, strided<[?, 1], offset: ?>> to memref<?x?xf32>
  return %0 : memref<?x?xf32>
}
