// RUN: burin-opt %s --burin-read-broadcasts --canonicalize | FileCheck %s

#bht = affine_map<(h, g, d, t) -> (h, g, d, t)>
#heads = affine_map<(h, g, d, t) -> (h, t, d)>
// CHECK-DAG: #[[K:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3)>
// CHECK-LABEL: func @keys
func.func @keys(%k: tensor<4x?x64xf32>, %q: tensor<16x64xf32>, %n: index) -> tensor<16x?xf32> {
  %s = arith.constant 0.125 : f32
  %zero = arith.constant 0.0 : f32
  // Scaled once, where and as it lies, then read by all heads of a group.
  // CHECK: %[[SCALED:.*]] = linalg.generic {{.*}} ins(%{{.*}} : tensor<4x?x64xf32>) outs(%{{.*}} : tensor<4x?x64xf32>)
  // CHECK: linalg.generic {indexing_maps = [{{.*}}, #[[K]], {{.*}}], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%{{.*}}, %[[SCALED]] : tensor<4x4x64xf32>, tensor<4x?x64xf32>)
  %0 = tensor.empty(%n) : tensor<4x4x64x?xf32>
  %1 = linalg.generic {indexing_maps = [#heads, #bht], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%k : tensor<4x?x64xf32>) outs(%0 : tensor<4x4x64x?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %7 = arith.mulf %in, %s : f32
    linalg.yield %7 : f32
  } -> tensor<4x4x64x?xf32>
  %2 = tensor.collapse_shape %1 [[0, 1], [2], [3]] : tensor<4x4x64x?xf32> into tensor<16x64x?xf32>
  %3 = tensor.empty(%n) : tensor<16x?xf32>
  %4 = linalg.fill ins(%zero : f32) outs(%3 : tensor<16x?xf32>) -> tensor<16x?xf32>
  %5 = linalg.generic {indexing_maps = [affine_map<(h, t, d) -> (h, d)>, affine_map<(h, t, d) -> (h, d, t)>, affine_map<(h, t, d) -> (h, t)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%q, %2 : tensor<16x64xf32>, tensor<16x64x?xf32>) outs(%4 : tensor<16x?xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %7 = arith.mulf %x, %y : f32
    %8 = arith.addf %sum, %7 : f32
    linalg.yield %8 : f32
  } -> tensor<16x?xf32>
  return %5 : tensor<16x?xf32>
}

// What has another reader stays.
// CHECK-LABEL: func @shared
func.func @shared(%k: tensor<4x64xf32>) -> (tensor<4x4x64xf32>, tensor<4x4x64xf32>) {
  // CHECK-COUNT-2: linalg.generic
  %0 = tensor.empty() : tensor<4x4x64xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(h, g, d) -> (h, d)>, affine_map<(h, g, d) -> (h, g, d)>], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%k : tensor<4x64xf32>) outs(%0 : tensor<4x4x64xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<4x4x64xf32>
  %2 = linalg.generic {indexing_maps = [affine_map<(h, g, d) -> (h, g, d)>, affine_map<(h, g, d) -> (h, g, d)>], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%1 : tensor<4x4x64xf32>) outs(%0 : tensor<4x4x64xf32>) {
  ^bb0(%in: f32, %out: f32):
    %3 = math.exp %in : f32
    linalg.yield %3 : f32
  } -> tensor<4x4x64xf32>
  return %1, %2 : tensor<4x4x64xf32>, tensor<4x4x64xf32>
}

// Weights are widened by the product that reads them.
// CHECK-LABEL: func @half
func.func @half(%x: tensor<2xf32>) -> tensor<2xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf16>
  %zero = arith.constant 0.0 : f32
  // CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<2xf32>, tensor<2x2xf16>)
  // CHECK: arith.extf
  %0 = tensor.empty() : tensor<2x2xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(k, n) -> (k, n)>, affine_map<(k, n) -> (k, n)>], iterator_types = ["parallel", "parallel"]}
      ins(%w : tensor<2x2xf16>) outs(%0 : tensor<2x2xf32>) {
  ^bb0(%in: f16, %out: f32):
    %5 = arith.extf %in : f16 to f32
    linalg.yield %5 : f32
  } -> tensor<2x2xf32>
  %2 = tensor.empty() : tensor<2xf32>
  %3 = linalg.fill ins(%zero : f32) outs(%2 : tensor<2xf32>) -> tensor<2xf32>
  %4 = linalg.generic {indexing_maps = [affine_map<(k, n) -> (k)>, affine_map<(k, n) -> (k, n)>, affine_map<(k, n) -> (n)>], iterator_types = ["reduction", "parallel"]}
      ins(%x, %1 : tensor<2xf32>, tensor<2x2xf32>) outs(%3 : tensor<2xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %5 = arith.mulf %a, %b : f32
    %6 = arith.addf %sum, %5 : f32
    linalg.yield %6 : f32
  } -> tensor<2xf32>
  return %4 : tensor<2xf32>
}

// A sum over nothing but what is repeated: the repeated tensor says how often.
// CHECK-LABEL: func @sum
func.func @sum(%x: tensor<?xf32>, %n: index, %m: index) -> tensor<f32> {
  %zero = arith.constant 0.0 : f32
  // CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<?xf32>) outs(%{{.*}} : tensor<?x?xf32>)
  // CHECK: linalg.generic {{.*}}"reduction", "reduction"]} ins(%{{.*}} : tensor<?x?xf32>)
  %0 = tensor.empty(%n, %m) : tensor<?x?xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?xf32>) outs(%0 : tensor<?x?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %4 = math.exp %in : f32
    linalg.yield %4 : f32
  } -> tensor<?x?xf32>
  %2 = tensor.empty() : tensor<f32>
  %3 = linalg.fill ins(%zero : f32) outs(%2 : tensor<f32>) -> tensor<f32>
  %5 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>], iterator_types = ["reduction", "reduction"]}
      ins(%1 : tensor<?x?xf32>) outs(%3 : tensor<f32>) {
  ^bb0(%in: f32, %sum: f32):
    %6 = arith.addf %sum, %in : f32
    linalg.yield %6 : f32
  } -> tensor<f32>
  return %5 : tensor<f32>
}
