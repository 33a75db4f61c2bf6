//===- Layout.h - Channels that come last -----------------------*- C++ -*-===//
//
// ONNX has batch, channels, spatial dimensions; with channels last they are
// batch, spatial dimensions, channels. Vectors then run along the channels,
// and a convolution of single pixels is a product of two matrices.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_DIALECTS_NN_LAYOUTS_LAYOUT_H
#define BURIN_DIALECTS_NN_LAYOUTS_LAYOUT_H

#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/Operation.h"

namespace burin::nn {

/// The permutations, as nn.transpose has them, to channels last and back.
llvm::SmallVector<int64_t> getToLast(int64_t rank);
llvm::SmallVector<int64_t> getFromLast(int64_t rank);

/// Where dimension `axis` of a tensor of `rank` is with channels last.
int64_t moveAxis(int64_t axis, int64_t rank);

/// True if `op`, which may have the attribute, was told.
bool isChannelsLast(mlir::Operation *op);

/// Where the channels of `op` are, and the first of its spatial dimensions.
int64_t getChannelDim(mlir::Operation *op, int64_t rank);
int64_t getSpatialDim(mlir::Operation *op);

/// `value` with dimension `permutation[d]` as dimension `d`; null if its elements
/// are not whole bytes.
mlir::ElementsAttr transposeElements(mlir::ElementsAttr value,
                                     llvm::ArrayRef<int64_t> permutation);

} // namespace burin::nn

#endif // BURIN_DIALECTS_NN_LAYOUTS_LAYOUT_H
