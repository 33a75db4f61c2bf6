//===- Weights.cpp - Transformed filters, at compile time -----------------===//

#include "passes/Exec/Constants.h"
#include "passes/Exec/Winograd/Plan.h"

using namespace mlir;
using namespace burin;

namespace {
/// Where the filter's elements are.
struct Steps {
  int64_t filter, channel, tapY, tapX;
};

void transform(const nn::StoredElements &from, const Steps &steps, const WinogradConv &conv,
               const WinogradPlan &plan, float *to) {
  constexpr int64_t taps = Winograd::taps;
  int64_t width = plan.tile.getColumns(), products = plan.algorithm.getProducts();
  std::fill_n(to, plan.getWeights(conv), 0.0f);
  for (int64_t f = 0; f < conv.filters; ++f)
    for (int64_t c = 0; c < conv.channels; ++c) {
      double filter[taps * taps];
      for (int64_t i = 0; i < taps * taps; ++i)
        filter[i] = from.get<float>(f * steps.filter + c * steps.channel +
                                    i / taps * steps.tapY + i % taps * steps.tapX);
      for (auto [p, value] : llvm::enumerate(plan.algorithm.transformTaps(filter)))
        to[((f / width * products + p) * conv.channels + c) * width + f % width] = value;
    }
}

/// Filters that are constant, and how they are read.
struct Source {
  memref::GlobalOp global;
  nn::StoredElements filters;
  Steps steps;
};

std::optional<Source> findSource(const WinogradConv &conv) {
  const Contraction &c = conv.c;
  auto module = c.op->getParentOfType<ModuleOp>();
  memref::GlobalOp global = findGlobal(c.getOperand(c.rhs).memory, module);
  if (!global || !global.getConstant())
    return std::nullopt;
  std::optional<nn::StoredElements> filters = findStored(global);
  if (!filters)
    return std::nullopt;
  SmallVector<int64_t> known;
  for (unsigned d : {c.columns[0], conv.channel, conv.tapY, conv.tapX}) {
    std::optional<int64_t> step = nn::getStatic(c.getOperand(c.rhs).coefficients[d]);
    if (!step)
      return std::nullopt;
    known.push_back(*step);
  }
  return Source{global, *filters, {known[0], known[1], known[2], known[3]}};
}

std::string getName(Source &source, const WinogradPlan &plan) {
  std::string name;
  llvm::raw_string_ostream os(name);
  os << source.global.getName() << "_winograd_" << plan.algorithm.outputs << "_"
     << plan.tile.getColumns();
  const Steps &steps = source.steps;
  for (int64_t step : {steps.filter, steps.channel, steps.tapY, steps.tapX})
    os << "_" << step;
  return name;
}
} // namespace

int64_t burin::countNewWeights(const WinogradConv &conv, const WinogradPlan &plan) {
  std::optional<Source> source = findSource(conv);
  auto module = conv.c.op->getParentOfType<ModuleOp>();
  bool isThere = source && module.lookupSymbol(getName(*source, plan));
  return isThere ? 0 : plan.getWeights(conv) * int64_t(sizeof(float));
}

Value burin::createWinogradWeights(ImplicitLocOpBuilder &b, const WinogradConv &conv,
                                   const WinogradPlan &plan) {
  std::optional<Source> source = findSource(conv);
  if (!source)
    return {};
  auto create = [&](RankedTensorType type) {
    return createElements(type, [&](char *to) {
      transform(source->filters, source->steps, conv, plan, reinterpret_cast<float *>(to));
    });
  };
  return getConstant(b, source->global, getName(*source, plan), plan.getWeights(conv),
                     conv.c.getType(), create);
}
