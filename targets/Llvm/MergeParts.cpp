//===- MergeParts.cpp - One function for parts of one shape ---------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "targets/Llvm/Passes.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_MERGEPARTS
#include "targets/Llvm/Passes.h.inc"

namespace {
bool isAddress(Operation *op) {
  return isa<exec::ConstantOp, exec::ArenaOp>(op);
}

/// All that a function does but for its addresses, as bytes: two functions have
/// the same if and only if they differ in nothing else.
class Fingerprint {
public:
  explicit Fingerprint(func::FuncOp func) {
    add(func.getFunctionType().getAsOpaquePointer());
    addRegion(func.getBody());
  }
  StringRef get() const { return bytes; }

private:
  void add(const void *pointer) { add(uintptr_t(pointer)); }
  void add(uintptr_t number) {
    bytes.append(reinterpret_cast<const char *>(&number), sizeof(number));
  }

  void addRegion(Region &region) {
    add(region.getBlocks().size());
    for (Block &block : region)
      blocks.try_emplace(&block, blocks.size());
    for (Block &block : region) {
      define(block.getArguments());
      add(block.getOperations().size());
      for (Operation &op : block)
        addOp(op);
    }
  }

  void addOp(Operation &op) {
    add(op.getName().getAsOpaquePointer());
    if (!isAddress(&op))
      add(op.getAttrDictionary().getAsOpaquePointer());
    add(op.getNumOperands());
    for (Value operand : op.getOperands())
      add(values.lookup(operand));
    for (Block *successor : op.getSuccessors())
      add(blocks.lookup(successor));
    define(op.getResults());
    add(op.getNumRegions());
    for (Region &region : op.getRegions())
      addRegion(region);
  }

  void define(ValueRange defined) {
    add(defined.size());
    for (Value value : defined) {
      add(value.getType().getAsOpaquePointer());
      values.try_emplace(value, values.size());
    }
  }

  std::string bytes;
  DenseMap<Value, uintptr_t> values;
  DenseMap<Block *, uintptr_t> blocks;
};

struct Part {
  func::FuncOp func;
  SmallVector<exec::LaunchOp, 1> launches;
  SmallVector<Operation *> addresses; ///< In the order of the code.
};

/// Lets the launches of all `parts` launch the first; `names` remembers.
void merge(MutableArrayRef<Part> parts, llvm::StringMap<StringAttr> &names) {
  Part &first = parts.front();
  for (size_t i = 0; i < first.addresses.size(); ++i) {
    Operation *address = first.addresses[i];
    DictionaryAttr place = address->getAttrDictionary();
    if (llvm::all_of(parts, [&](const Part &part) {
          return part.addresses[i]->getAttrDictionary() == place;
        }))
      continue;
    for (Part &part : parts)
      for (exec::LaunchOp launch : part.launches)
        launch.getCapturedMutable().append(
            OpBuilder(launch).clone(*part.addresses[i])->getResults());
    unsigned last = first.func.getNumArguments();
    first.func.insertArgument(last, address->getResult(0).getType(), {},
                              address->getLoc());
    address->getResult(0).replaceAllUsesWith(first.func.getArgument(last));
    address->erase();
  }
  for (Part &part : parts.drop_front()) {
    for (exec::LaunchOp launch : part.launches)
      launch.setCallee(first.func.getName());
    names[part.func.getName()] = first.func.getNameAttr();
    part.func.erase();
  }
}

struct MergeParts : impl::MergePartsBase<MergeParts> {
  void runOnOperation() override {
    llvm::StringMap<SmallVector<exec::LaunchOp, 1>> launches;
    getOperation().walk([&](exec::LaunchOp launch) {
      launches[launch.getCallee()].push_back(launch);
    });
    std::vector<SmallVector<Part>> alike; // In the order of the code.
    llvm::StringMap<size_t> numbers;
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      auto found = launches.find(func.getName());
      if (found == launches.end())
        continue;
      Part part = {func, found->second, {}};
      func.walk([&](Operation *op) {
        if (isAddress(op))
          part.addresses.push_back(op);
      });
      size_t number =
          numbers.try_emplace(Fingerprint(func).get(), alike.size())
              .first->second;
      alike.resize(std::max(alike.size(), number + 1));
      alike[number].push_back(std::move(part));
    }
    llvm::StringMap<StringAttr> names;
    for (SmallVector<Part> &parts : alike) {
      ++numKept;
      numMerged += parts.size() - 1;
      if (parts.size() > 1)
        merge(parts, names);
    }
    rename(names);
  }

  /// In the lists of parts that go with those of kernels.
  void rename(const llvm::StringMap<StringAttr> &names) {
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      auto list = func->getAttrOfType<ArrayAttr>("exec.parts");
      if (!list)
        continue;
      SmallVector<Attribute> parts;
      for (auto name : list.getAsRange<StringAttr>()) {
        auto found = names.find(name);
        parts.push_back(found == names.end() ? name : found->second);
      }
      func->setAttr("exec.parts", ArrayAttr::get(&getContext(), parts));
    }
  }
};
} // namespace
} // namespace burin
