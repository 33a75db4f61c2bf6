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

/// Lets what is there once serve all `count` batches or heads.
static void repeat(nn::ShapeBuilder &shapes, LinearAccess &access, int64_t loop,
                   OpFoldResult size, OpFoldResult count) {
  if (!nn::areEqual(size, count))
    access.coefficients[loop] = shapes.selectEqual(size, shapes.get(1), shapes.get(0),
                                                   access.coefficients[loop]);
}

AttentionShape::AttentionShape(exec::AttentionOp op, ImplicitLocOpBuilder &b,
                               nn::ShapeBuilder &shapes)
    : query(getAccess(b, op.getQuery(), op.getQueryOrder())),
      key(getAccess(b, op.getKey(), op.getKeyOrder())),
      value(getAccess(b, op.getValue(), op.getValueOrder())),
      result(getAccess(b, op.getInit(), op.getResultOrder())) {
  nn::Shape q = getSizes(b, op.getQuery(), op.getQueryOrder());
  nn::Shape k = getSizes(b, op.getKey(), op.getKeyOrder());
  nn::Shape v = getSizes(b, op.getValue(), op.getValueOrder());
  heads = q[1], queries = q[2], depth = q[3], keys = k[2], width = v[3];
  batch = getSizes(b, op.getInit(), op.getResultOrder())[0];
  groups = shapes.broadcast(k[1], v[1]).value_or(k[1]);
  shared = shapes.floorDiv(heads, groups);
  repeat(shapes, query, 0, q[0], batch);
  for (auto [access, sizes] : {std::pair(&key, &k), std::pair(&value, &v)}) {
    repeat(shapes, *access, 0, (*sizes)[0], batch);
    repeat(shapes, *access, 1, (*sizes)[1], groups);
  }
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
