// RUN: burin-opt %s --burin-emit-depthwise="vector-bits=512 intrinsic=llvm.x86.avx512.vpdpbusd.512 group=4 unsigned=true" --canonicalize --cse | FileCheck %s
// RUN: burin-opt %s --burin-emit-depthwise="vector-bits=256 intrinsic=llvm.x86.avx2.pmadd.wd group=2" --canonicalize --cse | FileCheck %s --check-prefix=WORDS

// 144 channels are 3 blocks of 64: sums to start with, and 9 taps as 3 groups.
// CHECK: memref.global "private" constant @w_depthwiseu{{.*}} : memref<768xi32>
memref.global "private" constant @w : memref<3x3x144xi8> = dense<1>
// CHECK-LABEL: func @conv
// WORDS-LABEL: func @conv
func.func @conv(%x: memref<1x16x16x144xi8>, %s: memref<144xf32>) -> memref<1x14x14x144xi8> {
  // CHECK-NOT: memref<1x14x14x144xi32>
  // CHECK: exec.parallel
  // Two whole blocks: four taps side by side, bytes first, then pairs.
  // CHECK: scf.for {{.*}} to %c2
  // CHECK: vector.shuffle {{.*}} : vector<64xi8>, vector<64xi8>
  // CHECK: vector.shuffle {{.*}} : vector<32xi16>, vector<32xi16>
  // CHECK-COUNT-12: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
  // CHECK: vector.store {{.*}} vector<16xi8>
  // 16 channels are left.
  // CHECK: vector.maskedload {{.*}} into vector<64xi8>
  // CHECK-COUNT-12: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
  // CHECK: vector.store {{.*}} vector<16xi8>
  // CHECK-NOT: store
  // Words by two: 5 groups of two vectors.
  // WORDS: vector.shuffle {{.*}} : vector<16xi16>, vector<16xi16>
  // WORDS-COUNT-10: llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
  // WORDS-NOT: llvm.call_intrinsic
  %c0 = arith.constant 0 : i32
  %w = memref.get_global @w : memref<3x3x144xi8>
  %sums = memref.alloc() : memref<1x14x14x144xi32>
  linalg.fill ins(%c0 : i32) outs(%sums : memref<1x14x14x144xi32>)
  linalg.generic {indexing_maps = [affine_map<(n, i, j, c, k, l) -> (n, i + k, j + l, c)>, affine_map<(n, i, j, c, k, l) -> (k, l, c)>, affine_map<(n, i, j, c, k, l) -> (n, i, j, c)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %w : memref<1x16x16x144xi8>, memref<3x3x144xi8>) outs(%sums : memref<1x14x14x144xi32>) {
  ^bb0(%in: i8, %tap: i8, %acc: i32):
    %0 = arith.extui %in : i8 to i32
    %1 = arith.extsi %tap : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = arith.addi %acc, %2 : i32
    linalg.yield %3 : i32
  }
  %y = memref.alloc() : memref<1x14x14x144xi8>
  linalg.generic {indexing_maps = [affine_map<(n, i, j, c) -> (n, i, j, c)>, affine_map<(n, i, j, c) -> (c)>, affine_map<(n, i, j, c) -> (n, i, j, c)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%sums, %s : memref<1x14x14x144xi32>, memref<144xf32>) outs(%y : memref<1x14x14x144xi8>) {
  ^bb0(%sum: i32, %scale: f32, %out: i8):
    %0 = arith.sitofp %sum : i32 to f32
    %1 = arith.mulf %0, %scale : f32
    %2 = arith.fptosi %1 : f32 to i8
    linalg.yield %2 : i8
  }
  return %y : memref<1x14x14x144xi8>
}
