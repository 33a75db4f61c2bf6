//===- ListKernels.cpp - What the kernels of each entry do ----------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Report/Passes.h"
#include "passes/Report/Work.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_LISTKERNELS
#include "passes/Report/Passes.h.inc"

namespace {
struct Kernel {
  bool isParallel = false;
  llvm::SmallSetVector<int64_t, 4> rows; ///< By location.
  SmallVector<int64_t> works;            ///< Those that it alone does, sorted.
  llvm::SmallSetVector<Value, 4> constants;
};

class KernelList {
public:
  explicit KernelList(ArrayRef<Work> works)
      : works(works), owner(works.size(), none) {
    for (auto [row, work] : llvm::enumerate(works)) {
      for (const Traffic &read : work.reads)
        readers[read.buffer].push_back(row);
      for (const Traffic &written : work.writes)
        writers[written.buffer].push_back(row);
    }
  }

  void visit(Region &region);
  void assign();
  ArrayAttr getAttribute(MLIRContext *context) const;

private:
  static constexpr size_t none = ~size_t(0);

  void collect(Operation *op, Kernel &kernel);
  size_t findOwner(size_t row) const;
  bool isSeenOutside(int64_t buffer, size_t kernel) const;
  Count getConstantBytes(const Kernel &kernel) const;
  Count getReadBytes(const Kernel &kernel) const;
  Count getWrittenBytes(size_t number) const;
  DictionaryAttr describe(size_t number, MLIRContext *context) const;

  ArrayRef<Work> works;
  llvm::DenseMap<int64_t, SmallVector<size_t>> readers, writers; ///< Rows.
  SmallVector<size_t> owner; ///< Of each row; none: not of this entry.
  SmallVector<Kernel> kernels;
  bool isOpen = false; ///< The last kernel is serial and goes on.
};

/// Whether something happens at run time but the calculation of addresses.
bool isExecuted(Operation &op) {
  return op.getNumRegions() ||
         isa<exec::CallOp, func::CallOp, memref::CopyOp, memref::StoreOp,
             vector::StoreOp, vector::MaskedStoreOp>(op);
}

bool hasParallel(Operation &op) {
  return op.walk([](exec::ParallelOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

void KernelList::collect(Operation *op, Kernel &kernel) {
  op->walk([&](Operation *nested) {
    // Constants are shared, whoever asked for them first.
    if (nested->hasTrait<OpTrait::ConstantLike>())
      return;
    for (int64_t row : getRows(nested->getLoc()))
      kernel.rows.insert(row);
    for (Value operand : nested->getOperands())
      if (isa<MemRefType>(operand.getType()))
        if (Value root = getRoot(operand); root.getDefiningOp<exec::ConstantOp>())
          kernel.constants.insert(root);
  });
}

void KernelList::visit(Region &region) {
  for (Operation &op : region.getOps()) {
    if (isa<exec::ParallelOp>(op)) {
      kernels.emplace_back().isParallel = true;
      collect(&op, kernels.back());
      isOpen = false;
    } else if (hasParallel(op)) {
      for (Region &nested : op.getRegions()) {
        isOpen = false;
        visit(nested);
      }
      isOpen = false;
    } else if (isExecuted(op)) {
      if (!isOpen)
        kernels.emplace_back();
      isOpen = true;
      collect(&op, kernels.back());
    }
  }
}

/// The kernel for what no code has the location of: it was fused with what
/// writes what it reads, or with what goes on with what it writes.
size_t KernelList::findOwner(size_t row) const {
  for (const Traffic &read : works[row].reads) {
    SmallVector<size_t> rows = writers.lookup(read.buffer);
    for (size_t before : llvm::reverse(rows))
      if (before < row && owner[before] != none)
        return owner[before];
  }
  for (const Traffic &written : works[row].writes)
    for (const auto &users : {readers.lookup(written.buffer),
                              writers.lookup(written.buffer)})
      for (size_t after : users)
        if (after > row && owner[after] != none)
          return owner[after];
  return none;
}

/// Finds the kernel that does each row's work. What packs operands has the
/// location of the op, too, and comes first.
void KernelList::assign() {
  llvm::erase_if(kernels, [](const Kernel &kernel) {
    return !kernel.isParallel && kernel.rows.empty();
  });
  for (auto [number, kernel] : llvm::enumerate(kernels))
    for (int64_t row : kernel.rows)
      owner[row] = number;
  for (size_t row = 0; row < works.size(); ++row)
    if (owner[row] == none)
      owner[row] = findOwner(row);
  for (size_t row = 0; row < works.size(); ++row)
    if (owner[row] != none)
      kernels[owner[row]].works.push_back(row);
}

/// Whether another kernel reads the buffer, or nobody does and it is a result.
bool KernelList::isSeenOutside(int64_t buffer, size_t kernel) const {
  auto read = readers.find(buffer);
  return read == readers.end() ||
         llvm::any_of(read->second, [&](size_t row) { return owner[row] != kernel; });
}

Count addUp(const llvm::MapVector<int64_t, Count> &buffers) {
  Count sum = 0;
  for (auto [buffer, bytes] : buffers)
    sum = sum + bytes;
  return sum;
}

void keepGreater(llvm::MapVector<int64_t, Count> &buffers, const Traffic &traffic) {
  auto [at, isNew] = buffers.insert({traffic.buffer, traffic.bytes});
  if (!isNew)
    at->second = getGreater(at->second, traffic.bytes);
}

Count KernelList::getConstantBytes(const Kernel &kernel) const {
  llvm::MapVector<int64_t, Count> buffers;
  for (int64_t row : kernel.works)
    for (const Traffic &traffic : works[row].constants)
      keepGreater(buffers, traffic);
  Count packed = 0;
  for (Value constant : kernel.constants)
    packed = packed + getBytes(constant.getType());
  if (kernel.constants.empty())
    return addUp(buffers);
  return getLesser(addUp(buffers), packed);
}

Count KernelList::getReadBytes(const Kernel &kernel) const {
  llvm::MapVector<int64_t, Count> buffers;
  llvm::DenseSet<int64_t> made;
  for (int64_t row : kernel.works) {
    for (const Traffic &read : works[row].reads)
      if (!made.contains(read.buffer))
        keepGreater(buffers, read);
    for (const Traffic &written : works[row].writes)
      made.insert(written.buffer);
  }
  return addUp(buffers);
}

Count KernelList::getWrittenBytes(size_t number) const {
  llvm::MapVector<int64_t, Count> buffers;
  for (int64_t row : kernels[number].works)
    for (const Traffic &written : works[row].writes)
      if (isSeenOutside(written.buffer, number))
        keepGreater(buffers, written);
  return addUp(buffers);
}

DictionaryAttr KernelList::describe(size_t number, MLIRContext *context) const {
  const Kernel &kernel = kernels[number];
  llvm::SmallSetVector<StringRef, 4> operators;
  Count flops = 0, intOps = 0;
  int64_t most = -1;
  StringRef name;
  for (int64_t row : kernel.works) {
    const Work &work = works[row];
    operators.insert(work.operators.begin(), work.operators.end());
    flops = flops + work.flops;
    intOps = intOps + work.intOps;
    int64_t here = std::max(work.flops.get(), work.intOps.get());
    if (here > most && !work.operators.empty()) {
      most = here;
      name = work.operators.front();
    }
  }
  if (kernel.works.empty())
    for (int64_t row : kernel.rows)
      operators.insert(works[row].operators.begin(), works[row].operators.end());
  if (name.empty() && !operators.empty())
    name = operators.front();
  Builder b(context);
  NamedAttrList list;
  auto add = [&](StringRef key, Count count) {
    if (count.isKnown())
      list.append(key, b.getI64IntegerAttr(count.get()));
  };
  list.append("name", b.getStringAttr(name));
  list.append("operators", b.getStrArrayAttr(operators.getArrayRef()));
  list.append("parallel", b.getBoolAttr(kernel.isParallel));
  add("flops", flops);
  add("int_ops", intOps);
  add("constant_bytes", getConstantBytes(kernel));
  add("read_bytes", getReadBytes(kernel));
  add("written_bytes", getWrittenBytes(number));
  list.append("rows", b.getDenseI64ArrayAttr(kernel.works));
  return list.getDictionary(context);
}

ArrayAttr KernelList::getAttribute(MLIRContext *context) const {
  SmallVector<Attribute> all;
  for (size_t i = 0; i < kernels.size(); ++i)
    all.push_back(describe(i, context));
  return ArrayAttr::get(context, all);
}

struct ListKernels : impl::ListKernelsBase<ListKernels> {
  void runOnOperation() override {
    auto table = getOperation()->getAttrOfType<ArrayAttr>("exec.work");
    if (!table)
      return;
    std::vector<Work> works;
    for (auto row : table.getAsRange<DictionaryAttr>())
      works.push_back(toWork(row));
    for (func::FuncOp func : getOperation().getOps<func::FuncOp>()) {
      if (!func.isPublic() || func.isDeclaration())
        continue;
      KernelList list(works);
      list.visit(func.getBody());
      list.assign();
      func->setAttr("exec.kernels", list.getAttribute(&getContext()));
    }
  }
};
} // namespace
} // namespace burin
