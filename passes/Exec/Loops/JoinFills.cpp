//===- JoinFills.cpp - Borders of images in one loop ----------------------===//

#include "passes/Exec/Loops/JoinFills.h"
#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "passes/Exec/Loops/IndexEmitter.h"

using namespace mlir;
using namespace burin;

namespace {
/// A box in all images of a buffer.
struct Box {
  linalg::FillOp fill;
  memref::SubViewOp view;

  Value getBuffer() { return view.getSource(); }
  Value getValue() { return fill.getInputs()[0]; }
  ArrayRef<int64_t> getShape() { return view.getSourceType().getShape(); }
};

/// Whether the view has all images: as many as the buffer was made for.
bool hasAllImages(memref::SubViewOp view) {
  OpFoldResult count = view.getMixedSizes()[0];
  if (std::optional<int64_t> known = getConstantIntValue(count))
    return *known == view.getSourceType().getDimSize(0);
  auto alloc = view.getSource().getDefiningOp<memref::AllocOp>();
  return alloc && alloc.getMixedSizes()[0] == count;
}

std::optional<Box> matchBox(Operation &op) {
  auto fill = dyn_cast<linalg::FillOp>(op);
  auto view = fill ? fill.getOutputs()[0].getDefiningOp<memref::SubViewOp>() : nullptr;
  if (!view || view.getSourceType().getRank() < 3 || view.getDroppedDims().any() ||
      !view.hasUnitStride() || view.getStaticOffsets()[0] != 0 ||
      llvm::any_of(view.getStaticOffsets(), ShapedType::isDynamic) ||
      llvm::any_of(view.getStaticSizes().drop_front(), ShapedType::isDynamic) ||
      llvm::is_contained(view.getStaticSizes(), 0) ||
      view.getSourceType().isDynamicDim(1) || !hasAllImages(view))
    return std::nullopt;
  return Box{fill, view};
}

class FillEmitter : IndexEmitter {
public:
  FillEmitter(MutableArrayRef<Box> boxes, ImplicitLocOpBuilder &b)
      : IndexEmitter(b), boxes(boxes) {}

  void emit(int64_t lanes);

private:
  void emitLine(Box box, Value image, Value line);

  MutableArrayRef<Box> boxes;
};

void FillEmitter::emit(int64_t lanes) {
  int64_t lines = boxes[0].getShape()[1], elements = 0;
  for (Box box : boxes)
    elements += ShapedType::getNumElements(box.view.getStaticSizes().drop_front());
  Value images = getValueOrCreateConstantIndexOp(b, b.getLoc(),
                                                 boxes[0].view.getMixedSizes()[0]);
  int64_t work = elements * (workPerMoved + workPerStreamed) / lines;
  emitRange(mul(images, number(lines)), getGrain(work, lanes), [&](Value task) {
    Value image, line;
    std::tie(image, line) = split(task, number(lines));
    for (Box box : boxes) {
      int64_t first = box.view.getStaticOffsets()[1];
      int64_t count = box.view.getStaticSizes()[1];
      // Wraps around above the box.
      emitIf(isAtMost(sub(line, number(first)), number(count - 1)),
             [&] { emitLine(box, image, line); });
    }
  });
}

void FillEmitter::emitLine(Box box, Value image, Value line) {
  b.setLoc(box.fill.getLoc());
  SmallVector<OpFoldResult> offsets = box.view.getMixedOffsets();
  SmallVector<OpFoldResult> sizes = box.view.getMixedSizes();
  offsets[0] = image, offsets[1] = line;
  sizes[0] = sizes[1] = b.getIndexAttr(1);
  Value row = b.create<memref::SubViewOp>(box.getBuffer(), offsets, sizes,
                                          box.view.getMixedStrides());
  b.create<linalg::FillOp>(box.getValue(), row);
}

void join(SmallVector<Box> &boxes, int64_t lanes) {
  if (boxes.size() > 1) {
    linalg::FillOp last = boxes.back().fill;
    ImplicitLocOpBuilder b(last.getLoc(), last);
    FillEmitter(boxes, b).emit(lanes);
    for (Box &box : boxes)
      box.fill->erase();
  }
  boxes.clear();
}

void joinFills(Block &block, int64_t lanes) {
  SmallVector<Box> boxes;
  for (Operation &op : llvm::make_early_inc_range(block)) {
    std::optional<Box> box = matchBox(op);
    if (!box && isMemoryEffectFree(&op))
      continue;
    if (!box || (!boxes.empty() && (box->getBuffer() != boxes[0].getBuffer() ||
                                     box->getValue() != boxes[0].getValue())))
      join(boxes, lanes);
    if (box)
      boxes.push_back(*box);
  }
  join(boxes, lanes);
}
} // namespace

void burin::joinFills(Operation *root, int64_t lanes) {
  SmallVector<Block *> blocks;
  root->walk([&](Block *block) {
    Operation *around = block->getParentOp();
    if (!isa<exec::ParallelOp, linalg::LinalgOp>(around) &&
        !around->getParentOfType<exec::ParallelOp>())
      blocks.push_back(block);
  });
  for (Block *block : blocks)
    ::joinFills(*block, lanes);
}
