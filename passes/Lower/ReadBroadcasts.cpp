//===- ReadBroadcasts.cpp - What is repeated, read where it lies ----------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Passes.h"
#include "passes/PatternPass.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_READBROADCASTS
#include "passes/Lower/Passes.h.inc"

namespace {
bool isCopy(linalg::GenericOp op) {
  Block &body = op.getRegion().front();
  return body.getOperations().size() == 1 && op.getNumDpsInputs() == 1 &&
         body.getTerminator()->getOperand(0) == body.getArgument(0);
}

/// True if each element of one input is used for several elements of the result,
/// and there is no other input.
bool isBroadcast(linalg::GenericOp op) {
  if (!op || op.getNumReductionLoops() > 0 || op.getNumDpsInputs() != 1 ||
      op->getNumResults() != 1)
    return false;
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  return map.isProjectedPermutation(/*allowZeroInResults=*/true) &&
         llvm::any_of(llvm::seq(map.getNumDims()),
                      [&](unsigned d) { return !map.isFunctionOfDim(d); });
}

/// A constant of 16-bit floats made wider, for a sum of products.
bool isWideConstant(linalg::GenericOp op, Operation *reader) {
  Block &body = op.getRegion().front();
  auto generic = dyn_cast<linalg::GenericOp>(reader);
  if (op.getNumLoops() != op.getNumParallelLoops() || op.getNumDpsInputs() != 1 ||
      body.getOperations().size() != 2 || !isa<arith::ExtFOp>(body.front()) ||
      !generic || generic.getNumReductionLoops() == 0)
    return false;
  Value read = op.getDpsInputs()[0];
  while (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(
      read.getDefiningOp()))
    read = read.getDefiningOp()->getOperand(0);
  return read.getDefiningOp<arith::ConstantOp>();
}

/// Copies are read through their map; weights are widened where they are used.
bool mayFuse(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  if (!producer || !producer->hasOneUse())
    return false;
  return (isBroadcast(producer) && isCopy(producer)) ||
         isWideConstant(producer, operand->getOwner());
}

/// The reader of a broadcast whose dimensions are joined gets those dimensions as
/// loops of their own.
class SplitLoops : public OpRewritePattern<linalg::GenericOp> {
public:
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp reader,
                                PatternRewriter &rewriter) const override {
    if (reader.hasIndexSemantics() || reader->getNumResults() != 1 ||
        !llvm::all_of(reader.getIndexingMapsArray(), [](AffineMap map) {
          return map.isProjectedPermutation(/*allowZeroInResults=*/true);
        }))
      return failure();
    for (OpOperand *operand : reader.getDpsInputOperands())
      if (auto collapse = findCollapsed(operand->get())) {
        rewrite(reader, *operand, collapse, rewriter);
        return success();
      }
    return failure();
  }

private:
  using Sizes = SmallVector<OpFoldResult>;

  static tensor::EmptyOp getDestination(tensor::CollapseShapeOp collapse) {
    auto op = collapse.getSrc().getDefiningOp<linalg::GenericOp>();
    return op.getDpsInits()[0].getDefiningOp<tensor::EmptyOp>();
  }

  /// The value as joined dimensions of a broadcast; null if it is none.
  static tensor::CollapseShapeOp findCollapsed(Value value) {
    auto collapse = value.getDefiningOp<tensor::CollapseShapeOp>();
    if (!collapse || !collapse->hasOneUse() ||
        !isBroadcast(collapse.getSrc().getDefiningOp<linalg::GenericOp>()) ||
        !getDestination(collapse))
      return {};
    // Bufferization expands a dimension to one of unknown size at most.
    ArrayRef<int64_t> sizes = collapse.getSrcType().getShape();
    bool canExpand = llvm::all_of(
        collapse.getReassociationIndices(), [&](ArrayRef<int64_t> group) {
          return !group.empty() && llvm::count_if(group, [&](int64_t i) {
                   return ShapedType::isDynamic(sizes[i]);
                 }) <= 1;
        });
    return canExpand ? collapse : tensor::CollapseShapeOp();
  }

  static void rewrite(linalg::GenericOp reader, OpOperand &operand,
                      tensor::CollapseShapeOp collapse,
                      PatternRewriter &rewriter) {
    // The sizes of the loops that each loop becomes; none: it stays.
    SmallVector<Sizes> parts(reader.getNumLoops());
    Sizes sizes = getDestination(collapse).getMixedSizes();
    AffineMap map = reader.getMatchingIndexingMap(&operand);
    for (auto [expr, group] : llvm::zip_equal(
             map.getResults(), collapse.getReassociationIndices()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        for (int64_t i : group)
          parts[dim.getPosition()].push_back(sizes[i]);
    SmallVector<SmallVector<AffineExpr>> dims(parts.size());
    SmallVector<utils::IteratorType> loops;
    for (auto [d, kind] : llvm::enumerate(reader.getIteratorTypesArray()))
      for (size_t i = 0; i < std::max<size_t>(1, parts[d].size()); ++i) {
        dims[d].push_back(rewriter.getAffineDimExpr(loops.size()));
        loops.push_back(kind);
      }
    SmallVector<AffineMap> maps;
    SmallVector<Value> operands;
    SmallVector<ReassociationIndices> groups;
    for (OpOperand &each : reader->getOpOperands()) {
      SmallVector<AffineExpr> exprs;
      groups.clear();
      Sizes shape;
      for (auto [r, expr] : llvm::enumerate(
               reader.getMatchingIndexingMap(&each).getResults())) {
        auto dim = dyn_cast<AffineDimExpr>(expr);
        SmallVector<AffineExpr> split =
            dim ? dims[dim.getPosition()] : SmallVector<AffineExpr>{expr};
        groups.push_back(llvm::to_vector(llvm::seq<int64_t>(
            exprs.size(), exprs.size() + split.size())));
        llvm::append_range(exprs, split);
        if (dim && !parts[dim.getPosition()].empty())
          llvm::append_range(shape, parts[dim.getPosition()]);
        else
          shape.push_back(
              tensor::getMixedSize(rewriter, reader.getLoc(), each.get(), r));
      }
      maps.push_back(AffineMap::get(loops.size(), 0, exprs, rewriter.getContext()));
      operands.push_back(&each == &operand
                             ? collapse.getSrc()
                             : expand(rewriter, each.get(), groups, shape));
    }
    auto split = rewriter.create<linalg::GenericOp>(
        reader.getLoc(), operands.back().getType(),
        ArrayRef(operands).drop_back(), operands.back(), maps, loops);
    rewriter.inlineRegionBefore(reader.getRegion(), split.getRegion(),
                                split.getRegion().end());
    Value result = split.getResult(0);
    if (result.getType() != reader.getResult(0).getType())
      result = rewriter.create<tensor::CollapseShapeOp>(
          reader.getLoc(), reader.getResult(0).getType(), result, groups);
    rewriter.replaceOp(reader, result);
  }

  static Value expand(PatternRewriter &rewriter, Value value,
                      ArrayRef<ReassociationIndices> groups,
                      const Sizes &shape) {
    if (shape.size() == groups.size())
      return value;
    SmallVector<int64_t> known;
    for (OpFoldResult size : shape)
      known.push_back(
          getConstantIntValue(size).value_or(ShapedType::kDynamic));
    auto type = RankedTensorType::get(known, getElementTypeOrSelf(value));
    return rewriter.create<tensor::ExpandShapeOp>(value.getLoc(), type, value,
                                                  groups, shape);
  }
};

/// A sum of products reads an elementwise function of one tensor: the function
/// is computed once per element of that tensor, in its order; repeating and
/// transposing are left to the map of the reader.
struct ComputeOnce : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp reader,
                                PatternRewriter &rewriter) const override {
    if (reader.getNumReductionLoops() == 0)
      return failure();
    for (OpOperand *operand : reader.getDpsInputOperands())
      if (succeeded(rewrite(reader, *operand, rewriter)))
        return success();
    return failure();
  }

private:
  static LogicalResult rewrite(linalg::GenericOp reader, OpOperand &operand,
                               PatternRewriter &rewriter) {
    auto op = operand.get().getDefiningOp<linalg::GenericOp>();
    if (!op || !op->hasOneUse() || op.getNumReductionLoops() > 0 ||
        op.getNumDpsInputs() != 1 || op->getNumResults() != 1 ||
        op.hasIndexSemantics() || isCopy(op) ||
        !op.getRegionOutputArgs()[0].use_empty())
      return failure();
    AffineMap read = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
    AffineMap written = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    if (!read.isProjectedPermutation(/*allowZeroInResults=*/true) ||
        !written.isPermutation() || read == written)
      return failure();
    SmallVector<AffineMap> readerMaps = reader.getIndexingMapsArray();
    AffineMap &map = readerMaps[operand.getOperandNumber()];
    map = read.compose(inversePermutation(written)).compose(map);
    // The operand may have been all that says how often a loop runs.
    if (!inversePermutation(concatAffineMaps(readerMaps)))
      return failure();
    Value source = op.getDpsInputs()[0];
    Location loc = op.getLoc();
    int64_t rank = read.getNumResults();
    SmallVector<AffineMap> maps(2, rewriter.getMultiDimIdentityMap(rank));
    SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
    rewriter.setInsertionPoint(op);
    Value init = rewriter.create<tensor::EmptyOp>(
        loc, tensor::getMixedSizes(rewriter, loc, source),
        getElementTypeOrSelf(op->getResult(0).getType()));
    auto once = rewriter.create<linalg::GenericOp>(
        loc, init.getType(), source, init, maps, loops);
    rewriter.cloneRegionBefore(op.getRegion(), once.getRegion(),
                               once.getRegion().end());
    rewriter.modifyOpInPlace(reader, [&] {
      operand.set(once.getResult(0));
      reader.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(readerMaps));
    });
    return success();
  }
};

struct ReadBroadcasts : PatternPass<impl::ReadBroadcastsBase<ReadBroadcasts>> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, mayFuse);
    patterns.add<SplitLoops, ComputeOnce>(&getContext());
    apply(std::move(patterns));
  }
};
} // namespace
} // namespace burin
