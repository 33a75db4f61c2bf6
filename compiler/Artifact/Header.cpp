//===- Header.cpp - The header of a model as a library --------------------===//

#include "compiler/Artifact/Header.h"
#include "burin/types.h"
#include "compiler/Artifact/Naming.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace llvm;
using namespace burin;

namespace {
/// How C calls an element type; what C has no type for goes by its bits.
struct ElementType {
  const char *c, *dtype;
};

/// Writes the function of one entry.
class FunctionWriter {
public:
  FunctionWriter(const EntryInfo &entry, unsigned number, raw_ostream &os)
      : entry(entry), number(number), os(os) {
    for (const TensorInfo &info : entry.inputs)
      inputs.push_back(names.add(toIdentifier(info.name, "input")));
    for (const TensorInfo &info : entry.outputs)
      outputs.push_back(names.add(toIdentifier(info.name, "output")));
    for (auto [name, info] : zip(inputs, entry.inputs))
      inputDims.push_back(nameDims(name, info));
    for (const TensorInfo &info : entry.outputs)
      outputDims.push_back(findDims(info));
  }

  void write(StringRef function) {
    writeComment();
    writeSignature(function);
    writeBody();
  }

private:
  using Dims = std::vector<std::string>;

  Dims nameDims(StringRef tensor, const TensorInfo &info);
  std::optional<Dims> findDims(const TensorInfo &info) const;
  void writeComment();
  void writeSignature(StringRef function);
  void writeBody();
  void writeTensors(StringRef array, ArrayRef<std::string> tensors);

  const EntryInfo &entry;
  unsigned number;
  raw_ostream &os;
  UniqueNames names{{"session", "inputs", "outputs", "status", "error"}};
  StringMap<std::string> symbols; ///< Of dimensions; their parameters.
  std::vector<std::string> inputs, outputs, sizes;
  std::vector<Dims> inputDims;
  std::vector<std::optional<Dims>> outputDims; ///< None: known after the run.
};
} // namespace

static ElementType getElementType(int32_t dtype) {
  static constexpr ElementType types[BURIN_NUM_DTYPES] = {
      {"float", "BURIN_F32"},          {"uint16_t", "BURIN_F16"},
      {"int8_t", "BURIN_I8"},          {"uint8_t", "BURIN_I4"},
      {"uint16_t", "BURIN_BF16"},      {"double", "BURIN_F64"},
      {"uint8_t", "BURIN_U8"},         {"int16_t", "BURIN_I16"},
      {"uint16_t", "BURIN_U16"},       {"int32_t", "BURIN_I32"},
      {"uint32_t", "BURIN_U32"},       {"int64_t", "BURIN_I64"},
      {"uint64_t", "BURIN_U64"},       {"bool", "BURIN_BOOL"},
      {"uint8_t", "BURIN_U4"},         {"uint8_t", "BURIN_I2"},
      {"uint8_t", "BURIN_U2"},         {"uint8_t", "BURIN_F8E4M3FN"},
      {"uint8_t", "BURIN_F8E4M3FNUZ"}, {"uint8_t", "BURIN_F8E5M2"},
      {"uint8_t", "BURIN_F8E5M2FNUZ"}, {"uint8_t", "BURIN_F8E8M0"},
      {"uint8_t", "BURIN_F4E2M1"}};
  return types[dtype];
}

/// Fit for a comment: no name ends it, starts a line or steers a terminal.
static std::string quote(StringRef name) {
  std::string result;
  for (char c : name.take_front(200))
    if (isAlnum(c) || StringRef("_-.:").contains(c))
      result += c;
    else
      result += "%" + toHex(StringRef(&c, 1));
  return result;
}

/// The sizes of an input: numbers, and one parameter for each that is open.
FunctionWriter::Dims FunctionWriter::nameDims(StringRef tensor,
                                              const TensorInfo &info) {
  Dims dims;
  for (auto [axis, dim] : enumerate(info.dims)) {
    if (dim.size >= 0) {
      dims.push_back(std::to_string(dim.size));
      continue;
    }
    std::string own = (tensor + "_dim" + Twine(axis)).str();
    if (dim.symbol.empty()) {
      sizes.push_back(names.add(own));
      dims.push_back(sizes.back());
      continue;
    }
    std::string &parameter = symbols[dim.symbol];
    if (parameter.empty()) {
      parameter = names.add(toIdentifier(dim.symbol, "dim"));
      sizes.push_back(parameter);
    }
    dims.push_back(parameter);
  }
  return dims;
}

std::optional<FunctionWriter::Dims>
FunctionWriter::findDims(const TensorInfo &info) const {
  Dims dims;
  for (const TensorInfo::Dim &dim : info.dims) {
    std::string size =
        dim.size >= 0 ? std::to_string(dim.size) : symbols.lookup(dim.symbol);
    if (size.empty())
      return std::nullopt;
    dims.push_back(size);
  }
  return dims;
}

void FunctionWriter::writeComment() {
  auto line = [&](StringRef name, const TensorInfo &info, StringRef shape) {
    os << " *   " << name << ": "
       << StringRef(getElementType(info.dtype).dtype).drop_front(6).lower()
       << shape;
    if (name != info.name)
      os << ", in the model `" << quote(info.name) << "`";
    os << "\n";
  };
  os << "/* Entry `" << quote(entry.name) << "`.\n";
  for (size_t i = 0; i < inputs.size(); ++i)
    line(inputs[i], entry.inputs[i], "[" + join(inputDims[i], ", ") + "]");
  for (size_t i = 0; i < outputs.size(); ++i)
    line(outputs[i], entry.outputs[i],
         outputDims[i] ? "[" + join(*outputDims[i], ", ") + "], written"
                       : ", as burin_session_run() takes and sets it");
  os << " */\n";
}

void FunctionWriter::writeSignature(StringRef function) {
  std::vector<std::string> parameters = {"burin_session *session"};
  for (auto [name, info] : zip(inputs, entry.inputs))
    parameters.push_back(
        ("const " + Twine(getElementType(info.dtype).c) + " *" + name).str());
  for (const std::string &size : sizes)
    parameters.push_back("int64_t " + size);
  for (auto [name, info, dims] : zip(outputs, entry.outputs, outputDims))
    parameters.push_back(
        (Twine(dims ? getElementType(info.dtype).c : "burin_tensor") + " *" +
         name)
            .str());
  parameters.push_back("burin_error *error");
  os << "static inline burin_status " << function << "(\n    "
     << join(parameters, ",\n    ") << ") {\n";
}

/// An array of them; C has none of no elements.
void FunctionWriter::writeTensors(StringRef array,
                                  ArrayRef<std::string> tensors) {
  os << "  burin_tensor " << array << "[] = {";
  if (tensors.empty())
    os << "{NULL, 0, 0, {0}}";
  for (const std::string &tensor : tensors)
    os << "\n      {" << tensor << "},";
  os << (tensors.empty() ? "};\n" : "\n  };\n");
}

void FunctionWriter::writeBody() {
  auto describe = [](const Twine &data, const TensorInfo &info,
                     ArrayRef<std::string> dims) {
    return (data + ", " + getElementType(info.dtype).dtype + ", " +
            Twine(dims.size()) + ", {" +
            (dims.empty() ? "0" : join(dims, ", ")) + "}")
        .str();
  };
  std::vector<std::string> given, wanted;
  for (auto [name, info, dims] : zip(inputs, entry.inputs, inputDims))
    given.push_back(describe("(void *)" + name, info, dims));
  for (auto [name, info, dims] : zip(outputs, entry.outputs, outputDims))
    wanted.push_back(dims ? describe(name, info, *dims) : "NULL, 0, 0, {0}");
  writeTensors("inputs", given);
  writeTensors("outputs", wanted);
  for (size_t i = 0; i < outputs.size(); ++i)
    if (!outputDims[i])
      os << "  if (" << outputs[i] << ")\n    outputs[" << i << "] = *"
         << outputs[i] << ";\n";
  os << "  burin_status status = burin_session_run(\n      session, " << number
     << ", inputs, " << given.size() << ", outputs, " << wanted.size()
     << ", error);\n";
  for (size_t i = 0; i < outputs.size(); ++i)
    if (!outputDims[i])
      os << "  if (status == BURIN_OK && " << outputs[i] << ")\n    *"
         << outputs[i] << " = outputs[" << i << "];\n";
  os << "  return status;\n}\n";
}

static void writeIntroduction(const WeightsInfo &weights, StringRef prefix,
                              StringRef library, raw_ostream &os) {
  os << "/* " << prefix << ": a model, compiled by Burin.\n *\n"
     << " *   cc program.c " << quote(library) << " -lm -lpthread\n *\n"
     << " * Pass " << prefix
     << "_model() to burin_model_wrap(), make sessions of "
     << "the result, and\n * call the functions below. Tensors are dense and "
     << "row-major. An output that is\n * NULL is not wanted. Types that C "
        "lacks "
     << "go by their bits.\n";
  if (!weights.file.empty())
    os << " * The weights lie in `" << quote(weights.file)
       << "`, in the folder that burin_model_wrap()\n * is told.\n";
  os << " */\n";
}

void burin::writeHeader(const ModelInterface &model, const WeightsInfo &weights,
                        StringRef prefix, StringRef library, raw_ostream &os) {
  std::string guard = "BURIN_MODEL_" + prefix.upper() + "_H";
  writeIntroduction(weights, prefix, library, os);
  os << "#ifndef " << guard << "\n#define " << guard << "\n\n"
     << "#include \"burin/runtime.h\"\n#include <stdbool.h>\n\n"
     << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
     << "const burin_model_desc *" << prefix << "_model(void);\n";
  UniqueNames functions{{(prefix + "_model").str()}};
  for (auto [i, entry] : enumerate(model.entries)) {
    os << "\n";
    FunctionWriter(entry, i, os)
        .write(functions.add(
            (prefix + "_" + toIdentifier(entry.name, "entry")).str()));
  }
  os << "\n#ifdef __cplusplus\n} /* extern \"C\" */\n#endif\n\n#endif /* "
     << guard << " */\n";
}
