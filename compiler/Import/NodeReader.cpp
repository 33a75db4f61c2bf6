//===- NodeReader.cpp - One ONNX node, as an op importer sees it ----------===//

#include "compiler/Import/NodeReader.h"
#include "compiler/Import/Graph/Nodes.h"
#include "compiler/Import/Onnx/Model.h"
#include "compiler/Import/Onnx/Schema.h"
#include "compiler/Support/Text.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/APSInt.h"

using namespace mlir;
using namespace burin;

/// More numbers than any attribute-like input has.
static constexpr int64_t maxInts = 1 << 16;

StringRef NodeReader::getOpType() const { return proto.op_type(); }

//===- Inputs -------------------------------------------------------------===//

SmallVector<Value> NodeReader::getInputs(int first) const {
  return SmallVector<Value>(
      inputs.drop_front(std::min<size_t>(first, inputs.size())));
}

RankedTensorType NodeReader::getInputType(int index) const {
  return cast<RankedTensorType>(getInput(index).getType());
}

/// The numbers of a large constant, which lies in the model.
static SmallVector<int64_t> readBlob(DenseResourceElementsAttr attr) {
  auto element = cast<IntegerType>(attr.getType().getElementType());
  AsmResourceBlob *blob = attr.getRawHandle().getBlob();
  ArrayRef<char> bytes = blob ? blob->getData() : ArrayRef<char>();
  size_t width = llvm::divideCeil(element.getWidth(), 8);
  SmallVector<int64_t> numbers;
  for (size_t at = 0; at + width <= bytes.size(); at += width) {
    uint64_t bits = 0;
    std::memcpy(&bits, &bytes[at], width);
    APInt number = APInt(64, bits).trunc(element.getWidth());
    numbers.push_back(element.isUnsigned() ? int64_t(number.getZExtValue())
                                           : number.getSExtValue());
  }
  return numbers;
}

/// The numbers of a constant, however many.
static std::optional<SmallVector<int64_t>> readInts(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  auto element = dyn_cast<IntegerType>(type.getElementType());
  Attribute constant;
  if (!element || !type.hasStaticShape() || type.getNumElements() > maxInts ||
      !matchPattern(value, m_Constant(&constant)))
    return std::nullopt;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(constant))
    return readBlob(resource);
  auto dense = dyn_cast<DenseIntElementsAttr>(constant);
  if (!dense)
    return std::nullopt;
  bool isUnsigned = element.isUnsigned() || element.getWidth() == 1;
  return llvm::map_to_vector(dense.getValues<APInt>(), [&](const APInt &bits) {
    return isUnsigned ? int64_t(bits.getZExtValue()) : bits.getSExtValue();
  });
}

std::optional<SmallVector<int64_t>> NodeReader::findInts(int index) const {
  if (!hasInput(index) || getRank(index) > 1)
    return std::nullopt;
  if (auto numbers = state.shapes.findConstants(getInput(index)))
    return numbers;
  return readInts(getInput(index));
}

FailureOr<SmallVector<int64_t>> NodeReader::getInts(int index) const {
  if (!hasInput(index))
    return emitInvalid() << "expects input " << index;
  if (!isa<IntegerType>(getElementType(index)) || getRank(index) > 1)
    return emitInvalid() << "expects integers of rank 0 or 1 as input " << index
                         << ", got " << getInputType(index);
  if (std::optional<SmallVector<int64_t>> numbers = findInts(index))
    return *numbers;
  return emitUnsupported() << "input " << index
                           << " is known only when the model runs";
}

std::optional<double> NodeReader::findScalar(int index) const {
  if (!hasInput(index) || !getInputType(index).hasStaticShape() ||
      getInputType(index).getNumElements() != 1)
    return std::nullopt;
  DenseElementsAttr constant;
  if (isa<FloatType>(getElementType(index)) &&
      matchPattern(getInput(index), m_Constant(&constant))) {
    APFloat value = *constant.getValues<APFloat>().begin();
    bool lost;
    value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
    return value.convertToDouble();
  }
  if (auto numbers = readInts(getInput(index)))
    return double(numbers->front());
  auto numbers = findInts(index);
  return numbers ? std::optional(double(numbers->front())) : std::nullopt;
}

//===- Checks -------------------------------------------------------------===//

LogicalResult NodeReader::requireSameType(ArrayRef<int> indices) const {
  std::optional<int> first;
  for (int index : indices) {
    if (!hasInput(index))
      continue;
    if (!first)
      first = index;
    else if (getElementType(index) != getElementType(*first))
      return emitInvalid() << "expects inputs of one element type, got "
                           << getElementType(*first) << " and "
                           << getElementType(index);
  }
  return success();
}

LogicalResult NodeReader::requireElement(int index, StringRef expected,
                                         bool fits) const {
  if (fits)
    return success();
  return emitInvalid() << "expects " << expected << " as input " << index
                       << ", got " << getElementType(index);
}

LogicalResult NodeReader::requireFloat(int index) const {
  return requireElement(index, "floats", isa<FloatType>(getElementType(index)));
}

LogicalResult NodeReader::requireNumeric(int index) const {
  return requireElement(index, "numbers", !getElementType(index).isInteger(1));
}

LogicalResult NodeReader::requireInteger(int index) const {
  return requireElement(index, "integers",
                        isa<IntegerType>(getElementType(index)) &&
                            !getElementType(index).isInteger(1));
}

LogicalResult NodeReader::requireBool(int index) const {
  return requireElement(index, "booleans", getElementType(index).isInteger(1));
}

LogicalResult NodeReader::requireRank(int index, int64_t least,
                                      int64_t most) const {
  int64_t rank = getRank(index);
  if (rank >= least && rank <= most)
    return success();
  auto diag = emitInvalid()
              << "expects input " << index << " of rank " << least;
  if (most != least)
    diag << " to " << most;
  return diag << ", got " << rank;
}

//===- Results ------------------------------------------------------------===//

int NodeReader::getNumOutputs() const {
  int count = proto.output_size();
  while (count > 0 && proto.output(count - 1).empty())
    --count;
  return count;
}

bool NodeReader::wantsOutput(int index) const {
  return index < proto.output_size() && !proto.output(index).empty();
}

void NodeReader::setOutput(int index, Value value) const {
  if (wantsOutput(index))
    state.names.bind(proto.output(index), {value});
}

std::optional<int64_t> NodeReader::findDeclaredRank(int index) const {
  if (state.frame || !wantsOutput(index))
    return std::nullopt;
  const onnx::GraphProto &graph = state.model.getProto().graph();
  for (const auto *list : {&graph.output(), &graph.value_info()})
    for (const onnx::ValueInfoProto &value : *list)
      if (value.name() == proto.output(index) &&
          value.type().tensor_type().has_shape())
        return value.type().tensor_type().shape().dim_size();
  return std::nullopt;
}

Value NodeReader::getConstant(ElementsAttr value) const {
  return getBuilder().create<nn::ConstantOp>(cast<TypedAttr>(value));
}

Value NodeReader::getIntTensor(ArrayRef<int64_t> values) const {
  return getConstant(getBuilder().getI64TensorAttr(values));
}

Value NodeReader::getScalar(Type elementType, double value) const {
  auto type = RankedTensorType::get({}, elementType);
  if (auto floatType = dyn_cast<FloatType>(elementType)) {
    APFloat number(value);
    bool lost;
    number.convert(floatType.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                   &lost);
    return getConstant(DenseElementsAttr::get(type, number));
  }
  // Numbers out of range become the nearest that there is.
  auto integer = cast<IntegerType>(elementType);
  llvm::APSInt number(integer.getWidth(),
                      integer.isUnsigned() || integer.getWidth() == 1);
  bool exact;
  APFloat(value).convertToInteger(number, APFloat::rmTowardZero, &exact);
  return getConstant(DenseElementsAttr::get(type, APInt(number)));
}

FailureOr<SmallVector<Value>>
NodeReader::importSubgraph(StringRef name, Block *block,
                           ValueRange inputs) const {
  bool failed = false;
  const onnx::AttributeProto *attr =
      findAttr(name, onnx::AttributeProto::GRAPH, failed);
  if (failed)
    return failure();
  if (!attr)
    return emitInvalid() << "expects an attribute '" << name << "'";
  if (!llvm::is_contained(llvm::make_pointer_range(proto.attribute()), attr))
    return emitUnsupported() << "graph '" << name
                             << "' is handed in from outside of the function";
  return burin::importSubgraph(state, attr->g(), block, inputs);
}

InFlightDiagnostic NodeReader::emitInvalid() const {
  return state.getReporter().emitInvalid()
         << "operator '" << escapeName(getOpType()) << "': ";
}

InFlightDiagnostic NodeReader::emitUnsupported() const {
  return state.getReporter().emitUnsupported()
         << "operator '" << escapeName(getOpType()) << "': ";
}
