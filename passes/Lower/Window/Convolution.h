//===- Convolution.h - What convolutions of both kinds share ----*- C++ -*-===//

#ifndef BURIN_PASSES_LOWER_WINDOW_CONVOLUTION_H
#define BURIN_PASSES_LOWER_WINDOW_CONVOLUTION_H

#include "passes/Lower/Window/WindowLowering.h"

namespace burin {

struct ConvOperands {
  mlir::Operation *op;
  mlir::Value x, w, bias;
  Shape xShape, wShape; ///< x padded; w [F, C/group, K...].
  mlir::Type xType, wType, biasType, element;
  int64_t group;
};

/// Those of nn.conv or nn.conv_transpose, as they are.
template <typename OpTy> ConvOperands getConvOperands(OpTy op, Lowering &l) {
  ConvOperands c;
  c.op = op;
  c.x = l.get(op.getX());
  c.w = l.get(op.getW());
  c.bias = op.getBias();
  c.xShape = l.getShape(op.getX());
  c.wShape = l.getShape(op.getW());
  c.xType = getElementTypeOrSelf(op.getX().getType());
  c.wType = getElementTypeOrSelf(op.getW().getType());
  if (c.bias)
    c.biasType = getElementTypeOrSelf(c.bias.getType());
  c.element = getElementTypeOrSelf(op.getResult().getType());
  c.group = op.getGroup();
  return c;
}

/// The sums over channels and taps, of shape `out`, for windows that need no
/// padding any more.
mlir::Value createConv(Lowering &l, ConvOperands c, llvm::ArrayRef<nn::Window> windows,
                       const Shape &out);

} // namespace burin

#endif // BURIN_PASSES_LOWER_WINDOW_CONVOLUTION_H
