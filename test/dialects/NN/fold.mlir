// RUN: burin-opt %s --canonicalize | FileCheck %s

// Pads as PyTorch writes them are turned over before they are transposed.
// CHECK-LABEL: func @reversed
func.func @reversed() -> tensor<2x2xi64> {
  // CHECK-NEXT: %[[C:.*]] = nn.constant dense<{{\[\[}}0, 7], [4, 5{{\]\]}}> : tensor<2x2xi64>
  // CHECK-NEXT: return %[[C]]
  %x = nn.constant dense<[[1, 1], [4, 5], [0, 7]]> : tensor<3x2xi64>
  %start = nn.constant dense<-1> : tensor<1xi64>
  %end = nn.constant dense<0> : tensor<1xi64>
  %step = nn.constant dense<-1> : tensor<1xi64>
  %0 = nn.slice %x, %start, %end, %step {axes = array<i64: 0>} : (tensor<3x2xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x2xi64>
  return %0 : tensor<2x2xi64>
}
