// RUN: burin-opt %s -split-input-file -verify-diagnostics --burin-lower-nn

func.func @reshape(%x: tensor<2x3xf32>) -> tensor<4x2xf32> {
  %s = nn.constant dense<[4, 2]> : tensor<2xi64>
  // expected-error@+1 {{expects a shape of as many elements as its operand, 6, got 8}}
  %0 = nn.reshape %x, %s {allowzero = false} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// -----

func.func @reshape_twice(%x: tensor<?x3xf32>) -> tensor<?x?xf32> {
  %s = nn.constant dense<-1> : tensor<2xi64>
  // expected-error@+1 {{expects no more than one size of -1}}
  %0 = nn.reshape %x, %s {allowzero = false} : (tensor<?x3xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

func.func @squeeze(%x: tensor<2x3xf32>) -> tensor<3xf32> {
  %a = nn.constant dense<0> : tensor<1xi64>
  // expected-error@+1 {{expects size 1 at axis 0, got 2}}
  %0 = nn.squeeze %x, %a : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @slice(%x: tensor<8xf32>) -> tensor<?xf32> {
  %z = nn.constant dense<0> : tensor<1xi64>
  // expected-error@+1 {{expects steps other than 0}}
  %0 = nn.slice %x, %z, %z, %z {axes = array<i64: 0>} : (tensor<8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @split(%x: tensor<8xf32>) -> tensor<3xf32> {
  %s = nn.constant dense<[3, 4]> : tensor<2xi64>
  // expected-error@+1 {{expects sizes that add up to 8, got 7}}
  %0:2 = nn.split %x, %s {axis = 0 : i64} : (tensor<8xf32>, tensor<2xi64>) -> (tensor<3xf32>, tensor<4xf32>)
  return %0#0 : tensor<3xf32>
}

// -----

func.func @gather_nd(%x: tensor<8xf32>, %i: tensor<4x2xi64>) -> tensor<4xf32> {
  // expected-error@+1 {{expects 1 to 1 indices per tuple, got 2}}
  %0 = nn.gather_nd %x, %i {batch_dims = 0 : i64} : (tensor<8xf32>, tensor<4x2xi64>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @scatter(%x: tensor<1x1x1x1x1x1x1x1x8xf32>, %i: tensor<1x9xi64>, %u: tensor<1xf32>) -> tensor<1x1x1x1x1x1x1x1x8xf32> {
  // expected-error@+1 {{expects no more than 8 dimensions, got 'tensor<1x1x1x1x1x1x1x1x8xf32>'; reshape it in the model}}
  %0 = nn.scatter_nd %x, %i, %u {reduction = "none"} : (tensor<1x1x1x1x1x1x1x1x8xf32>, tensor<1x9xi64>, tensor<1xf32>) -> tensor<1x1x1x1x1x1x1x1x8xf32>
  return %0 : tensor<1x1x1x1x1x1x1x1x8xf32>
}
