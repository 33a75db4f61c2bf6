// RUN: burin-opt %s --burin-emit-loops="vector-bits=128" --canonicalize --split-input-file | FileCheck %s

// Squares of four vectors in registers; what is left of odd sizes element by element.
// CHECK-LABEL: func @square
func.func @square(%x: memref<9x8xf32>, %y: memref<8x9xf32>) {
  // CHECK: exec.parallel
  // CHECK: scf.if
  // CHECK-COUNT-4: vector.load %{{.*}} : memref<?xf32>, vector<4xf32>
  // CHECK: vector.shuffle %{{.*}}, %{{.*}} [0, 4, 1, 5] : vector<4xf32>, vector<4xf32>
  // CHECK: vector.shuffle %{{.*}}, %{{.*}} [2, 6, 3, 7] : vector<4xf32>, vector<4xf32>
  // CHECK-COUNT-4: vector.store %{{.*}} : memref<?xf32>, vector<4xf32>
  // CHECK: else
  // CHECK: memref.load
  // CHECK: memref.store
  linalg.transpose ins(%x : memref<9x8xf32>) outs(%y : memref<8x9xf32>) permutation = [1, 0]
  return
}

// -----

// Few channels side by side: vectors of pixels become one of all their channels.
// CHECK-LABEL: func @channels
func.func @channels(%x: memref<3x64xf32>, %y: memref<64x3xi8>) {
  // CHECK-COUNT-3: arith.fptosi %{{.*}} : vector<4xf32> to vector<4xi8>
  // CHECK: %[[ALL:.*]] = vector.shuffle %{{.*}}, %{{.*}} [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11] : vector<8xi8>, vector<8xi8>
  // CHECK: vector.store %[[ALL]], %{{.*}} : memref<?xi8>, vector<12xi8>
  // CHECK-NOT: memref.load
  linalg.generic {indexing_maps = [affine_map<(p, c) -> (c, p)>, affine_map<(p, c) -> (p, c)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<3x64xf32>) outs(%y : memref<64x3xi8>) {
  ^bb0(%a: f32, %b: i8):
    %0 = arith.fptosi %a : f32 to i8
    linalg.yield %0 : i8
  }
  return
}

// -----

// Neighbours that are read and written together stay as they are.
// CHECK-LABEL: func @rows
func.func @rows(%x: memref<8x16x4xf32>, %y: memref<16x8x4xf32>) {
  // CHECK-NOT: vector.shuffle
  linalg.transpose ins(%x : memref<8x16x4xf32>) outs(%y : memref<16x8x4xf32>) permutation = [1, 0, 2]
  return
}
