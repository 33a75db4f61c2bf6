//===- Descriptor.cpp - burin/abi.h's structs as constants ----------------===//

#include "compiler/Artifact/Descriptor.h"
#include "burin/abi.h"
#include "compiler/Artifact/Kernels.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace burin;

namespace {
/// Builds constant globals. A Field is built inside the initializer of the
/// global that it is part of.
class ConstantWriter {
public:
  using Field = std::function<Value(ImplicitLocOpBuilder &)>;

  explicit ConstantWriter(ModuleOp module)
      : module(module), context(module.getContext()),
        ptr(LLVM::LLVMPointerType::get(context)),
        i32(IntegerType::get(context, 32)), i64(IntegerType::get(context, 64)) {
  }

  Field number(int64_t value, unsigned width) {
    auto type = IntegerType::get(context, width);
    return [=](ImplicitLocOpBuilder &b) -> Value {
      return b.create<LLVM::ConstantOp>(type, IntegerAttr::get(type, value));
    };
  }
  Field null() {
    return [=](ImplicitLocOpBuilder &b) -> Value {
      return b.create<LLVM::ZeroOp>(ptr);
    };
  }
  Field address(StringRef symbol) {
    return [=, name = symbol.str()](ImplicitLocOpBuilder &b) -> Value {
      return b.create<LLVM::AddressOfOp>(ptr, name);
    };
  }
  /// A NUL-terminated string; null if it is empty and `orNull`.
  Field string(StringRef text, bool orNull = false) {
    if (text.empty() && orNull)
      return null();
    std::string bytes = text.str() + '\0';
    ImplicitLocOpBuilder b = atEnd();
    std::string name = getName();
    b.create<LLVM::GlobalOp>(
        LLVM::LLVMArrayType::get(IntegerType::get(context, 8), bytes.size()),
        /*isConstant=*/true, LLVM::Linkage::Internal, name,
        b.getStringAttr(bytes));
    return address(name);
  }
  /// A struct by value.
  Field record(LLVM::LLVMStructType type, std::vector<Field> fields) {
    return [=](ImplicitLocOpBuilder &b) -> Value {
      Value value = b.create<LLVM::UndefOp>(type);
      for (auto [i, field] : llvm::enumerate(fields))
        value = b.create<LLVM::InsertValueOp>(value, field(b), i);
      return value;
    };
  }
  /// A global array; its address, or null if there are no elements.
  Field array(LLVM::LLVMStructType type, ArrayRef<Field> elements) {
    if (elements.empty())
      return null();
    auto arrayType = LLVM::LLVMArrayType::get(type, elements.size());
    std::vector<Field> all(elements);
    std::string name = global(arrayType, [=](ImplicitLocOpBuilder &b) -> Value {
      Value value = b.create<LLVM::UndefOp>(arrayType);
      for (auto [i, element] : llvm::enumerate(all))
        value = b.create<LLVM::InsertValueOp>(value, element(b), i);
      return value;
    });
    return address(name);
  }
  std::string global(Type type, Field initializer, std::string name = {}) {
    ImplicitLocOpBuilder b = atEnd();
    if (name.empty())
      name = getName();
    auto op = b.create<LLVM::GlobalOp>(
        type, /*isConstant=*/true, LLVM::Linkage::Internal, name, Attribute());
    b.createBlock(&op.getInitializerRegion());
    b.create<LLVM::ReturnOp>(initializer(b));
    return name;
  }
  LLVM::LLVMStructType structOf(ArrayRef<Type> types) {
    return LLVM::LLVMStructType::getLiteral(context, types);
  }
  ImplicitLocOpBuilder atEnd() {
    return ImplicitLocOpBuilder::atBlockEnd(module.getLoc(), module.getBody());
  }

  ModuleOp module;
  MLIRContext *context;
  Type ptr, i32, i64;

private:
  std::string getName() { return ("burin_desc" + Twine(next++)).str(); }
  unsigned next = 0;
};

class DescriptorWriter : ConstantWriter {
public:
  using ConstantWriter::ConstantWriter;

  Field tensor(const TensorInfo &info) {
    std::vector<Field> dims;
    LLVM::LLVMStructType dimType = structOf({i64, ptr});
    for (const TensorInfo::Dim &dim : info.dims)
      dims.push_back(record(dimType, {number(dim.size, 64),
                                      string(dim.symbol, /*orNull=*/true)}));
    return record(tensorType,
                  {string(info.name), array(dimType, dims),
                   number(info.dims.size(), 32), number(info.dtype, 32)});
  }

  Field tensors(ArrayRef<TensorInfo> infos) {
    std::vector<Field> fields;
    for (const TensorInfo &info : infos)
      fields.push_back(tensor(info));
    return array(tensorType, fields);
  }

  /// What all levels have of an entry.
  struct EntryTensors {
    Field name, inputs, outputs;
  };

  Field entry(const EntryInfo &info, const EntryTensors &tensors,
              StringRef prefix) {
    auto func = module.lookupSymbol<LLVM::LLVMFuncOp>((prefix + info.name).str());
    auto arena = func->getAttrOfType<IntegerAttr>("exec.arena_bytes");
    std::vector<Field> kernels;
    for (const KernelInfo &kernel : readKernels(func))
      kernels.push_back(
          record(kernelType, {string(kernel.name),
                              kernel.code.empty()
                                  ? null()
                                  : address((prefix + kernel.code + "_thunk").str())}));
    // The names of entries are the user's; that of the code must not clash.
    std::string symbol =
        (prefix + "burin_entry_" + std::to_string(numEntries++)).str();
    func.setName(symbol);
    return record(entryType,
                  {tensors.name, tensors.inputs, tensors.outputs,
                   number(info.inputs.size(), 32),
                   number(info.outputs.size(), 32),
                   number(arena ? arena.getInt() : 0, 64), address(symbol),
                   array(kernelType, kernels), number(kernels.size(), 32),
                   number(0, 32)});
  }

  Field state(const StateInfo &info) {
    return record(stateType, {tensor(info.tensor), number(info.capacity, 64),
                              number(info.axis, 32), number(0, 32)});
  }

  Field weights(const WeightsInfo &info, StringRef symbol) {
    bool embedded = info.file.empty();
    if (embedded && info.bytes) {
      ImplicitLocOpBuilder b = atEnd();
      auto data = b.create<LLVM::GlobalOp>(
          LLVM::LLVMArrayType::get(IntegerType::get(context, 8), 0),
          /*isConstant=*/true, LLVM::Linkage::External, symbol, Attribute());
      data.setVisibility_(LLVM::Visibility::Hidden);
    }
    return record(weightsType,
                  {embedded && info.bytes ? address(symbol) : null(),
                   string(info.file, /*orNull=*/true), number(info.bytes, 64),
                   number(info.hash, 64)});
  }

  /// The array of pointers to all levels, which are made after it.
  Field levelList(size_t count) {
    if (count == 1)
      return null();
    auto type = LLVM::LLVMArrayType::get(ptr, count);
    return address(global(type, [=](ImplicitLocOpBuilder &b) -> Value {
      Value value = b.create<LLVM::UndefOp>(type);
      for (size_t i = 0; i < count; ++i)
        value = b.create<LLVM::InsertValueOp>(value, address(levelName(i))(b),
                                              int64_t(i));
      return value;
    }));
  }

  static std::string levelName(size_t number) {
    return "burin_level" + std::to_string(number);
  }

  void write(const ModelInterface &model, const WeightsInfo &info,
             const Target &target, ArrayRef<Level> levels,
             const SymbolNames &symbols) {
    std::vector<EntryTensors> shared;
    std::vector<Field> states, sections;
    for (const EntryInfo &one : model.entries)
      shared.push_back(
          {string(one.name), tensors(one.inputs), tensors(one.outputs)});
    for (const StateInfo &one : model.states)
      states.push_back(state(one));
    if (info.bytes)
      sections.push_back(weights(info, symbols.weights));
    Field name = string(model.name), producer = string("burin 0.1"),
          targetName = string(target.getName()),
          stateList = array(stateType, states),
          sectionList = array(weightsType, sections),
          list = levelList(levels.size());
    LLVM::LLVMStructType type =
        structOf({i32, i32, ptr, ptr, ptr, ptr, ptr, ptr, ptr, i32, i32, i32,
                  i32, ptr, ptr, i32, i32});
    for (auto [i, level] : llvm::enumerate(levels)) {
      std::vector<Field> entries;
      for (auto [one, tensors] : llvm::zip(model.entries, shared))
        entries.push_back(entry(one, tensors, level.prefix));
      global(type,
             record(type,
                    {number(BURIN_ABI_MAGIC, 32), number(BURIN_ABI_VERSION, 32),
                     name, producer, targetName, string(level.cpu.title),
                     array(entryType, entries), stateList, sectionList,
                     number(entries.size(), 32), number(states.size(), 32),
                     number(sections.size(), 32), number(level.cpu.level, 32),
                     string(level.cpu.needs, /*orNull=*/true), list,
                     number(levels.size() > 1 ? levels.size() : 0, 32),
                     number(0, 32)}),
             levelName(i));
    }
    ImplicitLocOpBuilder b = atEnd();
    auto func = b.create<LLVM::LLVMFuncOp>(
        symbols.descriptor, LLVM::LLVMFunctionType::get(ptr, {}));
    Block *body = func.addEntryBlock(b);
    b.setInsertionPointToStart(body);
    b.create<LLVM::ReturnOp>(b.create<LLVM::AddressOfOp>(ptr, levelName(0)));
  }

private:
  LLVM::LLVMStructType tensorType = structOf({ptr, ptr, i32, i32});
  LLVM::LLVMStructType kernelType = structOf({ptr, ptr});
  LLVM::LLVMStructType entryType =
      structOf({ptr, ptr, ptr, i32, i32, i64, ptr, ptr, i32, i32});
  LLVM::LLVMStructType stateType = structOf({tensorType, i64, i32, i32});
  LLVM::LLVMStructType weightsType = structOf({ptr, ptr, i64, i64});
  unsigned numEntries = 0;
};
} // namespace

void burin::addDescriptor(ModuleOp module, const ModelInterface &model,
                          const WeightsInfo &weights, const Target &target,
                          ArrayRef<Level> levels, const SymbolNames &symbols) {
  // Two artifacts may be linked into one program.
  for (auto func : module.getOps<LLVM::LLVMFuncOp>())
    if (!func.isExternal())
      func.setLinkage(LLVM::Linkage::Internal);
  DescriptorWriter(module).write(model, weights, target, levels, symbols);
}
