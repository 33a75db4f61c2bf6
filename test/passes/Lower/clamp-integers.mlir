// RUN: burin-opt %s --burin-clamp-integers --canonicalize --split-input-file | FileCheck %s

// Sums of i32 times scales of less than a half fit i32 after rounding.
// CHECK-LABEL: func @sums
// CHECK: %[[SCALED:.*]] = arith.mulf
// CHECK-NOT: arith.cmpf
// CHECK: %[[ROUND:.*]] = math.roundeven %[[SCALED]]
// CHECK: %[[INTEGER:.*]] = arith.fptosi %[[ROUND]]
// CHECK: %[[ABOVE:.*]] = arith.maxsi %[[INTEGER]], %c0_i32
// CHECK: %[[INSIDE:.*]] = arith.minsi %[[ABOVE]], %c255_i32
// CHECK: arith.trunci %[[INSIDE]]
func.func @sums(%x: tensor<4x2xi32>) -> tensor<4x2xi8> {
  %scales = arith.constant dense<[1.0e-01, -2.0e-01]> : tensor<2xf32>
  %0 = tensor.empty() : tensor<4x2xi8>
  %1 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%x, %scales : tensor<4x2xi32>, tensor<2xf32>) outs(%0 : tensor<4x2xi8>) {
  ^bb0(%in: i32, %scale: f32, %out: i8):
    %low = arith.constant 0.0 : f32
    %high = arith.constant 255.0 : f32
    %2 = arith.sitofp %in : i32 to f32
    %3 = arith.mulf %2, %scale : f32
    %4 = arith.cmpf ogt, %3, %low : f32
    %5 = arith.select %4, %3, %low : f32
    %6 = arith.cmpf olt, %5, %high : f32
    %7 = arith.select %6, %5, %high : f32
    %8 = math.roundeven %7 : f32
    %9 = arith.fptosi %8 : f32 to i32
    %10 = arith.trunci %9 : i32 to i8
    linalg.yield %10 : i8
  } -> tensor<4x2xi8>
  return %1 : tensor<4x2xi8>
}

// -----

// A sum of two bytes that were clamped before: only the last bounds move.
// CHECK-LABEL: func @residual
// CHECK-COUNT-2: arith.cmpf
// CHECK: arith.addf
// CHECK-NOT: arith.cmpf
// CHECK: arith.maxsi
func.func @residual(%x: tensor<4xi32>, %y: tensor<4xi8>) -> tensor<4xi8> {
  %0 = tensor.empty() : tensor<4xi8>
  %1 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x, %y : tensor<4xi32>, tensor<4xi8>) outs(%0 : tensor<4xi8>) {
  ^bb0(%in: i32, %byte: i8, %out: i8):
    %low = arith.constant 0.0 : f32
    %high = arith.constant 255.0 : f32
    %scale = arith.constant 4.0 : f32
    %2 = arith.sitofp %in : i32 to f32
    %3 = arith.mulf %2, %scale : f32
    %4 = arith.cmpf ogt, %3, %low : f32
    %5 = arith.select %4, %3, %low : f32
    %6 = arith.cmpf olt, %5, %high : f32
    %7 = arith.select %6, %5, %high : f32
    %8 = math.roundeven %7 : f32
    %9 = arith.uitofp %byte : i8 to f32
    %10 = arith.addf %8, %9 : f32
    %11 = arith.cmpf ogt, %10, %low : f32
    %12 = arith.select %11, %10, %low : f32
    %13 = arith.cmpf olt, %12, %high : f32
    %14 = arith.select %13, %12, %high : f32
    %15 = math.roundeven %14 : f32
    %16 = arith.fptosi %15 : f32 to i32
    %17 = arith.trunci %16 : i32 to i8
    linalg.yield %17 : i8
  } -> tensor<4xi8>
  return %1 : tensor<4xi8>
}

// -----

// Floats may be anything.
// CHECK-LABEL: func @floats
// CHECK-COUNT-2: arith.cmpf
// CHECK-NOT: arith.maxsi
// CHECK: return
func.func @floats(%x: tensor<4xf32>) -> tensor<4xi8> {
  %0 = tensor.empty() : tensor<4xi8>
  %1 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%0 : tensor<4xi8>) {
  ^bb0(%in: f32, %out: i8):
    %low = arith.constant 0.0 : f32
    %high = arith.constant 255.0 : f32
    %4 = arith.cmpf ogt, %in, %low : f32
    %5 = arith.select %4, %in, %low : f32
    %6 = arith.cmpf olt, %5, %high : f32
    %7 = arith.select %6, %5, %high : f32
    %8 = math.roundeven %7 : f32
    %9 = arith.fptosi %8 : f32 to i32
    %10 = arith.trunci %9 : i32 to i8
    linalg.yield %10 : i8
  } -> tensor<4xi8>
  return %1 : tensor<4xi8>
}

// -----

// Bounds that are no integers are rounded as well.
// CHECK-LABEL: func @fraction
// CHECK-COUNT-2: arith.cmpf
// CHECK-NOT: arith.minsi
func.func @fraction(%x: tensor<8xi32>) -> tensor<8xi8> {
  %0 = tensor.empty() : tensor<8xi8>
  %1 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<8xi32>) outs(%0 : tensor<8xi8>) {
  ^bb0(%in: i32, %out: i8):
    %low = arith.constant 0.0 : f32
    %high = arith.constant 6.7 : f32
    %scale = arith.constant 1.0e-01 : f32
    %2 = arith.sitofp %in : i32 to f32
    %3 = arith.mulf %2, %scale : f32
    %4 = arith.cmpf ogt, %3, %low : f32
    %5 = arith.select %4, %3, %low : f32
    %6 = arith.cmpf olt, %5, %high : f32
    %7 = arith.select %6, %5, %high : f32
    %8 = math.roundeven %7 : f32
    %9 = arith.fptosi %8 : f32 to i32
    %10 = arith.trunci %9 : i32 to i8
    linalg.yield %10 : i8
  } -> tensor<8xi8>
  return %1 : tensor<8xi8>
}
