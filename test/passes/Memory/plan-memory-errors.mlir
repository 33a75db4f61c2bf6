// RUN: burin-opt %s --burin-plan-memory --split-input-file --verify-diagnostics

func.func @huge() {
  %i = arith.constant 0 : index
  %x = arith.constant 1.0 : f32
  // expected-error@+1 {{needs a buffer that is too large for any machine}}
  %a = memref.alloc() : memref<1099511627776x1024xf32>
  memref.store %x, %a[%i, %i] : memref<1099511627776x1024xf32>
  return
}

// -----

func.func @shared(%n: index) {
  exec.parallel %low to %high of %n grain 1 {
    // expected-error@+1 {{is memory that threads would share; this is a bug in Burin}}
    %a = memref.alloc() : memref<4xindex>
    memref.store %high, %a[%low] : memref<4xindex>
  }
  return
}
