//===- Lowering.h - From nn ops to linalg on tensors ------------*- C++ -*-===//
//
// What the lowering of one nn op gets. Tensors are stored as signless types
// (getStorageType); which integers are unsigned, and what a bool or an 8-bit
// float is, is asked of the nn op's own types. Scalar code is written in
// "compute types": what getComputeType says.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_PASSES_LOWER_LOWERING_H
#define BURIN_PASSES_LOWER_LOWERING_H

#include "dialects/NN/NN.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringMap.h"
#include <functional>

namespace burin {

using nn::Shape;

/// How an element of an nn type lies in memory: whole bytes, signless. bool is
/// i8 of 0 or 1; i4, ui4, i2, ui2 and 8-bit floats are i8 each.
mlir::Type getStorageType(mlir::Type element);
mlir::RankedTensorType getStorageType(mlir::RankedTensorType type);

/// What scalar code calculates with: i1 for bool, f32 for f16, bf16 and 8-bit
/// floats, signless integers of the same width otherwise (i8 for sub-bytes).
mlir::Type getComputeType(mlir::Type element);

bool isUnsigned(mlir::Type element); ///< Unsigned integers and bool.

/// The burin_dtype of an nn element type.
int32_t getDType(mlir::Type element);

/// Scalar code of one element: operands and result in compute types.
using ScalarBody = llvm::function_ref<mlir::Value(
    mlir::ImplicitLocOpBuilder &, llvm::ArrayRef<mlir::Value>)>;

class Lowering {
public:
  Lowering(mlir::ImplicitLocOpBuilder &builder, nn::ShapeBuilder &shapes)
      : builder(builder), shapes(shapes) {}

  mlir::ImplicitLocOpBuilder &builder; ///< Located at the op being lowered.
  nn::ShapeBuilder &shapes;            ///< Sizes of nn values.
  bool strictMath = false; ///< Round nothing but where ONNX does.
  bool multipliesBytes = false; ///< Floats, too, if what they meet are small integers.

  //===- The nn values ------------------------------------------------------===//
  mlir::Value get(mlir::Value nnValue) const { return lowered.lookup(nnValue); }
  void set(mlir::Value nnValue, mlir::Value value) {
    lowered[nnValue] = value;
    shapes.setSource(nnValue, value);
  }
  /// Sizes of an nn value; static type sizes come as attributes.
  Shape getShape(mlir::Value nnValue) { return shapes.getDims(nnValue); }

  //===- Pieces to build with; all on lowered values ------------------------===//
  /// Uninitialised tensor of a storage type.
  mlir::Value createEmpty(llvm::ArrayRef<mlir::OpFoldResult> shape,
                          mlir::Type storage);
  /// Every element the constant `value` (of the storage type).
  mlir::Value createFilled(llvm::ArrayRef<mlir::OpFoldResult> shape,
                           mlir::TypedAttr value);
  /// `value` as an arith.constant of `type` (int, index or float).
  mlir::Value createConstant(mlir::Type type, double value);

  /// result[i] = body(operands[i]...) with NumPy's broadcasting. `operands` are
  /// lowered tensors with shapes `shapes`; `types` are nn element types, one per
  /// operand and then that of the result: body sees compute types.
  mlir::Value createElementwise(llvm::ArrayRef<mlir::Value> operands,
                                llvm::ArrayRef<Shape> operandShapes,
                                llvm::ArrayRef<mlir::OpFoldResult> shape,
                                llvm::ArrayRef<mlir::Type> types,
                                ScalarBody body);
  /// The same for the operands of an nn op with one result.
  mlir::Value createElementwise(mlir::Operation *op, ScalarBody body);

  /// linalg.generic with one result; `maps` one per input, then the output's.
  /// `init` is the tensor written to (createEmpty, createFilled, ...). The body
  /// sees storage types, inputs then the output's element.
  mlir::Value
  createGeneric(mlir::ValueRange inputs, mlir::Value init,
                llvm::ArrayRef<mlir::AffineMap> maps,
                llvm::ArrayRef<mlir::utils::IteratorType> iterators,
                llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &,
                                               mlir::ValueRange)>
                    body);

  /// Sums of `have` compute type as elements of nn type `element`; itself if they
  /// are stored like that.
  mlir::Value createRounded(mlir::Value sum,
                            llvm::ArrayRef<mlir::OpFoldResult> shape,
                            mlir::Type element);

  /// Same elements in row-major order, other shape. No copy where possible.
  mlir::Value createReshape(mlir::Value tensor,
                            llvm::ArrayRef<mlir::OpFoldResult> from,
                            llvm::ArrayRef<mlir::OpFoldResult> to);
  /// result[i0, i1, ...] = tensor[.. permuted]: result dim d is input dim
  /// permutation[d].
  mlir::Value createTranspose(mlir::Value tensor,
                              llvm::ArrayRef<mlir::OpFoldResult> from,
                              llvm::ArrayRef<int64_t> permutation);
  /// Stretched to `to` under NumPy's rules (ranks may differ).
  mlir::Value createBroadcast(mlir::Value tensor,
                              llvm::ArrayRef<mlir::OpFoldResult> from,
                              llvm::ArrayRef<mlir::OpFoldResult> to);
  /// Stretched where a size that is not known may be 1 and is not that of `to`;
  /// sizes known to be 1 stay. The ranks are equal.
  mlir::Value createStretched(mlir::Value tensor,
                              llvm::ArrayRef<mlir::OpFoldResult> from,
                              llvm::ArrayRef<mlir::OpFoldResult> to);
  /// Gives `tensor` the static sizes that `shape` has (tensor.cast or itself).
  mlir::Value createCast(mlir::Value tensor,
                         llvm::ArrayRef<mlir::OpFoldResult> shape);

  /// Calls a kernel of burin/kernels.h. `types`: nn element types of inputs and
  /// inits; returns the new values of `inits`.
  llvm::SmallVector<mlir::Value>
  createCall(llvm::StringRef kernel, mlir::ValueRange inputs,
             mlir::ValueRange inits, llvm::ArrayRef<int64_t> params,
             llvm::ArrayRef<mlir::Type> types);

  /// Ends the run with BURIN_FAILED and `message` unless `condition` (i1) holds.
  void createCheck(mlir::Value condition, const llvm::Twine &message);

  //===- Scalars: storage <-> compute ---------------------------------------===//
  static mlir::Value toCompute(mlir::ImplicitLocOpBuilder &b, mlir::Value scalar,
                               mlir::Type element);
  static mlir::Value toStorage(mlir::ImplicitLocOpBuilder &b, mlir::Value scalar,
                               mlir::Type element);
  /// Conversion as ONNX Cast does it; in and out are compute types.
  static mlir::Value castScalar(mlir::ImplicitLocOpBuilder &b,
                                mlir::Value scalar, mlir::Type from,
                                mlir::Type to, bool saturate);

  /// Lowers the block of a subgraph in place of the current insertion point;
  /// returns what it yields.
  llvm::FailureOr<llvm::SmallVector<mlir::Value>> lowerBlock(mlir::Block &block);

private:
  llvm::DenseMap<mlir::Value, mlir::Value> lowered;
};

/// Fails the run unless two sizes are equal.
void requireEqual(Lowering &lowering, mlir::OpFoldResult a,
                  mlir::OpFoldResult b, const llvm::Twine &what);

/// acc + x * y in the type of acc; x and y are stored elements of nn types.
mlir::Value buildMultiplyAdd(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                             mlir::Type xType, mlir::Value y, mlir::Type yType,
                             mlir::Value acc);

/// Lowers one op and calls `set` for each result. Its result sizes are recorded
/// before the call, except those that only the data decide (NonZero): then it
/// calls lowering.shapes.setDims itself. Diagnoses what it cannot do.
using LowerFn = std::function<llvm::LogicalResult(mlir::Operation *, Lowering &)>;
using LowerTable = llvm::StringMap<LowerFn>;

/// Adds `fn`, which takes the op as its own class, to the table.
template <typename OpTy, llvm::LogicalResult (*fn)(OpTy, Lowering &)>
void addLowering(LowerTable &table) {
  table[OpTy::getOperationName()] = [](mlir::Operation *op, Lowering &l) {
    return fn(llvm::cast<OpTy>(op), l);
  };
}

// One function per operator family, each in the file of its name.
void addCoreLowerings(LowerTable &table);
void addStateLowerings(LowerTable &table);
void addElementwiseLowerings(LowerTable &table);
void addReductionLowerings(LowerTable &table);
void addMovementLowerings(LowerTable &table);
void addIndexingLowerings(LowerTable &table);
void addMatrixLowerings(LowerTable &table);
void addConvLowerings(LowerTable &table);
void addConvTransposeLowerings(LowerTable &table);
void addPoolLowerings(LowerTable &table);
void addNormLowerings(LowerTable &table);
void addAttentionLowerings(LowerTable &table);
void addQuantLowerings(LowerTable &table);
void addRecurrentLowerings(LowerTable &table);

} // namespace burin

#endif // BURIN_PASSES_LOWER_LOWERING_H
