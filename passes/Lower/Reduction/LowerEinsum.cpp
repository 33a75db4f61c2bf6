//===- LowerEinsum.cpp - Sums of products by index maps -------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/Lower/Reduction/Folding.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace burin {
void addEinsumLowerings(LowerTable &table);
} // namespace burin

namespace {
/// The map of an operand whose dimensions of 1 stretch, once those that are
/// known only at run time have been checked.
AffineMap stretch(Lowering &l, AffineMap map, const Shape &shape,
                  const Shape &sizes) {
  SmallVector<AffineExpr> exprs(map.getResults());
  for (auto [expr, have] : llvm::zip_equal(exprs, shape)) {
    OpFoldResult want = sizes[cast<AffineDimExpr>(expr).getPosition()];
    if (nn::getStatic(have) == 1 && !nn::areEqual(have, want))
      expr = l.builder.getAffineConstantExpr(0);
    else
      requireEqual(l, have, want, "Einsum: sizes under one letter differ");
  }
  return AffineMap::get(map.getNumDims(), 0, exprs, l.builder.getContext());
}

LogicalResult lowerEinsum(nn::EinsumOp op, Lowering &l) {
  SmallVector<AffineMap> maps =
      llvm::to_vector(op.getMaps().getAsValueRange<AffineMapAttr>());
  FailureOr<Shape> sizes = op.getLoopSizes(l.shapes);
  if (failed(sizes))
    return failure();
  SmallVector<Value> inputs;
  for (auto [i, input] : llvm::enumerate(op.getInputs())) {
    maps[i] = stretch(l, maps[i], l.getShape(input), *sizes);
    inputs.push_back(l.get(input));
  }
  SmallVector<utils::IteratorType> loops(sizes->size(),
                                         utils::IteratorType::reduction);
  for (AffineExpr expr : maps.back().getResults())
    loops[cast<AffineDimExpr>(expr).getPosition()] =
        utils::IteratorType::parallel;
  bool sums = llvm::is_contained(loops, utils::IteratorType::reduction);
  Type element = getElementTypeOrSelf(op.getType());
  Type type = sums ? getComputeType(element) : getStorageType(element);
  Shape shape = l.getShape(op);
  Value init = sums ? l.createFilled(shape, l.builder.getZeroAttr(type))
                    : l.createEmpty(shape, type);
  Value result = l.createGeneric(
      inputs, init, maps, loops, [&](B &b, ValueRange args) -> Value {
        Value product;
        for (Value arg : args.drop_back()) {
          Value factor = Lowering::toCompute(b, arg, element);
          if (!product)
            product = factor;
          else if (isa<FloatType>(factor.getType()))
            product = b.create<arith::MulFOp>(product, factor);
          else
            product = b.create<arith::MulIOp>(product, factor);
        }
        if (!sums)
          return Lowering::toStorage(b, product, element);
        if (isa<FloatType>(type))
          return b.create<arith::AddFOp>(args.back(), product);
        return b.create<arith::AddIOp>(args.back(), product);
      });
  if (type != getStorageType(element)) {
    Type wide = isa<FloatType>(element) ? type : element;
    result = l.createElementwise(
        result, shape, shape, {wide, element},
        [](B &, ArrayRef<Value> args) { return args[0]; });
  }
  l.set(op, result);
  return success();
}
} // namespace

void burin::addEinsumLowerings(LowerTable &table) {
  addLowering<nn::EinsumOp, lowerEinsum>(table);
}
