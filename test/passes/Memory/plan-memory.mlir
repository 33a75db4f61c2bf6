// RUN: burin-opt %s --burin-plan-memory --split-input-file | FileCheck %s

// %a and %c are never alive together, %b is alive with both.
// CHECK-LABEL: func @reuse()
// CHECK-SAME: exec.arena_bytes = 512 : i64, exec.arena_lower_bound = 512 : i64
func.func @reuse() {
  %i = arith.constant 0 : index
  %x = arith.constant 1.0 : f32
  // CHECK: exec.arena 0 : memref<64xf32>
  %a = memref.alloc() : memref<64xf32>
  memref.store %x, %a[%i] : memref<64xf32>
  // CHECK: exec.arena 256 : memref<64xf32>
  %b = memref.alloc() : memref<64xf32>
  %0 = memref.load %a[%i] : memref<64xf32>
  memref.store %0, %b[%i] : memref<64xf32>
  // CHECK: exec.arena 0 : memref<64xf32>
  %c = memref.alloc() : memref<64xf32>
  %1 = memref.load %b[%i] : memref<64xf32>
  memref.store %1, %c[%i] : memref<64xf32>
  return
}

// -----

// A view keeps its buffer alive.
// CHECK-LABEL: func @views()
// CHECK-SAME: exec.arena_bytes = 128 : i64
func.func @views() {
  %i = arith.constant 0 : index
  %x = arith.constant 1.0 : f32
  %a = memref.alloc() : memref<16xf32>
  %v = memref.subview %a[4] [2] [1] : memref<16xf32> to memref<2xf32, strided<[1], offset: 4>>
  %b = memref.alloc() : memref<16xf32>
  memref.store %x, %b[%i] : memref<16xf32>
  memref.store %x, %v[%i] : memref<2xf32, strided<[1], offset: 4>>
  return
}

// -----

// CHECK-LABEL: func @dynamic
func.func @dynamic() {
  %i = arith.constant 0 : index
  %x = arith.constant 1.0 : f32
  %n = exec.state_length 0
  // CHECK: %[[M:.*]] = exec.allocate(%{{.*}}) : memref<?xf32>
  %a = memref.alloc(%n) : memref<?xf32>
  // CHECK: memref.store {{.*}} %[[M]]
  // CHECK-NEXT: exec.release %[[M]]
  memref.store %x, %a[%i] : memref<?xf32>
  %b = memref.alloc() : memref<16xf32>
  memref.store %x, %b[%i] : memref<16xf32>
  return
}

// -----

// What leaves its block lives to the end of the run.
// CHECK-LABEL: func @escapes
func.func @escapes() {
  %i = arith.constant 0 : index
  %x = arith.constant 1.0 : f32
  %n = exec.state_length 0
  %t = arith.cmpi sgt, %n, %i : index
  %m = scf.if %t -> memref<?xf32> {
    %a = memref.alloc(%n) : memref<?xf32>
    scf.yield %a : memref<?xf32>
  } else {
    %b = memref.alloc(%i) : memref<?xf32>
    scf.yield %b : memref<?xf32>
  }
  // CHECK-NOT: exec.release
  memref.store %x, %m[%i] : memref<?xf32>
  return
}
