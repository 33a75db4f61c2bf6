//===- ImportHelpers.h - What op importers share ----------------*- C++ -*-===//

#ifndef BURIN_COMPILER_IMPORT_IMPORTHELPERS_H
#define BURIN_COMPILER_IMPORT_IMPORTHELPERS_H

#include "compiler/Import/NodeReader.h"

namespace burin {

/// Integer input `index` of rank 1 (or 0) with a number of elements known now,
/// whatever they are: `count`, where the type does not say. Diagnoses others.
mlir::FailureOr<mlir::Value> getIntVector(const NodeReader &node, int index,
                                          std::optional<int64_t> count = {});

/// The same of any number of elements, and nothing of them known.
mlir::FailureOr<mlir::Value> getAnyIntVector(const NodeReader &node, int index);

/// Input `index` of rank 1 or 0 and any type, which must have one element.
mlir::FailureOr<mlir::Value> getOne(const NodeReader &node, int index);

/// `value` with dimension `d` known to be `size`, which the run checks.
mlir::Value setSize(const NodeReader &node, mlir::Value value, int64_t d,
                    int64_t size);

/// `value` with another element type; itself if it has it. Null on error.
mlir::Value castTo(const NodeReader &node, mlir::Value value, mlir::Type type);

/// Integers of rank 1 as one number per axis of a tensor of rank `rank`, where
/// `axes`, known only at run time, say whose they are (null: of the first ones);
/// those of the other axes are `otherwise`.
mlir::FailureOr<mlir::Value> spreadOverAxes(const NodeReader &node,
                                            mlir::Value numbers,
                                            mlir::Value axes, int64_t rank,
                                            int64_t otherwise);

/// An attribute with one of a few values.
mlir::FailureOr<std::string> getChoice(const NodeReader &node,
                                       llvm::StringRef name,
                                       llvm::ArrayRef<llvm::StringRef> choices,
                                       llvm::StringRef otherwise);

/// An integer attribute in [least, most].
mlir::FailureOr<int64_t> getIntIn(const NodeReader &node, llvm::StringRef name,
                                  std::optional<int64_t> otherwise,
                                  int64_t least, int64_t most);

/// nn.conv of any values, by the attributes of a convolution whose input is
/// input 0. Null on error.
mlir::Value buildConv(const NodeReader &node, mlir::Value x, mlir::Value w,
                      mlir::Value bias, mlir::Type element);

// Importers in files of their own.
mlir::LogicalResult importSlice(const NodeReader &node);
mlir::LogicalResult importSplit(const NodeReader &node);
mlir::LogicalResult importPad(const NodeReader &node);
mlir::LogicalResult importConstantOfShape(const NodeReader &node);
mlir::LogicalResult importRange(const NodeReader &node);
mlir::LogicalResult importEyeLike(const NodeReader &node);
mlir::LogicalResult importBernoulli(const NodeReader &node);
mlir::LogicalResult importHannWindow(const NodeReader &node);
mlir::LogicalResult importHammingWindow(const NodeReader &node);
mlir::LogicalResult importBlackmanWindow(const NodeReader &node);
mlir::LogicalResult importRandomUniform(const NodeReader &node);
mlir::LogicalResult importRandomNormal(const NodeReader &node);
mlir::LogicalResult importRandomUniformLike(const NodeReader &node);
mlir::LogicalResult importRandomNormalLike(const NodeReader &node);
mlir::LogicalResult importResize(const NodeReader &node);
mlir::LogicalResult importUpsample(const NodeReader &node);
mlir::LogicalResult importGridSample(const NodeReader &node);
mlir::LogicalResult importAffineGrid(const NodeReader &node);
mlir::LogicalResult importRoiAlign(const NodeReader &node);
mlir::LogicalResult importMaxRoiPool(const NodeReader &node);
mlir::LogicalResult importCol2Im(const NodeReader &node);
mlir::LogicalResult importDFT(const NodeReader &node);
mlir::LogicalResult importSTFT(const NodeReader &node);
mlir::LogicalResult importMelWeightMatrix(const NodeReader &node);
mlir::LogicalResult importFlexAttention(const NodeReader &node);
mlir::LogicalResult importMatMulInteger(const NodeReader &node);
mlir::LogicalResult importConvInteger(const NodeReader &node);
mlir::LogicalResult importQLinearMatMul(const NodeReader &node);
mlir::LogicalResult importQLinearConv(const NodeReader &node);

} // namespace burin

#endif // BURIN_COMPILER_IMPORT_IMPORTHELPERS_H
