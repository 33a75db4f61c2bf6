// RUN: burin-opt %s --burin-emit-windows="vector-bits=512 registers=32" --canonicalize --cse --split-input-file | FileCheck %s
// RUN: burin-opt %s --burin-emit-windows="vector-bits=256 registers=16" --canonicalize --cse --split-input-file | FileCheck %s --check-prefix=AVX2

#x = affine_map<(i, j, c, k, l) -> (i + k, j + l, c)>
#w = affine_map<(i, j, c, k, l) -> (k, l, c)>
#y = affine_map<(i, j, c, k, l) -> (i, j, c)>
#id = affine_map<(i, j, c) -> (i, j, c)>
#c = affine_map<(i, j, c) -> (c)>
// CHECK-LABEL: func @depthwise
// AVX2-LABEL: func @depthwise
func.func @depthwise(%y: memref<28x28x40xf32>) {
  // 28 positions are 2 times 14; 40 channels are 2 vectors and a half.
  // CHECK-NOT: memref.alloc() : memref<28x28x40xf32>
  // CHECK: exec.parallel %[[LOWER:.*]] to %[[UPPER:.*]] of %c56
  // CHECK: scf.for {{.*}} to %c32 step %c16
  // CHECK: scf.for {{.*}} = %[[LOWER]] to %[[UPPER]]
  // CHECK: %[[BIAS:.*]] = vector.load {{.*}} : memref<?xf32>, vector<16xf32>
  // CHECK: %[[P:.*]] = arith.mulf
  // CHECK: arith.addf %[[BIAS]], %[[P]]
  // Of 14 x 9 taps each is multiplied once.
  // CHECK-COUNT-125: arith.mulf
  // CHECK-NOT: arith.mulf
  // CHECK-COUNT-14: arith.maximumf
  // CHECK-COUNT-14: vector.store
  // CHECK: vector.maskedload {{.*}} into vector<16xf32>
  // CHECK-COUNT-14: vector.maskedstore
  // CHECK-NOT: linalg
  // AVX2: exec.parallel {{.*}} of %c140
  // AVX2: scf.for {{.*}} to %c40 step %c8
  // AVX2-COUNT-6: vector.store
  // AVX2-NOT: mask
  // AVX2: return
  %zero = arith.constant 0.0 : f32
  %x = memref.alloc() : memref<30x30x40xf32>
  %bias = memref.alloc() : memref<40xf32>
  %w = memref.alloc() : memref<3x3x40xf32>
  %sums = memref.alloc() : memref<28x28x40xf32>
  linalg.generic {indexing_maps = [#c, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%bias : memref<40xf32>) outs(%sums : memref<28x28x40xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %w : memref<30x30x40xf32>, memref<3x3x40xf32>) outs(%sums : memref<28x28x40xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%sums : memref<28x28x40xf32>) outs(%y : memref<28x28x40xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maximumf %in, %zero : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// A number of positions that is not known, and a window of bytes whose rows stay a loop.
#x = affine_map<(i, c, k, l) -> (i * 2 + k, l * 2, c)>
#w = affine_map<(i, c, k, l) -> (k, l)>
#y = affine_map<(i, c, k, l) -> (i, c)>
// CHECK-LABEL: func @max
func.func @max(%x: memref<?x17x144xi8>, %w: memref<7x9xi8>, %y: memref<?x144xi8>) {
  // Four at a time, or one. Of 144 channels two vectors are whole.
  // CHECK: exec.parallel
  // CHECK: scf.for {{.*}} to %c7
  // CHECK-COUNT-72: arith.maxsi {{.*}} : vector<64xi8>
  // CHECK-COUNT-8: vector.store {{.*}} vector<64xi8>
  // CHECK: else
  // CHECK-COUNT-18: arith.maxsi
  // CHECK-COUNT-2: vector.store
  // CHECK-COUNT-36: arith.maxsi
  // CHECK-COUNT-4: vector.maskedstore
  // CHECK: else
  // CHECK-COUNT-9: arith.maxsi
  // CHECK: vector.maskedstore
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %w : memref<?x17x144xi8>, memref<7x9xi8>) outs(%y : memref<?x144xi8>) {
  ^bb0(%a: i8, %unused: i8, %max: i8):
    %0 = arith.maxsi %a, %max : i8
    linalg.yield %0 : i8
  }
  return
}

// -----

// Columns that do not lie side by side: left alone.
#x = affine_map<(i, c, k) -> (i + k, c * 2)>
#w = affine_map<(i, c, k) -> (k)>
#y = affine_map<(i, c, k) -> (i, c)>
// CHECK-LABEL: func @strided
func.func @strided(%x: memref<9x63xf32>, %w: memref<2xi8>, %y: memref<8x32xf32>) {
  // CHECK: linalg.generic
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : memref<9x63xf32>, memref<2xi8>) outs(%y : memref<8x32xf32>) {
  ^bb0(%a: f32, %unused: i8, %max: f32):
    %0 = arith.maximumf %a, %max : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// No windows.
#x = affine_map<(i, c, k) -> (i + k, c)>
#w = affine_map<(i, c, k) -> (k)>
#y = affine_map<(i, c, k) -> (i, c)>
// CHECK-LABEL: func @empty
func.func @empty(%x: memref<1x32xf32>, %w: memref<2xi8>, %y: memref<0x32xf32>) {
  // CHECK-NOT: linalg.generic
  // CHECK: return
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : memref<1x32xf32>, memref<2xi8>) outs(%y : memref<0x32xf32>) {
  ^bb0(%a: f32, %unused: i8, %max: f32):
    %0 = arith.maximumf %a, %max : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// Within a task: all of its lines for some columns before the next columns, whose weights are asked for.
#x = affine_map<(i, j, c, k) -> (i + k, j, c)>
#w = affine_map<(i, j, c, k) -> (k, c)>
#y = affine_map<(i, j, c, k) -> (i, j, c)>
// CHECK-LABEL: func @part
func.func @part(%n: index, %x: memref<10x56x64xf32>, %w: memref<3x64xf32>, %y: memref<8x56x64xf32>) {
  // CHECK: exec.parallel
  exec.parallel %lower to %upper of %n grain 1 {
    // CHECK: %[[W:.*]] = memref.reinterpret_cast %arg2
    // CHECK: scf.for %[[C:.*]] = %c0 to %c64 step %c16
    // CHECK-NEXT: %[[NEXT:.*]] = arith.addi %[[C]], %c16
    // CHECK-NEXT: memref.prefetch %[[W]][%[[NEXT]]]
    // CHECK-COUNT-2: memref.prefetch %[[W]]
    // CHECK-NEXT: scf.for {{.*}} = %c0 to %c32 step %c1
    // CHECK: vector.load
    linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
        ins(%x, %w : memref<10x56x64xf32>, memref<3x64xf32>) outs(%y : memref<8x56x64xf32>) {
    ^bb0(%a: f32, %b: f32, %sum: f32):
      %0 = arith.mulf %a, %b : f32
      %1 = arith.addf %sum, %0 : f32
      linalg.yield %1 : f32
    }
  }
  return
}
