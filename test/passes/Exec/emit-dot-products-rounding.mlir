// RUN: burin-opt %s --burin-emit-dot-products="vector-bits=512 registers=32 intrinsic=llvm.x86.avx512bf16.dpbf16ps.512 group=2 float=true" --canonicalize --split-input-file --mlir-elide-resource-strings-if-larger=4000 | FileCheck %s

// Weights of 1.003 lie between the bf16s 1 (0x3f80) and 1.0078125 (0x3f81). The
// nearest is 1, but 12 of 32 become the other, so that all add up to what they did:
// after 16 sums that start with 0 there are 6 steps of two such and 10 of none.
memref.global "private" constant @w : memref<32x16xf32> = dense<1.003>
// CHECK-LABEL: func @sums
func.func @sums(%a: memref<12x32xf32>, %sums: memref<12x16xf32>) {
  %w = memref.get_global @w : memref<32x16xf32>
  linalg.matmul ins(%a, %w : memref<12x32xf32>, memref<32x16xf32>) outs(%sums : memref<12x16xf32>)
  return
}
// CHECK: packed: "0x40000000{{(0{64}){2}((813F813F){16}){6}(((803F803F){16}){10})}}"

// -----

// What is infinite stays so, and its neighbours are the nearest.
memref.global "private" constant @w : memref<32x16xf32> = dense<0x7F800000>
// CHECK-LABEL: func @infinite
func.func @infinite(%a: memref<12x32xf32>, %sums: memref<12x16xf32>) {
  %w = memref.get_global @w : memref<32x16xf32>
  linalg.matmul ins(%a, %w : memref<12x32xf32>, memref<32x16xf32>) outs(%sums : memref<12x16xf32>)
  return
}
// CHECK: packed: "0x40000000{{(0{64}){2}(((807F807F){16}){16})}}"

// -----

// The first product is so small beside the second that it stays one of f32.
memref.global "private" constant @few : memref<32x16xf32> = dense<1.5>
memref.global "private" constant @many : memref<32768x16xf32> = dense<1.5>
// CHECK-LABEL: func @first
func.func @first(%a: memref<12x32xf32>, %b: memref<12x16xf32>, %c: memref<12x32768xf32>, %d: memref<12x16xf32>) {
  // CHECK: linalg.matmul ins(%{{.*}}, %{{.*}} : memref<12x32xf32>, memref<32x16xf32>)
  %few = memref.get_global @few : memref<32x16xf32>
  linalg.matmul ins(%a, %few : memref<12x32xf32>, memref<32x16xf32>) outs(%b : memref<12x16xf32>)
  // CHECK-NOT: linalg.matmul
  %many = memref.get_global @many : memref<32768x16xf32>
  linalg.matmul ins(%c, %many : memref<12x32768xf32>, memref<32768x16xf32>) outs(%d : memref<12x16xf32>)
  return
}

// -----

// Not so where threads do it again and again.
memref.global "private" constant @few : memref<32x16xf32> = dense<1.5>
memref.global "private" constant @many : memref<32768x16xf32> = dense<1.5>
// CHECK-LABEL: func @repeated
// CHECK-NOT: linalg.matmul
// CHECK: return
func.func @repeated(%a: memref<12x32xf32>, %b: memref<12x16xf32>, %c: memref<12x32768xf32>, %d: memref<12x16xf32>, %lines: index) {
  %c1 = arith.constant 1 : index
  %few = memref.get_global @few : memref<32x16xf32>
  exec.parallel %first to %last of %lines grain 1 {
    scf.for %i = %first to %last step %c1 {
      linalg.matmul ins(%a, %few : memref<12x32xf32>, memref<32x16xf32>) outs(%b : memref<12x16xf32>)
    }
  }
  %many = memref.get_global @many : memref<32768x16xf32>
  linalg.matmul ins(%c, %many : memref<12x32768xf32>, memref<32768x16xf32>) outs(%d : memref<12x16xf32>)
  return
}
