//===- PadRows.cpp - Rows that would lie whole pages apart ----------------===//

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "passes/Exec/Cpu.h"
#include "passes/Memory/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_PADROWS
#include "passes/Memory/Passes.h.inc"

namespace {
/// Whether there are several rows, or may be, of whole pages.
bool areWholePages(MemRefType type) {
  if (type.getRank() < 2 || !type.getLayout().isIdentity() ||
      type.isDynamicDim(type.getRank() - 1) ||
      llvm::all_of(type.getShape().drop_back(), [](int64_t size) { return size == 1; }))
    return false;
  int64_t bytes = type.getShape().back() * type.getElementTypeBitWidth() / 8;
  return bytes > 0 && bytes % page == 0;
}

linalg::LinalgOp getProduct(Operation *op) {
  auto product = dyn_cast<linalg::LinalgOp>(op);
  return product && linalg::isaContractionOpInterface(product) ? product : nullptr;
}

/// Whether `use` is a factor whose rows are summed up.
bool isProductOfRows(OpOperand &use) {
  linalg::LinalgOp op = getProduct(use.getOwner());
  if (!op || !op.isDpsInput(&use))
    return false;
  AffineMap map = op.getMatchingIndexingMap(&use);
  auto last = cast<AffineDimExpr>(map.getResults().back());
  return op.getIteratorTypesArray()[last.getPosition()] == utils::IteratorType::reduction;
}

/// Whether `use` is what an op on the elements of another product's sums writes. It is
/// stored with that product then; what else writes rows may be one of several ops on
/// them, which are fused where rows follow each other.
bool isEndOfProduct(OpOperand &use) {
  auto op = dyn_cast<linalg::LinalgOp>(use.getOwner());
  return op && op.isDpsInit(&use) && op.getNumReductionLoops() == 0 &&
         llvm::any_of(op.getDpsInputs(), [](Value input) {
           // Only such are sums; others, like a scalar, may have any number of users.
           return input.getDefiningOp<memref::AllocOp>() &&
                  llvm::any_of(input.getUses(), [](OpOperand &other) {
                    linalg::LinalgOp product = getProduct(other.getOwner());
                    return product && product.isDpsInit(&other);
                  });
         });
}

bool mayPad(OpOperand &use) {
  return isa<memref::DimOp>(use.getOwner()) || isProductOfRows(use) || isEndOfProduct(use);
}

void pad(memref::AllocOp alloc) {
  OpBuilder b(alloc);
  Location loc = alloc.getLoc();
  MemRefType type = alloc.getType();
  SmallVector<int64_t> shape(type.getShape());
  SmallVector<OpFoldResult> sizes =
      getMixedValues(shape, alloc.getDynamicSizes(), b);
  shape.back() += cacheLine * 8 / type.getElementTypeBitWidth();
  Value padded = b.create<memref::AllocOp>(
      loc, MemRefType::get(shape, type.getElementType()), alloc.getDynamicSizes(),
      alloc.getAlignmentAttr());
  SmallVector<OpFoldResult> offsets(shape.size(), b.getIndexAttr(0)),
      strides(shape.size(), b.getIndexAttr(1));
  Value rows = b.create<memref::SubViewOp>(loc, padded, offsets, sizes, strides);
  alloc.replaceAllUsesWith(rows);
  alloc.erase();
}

struct PadRows : impl::PadRowsBase<PadRows> {
  void runOnOperation() override {
    SmallVector<memref::AllocOp> allocs;
    getOperation()->walk([&](memref::AllocOp alloc) {
      if (areWholePages(alloc.getType()) && llvm::all_of(alloc->getUses(), mayPad) &&
          llvm::any_of(alloc->getUses(), isProductOfRows))
        allocs.push_back(alloc);
    });
    llvm::for_each(allocs, pad);
  }
};
} // namespace
} // namespace burin
