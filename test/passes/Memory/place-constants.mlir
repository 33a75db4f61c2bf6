// RUN: burin-opt %s --burin-place-constants | FileCheck %s

// Offsets are multiples of 64 in the order of use; what nobody reads is gone.
// CHECK: exec.weights_bytes = 192
// CHECK-NOT: @unused
// CHECK: @b : memref<20xf32> = dense<2.000000e+00> {exec.offset = 0
// CHECK: @a : memref<3xi8> = dense<1> {exec.offset = 128
memref.global "private" constant @unused : memref<3xi8> = dense<0>
memref.global "private" constant @b : memref<20xf32> = dense<2.0>
memref.global "private" constant @a : memref<3xi8> = dense<1>
func.func @main() -> (memref<20xf32>, memref<3xi8>, memref<20xf32>) {
  // CHECK: exec.constant 0[0] : memref<20xf32>
  %0 = memref.get_global @b : memref<20xf32>
  // CHECK: exec.constant 0[128] : memref<3xi8>
  %1 = memref.get_global @a : memref<3xi8>
  // CHECK: exec.constant 0[0] : memref<20xf32>
  %2 = memref.get_global @b : memref<20xf32>
  return %0, %1, %2 : memref<20xf32>, memref<3xi8>, memref<20xf32>
}
