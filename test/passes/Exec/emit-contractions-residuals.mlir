// RUN: burin-opt %s --burin-emit-contractions="vector-bits=512 registers=32" --canonicalize --cse | FileCheck %s

memref.global "private" constant @w : memref<64x64xf32> = dense<1.0>
#id = affine_map<(m, n) -> (m, n)>

// Other memory that is added is all loaded before the first store: no load waits for one.
// CHECK-LABEL: func @residual
// CHECK: vector.fma
// CHECK-NOT: has_side_effects
// CHECK-NOT: vector.store
// CHECK-COUNT-28: arith.addf {{.*}} : vector<16xf32>
// CHECK-COUNT-28: vector.store
func.func @residual(%r: memref<28x64xf32>, %y: memref<28x64xf32>) {
  %zero = arith.constant 0.0 : f32
  %w = memref.get_global @w : memref<64x64xf32>
  %x = memref.alloc() : memref<28x64xf32>
  %s = memref.alloc() : memref<28x64xf32>
  linalg.fill ins(%zero : f32) outs(%s : memref<28x64xf32>)
  linalg.matmul ins(%x, %w : memref<28x64xf32>, memref<64x64xf32>) outs(%s : memref<28x64xf32>)
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%s, %r : memref<28x64xf32>, memref<28x64xf32>) outs(%y : memref<28x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %t = arith.addf %a, %b : f32
    linalg.yield %t : f32
  }
  return
}
