//===- TabulateBytes.cpp - Functions of one byte as tables ----------------===//

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"
#include "passes/Quantize/Constants.h"
#include "passes/Quantize/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_TABULATEBYTES
#include "passes/Quantize/Passes.h.inc"

namespace {
constexpr int64_t count = 256;
/// In arithmetic instructions, about: what a function takes that is not one of them,
/// and what a table must save.
constexpr int64_t functionCost = 10, leastCost = 16;

/// What a value is for each byte of `source`; a number that is always the same has
/// none.
struct Tabulated {
  Value source;
  SmallVector<double, 0> values;
};

bool isByteTensor(Value value) {
  return getElementTypeOrSelf(value.getType()).isInteger(8);
}

bool isUnsignedTensor(Value value) {
  return getElementTypeOrSelf(value.getType()).isUnsignedInteger();
}

/// The ops whose results are tabulated, and about what one costs; none: `op` is
/// another.
std::optional<int64_t> getCost(Operation *op) {
  if (isa<nn::AddOp, nn::SubOp, nn::MulOp, nn::MaximumOp, nn::MinimumOp, nn::NegOp,
          nn::AbsOp, nn::ReluOp>(op))
    return 1;
  if (isa<nn::DivOp, nn::ReciprocalOp, nn::SqrtOp, nn::DequantizeOp, nn::LeakyReluOp,
          nn::HardSigmoidOp>(op))
    return 3;
  if (isa<nn::QuantizeOp, nn::HardSwishOp>(op))
    return 5;
  if (isa<nn::ExpOp, nn::LogOp, nn::ErfOp, nn::TanhOp, nn::SigmoidOp, nn::SoftplusOp,
          nn::EluOp, nn::SwishOp, nn::GeluOp>(op))
    return functionCost;
  return std::nullopt;
}

double getSigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double getGelu(double x, bool tanh) {
  if (!tanh)
    return x / 2 * (1 + std::erf(x / std::sqrt(2.0)));
  double inner = std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x);
  return x / 2 * (1 + std::tanh(inner));
}

/// The result of an elementwise op for one element.
double calculate(Operation *op, double x, double y) {
  auto getAlpha = [&] { return op->getAttrOfType<FloatAttr>("alpha").getValueAsDouble(); };
  auto getBeta = [&] { return op->getAttrOfType<FloatAttr>("beta").getValueAsDouble(); };
  auto limit = [](double z) { return std::max(0.0, std::min(1.0, z)); };
  return llvm::TypeSwitch<Operation *, double>(op)
      .Case([&](nn::AddOp) { return x + y; })
      .Case([&](nn::SubOp) { return x - y; })
      .Case([&](nn::MulOp) { return x * y; })
      .Case([&](nn::DivOp) { return x / y; })
      .Case([&](nn::MaximumOp) { return x != x || x > y ? x : y; })
      .Case([&](nn::MinimumOp) { return x != x || x < y ? x : y; })
      .Case([&](nn::NegOp) { return -x; })
      .Case([&](nn::AbsOp) { return std::abs(x); })
      .Case([&](nn::ReluOp) { return x < 0 ? 0 : x; })
      .Case([&](nn::ReciprocalOp) { return 1 / x; })
      .Case([&](nn::SqrtOp) { return std::sqrt(x); })
      .Case([&](nn::ExpOp) { return std::exp(x); })
      .Case([&](nn::LogOp) { return std::log(x); })
      .Case([&](nn::ErfOp) { return std::erf(x); })
      .Case([&](nn::TanhOp) { return std::tanh(x); })
      .Case([&](nn::SigmoidOp) { return getSigmoid(x); })
      .Case([&](nn::SoftplusOp) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); })
      .Case([&](nn::LeakyReluOp) { return x < 0 ? getAlpha() * x : x; })
      .Case([&](nn::EluOp) { return x < 0 ? getAlpha() * std::expm1(x) : x; })
      .Case([&](nn::SwishOp) { return x * getSigmoid(getAlpha() * x); })
      .Case([&](nn::GeluOp gelu) { return getGelu(x, gelu.getTanh()); })
      .Case([&](nn::HardSigmoidOp) { return limit(getAlpha() * x + getBeta()); })
      .Case([&](nn::HardSwishOp) { return x * limit(x / 6 + 0.5); });
}

/// As `op` does, with the quotient and the sum rounded to f32.
double quantize(nn::QuantizeOp op, const Scaling &scaling, double x) {
  double low = isUnsignedTensor(op) ? 0 : -128, high = low + 255;
  float quotient = float(x) / scaling.scales[0];
  double result = std::nearbyint(quotient) + scaling.zeros[0];
  return result > low ? std::min(result, high) : low; // The lower one for NaN.
}

class Tabulator {
public:
  /// The tables of all values on the way are kept, too.
  const std::optional<Tabulated> &get(Value value);
  /// The cost of all that is calculated from `source` for `result`.
  int64_t getTotalCost(Value result, Value source);

private:
  std::optional<Tabulated> find(Value value);
  std::optional<Tabulated> findQuantized(nn::QuantizeOp op);
  std::optional<Tabulated> findDequantized(nn::DequantizeOp op);

  llvm::DenseMap<Value, std::optional<Tabulated>> known;
};

const std::optional<Tabulated> &Tabulator::get(Value value) {
  auto place = known.find(value);
  if (place == known.end()) {
    std::optional<Tabulated> found = find(value);
    place = known.try_emplace(value, std::move(found)).first;
  }
  return place->second;
}

std::optional<Tabulated> Tabulator::findQuantized(nn::QuantizeOp op) {
  std::optional<Scaling> scaling = findScaling(op);
  if (!scaling || !scaling->isSingle() || !op.getPrecision().isF32() ||
      !getElementTypeOrSelf(op.getX().getType()).isF32())
    return std::nullopt;
  std::optional<Tabulated> result = get(op.getX());
  if (!result || (result->source &&
                  cast<RankedTensorType>(result->source.getType()).getRank() !=
                      cast<RankedTensorType>(op.getType()).getRank()))
    return std::nullopt;
  for (double &value : result->values)
    value = quantize(op, *scaling, value);
  return result;
}

std::optional<Tabulated> Tabulator::findDequantized(nn::DequantizeOp op) {
  std::optional<Scaling> scaling = findScaling(op);
  if (!isByteTensor(op.getX()) || !scaling || !scaling->isSingle())
    return std::nullopt;
  std::optional<Tabulated> result = get(op.getX());
  for (double &value : result->values)
    value = float(value - scaling->zeros[0]) * scaling->scales[0];
  return result;
}

std::optional<Tabulated> Tabulator::find(Value value) {
  Operation *op = value.getDefiningOp();
  if (isByteTensor(value)) {
    if (auto quantized = dyn_cast_or_null<nn::QuantizeOp>(op))
      if (std::optional<Tabulated> found = findQuantized(quantized))
        return found;
    Tabulated itself{value, {}};
    for (int64_t bits = 0; bits < count; ++bits)
      itself.values.push_back(isUnsignedTensor(value) ? double(bits) : double(int8_t(bits)));
    return itself;
  }
  if (!op || !getElementTypeOrSelf(value.getType()).isF32())
    return std::nullopt;
  if (auto dequantized = dyn_cast<nn::DequantizeOp>(op))
    return findDequantized(dequantized);
  if (std::optional<Numbers> numbers = Numbers::find(value)) {
    if (numbers->size() != 1)
      return std::nullopt;
    return Tabulated{Value(), SmallVector<double, 0>(count, (*numbers)[0])};
  }
  if (!getCost(op))
    return std::nullopt;
  Tabulated result;
  SmallVector<SmallVector<double, 0>> operands;
  for (Value operand : op->getOperands()) {
    const std::optional<Tabulated> &tabulated = get(operand);
    if (!tabulated || (result.source && tabulated->source && result.source != tabulated->source))
      return std::nullopt;
    if (tabulated->source)
      result.source = tabulated->source;
    operands.push_back(tabulated->values);
  }
  for (int64_t i = 0; i < count; ++i)
    result.values.push_back(float(calculate(op, operands[0][i], operands.back()[i])));
  return result;
}

int64_t Tabulator::getTotalCost(Value result, Value source) {
  llvm::SetVector<Operation *> ops;
  ops.insert(result.getDefiningOp());
  int64_t cost = 0;
  for (size_t i = 0; i < ops.size(); ++i) {
    cost += getCost(ops[i]).value_or(0);
    for (Value operand : ops[i]->getOperands())
      if (operand != source && operand.getDefiningOp())
        ops.insert(operand.getDefiningOp());
  }
  return cost;
}

struct TabulateBytes : impl::TabulateBytesBase<TabulateBytes> {
  void runOnOperation() override {
    Tabulator tabulator;
    SmallVector<std::pair<nn::QuantizeOp, Tabulated>> found;
    getOperation()->walk([&](nn::QuantizeOp op) {
      if (!isByteTensor(op))
        return;
      Tabulated table = *tabulator.get(op);
      if (table.source && table.source != op.getResult() &&
          tabulator.getTotalCost(op, table.source) >= leastCost)
        found.push_back({op, std::move(table)});
    });
    for (auto &[op, table] : found) {
      OpBuilder b(op);
      SmallVector<int8_t> bytes;
      for (double value : table.values)
        bytes.push_back(int8_t(int64_t(value)));
      auto type = RankedTensorType::get({count}, b.getI8Type());
      op.replaceAllUsesWith(
          b.create<nn::LookupOp>(op.getLoc(), op.getType(), table.source,
                                 DenseIntElementsAttr::get(type, ArrayRef<int8_t>(bytes)))
              .getResult());
      op.erase();
    }
  }
};
} // namespace
} // namespace burin
