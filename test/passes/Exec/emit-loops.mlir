// RUN: burin-opt %s --burin-emit-loops=vector-bits=256 --canonicalize --cse --split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>
#outer = affine_map<(d0, d1) -> (d0)>

// Equal shapes: one loop over all elements, a mask for the last five.
// CHECK-LABEL: func @merged
func.func @merged(%a: memref<3x7xf32>, %b: memref<3x7xf32>) {
  // CHECK: scf.for %{{.*}} = %c0 to %c16 step %c8
  // CHECK: vector.load
  // CHECK: math.sqrt {{.*}} : vector<8xf32>
  // CHECK: vector.constant_mask [5] : vector<8xi1>
  // CHECK: vector.maskedstore
  linalg.sqrt ins(%a : memref<3x7xf32>) outs(%b : memref<3x7xf32>)
  return
}

// -----

// Sizes known at run time only: the runtime shares the range among threads.
// CHECK-LABEL: func @dynamic
func.func @dynamic(%a: memref<?xf32>, %b: memref<?xf32>) {
  // CHECK: exec.parallel %[[L:.*]] to %[[U:.*]] of %{{.*}} grain
  // CHECK: scf.for
  // CHECK: scf.if
  // CHECK: vector.create_mask
  linalg.sqrt ins(%a : memref<?xf32>) outs(%b : memref<?xf32>)
  return
}

// How many rows of unknown length are worth a thread shows at run time.
// CHECK-LABEL: func @unknown_rows
func.func @unknown_rows(%a: memref<12x?xf32>, %b: memref<?xf32>) {
  // CHECK: %[[WORK:.*]] = arith.muli %{{.*}}, %c20
  // CHECK: %[[LEAST:.*]] = arith.maxui %[[WORK]], %c1
  // CHECK: %[[ROWS:.*]] = arith.divui %c32768, %[[LEAST]]
  // CHECK: %[[GRAIN:.*]] = arith.maxui %[[ROWS]], %c1
  // CHECK: %[[TASKS:.*]] = arith.ceildivui %c12, %[[GRAIN]]
  // CHECK: exec.parallel %[[LOWER:.*]] to %[[UPPER:.*]] of %[[TASKS]] grain 1
  // CHECK: arith.muli %[[LOWER]], %[[GRAIN]]
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%b : memref<?xf32>) outs(%a : memref<12x?xf32>) {
  ^bb0(%x: f32, %y: f32):
    %z = arith.addf %x, %y : f32
    linalg.yield %z : f32
  }
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#outer = affine_map<(d0, d1) -> (d0)>

// A sum along the contiguous loop accumulates in lanes, of four vectors at once while there are so many.
// CHECK-LABEL: func @row_sums
func.func @row_sums(%a: memref<4x84xf32>, %b: memref<4xf32>) {
  // CHECK: %[[SUMS:.*]]:4 = scf.for {{.*}} to %c64 step %c32 {{.*}} -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>)
  // CHECK-COUNT-4: arith.addf {{.*}} : vector<8xf32>
  // CHECK: %[[A:.*]] = arith.addf %[[SUMS]]#2, %[[SUMS]]#0
  // CHECK: %[[B:.*]] = arith.addf %[[SUMS]]#3, %[[SUMS]]#1
  // CHECK: %[[ALL:.*]] = arith.addf %[[B]], %[[A]]
  // CHECK: scf.for {{.*}} = %c64 to %c80 step %c8 iter_args(%{{.*}} = %[[ALL]]) -> (vector<8xf32>)
  // CHECK: arith.addf {{.*}} : vector<8xf32>
  // CHECK: vector.reduction <add>, {{.*}} fastmath<reassoc>
  linalg.generic {indexing_maps = [#id, #outer], iterator_types = ["parallel", "reduction"]}
      ins(%a : memref<4x84xf32>) outs(%b : memref<4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %out, %in : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#inner = affine_map<(d0, d1) -> (d1)>

// A sum along the other loop keeps vectors of sums: four while there are as many.
// CHECK-LABEL: func @column_sums
func.func @column_sums(%a: memref<4x72xf32>, %b: memref<72xf32>) {
  // CHECK: scf.for %{{.*}} = %c0 to %c64 step %c32
  // CHECK: %[[SUMS:.*]]:4 = scf.for {{.*}} iter_args
  // CHECK: vector.store %[[SUMS]]#3
  // CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<8xf32>)
  // CHECK-NOT: vector.reduction
  linalg.generic {indexing_maps = [#id, #inner], iterator_types = ["reduction", "parallel"]}
      ins(%a : memref<4x72xf32>) outs(%b : memref<72xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %out, %in : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// Images may well be one: threads share its columns, too, in blocks of four vectors.
// CHECK-LABEL: func @image_sums
func.func @image_sums(%a: memref<?x256x96xf32>, %b: memref<?x96xf32>) {
  // CHECK: %[[TASKS:.*]] = arith.muli %{{.*}}, %c3
  // CHECK: exec.parallel {{.*}} of %[[TASKS]]
  // CHECK: scf.for %[[TASK:.*]] =
  // CHECK-DAG: arith.divui %[[TASK]], %c3
  // CHECK-DAG: %[[BLOCK:.*]] = arith.remui %[[TASK]], %c3
  // CHECK: arith.muli %[[BLOCK]], %c32
  // CHECK: %[[SUMS:.*]]:4 = scf.for {{.*}} to %c256 {{.*}} iter_args
  linalg.generic {indexing_maps = [affine_map<(n, i, j) -> (n, i, j)>, affine_map<(n, i, j) -> (n, j)>], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%a : memref<?x256x96xf32>) outs(%b : memref<?x96xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %out, %in : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// Borders are filled line by line in one loop: the first line, and the last two pixels of the 14 after it.
// CHECK-LABEL: func @borders
func.func @borders(%n: index, %zero: f32) -> memref<?x15x16x64xf32> {
  // CHECK: %[[LINES:.*]] = arith.muli %{{.*}}, %c15
  // CHECK: exec.parallel {{.*}} of %[[LINES]]
  // CHECK: scf.for %[[TASK:.*]] =
  // CHECK: %[[LINE:.*]] = arith.remui %[[TASK]], %c15
  // CHECK: arith.cmpi ule, %[[LINE]], %c0
  // CHECK: scf.if
  // CHECK: scf.for {{.*}} to %c1024
  // CHECK: %[[INSIDE:.*]] = arith.subi %[[LINE]], %c1
  // CHECK: arith.cmpi ule, %[[INSIDE]], %c13
  // CHECK: scf.if
  // CHECK: scf.for {{.*}} to %c128
  // CHECK-NOT: exec.parallel
  // CHECK: return
  %a = memref.alloc(%n) : memref<?x15x16x64xf32>
  %top = memref.subview %a[0, 0, 0, 0] [%n, 1, 16, 64] [1, 1, 1, 1] : memref<?x15x16x64xf32> to memref<?x1x16x64xf32, strided<[15360, 1024, 64, 1]>>
  linalg.fill ins(%zero : f32) outs(%top : memref<?x1x16x64xf32, strided<[15360, 1024, 64, 1]>>)
  %right = memref.subview %a[0, 1, 14, 0] [%n, 14, 2, 64] [1, 1, 1, 1] : memref<?x15x16x64xf32> to memref<?x14x2x64xf32, strided<[15360, 1024, 64, 1], offset: 1920>>
  linalg.fill ins(%zero : f32) outs(%right : memref<?x14x2x64xf32, strided<[15360, 1024, 64, 1], offset: 1920>>)
  return %a : memref<?x15x16x64xf32>
}

// Not those with a value each, nor what is read between them.
// CHECK-LABEL: func @apart
func.func @apart(%zero: f32, %one: f32) -> memref<1x3x16x64xf32> {
  // CHECK-NOT: scf.if
  // CHECK: return
  %a = memref.alloc() : memref<1x3x16x64xf32>
  %b = memref.alloc() : memref<1x1x16x64xf32>
  %top = memref.subview %a[0, 0, 0, 0] [1, 1, 16, 64] [1, 1, 1, 1] : memref<1x3x16x64xf32> to memref<1x1x16x64xf32, strided<[3072, 1024, 64, 1]>>
  linalg.fill ins(%zero : f32) outs(%top : memref<1x1x16x64xf32, strided<[3072, 1024, 64, 1]>>)
  %middle = memref.subview %a[0, 1, 0, 0] [1, 1, 16, 64] [1, 1, 1, 1] : memref<1x3x16x64xf32> to memref<1x1x16x64xf32, strided<[3072, 1024, 64, 1], offset: 1024>>
  linalg.fill ins(%one : f32) outs(%middle : memref<1x1x16x64xf32, strided<[3072, 1024, 64, 1], offset: 1024>>)
  memref.copy %middle, %b : memref<1x1x16x64xf32, strided<[3072, 1024, 64, 1], offset: 1024>> to memref<1x1x16x64xf32>
  %last = memref.subview %a[0, 2, 0, 0] [1, 1, 16, 64] [1, 1, 1, 1] : memref<1x3x16x64xf32> to memref<1x1x16x64xf32, strided<[3072, 1024, 64, 1], offset: 2048>>
  linalg.fill ins(%one : f32) outs(%last : memref<1x1x16x64xf32, strided<[3072, 1024, 64, 1], offset: 2048>>)
  return %a : memref<1x3x16x64xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// Rows gathered by an index are loaded as vectors.
// CHECK-LABEL: func @gather
func.func @gather(%table: memref<100x32xf32>, %i: memref<5xi64>, %b: memref<5x32xf32>) {
  // CHECK: memref.load %{{.*}} : memref<?xi64>
  // CHECK: vector.load %{{.*}} : memref<100x32xf32>, vector<8xf32>
  linalg.generic {indexing_maps = [#rows, #id], iterator_types = ["parallel", "parallel"]}
      ins(%i : memref<5xi64>) outs(%b : memref<5x32xf32>) {
  ^bb0(%in: i64, %out: f32):
    %0 = arith.index_cast %in : i64 to index
    %1 = linalg.index 1 : index
    %2 = memref.load %table[%0, %1] : memref<100x32xf32>
    linalg.yield %2 : f32
  }
  return
}

// -----

// What is taken out of words is multiplied with eight rows, then four, two and one.
// CHECK-LABEL: func @rows
func.func @rows(%w: memref<4x8xi32>, %a: memref<15x4xi32>, %b: memref<15x8xi32>) {
  // CHECK: scf.for {{.*}} step %c8
  // CHECK: iter_args({{.*}}) -> (vector<8xi32>, vector<8xi32>, vector<8xi32>, vector<8xi32>, vector<8xi32>, vector<8xi32>, vector<8xi32>, vector<8xi32>)
  // CHECK-COUNT-1: arith.andi
  // CHECK-NOT: arith.andi
  // CHECK-COUNT-8: exec.dot
  // CHECK: scf.for {{.*}} step %c4
  // CHECK-COUNT-1: arith.andi
  // CHECK-NOT: arith.andi
  // CHECK-COUNT-4: exec.dot
  // CHECK: arith.andi
  // CHECK-COUNT-2: exec.dot
  // CHECK: arith.andi
  // CHECK-COUNT-1: exec.dot
  // CHECK-NOT: exec.dot
  linalg.generic {
    indexing_maps = [affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>],
    iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%w, %a : memref<4x8xi32>, memref<15x4xi32>) outs(%b : memref<15x8xi32>) {
  ^bb0(%x: i32, %y: i32, %sum: i32):
    %mask = arith.constant 252645135 : i32
    %low = arith.andi %x, %mask : i32
    %0 = exec.dot %low, %y, %sum : i32
    linalg.yield %0 : i32
  }
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>

// Work for three ranges of 25 is four of 18: two threads share it alike.
// CHECK-LABEL: func.func @even
func.func @even(%a: memref<70x64xf32>, %b: memref<64xf32>, %c: memref<70x64xf32>) {
  // CHECK: exec.parallel {{.*}} of %c70 grain 18 {
  linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%a, %b : memref<70x64xf32>, memref<64xf32>) outs(%c : memref<70x64xf32>) {
  ^bb0(%x: f32, %y: f32, %out: f32):
    %0 = arith.addf %x, %y : f32
    linalg.yield %0 : f32
  }
  return
}
