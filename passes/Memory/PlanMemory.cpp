//===- PlanMemory.cpp - Every buffer its place in the arena ---------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/Memory/Passes.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_PLANMEMORY
#include "passes/Memory/Passes.h.inc"

namespace {
constexpr int64_t alignment = 64;

/// Everything that may be (a part of) the same memory, `root` included.
llvm::SetVector<Value> getAliases(Value root) {
  llvm::SetVector<Value> aliases;
  aliases.insert(root);
  auto add = [&](ValueRange values) {
    for (Value value : values)
      if (isa<BaseMemRefType>(value.getType()))
        aliases.insert(value);
  };
  for (size_t i = 0; i < aliases.size(); ++i)
    for (Operation *user : aliases[i].getUsers()) {
      add(user->getResults()); // Views, selects, loops.
      for (Region &region : user->getRegions())
        for (Block &block : region)
          add(block.getArguments());
      if (user->hasTrait<OpTrait::IsTerminator>()) {
        add(user->getParentOp()->getResults());
        for (Region &region : user->getParentOp()->getRegions())
          for (Block &block : region)
            add(block.getArguments());
      }
    }
  return aliases;
}

struct Buffer {
  memref::AllocOp alloc;
  int64_t bytes = 0;
  int64_t first = 0, last = 0; ///< Positions in the entry block.
  int64_t offset = -1;
};

bool overlapInTime(const Buffer &a, const Buffer &b) {
  return a.first <= b.last && b.first <= a.last;
}

/// Largest first, each at the lowest offset where it fits.
int64_t assignOffsets(MutableArrayRef<Buffer> buffers) {
  SmallVector<Buffer *> order;
  for (Buffer &buffer : buffers)
    order.push_back(&buffer);
  llvm::sort(order, [](Buffer *a, Buffer *b) {
    return a->bytes != b->bytes ? a->bytes > b->bytes : a < b;
  });
  int64_t total = 0;
  SmallVector<Buffer *> placed; // In the order of their offsets.
  for (Buffer *buffer : order) {
    int64_t offset = 0;
    for (Buffer *other : placed) {
      if (!overlapInTime(*buffer, *other))
        continue;
      if (offset + buffer->bytes <= other->offset)
        break;
      offset = std::max(offset, other->offset + other->bytes);
    }
    buffer->offset = offset;
    total = std::max(total, offset + buffer->bytes);
    placed.insert(llvm::upper_bound(placed, buffer,
                                    [](Buffer *a, Buffer *b) {
                                      return a->offset < b->offset;
                                    }),
                  buffer);
  }
  return total;
}

/// The largest sum of what lives at one time: no plan needs less.
int64_t getLowerBound(ArrayRef<Buffer> buffers) {
  SmallVector<std::pair<int64_t, int64_t>> events; // Position, change.
  for (const Buffer &buffer : buffers) {
    events.emplace_back(2 * buffer.first, buffer.bytes);
    events.emplace_back(2 * buffer.last + 1, -buffer.bytes);
  }
  llvm::sort(events);
  int64_t now = 0, most = 0;
  for (auto [position, change] : events)
    most = std::max(most, now += change);
  return most;
}

class Planner {
public:
  explicit Planner(func::FuncOp func) : func(func) {
    for (auto [i, op] : llvm::enumerate(func.getBody().front()))
      positions[&op] = i;
  }

  LogicalResult run() {
    func.walk([&](memref::DeallocOp op) { op.erase(); });
    SmallVector<memref::AllocOp> allocs;
    func.walk([&](memref::AllocOp op) { allocs.push_back(op); });
    SmallVector<Buffer> buffers;
    for (memref::AllocOp alloc : allocs) {
      if (alloc->getParentOfType<exec::ParallelOp>())
        return alloc.emitError("is memory that threads would share; this is a bug in "
                               "Burin: please report it with the model");
      if (!alloc.getType().hasStaticShape()) {
        allocateAtRunTime(alloc);
        continue;
      }
      Buffer buffer;
      buffer.alloc = alloc;
      std::optional<int64_t> bytes = getBytes(alloc.getType());
      if (!bytes)
        return alloc.emitError("needs a buffer that is too large for any "
                               "machine: ")
               << alloc.getType();
      buffer.bytes = *bytes;
      findLife(buffer);
      buffers.push_back(buffer);
    }
    int64_t total = assignOffsets(buffers);
    OpBuilder builder(func.getContext());
    for (Buffer &buffer : buffers) {
      builder.setInsertionPoint(buffer.alloc);
      buffer.alloc.getResult().replaceAllUsesWith(builder.create<exec::ArenaOp>(
          buffer.alloc.getLoc(), buffer.alloc.getType(), buffer.offset));
      buffer.alloc.erase();
    }
    func->setAttr("exec.arena_bytes", builder.getI64IntegerAttr(total));
    func->setAttr("exec.arena_lower_bound",
                  builder.getI64IntegerAttr(getLowerBound(buffers)));
    return success();
  }

private:
  static std::optional<int64_t> getBytes(MemRefType type) {
    int64_t bytes = (type.getElementTypeBitWidth() + 7) / 8;
    for (int64_t size : type.getShape())
      if (llvm::MulOverflow(bytes, size, bytes) || bytes > int64_t(1) << 47)
        return std::nullopt;
    return llvm::alignTo(std::max<int64_t>(bytes, 1), alignment);
  }

  Operation *getTopLevel(Operation *op) {
    return func.getBody().front().findAncestorOpInBlock(*op);
  }

  void findLife(Buffer &buffer) {
    buffer.first = buffer.last = positions[getTopLevel(buffer.alloc)];
    for (Value alias : getAliases(buffer.alloc.getResult()))
      for (Operation *user : alias.getUsers())
        if (Operation *top = getTopLevel(user))
          buffer.last = std::max(buffer.last, positions[top]);
  }

  /// Released after the last use in its block, if it does not leave the block.
  void allocateAtRunTime(memref::AllocOp alloc) {
    OpBuilder builder(alloc);
    Value memory = builder.create<exec::AllocateOp>(
        alloc.getLoc(), alloc.getType(), alloc.getDynamicSizes());
    positions[memory.getDefiningOp()] = positions.lookup(alloc);
    alloc.getResult().replaceAllUsesWith(memory);
    Block *block = alloc->getBlock();
    alloc.erase();
    Operation *last = memory.getDefiningOp();
    for (Value alias : getAliases(memory))
      for (Operation *user : alias.getUsers()) {
        Operation *top = block->findAncestorOpInBlock(*user);
        if (!top || top->hasTrait<OpTrait::IsTerminator>())
          return; // It leaves the block: the end of the run frees it.
        if (last->isBeforeInBlock(top))
          last = top;
      }
    builder.setInsertionPointAfter(last);
    builder.create<exec::ReleaseOp>(memory.getLoc(), memory);
  }

  func::FuncOp func;
  llvm::DenseMap<Operation *, int64_t> positions;
};

struct PlanMemory : impl::PlanMemoryBase<PlanMemory> {
  void runOnOperation() override {
    for (func::FuncOp func : getOperation().getOps<func::FuncOp>())
      if (func.isPublic() && !func.isDeclaration() &&
          failed(Planner(func).run()))
        return signalPassFailure();
  }
};
} // namespace
} // namespace burin
