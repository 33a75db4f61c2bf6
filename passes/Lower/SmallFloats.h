//===- SmallFloats.h - 8-bit floats and bf16 in integer code ----*- C++ -*-===//

#ifndef BURIN_PASSES_LOWER_SMALLFLOATS_H
#define BURIN_PASSES_LOWER_SMALLFLOATS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace burin {

/// The f32 that the bits of an 8-bit float of type `f8` stand for.
mlir::Value buildF8ToF32(mlir::ImplicitLocOpBuilder &b, mlir::Value i8,
                         mlir::Type f8);

/// Bits (i8) of `f32` rounded to nearest even in `f8`. Out of range: infinity, or
/// NaN where there is none.
mlir::Value buildF32ToF8(mlir::ImplicitLocOpBuilder &b, mlir::Value f32,
                         mlir::Type f8);

/// Bits (i16) of `f32` rounded to nearest even in bf16; NaN stays NaN.
mlir::Value buildF32ToBF16Bits(mlir::ImplicitLocOpBuilder &b, mlir::Value f32);

} // namespace burin

#endif // BURIN_PASSES_LOWER_SMALLFLOATS_H
