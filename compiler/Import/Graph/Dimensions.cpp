//===- Dimensions.cpp - The sizes of graph inputs, by name and number -----===//

#include "compiler/Import/Graph/Entry.h"
#include "compiler/Import/Onnx/Model.h"
#include "compiler/Import/Onnx/Schema.h"
#include "compiler/Import/Onnx/Types.h"
#include "compiler/Support/Text.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace burin;

using Dim = onnx::TensorShapeProto::Dimension;

SmallVector<const onnx::ValueInfoProto *> burin::getInputs(const Model &model) {
  const onnx::GraphProto &graph = model.getProto().graph();
  llvm::DenseSet<StringRef> constants;
  for (const onnx::TensorProto &tensor : graph.initializer())
    constants.insert(tensor.name());
  for (const onnx::SparseTensorProto &tensor : graph.sparse_initializer())
    constants.insert(tensor.values().name());
  SmallVector<const onnx::ValueInfoProto *> inputs;
  for (const onnx::ValueInfoProto &input : graph.input())
    if (!constants.contains(input.name()))
      inputs.push_back(&input);
  return inputs;
}

static const onnx::TensorShapeProto &
getShape(const onnx::ValueInfoProto &input) {
  return input.type().tensor_type().shape();
}

static bool hasShape(const onnx::ValueInfoProto &input) {
  return input.type().tensor_type().has_shape();
}

/// The size of a dimension; none if open. Exporters write -1 for that as well.
static std::optional<int64_t> getSize(const Dim &dim) {
  if (!dim.has_dim_value() || dim.dim_value() == -1)
    return std::nullopt;
  return dim.dim_value();
}

LogicalResult Dimensions::bind() {
  for (const std::vector<ImportOptions::Dim> &dims : {options.dims, entry.dims})
    for (const ImportOptions::Dim &dim : dims)
      if (failed(bindDim(dim)))
        return failure();
  for (const ImportOptions::InputShape &shape : options.shapes)
    if (failed(bindShape(shape)))
      return failure();
  return success();
}

LogicalResult Dimensions::bindDim(const ImportOptions::Dim &dim) {
  bool known = llvm::any_of(getInputs(model), [&](const auto *input) {
    return llvm::any_of(getShape(*input).dim(), [&](const Dim &candidate) {
      return candidate.dim_param() == dim.name;
    });
  });
  if (!known)
    return report.emit(ExitCode::Usage)
           << "no input has a dimension '" << escapeName(dim.name) << "'";
  if (dim.size)
    bound[dim.name] = *dim.size;
  else
    bound.erase(dim.name);
  return success();
}

LogicalResult Dimensions::bindShape(const ImportOptions::InputShape &shape) {
  auto emit = [&] {
    return report.emit(ExitCode::Usage)
           << "the shape of input '" << escapeName(shape.input) << "' ";
  };
  auto inputs = getInputs(model);
  auto found = llvm::find_if(
      inputs, [&](const auto *input) { return input->name() == shape.input; });
  if (found == inputs.end())
    return emit() << "cannot be set: there is no such input";
  if (!hasShape(**found))
    return success();
  const onnx::TensorShapeProto &declared = getShape(**found);
  if (declared.dim_size() != int(shape.sizes.size()))
    return emit() << "expects " << declared.dim_size() << " sizes, got "
                  << shape.sizes.size();
  for (auto [i, size] : llvm::enumerate(shape.sizes)) {
    if (!size)
      continue;
    const Dim &dim = declared.dim(i);
    std::optional<int64_t> fixed = getSize(dim);
    if (!dim.dim_param().empty())
      fixed = bound.try_emplace(dim.dim_param(), *size).first->second;
    if (fixed && *fixed != *size)
      return emit() << "expects " << *fixed << " in dimension " << i << ", got "
                    << *size;
  }
  return success();
}

const ImportOptions::InputShape *Dimensions::findShape(StringRef input) const {
  for (const ImportOptions::InputShape &shape : options.shapes)
    if (shape.input == input)
      return &shape;
  return nullptr;
}

bool Dimensions::hasRank(const onnx::ValueInfoProto &input) const {
  return hasShape(input) || findShape(input.name());
}

FailureOr<InputDims> Dimensions::get(const onnx::ValueInfoProto &input) const {
  const ImportOptions::InputShape *given = findShape(input.name());
  int64_t rank =
      hasShape(input) ? getShape(input).dim_size() : given->sizes.size();
  auto emit = [&](ExitCode code) {
    return report.emit(code) << "input '" << escapeName(input.name()) << "' ";
  };
  if (rank > maxRank)
    return emit(ExitCode::Unsupported)
           << "has a rank of " << rank << ", more than " << maxRank;
  InputDims dims;
  for (int64_t i = 0; i < rank; ++i) {
    const Dim &dim =
        hasShape(input) ? getShape(input).dim(i) : Dim::default_instance();
    std::optional<int64_t> size = getSize(dim);
    auto value = bound.find(dim.dim_param());
    if (value != bound.end())
      size = value->second;
    else if (!size && given)
      size = given->sizes[i];
    if (size && *size < 0)
      return emit(ExitCode::Invalid) << "has the size " << *size;
    if (!isCleanUtf8(dim.dim_param()))
      return emit(ExitCode::Invalid)
             << "has a dimension whose name is not UTF-8";
    dims.sizes.push_back(size.value_or(ShapedType::kDynamic));
    dims.symbols.push_back(size ? StringRef() : StringRef(dim.dim_param()));
  }
  return dims;
}
