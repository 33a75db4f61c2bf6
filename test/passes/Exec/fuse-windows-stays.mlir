// RUN: burin-opt %s --burin-fuse-windows --canonicalize --cse --split-input-file | FileCheck %s

#pixel = affine_map<(n, y, x, c, i, j) -> (n, y + i, x + j, c)>
#tap = affine_map<(n, y, x, c, i, j) -> (i, j, c)>
#sum = affine_map<(n, y, x, c, i, j) -> (n, y, x, c)>
#rows = affine_map<(n, y, x, o, c) -> (n, y, x, c)>
#weights = affine_map<(n, y, x, o, c) -> (c, o)>
#out = affine_map<(n, y, x, o, c) -> (n, y, x, o)>
memref.global "private" constant @taps : memref<3x3x32xf32> = dense<0.5>
memref.global "private" constant @weights : memref<32x16xf32> = dense<0.25>
#id = affine_map<(n, y, x, c) -> (n, y, x, c)>

// A cache keeps half a MiB.
// CHECK-LABEL: func @small
// CHECK-NOT: exec.parallel
// CHECK: return
func.func @small(%a: memref<?x65x64x32xf32>, %n: index) -> memref<?x63x62x16xf32> {
  %zero = arith.constant 0.0 : f32
  %taps = memref.get_global @taps : memref<3x3x32xf32>
  %weights = memref.get_global @weights : memref<32x16xf32>
  %b = memref.alloc(%n) : memref<?x63x62x32xf32>
  linalg.fill ins(%zero : f32) outs(%b : memref<?x63x62x32xf32>)
  linalg.generic {indexing_maps = [#pixel, #tap, #sum], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%a, %taps : memref<?x65x64x32xf32>, memref<3x3x32xf32>) outs(%b : memref<?x63x62x32xf32>) {
  ^bb0(%p: f32, %w: f32, %s: f32):
    %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
  }
  %c = memref.alloc(%n) : memref<?x63x62x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x63x62x16xf32>)
  linalg.generic {indexing_maps = [#rows, #weights, #out], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%b, %weights : memref<?x63x62x32xf32>, memref<32x16xf32>) outs(%c : memref<?x63x62x16xf32>) {
  ^bb0(%p: f32, %w: f32, %s: f32):
    %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
  }
  return %c : memref<?x63x62x16xf32>
}

// Others want what is between the two.
// CHECK-LABEL: func @read_twice
// CHECK-NOT: exec.parallel
// CHECK: return
func.func @read_twice(%a: memref<?x66x66x32xf32>, %n: index) -> (memref<?x64x64x16xf32>, memref<?x64x64x32xf32>) {
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
  return %c, %b : memref<?x64x64x16xf32>, memref<?x64x64x32xf32>
}

// Or what the sums start with.
// CHECK-LABEL: func @started
// CHECK-NOT: exec.parallel
// CHECK: return
func.func @started(%a: memref<?x66x66x32xf32>, %r: memref<?x64x64x16xf32>, %n: index) -> (memref<?x64x64x16xf32>, memref<?x64x64x16xf32>) {
  %zero = arith.constant 0.0 : f32
  %taps = memref.get_global @taps : memref<3x3x32xf32>
  %weights = memref.get_global @weights : memref<32x16xf32>
  %c = memref.alloc(%n) : memref<?x64x64x16xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%r : memref<?x64x64x16xf32>) outs(%c : memref<?x64x64x16xf32>) {
  ^bb0(%p: f32, %o: f32):
    %t = arith.addf %p, %p : f32 linalg.yield %t : f32
  }
  %d = memref.alloc(%n) : memref<?x64x64x16xf32>
  memref.copy %c, %d : memref<?x64x64x16xf32> to memref<?x64x64x16xf32>
  %b = memref.alloc(%n) : memref<?x64x64x32xf32>
  linalg.fill ins(%zero : f32) outs(%b : memref<?x64x64x32xf32>)
  linalg.generic {indexing_maps = [#pixel, #tap, #sum], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%a, %taps : memref<?x66x66x32xf32>, memref<3x3x32xf32>) outs(%b : memref<?x64x64x32xf32>) {
  ^bb0(%p: f32, %w: f32, %s: f32):
    %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
  }
  linalg.generic {indexing_maps = [#rows, #weights, #out], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%b, %weights : memref<?x64x64x32xf32>, memref<32x16xf32>) outs(%c : memref<?x64x64x16xf32>) {
  ^bb0(%p: f32, %w: f32, %s: f32):
    %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
  }
  return %c, %d : memref<?x64x64x16xf32>, memref<?x64x64x16xf32>
}

// -----

#pixel = affine_map<(n, y, x, c, i, j) -> (n, y + i, x + j, c)>
#tap = affine_map<(n, y, x, c, i, j) -> (i, j, c)>
#sum = affine_map<(n, y, x, c, i, j) -> (n, y, x, c)>
#rows = affine_map<(n, y, x, o, c) -> (n, y, x, c)>
#weights = affine_map<(n, y, x, o, c) -> (c, o)>
#out = affine_map<(n, y, x, o, c) -> (n, y, x, o)>
memref.global "private" constant @taps : memref<3x3x32xf32> = dense<0.5>
memref.global "private" constant @weights : memref<32x32xf32> = dense<0.25>

// Blocks would write over lines that others still read.
// CHECK-LABEL: func @in_place
// CHECK-NOT: exec.parallel
// CHECK: return
func.func @in_place(%n: index) -> memref<?x66x66x32xf32> {
  %a = memref.alloc(%n) : memref<?x66x66x32xf32>
  %zero = arith.constant 0.0 : f32
  %taps = memref.get_global @taps : memref<3x3x32xf32>
  %weights = memref.get_global @weights : memref<32x32xf32>
  %b = memref.alloc(%n) : memref<?x64x64x32xf32>
  linalg.fill ins(%zero : f32) outs(%b : memref<?x64x64x32xf32>)
  linalg.generic {indexing_maps = [#pixel, #tap, #sum], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%a, %taps : memref<?x66x66x32xf32>, memref<3x3x32xf32>) outs(%b : memref<?x64x64x32xf32>) {
  ^bb0(%p: f32, %w: f32, %s: f32):
    %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
  }
  %c = memref.subview %a[0, 1, 1, 0] [%n, 64, 64, 32] [1, 1, 1, 1] : memref<?x66x66x32xf32> to memref<?x64x64x32xf32, strided<[139392, 2112, 32, 1], offset: 2144>>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x64x64x32xf32, strided<[139392, 2112, 32, 1], offset: 2144>>)
  linalg.generic {indexing_maps = [#rows, #weights, #out], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%b, %weights : memref<?x64x64x32xf32>, memref<32x32xf32>) outs(%c : memref<?x64x64x32xf32, strided<[139392, 2112, 32, 1], offset: 2144>>) {
  ^bb0(%p: f32, %w: f32, %s: f32):
    %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
  }
  return %a : memref<?x66x66x32xf32>
}

// -----

#pixel = affine_map<(n, y, x, c, i, j) -> (n, y + i, x + j, c)>
#tap = affine_map<(n, y, x, c, i, j) -> (i, j, c)>
#sum = affine_map<(n, y, x, c, i, j) -> (n, y, x, c)>
#rows = affine_map<(n, y, x, o, c) -> (n, y, x, c)>
#weights = affine_map<(n, y, x, o, c) -> (c, o)>
#out = affine_map<(n, y, x, o, c) -> (n, y, x, o)>
#id = affine_map<(n, y, x, c) -> (n, y, x, c)>
memref.global "private" constant @taps : memref<3x3x32xf32> = dense<0.5>
memref.global "private" constant @weights : memref<32x512xf32> = dense<0.25>

// As many lines as a stack has room for where sums are not stored as what they become.
// CHECK-LABEL: func @wide
// CHECK: exec.parallel
// CHECK-DAG: memref.alloca() {{.*}} : memref<1x2x64x32xf32>
// CHECK-DAG: memref.alloca() {{.*}} : memref<1x2x64x512xf32>
func.func @wide(%a: memref<?x66x66x32xf32>, %r: memref<?x64x64x512xf32, strided<[4194304, 65536, 1024, 2]>>, %n: index) -> memref<?x64x64x512xf32> {
  %zero = arith.constant 0.0 : f32
  %taps = memref.get_global @taps : memref<3x3x32xf32>
  %weights = memref.get_global @weights : memref<32x512xf32>
  %b = memref.alloc(%n) : memref<?x64x64x32xf32>
  linalg.fill ins(%zero : f32) outs(%b : memref<?x64x64x32xf32>)
  linalg.generic {indexing_maps = [#pixel, #tap, #sum], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%a, %taps : memref<?x66x66x32xf32>, memref<3x3x32xf32>) outs(%b : memref<?x64x64x32xf32>) {
  ^bb0(%p: f32, %w: f32, %s: f32):
    %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
  }
  %c = memref.alloc(%n) : memref<?x64x64x512xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x64x64x512xf32>)
  linalg.generic {indexing_maps = [#rows, #weights, #out], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%b, %weights : memref<?x64x64x32xf32>, memref<32x512xf32>) outs(%c : memref<?x64x64x512xf32>) {
  ^bb0(%p: f32, %w: f32, %s: f32):
    %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
  }
  %d = memref.alloc(%n) : memref<?x64x64x512xf32>
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%c, %r : memref<?x64x64x512xf32>, memref<?x64x64x512xf32, strided<[4194304, 65536, 1024, 2]>>) outs(%d : memref<?x64x64x512xf32>) {
  ^bb0(%s: f32, %q: f32, %o: f32):
    %t = arith.addf %s, %q : f32 linalg.yield %t : f32
  }
  return %d : memref<?x64x64x512xf32>
}

// -----

#pixel = affine_map<(n, y, x, o, c, i, j) -> (n, y + i, x + j, c)>
#filter = affine_map<(n, y, x, o, c, i, j) -> (o, c, i, j)>
#conv = affine_map<(n, y, x, o, c, i, j) -> (n, y, x, o)>
#seen = affine_map<(n, y, x, c, i, j) -> (n, y * 2 + i, x * 2 + j, c)>
#tap = affine_map<(n, y, x, c, i, j) -> (i, j)>
#sum = affine_map<(n, y, x, c, i, j) -> (n, y, x, c)>
memref.global "private" constant @filters : memref<64x8x3x3xf32> = dense<0.5>

// Winograd's algorithm takes lines together; poolings see what it leaves in memory.
// CHECK-LABEL: func @winograd
// CHECK-NOT: exec.parallel
// CHECK: return
func.func @winograd(%a: memref<1x66x66x8xf32>) -> memref<1x32x32x64xf32> {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %filters = memref.get_global @filters : memref<64x8x3x3xf32>
  %c = memref.alloc() : memref<1x64x64x64xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<1x64x64x64xf32>)
  linalg.generic {indexing_maps = [#pixel, #filter, #conv], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%a, %filters : memref<1x66x66x8xf32>, memref<64x8x3x3xf32>) outs(%c : memref<1x64x64x64xf32>) {
  ^bb0(%p: f32, %w: f32, %s: f32):
    %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
  }
  %window = memref.alloc() : memref<2x2xi8>
  %d = memref.alloc() : memref<1x32x32x64xf32>
  linalg.fill ins(%least : f32) outs(%d : memref<1x32x32x64xf32>)
  linalg.generic {indexing_maps = [#seen, #tap, #sum], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%c, %window : memref<1x64x64x64xf32>, memref<2x2xi8>) outs(%d : memref<1x32x32x64xf32>) {
  ^bb0(%p: f32, %w: i8, %s: f32):
    %t = arith.maximumf %p, %s : f32 linalg.yield %t : f32
  }
  return %d : memref<1x32x32x64xf32>
}
