//===- AttentionScores.cpp - Products of queries and keys ------------------===//

#include "passes/Exec/Attention/AttentionEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Attention/SingleQuery.h"
#include "passes/Exec/BodyEmitter.h"
#include "passes/Exec/Vectors.h"

using namespace mlir;
using namespace burin;

/// Products of queries and keys for a block of panels.
void AttentionEmitter::emitScores(Value firstPanel, Value panels) {
  OpFoldResult steps = getSteps(shape.depth);
  LhsLayout layout{shape.query.coefficients[2], {{steps, shape.query.coefficients[3]}}};
  Value memory = shape.query.memory, query;
  if (perStep > 1) {
    layout = {steps, {{steps, shapes.get(1)}}};
    memory = queries, query = number(0);
  } else {
    query = getAddress(shape.query, {batch, head, firstRow, number(0)});
  }
  MicroKernels kernels = createKernels(keyTile, layout, /*accumulates=*/false);
  Value heads = add(mul(batch, value(shape.groups)), group);
  Value start = mul(add(mul(heads, value(keyPanels)), firstPanel),
                    mul(value(steps), number(keyTile.getColumns())));
  int64_t width = keyTile.getColumns();
  auto emitPanel = [&](Value panel, int64_t columns) {
    Value right = add(start, mul(panel, mul(value(steps), number(width))));
    Value tile = mul(panel, number(getHeight() * width));
    RowPanelEmitter(b, shapes, queryPanels).emit(rowsLeft, [&](Value row, int64_t count) {
      MicroKernelCall call{memory,
                           add(query, mul(row, value(layout.rowStride))),
                           packedKeys,
                           right,
                           scores,
                           add(tile, mul(row, number(width)))};
      kernels.emitCall(b, shapes, call, count, columns);
    });
  };
  // Of a few last keys no more than the vectors that they are in; dot products are whole ones.
  int64_t rest = nn::getStatic(shape.keys).value_or(0) % width;
  rest = perStep > 1 ? llvm::alignTo(rest, keyTile.lanes) : keyTile.roundUp(rest);
  Value whole = isOneBlock && rest % width > 0 ? sub(panels, number(1)) : panels;
  emitLoop(number(0), whole, 1, [&](Value panel) { emitPanel(panel, width); });
  if (whole != panels)
    emitPanel(whole, rest);
}

/// Products of one query and a vector of keys; those past the last are the last one.
void AttentionEmitter::emitDotGroup(Value first, bool isLast) {
  Value base = getAddress(shape.key, {batch, group, number(0), number(0)});
  Value stride = value(shape.key.coefficients[2]), from = add(blockKey, first);
  SmallVector<Value> places;
  for (int64_t lane = 0; lane < keyTile.lanes; ++lane) {
    Value key = add(from, number(lane));
    if (isLast)
      key = min(key, sub(value(shape.keys), number(1)));
    places.push_back(add(base, mul(key, stride)));
  }
  emitLoop(number(0), rowsLeft, 1, [&](Value row) {
    auto [head, query] = getPosition(row);
    Value at = getAddress(shape.query, {batch, head, query, number(0)});
    Value dots = emitDots(b, shape.query.memory, at, shape.key.memory, places,
                          *nn::getStatic(shape.depth));
    b.create<vector::StoreOp>(dots, scores,
                              add(mul(row, number(rows.rowStride)), first));
  });
}

void AttentionEmitter::emitDotScores(Value keys) {
  OpFoldResult count = getAsOpFoldResult(keys), lanes = shapes.get(keyTile.lanes);
  OpFoldResult whole = shapes.mul(shapes.floorDiv(count, lanes), lanes);
  emitLoop(number(0), value(whole), keyTile.lanes,
           [&](Value first) { emitDotGroup(first, /*isLast=*/false); });
  if (nn::areEqual(whole, count))
    return;
  emitIf(isNotEqual(value(whole), keys),
         [&] { emitDotGroup(value(whole), /*isLast=*/true); });
}

/// The op's body on a vector of scores.
Value AttentionEmitter::emitBody(Value score, Value row, Value key, Value mask) {
  Block &body = op.getBody().front();
  int64_t lanes = keyTile.lanes;
  auto [head, query] = getPosition(row);
  key = add(blockKey, key);
  SmallVector<Value> arguments = {score};
  SmallVector<bool> uniform = {false};
  for (auto [i, extra] : llvm::enumerate(shape.extras)) {
    bool isOne = nn::getStatic(extra.coefficients[3]) == 0;
    uniform.push_back(isOne);
    Type element = extra.getElementType();
    if (body.getArgument(i + 1).use_empty()) {
      arguments.push_back(b.create<arith::ConstantOp>(b.getZeroAttr(element)));
      continue;
    }
    Value at = getAddress(extra, {batch, head, query, key});
    auto type = VectorType::get(lanes, element);
    if (isOne)
      arguments.push_back(b.create<memref::LoadOp>(extra.memory, at));
    else
      arguments.push_back(loadVector(b, type, extra.memory, at, mask));
  }
  arguments.push_back(query);
  uniform.push_back(true);
  auto positions = VectorType::get(lanes, b.getIndexType());
  SmallVector<int64_t> steps = llvm::to_vector(llvm::seq<int64_t>(0, lanes));
  arguments.push_back(b.create<arith::AddIOp>(
      b.create<vector::BroadcastOp>(positions, key),
      b.create<arith::ConstantOp>(
          DenseElementsAttr::get(positions, ArrayRef<int64_t>(steps)))));
  uniform.push_back(false);
  BodyEmitter emitter(body, BodyEmitter::noLoop, lanes, uniform);
  return emitter.widen(b, emitter.emit(b, arguments, {}, mask)[0]);
}
