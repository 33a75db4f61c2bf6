//===- inputs.cpp - Tensors from files and from nothing -------------------===//

#include "inputs.h"
#include "npy.h"
#include "text.h"
#include <cstdlib>
#include <cstring>

using namespace burin_run;

namespace {

/// The number of the tensor called `name`; -1 where there is none.
int32_t find(const burin_tensor_desc *descs, int32_t count,
             const std::string &name) {
  for (int32_t i = 0; i < count; ++i)
    if (name == descs[i].name)
      return i;
  return -1;
}

std::string listNames(const burin_tensor_desc *descs, int32_t count) {
  std::string result;
  for (int32_t i = 0; i < count; ++i)
    result += (i ? ", '" : "'") + std::string(descs[i].name) + "'";
  return count ? result : "none";
}

/// `kind` is "input" or "output".
int readFiles(const char *kind, const burin_tensor_desc *descs, int32_t count,
              const std::vector<NamedFile> &files, TensorList &out) {
  out.resize(size_t(count));
  for (const NamedFile &file : files) {
    int32_t index = find(descs, count, file.name);
    if (index < 0) {
      complain("there is no %s '%s'; the entry has %s", kind, file.name.c_str(),
               listNames(descs, count).c_str());
      return ExitUsage;
    }
    burin_error error;
    burin_status status = burin::readNpy(file.file.c_str(), descs[index].dtype,
                                         &out[size_t(index)], &error);
    if (status != BURIN_OK) {
      complain("%s '%s': %s", kind, file.name.c_str(), error.text);
      return status == BURIN_OUT_OF_MEMORY ? ExitMachine : ExitBadFile;
    }
  }
  return ExitDone;
}

/// Sizes of symbolic dimensions: those of the inputs at hand, then --dim.
class Symbols {
public:
  explicit Symbols(const burin_entry_desc &entry) : entry(entry) {}

  void bind(const TensorList &inputs);
  int bind(const std::vector<NamedSize> &dims);

  /// Of a symbol that nobody bound: 1.
  int64_t getSize(const burin_dim &dim) const {
    if (dim.size >= 0)
      return dim.size;
    for (const NamedSize &known : sizes)
      if (dim.symbol && known.name == dim.symbol)
        return known.size;
    return 1;
  }

private:
  bool isSymbol(const std::string &name) const;

  const burin_entry_desc &entry;
  std::vector<NamedSize> sizes;
};

void Symbols::bind(const TensorList &inputs) {
  for (int32_t i = 0; i < entry.num_inputs; ++i) {
    const burin_tensor &tensor = inputs[size_t(i)];
    // The runtime tells the user where rank and sizes do not fit.
    for (int32_t k = 0; k < entry.inputs[i].rank && k < tensor.rank; ++k)
      if (tensor.data && entry.inputs[i].dims[k].symbol)
        sizes.push_back({entry.inputs[i].dims[k].symbol, tensor.shape[k]});
  }
}

bool Symbols::isSymbol(const std::string &name) const {
  for (int32_t i = 0; i < entry.num_inputs; ++i)
    for (int32_t k = 0; k < entry.inputs[i].rank; ++k)
      if (const burin_dim &dim = entry.inputs[i].dims[k];
          dim.size < 0 && dim.symbol && name == dim.symbol)
        return true;
  return false;
}

int Symbols::bind(const std::vector<NamedSize> &dims) {
  for (const NamedSize &dim : dims) {
    if (!isSymbol(dim.name)) {
      complain("--dim: no input of entry '%s' has a dimension '%s'", entry.name,
               dim.name.c_str());
      return ExitUsage;
    }
    for (const NamedSize &known : sizes)
      if (known.name == dim.name && known.size != dim.size) {
        complain("--dim: '%s' is to be %lld, but is %lld already",
                 dim.name.c_str(), static_cast<long long>(dim.size),
                 static_cast<long long>(known.size));
        return ExitUsage;
      }
    sizes.push_back(dim);
  }
  return ExitDone;
}

} // namespace

TensorList::~TensorList() {
  for (burin_tensor &tensor : tensors)
    free(tensor.data);
}

int burin_run::prepareInputs(const burin_entry_desc &entry,
                             const Options &options, TensorList &out) {
  if (int code = readFiles("input", entry.inputs, entry.num_inputs,
                           options.inputs, out))
    return code;
  Symbols symbols(entry);
  symbols.bind(out);
  if (int code = symbols.bind(options.dims))
    return code;
  for (int32_t i = 0; i < entry.num_inputs; ++i) {
    const burin_tensor_desc &desc = entry.inputs[i];
    burin_tensor &tensor = out[size_t(i)];
    if (tensor.data)
      continue;
    if (options.fill == Fill::None) {
      complain("input '%s' is missing: give --input %s=FILE.npy, or --fill",
               desc.name, percentEncode(desc.name).c_str());
      return ExitUsage;
    }
    tensor.dtype = desc.dtype;
    tensor.rank = desc.rank;
    for (int32_t k = 0; k < desc.rank; ++k)
      tensor.shape[k] = symbols.getSize(desc.dims[k]);
    if (burin::allocateTensor(&tensor) != BURIN_OK) {
      complain("no memory to fill input '%s'", desc.name);
      return ExitMachine;
    }
    fillTensor(tensor, options.fill, options.seed, uint64_t(i));
  }
  return ExitDone;
}

int burin_run::readExpected(const burin_entry_desc &entry,
                            const Options &options, TensorList &out) {
  return readFiles("output", entry.outputs, entry.num_outputs, options.expects,
                   out);
}
