//===- ImportRecurrent.cpp - LSTM, GRU, RNN -------------------------------===//

#include "compiler/Import/NodeReader.h"

using namespace mlir;
using namespace burin;

namespace {
/// An activation and what ONNX's operator of its name has as defaults.
struct Activation {
  StringLiteral name;
  std::optional<float> alpha, beta; ///< None: it has no such parameter.
};

constexpr Activation knownActivations[] = {
    {"Relu", {}, {}},
    {"Tanh", {}, {}},
    {"Sigmoid", {}, {}},
    {"Affine", 1.0f, 0.0f},
    {"LeakyRelu", 0.01f, {}},
    {"ThresholdedRelu", 1.0f, {}},
    {"ScaledTanh", 1.0f, 1.0f},
    {"HardSigmoid", 0.2f, 0.5f},
    {"Elu", 1.0f, {}},
    {"Softsign", {}, {}},
    {"Softplus", {}, {}},
};

const Activation *findActivation(StringRef name) {
  const auto *found = llvm::find_if(knownActivations, [&](const Activation &a) {
    return name.equals_insensitive(a.name);
  });
  return found == std::end(knownActivations) ? nullptr : found;
}

/// Attributes that LSTM, GRU and RNN share.
struct Recurrence {
  std::string direction;
  bool batchMajor = false;
  SmallVector<StringRef> activations;
  SmallVector<float> alphas, betas;
  FloatAttr clip;
};

/// One number per function: the list's at its place if that has one for each,
/// else the next of the list if the function has such a parameter.
SmallVector<float> spread(ArrayRef<const Activation *> functions,
                          ArrayRef<float> given,
                          std::optional<float> Activation::*parameter) {
  SmallVector<float> numbers;
  bool forEach = given.size() == functions.size();
  for (const Activation *function : functions) {
    std::optional<float> standard = function->*parameter;
    bool take = !given.empty() && (forEach || standard);
    numbers.push_back(take ? given.front() : standard.value_or(0.0f));
    if (take)
      given = given.drop_front();
  }
  return numbers;
}

LogicalResult readActivations(const NodeReader &node, Recurrence &recurrence,
                              ArrayRef<StringRef> standard) {
  FailureOr<SmallVector<std::string>> names = node.getStringList("activations");
  FailureOr<SmallVector<float>> alphas = node.getFloatList("activation_alpha");
  FailureOr<SmallVector<float>> betas = node.getFloatList("activation_beta");
  if (failed(names) || failed(alphas) || failed(betas))
    return failure();
  size_t directions = recurrence.direction == "bidirectional" ? 2 : 1;
  if (names->empty())
    for (size_t i = 0; i < directions; ++i)
      names->append(standard.begin(), standard.end());
  // RNN's default, which some write out, has two for one direction as well.
  if (names->size() > standard.size() * directions)
    names->truncate(standard.size() * directions);
  if (names->size() != standard.size() * directions)
    return node.emitInvalid() << "attribute 'activations' expects "
                              << standard.size() * directions << " names, got "
                              << names->size();
  SmallVector<const Activation *> functions;
  for (StringRef name : *names) {
    const Activation *function = findActivation(name);
    if (!function)
      return node.emitInvalid()
             << "attribute 'activations' has an unknown name";
    functions.push_back(function);
    recurrence.activations.push_back(function->name);
  }
  recurrence.alphas = spread(functions, *alphas, &Activation::alpha);
  recurrence.betas = spread(functions, *betas, &Activation::beta);
  return success();
}

FailureOr<Recurrence> readRecurrence(const NodeReader &node,
                                     ArrayRef<StringRef> activations) {
  Recurrence recurrence;
  FailureOr<std::string> direction = node.getString("direction", "forward");
  FailureOr<int64_t> layout = node.getInt("layout", 0);
  FailureOr<int64_t> hidden = node.getInt("hidden_size", -1);
  FailureOr<float> clip = node.getFloat("clip", 0);
  if (failed(direction) || failed(layout) || failed(hidden) || failed(clip) ||
      failed(node.requireFloat(0)) ||
      failed(node.requireSameType({0, 1, 2, 3, 5})))
    return failure();
  for (int i : {0, 1, 2})
    if (failed(node.requireRank(i, 3, 3)))
      return failure();
  if (node.hasInput(4) && !node.getElementType(4).isSignlessInteger(32))
    return node.emitInvalid() << "expects i32 as input 4, got "
                              << node.getElementType(4);
  if (*direction != "forward" && *direction != "reverse" &&
      *direction != "bidirectional")
    return node.emitInvalid() << "attribute 'direction' expects forward, "
                                 "reverse or bidirectional";
  int64_t columns = node.getInputType(2).getDimSize(2);
  if (*hidden >= 0 && !ShapedType::isDynamic(columns) && *hidden != columns)
    return node.emitInvalid() << "attribute 'hidden_size' expects " << columns
                              << ", got " << *hidden;
  recurrence.direction = *direction;
  recurrence.batchMajor = *layout != 0;
  if (node.hasAttr("clip"))
    recurrence.clip = node.getBuilder().getF32FloatAttr(*clip);
  if (failed(readActivations(node, recurrence, activations)))
    return failure();
  return recurrence;
}

/// Builds the op from the node's inputs, `more` as its last attributes, and sets
/// the outputs.
template <typename OpTy, int... inputs, typename... Args>
LogicalResult buildRecurrence(const NodeReader &node, int numOutputs,
                              const Recurrence &recurrence,
                              std::integer_sequence<int, inputs...>,
                              Args... more) {
  OpBuilder &b = node.getBuilder();
  SmallVector<Type> types(numOutputs, node.getElementType(0));
  auto op = node.build<OpTy>(
      types, node.getInput(inputs)..., b.getStringAttr(recurrence.direction),
      b.getBoolAttr(recurrence.batchMajor),
      b.getStrArrayAttr(recurrence.activations),
      b.getDenseF32ArrayAttr(recurrence.alphas),
      b.getDenseF32ArrayAttr(recurrence.betas), recurrence.clip, more...);
  if (!op)
    return failure();
  for (auto [i, result] : llvm::enumerate(op->getResults()))
    node.setOutput(i, result);
  return success();
}

LogicalResult importLSTM(const NodeReader &node) {
  FailureOr<Recurrence> recurrence =
      readRecurrence(node, {"Sigmoid", "Tanh", "Tanh"});
  FailureOr<int64_t> inputForget = node.getInt("input_forget", 0);
  if (failed(recurrence) || failed(inputForget) ||
      failed(node.requireSameType({0, 6, 7})))
    return failure();
  return buildRecurrence<nn::LSTMOp>(
      node, 3, *recurrence, std::make_integer_sequence<int, 8>(),
      node.getBuilder().getBoolAttr(*inputForget));
}

LogicalResult importGRU(const NodeReader &node) {
  FailureOr<Recurrence> recurrence = readRecurrence(node, {"Sigmoid", "Tanh"});
  FailureOr<int64_t> linear = node.getInt("linear_before_reset", 0);
  if (failed(recurrence) || failed(linear))
    return failure();
  return buildRecurrence<nn::GRUOp>(
      node, 2, *recurrence, std::make_integer_sequence<int, 6>(),
      node.getBuilder().getBoolAttr(*linear));
}

LogicalResult importRNN(const NodeReader &node) {
  FailureOr<Recurrence> recurrence = readRecurrence(node, {"Tanh"});
  if (failed(recurrence))
    return failure();
  return buildRecurrence<nn::RNNOp>(node, 2, *recurrence,
                                    std::make_integer_sequence<int, 6>());
}
} // namespace

ArrayRef<OpImporter> burin::getRecurrentImporters() {
  static const OpImporter importers[] = {
      {"LSTM", 1, 3, 8, 3, importLSTM},
      {"GRU", 1, 3, 6, 2, importGRU},
      {"RNN", 1, 3, 6, 2, importRNN},
  };
  return importers;
}
