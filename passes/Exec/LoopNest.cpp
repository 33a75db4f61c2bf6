//===- LoopNest.cpp - A linalg op as loops over linear accesses -----------===//

#include "passes/Exec/LoopNest.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace burin;

std::pair<Value, SmallVector<OpFoldResult>>
burin::getFlatView(ImplicitLocOpBuilder &b, Value memory) {
  auto type = cast<MemRefType>(memory.getType());
  int64_t offset;
  SmallVector<int64_t> strides;
  LogicalResult strided = getStridesAndOffset(type, strides, offset);
  assert(succeeded(strided) && "bufferization makes strided layouts only");
  (void)strided;
  memref::ExtractStridedMetadataOp metadata;
  if (ShapedType::isDynamic(offset) ||
      llvm::any_of(strides, ShapedType::isDynamic))
    metadata = b.create<memref::ExtractStridedMetadataOp>(memory);
  auto layout = StridedLayoutAttr::get(b.getContext(), offset, {1});
  auto flat = MemRefType::get({ShapedType::kDynamic}, type.getElementType(),
                              offset == 0 ? MemRefLayoutAttrInterface()
                                          : MemRefLayoutAttrInterface(layout),
                              type.getMemorySpace());
  OpFoldResult start = ShapedType::isDynamic(offset)
                           ? OpFoldResult(metadata.getOffset())
                           : b.getIndexAttr(offset);
  // The size of the view is never asked for.
  OpFoldResult size = b.create<arith::ConstantIndexOp>(1).getResult();
  Value view = b.create<memref::ReinterpretCastOp>(
      flat, memory, start, ArrayRef<OpFoldResult>(size),
      ArrayRef<OpFoldResult>(b.getIndexAttr(1)));
  SmallVector<OpFoldResult> steps;
  for (auto [i, stride] : llvm::enumerate(strides))
    steps.push_back(ShapedType::isDynamic(stride)
                        ? OpFoldResult(metadata.getStrides()[i])
                        : b.getIndexAttr(stride));
  return {view, steps};
}

static OpFoldResult getSize(ImplicitLocOpBuilder &b, Value memory, int64_t i) {
  auto type = cast<MemRefType>(memory.getType());
  if (!type.isDynamicDim(i))
    return b.getIndexAttr(type.getDimSize(i));
  return OpFoldResult(b.createOrFold<memref::DimOp>(memory, i));
}

/// The buffer whose strides are those of `memory`: itself, or what it has the first
/// columns of. Null if that is not row-major.
static Value findRowMajor(Value memory) {
  if (cast<MemRefType>(memory.getType()).getLayout().isIdentity())
    return memory;
  auto view = memory.getDefiningOp<memref::SubViewOp>();
  if (!view || !view.getSourceType().getLayout().isIdentity() || !view.hasUnitStride() ||
      view.getSourceType().getRank() != view.getType().getRank() ||
      view.getType().getRank() < 2 ||
      !llvm::all_of(view.getMixedOffsets(), isZeroIndex))
    return {};
  auto alloc = view.getSource().getDefiningOp<memref::AllocOp>();
  if (!alloc || ArrayRef(view.getMixedSizes()).drop_back() !=
                    ArrayRef(alloc.getMixedSizes()).drop_back())
    return {};
  return alloc;
}

/// Strides of an operand in terms of the loop sizes, so that those of operands of one
/// shape are the same values. `buffer` is the row-major one that has them.
static SmallVector<OpFoldResult>
getRowMajorStrides(ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes, Value buffer,
                   Value memory, AffineMap map, ArrayRef<OpFoldResult> sizes) {
  int64_t rank = map.getNumResults();
  SmallVector<OpFoldResult> strides(rank);
  OpFoldResult stride = shapes.get(1);
  for (int64_t r = rank - 1; r >= 0; --r) {
    strides[r] = stride;
    auto dim = dyn_cast<AffineDimExpr>(map.getResult(r));
    if (r == rank - 1 && buffer != memory)
      stride = getSize(b, buffer, r);
    else if (r > 0)
      stride = shapes.mul(stride, dim ? sizes[dim.getPosition()]
                                      : getSize(b, memory, r));
  }
  return strides;
}

/// Adds `scale * expr` to the coefficients and what is constant to `base`; false
/// if `expr` is not linear.
static bool addLinear(nn::ShapeBuilder &shapes, AffineExpr expr,
                      OpFoldResult scale, LinearAccess &access,
                      OpFoldResult &base) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    OpFoldResult &c = access.coefficients[dim.getPosition()];
    c = shapes.add(c, scale);
    return true;
  }
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    base = shapes.add(base, shapes.mul(scale, shapes.get(constant.getValue())));
    return true;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  if (expr.getKind() == AffineExprKind::Add)
    return addLinear(shapes, binary.getLHS(), scale, access, base) &&
           addLinear(shapes, binary.getRHS(), scale, access, base);
  auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (expr.getKind() != AffineExprKind::Mul || !factor)
    return false;
  return addLinear(shapes, binary.getLHS(),
                   shapes.mul(scale, shapes.get(factor.getValue())), access,
                   base);
}

std::optional<LoopNest> burin::getLoopNest(linalg::LinalgOp op,
                                           nn::ShapeBuilder &shapes) {
  ImplicitLocOpBuilder b(op.getLoc(), shapes.getBuilder());
  LoopNest nest;
  nest.numInputs = op.getNumDpsInputs();
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<int64_t, 4> known = op.getStaticLoopRanges();
  for (auto [d, kind] : llvm::enumerate(op.getIteratorTypesArray())) {
    nest.isReduction.push_back(kind == utils::IteratorType::reduction);
    OpFoldResult size;
    if (!ShapedType::isDynamic(known[d]))
      size = b.getIndexAttr(known[d]);
    // One operand may know what another one does not.
    for (OpOperand &operand : op->getOpOperands())
      for (auto [r, expr] : llvm::enumerate(
               maps[operand.getOperandNumber()].getResults()))
        if (auto dim = dyn_cast<AffineDimExpr>(expr);
            dim && dim.getPosition() == d && (!size || !nn::getStatic(size)))
          if (OpFoldResult here = getSize(b, operand.get(), r);
              !size || nn::getStatic(here))
            size = here;
    if (!size)
      return std::nullopt;
    nest.sizes.push_back(size);
  }
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = maps[operand.getOperandNumber()];
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    LinearAccess access;
    access.coefficients.assign(nest.getNumLoops(), shapes.get(0));
    if (!type) { // A scalar operand, as of linalg.fill.
      access.memory = operand.get();
      nest.accesses.push_back(access);
      continue;
    }
    auto [view, strides] = getFlatView(b, operand.get());
    if (Value buffer = findRowMajor(operand.get()))
      strides =
          getRowMajorStrides(b, shapes, buffer, operand.get(), map, nest.sizes);
    OpFoldResult base = shapes.get(0);
    for (auto [expr, stride] : llvm::zip_equal(map.getResults(), strides))
      if (!addLinear(shapes, expr, stride, access, base))
        return std::nullopt;
    access.memory = view;
    if (!nn::areEqual(base, shapes.get(0))) {
      Value size = b.create<memref::DimOp>(view, 0); // Never asked for.
      access.memory = b.create<memref::SubViewOp>(
          view, ArrayRef(base), ArrayRef<OpFoldResult>(size),
          ArrayRef<OpFoldResult>(b.getIndexAttr(1)));
    }
    nest.accesses.push_back(access);
  }
  return nest;
}

SmallVector<int64_t> burin::getOffsets(const LoopNest &nest, const LinearAccess &access,
                                       ArrayRef<unsigned> loops) {
  SmallVector<int64_t> offsets = {0};
  for (unsigned d : loops) {
    int64_t size = *nn::getStatic(nest.sizes[d]);
    int64_t step = *nn::getStatic(access.coefficients[d]);
    SmallVector<int64_t> next;
    for (int64_t offset : offsets)
      for (int64_t i = 0; i < size; ++i)
        next.push_back(offset + i * step);
    offsets = std::move(next);
  }
  return offsets;
}

void LoopNest::drop(unsigned loop) {
  sizes.erase(sizes.begin() + loop);
  isReduction.erase(isReduction.begin() + loop);
  for (LinearAccess &access : accesses)
    access.coefficients.erase(access.coefficients.begin() + loop);
}

void LoopNest::addUnitLoop(nn::ShapeBuilder &shapes) {
  sizes.insert(sizes.begin(), shapes.get(1));
  isReduction.insert(isReduction.begin(), false);
  for (LinearAccess &access : accesses)
    access.coefficients.insert(access.coefficients.begin(), shapes.get(0));
}

bool LoopNest::merge(nn::ShapeBuilder &shapes, unsigned outer, unsigned inner) {
  if (isReduction[outer] != isReduction[inner])
    return false;
  for (const LinearAccess &access : accesses)
    if (!nn::areEqual(access.coefficients[outer],
                      shapes.mul(access.coefficients[inner], sizes[inner])))
      return false;
  sizes[outer] = shapes.mul(sizes[outer], sizes[inner]);
  for (LinearAccess &access : accesses)
    access.coefficients[outer] = access.coefficients[inner];
  drop(inner);
  return true;
}

void LoopNest::simplify(nn::ShapeBuilder &shapes) {
  for (unsigned d = getNumLoops(); d-- > 0;)
    if (nn::getStatic(sizes[d]) == 1)
      drop(d);
  for (unsigned d = getNumLoops(); d-- > 1;)
    merge(shapes, d - 1, d);
}
