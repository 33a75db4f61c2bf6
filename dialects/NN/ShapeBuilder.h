//===- ShapeBuilder.h - Sizes of tensors, as constants or values -*- C++ -*-==//
//
// Importing a node and lowering an op ask the same question: what is the shape
// of the result, given the operands? Each op answers it once, by the method
// inferShapes of ShapeOpInterface, in terms of this class.
//
// A size is an OpFoldResult of type index: an attribute where it is known, a
// value otherwise. The same expression over the same operands is the same
// value, so that "equal pointers" proves "equal sizes".
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_DIALECTS_NN_SHAPEBUILDER_H
#define BURIN_DIALECTS_NN_SHAPEBUILDER_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"
#include <map>

namespace burin::nn {

using Shape = llvm::SmallVector<mlir::OpFoldResult, 4>;
using mlir::OpFoldResult;

/// The size as a number, if it is known.
std::optional<int64_t> getStatic(OpFoldResult size);

/// The static part of a shape: ShapedType::kDynamic where not known.
llvm::SmallVector<int64_t> getStaticShape(llvm::ArrayRef<OpFoldResult> shape);

/// True if the two are known to be equal (false: perhaps).
bool areEqual(OpFoldResult a, OpFoldResult b);

class ShapeBuilder {
public:
  /// New arithmetic is built at the insertion point of `builder`, which must
  /// only ever move forward in one block (or into blocks nested in it; see
  /// Scope).
  explicit ShapeBuilder(mlir::OpBuilder &builder) : builder(builder) {}

  mlir::OpBuilder &getBuilder() { return builder; }
  void setLoc(mlir::Location newLoc) { loc = newLoc; }
  mlir::Location getLoc() const;

  /// Sizes of a ranked tensor: those recorded for it, its type's, or tensor.dim.
  OpFoldResult getDim(mlir::Value tensor, int64_t i);
  Shape getDims(mlir::Value tensor);
  void setDims(mlir::Value tensor, llvm::ArrayRef<OpFoldResult> dims);

  /// Elements of an integer tensor of rank 0 or 1 with a static number of
  /// elements, as sizes (they may be negative): those recorded for it, those of
  /// its constant, or tensor.extract of it.
  Shape getElements(mlir::Value tensor);
  void setElements(mlir::Value tensor, llvm::ArrayRef<OpFoldResult> elements);
  /// The recorded or constant ones only.
  std::optional<Shape> findElements(mlir::Value tensor) const;
  /// Those that are all constant.
  std::optional<llvm::SmallVector<int64_t>>
  findConstants(mlir::Value tensor) const;

  /// Sizes and elements of `tensor` that are not known are to be read from
  /// `source`: the lowering's value for an nn value.
  void setSource(mlir::Value tensor, mlir::Value source) {
    sources[tensor] = source;
  }

  OpFoldResult get(int64_t number);
  OpFoldResult add(OpFoldResult a, OpFoldResult b);
  OpFoldResult sub(OpFoldResult a, OpFoldResult b);
  OpFoldResult mul(OpFoldResult a, OpFoldResult b);
  /// Rounded to minus infinity; a constant divisor of 0 gives 0.
  OpFoldResult floorDiv(OpFoldResult a, OpFoldResult b);
  OpFoldResult ceilDiv(OpFoldResult a, OpFoldResult b);
  OpFoldResult min(OpFoldResult a, OpFoldResult b);
  OpFoldResult max(OpFoldResult a, OpFoldResult b);
  /// a == b ? x : y
  OpFoldResult selectEqual(OpFoldResult a, OpFoldResult b, OpFoldResult x,
                           OpFoldResult y);
  /// a < b ? x : y
  OpFoldResult selectLess(OpFoldResult a, OpFoldResult b, OpFoldResult x,
                          OpFoldResult y);
  /// Product of all; 1 for none.
  OpFoldResult product(llvm::ArrayRef<OpFoldResult> sizes);

  /// One dimension under NumPy's broadcasting. None if the constants disagree.
  std::optional<OpFoldResult> broadcast(OpFoldResult a, OpFoldResult b);
  /// All dimensions, aligned at the right. None if constants disagree.
  std::optional<Shape> broadcast(llvm::ArrayRef<OpFoldResult> a,
                                 llvm::ArrayRef<OpFoldResult> b);

  /// The size as an index value at the insertion point.
  mlir::Value getValue(OpFoldResult size);

  /// While alive, values built are those of a nested block: what was recorded
  /// inside is forgotten at its end.
  class Scope {
  public:
    explicit Scope(ShapeBuilder &shapes)
        : shapes(shapes), built(shapes.built), elements(shapes.elements),
          dims(shapes.dims) {}
    ~Scope() {
      shapes.built = std::move(built);
      shapes.elements = std::move(elements);
      shapes.dims = std::move(dims);
    }

  private:
    ShapeBuilder &shapes;
    std::map<std::vector<void *>, mlir::Value> built;
    llvm::DenseMap<mlir::Value, Shape> elements, dims;
  };

private:
  /// Builds `OpTy` or finds the one built before over the same operands.
  template <typename OpTy, typename... Args>
  mlir::Value buildOnce(int64_t tag, llvm::ArrayRef<mlir::Value> operands,
                        Args &&...args);

  mlir::OpBuilder &builder;
  std::optional<mlir::Location> loc;
  mlir::Value getSource(mlir::Value tensor) const {
    mlir::Value source = sources.lookup(tensor);
    return source ? source : tensor;
  }

  std::map<std::vector<void *>, mlir::Value> built;
  llvm::DenseMap<mlir::Value, Shape> elements, dims;
  llvm::DenseMap<mlir::Value, mlir::Value> sources;
};

} // namespace burin::nn

#endif // BURIN_DIALECTS_NN_SHAPEBUILDER_H
