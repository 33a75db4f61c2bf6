//===- ImportState.cpp - What importing one graph carries along -----------===//

#include "compiler/Import/ImportState.h"
#include "compiler/Import/Onnx/Model.h"
#include "compiler/Import/Onnx/Schema.h"
#include "compiler/Import/Onnx/Tensors.h"
#include "compiler/Support/Text.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace burin;

void NameScopes::bindInitializers(const onnx::GraphProto &graph) {
  for (const onnx::TensorProto &tensor : graph.initializer())
    bind(tensor.name(), {Value(), &tensor, nullptr});
  for (const onnx::SparseTensorProto &tensor : graph.sparse_initializer())
    bind(tensor.values().name(), {Value(), nullptr, &tensor});
}

ImportState::ImportState(const Model &model, TensorReader &tensors, Block *body,
                         Location loc, ExitCode &error)
    : model(model), tensors(tensors), builder(loc, loc.getContext()),
      shapes(builder), body(body), modelLoc(loc), error(error) {
  builder.setInsertionPointToEnd(body);
}

/// What a result may be. None of its sizes is negative: inferTypes has checked.
static LogicalResult checkSize(RankedTensorType type, const Reporter &report) {
  if (type.getRank() > maxRank)
    return report.emitUnsupported() << "a result of rank " << type.getRank()
                                    << ", more than " << maxRank;
  SmallVector<int64_t> known;
  llvm::copy_if(type.getShape(), std::back_inserter(known),
                [](int64_t size) { return !ShapedType::isDynamic(size); });
  std::optional<int64_t> count = countElements(known);
  unsigned bits =
      type.getElementType().isIntOrFloat() ? type.getElementTypeBitWidth() : 64;
  if (!count || *count > maxTensorBytes / std::max<int64_t>(1, bits / 8))
    return report.emitTooBig()
           << "a result of type " << type << " does not fit any memory";
  return success();
}

LogicalResult ImportState::finish(nn::ShapeOpInterface op) {
  Reporter report = getReporter();
  if (failed(nn::inferTypes(op, shapes)) ||
      failed(op->getName().verifyInvariants(op))) {
    report.note(ExitCode::Invalid);
    return failure();
  }
  for (Type type : op->getResultTypes())
    if (failed(checkSize(cast<RankedTensorType>(type), report)))
      return failure();
  return success();
}

/// The elements of shape arithmetic as a constant; null if not all are numbers.
static DenseElementsAttr findNumbers(Value value, nn::ShapeBuilder &shapes) {
  auto type = cast<RankedTensorType>(value.getType());
  auto element = dyn_cast<IntegerType>(type.getElementType());
  std::optional<SmallVector<int64_t>> numbers = shapes.findConstants(value);
  if (!element || !numbers || !type.hasStaticShape() ||
      int64_t(numbers->size()) != type.getNumElements())
    return nullptr;
  auto values = llvm::map_to_vector(*numbers, [&](int64_t number) {
    return APInt(64, number).trunc(element.getWidth());
  });
  return DenseElementsAttr::get(type, values);
}

/// What the op folds to: an attribute, a value, or null.
static OpFoldResult foldOp(Operation *op) {
  SmallVector<Attribute> operands(op->getNumOperands());
  for (auto [operand, constant] : llvm::zip_equal(op->getOperands(), operands))
    matchPattern(operand, m_Constant(&constant));
  SmallVector<OpFoldResult> results;
  if (failed(op->fold(operands, results)) || results.size() != 1)
    return nullptr;
  return results.front();
}

Value ImportState::simplify(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || isa<nn::ConstantOp>(op))
    return value;
  // The op stays: its address must not become that of another one, of which the
  // ShapeBuilder would then know what holds for this. Dead ops go at the end.
  auto constant = dyn_cast_or_null<ElementsAttr>(findNumbers(value, shapes));
  if (!constant && op->getNumResults() == 1) {
    OpFoldResult folded = foldOp(op);
    if (auto other = dyn_cast_if_present<Value>(folded))
      return other.getType() == value.getType() ? other : value;
    constant = dyn_cast_if_present<ElementsAttr>(
        dyn_cast_if_present<Attribute>(folded));
  }
  if (!constant || constant.getType() != value.getType())
    return value;
  return builder.create<nn::ConstantOp>(cast<TypedAttr>(constant));
}

FailureOr<Value> ImportState::lookUp(StringRef name) {
  if (name.empty())
    return Value();
  Reporter report = getReporter();
  NameEntry *entry = names.find(name);
  if (!entry)
    return report.emitInvalid()
           << "input '" << escapeName(name) << "' is not defined";
  if (entry->value || entry->isAbsent())
    return entry->value;
  FailureOr<ElementsAttr> constant = entry->dense
                                         ? tensors.read(*entry->dense, report)
                                         : tensors.read(*entry->sparse, report);
  if (failed(constant))
    return failure();
  entry->value = addInitializer(*constant);
  return entry->value;
}

Value ImportState::addInitializer(ElementsAttr value) {
  // Before every use, in whatever region it is.
  OpBuilder atStart(body, body->begin());
  if (lastInitializer)
    atStart.setInsertionPointAfter(lastInitializer);
  auto constant =
      atStart.create<nn::ConstantOp>(modelLoc, cast<TypedAttr>(value));
  lastInitializer = constant;
  return constant;
}

std::optional<int64_t> ImportState::findOpset(StringRef domain) const {
  const auto &imports =
      frame ? frame->function.opset_import() : model.getProto().opset_import();
  for (const onnx::OperatorSetIdProto &opset : imports)
    if (getDomain(opset.domain()) == domain)
      return opset.version();
  return std::nullopt;
}

std::string ImportState::makeName(StringRef name) {
  std::string full = (frame ? frame->prefix : "") + name.str();
  int &uses = usedNames[full];
  return uses++ == 0 ? full : makeName((name + "#" + Twine(uses)).str());
}
