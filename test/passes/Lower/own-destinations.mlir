// RUN: burin-opt %s --burin-own-destinations | FileCheck %s

#id = affine_map<(i) -> (i)>

// The border is filled before what goes between is computed; two readers of one
// border get one each.
// CHECK-LABEL: func.func @padded
// CHECK: linalg.fill
// CHECK: %[[B:.*]] = tensor.insert_slice {{.*}}[0] [1] [1]
// CHECK: %[[X:.*]] = linalg.generic
// CHECK: tensor.insert_slice %[[X]] into %[[B]][1] [4] [1]
// CHECK: linalg.fill
// CHECK: %[[C:.*]] = tensor.insert_slice {{.*}}[0] [1] [1]
// CHECK: tensor.insert_slice %arg0 into %[[C]][1] [4] [1]
func.func @padded(%x: tensor<4xf32>, %z: f32) -> (tensor<5xf32>, tensor<5xf32>) {
  %0 = tensor.empty() : tensor<4xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%0 : tensor<4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %7 = arith.negf %in : f32
    linalg.yield %7 : f32
  } -> tensor<4xf32>
  %2 = tensor.empty() : tensor<5xf32>
  %3 = tensor.empty() : tensor<1xf32>
  %4 = linalg.fill ins(%z : f32) outs(%3 : tensor<1xf32>) -> tensor<1xf32>
  %5 = tensor.insert_slice %4 into %2[0] [1] [1] : tensor<1xf32> into tensor<5xf32>
  %6 = tensor.insert_slice %1 into %5[1] [4] [1] : tensor<4xf32> into tensor<5xf32>
  %8 = tensor.insert_slice %x into %5[1] [4] [1] : tensor<4xf32> into tensor<5xf32>
  return %6, %8 : tensor<5xf32>, tensor<5xf32>
}

#all = affine_map<(i, j) -> (i, j)>
#j = affine_map<(i, j) -> (j)>

// A bias that two products are added to is spread out for each.
// CHECK-LABEL: func.func @starts
// CHECK: %[[A:.*]] = linalg.generic
// CHECK: linalg.matmul {{.*}} outs(%[[A]]
// CHECK: %[[B:.*]] = linalg.generic
// CHECK: linalg.matmul {{.*}} outs(%[[B]]
func.func @starts(%x: tensor<4x4xf32>, %y: tensor<4x4xf32>, %bias: tensor<4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %0 = tensor.empty() : tensor<4x4xf32>
  %1 = linalg.generic {indexing_maps = [#j, #all], iterator_types = ["parallel", "parallel"]} ins(%bias : tensor<4xf32>) outs(%0 : tensor<4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<4x4xf32>
  %2 = linalg.matmul ins(%x, %y : tensor<4x4xf32>, tensor<4x4xf32>) outs(%1 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %3 = linalg.matmul ins(%y, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%1 : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %2, %3 : tensor<4x4xf32>, tensor<4x4xf32>
}
