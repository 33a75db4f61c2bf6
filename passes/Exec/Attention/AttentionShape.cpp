//===- AttentionShape.cpp - Sizes and addresses of attention --------------===//

#include "passes/Exec/Attention/AttentionShape.h"

using namespace mlir;
using namespace burin;

/// Sizes of an operand by what they are of: `order` says it for each dimension.
static nn::Shape getSizes(ImplicitLocOpBuilder &b, Value memory, ArrayRef<int64_t> order) {
  nn::Shape sizes(order.size());
  auto type = cast<MemRefType>(memory.getType());
  for (auto [i, d] : llvm::enumerate(order))
    sizes[d] = type.isDynamicDim(i)
                   ? OpFoldResult(b.createOrFold<memref::DimOp>(memory, i))
                   : OpFoldResult(b.getIndexAttr(type.getDimSize(i)));
  return sizes;
}

static LinearAccess getAccess(ImplicitLocOpBuilder &b, Value memory,
                              ArrayRef<int64_t> order) {
  auto [view, strides] = getFlatView(b, memory);
  LinearAccess access{view, SmallVector<OpFoldResult>(order.size())};
  for (auto [i, d] : llvm::enumerate(order))
    access.coefficients[d] = strides[i];
  return access;
}

AttentionShape::AttentionShape(exec::AttentionOp op, ImplicitLocOpBuilder &b,
                               nn::ShapeBuilder &shapes)
    : query(getAccess(b, op.getQuery(), op.getQueryOrder())),
      key(getAccess(b, op.getKey(), op.getKeyOrder())),
      value(getAccess(b, op.getValue(), op.getValueOrder())),
      result(getAccess(b, op.getInit(), op.getResultOrder())) {
  nn::Shape q = getSizes(b, op.getQuery(), op.getQueryOrder());
  nn::Shape k = getSizes(b, op.getKey(), op.getKeyOrder());
  batch = q[0], heads = q[1], queries = q[2], depth = q[3];
  groups = k[1], keys = k[2];
  shared = shapes.floorDiv(heads, groups);
  width = getSizes(b, op.getValue(), op.getValueOrder())[3];
  for (Value extra : op.getExtras()) {
    extras.push_back(getAccess(b, extra, {0, 1, 2, 3}));
    for (auto [size, coefficient] :
         llvm::zip_equal(cast<MemRefType>(extra.getType()).getShape(),
                         extras.back().coefficients))
      if (size == 1)
        coefficient = b.getIndexAttr(0);
  }
}

Contraction AttentionShape::getColumns(const LinearAccess &access, OpFoldResult last,
                                       unsigned column, unsigned depth) const {
  Contraction c;
  c.nest.sizes = {batch, groups, keys, last};
  c.nest.isReduction.assign(4, false);
  c.nest.accesses = {access, access, access};
  c.batch = {0, 1};
  c.columns = {column};
  c.depth = {depth};
  return c;
}
