// RUN: burin-opt %s --burin-list-kernels | FileCheck %s

// What was fused leaves no code of its own. Row 0 counts for the kernel that goes
// on with what it writes, row 2 for the one that makes what it reads. The first
// kernel packs for row 1: it has the name, the last one has the work.
// CHECK-LABEL: @main
// CHECK-SAME: [{constant_bytes = 0 : i64, flops = 0 : i64, int_ops = 0 : i64, name = "matmul", operators = ["matmul"], parallel = true, read_bytes = 0 : i64, rows = array<i64>, written_bytes = 0 : i64}
// CHECK-SAME: {constant_bytes = 32 : i64, flops = 17 : i64, int_ops = 2 : i64, name = "matmul", operators = ["fill", "matmul", "relu"], parallel = true, read_bytes = 16 : i64, rows = array<i64: 0, 1, 2>, written_bytes = 8 : i64}]
module attributes {exec.work = [
  {constants = array<i64>, flops = 1 : i64, int_ops = 0 : i64, operators = ["fill"], reads = array<i64>, writes = array<i64: 1, 16>},
  {constants = array<i64: 9, 64>, flops = 12 : i64, int_ops = 2 : i64, operators = ["matmul"], reads = array<i64: 0, 16, 1, 16>, writes = array<i64: 1, 16>},
  {constants = array<i64>, flops = 4 : i64, int_ops = 0 : i64, operators = ["relu"], reads = array<i64: 1, 16>, writes = array<i64: 2, 8>}
]} {
  func.func @main() {
    %n = arith.constant 8 : index
    // Packed to half of what it was.
    %w = exec.constant 0[0] : memref<16xbf16>
    %m = exec.arena 0 : memref<16xbf16>
    exec.parallel %lower to %upper of %n grain 1 {
      %0 = memref.load %m[%lower] : memref<16xbf16> loc(#row1)
      memref.store %0, %m[%lower] : memref<16xbf16> loc(#row1)
    }
    exec.parallel %lower to %upper of %n grain 1 {
      %0 = memref.load %w[%lower] : memref<16xbf16> loc(#row1)
      memref.store %0, %m[%lower] : memref<16xbf16> loc(#row1)
    }
    return
  }
}
#row1 = loc(fused<1 : i64>["matmul"])
