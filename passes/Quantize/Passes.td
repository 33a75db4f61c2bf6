#ifndef BURIN_PASSES_QUANTIZE_PASSES_TD
#define BURIN_PASSES_QUANTIZE_PASSES_TD

include "mlir/Pass/PassBase.td"

def MoveQuantized : Pass<"burin-move-quantized", "::mlir::ModuleOp"> {
  let summary = "Move the bytes instead of the floats they stand for";
  let description = [{
    Ops that only choose and order elements (reshapes, transposes, slices, the
    largest of a window) give the same whether they are quantized before or after:
    quantizing goes before them, dequantizing behind them. Where both meet with
    one scale and one zero point, neither is left. So does a concatenation of
    bytes with one scale.

    ```mlir
    // before: --burin-move-quantized
    func.func @f(%x: tensor<2x8xui8>) -> tensor<8x2xui8> {
      %s = nn.constant dense<5.000000e-01> : tensor<f32>
      %z = nn.constant dense<3> : tensor<ui8>
      %0 = nn.dequantize %x, %s, %z {axis = 0 : i64, block_size = 0 : i64} : (tensor<2x8xui8>, tensor<f32>, tensor<ui8>) -> tensor<2x8xf32>
      %1 = nn.transpose %0 {permutation = array<i64: 1, 0>} : (tensor<2x8xf32>) -> tensor<8x2xf32>
      %2 = nn.quantize %1, %s, %z {axis = 0 : i64, block_size = 0 : i64, precision = f32, saturate = true} : (tensor<8x2xf32>, tensor<f32>, tensor<ui8>) -> tensor<8x2xui8>
      return %2 : tensor<8x2xui8>
    }
    ```

    ```mlir
    // after
    func.func @f(%x: tensor<2x8xui8>) -> tensor<8x2xui8> {
      %0 = nn.transpose %x {permutation = array<i64: 1, 0>} : (tensor<2x8xui8>) -> tensor<8x2xui8>
      return %0 : tensor<8x2xui8>
    }
    ```
  }];
  let dependentDialects = ["::burin::nn::NNDialect"];
}

def MultiplyQuantized : Pass<"burin-multiply-quantized", "::mlir::ModuleOp"> {
  let summary = "Multiply bytes instead of the floats they stand for";
  let description = [{
    A matrix product or convolution of dequantized bytes with dequantized constant
    bytes becomes one of the bytes, summed up in i32 and scaled afterwards. With
    zero points z of x, and w less its own:

    ```
    sum of (x - z) * w = sum of x * w - z * sum of w
    ```

    where the last is a constant for each column or filter, into which a bias of
    the same scale goes too. The padding of a convolution then is z.

    ```mlir
    // before: --burin-multiply-quantized
    func.func @f(%x: tensor<4x2xui8>) -> tensor<4x2xf32> {
      %s = nn.constant dense<5.000000e-01> : tensor<f32>
      %z = nn.constant dense<3> : tensor<ui8>
      %w = nn.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi8>
      %0 = nn.dequantize %x, %s, %z {axis = 0 : i64, block_size = 0 : i64} : (tensor<4x2xui8>, tensor<f32>, tensor<ui8>) -> tensor<4x2xf32>
      %1 = nn.dequantize %w, %s {axis = 0 : i64, block_size = 0 : i64} : (tensor<2x2xi8>, tensor<f32>) -> tensor<2x2xf32>
      %2 = nn.matmul %0, %1 : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
      return %2 : tensor<4x2xf32>
    }
    ```

    ```mlir
    // after
    func.func @f(%x: tensor<4x2xui8>) -> tensor<4x2xf32> {
      %0 = nn.constant dense<2.500000e-01> : tensor<f32>
      %1 = nn.constant dense<[-12, -18]> : tensor<2xi32>
      %w = nn.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi8>
      %2 = nn.matmul %x, %w : (tensor<4x2xui8>, tensor<2x2xi8>) -> tensor<4x2xi32>
      %3 = nn.add %2, %1 : (tensor<4x2xi32>, tensor<2xi32>) -> tensor<4x2xi32>
      %4 = nn.dequantize %3, %0 {axis = 1 : i64, block_size = 0 : i64} : (tensor<4x2xi32>, tensor<f32>) -> tensor<4x2xf32>
      return %4 : tensor<4x2xf32>
    }
    ```
  }];
  let dependentDialects = ["::burin::nn::NNDialect"];
}

def MultiplyDifferences : Pass<"burin-multiply-differences", "::mlir::ModuleOp"> {
  let summary = "Subtract zero points after products instead of before";
  let description = [{
    An integer product or convolution of bytes less a zero point with constant bytes
    becomes one of the bytes themselves:

    ```
    sum of (x - z) * w = sum of x * w - z * sum of w
    ```

    where z may be known only at run time. w is less its own zero points; where that
    does not fit i8 (ui8 around 127), w is less 128 and what is left is multiplied
    with the sums of x.

    ```mlir
    // before: --burin-multiply-differences
    func.func @f(%x: tensor<4x2xui8>, %z: tensor<ui8>) -> tensor<4x2xi32> {
      %w = nn.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi8>
      %0 = nn.cast %x {saturate = true} : (tensor<4x2xui8>) -> tensor<4x2xi16>
      %1 = nn.cast %z {saturate = true} : (tensor<ui8>) -> tensor<i16>
      %2 = nn.sub %0, %1 : (tensor<4x2xi16>, tensor<i16>) -> tensor<4x2xi16>
      %3 = nn.matmul %2, %w : (tensor<4x2xi16>, tensor<2x2xi8>) -> tensor<4x2xi32>
      return %3 : tensor<4x2xi32>
    }
    ```

    ```mlir
    // after
    func.func @f(%x: tensor<4x2xui8>, %z: tensor<ui8>) -> tensor<4x2xi32> {
      %0 = nn.constant dense<[4, 6]> : tensor<2xi32>
      %w = nn.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi8>
      %1 = nn.matmul %x, %w : (tensor<4x2xui8>, tensor<2x2xi8>) -> tensor<4x2xi32>
      %2 = nn.cast %z {saturate = true} : (tensor<ui8>) -> tensor<i32>
      %3 = nn.mul %2, %0 : (tensor<i32>, tensor<2xi32>) -> tensor<2xi32>
      %4 = nn.sub %1, %3 : (tensor<4x2xi32>, tensor<2xi32>) -> tensor<4x2xi32>
      return %4 : tensor<4x2xi32>
    }
    ```
  }];
  let dependentDialects = ["::burin::nn::NNDialect"];
}

def ScaleProducts : Pass<"burin-scale-products", "::mlir::ModuleOp"> {
  let summary = "Scale products of floats with bytes instead of the bytes";
  let description = [{
    A matrix product of floats with dequantized constant bytes becomes one with the
    bytes themselves, which are a fourth of the memory to read; each column of it
    is scaled afterwards. Zero points are subtracted from the bytes, which must
    stay in i8.

    ```mlir
    // before: --burin-scale-products
    func.func @f(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
      %s = nn.constant dense<[5.000000e-01, 2.500000e-01]> : tensor<2xf32>
      %w = nn.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi8>
      %0 = nn.dequantize %w, %s {axis = 1 : i64, block_size = 0 : i64} : (tensor<2x2xi8>, tensor<2xf32>) -> tensor<2x2xf32>
      %1 = nn.matmul %x, %0 : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
      return %1 : tensor<4x2xf32>
    }
    ```

    ```mlir
    // after
    func.func @f(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
      %s = nn.constant dense<[5.000000e-01, 2.500000e-01]> : tensor<2xf32>
      %w = nn.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi8>
      %0 = nn.matmul %x, %w : (tensor<4x2xf32>, tensor<2x2xi8>) -> tensor<4x2xf32>
      %1 = nn.mul %0, %s : (tensor<4x2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
      return %1 : tensor<4x2xf32>
    }
    ```
  }];
  let dependentDialects = ["::burin::nn::NNDialect"];
}

def FormBlockProducts : Pass<"burin-form-block-products", "::mlir::ModuleOp"> {
  let summary = "Make products with dequantized blocks of integers MatMulNBits";
  let description = [{
    A matrix product of floats with constant integers of 2, 4 or 8 bits that are
    dequantized in blocks along the sum keeps the integers small, as a MatMulNBits
    does. Blocks are a power of two of at least 16 elements. So do integers of less
    than 8 bits with a scale for each column, or one for all; bytes do if that is
    asked for and the rows are not many.

    ```mlir
    // before: --burin-form-block-products
    func.func @f(%x: tensor<4x16xf32>) -> tensor<4x1xf32> {
      %s = nn.constant dense<5.000000e-01> : tensor<1x1xf32>
      %w = nn.constant dense<1> : tensor<16x1xi4>
      %0 = nn.dequantize %w, %s {axis = 0 : i64, block_size = 16 : i64} : (tensor<16x1xi4>, tensor<1x1xf32>) -> tensor<16x1xf32>
      %1 = nn.matmul %x, %0 : (tensor<4x16xf32>, tensor<16x1xf32>) -> tensor<4x1xf32>
      return %1 : tensor<4x1xf32>
    }
    ```

    ```mlir
    // after
    func.func @f(%x: tensor<4x16xf32>) -> tensor<4x1xf32> {
      %0 = nn.constant dense_resource<bytes> : tensor<1x1x8xui8>
      %s = nn.constant dense<5.000000e-01> : tensor<1x1xf32>
      %1 = nn.matmul_nbits %x, %0, %s {bits = 4 : i64, block_size = 16 : i64, k = 16 : i64, n = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<4x16xf32>, tensor<1x1x8xui8>, tensor<1x1xf32>) -> tensor<4x1xf32>
      return %1 : tensor<4x1xf32>
    }

    {-#
      dialect_resources: {
        builtin: {
          bytes: "0x400000009999999999999999"
        }
      }
    #-}
    ```
  }];
  let options = [
    Option<"takesColumns", "takes-columns", "bool", /*default=*/"false",
           "Bytes with a scale for each column, too">,
  ];
  let dependentDialects = ["::burin::nn::NNDialect"];
}

def TabulateBytes : Pass<"burin-tabulate-bytes", "::mlir::ModuleOp"> {
  let summary = "Turn what is calculated from one byte into a table";
  let description = [{
    Bytes that are dequantized, go through functions that take long (several steps,
    quantized in between as well) and are quantized again depend on nothing but the
    byte: the 256 results are calculated here. Scales, zero points and all other
    operands must be known and one for all elements.

    ```mlir
    // before: --burin-tabulate-bytes --canonicalize
    func.func @f(%x: tensor<?x8xui8>) -> tensor<?x8xui8> {
      %s = nn.constant dense<1.000000e+00> : tensor<f32>
      %large = nn.constant dense<1.000000e+02> : tensor<f32>
      %z = nn.constant dense<3> : tensor<ui8>
      %0 = nn.dequantize %x, %s {axis = 0 : i64, block_size = 0 : i64} : (tensor<?x8xui8>, tensor<f32>) -> tensor<?x8xf32>
      %1 = nn.erf %0 : (tensor<?x8xf32>) -> tensor<?x8xf32>
      %2 = nn.quantize %1, %large, %z {axis = 0 : i64, block_size = 0 : i64, precision = f32, saturate = true} : (tensor<?x8xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x8xui8>
      return %2 : tensor<?x8xui8>
    }
    ```

    ```mlir
    // after
    func.func @f(%x: tensor<?x8xui8>) -> tensor<?x8xui8> {
      %0 = nn.lookup %x {table = dense<3> : tensor<256xi8>} : (tensor<?x8xui8>) -> tensor<?x8xui8>
      return %0 : tensor<?x8xui8>
    }
    ```
  }];
  let dependentDialects = ["::burin::nn::NNDialect"];
}

def FoldScales : Pass<"burin-fold-scales", "::mlir::ModuleOp"> {
  let summary = "Multiply up scales that follow one another";
  let description = [{
    What is scaled by s and then quantized by t is scaled by s / t and only rounded.
    Elsewhere a quantize op that divides what the graph calculated multiplies by
    the reciprocal instead, which may round the other way where a quotient lies in
    the middle of two integers. Small constants are dequantized here and now.

    ```mlir
    // before: --burin-fold-scales
    func.func @f(%sums: tensor<4x2xi32>) -> tensor<4x2xui8> {
      %s = nn.constant dense<5.000000e-01> : tensor<f32>
      %t = nn.constant dense<4.000000e+00> : tensor<f32>
      %z = nn.constant dense<3> : tensor<ui8>
      %0 = nn.dequantize %sums, %s {axis = 1 : i64, block_size = 0 : i64} : (tensor<4x2xi32>, tensor<f32>) -> tensor<4x2xf32>
      %1 = nn.quantize %0, %t, %z {axis = 0 : i64, block_size = 0 : i64, precision = f32, saturate = true} : (tensor<4x2xf32>, tensor<f32>, tensor<ui8>) -> tensor<4x2xui8>
      return %1 : tensor<4x2xui8>
    }
    ```

    ```mlir
    // after
    func.func @f(%sums: tensor<4x2xi32>) -> tensor<4x2xui8> {
      %one = nn.constant dense<1.000000e+00> : tensor<f32>
      %z = nn.constant dense<3> : tensor<ui8>
      %s = nn.constant dense<1.250000e-01> : tensor<f32>
      %0 = nn.dequantize %sums, %s {axis = 1 : i64, block_size = 0 : i64} : (tensor<4x2xi32>, tensor<f32>) -> tensor<4x2xf32>
      %1 = nn.quantize %0, %one, %z {axis = 0 : i64, block_size = 0 : i64, precision = f32, saturate = true} : (tensor<4x2xf32>, tensor<f32>, tensor<ui8>) -> tensor<4x2xui8>
      return %1 : tensor<4x2xui8>
    }
    ```
  }];
  let dependentDialects = ["::burin::nn::NNDialect"];
}

#endif // BURIN_PASSES_QUANTIZE_PASSES_TD
