//===- RowPanels.cpp - How rows are cut into panels -----------------------===//

#include "passes/Exec/Tiles/RowPanels.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/Exec/Tiles/MicroKernel.h"
#include <functional>

using namespace mlir;
using namespace burin;

RowPanels burin::planRowPanels(nn::ShapeBuilder &shapes, OpFoldResult rows, int64_t most,
                               int64_t run) {
  RowPanels panels{rows, {}, most};
  if (std::optional<int64_t> known = nn::getStatic(rows); known && *known > 0) {
    panels.height = getEvenPart(*known / run, most / run) * run;
    panels.tail = *known % panels.height;
  }
  panels.count = shapes.ceilDiv(rows, shapes.get(panels.height));
  return panels;
}

void burin::makeEqual(RowPanels &panels) {
  // Kernels of few rows ask for nothing ahead: no more panels than one are to be that low.
  if (panels.height <= fewRows + 1)
    return;
  // Many rows need the greatest heights only.
  constexpr int64_t tall = 8;
  if (!nn::getStatic(panels.rows))
    panels.leastEqual = panels.height - (panels.height > tall ? 2 : 1);
  else if (panels.tail > 0 && panels.tail < panels.height - 1)
    panels.tail = panels.leastEqual = panels.height - 1;
}

void burin::makeEqual(RowPanels &panels, nn::ShapeBuilder &shapes) {
  makeEqual(panels);
  if (panels.leastEqual == 0 || nn::getStatic(panels.rows))
    return;
  panels.rows =
      shapes.max(panels.rows, shapes.mul(panels.count, shapes.get(panels.leastEqual)));
  panels.areEqual = true;
}

Value RowPanelEmitter::getFirst(Value panel) {
  Value uneven = mul(panel, number(panels.height));
  if (panels.leastEqual == 0)
    return uneven;
  Value rows = value(panels.rows), count = value(panels.count);
  Value equal = div(mul(panel, rows), max(count, number(1)));
  if (panels.areEqual || nn::getStatic(panels.rows))
    return equal;
  Value areEqual = isAtMost(mul(count, number(panels.leastEqual)), rows);
  return b.create<arith::SelectOp>(areEqual, equal, uneven);
}

std::pair<Value, Value> RowPanelEmitter::getRows(Value panel) {
  Value first = getFirst(panel), end = getFirst(add(panel, number(1)));
  return {first, sub(min(end, value(panels.rows)), first)};
}

void RowPanelEmitter::emit(Value rows, function_ref<void(Value, int64_t)> body) {
  auto emitOr = [&](int64_t count, function_ref<void()> otherwise) {
    emitIf(isEqual(rows, number(count)), [&] { body(number(0), count); }, otherwise);
  };
  if (nn::getStatic(panels.rows)) {
    if (panels.tail == 0)
      return body(number(0), panels.height);
    return emitOr(panels.height, [&] { body(number(0), panels.tail); });
  }
  SmallVector<int64_t> whole = {panels.height};
  if (panels.leastEqual > 0)
    while (whole.back() > panels.leastEqual)
      whole.push_back(whole.back() - 1);
  if (whole.back() > 3 && !panels.areEqual)
    whole.push_back(3);
  std::function<void(ArrayRef<int64_t>)> emitFirst = [&](ArrayRef<int64_t> counts) {
    if (counts.empty())
      return emitParts(rows, panels.height, body);
    if (panels.areEqual && counts.size() == 1)
      return body(number(0), counts[0]);
    emitOr(counts.front(), [&] { emitFirst(counts.drop_front()); });
  };
  emitFirst(whole);
}
