// RUN: burin-opt %s --burin-fuse-windows --canonicalize --cse --split-input-file | FileCheck %s

#pixel = affine_map<(n, y, x, c, i, j) -> (n, y + i, x + j, c)>
#tap = affine_map<(n, y, x, c, i, j) -> (i, j, c)>
#sum = affine_map<(n, y, x, c, i, j) -> (n, y, x, c)>
#rows = affine_map<(n, y, x, o, c) -> (n, y, x, c)>
#weights = affine_map<(n, y, x, o, c) -> (c, o)>
#out = affine_map<(n, y, x, o, c) -> (n, y, x, o)>
memref.global "private" constant @taps : memref<3x3x32xf32> = dense<0.5>
memref.global "private" constant @weights : memref<32x16xf32> = dense<0.25>

// Blocks of 8 lines: with the 10 that they are calculated from they fit a cache.
// CHECK-LABEL: func @separable
// CHECK: %[[OUT:.*]] = memref.alloc(%{{.*}}) : memref<?x64x64x16xf32>
// CHECK: %[[BLOCKS:.*]] = arith.muli %{{.*}}, %c8
// CHECK: exec.parallel %[[FIRST:.*]] to %[[LAST:.*]] of %[[BLOCKS]] grain 1
// CHECK: %[[MIDDLE:.*]] = memref.alloca() {{.*}} : memref<1x8x64x32xf32>
// CHECK: scf.for %[[I:.*]] = %[[FIRST]] to %[[LAST]]
// CHECK: linalg.fill {{.*}} outs(%[[MIDDLE]]
// CHECK: %[[SEEN:.*]] = memref.subview %arg0[{{.*}}] [1, 10, 66, 32]
// CHECK: linalg.generic {{.*}} ins(%[[SEEN]], {{.*}} outs(%[[MIDDLE]]
// CHECK: %[[LINES:.*]] = memref.subview %[[OUT]][{{.*}}] [1, 8, 64, 16]
// CHECK: linalg.fill {{.*}} outs(%[[LINES]]
// CHECK: linalg.generic {{.*}} ins(%[[MIDDLE]], {{.*}} outs(%[[LINES]]
// CHECK-NOT: linalg.generic
// CHECK: return %[[OUT]]
func.func @separable(%a: memref<?x66x66x32xf32>, %n: index) -> memref<?x64x64x16xf32> {
  %zero = arith.constant 0.0 : f32
  %taps = memref.get_global @taps : memref<3x3x32xf32>
  %weights = memref.get_global @weights : memref<32x16xf32>
  %b = memref.alloc(%n) : memref<?x64x64x32xf32>
  linalg.fill ins(%zero : f32) outs(%b : memref<?x64x64x32xf32>)
  linalg.generic {indexing_maps = [#pixel, #tap, #sum], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%a, %taps : memref<?x66x66x32xf32>, memref<3x3x32xf32>) outs(%b : memref<?x64x64x32xf32>) {
  ^bb0(%p: f32, %w: f32, %s: f32):
    %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
  }
  %c = memref.alloc(%n) : memref<?x64x64x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x64x64x16xf32>)
  linalg.generic {indexing_maps = [#rows, #weights, #out], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%b, %weights : memref<?x64x64x32xf32>, memref<32x16xf32>) outs(%c : memref<?x64x64x16xf32>) {
  ^bb0(%p: f32, %w: f32, %s: f32):
    %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
  }
  return %c : memref<?x64x64x16xf32>
}

// -----

#pixel = affine_map<(n, y, x, c, i, j) -> (n, y + i, x + j, c)>
#tap = affine_map<(n, y, x, c, i, j) -> (i, j, c)>
#sum = affine_map<(n, y, x, c, i, j) -> (n, y, x, c)>
#rows = affine_map<(n, y, x, o, c) -> (n, y, x, c)>
#weights = affine_map<(n, y, x, o, c) -> (c, o)>
#out = affine_map<(n, y, x, o, c) -> (n, y, x, o)>
memref.global "private" constant @taps : memref<3x3x48xf32> = dense<0.5>
memref.global "private" constant @weights : memref<48x8xf32> = dense<0.25>
memref.global "private" constant @grow : memref<8x48xf32> = dense<0.25>
#id = affine_map<(n, y, x, c) -> (n, y, x, c)>
#bias = affine_map<(n, y, x, c) -> (c)>

// 60 lines are 10 blocks of 6, half of them a task. Of the 8 lines that a block
// convolves, 2 are those that the block before it ended with. 5 blocks go down
// their lines before the next one starts at the top.
// CHECK-LABEL: func @inverted_residual
// CHECK: %[[OUT:.*]] = memref.alloc() : memref<1x60x64x8xf32>
// CHECK: exec.parallel %[[FIRST:.*]] to %[[LAST:.*]] of %c10 grain 5
// CHECK-DAG: %[[INPUT:.*]] = memref.alloca() {{.*}} : memref<1x32x66x48xf32>
// CHECK-DAG: %[[LINE:.*]] = memref.alloca() {{.*}} : memref<1x1x64x48xf32>
// CHECK-DAG: %[[MIDDLE:.*]] = memref.alloca() {{.*}} : memref<1x6x64x48xf32>
// CHECK-DAG: %[[SUMS:.*]] = memref.alloca() {{.*}} : memref<1x6x64x8xf32>
// CHECK: %[[LEFT:.*]] = memref.subview %[[INPUT]][0, 0, 0, 0] [1, 32, 1, 48]
// CHECK: linalg.fill {{.*}} outs(%[[LEFT]]
// CHECK: %[[RIGHT:.*]] = memref.subview %[[INPUT]][0, 0, 65, 0] [1, 32, 1, 48]
// CHECK: linalg.fill {{.*}} outs(%[[RIGHT]]
// CHECK: scf.for %[[I:.*]] = %[[FIRST]] to %[[LAST]]
// CHECK: %[[START:.*]] = arith.muli %{{.*}}, %c6
// CHECK: %[[GOES_ON:.*]] = arith.andi
// CHECK: %[[DONE:.*]] = arith.subi %[[I]], %[[FIRST]]
// CHECK: %[[NUMBER:.*]] = arith.remui %[[DONE]], %c5
// CHECK: %[[PLACE:.*]] = arith.muli %[[NUMBER]], %c6
// CHECK: %[[IS_TOP:.*]] = arith.cmpi eq, %[[PLACE]], %c0
// CHECK: %[[IS_MOVED:.*]] = arith.andi %[[GOES_ON]], %[[IS_TOP]]
// CHECK: scf.if %[[IS_MOVED]] {
// CHECK: memref.subview %[[INPUT]][0, 30, 0, 0] [1, 2, 66, 48]
// CHECK: memref.subview %[[INPUT]][0, 0, 0, 0] [1, 2, 66, 48]
// CHECK: memref.copy
// CHECK: %[[FROM:.*]] = arith.select %[[GOES_ON]], %c2, %c0
// CHECK: scf.for %[[J:.*]] = %[[FROM]] to %c8
// CHECK: %[[AT:.*]] = arith.addi %[[PLACE]], %[[J]]
// CHECK: %[[ROW:.*]] = memref.subview %[[INPUT]][0, %[[AT]], 0, 0] [1, 1, 66, 48]
// CHECK: %[[Y:.*]] = arith.addi %[[START]], %[[J]]
// CHECK: %[[INNER:.*]] = arith.subi %[[Y]], %c1
// CHECK: %[[IS_INSIDE:.*]] = arith.cmpi ult, %[[INNER]], %c60
// CHECK: scf.if %[[IS_INSIDE]]
// CHECK: %[[PIXELS:.*]] = memref.subview %[[ROW]][0, 0, 1, 0] [1, 1, 64, 48]
// CHECK: %[[X:.*]] = memref.subview %arg0[%{{.*}}, %[[INNER]], 0, 0] [1, 1, 64, 8]
// CHECK: linalg.generic {{.*}} ins(%[[X]], {{.*}} outs(%[[LINE]]
// CHECK: linalg.generic {{.*}} ins(%[[LINE]] {{.*}} outs(%[[PIXELS]]
// CHECK: } else {
// CHECK: linalg.fill {{.*}} outs(%[[ROW]]
// CHECK: %[[SEEN:.*]] = memref.subview %[[INPUT]][0, %[[PLACE]], 0, 0] [1, 8, 66, 48]
// CHECK: linalg.generic {{.*}} ins(%[[SEEN]], {{.*}} outs(%[[MIDDLE]]
// CHECK: linalg.generic {{.*}} ins(%[[MIDDLE]], {{.*}} outs(%[[SUMS]]
// CHECK: %[[RESIDUAL:.*]] = memref.subview %arg0[%{{.*}}, %[[START]], 0, 0] [1, 6, 64, 8]
// CHECK: %[[LINES:.*]] = memref.subview %[[OUT]][%{{.*}}, %[[START]], 0, 0] [1, 6, 64, 8]
// CHECK: linalg.generic {{.*}} ins(%[[SUMS]], %[[RESIDUAL]] {{.*}} outs(%[[LINES]]
// CHECK-NOT: linalg.generic
// CHECK: return %[[OUT]]
func.func @inverted_residual(%x: memref<1x60x64x8xf32>) -> memref<1x60x64x8xf32> {
  %zero = arith.constant 0.0 : f32
  %taps = memref.get_global @taps : memref<3x3x48xf32>
  %weights = memref.get_global @weights : memref<48x8xf32>
  %grow = memref.get_global @grow : memref<8x48xf32>
  %g = memref.alloc() : memref<1x60x64x48xf32>
  linalg.fill ins(%zero : f32) outs(%g : memref<1x60x64x48xf32>)
  linalg.generic {indexing_maps = [#rows, #weights, #out], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%x, %grow : memref<1x60x64x8xf32>, memref<8x48xf32>) outs(%g : memref<1x60x64x48xf32>) {
  ^bb0(%p: f32, %w: f32, %s: f32):
    %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
  }
  %pad = memref.alloc() : memref<1x62x66x48xf32>
  %e0 = memref.subview %pad[0, 0, 0, 0] [1, 1, 66, 48] [1, 1, 1, 1] : memref<1x62x66x48xf32> to memref<1x1x66x48xf32, strided<[196416, 3168, 48, 1]>>
  linalg.fill ins(%zero : f32) outs(%e0 : memref<1x1x66x48xf32, strided<[196416, 3168, 48, 1]>>)
  %e1 = memref.subview %pad[0, 61, 0, 0] [1, 1, 66, 48] [1, 1, 1, 1] : memref<1x62x66x48xf32> to memref<1x1x66x48xf32, strided<[196416, 3168, 48, 1], offset: 193248>>
  linalg.fill ins(%zero : f32) outs(%e1 : memref<1x1x66x48xf32, strided<[196416, 3168, 48, 1], offset: 193248>>)
  %e2 = memref.subview %pad[0, 1, 0, 0] [1, 60, 1, 48] [1, 1, 1, 1] : memref<1x62x66x48xf32> to memref<1x60x1x48xf32, strided<[196416, 3168, 48, 1], offset: 3168>>
  linalg.fill ins(%zero : f32) outs(%e2 : memref<1x60x1x48xf32, strided<[196416, 3168, 48, 1], offset: 3168>>)
  %e3 = memref.subview %pad[0, 1, 65, 0] [1, 60, 1, 48] [1, 1, 1, 1] : memref<1x62x66x48xf32> to memref<1x60x1x48xf32, strided<[196416, 3168, 48, 1], offset: 6288>>
  linalg.fill ins(%zero : f32) outs(%e3 : memref<1x60x1x48xf32, strided<[196416, 3168, 48, 1], offset: 6288>>)
  %inner = memref.subview %pad[0, 1, 1, 0] [1, 60, 64, 48] [1, 1, 1, 1] : memref<1x62x66x48xf32> to memref<1x60x64x48xf32, strided<[196416, 3168, 48, 1], offset: 3216>>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%g : memref<1x60x64x48xf32>) outs(%inner : memref<1x60x64x48xf32, strided<[196416, 3168, 48, 1], offset: 3216>>) {
  ^bb0(%s: f32, %o: f32):
    %t = arith.maximumf %s, %zero : f32 linalg.yield %t : f32
  }
  %b = memref.alloc() : memref<1x60x64x48xf32>
  linalg.fill ins(%zero : f32) outs(%b : memref<1x60x64x48xf32>)
  linalg.generic {indexing_maps = [#pixel, #tap, #sum], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%pad, %taps : memref<1x62x66x48xf32>, memref<3x3x48xf32>) outs(%b : memref<1x60x64x48xf32>) {
  ^bb0(%p: f32, %w: f32, %s: f32):
    %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
  }
  %c = memref.alloc() : memref<1x60x64x8xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<1x60x64x8xf32>)
  linalg.generic {indexing_maps = [#rows, #weights, #out], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%b, %weights : memref<1x60x64x48xf32>, memref<48x8xf32>) outs(%c : memref<1x60x64x8xf32>) {
  ^bb0(%p: f32, %w: f32, %s: f32):
    %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
  }
  %d = memref.alloc() : memref<1x60x64x8xf32>
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%c, %x : memref<1x60x64x8xf32>, memref<1x60x64x8xf32>) outs(%d : memref<1x60x64x8xf32>) {
  ^bb0(%s: f32, %q: f32, %o: f32):
    %t = arith.addf %s, %q : f32 linalg.yield %t : f32
  }
  return %d : memref<1x60x64x8xf32>
}

// What is filled afterwards may be part of the interior: it stays a tensor. Nor are lines
// written over that others may still read: a sum in place stays where it is.
// CHECK-LABEL: func @stay
// CHECK: %[[X:.*]] = memref.alloc() : memref<1x60x64x8xf32>
// CHECK: %[[INPUT:.*]] = memref.alloc() : memref<1x62x66x48xf32>
// CHECK: exec.parallel
// CHECK: memref.subview %[[INPUT]][{{.*}}] [1, {{.*}}, 66, 48]
// CHECK-NOT: memref.copy
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[X]] {{.*}} outs(%[[X]]
// CHECK: return %[[X]]
func.func @stay() -> memref<1x60x64x8xf32> {
  %x = memref.alloc() : memref<1x60x64x8xf32>
  %zero = arith.constant 0.0 : f32
  %taps = memref.get_global @taps : memref<3x3x48xf32>
  %weights = memref.get_global @weights : memref<48x8xf32>
  %grow = memref.get_global @grow : memref<8x48xf32>
  %g = memref.alloc() : memref<1x60x64x48xf32>
  linalg.fill ins(%zero : f32) outs(%g : memref<1x60x64x48xf32>)
  linalg.generic {indexing_maps = [#rows, #weights, #out], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%x, %grow : memref<1x60x64x8xf32>, memref<8x48xf32>) outs(%g : memref<1x60x64x48xf32>) {
  ^bb0(%p: f32, %w: f32, %s: f32):
    %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
  }
  %pad = memref.alloc() : memref<1x62x66x48xf32>
  %e0 = memref.subview %pad[0, 0, 0, 0] [1, 1, 66, 48] [1, 1, 1, 1] : memref<1x62x66x48xf32> to memref<1x1x66x48xf32, strided<[196416, 3168, 48, 1]>>
  linalg.fill ins(%zero : f32) outs(%e0 : memref<1x1x66x48xf32, strided<[196416, 3168, 48, 1]>>)
  %e1 = memref.subview %pad[0, 61, 0, 0] [1, 1, 66, 48] [1, 1, 1, 1] : memref<1x62x66x48xf32> to memref<1x1x66x48xf32, strided<[196416, 3168, 48, 1], offset: 193248>>
  linalg.fill ins(%zero : f32) outs(%e1 : memref<1x1x66x48xf32, strided<[196416, 3168, 48, 1], offset: 193248>>)
  %e2 = memref.subview %pad[0, 1, 0, 0] [1, 60, 1, 48] [1, 1, 1, 1] : memref<1x62x66x48xf32> to memref<1x60x1x48xf32, strided<[196416, 3168, 48, 1], offset: 3168>>
  linalg.fill ins(%zero : f32) outs(%e2 : memref<1x60x1x48xf32, strided<[196416, 3168, 48, 1], offset: 3168>>)
  %inner = memref.subview %pad[0, 1, 1, 0] [1, 60, 64, 48] [1, 1, 1, 1] : memref<1x62x66x48xf32> to memref<1x60x64x48xf32, strided<[196416, 3168, 48, 1], offset: 3216>>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%g : memref<1x60x64x48xf32>) outs(%inner : memref<1x60x64x48xf32, strided<[196416, 3168, 48, 1], offset: 3216>>) {
  ^bb0(%s: f32, %o: f32):
    %t = arith.maximumf %s, %zero : f32 linalg.yield %t : f32
  }
  %e3 = memref.subview %pad[0, 1, 65, 0] [1, 60, 1, 48] [1, 1, 1, 1] : memref<1x62x66x48xf32> to memref<1x60x1x48xf32, strided<[196416, 3168, 48, 1], offset: 6288>>
  linalg.fill ins(%zero : f32) outs(%e3 : memref<1x60x1x48xf32, strided<[196416, 3168, 48, 1], offset: 6288>>)
  %b = memref.alloc() : memref<1x60x64x48xf32>
  linalg.fill ins(%zero : f32) outs(%b : memref<1x60x64x48xf32>)
  linalg.generic {indexing_maps = [#pixel, #tap, #sum], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%pad, %taps : memref<1x62x66x48xf32>, memref<3x3x48xf32>) outs(%b : memref<1x60x64x48xf32>) {
  ^bb0(%p: f32, %w: f32, %s: f32):
    %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
  }
  %c = memref.alloc() : memref<1x60x64x8xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<1x60x64x8xf32>)
  linalg.generic {indexing_maps = [#rows, #weights, #out], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%b, %weights : memref<1x60x64x48xf32>, memref<48x8xf32>) outs(%c : memref<1x60x64x8xf32>) {
  ^bb0(%p: f32, %w: f32, %s: f32):
    %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
  }
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%c, %x : memref<1x60x64x8xf32>, memref<1x60x64x8xf32>) outs(%x : memref<1x60x64x8xf32>) {
  ^bb0(%s: f32, %q: f32, %o: f32):
    %t = arith.addf %s, %q : f32 linalg.yield %t : f32
  }
  return %x : memref<1x60x64x8xf32>
}

// -----

#image = affine_map<(n, y, x, o, c, i, j) -> (n, c, y * 2 + i, x * 2 + j)>
#filter = affine_map<(n, y, x, o, c, i, j) -> (o, c, i, j)>
#conv = affine_map<(n, y, x, o, c, i, j) -> (n, y, x, o)>
#pixel = affine_map<(n, y, x, c, i, j) -> (n, y * 2 + i, x * 2 + j, c)>
#tap = affine_map<(n, y, x, c, i, j) -> (i, j)>
#sum = affine_map<(n, y, x, c, i, j) -> (n, y, x, c)>
#id = affine_map<(n, y, x, c) -> (n, y, x, c)>
memref.global "private" constant @filters : memref<48x3x3x3xf32> = dense<0.5>

// A pooling goes by lines as well: what it sees may be calculated from an image whose
// channels lie apart. Of 17 lines the block before has left the first.
// CHECK-LABEL: func @stem
// CHECK: %[[OUT:.*]] = memref.alloc() : memref<1x32x32x48xf32>
// CHECK: exec.parallel %[[FIRST:.*]] to %[[LAST:.*]] of %c4 grain 1
// CHECK-DAG: %[[INPUT:.*]] = memref.alloca() {{.*}} : memref<1x33x65x48xf32>
// CHECK-DAG: %[[LINE:.*]] = memref.alloca() {{.*}} : memref<1x1x64x48xf32>
// CHECK: %[[LEFT:.*]] = memref.subview %[[INPUT]][0, 0, 0, 0] [1, 33, 1, 48]
// CHECK: linalg.fill ins(%[[LEAST:.*]] : f32) outs(%[[LEFT]]
// CHECK: scf.for %[[I:.*]] = %[[FIRST]] to %[[LAST]]
// CHECK: %[[START:.*]] = arith.muli %[[PART:.*]], %c8
// CHECK: %[[FROM:.*]] = arith.select %{{.*}}, %c1, %c0
// CHECK: scf.for %[[J:.*]] = %[[FROM]] to %c17
// CHECK: %[[AT:.*]] = arith.muli %[[PART]], %c16
// CHECK: %[[Y:.*]] = arith.addi %[[AT]], %[[J]]
// CHECK: %[[INNER:.*]] = arith.subi %[[Y]], %c1
// CHECK: %[[TOP:.*]] = arith.muli %[[INNER]], %c2
// CHECK: %[[X:.*]] = memref.subview %arg0[%{{.*}}, 0, %[[TOP]], 0] [1, 3, 3, 129]
// CHECK: linalg.generic {{.*}} ins(%[[X]], {{.*}} outs(%[[LINE]]
// CHECK: %[[SEEN:.*]] = memref.subview %[[INPUT]][0, %{{.*}}, 0, 0] [1, 17, 65, 48]
// CHECK: %[[LINES:.*]] = memref.subview %[[OUT]][%{{.*}}, %[[START]], 0, 0] [1, 8, 32, 48]
// CHECK: linalg.fill ins(%[[LEAST]] : f32) outs(%[[LINES]]
// CHECK: linalg.generic {{.*}} ins(%[[SEEN]], {{.*}} outs(%[[LINES]]
// CHECK-NOT: linalg.generic
// CHECK: return %[[OUT]]
func.func @stem(%image: memref<1x3x129x129xf32>) -> memref<1x32x32x48xf32> {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %filters = memref.get_global @filters : memref<48x3x3x3xf32>
  %c = memref.alloc() : memref<1x64x64x48xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<1x64x64x48xf32>)
  linalg.generic {indexing_maps = [#image, #filter, #conv], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%image, %filters : memref<1x3x129x129xf32>, memref<48x3x3x3xf32>) outs(%c : memref<1x64x64x48xf32>) {
  ^bb0(%p: f32, %w: f32, %s: f32):
    %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
  }
  %pad = memref.alloc() : memref<1x65x65x48xf32>
  %e0 = memref.subview %pad[0, 0, 0, 0] [1, 1, 65, 48] [1, 1, 1, 1] : memref<1x65x65x48xf32> to memref<1x1x65x48xf32, strided<[202800, 3120, 48, 1]>>
  linalg.fill ins(%least : f32) outs(%e0 : memref<1x1x65x48xf32, strided<[202800, 3120, 48, 1]>>)
  %e1 = memref.subview %pad[0, 1, 0, 0] [1, 64, 1, 48] [1, 1, 1, 1] : memref<1x65x65x48xf32> to memref<1x64x1x48xf32, strided<[202800, 3120, 48, 1], offset: 3120>>
  linalg.fill ins(%least : f32) outs(%e1 : memref<1x64x1x48xf32, strided<[202800, 3120, 48, 1], offset: 3120>>)
  %inner = memref.subview %pad[0, 1, 1, 0] [1, 64, 64, 48] [1, 1, 1, 1] : memref<1x65x65x48xf32> to memref<1x64x64x48xf32, strided<[202800, 3120, 48, 1], offset: 3168>>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%c : memref<1x64x64x48xf32>) outs(%inner : memref<1x64x64x48xf32, strided<[202800, 3120, 48, 1], offset: 3168>>) {
  ^bb0(%s: f32, %o: f32):
    %t = arith.maximumf %s, %zero : f32 linalg.yield %t : f32
  }
  %window = memref.alloc() : memref<3x3xi8>
  %d = memref.alloc() : memref<1x32x32x48xf32>
  linalg.fill ins(%least : f32) outs(%d : memref<1x32x32x48xf32>)
  linalg.generic {indexing_maps = [#pixel, #tap, #sum], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%pad, %window : memref<1x65x65x48xf32>, memref<3x3xi8>) outs(%d : memref<1x32x32x48xf32>) {
  ^bb0(%p: f32, %w: i8, %s: f32):
    %t = arith.maximumf %p, %s : f32 linalg.yield %t : f32
  }
  return %d : memref<1x32x32x48xf32>
}
