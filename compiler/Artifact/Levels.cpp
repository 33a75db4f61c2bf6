//===- Levels.cpp - Code for several processors in one artifact -----------===//

#include "compiler/Artifact/Levels.h"
#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/xxhash.h"
#include <map>

using namespace mlir;
using namespace burin;

namespace {
/// Two constants with the same are the same.
struct Content {
  uint64_t bytes; ///< In memory.
  bool isSplat;
  uint64_t low, high; ///< A hash of what is stored.

  explicit Content(memref::GlobalOp global) {
    auto value = cast<ElementsAttr>(*global.getInitialValue());
    bytes = uint64_t(value.getNumElements()) *
            ((global.getType().getElementTypeBitWidth() + 7) / 8);
    ArrayRef<char> data;
    if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
      data = resource.getRawHandle().getBlob()->getData();
    else
      data = cast<DenseElementsAttr>(value).getRawData();
    isSplat = data.size() < bytes;
    auto hash = llvm::xxh3_128bits(ArrayRef(
        reinterpret_cast<const uint8_t *>(data.data()), data.size()));
    low = hash.low64;
    high = hash.high64;
  }
  bool operator<(const Content &other) const {
    return std::tie(bytes, isSplat, low, high) <
           std::tie(other.bytes, other.isSplat, other.low, other.high);
  }
};
} // namespace

SharedBytes burin::shareConstants(llvm::MutableArrayRef<Level> levels) {
  SharedBytes sum;
  std::map<Content, int64_t> places;
  for (Level &level : levels) {
    Builder builder(level.module.getContext());
    llvm::DenseMap<int64_t, int64_t> moved;
    for (auto global : level.module.getOps<memref::GlobalOp>()) {
      auto offset = global->getAttrOfType<IntegerAttr>("exec.offset");
      Content content(global);
      auto [place, isNew] = places.try_emplace(content, sum.all);
      (isNew ? sum.all : sum.shared) +=
          llvm::alignTo(std::max<uint64_t>(1, content.bytes), 64);
      moved[offset.getInt()] = place->second;
      global->setAttr("exec.offset", builder.getI64IntegerAttr(place->second));
    }
    level.module.walk([&](exec::ConstantOp op) {
      op.setOffset(moved.lookup(op.getOffset()));
    });
  }
  for (Level &level : levels)
    level.module->setAttr("exec.weights_bytes",
                          Builder(level.module.getContext())
                              .getI64IntegerAttr(int64_t(sum.all)));
  return sum;
}

/// One that no name in `module` starts with.
static std::string findPrefix(ModuleOp module, size_t number) {
  std::string prefix = "l" + std::to_string(number) + "_";
  while (llvm::any_of(module.getOps<LLVM::LLVMFuncOp>(), [&](auto func) {
    return func.getName().starts_with(prefix);
  }))
    prefix = "_" + prefix;
  return prefix;
}

/// Puts `prefix` before the names of all functions that `module` defines.
static void prefixNames(ModuleOp module, StringRef prefix) {
  llvm::StringSet<> names;
  for (auto func : module.getOps<LLVM::LLVMFuncOp>())
    if (!func.isExternal()) {
      names.insert(func.getName());
      func.setName((prefix + func.getName()).str());
    }
  module.walk([&](Operation *op) {
    auto address = dyn_cast<LLVM::AddressOfOp>(op);
    if (address && names.contains(address.getGlobalName()))
      address.setGlobalName((prefix + address.getGlobalName()).str());
    auto call = dyn_cast<LLVM::CallOp>(op);
    if (call && call.getCallee() && names.contains(*call.getCallee()))
      call.setCallee((prefix + *call.getCallee()).str());
  });
}

void burin::joinLevels(llvm::MutableArrayRef<Level> levels) {
  ModuleOp all = levels.front().module;
  for (size_t i = 1; i < levels.size(); ++i) {
    Level &level = levels[i];
    level.prefix = findPrefix(all, i);
    prefixNames(level.module, level.prefix);
    auto number = Builder(all.getContext()).getI32IntegerAttr(int32_t(i));
    for (Operation &op :
         llvm::make_early_inc_range(*level.module.getBody())) {
      auto func = dyn_cast<LLVM::LLVMFuncOp>(op);
      bool isDefined = func && !func.isExternal();
      // What both have by the same name, texts of messages and functions of
      // libraries, is the same.
      if (!isDefined && all.lookupSymbol(SymbolTable::getSymbolName(&op)))
        continue;
      if (isDefined)
        func->setAttr("exec.level", number);
      op.moveBefore(all.getBody(), all.getBody()->end());
    }
  }
}
