//===- EmitContractions.cpp - Matrix products and convolutions ------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Passes.h"
#include "passes/Exec/Strassen/StrassenEmitter.h"
#include "passes/Exec/Tiles/ContractionEmitter.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_EMITCONTRACTIONS
#include "passes/Exec/Passes.h.inc"

namespace {
struct EmitContractions : impl::EmitContractionsBase<EmitContractions> {
  using EmitContractionsBase::EmitContractionsBase;

  void runOnOperation() override {
    Cpu cpu{vectorBits, registers};
    replaceFused(getOperation(), isSumOfProducts,
                 [&](linalg::LinalgOp op, const Fusion &fused,
                     ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes) {
                   std::optional<Contraction> c = matchContraction(op, fused, shapes, cpu);
                   if (!c)
                     return false;
                   ContractionPlan plan = planContraction(b, shapes, *c, cpu);
                   if (!plan.isWhole() && (c->start || c->finish))
                     return false;
                   std::optional<StrassenPlan> strassen;
                   if (this->strassen)
                     strassen = planStrassen(*c, plan, shapes);
                   if (strassen)
                     emitStrassen(b, shapes, *c, plan, *strassen);
                   else
                     emitContraction(b, shapes, *c, std::move(plan));
                   return true;
                 });
  }
};
} // namespace
} // namespace burin
