//===- Kernels.cpp - What the kernels of an artifact do -------------------===//

#include "compiler/Artifact/Kernels.h"
#include "compiler/Support/Text.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace burin;

std::vector<KernelInfo> burin::readKernels(Operation *entry) {
  std::vector<KernelInfo> kernels;
  auto list = entry->getAttrOfType<ArrayAttr>("exec.kernels");
  if (!list)
    return kernels;
  auto parts = entry->getAttrOfType<ArrayAttr>("exec.parts");
  size_t part = 0;
  for (auto row : list.getAsRange<DictionaryAttr>()) {
    KernelInfo &kernel = kernels.emplace_back();
    auto number = [&](StringRef key) -> std::optional<int64_t> {
      if (auto attribute = row.getAs<IntegerAttr>(key))
        return attribute.getInt();
      return std::nullopt;
    };
    kernel.name = row.getAs<StringAttr>("name").str();
    for (auto name : row.getAs<ArrayAttr>("operators").getAsRange<StringAttr>())
      kernel.operators.push_back(name.str());
    kernel.isParallel = row.getAs<BoolAttr>("parallel").getValue();
    if (kernel.isParallel && parts)
      kernel.code = cast<StringAttr>(parts[part++]).str();
    kernel.flops = number("flops");
    kernel.intOps = number("int_ops");
    kernel.constantBytes = number("constant_bytes");
    kernel.readBytes = number("read_bytes");
    kernel.writtenBytes = number("written_bytes");
    llvm::append_range(kernel.rows, row.getAs<DenseI64ArrayAttr>("rows").asArrayRef());
  }
  return kernels;
}

/// The entries, and their names.
template <typename F>
static void forEachEntry(ModuleOp module, F &&body) {
  for (Operation &op : *module.getBody())
    if (op.hasAttr("exec.kernels"))
      body(&op, SymbolTable::getSymbolName(&op).getValue());
}

/// In millions; "?" where it is not known.
static std::string inMillions(std::optional<int64_t> value) {
  std::string text = "?";
  if (value)
    llvm::raw_string_ostream(text = "") << llvm::format("%.3f", double(*value) * 1e-6);
  return text;
}

/// Names that say what a kernel is; all of them are in the report.
static constexpr size_t maxNames = 4;

void burin::printKernels(ModuleOp module, raw_ostream &os) {
  forEachEntry(module, [&](Operation *entry, StringRef name) {
    std::vector<KernelInfo> kernels = readKernels(entry);
    os << "kernels of '" << escapeName(name) << "' (MFLOP, integer MOP; MB of "
       << "constants, read, written; - is not parallel):\n";
    for (auto [i, kernel] : llvm::enumerate(kernels)) {
      os << llvm::format("%5zu%c", i, kernel.isParallel ? ' ' : '-');
      for (auto value : {kernel.flops, kernel.intOps, kernel.constantBytes,
                         kernel.readBytes, kernel.writtenBytes})
        os << llvm::format(" %10s", inMillions(value).c_str());
      os << " ";
      llvm::ArrayRef<std::string> names = kernel.operators;
      for (const std::string &one : names.take_front(maxNames))
        os << " " << escapeName(one);
      if (names.size() > maxNames)
        os << " and " << names.size() - maxNames << " more";
      os << "\n";
    }
  });
}

/// A row of the table of work: what is not known is -1 there and null here.
static void writeRow(DictionaryAttr row, llvm::json::OStream &json) {
  auto toJson = [](int64_t value) {
    return value < 0 ? llvm::json::Value(nullptr) : llvm::json::Value(value);
  };
  for (NamedAttribute field : row)
    if (auto number = dyn_cast<IntegerAttr>(field.getValue())) {
      json.attribute(field.getName().strref(), toJson(number.getInt()));
    } else if (auto numbers = dyn_cast<DenseI64ArrayAttr>(field.getValue())) {
      json.attributeArray(field.getName().strref(), [&] {
        for (int64_t value : numbers.asArrayRef())
          json.value(toJson(value));
      });
    } else if (auto names = dyn_cast<ArrayAttr>(field.getValue())) {
      json.attributeArray(field.getName().strref(), [&] {
        for (auto name : names.getAsRange<StringAttr>())
          json.value(llvm::json::fixUTF8(name.getValue()));
      });
    }
}

void burin::writeKernels(ModuleOp module, raw_ostream &os) {
  llvm::json::OStream json(os, /*IndentSize=*/1);
  auto text = [](StringRef name) { return llvm::json::fixUTF8(name); };
  auto writeKernel = [&](const KernelInfo &kernel) {
    json.attribute("name", text(kernel.name));
    json.attribute("parallel", kernel.isParallel);
    auto number = [&](StringRef key, std::optional<int64_t> value) {
      json.attribute(key, value ? llvm::json::Value(*value) : nullptr);
    };
    number("flops", kernel.flops);
    number("int_ops", kernel.intOps);
    number("constant_bytes", kernel.constantBytes);
    number("read_bytes", kernel.readBytes);
    number("written_bytes", kernel.writtenBytes);
    json.attributeArray("operators", [&] {
      for (const std::string &name : kernel.operators)
        json.value(text(name));
    });
    json.attributeArray("rows", [&] {
      for (int64_t row : kernel.rows)
        json.value(row);
    });
  };
  json.object([&] {
    json.attributeArray("entries", [&] {
      forEachEntry(module, [&](Operation *entry, StringRef name) {
        json.object([&] {
          json.attribute("name", text(name));
          json.attributeArray("kernels", [&] {
            for (const KernelInfo &kernel : readKernels(entry))
              json.object([&] { writeKernel(kernel); });
          });
        });
      });
    });
    json.attributeArray("work", [&] {
      if (auto table = module->getAttrOfType<ArrayAttr>("exec.work"))
        for (auto row : table.getAsRange<DictionaryAttr>())
          json.object([&] { writeRow(row, json); });
    });
  });
  os << "\n";
}
