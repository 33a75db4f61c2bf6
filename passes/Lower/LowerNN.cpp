//===- LowerNN.cpp - nn to linalg on tensors ------------------------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Lowering.h"
#include "passes/Lower/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_LOWERNN
#include "passes/Lower/Passes.h.inc"

namespace {
const LowerTable &getTable() {
  static const LowerTable table = [] {
    LowerTable table;
    addCoreLowerings(table);
    addStateLowerings(table);
    addElementwiseLowerings(table);
    addReductionLowerings(table);
    addMovementLowerings(table);
    addIndexingLowerings(table);
    addMatrixLowerings(table);
    addConvLowerings(table);
    addNormLowerings(table);
    addAttentionLowerings(table);
    addQuantLowerings(table);
    addRecurrentLowerings(table);
    return table;
  }();
  return table;
}

/// A small integer tensor all of whose elements are sizes, constants and sums of
/// them: no loop is needed.
Value createFromElements(Lowering &l, RankedTensorType type,
                         ArrayRef<OpFoldResult> elements) {
  Type nnElement = type.getElementType(), storage = getStorageType(nnElement);
  SmallVector<Value> scalars;
  for (OpFoldResult element : elements)
    scalars.push_back(l.builder.create<arith::IndexCastOp>(
        storage, l.shapes.getValue(element)));
  return l.builder.create<tensor::FromElementsOp>(getStorageType(type), scalars);
}

LogicalResult lowerOp(Operation &op, Lowering &l) {
  l.builder.setLoc(op.getLoc());
  l.shapes.setLoc(op.getLoc());
  SmallVector<Shape> shapes;
  if (auto shaped = dyn_cast<nn::ShapeOpInterface>(op)) {
    if (failed(shaped.inferShapes(l.shapes, shapes)))
      return failure();
    for (auto [result, shape] : llvm::zip_equal(op.getResults(), shapes))
      if (llvm::all_of(shape, [](OpFoldResult size) { return bool(size); }))
        l.shapes.setDims(result, shape);
  }
  nn::recordElements(&op, l.shapes);
  if (op.getNumResults() == 1 && !isa<nn::ConstantOp>(op))
    if (std::optional<Shape> elements = l.shapes.findElements(op.getResult(0))) {
      auto type = cast<RankedTensorType>(op.getResult(0).getType());
      l.set(op.getResult(0), createFromElements(l, type, *elements));
      return success();
    }
  auto lower = getTable().find(op.getName().getStringRef());
  if (lower == getTable().end())
    return op.emitError("operator '")
           << op.getName().getStringRef() << "' cannot be lowered";
  return lower->second(&op, l);
}
} // namespace

FailureOr<SmallVector<Value>> Lowering::lowerBlock(Block &block) {
  for (Operation &op : block.without_terminator()) {
    if (!isa<nn::NNDialect>(op.getDialect())) {
      if (isOpTriviallyDead(&op))
        continue;
      return op.emitOpError("expects only nn ops here");
    }
    if (failed(lowerOp(op, *this)))
      return failure();
    for (Value result : op.getResults()) {
      Value value = get(result);
      auto type = getStorageType(cast<RankedTensorType>(result.getType()));
      if (value.getType() != type)
        set(result, builder.create<tensor::CastOp>(type, value));
    }
  }
  SmallVector<Value> results;
  for (Value operand : block.getTerminator()->getOperands())
    results.push_back(get(operand));
  return results;
}

namespace {
/// Sizes of the arguments of the nn function: equal symbols, equal sizes.
void recordArguments(func::FuncOp func, Block &from, Block &to, Lowering &l) {
  llvm::StringMap<OpFoldResult> sizes;
  for (auto [i, argument] : llvm::enumerate(from.getArguments())) {
    l.set(argument, to.getArgument(i));
    auto symbols = func.getArgAttrOfType<ArrayAttr>(i, "nn.dims");
    Shape dims;
    int64_t rank = cast<RankedTensorType>(argument.getType()).getRank();
    for (int64_t d = 0; d < rank; ++d) {
      OpFoldResult size = l.shapes.getDim(argument, d);
      StringRef symbol = symbols ? cast<StringAttr>(symbols[d]).getValue() : "";
      if (!symbol.empty() && !nn::getStatic(size))
        size = sizes.try_emplace(symbol, size).first->second;
      dims.push_back(size);
    }
    l.shapes.setDims(argument, dims);
  }
}

/// Makes the function anew beside the old one, which keeps its place (and so
/// sees the module's symbols) until it is done.
LogicalResult lowerFunction(func::FuncOp old, bool strictMath, bool multipliesBytes) {
  SmallVector<Type> inputs, results;
  for (Type type : old.getArgumentTypes())
    inputs.push_back(getStorageType(cast<RankedTensorType>(type)));
  for (Type type : old.getResultTypes())
    results.push_back(getStorageType(cast<RankedTensorType>(type)));
  ImplicitLocOpBuilder builder(old.getLoc(), old);
  auto func = cast<func::FuncOp>(builder.insert(old->cloneWithoutRegions()));
  func.setFunctionType(builder.getFunctionType(inputs, results));
  Block *entry = func.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  nn::ShapeBuilder shapes(builder);
  Lowering lowering(builder, shapes);
  lowering.strictMath = strictMath;
  lowering.multipliesBytes = multipliesBytes;
  recordArguments(old, old.front(), *entry, lowering);
  FailureOr<SmallVector<Value>> values = lowering.lowerBlock(old.front());
  if (failed(values))
    return failure();
  builder.create<func::ReturnOp>(*values);
  // Inputs are the caller's: nothing is computed in place there.
  for (unsigned i = 0; i < inputs.size(); ++i)
    func.setArgAttr(i, bufferization::BufferizationDialect::kWritableAttrName,
                    builder.getBoolAttr(false));
  old.erase();
  return success();
}

struct LowerNN : impl::LowerNNBase<LowerNN> {
  using LowerNNBase::LowerNNBase;

  void runOnOperation() override {
    for (func::FuncOp func :
         llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (!func.isDeclaration() &&
          failed(lowerFunction(func, strictMath, multipliesBytes)))
        return signalPassFailure();
    for (nn::StateOp state :
         llvm::to_vector(getOperation().getOps<nn::StateOp>()))
      state.erase();
  }
};
} // namespace
} // namespace burin
