// RUN: burin-opt %s --burin-emit-dot-products="vector-bits=512 registers=32 intrinsic=llvm.x86.avx512.vpdpbusd.512 group=4 unsigned=true" --canonicalize --cse --split-input-file | FileCheck %s
// RUN: burin-opt %s --burin-emit-dot-products="vector-bits=256 registers=16 intrinsic=llvm.x86.avx2.pmadd.wd group=2" --canonicalize --split-input-file | FileCheck %s --check-prefix=WORDS
// RUN: burin-opt %s --burin-emit-dot-products="vector-bits=512 registers=32 intrinsic=llvm.x86.avx512bf16.dpbf16ps.512 group=2 float=true" --canonicalize --split-input-file | FileCheck %s --check-prefix=BFLOAT

// The weights are packed by four: [panels of 64 columns](64 sums, [2 steps][64]).
// CHECK: memref.global "private" constant @w_dotu_192{{.*}} : memref<192xi32>
// WORDS: memref.global "private" constant @w_dotu_320{{.*}} : memref<320xi32>
memref.global "private" constant @w : memref<8x64xi8> = dense<1>
// CHECK-LABEL: func @fused
// WORDS-LABEL: func @fused
func.func @fused(%a: memref<31x8xi8>, %s: memref<64xf32>) -> memref<31x64xi8> {
  // No sums in memory, but those of a tile.
  // CHECK-NOT: memref<31x64xi32>
  // So little work is one task.
  // CHECK: exec.parallel {{.*}} of %c1
  // CHECK-DAG: memref.alloca() {alignment = 64 : i64} : memref<384xi32>
  // CHECK-DAG: memref.alloca() {alignment = 64 : i64} : memref<288xi8>
  // 31 rows are 5 tiles of 6 and one of 1.
  // CHECK: func.call @burin_dot_1x64
  // CHECK: func.call @burin_dot_6x64
  // CHECK: %[[REAL:.*]] = arith.sitofp {{.*}} : vector<16xi32> to vector<16xf32>
  // CHECK: %[[SCALED:.*]] = arith.mulf %[[REAL]]
  // CHECK: vector.store {{.*}} vector<16xi8>
  // Bytes become words on their way to the stack.
  // WORDS: arith.extui {{.*}} : vector<8xi8> to vector<8xi16>
  // WORDS: func.call @burin_dot_6x16
  %c0 = arith.constant 0 : i32
  %w = memref.get_global @w : memref<8x64xi8>
  %sums = memref.alloc() : memref<31x64xi32>
  linalg.fill ins(%c0 : i32) outs(%sums : memref<31x64xi32>)
  linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %w : memref<31x8xi8>, memref<8x64xi8>) outs(%sums : memref<31x64xi32>) {
  ^bb0(%x: i8, %y0: i8, %acc: i32):
    %0 = arith.extui %x : i8 to i32
    %1 = arith.extsi %y0 : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = arith.addi %acc, %2 : i32
    linalg.yield %3 : i32
  }
  %y = memref.alloc() : memref<31x64xi8>
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%sums, %s : memref<31x64xi32>, memref<64xf32>) outs(%y : memref<31x64xi8>) {
  ^bb0(%x: i32, %scale: f32, %out: i8):
    %0 = arith.sitofp %x : i32 to f32
    %1 = arith.mulf %0, %scale : f32
    %2 = arith.fptosi %1 : f32 to i8
    linalg.yield %2 : i8
  }
  return %y : memref<31x64xi8>
}
// CHECK: func.func private @burin_dot_6x64
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// WORDS: %[[PRODUCTS:.*]] = llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
// WORDS: arith.addi %{{.*}}, %[[PRODUCTS]]

// -----

// Signed bytes for an instruction that takes unsigned ones, and columns that are
// left over.
memref.global "private" constant @v : memref<8x24xi8> = dense<1>
// CHECK-LABEL: func @signed
func.func @signed(%a: memref<?x8xi8>, %sums: memref<?x24xi32>) {
  // CHECK: arith.xori {{.*}} : vector<8xi8>
  // Of an unknown number of rows any may be left.
  // CHECK: func.call @burin_dot_1x32
  // CHECK: func.call @burin_dot_2x32
  // CHECK: func.call @burin_dot_4x32
  // CHECK: func.call @burin_dot_6x32
  // CHECK: vector.maskedstore
  %v = memref.get_global @v : memref<8x24xi8>
  linalg.matmul ins(%a, %v : memref<?x8xi8>, memref<8x24xi8>) outs(%sums : memref<?x24xi32>)
  return
}

// -----

// A bias is what sums start with: nothing is added any more.
memref.global "private" constant @bw : memref<8x64xi8> = dense<1>
memref.global "private" constant @bias : memref<64xi32> = dense<1025>
// CHECK-LABEL: func @biased
func.func @biased(%a: memref<32x8xi8>) -> memref<32x64xf32> {
  // CHECK: memref.get_global @bw_dots_192_{{.*}}_bias
  // CHECK: func.call @burin_dot_2x64
  // CHECK: vector.load
  // CHECK-NOT: arith.addi {{.*}} vector
  // CHECK: arith.sitofp
  %c0 = arith.constant 0 : i32
  %w = memref.get_global @bw : memref<8x64xi8>
  %bias = memref.get_global @bias : memref<64xi32>
  %sums = memref.alloc() : memref<32x64xi32>
  linalg.fill ins(%c0 : i32) outs(%sums : memref<32x64xi32>)
  linalg.matmul ins(%a, %w : memref<32x8xi8>, memref<8x64xi8>) outs(%sums : memref<32x64xi32>)
  %y = memref.alloc() : memref<32x64xf32>
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%sums, %bias : memref<32x64xi32>, memref<64xi32>) outs(%y : memref<32x64xf32>) {
  ^bb0(%x: i32, %first: i32, %out: f32):
    %0 = arith.addi %x, %first : i32
    %1 = arith.sitofp %0 : i32 to f32
    linalg.yield %1 : f32
  }
  return %y : memref<32x64xf32>
}

// -----

// Tasks of equal size, and an even number of them: 9 tiles of rows are 4 chunks, and
// the 9 panels, more than stay in a cache, 2 groups.
memref.global "private" constant @many : memref<512x576xi8> = dense<1>
// CHECK-LABEL: func @tasks
func.func @tasks(%a: memref<49x512xi8>, %sums: memref<49x576xi32>) {
  // CHECK: exec.parallel {{.*}} of %c8 grain 1
  %many = memref.get_global @many : memref<512x576xi8>
  linalg.matmul ins(%a, %many : memref<49x512xi8>, memref<512x576xi8>) outs(%sums : memref<49x576xi32>)
  return
}

// -----

// Weights that are not known are none.
// CHECK-LABEL: func @unknown
func.func @unknown(%a: memref<64x64xi8>, %b: memref<64x64xi8>, %sums: memref<64x64xi32>) {
  // CHECK: linalg.matmul
  linalg.matmul ins(%a, %b : memref<64x64xi8>, memref<64x64xi8>) outs(%sums : memref<64x64xi32>)
  return
}

// -----

// No rows.
memref.global "private" constant @e : memref<8x64xi8> = dense<1>
// CHECK-LABEL: func @empty
func.func @empty(%a: memref<0x8xi8>, %sums: memref<0x64xi32>) {
  // CHECK: exec.parallel %{{.*}} to %{{.*}} of %c0
  %e = memref.get_global @e : memref<8x64xi8>
  linalg.matmul ins(%a, %e : memref<0x8xi8>, memref<8x64xi8>) outs(%sums : memref<0x64xi32>)
  return
}

// -----

// Products of f32 where the instruction takes bf16: the weights are rounded at
// compile time (1.5 twice is 0x3fc03fc0), rows on their way to the stack.
// BFLOAT: memref.global "private" constant @r_bf16s_1152{{.*}} : memref<1152xi32>
memref.global "private" constant @r : memref<33x64xf32> = dense<1.5>
// BFLOAT-LABEL: func @floats
func.func @floats(%a: memref<12x33xf32>, %sums: memref<12x64xf32>) {
  // The half group at the end of a row is no NaN.
  // BFLOAT-DAG: %[[ZERO:.*]] = arith.constant 0.000000e+00 : bf16
  // BFLOAT: arith.truncf {{.*}} : vector<32xf32> to vector<32xbf16>
  // BFLOAT: memref.store %[[ZERO]]
  // BFLOAT: func.call @burin_bf16_dot_6x64
  // BFLOAT: arith.addf
  %r = memref.get_global @r : memref<33x64xf32>
  linalg.matmul ins(%a, %r : memref<12x33xf32>, memref<33x64xf32>) outs(%sums : memref<12x64xf32>)
  return
}
// BFLOAT: func.func private @burin_bf16_dot_6x64
// BFLOAT: llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"(%{{.*}}) : (vector<16xf32>, vector<32xbf16>, vector<32xbf16>) -> vector<16xf32>

// -----

// Weights that no nearby cache holds: all rows are copied first, then see one panel after the other. Each of the 34
// kernels asks for its part of the next one, 2 words with each step; that of 3 rows has no time for it.
memref.global "private" constant @w : memref<512x1024xi8> = dense<1>
// CHECK-LABEL: func @large
func.func @large(%a: memref<201x512xi8>, %sums: memref<201x1024xi32>) {
  // CHECK: %[[ROWS:.*]] = memref.alloc() : memref<102912xi8>
  // CHECK: exec.parallel {{.*}} of %c201
  // CHECK: vector.store {{.*}}, %[[ROWS]]
  // CHECK: exec.parallel {{.*}} of %c16
  // CHECK: call @burin_dot_3x64(
  // CHECK: call @burin_dot_6x64_next1({{.*}}, %c2)
  %w = memref.get_global @w : memref<512x1024xi8>
  linalg.matmul ins(%a, %w : memref<201x512xi8>, memref<512x1024xi8>) outs(%sums : memref<201x1024xi32>)
  return
}

// -----

// Lines of an unknown length: the taps of one line after the other are copied.
memref.global "private" constant @w : memref<64x8x3x3xi8> = dense<1>
#x = affine_map<(n, i, j, f, k, l, c) -> (n, i + k, j + l, c)>
#w = affine_map<(n, i, j, f, k, l, c) -> (f, c, k, l)>
#y = affine_map<(n, i, j, f, k, l, c) -> (n, i, j, f)>
// CHECK-LABEL: func.func @unknown_width
// CHECK: exec.parallel
// CHECK: scf.for {{.*}} to %c3
// CHECK: vector.store
// CHECK: func.call @burin_dot_
func.func @unknown_width(%x: memref<1x?x?x8xi8>, %y: memref<1x?x?x64xi32>) {
  %w = memref.get_global @w : memref<64x8x3x3xi8>
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : memref<1x?x?x8xi8>, memref<64x8x3x3xi8>) outs(%y : memref<1x?x?x64xi32>) {
  ^bb0(%a: i8, %b: i8, %sum: i32):
    %0 = arith.extsi %a : i8 to i32
    %1 = arith.extsi %b : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = arith.addi %sum, %2 : i32
    linalg.yield %3 : i32
  }
  return
}

// -----

// Images that are not counted: tiles are those of one, 144 rows of 6 each, and no kernel is for rows that are left.
memref.global "private" constant @w : memref<64x8x3x3xi8> = dense<1>
#x = affine_map<(n, i, j, f, k, l, c) -> (n, i + k, j + l, c)>
#w = affine_map<(n, i, j, f, k, l, c) -> (f, c, k, l)>
#y = affine_map<(n, i, j, f, k, l, c) -> (n, i, j, f)>
// CHECK-LABEL: func.func @images
// CHECK: %[[ROWS:.*]] = arith.muli {{.*}}, %c144
// CHECK: %[[IMAGES:.*]] = arith.divui %[[ROWS]], %c144
// CHECK: %[[TASKS:.*]] = arith.muli %[[IMAGES]], %c3
// CHECK: exec.parallel {{.*}} of %[[TASKS]]
// CHECK-NOT: scf.if
// CHECK: func.call @burin_dot_6x64(
func.func @images(%x: memref<?x14x14x8xi8>, %y: memref<?x12x12x64xi32>) {
  %w = memref.get_global @w : memref<64x8x3x3xi8>
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : memref<?x14x14x8xi8>, memref<64x8x3x3xi8>) outs(%y : memref<?x12x12x64xi32>) {
  ^bb0(%a: i8, %b: i8, %sum: i32):
    %0 = arith.extsi %a : i8 to i32
    %1 = arith.extsi %b : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = arith.addi %sum, %2 : i32
    linalg.yield %3 : i32
  }
  return
}

// -----

// The kernel of 6 rows may be for 5 that are left: their copy has room for it.
memref.global "private" constant @w : memref<1536x512xi8> = dense<1>
// CHECK-LABEL: func.func @copied
func.func @copied(%x: memref<?x1536xi8>, %y: memref<?x512xi32>) {
  // CHECK: %[[ROWS:.*]] = memref.dim %arg0
  // CHECK: %[[THERE:.*]] = arith.addi %[[ROWS]], %c6
  // CHECK: %[[BYTES:.*]] = arith.muli %[[THERE]], %c1536
  // CHECK: memref.alloc(%[[BYTES]])
  %w = memref.get_global @w : memref<1536x512xi8>
  linalg.matmul ins(%x, %w : memref<?x1536xi8>, memref<1536x512xi8>) outs(%y : memref<?x512xi32>)
  return
}
