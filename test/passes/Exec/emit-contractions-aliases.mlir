// RUN: burin-opt %s --burin-emit-contractions="vector-bits=512 registers=32" --canonicalize --cse | FileCheck %s

memref.global "private" constant @w : memref<64x64xf32> = dense<1.0>
#id = affine_map<(m, n) -> (m, n)>

// What is written before the sums are read may be what was multiplied: these stay before it.
// CHECK-LABEL: func @selected
// CHECK: exec.parallel
// CHECK: linalg.fill
// CHECK: linalg.generic
func.func @selected(%which: i1, %y: memref<32x64xf32>) {
  %zero = arith.constant 0.0 : f32
  %w = memref.get_global @w : memref<64x64xf32>
  %x = memref.alloc() : memref<32x64xf32>
  %q = memref.alloc() : memref<32x64xf32>
  %one = arith.select %which, %q, %x : memref<32x64xf32>
  %s = memref.alloc() : memref<32x64xf32>
  linalg.fill ins(%zero : f32) outs(%s : memref<32x64xf32>)
  linalg.matmul ins(%x, %w : memref<32x64xf32>, memref<64x64xf32>) outs(%s : memref<32x64xf32>)
  linalg.fill ins(%zero : f32) outs(%one : memref<32x64xf32>)
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%s, %one : memref<32x64xf32>, memref<32x64xf32>) outs(%y : memref<32x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %t = arith.addf %a, %b : f32 linalg.yield %t : f32
  }
  return
}

// CHECK-LABEL: func @branches
// CHECK: exec.parallel
// CHECK: linalg.fill
// CHECK: linalg.generic
func.func @branches(%which: i1, %y: memref<32x64xf32>) {
  %zero = arith.constant 0.0 : f32
  %w = memref.get_global @w : memref<64x64xf32>
  %x = memref.alloc() : memref<32x64xf32>
  %one = scf.if %which -> memref<32x64xf32> {
    %q = memref.alloc() : memref<32x64xf32>
    linalg.fill ins(%zero : f32) outs(%q : memref<32x64xf32>)
    scf.yield %q : memref<32x64xf32>
  } else {
    scf.yield %x : memref<32x64xf32>
  }
  %s = memref.alloc() : memref<32x64xf32>
  linalg.fill ins(%zero : f32) outs(%s : memref<32x64xf32>)
  linalg.matmul ins(%x, %w : memref<32x64xf32>, memref<64x64xf32>) outs(%s : memref<32x64xf32>)
  linalg.fill ins(%zero : f32) outs(%one : memref<32x64xf32>)
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%s, %one : memref<32x64xf32>, memref<32x64xf32>) outs(%y : memref<32x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %t = arith.addf %a, %b : f32 linalg.yield %t : f32
  }
  return
}

// What loops carry is what they start with; buffers that they do not see are others.
// CHECK-LABEL: func @loop
// CHECK: scf.for
// CHECK: linalg.fill
// CHECK-NOT: linalg.generic
// CHECK: scf.for
// CHECK: exec.parallel
// CHECK: linalg.fill
// CHECK: linalg.generic
func.func @loop(%n: index, %y: memref<32x64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %w = memref.get_global @w : memref<64x64xf32>
  %x = memref.alloc() : memref<32x64xf32>
  %q = memref.alloc() : memref<32x64xf32>
  %r = memref.alloc() : memref<32x64xf32>
  %last:2 = scf.for %i = %c0 to %n step %c1 iter_args(%one = %q, %two = %r) -> (memref<32x64xf32>, memref<32x64xf32>) {
    %s = memref.alloc() : memref<32x64xf32>
    linalg.fill ins(%zero : f32) outs(%s : memref<32x64xf32>)
    linalg.matmul ins(%x, %w : memref<32x64xf32>, memref<64x64xf32>) outs(%s : memref<32x64xf32>)
    linalg.fill ins(%zero : f32) outs(%one : memref<32x64xf32>)
    linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%s, %one : memref<32x64xf32>, memref<32x64xf32>) outs(%y : memref<32x64xf32>) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %t = arith.addf %a, %b : f32 linalg.yield %t : f32
    }
    scf.yield %two, %one : memref<32x64xf32>, memref<32x64xf32>
  }
  scf.for %i = %c0 to %n step %c1 {
    %s = memref.alloc() : memref<32x64xf32>
    linalg.fill ins(%zero : f32) outs(%s : memref<32x64xf32>)
    linalg.matmul ins(%r, %w : memref<32x64xf32>, memref<64x64xf32>) outs(%s : memref<32x64xf32>)
    linalg.fill ins(%zero : f32) outs(%last#0 : memref<32x64xf32>)
    linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%s, %last#0 : memref<32x64xf32>, memref<32x64xf32>) outs(%y : memref<32x64xf32>) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %t = arith.addf %a, %b : f32 linalg.yield %t : f32
    }
  }
  return
}

// Tiles would be stored where others still read what they start with.
// CHECK-LABEL: func @start
// CHECK: exec.parallel
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : memref<32x64xf32>) outs(%{{.*}} : memref<32x64xf32>)
func.func @start(%a: memref<32x64xf32>) -> memref<32x64xf32> {
  %w = memref.get_global @w : memref<64x64xf32>
  %x = memref.alloc() : memref<32x64xf32>
  %row = memref.subview %x[0, 0] [1, 64] [1, 1] : memref<32x64xf32> to memref<64xf32, strided<[1]>>
  %s = memref.alloc() : memref<32x64xf32>
  linalg.generic {indexing_maps = [affine_map<(m, n) -> (n)>, #id], iterator_types = ["parallel", "parallel"]} ins(%row : memref<64xf32, strided<[1]>>) outs(%s : memref<32x64xf32>) {
  ^bb0(%b: f32, %o: f32):
    linalg.yield %b : f32
  }
  linalg.matmul ins(%a, %w : memref<32x64xf32>, memref<64x64xf32>) outs(%s : memref<32x64xf32>)
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%s : memref<32x64xf32>) outs(%x : memref<32x64xf32>) {
  ^bb0(%b: f32, %o: f32):
    %t = arith.addf %b, %b : f32 linalg.yield %t : f32
  }
  return %x : memref<32x64xf32>
}
