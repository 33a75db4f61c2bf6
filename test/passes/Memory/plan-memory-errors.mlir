// RUN: burin-opt %s --burin-plan-memory --verify-diagnostics

func.func @huge() {
  %i = arith.constant 0 : index
  %x = arith.constant 1.0 : f32
  // expected-error@+1 {{needs a buffer that is too large for any machine}}
  %a = memref.alloc() : memref<1099511627776x1024xf32>
  memref.store %x, %a[%i, %i] : memref<1099511627776x1024xf32>
  return
}
