// RUN: burin-opt %s --burin-lower-nn --canonicalize | FileCheck %s
// RUN: burin-opt %s --burin-lower-nn=strict-math | FileCheck %s --check-prefix=STRICT
// RUN: burin-opt %s --burin-lower-nn=multiplies-bytes | FileCheck %s --check-prefix=DIGITS

// A piece that is the whole block is no loop.
// CHECK-DAG: #{{.*}} = affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, 0, d2)>
// CHECK-DAG: #{{.*}} = affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, 1, d2)>

// Words of 16 columns side by side; the 17th begins a panel of its own.
// CHECK-LABEL: func.func @constant
func.func @constant(%a: tensor<1x16xf32>) -> tensor<1x17xf32> {
  // CHECK-DAG: %[[WORDS:.*]] = arith.constant dense_resource<{{.*}}> : tensor<2x2x16xi32>
  // CHECK-DAG: %[[SCALES:.*]] = arith.constant dense_resource<{{.*}}> : tensor<2x1x16xf32>
  // The activations once for each place of an integer in a word.
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%{{.*}}, %[[SCALES]],
  // CHECK: arith.andi
  // CHECK: arith.ori
  // CHECK: arith.bitcast
  // CHECK: arith.subf
  // CHECK: math.fma
  // CHECK: tensor.extract_slice %{{.*}}[0, 0] [1, 17] [1, 1]
  // Three digits of 8 bits of each element of the row.
  // DIGITS-LABEL: func.func @constant
  // DIGITS: math.roundeven
  // DIGITS-COUNT-12: exec.dot
  // DIGITS: arith.shli
  %b = nn.constant dense_resource<b> : tensor<17x1x8xui8>
  %s = nn.constant dense_resource<s> : tensor<17x1xf32>
  %0 = nn.matmul_nbits %a, %b, %s {bits = 4 : i64, block_size = 16 : i64, k = 16 : i64, n = 17 : i64,
           operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}
       : (tensor<1x16xf32>, tensor<17x1x8xui8>, tensor<17x1xf32>) -> tensor<1x17xf32>
  return %0 : tensor<1x17xf32>
}

// Rows of bytes: a record of two words and the scale, and four bytes of the row for
// each half of the bytes of a word.
// CHECK-LABEL: func.func @rounded
// STRICT-LABEL: func.func @rounded
// STRICT-NOT: exec.dot
func.func @rounded(%a: tensor<5x16xf32>) -> tensor<5x17xf32> {
  // CHECK-DAG: arith.constant dense_resource<{{.*}}> : tensor<2x3x16xi32>
  // CHECK: math.absf
  // CHECK: math.fma
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]} {{.*}} outs(%{{.*}} : tensor<5x2x16xf32>)
  // CHECK-COUNT-4: exec.dot
  // CHECK: arith.sitofp
  // CHECK: arith.mulf
  // CHECK: math.fma
  %b = nn.constant dense_resource<b> : tensor<17x1x8xui8>
  %s = nn.constant dense_resource<s> : tensor<17x1xf32>
  %0 = nn.matmul_nbits %a, %b, %s {accuracy_level = 4 : i64, bits = 4 : i64, block_size = 16 : i64, k = 16 : i64,
           n = 17 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}
       : (tensor<5x16xf32>, tensor<17x1x8xui8>, tensor<17x1xf32>) -> tensor<5x17xf32>
  return %0 : tensor<5x17xf32>
}

// A matrix that is not known now becomes floats each time.
// CHECK-LABEL: func.func @dynamic
func.func @dynamic(%a: tensor<1x16xf32>, %b: tensor<3x1x8xui8>, %s: tensor<3x1xf32>) -> tensor<1x3xf32> {
  // CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<2x3x1x8xf32>)
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction", "reduction", "reduction"]}
  %0 = nn.matmul_nbits %a, %b, %s {bits = 4 : i64, block_size = 16 : i64, k = 16 : i64, n = 3 : i64,
           operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}
       : (tensor<1x16xf32>, tensor<3x1x8xui8>, tensor<3x1xf32>) -> tensor<1x3xf32>
  return %0 : tensor<1x3xf32>
}

{-#
  dialect_resources: {
    builtin: {
      b: "0x0400000000070E151C232A31383F464D545B626970777E858C939AA1A8AFB6BDC4CBD2D9E0E7EEF5FC030A11181F262D343B424950575E656C737A81888F969DA4ABB2B9C0C7CED5DCE3EAF1F8FF060D141B222930373E454C535A61686F767D848B9299A0A7AEB5BCC3CAD1D8DFE6EDF4FB020910171E252C333A41484F565D646B727980878E959CA3AAB1",
      s: "0x040000000000003F0000C03F0000204000006040000090400000B0400000D0400000F040000008410000184100002841000038410000484100005841000068410000784100008441"
    }
  }
#-}
