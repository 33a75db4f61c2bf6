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
/// By seven products where that is planned and the number of rows is right for it.
void emitQuartered(ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes, const Contraction &c,
                   const ContractionPlan &plan, const StrassenPlan &strassen) {
  OpFoldResult rows = plan.rows.rows;
  OpFoldResult inAll = shapes.mul(rows, c.getSize(shapes, c.batch));
  if (nn::getStatic(inAll))
    return emitStrassen(b, shapes, c, plan, strassen);
  auto compare = [&](arith::CmpIPredicate predicate, OpFoldResult size, int64_t bound) {
    Value limit = b.create<arith::ConstantIndexOp>(bound);
    return b.create<arith::CmpIOp>(predicate, shapes.getValue(size), limit);
  };
  Value areMany = compare(arith::CmpIPredicate::uge, rows, strassen.leastRows);
  Value areFew = compare(arith::CmpIPredicate::ule, inAll, strassen.mostInAll);
  auto choice = b.create<scf::IfOp>(b.create<arith::AndIOp>(areMany, areFew),
                                    /*withElseRegion=*/true);
  for (bool isQuartered : {true, false}) {
    OpBuilder::InsertionGuard guard(b);
    nn::ShapeBuilder::Scope scope(shapes);
    b.setInsertionPointToStart(isQuartered ? choice.thenBlock() : choice.elseBlock());
    if (isQuartered)
      emitStrassen(b, shapes, c, plan, strassen);
    else
      emitContraction(b, shapes, c, plan);
  }
}

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
                     emitQuartered(b, shapes, *c, plan, *strassen);
                   else
                     emitContraction(b, shapes, *c, std::move(plan));
                   return true;
                 });
  }
};
} // namespace
} // namespace burin
