//===- Weights.cpp - Transformed filters, at compile time -----------------===//

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "passes/Exec/Tiles/Packing.h"
#include "passes/Exec/Winograd/Plan.h"

using namespace mlir;
using namespace burin;

namespace {
/// Elements of a constant, which need not be aligned.
class Reader {
public:
  explicit Reader(ElementsAttr value) {
    if (auto dense = dyn_cast<DenseElementsAttr>(value)) {
      isSplat = dense.isSplat();
      raw = dense.getRawData().data();
    } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
      if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
        raw = blob->getData().data();
    }
  }

  /// False where IR was printed without its constants.
  bool isThere() const { return raw; }

  double get(int64_t i) const {
    float value;
    std::memcpy(&value, raw + (isSplat ? 0 : i * sizeof(float)), sizeof(float));
    return value;
  }

private:
  const char *raw = nullptr;
  bool isSplat = false;
};

/// Where the filter's elements are.
struct Steps {
  int64_t filter, channel, tapY, tapX;
};

void transform(const Reader &from, const Steps &steps, const WinogradConv &conv,
               const WinogradPlan &plan, MutableArrayRef<float> to) {
  constexpr int64_t taps = Winograd::taps;
  int64_t width = plan.tile.getColumns(), products = plan.algorithm.getProducts();
  std::fill(to.begin(), to.end(), 0.0f);
  for (int64_t f = 0; f < conv.filters; ++f)
    for (int64_t c = 0; c < conv.channels; ++c) {
      double filter[taps * taps];
      for (int64_t i = 0; i < taps * taps; ++i)
        filter[i] = from.get(f * steps.filter + c * steps.channel +
                             i / taps * steps.tapY + i % taps * steps.tapX);
      for (auto [p, value] : llvm::enumerate(plan.algorithm.transformTaps(filter)))
        to[((f / width * products + p) * conv.channels + c) * width + f % width] = value;
    }
}
} // namespace

Value burin::createWinogradWeights(ImplicitLocOpBuilder &b, const WinogradConv &conv,
                                   const WinogradPlan &plan) {
  const Contraction &c = conv.c;
  auto module = c.op->getParentOfType<ModuleOp>();
  memref::GlobalOp global = findGlobal(c.getOperand(c.rhs).memory, module);
  if (!global || !global.getInitialValue() || !global.getConstant())
    return {};
  Reader filters(cast<ElementsAttr>(*global.getInitialValue()));
  if (!filters.isThere())
    return {};
  SmallVector<int64_t> known;
  for (unsigned d : {c.columns[0], conv.channel, conv.tapY, conv.tapX}) {
    std::optional<int64_t> step = nn::getStatic(c.getOperand(c.rhs).coefficients[d]);
    if (!step)
      return {};
    known.push_back(*step);
  }
  Steps steps{known[0], known[1], known[2], known[3]};
  std::string name;
  llvm::raw_string_ostream os(name);
  os << global.getName() << "_winograd_" << plan.algorithm.outputs << "_"
     << plan.tile.getColumns();
  for (int64_t step : known)
    os << "_" << step;
  Type element = c.getType();
  auto type = MemRefType::get({plan.getWeights(conv)}, element);
  if (!module.lookupSymbol(name)) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(global);
    AsmResourceBlob blob = HeapAsmResourceBlob::allocate(
        type.getNumElements() * sizeof(float), 64);
    transform(filters, steps, conv, plan,
              {reinterpret_cast<float *>(blob.getMutableData().data()),
               size_t(type.getNumElements())});
    auto value = DenseResourceElementsAttr::get(
        RankedTensorType::get(type.getShape(), element), "winograd", std::move(blob));
    b.create<memref::GlobalOp>(name, b.getStringAttr("private"), type, value,
                               /*constant=*/true, IntegerAttr());
  }
  Value read = b.create<memref::GetGlobalOp>(type, name);
  return b.create<memref::CastOp>(MemRefType::get({ShapedType::kDynamic}, element), read);
}
