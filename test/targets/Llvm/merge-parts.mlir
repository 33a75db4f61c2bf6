// RUN: burin-opt %s --burin-merge-parts | FileCheck %s

// What is the same in all stays; what differs is captured, in order.
// CHECK-LABEL: func @main
// CHECK-SAME: exec.parts = ["main_part0", "main_part1", "main_part0"]
func.func @main(%call: !llvm.ptr, %n: index, %m: memref<?xf32>)
    attributes {exec.parts = ["main_part0", "main_part1", "main_part2"]} {
  // CHECK: %[[A0:.*]] = exec.constant 0[64]
  // CHECK: %[[B0:.*]] = exec.arena 128
  // CHECK: exec.launch @main_part0 of %{{.*}} grain 4(%arg2, %[[A0]], %[[B0]])
  exec.launch @main_part0 of %n grain 4(%m) : memref<?xf32>
  // CHECK: exec.launch @main_part1 of %{{.*}} grain 4(%arg2)
  exec.launch @main_part1 of %n grain 4(%m) : memref<?xf32>
  // CHECK: %[[A2:.*]] = exec.constant 0[128]
  // CHECK: %[[B2:.*]] = exec.arena 256
  // CHECK: exec.launch @main_part0 of %{{.*}} grain 8(%arg2, %[[A2]], %[[B2]])
  exec.launch @main_part2 of %n grain 8(%m) : memref<?xf32>
  return
}

// CHECK: func private @main_part0(%{{.*}}: memref<?xf32>, %[[A:.*]]: memref<8xf32>, %[[B:.*]]: memref<8xf32>)
// CHECK: %[[SAME:.*]] = exec.arena 0 : memref<8xf32>
// CHECK: memref.load %[[A]]
// CHECK: memref.load %[[SAME]]
// CHECK: memref.store %{{.*}}, %[[B]]
func.func private @main_part0(%call: !llvm.ptr, %lower: index, %upper: index, %m: memref<?xf32>) {
  %a = exec.constant 0[64] : memref<8xf32>
  %b = exec.arena 0 : memref<8xf32>
  %c = exec.arena 128 : memref<8xf32>
  %x = memref.load %a[%lower] : memref<8xf32>
  %y = memref.load %b[%lower] : memref<8xf32>
  %z = arith.addf %x, %y : f32
  memref.store %z, %c[%lower] : memref<8xf32>
  return
}

// Calculates something else.
// CHECK: func private @main_part1
// CHECK: exec.constant 0[64]
func.func private @main_part1(%call: !llvm.ptr, %lower: index, %upper: index, %m: memref<?xf32>) {
  %a = exec.constant 0[64] : memref<8xf32>
  %b = exec.arena 0 : memref<8xf32>
  %c = exec.arena 128 : memref<8xf32>
  %x = memref.load %a[%lower] : memref<8xf32>
  %y = memref.load %b[%lower] : memref<8xf32>
  %z = arith.mulf %x, %y : f32
  memref.store %z, %c[%lower] : memref<8xf32>
  return
}

// CHECK-NOT: @main_part2
func.func private @main_part2(%call: !llvm.ptr, %lower: index, %upper: index, %m: memref<?xf32>) {
  %a = exec.constant 0[128] : memref<8xf32>
  %b = exec.arena 0 : memref<8xf32>
  %c = exec.arena 256 : memref<8xf32>
  %x = memref.load %a[%lower] : memref<8xf32>
  %y = memref.load %b[%lower] : memref<8xf32>
  %z = arith.addf %x, %y : f32
  memref.store %z, %c[%lower] : memref<8xf32>
  return
}
