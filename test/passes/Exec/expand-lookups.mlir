// RUN: burin-opt %s --burin-expand-lookups="vector-bits=512 intrinsic=llvm.x86.avx512.vpermi2var.qi.512" | FileCheck %s
// RUN: burin-opt %s --burin-expand-lookups="vector-bits=256" | FileCheck %s --check-prefix=GATHER

// One table, however many read it.
// CHECK-NOT: @burin_table_
// GATHER: memref.global "private" constant @burin_table : memref<256xi32> = dense<255>
// GATHER-NOT: memref.global

// Each half of the table by the low bits; the sign says which half counts.
// CHECK-LABEL: func @vector
// GATHER-LABEL: func @vector
func.func @vector(%x: vector<16xi8>) -> vector<16xi8> {
  // CHECK: %[[WIDE:.*]] = llvm.shufflevector %arg0, %arg0 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, -1, {{.*}}-1] : vector<16xi8>
  // CHECK: %[[LOW:.*]] = llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.qi.512"(%{{.*}}, %[[WIDE]], %{{.*}})
  // CHECK: %[[HIGH:.*]] = llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.qi.512"(%{{.*}}, %[[WIDE]], %{{.*}})
  // CHECK: %[[SIGN:.*]] = arith.cmpi slt, %[[WIDE]]
  // CHECK: %[[FOUND:.*]] = arith.select %[[SIGN]], %[[HIGH]], %[[LOW]]
  // CHECK: llvm.shufflevector %[[FOUND]], %[[FOUND]] [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] : vector<64xi8>
  // GATHER: %[[NUMBERS:.*]] = arith.extui %arg0 : vector<16xi8> to vector<16xi32>
  // GATHER: %[[WORDS:.*]] = vector.gather %{{.*}}[%{{.*}}] [%[[NUMBERS]]]
  // GATHER: arith.trunci %[[WORDS]] : vector<16xi32> to vector<16xi8>
  %0 = exec.lookup %x in dense<-1> : tensor<256xi8> : vector<16xi8>
  return %0 : vector<16xi8>
}

// CHECK-LABEL: func @scalar
func.func @scalar(%x: i8) -> i8 {
  // CHECK: %[[TABLE:.*]] = memref.get_global @burin_table
  // CHECK: %[[AT:.*]] = arith.index_castui %arg0
  // CHECK: memref.load %[[TABLE]][%[[AT]]]
  %0 = exec.lookup %x in dense<-1> : tensor<256xi8> : i8
  return %0 : i8
}
