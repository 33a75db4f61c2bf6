//===- Parts.cpp - A module as several that compile alone -----------------===//

#include "compiler/Artifact/Parts.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace burin;

/// Operations of the LLVM dialect that are worth a part of their own: LLVM needs
/// some tens of milliseconds for as many.
static constexpr size_t opsPerPart = 4000;
/// Enough to keep so many cores busy; each costs a module of LLVM's.
static constexpr size_t maxParts = 32;

namespace {
class Splitter {
public:
  Splitter(ModuleOp module, StringRef prefix) : module(module), prefix(prefix) {
    for (Operation &op : *module.getBody())
      if (auto name = SymbolTable::getSymbolName(&op))
        symbols[name] = &op;
  }

  std::vector<CodePart> run();

private:
  /// Functions that call each other, in their order, and how long they are.
  struct Group {
    SmallVector<LLVM::LLVMFuncOp, 2> funcs;
    size_t ops = 0;
    size_t level = 0;
  };

  std::vector<Group> findGroups();
  void fill(ModuleOp part, ArrayRef<Group> groups);
  void declare(StringRef name, ModuleOp part, std::vector<Operation *> &added);
  void share();

  ModuleOp module;
  StringRef prefix;
  llvm::StringMap<Operation *> symbols;
  llvm::StringSet<> shared; ///< Functions that other parts need.
  std::vector<CodePart> parts;
};
} // namespace

static bool isDefinition(Operation *op) {
  auto func = dyn_cast_or_null<LLVM::LLVMFuncOp>(op);
  return func && !func.isExternal();
}

/// What `op` and those inside it name.
static void forEachSymbol(Operation *op, function_ref<void(StringRef)> action) {
  op->walk([&](Operation *inner) {
    if (auto address = dyn_cast<LLVM::AddressOfOp>(inner))
      action(address.getGlobalName());
    else if (auto call = dyn_cast<LLVM::CallOp>(inner))
      if (std::optional<StringRef> callee = call.getCallee())
        action(*callee);
  });
}

std::vector<Splitter::Group> Splitter::findGroups() {
  llvm::EquivalenceClasses<Operation *> callers;
  llvm::DenseMap<Operation *, size_t> sizes;
  for (auto func : module.getOps<LLVM::LLVMFuncOp>()) {
    if (func.isExternal())
      continue;
    callers.insert(func);
    size_t &size = sizes[func];
    func.walk([&](Operation *op) {
      ++size;
      auto call = dyn_cast<LLVM::CallOp>(op);
      if (Operation *callee =
              call && call.getCallee() ? symbols.lookup(*call.getCallee()) : nullptr;
          isDefinition(callee))
        callers.unionSets(func, callee);
    });
  }
  std::vector<Group> groups;
  llvm::DenseMap<Operation *, size_t> numbers;
  for (auto func : module.getOps<LLVM::LLVMFuncOp>()) {
    if (func.isExternal())
      continue;
    auto [found, isNew] =
        numbers.try_emplace(callers.getLeaderValue(func), groups.size());
    if (isNew)
      groups.emplace_back();
    Group &group = groups[found->second];
    if (auto level = func->getAttrOfType<IntegerAttr>("exec.level"))
      group.level = size_t(level.getInt());
    group.funcs.push_back(func);
    group.ops += sizes[func];
  }
  return groups;
}

/// Makes what `name` stands for known in `part`: functions are declared,
/// constants are small and get a copy.
void Splitter::declare(StringRef name, ModuleOp part,
                       std::vector<Operation *> &added) {
  Operation *op = symbols.lookup(name);
  OpBuilder builder = OpBuilder::atBlockBegin(part.getBody());
  if (!isDefinition(op)) {
    added.push_back(builder.clone(*op));
    return;
  }
  auto func = cast<LLVM::LLVMFuncOp>(builder.cloneWithoutRegions(*op));
  func.setLinkage(LLVM::Linkage::External);
  func.setVisibility_(LLVM::Visibility::Hidden);
  shared.insert(name);
}

void Splitter::fill(ModuleOp part, ArrayRef<Group> groups) {
  llvm::StringSet<> known;
  std::vector<Operation *> added;
  for (const Group &group : groups)
    for (LLVM::LLVMFuncOp func : group.funcs) {
      func->moveBefore(part.getBody(), part.getBody()->end());
      known.insert(func.getName());
      added.push_back(func);
    }
  for (size_t i = 0; i < added.size(); ++i)
    forEachSymbol(added[i], [&](StringRef name) {
      if (known.insert(name).second)
        declare(name, part, added);
    });
}

/// Lets other parts see what they need.
void Splitter::share() {
  for (CodePart &part : parts) {
    for (auto func : part.module->getOps<LLVM::LLVMFuncOp>()) {
      if (!shared.contains(func.getName()))
        continue;
      func.setLinkage(LLVM::Linkage::External);
      func.setVisibility_(LLVM::Visibility::Hidden);
      func.setName((prefix + func.getName()).str());
    }
    auto rename = [&](StringRef name) { return (prefix + name).str(); };
    part.module->walk([&](Operation *op) {
      auto address = dyn_cast<LLVM::AddressOfOp>(op);
      if (address && shared.contains(address.getGlobalName()))
        address.setGlobalName(rename(address.getGlobalName()));
    });
  }
}

std::vector<CodePart> Splitter::run() {
  std::vector<Group> groups = findGroups();
  size_t ops = 0;
  for (const Group &group : groups)
    ops += group.ops;
  size_t wanted = std::clamp<size_t>(ops / opsPerPart, 1, maxParts);
  ArrayRef<Group> left = groups;
  for (size_t done = 0; !left.empty();) {
    size_t count = 0;
    // As much as brings this part's end to its share of the whole.
    size_t end = ops * (parts.size() + 1) / wanted;
    size_t level = left.front().level;
    while (count < left.size() && left[count].level == level &&
           (count == 0 || done < end))
      done += left[count++].ops;
    parts.push_back({ModuleOp::create(module.getLoc()), level});
    ModuleOp part = *parts.back().module;
    part->setAttrs(module->getAttrDictionary());
    fill(part, left.take_front(count));
    left = left.drop_front(count);
  }
  share();
  return std::move(parts);
}

std::vector<CodePart> burin::splitModule(ModuleOp module, StringRef prefix) {
  return Splitter(module, prefix).run();
}
