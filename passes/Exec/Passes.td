#ifndef BURIN_PASSES_EXEC_PASSES_TD
#define BURIN_PASSES_EXEC_PASSES_TD

include "mlir/Pass/PassBase.td"

def EmitLoops : Pass<"burin-emit-loops", "::mlir::ModuleOp"> {
  let summary = "Turn linalg ops on buffers into parallel loops over vectors";
  let description = [{
    Every linalg op left on buffers becomes a loop nest. Neighbouring loops whose
    addresses allow it are merged; the loop that is contiguous in most operands
    runs in lanes of a native vector (with a mask for what is left over); the
    parallel loops outside it are shared among threads (`exec.parallel`) where
    there is work enough. A reduction along the contiguous loop accumulates lane by
    lane. Bodies that no vector can do run as scalar code. Rows multiplied (`exec.dot`)
    with the same vectors are taken eight at a time; fills of one buffer are one loop.

    ```mlir
    // before: --burin-emit-loops=vector-bits=128 --canonicalize
    func.func @f(%a: memref<8xf32>, %b: memref<8xf32>) {
      linalg.exp ins(%a : memref<8xf32>) outs(%b : memref<8xf32>)
      return
    }
    ```

    ```mlir
    // after
    func.func @f(%a: memref<8xf32>, %b: memref<8xf32>) {
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %0 = memref.reinterpret_cast %a to offset: [0], sizes: [%c1], strides: [1] : memref<8xf32> to memref<?xf32>
      %1 = memref.reinterpret_cast %b to offset: [0], sizes: [%c1], strides: [1] : memref<8xf32> to memref<?xf32>
      scf.for %i = %c0 to %c8 step %c4 {
        %2 = vector.load %0[%i] : memref<?xf32>, vector<4xf32>
        %3 = math.exp %2 : vector<4xf32>
        vector.store %3, %1[%i] : memref<?xf32>, vector<4xf32>
      }
      return
    }
    ```
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", /*default=*/"256",
           "Bits of a native vector: 128, 256 or 512">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect", "::burin::exec::ExecDialect",
  ];
}

def FuseWindows : Pass<"burin-fuse-windows", "::mlir::ModuleOp"> {
  let summary = "Calculate windows right after what they see";
  let description = [{
    A depthwise convolution on buffers and the 1 x 1 convolution that alone reads it
    become one parallel loop over blocks of lines, as in MobileNetV2 (Sandler et al.,
    2018), and the tensor between them a few lines on the thread's stack. So do a window
    (a depthwise convolution or a pooling) and the convolution before it, but for 3 x 3
    ones, which are left to Winograd's algorithm: each block keeps the last lines of the
    one before. Done where tensors are more than a cache keeps, and weights are few.

    ```mlir
    // before: --burin-fuse-windows --canonicalize
    memref.global "private" constant @taps : memref<3x3x32xf32> = dense<0.5>
    memref.global "private" constant @weights : memref<32x16xf32> = dense<0.25>
    func.func @separable(%a: memref<1x66x66x32xf32>) -> memref<1x64x64x16xf32> {
      %zero = arith.constant 0.0 : f32
      %taps = memref.get_global @taps : memref<3x3x32xf32>
      %weights = memref.get_global @weights : memref<32x16xf32>
      %b = memref.alloc() : memref<1x64x64x32xf32>
      %c = memref.alloc() : memref<1x64x64x16xf32>
      linalg.fill ins(%zero : f32) outs(%b : memref<1x64x64x32xf32>)
      linalg.generic {indexing_maps = [affine_map<(n, y, x, c, i, j) -> (n, y + i, x + j, c)>, affine_map<(n, y, x, c, i, j) -> (i, j, c)>, affine_map<(n, y, x, c, i, j) -> (n, y, x, c)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%a, %taps : memref<1x66x66x32xf32>, memref<3x3x32xf32>) outs(%b : memref<1x64x64x32xf32>) {
      ^bb0(%p: f32, %w: f32, %s: f32):
        %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
      }
      linalg.fill ins(%zero : f32) outs(%c : memref<1x64x64x16xf32>)
      linalg.generic {indexing_maps = [affine_map<(n, y, x, o, c) -> (n, y, x, c)>, affine_map<(n, y, x, o, c) -> (c, o)>, affine_map<(n, y, x, o, c) -> (n, y, x, o)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%b, %weights : memref<1x64x64x32xf32>, memref<32x16xf32>) outs(%c : memref<1x64x64x16xf32>) {
      ^bb0(%p: f32, %w: f32, %s: f32):
        %t = arith.mulf %p, %w : f32 %u = arith.addf %s, %t : f32 linalg.yield %u : f32
      }
      return %c : memref<1x64x64x16xf32>
    }
    ```

    ```mlir
    // after
    memref.global "private" constant @taps : memref<3x3x32xf32> = dense<5.000000e-01>
    memref.global "private" constant @weights : memref<32x16xf32> = dense<2.500000e-01>
    func.func @separable(%arg0: memref<1x66x66x32xf32>) -> memref<1x64x64x16xf32> {
      %c1 = arith.constant 1 : index
      %c8 = arith.constant 8 : index
      %cst = arith.constant 0.000000e+00 : f32
      %0 = memref.get_global @taps : memref<3x3x32xf32>
      %1 = memref.get_global @weights : memref<32x16xf32>
      %alloc = memref.alloc() : memref<1x64x64x16xf32>
      exec.parallel %arg1 to %arg2 of %c8 grain 1 {
        %alloca = memref.alloca() {alignment = 64 : i64} : memref<1x8x64x32xf32>
        scf.for %arg3 = %arg1 to %arg2 step %c1 {
          %2 = arith.divui %arg3, %c8 : index
          %3 = arith.remui %arg3, %c8 : index
          %4 = arith.muli %3, %c8 : index
          linalg.fill ins(%cst : f32) outs(%alloca : memref<1x8x64x32xf32>)
          %subview = memref.subview %arg0[%2, %4, 0, 0] [1, 10, 66, 32] [1, 1, 1, 1] : memref<1x66x66x32xf32> to memref<1x10x66x32xf32, strided<[139392, 2112, 32, 1], offset: ?>>
          linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 + d4, d2 + d5, d3)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5, d3)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%subview, %0 : memref<1x10x66x32xf32, strided<[139392, 2112, 32, 1], offset: ?>>, memref<3x3x32xf32>) outs(%alloca : memref<1x8x64x32xf32>) {
          ^bb0(%in: f32, %in_1: f32, %out: f32):
            %5 = arith.mulf %in, %in_1 : f32 %6 = arith.addf %out, %5 : f32 linalg.yield %6 : f32
          }
          %subview_0 = memref.subview %alloc[%2, %4, 0, 0] [1, 8, 64, 16] [1, 1, 1, 1] : memref<1x64x64x16xf32> to memref<1x8x64x16xf32, strided<[65536, 1024, 16, 1], offset: ?>>
          linalg.fill ins(%cst : f32) outs(%subview_0 : memref<1x8x64x16xf32, strided<[65536, 1024, 16, 1], offset: ?>>)
          linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d4, d3)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%alloca, %1 : memref<1x8x64x32xf32>, memref<32x16xf32>) outs(%subview_0 : memref<1x8x64x16xf32, strided<[65536, 1024, 16, 1], offset: ?>>) {
          ^bb0(%in: f32, %in_1: f32, %out: f32):
            %5 = arith.mulf %in, %in_1 : f32 %6 = arith.addf %out, %5 : f32 linalg.yield %6 : f32
          }
        }
      }
      return %alloc : memref<1x64x64x16xf32>
    }
    ```
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", /*default=*/"256",
           "Bits of a native vector: 128, 256 or 512">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::burin::exec::ExecDialect",
  ];
}

def EmitWinograd : Pass<"burin-emit-winograd", "::mlir::ModuleOp"> {
  let summary = "Convolve 3 x 3 with fewer multiplications";
  let description = [{
    A linalg op on buffers that convolves f32 with constant 3 x 3 filters, stride 1
    and channels side by side becomes Winograd's algorithm: tiles of 6 x 6 inputs
    (or 4 x 4) are transformed, multiplied with filters transformed at compile time
    (36 products per channel for 16 results that else take 144), and transformed
    back. Elementwise ops before and after run on the results before they are stored,
    as in `burin-emit-contractions`, and so does a pooling of 2 x 2. The tile, or none,
    is what should take the least time, reading larger filters included; unknown heights
    and widths are taken for 16. Results are rounded differently: about 1e-5 of the
    largest; what is NaN or infinite makes all results of its tile NaN.

    ```mlir
    // before: --burin-emit-winograd --canonicalize
    func.func @unknown_filters(%x: memref<1x6x6x64xf32>, %w: memref<64x64x3x3xf32>, %y: memref<1x4x4x64xf32>) {
      linalg.generic {indexing_maps = [affine_map<(n, i, j, f, k, l, c) -> (n, i + k, j + l, c)>, affine_map<(n, i, j, f, k, l, c) -> (f, c, k, l)>, affine_map<(n, i, j, f, k, l, c) -> (n, i, j, f)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%x, %w : memref<1x6x6x64xf32>, memref<64x64x3x3xf32>) outs(%y : memref<1x4x4x64xf32>) {
      ^bb0(%a: f32, %b: f32, %sum: f32):
        %0 = arith.mulf %a, %b : f32
        %1 = arith.addf %sum, %0 : f32
        linalg.yield %1 : f32
      }
      return
    }
    ```

    ```mlir
    // after
    func.func @unknown_filters(%x: memref<1x6x6x64xf32>, %w: memref<64x64x3x3xf32>, %y: memref<1x4x4x64xf32>) {
      linalg.generic {indexing_maps = [affine_map<(n, i, j, f, k, l, c) -> (n, i + k, j + l, c)>, affine_map<(n, i, j, f, k, l, c) -> (f, c, k, l)>, affine_map<(n, i, j, f, k, l, c) -> (n, i, j, f)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%x, %w : memref<1x6x6x64xf32>, memref<64x64x3x3xf32>) outs(%y : memref<1x4x4x64xf32>) {
      ^bb0(%a: f32, %b: f32, %sum: f32):
        %0 = arith.mulf %a, %b : f32
        %1 = arith.addf %sum, %0 : f32
        linalg.yield %1 : f32
      }
      return
    }
    ```
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", /*default=*/"256",
           "Bits of a native vector: 128, 256 or 512">,
    Option<"registers", "registers", "int64_t", /*default=*/"16",
           "Number of vector registers: 16 or 32">,
    Option<"directGroup", "direct-group", "int64_t", /*default=*/"1",
           "Products per lane at a time of the convolution left alone: 2 as bf16">,
    Option<"maxBytes", "max-bytes", "int64_t", /*default=*/"0",
           "Bytes that all transformed filters may take; 0: as the constants' size allows">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect", "::burin::exec::ExecDialect",
  ];
}

def EmitContractions : Pass<"burin-emit-contractions", "::mlir::ModuleOp"> {
  let summary = "Turn matrix products and convolutions into packed tiles";
  let description = [{
    A linalg op on buffers that sums products (`out += a * b`) becomes loops over
    tiles whose sums a micro-kernel of the module computes in registers. Columns
    are what lies contiguous in the output and moves the right operand: the
    features of a matrix product or of a channels-last convolution. The right
    operand is packed into panels of columns: constants at compile time, others by
    each thread as it goes, and kernels ask for the panel after theirs where weights
    are more than a few pages. The left operand is read where it lies, under the taps
    of a window as well; rows that would collide in the cache are copied first. In a
    channels-first convolution the filters are the rows and the output positions
    the columns; packing gathers what a tap reads.

    Sums over a long depth lie in a tile on the stack before they are stored, those
    over a short one stay in registers. What runs on them there needs no pass over
    memory of its own: the op that wrote what they are added to, and the elementwise
    op that is their only reader, unless it stores columns of a constant apart and the
    depth is long. Ops that are too small are left to `burin-emit-loops`.

    With `strassen`, large products of f32 with constants become Strassen's algorithm, in
    Winograd's form: seven products of their quarters. Rows of one half are rounded with
    those of the other: errors are about twice as large, and what is NaN or infinite
    reaches two rows.

    ```mlir
    // before: --burin-emit-contractions --canonicalize
    func.func @small(%a: memref<2x2xf32>, %b: memref<2x2xf32>, %c: memref<2x2xf32>) {
      linalg.matmul ins(%a, %b : memref<2x2xf32>, memref<2x2xf32>) outs(%c : memref<2x2xf32>)
      return
    }
    ```

    ```mlir
    // after
    func.func @small(%a: memref<2x2xf32>, %b: memref<2x2xf32>, %c: memref<2x2xf32>) {
      linalg.matmul ins(%a, %b : memref<2x2xf32>, memref<2x2xf32>) outs(%c : memref<2x2xf32>)
      return
    }
    ```
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", /*default=*/"256",
           "Bits of a native vector: 128, 256 or 512">,
    Option<"registers", "registers", "int64_t", /*default=*/"16",
           "Number of vector registers: 16 or 32">,
    Option<"strassen", "strassen", "bool", /*default=*/"false",
           "Large products by seven products of quarters (Strassen)">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect", "::mlir::LLVM::LLVMDialect",
    "::burin::exec::ExecDialect",
  ];
}

def EmitAttention : Pass<"burin-emit-attention", "::mlir::ModuleOp"> {
  let summary = "Turn exec.attention into blocks of queries";
  let description = [{
    Keys and values are packed into panels once. Then, for a few queries at a time
    and on all threads: the products with the keys lie on the thread's stack, become
    exponentials there, and are multiplied by the values. Where keys are more than
    fit, or unknown, they come block by block, and what was summed up before is scaled
    when a larger score comes (Dao et al., FlashAttention, 2022). One query only, as
    when text is generated, goes through keys and values where they lie.

    ```mlir
    // before: --burin-emit-attention --canonicalize
    func.func @none(%a: memref<2xf32>) {
      return
    }
    ```

    ```mlir
    // after
    func.func @none(%a: memref<2xf32>) {
      return
    }
    ```
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", /*default=*/"256",
           "Bits of a native vector: 128, 256 or 512">,
    Option<"registers", "registers", "int64_t", /*default=*/"16",
           "Number of vector registers: 16 or 32">,
    Option<"intrinsic", "intrinsic", "std::string", /*default=*/[{""}],
           "LLVM's name of the dot product of bf16 in pairs that several queries are "
           "rounded for; empty: products are of f32">,
  ];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect", "::burin::exec::ExecDialect",
  ];
}

def EmitWindows : Pass<"burin-emit-windows", "::mlir::ModuleOp"> {
  let summary = "Turn poolings and depthwise convolutions into sums in registers";
  let description = [{
    A linalg op on buffers that folds what lies under a window, columns (mostly
    channels) side by side in all that is read and written: the windows of several
    neighbouring outputs are folded at once, so that what they share is loaded once.
    What the folds start from and the elementwise op that alone reads them are calculated
    in registers too. Weights of the next columns are asked for. Results do not change.

    ```mlir
    // before: --burin-emit-windows=vector-bits=128 --canonicalize --cse
    #in = affine_map<(i, c, k) -> (i + k, c)>
    #window = affine_map<(i, c, k) -> (k)>
    #out = affine_map<(i, c, k) -> (i, c)>
    func.func @f(%x: memref<3x4xf32>, %w: memref<2xi8>, %y: memref<2x4xf32>) {
      linalg.generic {indexing_maps = [#in, #window, #out], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : memref<3x4xf32>, memref<2xi8>) outs(%y : memref<2x4xf32>) {
      ^bb0(%a: f32, %unused: i8, %sum: f32):
        %0 = arith.addf %sum, %a : f32
        linalg.yield %0 : f32
      }
      return
    }
    ```

    ```mlir
    // after
    func.func @f(%arg0: memref<3x4xf32>, %arg1: memref<2xi8>, %arg2: memref<2x4xf32>) {
      %c8 = arith.constant 8 : index
      %c4 = arith.constant 4 : index
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %reinterpret_cast = memref.reinterpret_cast %arg0 to offset: [0], sizes: [%c1], strides: [1] : memref<3x4xf32> to memref<?xf32>
      %reinterpret_cast_0 = memref.reinterpret_cast %arg2 to offset: [0], sizes: [%c1], strides: [1] : memref<2x4xf32> to memref<?xf32>
      exec.parallel %arg3 to %arg4 of %c1 grain 256 {
        scf.for %arg5 = %arg3 to %arg4 step %c1 {
          %0 = vector.load %reinterpret_cast_0[%c0] : memref<?xf32>, vector<4xf32>
          %1 = vector.load %reinterpret_cast_0[%c4] : memref<?xf32>, vector<4xf32>
          %2 = vector.load %reinterpret_cast[%c0] : memref<?xf32>, vector<4xf32>
          %3 = arith.addf %0, %2 : vector<4xf32>
          %4 = vector.load %reinterpret_cast[%c4] : memref<?xf32>, vector<4xf32>
          %5 = arith.addf %1, %4 : vector<4xf32>
          %6 = arith.addf %3, %4 : vector<4xf32>
          %7 = vector.load %reinterpret_cast[%c8] : memref<?xf32>, vector<4xf32>
          %8 = arith.addf %5, %7 : vector<4xf32>
          vector.store %6, %reinterpret_cast_0[%c0] : memref<?xf32>, vector<4xf32>
          vector.store %8, %reinterpret_cast_0[%c4] : memref<?xf32>, vector<4xf32>
        }
      }
      return
    }
    ```
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", /*default=*/"256",
           "Bits of a native vector: 128, 256 or 512">,
    Option<"registers", "registers", "int64_t", /*default=*/"16",
           "Number of vector registers: 16 or 32">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect", "::burin::exec::ExecDialect",
  ];
}

def EmitDotProducts : Pass<"burin-emit-dot-products", "::mlir::ModuleOp"> {
  let summary = "Turn products of bytes into tiles of dot-product instructions";
  let description = [{
    A linalg op on buffers that sums up products of bytes with constant bytes in
    i32, or of f32 where the instruction takes bf16, becomes tiles that a micro-kernel
    of the module computes with the CPU's instruction for it. The constant is packed at
    compile time, f32 rounded so that the factors of a sum add up to what they did, the
    other operand row by row on the stack; all rows come first where the weights are more
    than a cache holds. An elementwise op that alone reads the sums is calculated on each
    tile; a constant that it adds to them first is what they start with. Ops that are too
    small, and the first of f32 that take hardly any time, stay for other passes.

    ```mlir
    // before: --burin-emit-dot-products --canonicalize
    func.func @small(%a: memref<2x2xi8>, %b: memref<2x2xi8>, %c: memref<2x2xi32>) {
      linalg.matmul ins(%a, %b : memref<2x2xi8>, memref<2x2xi8>) outs(%c : memref<2x2xi32>)
      return
    }
    ```

    ```mlir
    // after
    func.func @small(%a: memref<2x2xi8>, %b: memref<2x2xi8>, %c: memref<2x2xi32>) {
      linalg.matmul ins(%a, %b : memref<2x2xi8>, memref<2x2xi8>) outs(%c : memref<2x2xi32>)
      return
    }
    ```
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", /*default=*/"256",
           "Bits of a native vector: 128, 256 or 512">,
    Option<"registers", "registers", "int64_t", /*default=*/"16",
           "Number of vector registers: 16 or 32">,
    Option<"intrinsic", "intrinsic", "std::string",
           /*default=*/[{"llvm.x86.avx2.pmadd.wd"}],
           "LLVM's name of the instruction">,
    Option<"group", "group", "int64_t", /*default=*/"2",
           "Products per 32-bit lane: 4 of bytes, 2 of words">,
    Option<"isUnsigned", "unsigned", "bool", /*default=*/"false",
           "Whether the first factors are unsigned bytes">,
    Option<"isFloat", "float", "bool", /*default=*/"false",
           "Whether the factors are pairs of bf16: products of f32 are rounded">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect", "::mlir::LLVM::LLVMDialect",
    "::burin::exec::ExecDialect",
  ];
}

def EmitDepthwise : Pass<"burin-emit-depthwise", "::mlir::ModuleOp"> {
  let summary = "Turn depthwise convolutions of bytes into dot-product instructions";
  let description = [{
    A linalg op on buffers that sums up, for each channel on its own, products of
    bytes with constant bytes over a few taps, channels side by side, together
    with the elementwise op that alone reads the sums: the bytes of as many taps as
    the CPU's instruction sums up at once are interleaved in registers, for a
    vector of channels at a time, and the sums never lie in memory. All else stays.

    ```mlir
    // before: --burin-emit-depthwise --canonicalize
    func.func @matrix(%a: memref<2x2xi8>, %b: memref<2x2xi8>, %c: memref<2x2xi32>) {
      linalg.matmul ins(%a, %b : memref<2x2xi8>, memref<2x2xi8>) outs(%c : memref<2x2xi32>)
      return
    }
    ```

    ```mlir
    // after
    func.func @matrix(%a: memref<2x2xi8>, %b: memref<2x2xi8>, %c: memref<2x2xi32>) {
      linalg.matmul ins(%a, %b : memref<2x2xi8>, memref<2x2xi8>) outs(%c : memref<2x2xi32>)
      return
    }
    ```
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", /*default=*/"256",
           "Bits of a native vector: 128, 256 or 512">,
    Option<"intrinsic", "intrinsic", "std::string",
           /*default=*/[{"llvm.x86.avx2.pmadd.wd"}],
           "LLVM's name of the instruction">,
    Option<"group", "group", "int64_t", /*default=*/"2",
           "Products per 32-bit lane: 4 of bytes, 2 of words">,
    Option<"isUnsigned", "unsigned", "bool", /*default=*/"false",
           "Whether the first factors are unsigned bytes">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
    "::mlir::LLVM::LLVMDialect", "::burin::exec::ExecDialect",
  ];
}

def ExpandDots : Pass<"burin-expand-dots", "::mlir::ModuleOp"> {
  let summary = "Turn exec.dot into the CPU's instructions for it";
  let description = [{
    Vectors of native width become calls of LLVM's intrinsic for sums of four
    products of bytes. Where the CPU sums up only two, those of 16 bits, one more
    instruction before it makes them of bytes. Everything else, and all of it where
    there is no such instruction, becomes shifts and multiplications.

    ```mlir
    // before: --burin-expand-dots
    func.func @f(%x: vector<8xi32>, %y: vector<8xi32>, %s: vector<8xi32>) -> vector<8xi32> {
      %0 = exec.dot %x, %y, %s : vector<8xi32>
      return %0 : vector<8xi32>
    }
    ```

    ```mlir
    // after
    func.func @f(%x: vector<8xi32>, %y: vector<8xi32>, %s: vector<8xi32>) -> vector<8xi32> {
      %0 = vector.bitcast %x : vector<8xi32> to vector<32xi8>
      %1 = vector.bitcast %y : vector<8xi32> to vector<32xi8>
      %2 = llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"(%0, %1) : (vector<32xi8>, vector<32xi8>) -> vector<16xi16>
      %cst = arith.constant dense<1> : vector<16xi16>
      %3 = llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"(%2, %cst) : (vector<16xi16>, vector<16xi16>) -> vector<8xi32>
      %4 = arith.addi %s, %3 : vector<8xi32>
      return %4 : vector<8xi32>
    }
    ```
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", /*default=*/"256",
           "Bits of a native vector: 128, 256 or 512">,
    Option<"intrinsic", "intrinsic", "std::string",
           /*default=*/[{"llvm.x86.avx2.pmadd.wd"}],
           "LLVM's name of the instruction, or empty">,
    Option<"group", "group", "int64_t", /*default=*/"2",
           "Products per 32-bit lane: 4 of bytes, added to a sum, or 2 of words">,
    Option<"isUnsigned", "unsigned", "bool", /*default=*/"false",
           "Of bytes: whether the first are unsigned">,
    Option<"pairIntrinsic", "pair-intrinsic", "std::string",
           /*default=*/[{"llvm.x86.avx2.pmadd.ub.sw"}],
           "Sums in 16 bits of two products of bytes, or empty">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::vector::VectorDialect"];
}

def ExpandLookups : Pass<"burin-expand-lookups", "::mlir::ModuleOp"> {
  let summary = "Turn exec.lookup into loads or permutations";
  let description = [{
    Where an instruction picks bytes out of two vectors by number, two of it and a
    choice find a byte among 256, so that the table stays in registers. Elsewhere the
    table becomes a constant in memory, of words because vectors are gathered so.

    ```mlir
    // before: --burin-expand-lookups
    func.func @f(%x: i8) -> i8 {
      %0 = exec.lookup %x in dense<1> : tensor<256xi8> : i8
      return %0 : i8
    }
    ```

    ```mlir
    // after
    memref.global "private" constant @burin_table : memref<256xi32> = dense<1>
    func.func @f(%x: i8) -> i8 {
      %0 = memref.get_global @burin_table : memref<256xi32>
      %1 = arith.index_castui %x : i8 to index
      %2 = memref.load %0[%1] : memref<256xi32>
      %3 = arith.trunci %2 : i32 to i8
      return %3 : i8
    }
    ```
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", /*default=*/"256",
           "Bits of a native vector: 128, 256 or 512">,
    Option<"intrinsic", "intrinsic", "std::string", /*default=*/[{""}],
           "LLVM's name of the instruction, or empty">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::vector::VectorDialect", "::mlir::LLVM::LLVMDialect",
  ];
}

def BlockRows : Pass<"burin-block-rows", "::mlir::ModuleOp"> {
  let summary = "Take a few rows at a time through several linalg ops";
  let description = [{
    Neighbouring linalg ops on buffers that go through the same rows, some of them
    folding each row (softmax, layer norm and what is before and after), become one
    loop over blocks of rows that stay in the L1 cache, shared among threads once.
    Nothing is done where all elements are few, or the rows are few and long.
    Results do not change.

    ```mlir
    // before: --burin-block-rows --canonicalize
    #all = affine_map<(r, c) -> (r, c)>
    #row = affine_map<(r, c) -> (r)>
    func.func @f() {
      %a = exec.input 0 : memref<64x128xf32>
      %b = exec.output 0() : memref<64x128xf32>
      %s = memref.alloc() : memref<64xf32>
      linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]} ins(%a : memref<64x128xf32>) outs(%s : memref<64xf32>) {
      ^bb0(%x: f32, %y: f32):
        %0 = arith.maximumf %y, %x : f32
        linalg.yield %0 : f32
      }
      linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]} ins(%a, %s : memref<64x128xf32>, memref<64xf32>) outs(%b : memref<64x128xf32>) {
      ^bb0(%x: f32, %y: f32, %z: f32):
        %0 = arith.subf %x, %y : f32
        linalg.yield %0 : f32
      }
      return
    }
    ```

    ```mlir
    // after
    #map = affine_map<(d0, d1) -> (d0, d1)>
    #map1 = affine_map<(d0, d1) -> (d0)>
    func.func @f() {
      %c64 = arith.constant 64 : index
      %c32 = arith.constant 32 : index
      %0 = exec.input 0 : memref<64x128xf32>
      %1 = exec.output 0() : memref<64x128xf32>
      %alloc = memref.alloc() : memref<64xf32>
      exec.parallel %arg0 to %arg1 of %c64 grain 16 {
        scf.for %arg2 = %arg0 to %arg1 step %c32 {
          %2 = arith.subi %arg1, %arg2 : index
          %3 = arith.minui %2, %c32 : index
          %subview = memref.subview %0[%arg2, 0] [%3, 128] [1, 1] : memref<64x128xf32> to memref<?x128xf32, strided<[128, 1], offset: ?>>
          %subview_0 = memref.subview %alloc[%arg2] [%3] [1] : memref<64xf32> to memref<?xf32, strided<[1], offset: ?>>
          linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "reduction"]} ins(%subview : memref<?x128xf32, strided<[128, 1], offset: ?>>) outs(%subview_0 : memref<?xf32, strided<[1], offset: ?>>) {
          ^bb0(%in: f32, %out: f32):
            %4 = arith.maximumf %out, %in : f32
            linalg.yield %4 : f32
          }
          %subview_1 = memref.subview %1[%arg2, 0] [%3, 128] [1, 1] : memref<64x128xf32> to memref<?x128xf32, strided<[128, 1], offset: ?>>
          linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel"]} ins(%subview, %subview_0 : memref<?x128xf32, strided<[128, 1], offset: ?>>, memref<?xf32, strided<[1], offset: ?>>) outs(%subview_1 : memref<?x128xf32, strided<[128, 1], offset: ?>>) {
          ^bb0(%in: f32, %in_2: f32, %out: f32):
            %4 = arith.subf %in, %in_2 : f32
            linalg.yield %4 : f32
          }
        }
      }
      return
    }
    ```
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", /*default=*/"256",
           "Bits of a native vector: 128, 256 or 512">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::burin::exec::ExecDialect",
  ];
}

#endif // BURIN_PASSES_EXEC_PASSES_TD
