//===- Windows.h - Sizes of convolutions and poolings -----------*- C++ -*-===//

#ifndef BURIN_DIALECTS_NN_SHAPES_WINDOWS_H
#define BURIN_DIALECTS_NN_SHAPES_WINDOWS_H

#include "dialects/NN/ShapeBuilder.h"

namespace burin::nn {

/// One spatial dimension of a window op.
struct Window {
  OpFoldResult input, kernel, output; ///< Elements.
  OpFoldResult padBegin, padEnd;      ///< As applied: `auto_pad` resolved.
  int64_t stride, dilation;
};

/// The windows of `op`, which has the attributes strides, dilations, pads and
/// auto_pad (and ceil_mode, if it pools). `x` is [N, C, spatial...], or
/// [N, spatial..., C] with channels last, `kernel` the sizes of the window.
/// Diagnoses attributes that do not fit.
llvm::FailureOr<llvm::SmallVector<Window>>
getWindows(mlir::Operation *op, ShapeBuilder &shapes, mlir::Value x,
           llvm::ArrayRef<OpFoldResult> kernel);

/// The same for nn.conv_transpose: `output` is what it makes of `input`.
llvm::FailureOr<llvm::SmallVector<Window>>
getTransposedWindows(mlir::Operation *op, ShapeBuilder &shapes, mlir::Value x,
                     llvm::ArrayRef<OpFoldResult> kernel);

} // namespace burin::nn

#endif // BURIN_DIALECTS_NN_SHAPES_WINDOWS_H
