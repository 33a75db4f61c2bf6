//===- Entry.cpp - The graph as one function ------------------------------===//

#include "compiler/Import/Graph/Entry.h"
#include "burin/types.h"
#include "compiler/Import/Graph/Nodes.h"
#include "compiler/Import/Onnx/Model.h"
#include "compiler/Import/Onnx/Schema.h"
#include "compiler/Import/Onnx/Tensors.h"
#include "compiler/Support/Text.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Iterators.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace burin;

namespace {
/// Builds one function.
class EntryImporter {
public:
  EntryImporter(const Model &model, TensorReader &tensors,
                const Dimensions &dimensions, func::FuncOp func, ExitCode &code)
      : context(func.getContext()), graph(model.getProto().graph()),
        inputs(getInputs(model)), dimensions(dimensions), func(func),
        report(func.getLoc(), code),
        state(model, tensors, func.addEntryBlock(), func.getLoc(), code) {}

  LogicalResult run();

private:
  LogicalResult addInputs();
  FailureOr<RankedTensorType> getType(const onnx::ValueInfoProto &input,
                                      InputDims &dims) const;
  LogicalResult checkKind(const onnx::ValueInfoProto &input) const;
  LogicalResult refuseInput(const onnx::ValueInfoProto &input,
                            StringRef what) const;
  void recordDims(Value argument, const InputDims &dims);
  LogicalResult addOutputs();
  LogicalResult checkOutput(const onnx::ValueInfoProto &output,
                            Value value) const;
  SmallVector<StringRef> getSymbols(const onnx::ValueInfoProto &output,
                                    Value value);
  DictionaryAttr describe(StringRef name, ArrayRef<StringRef> symbols) const;
  void eraseDeadOps();

  MLIRContext *context;
  const onnx::GraphProto &graph;
  SmallVector<const onnx::ValueInfoProto *> inputs;
  const Dimensions &dimensions;
  func::FuncOp func;
  Reporter report;
  ImportState state;
  /// The size that each symbol stands for.
  llvm::MapVector<StringRef, OpFoldResult> symbols;
  SmallVector<Attribute> argAttrs, resultAttrs;
};
} // namespace

constexpr StringLiteral tooManyDims =
    "has more than 8 dimensions, which callers cannot pass; reshape it in the model";
static_assert(BURIN_MAX_RANK == 8);

/// The first operator that reads a graph input, to have a name for what is not
/// supported.
static StringRef findReader(const onnx::GraphProto &graph, StringRef input) {
  for (const onnx::NodeProto &node : graph.node())
    if (llvm::is_contained(node.input(), input))
      return node.op_type();
  return graph.node().empty() ? StringRef("none")
                              : StringRef(graph.node(0).op_type());
}

LogicalResult EntryImporter::refuseInput(const onnx::ValueInfoProto &input,
                                         StringRef what) const {
  return report.emitUnsupported()
         << "input '" << escapeName(input.name()) << "' of operator '"
         << escapeName(findReader(graph, input.name())) << "' " << what;
}

LogicalResult
EntryImporter::checkKind(const onnx::ValueInfoProto &input) const {
  switch (input.type().value_case()) {
  case onnx::TypeProto::kTensorType:
    return success();
  case onnx::TypeProto::kSequenceType:
    return refuseInput(input, "is a sequence, which is not supported");
  case onnx::TypeProto::kOptionalType:
    return refuseInput(input, "is optional, which is not supported");
  case onnx::TypeProto::kMapType:
    return refuseInput(input, "is a map, which is not supported");
  case onnx::TypeProto::VALUE_NOT_SET:
    return report.emitInvalid()
           << "input '" << escapeName(input.name()) << "' has no type";
  default:
    return refuseInput(input, "is no dense tensor, which is not supported");
  }
}

FailureOr<RankedTensorType>
EntryImporter::getType(const onnx::ValueInfoProto &input,
                       InputDims &dims) const {
  if (failed(checkKind(input)))
    return failure();
  int number = input.type().tensor_type().elem_type();
  std::optional<ElementKind> kind = findElementKind(number, context);
  if (!kind)
    return report.emitInvalid() << "input '" << escapeName(input.name())
                                << "' has the unknown element type " << number;
  if (!kind->type)
    return refuseInput(input, ("has elements of type " + kind->name +
                               ", which is not supported")
                                  .str());
  if (!dimensions.hasRank(input))
    return refuseInput(input, "has no rank; give its shape with --shape");
  FailureOr<InputDims> found = dimensions.get(input);
  if (failed(found))
    return failure();
  dims = *found;
  if (dims.sizes.size() > BURIN_MAX_RANK)
    return refuseInput(input, tooManyDims);
  SmallVector<int64_t> known;
  llvm::copy_if(dims.sizes, std::back_inserter(known),
                [](int64_t size) { return !ShapedType::isDynamic(size); });
  std::optional<int64_t> count = countElements(known);
  if (!count || *count > maxTensorBytes / std::max(1u, kind->bits / 8))
    return report.emitTooBig() << "input '" << escapeName(input.name())
                               << "' does not fit any memory";
  return RankedTensorType::get(dims.sizes, kind->type);
}

/// Dimensions of one symbol have one size: that of the first of them.
void EntryImporter::recordDims(Value argument, const InputDims &dims) {
  nn::Shape shape;
  for (auto [i, symbol] : llvm::enumerate(dims.symbols)) {
    OpFoldResult size = symbol.empty() ? nullptr : symbols.lookup(symbol);
    if (!size)
      size = state.shapes.getDim(argument, i);
    if (!symbol.empty())
      symbols.insert({symbol, size});
    shape.push_back(size);
  }
  state.shapes.setDims(argument, shape);
}

DictionaryAttr EntryImporter::describe(StringRef name,
                                       ArrayRef<StringRef> dims) const {
  Builder builder(context);
  NamedAttrList attrs;
  attrs.set("nn.name", builder.getStringAttr(name));
  if (llvm::any_of(dims, [](StringRef dim) { return !dim.empty(); }))
    attrs.set("nn.dims", builder.getStrArrayAttr(dims));
  return attrs.getDictionary(context);
}

LogicalResult EntryImporter::addInputs() {
  state.names.bindInitializers(graph);
  for (const onnx::ValueInfoProto *input : inputs) {
    InputDims dims;
    FailureOr<RankedTensorType> type = getType(*input, dims);
    if (failed(type))
      return failure();
    Value argument = func.front().addArgument(*type, func.getLoc());
    recordDims(argument, dims);
    state.names.bind(input->name(), {argument});
    argAttrs.push_back(describe(input->name(), dims.symbols));
  }
  return success();
}

/// What a model says of its outputs is checked, not believed: exporters often
/// get the sizes wrong.
LogicalResult EntryImporter::checkOutput(const onnx::ValueInfoProto &output,
                                         Value value) const {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() > BURIN_MAX_RANK)
    return report.at(value.getLoc()).emitUnsupported()
           << "output '" << escapeName(output.name()) << "' " << tooManyDims;
  const onnx::TypeProto::Tensor &declared = output.type().tensor_type();
  if (!output.type().has_tensor_type())
    return success();
  std::optional<ElementKind> kind =
      findElementKind(declared.elem_type(), context);
  if (declared.elem_type() != 0 &&
      (!kind || kind->type != type.getElementType()))
    return report.emitInvalid()
           << "output '" << escapeName(output.name()) << "' is declared as "
           << (kind ? kind->name : "unknown") << ", but is "
           << type.getElementType();
  bool fits =
      !declared.has_shape() || declared.shape().dim_size() == type.getRank();
  for (int64_t i = 0; fits && declared.has_shape() && i < type.getRank(); ++i)
    fits = type.isDynamicDim(i) || !declared.shape().dim(i).has_dim_value() ||
           declared.shape().dim(i).dim_value() == type.getDimSize(i);
  if (!fits)
    emitWarning(report.getLoc())
        << "output '" << escapeName(output.name())
        << "' is declared with another shape than it has: " << type;
  return success();
}

/// The symbols of an output's dimensions: those of inputs where that is proven;
/// else what the model calls them, unless an input has that name.
SmallVector<StringRef>
EntryImporter::getSymbols(const onnx::ValueInfoProto &output, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  const onnx::TensorShapeProto &shape = output.type().tensor_type().shape();
  SmallVector<StringRef> dims(type.getRank());
  for (int64_t i = 0; i < type.getRank(); ++i) {
    if (!type.isDynamicDim(i))
      continue;
    OpFoldResult size = state.shapes.getDim(value, i);
    for (auto &[symbol, known] : symbols)
      if (known == size)
        dims[i] = symbol;
    if (!dims[i].empty() || shape.dim_size() != type.getRank())
      continue;
    StringRef declared = shape.dim(i).dim_param();
    if (!symbols.contains(declared) && isCleanUtf8(declared))
      dims[i] = declared;
  }
  return dims;
}

LogicalResult EntryImporter::addOutputs() {
  SmallVector<Value> results;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    FailureOr<Value> value = state.lookUp(output.name());
    if (failed(value))
      return failure();
    if (!*value)
      return report.emitInvalid()
             << "output '" << escapeName(output.name()) << "' is not computed";
    if (failed(checkOutput(output, *value)))
      return failure();
    results.push_back(*value);
    resultAttrs.push_back(describe(output.name(), getSymbols(output, *value)));
  }
  state.builder.create<func::ReturnOp>(results);
  func.setFunctionType(FunctionType::get(
      context, func.front().getArgumentTypes(), TypeRange(results)));
  func.setAllArgAttrs(argAttrs);
  func.setAllResultAttrs(resultAttrs);
  return success();
}

/// The arithmetic of shapes has served, and so have ops that became constants.
void EntryImporter::eraseDeadOps() {
  func->walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
    if (isOpTriviallyDead(op))
      op->erase();
  });
}

LogicalResult EntryImporter::run() {
  state.names.push(/*isFunction=*/false);
  if (failed(addInputs()) || failed(importNodes(state, graph)) ||
      failed(addOutputs()))
    return failure();
  eraseDeadOps();
  return success();
}

LogicalResult burin::importEntry(const Model &model, TensorReader &tensors,
                                 const ImportOptions &options,
                                 const ImportOptions::Entry &entry,
                                 ModuleOp module, const Reporter &report) {
  Dimensions dimensions(model, options, entry, report);
  if (failed(dimensions.bind()))
    return failure();
  auto builder = OpBuilder::atBlockEnd(module.getBody());
  auto func = builder.create<func::FuncOp>(report.getLoc(), entry.name,
                                           builder.getFunctionType({}, {}));
  ExitCode code = ExitCode::Done;
  LogicalResult result =
      EntryImporter(model, tensors, dimensions, func, code).run();
  if (failed(result))
    report.note(code);
  return result;
}
