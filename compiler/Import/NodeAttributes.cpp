//===- NodeAttributes.cpp - The attributes of a node, not believed --------===//

#include "compiler/Import/NodeReader.h"
#include "compiler/Import/Onnx/Schema.h"
#include "compiler/Import/Onnx/Tensors.h"
#include "compiler/Support/Text.h"

using namespace mlir;
using namespace burin;

using Attr = onnx::AttributeProto;

/// The attribute a call gives to the function in `frame`, or its default there.
static const Attr *findArgument(const CallFrame *frame, StringRef name) {
  while (frame) {
    const Attr *given = nullptr;
    for (const Attr &attribute : frame->call.attribute())
      if (StringRef(attribute.name()) == name)
        given = &attribute;
    if (given && given->ref_attr_name().empty())
      return given;
    if (!given) {
      for (const Attr &attribute : getDefaults(frame->function))
        if (StringRef(attribute.name()) == name)
          return &attribute;
      return nullptr;
    }
    // The call hands on what its own function was given.
    name = given->ref_attr_name();
    frame = frame->caller;
  }
  return nullptr;
}

const Attr *NodeReader::findAttr(StringRef name) const {
  for (const Attr &attribute : proto.attribute())
    if (StringRef(attribute.name()) == name)
      return attribute.ref_attr_name().empty()
                 ? &attribute
                 : findArgument(state.frame, attribute.ref_attr_name());
  return nullptr;
}

bool NodeReader::hasAttr(StringRef name) const { return findAttr(name); }

/// Models of the first IR versions do not say the kind of an attribute.
static bool isOfKind(const Attr &attribute, int kind) {
  if (attribute.type() != Attr::UNDEFINED)
    return attribute.type() == kind;
  switch (kind) {
  case Attr::INT:
    return attribute.has_i();
  case Attr::FLOAT:
    return attribute.has_f();
  case Attr::STRING:
    return attribute.has_s();
  case Attr::TENSOR:
    return attribute.has_t();
  case Attr::GRAPH:
    return attribute.has_g();
  case Attr::SPARSE_TENSOR:
    return attribute.has_sparse_tensor();
  case Attr::INTS:
    return attribute.ints_size() != 0;
  case Attr::FLOATS:
    return attribute.floats_size() != 0;
  case Attr::STRINGS:
    return attribute.strings_size() != 0;
  default:
    return false;
  }
}

/// The attribute, or null: diagnosed if it is of another kind.
const Attr *NodeReader::findAttr(StringRef name, int kind, bool &failed) const {
  const Attr *attribute = findAttr(name);
  failed = attribute && !isOfKind(*attribute, kind);
  if (!failed)
    return attribute;
  static constexpr llvm::StringLiteral kinds[] = {
      "other",  "a float",  "an integer", "a string", "a tensor", "a graph",
      "floats", "integers", "strings",    "tensors",  "graphs"};
  auto getName = [&](int number) {
    return kinds[number < int(std::size(kinds)) ? number : 0];
  };
  emitInvalid() << "attribute '" << name << "' expects " << getName(kind)
                << ", got " << getName(attribute->type());
  return nullptr;
}

/// Reads one attribute by `read`, which is called with it if it is there.
template <typename T, typename Read>
static FailureOr<T> readAttr(const NodeReader &node, StringRef name,
                             const Attr *attribute, bool failed,
                             std::optional<T> otherwise, Read read) {
  if (failed)
    return failure();
  if (attribute)
    return T(read(*attribute));
  if (otherwise)
    return *otherwise;
  return node.emitInvalid() << "expects an attribute '" << name << "'";
}

FailureOr<int64_t> NodeReader::getInt(StringRef name,
                                      std::optional<int64_t> otherwise) const {
  bool failed = false;
  const Attr *attribute = findAttr(name, Attr::INT, failed);
  return readAttr(*this, name, attribute, failed, otherwise,
                  [](const Attr &a) { return a.i(); });
}

FailureOr<float> NodeReader::getFloat(StringRef name,
                                      std::optional<float> otherwise) const {
  bool failed = false;
  const Attr *attribute = findAttr(name, Attr::FLOAT, failed);
  return readAttr(*this, name, attribute, failed, otherwise,
                  [](const Attr &a) { return a.f(); });
}

FailureOr<std::string>
NodeReader::getString(StringRef name,
                      std::optional<StringRef> otherwise) const {
  bool failed = false;
  const Attr *attribute = findAttr(name, Attr::STRING, failed);
  std::optional<std::string> text;
  if (otherwise)
    text = otherwise->str();
  return readAttr(*this, name, attribute, failed, text,
                  [](const Attr &a) { return a.s(); });
}

/// What a missing list stands for.
template <typename T>
static std::optional<SmallVector<T>> getEmpty(bool required) {
  return required ? std::nullopt : std::optional(SmallVector<T>());
}

FailureOr<SmallVector<int64_t>> NodeReader::getIntList(StringRef name,
                                                       bool required) const {
  bool failed = false;
  const Attr *attribute = findAttr(name, Attr::INTS, failed);
  return readAttr(*this, name, attribute, failed, getEmpty<int64_t>(required),
                  [](const Attr &a) {
                    return SmallVector<int64_t>(a.ints().begin(),
                                                a.ints().end());
                  });
}

FailureOr<SmallVector<float>> NodeReader::getFloatList(StringRef name,
                                                       bool required) const {
  bool failed = false;
  const Attr *attribute = findAttr(name, Attr::FLOATS, failed);
  return readAttr(*this, name, attribute, failed, getEmpty<float>(required),
                  [](const Attr &a) {
                    return SmallVector<float>(a.floats().begin(),
                                              a.floats().end());
                  });
}

FailureOr<SmallVector<std::string>>
NodeReader::getStringList(StringRef name, bool required) const {
  bool failed = false;
  const Attr *attribute = findAttr(name, Attr::STRINGS, failed);
  return readAttr(*this, name, attribute, failed,
                  getEmpty<std::string>(required), [](const Attr &a) {
                    return SmallVector<std::string>(a.strings().begin(),
                                                    a.strings().end());
                  });
}

FailureOr<ElementsAttr> NodeReader::getTensor(StringRef name) const {
  bool failed = false;
  const Attr *attribute = findAttr(name, Attr::TENSOR, failed);
  if (failed)
    return failure();
  if (!attribute)
    return emitInvalid() << "expects an attribute '" << name << "'";
  return state.tensors.read(attribute->t(), state.getReporter());
}

FailureOr<ElementsAttr> NodeReader::getSparseTensor(StringRef name) const {
  bool failed = false;
  const Attr *attribute = findAttr(name, Attr::SPARSE_TENSOR, failed);
  if (failed)
    return failure();
  if (!attribute)
    return emitInvalid() << "expects an attribute '" << name << "'";
  return state.tensors.read(attribute->sparse_tensor(), state.getReporter());
}

FailureOr<Type> NodeReader::getTypeAttr(StringRef name, Type otherwise) const {
  if (otherwise && !hasAttr(name))
    return otherwise;
  FailureOr<int64_t> number = getInt(name);
  if (failed(number))
    return failure();
  std::optional<ElementKind> kind =
      *number == int(*number)
          ? findElementKind(int(*number), getBuilder().getContext())
          : std::nullopt;
  if (!kind)
    return emitInvalid() << "attribute '" << name
                         << "' expects an element type, got " << *number;
  if (!kind->type)
    return emitUnsupported() << "elements of type " << kind->name;
  return kind->type;
}

//===- Axes ---------------------------------------------------------------===//

FailureOr<int64_t> NodeReader::normalizeAxis(int64_t axis, int64_t rank) const {
  if (axis < -rank || axis >= rank)
    return emitInvalid() << "expects an axis from " << -rank << " to "
                         << rank - 1 << ", got " << axis;
  return axis < 0 ? axis + rank : axis;
}

FailureOr<int64_t> NodeReader::getAxis(StringRef name, int64_t rank,
                                       std::optional<int64_t> otherwise) const {
  FailureOr<int64_t> axis = getInt(name, otherwise);
  if (failed(axis))
    return failure();
  return normalizeAxis(*axis, rank);
}

FailureOr<SmallVector<int64_t>>
NodeReader::normalizeAxes(ArrayRef<int64_t> axes, int64_t rank) const {
  SmallVector<int64_t> result;
  for (int64_t given : axes) {
    FailureOr<int64_t> axis = normalizeAxis(given, rank);
    if (failed(axis))
      return failure();
    if (llvm::is_contained(result, *axis))
      return emitInvalid() << "expects each axis once, got " << given
                           << " again";
    result.push_back(*axis);
  }
  return result;
}
