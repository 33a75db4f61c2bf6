//===- SharedRows.cpp - What several rows read is read once ---------------===//
//
// Small integers are taken out of words before they are multiplied. Rows that are
// multiplied with the same words do so together.
//
//===----------------------------------------------------------------------===//

#include "dialects/Exec/Exec.h"
#include "passes/Exec/Loops/LoopEmitter.h"

using namespace mlir;
using namespace burin;

/// Rows at once: as many as there are, then as many of the rest.
static constexpr int64_t rowCounts[] = {8, 4, 2, 1};
/// Products of all rows at once, at most: each of them reads the row in another place.
static constexpr int64_t mostDots = 96;

/// As many of a body's rows are taken at once.
static int64_t getMostRows(linalg::LinalgOp op) {
  int64_t dots = 0;
  op->getRegion(0).walk([&](exec::DotOp) { ++dots; });
  return *llvm::find_if(rowCounts,
                        [&](int64_t rows) { return rows * dots <= mostDots || rows == 1; });
}

/// The innermost of the `outer` loops on which no vector that is read depends; and
/// what does depend on it.
void LoopEmitter::chooseRowLoop(ArrayRef<unsigned> outer) {
  bool multiplies = false;
  op->getRegion(0).walk([&](exec::DotOp) { multiplies = true; });
  if (!multiplies || lanes == 1 || reductions.empty() || nest.isReduction[vectorLoop])
    return;
  auto isShared = [&](unsigned loop) {
    for (unsigned i = 0; i < nest.numInputs; ++i)
      if (isWide(i) && nn::getStatic(nest.accesses[i].coefficients[loop]) != 0)
        return false;
    return true;
  };
  for (unsigned loop : outer)
    if (isShared(loop) && nn::getStatic(nest.sizes[loop]) != 1)
      rowLoop = loop;
  if (!rowLoop)
    return;
  Block &body = op->getRegion(0).front();
  for (unsigned i = 0; i < nest.accesses.size(); ++i)
    if (i >= nest.numInputs || nn::getStatic(nest.accesses[i].coefficients[*rowLoop]) != 0)
      ofOneRow.insert(body.getArgument(i));
  for (Operation &nested : body.without_terminator()) {
    auto loop = dyn_cast<linalg::IndexOp>(nested);
    if ((loop && loop.getDim() == *rowLoop) ||
        llvm::any_of(nested.getOperands(),
                     [&](Value operand) { return ofOneRow.contains(operand); }))
      ofOneRow.insert(nested.getResult(0));
  }
}

OpFoldResult LoopEmitter::getStep(unsigned loop) {
  if (loop != rowLoop)
    return shapes.get(1);
  return shapes.min(nest.sizes[loop], shapes.get(getMostRows(op)));
}

/// Iterations of an outer loop: groups of rows, or its size.
OpFoldResult LoopEmitter::getSteps(unsigned loop) {
  if (loop != rowLoop)
    return nest.sizes[loop];
  return shapes.ceilDiv(nest.sizes[loop], shapes.get(getMostRows(op)));
}

/// The rows of one group.
void LoopEmitter::emitRowGroup() {
  std::optional<int64_t> left = nn::getStatic(nest.sizes[*rowLoop]); // If it is known.
  int64_t most = getMostRows(op);
  Value first = mul(index[*rowLoop], number(most));
  Value end = min(value(nest.sizes[*rowLoop]), add(first, number(most)));
  for (int64_t count : rowCounts) {
    if (count > most)
      continue;
    bool isThere = !left || *left >= count;
    if (left)
      *left %= count;
    if (!isThere)
      continue;
    Value whole = sub(end, rem(sub(end, first), number(count)));
    emitLoop(first, whole, count, [&](Value row) {
      rows.clear();
      for (int64_t r = 0; r < count; ++r)
        rows.push_back(add(row, number(r)));
      emitVectorLoop(number(0), value(nest.sizes[vectorLoop]));
    });
    first = whole;
  }
}
