//===- ExecDialect.cpp - Registers the exec dialect -----------------------===//

#include "dialects/Exec/Exec.h"
#include "burin/types.h"

using namespace mlir;
using namespace burin::exec;

#include "dialects/Exec/ExecDialect.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/Exec/ExecOps.cpp.inc"

void ExecDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Exec/ExecOps.cpp.inc"
      >();
}

void ParallelOp::build(OpBuilder &builder, OperationState &state, Value count,
                       int64_t grain) {
  state.addOperands(count);
  state.addAttribute(getGrainAttrName(state.name),
                     builder.getI64IntegerAttr(grain));
  OpBuilder::InsertionGuard guard(builder);
  Type index = builder.getIndexType();
  builder.createBlock(state.addRegion(), {}, {index, index},
                      {state.location, state.location});
  builder.create<YieldOp>(state.location);
}

LogicalResult ParallelOp::verifyRegions() {
  if (getBody().getNumArguments() != 2 ||
      !llvm::all_of(getBody().getArgumentTypes(), llvm::IsaPred<IndexType>))
    return emitOpError("expects a region with two index arguments");
  if (int64_t(getGrain()) < 1)
    return emitOpError("expects a grain of at least 1, got ") << getGrain();
  return success();
}

ParseResult ParallelOp::parse(OpAsmParser &parser, OperationState &result) {
  OpAsmParser::Argument bounds[2];
  OpAsmParser::UnresolvedOperand count;
  IntegerAttr grain;
  Type index = parser.getBuilder().getIndexType();
  bounds[0].type = bounds[1].type = index;
  if (parser.parseArgument(bounds[0]) || parser.parseKeyword("to") ||
      parser.parseArgument(bounds[1]) || parser.parseKeyword("of") ||
      parser.parseOperand(count) || parser.parseKeyword("grain") ||
      parser.parseAttribute(grain, parser.getBuilder().getI64Type(), "grain",
                            result.attributes) ||
      parser.resolveOperand(count, index, result.operands) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes) ||
      parser.parseRegion(*result.addRegion(), bounds))
    return failure();
  ensureTerminator(*result.regions.front(), parser.getBuilder(),
                   result.location);
  return success();
}

void ParallelOp::print(OpAsmPrinter &printer) {
  printer << " " << getLower() << " to " << getUpper() << " of " << getCount()
          << " grain " << getGrain();
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {"grain"});
  printer << " ";
  printer.printRegion(getRegion(), /*printEntryBlockArgs=*/false,
                      /*printBlockTerminators=*/false);
}

void CallOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  for (OpOperand &operand : getInputsMutable())
    if (isa<MemRefType>(operand.get().getType()))
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
  for (OpOperand &operand : getInitsMutable())
    if (isa<MemRefType>(operand.get().getType())) {
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
    }
}

LogicalResult CallOp::verify() {
  for (Type type : getOperandTypes())
    if (cast<ShapedType>(type).getRank() > BURIN_MAX_RANK)
      return emitError("expects no more than ")
             << BURIN_MAX_RANK << " dimensions, got " << type << "; reshape it in the model";
  return success();
}

LogicalResult AttentionOp::verify() {
  for (auto [operand, order] :
       {std::pair(getQuery(), getQueryOrder()), std::pair(getKey(), getKeyOrder()),
        std::pair(getValue(), getValueOrder()), std::pair(getInit(), getResultOrder())}) {
    auto type = cast<ShapedType>(operand.getType());
    SmallVector<int64_t> sorted(order);
    llvm::sort(sorted);
    if (!type.hasRank() || type.getRank() != 4 || !type.getElementType().isF32() ||
        sorted != ArrayRef<int64_t>{0, 1, 2, 3})
      return emitOpError("expects f32 operands of rank 4 and an order of each, got ")
             << type;
  }
  for (Value extra : getExtras())
    if (cast<ShapedType>(extra.getType()).getRank() != 4)
      return emitOpError("expects extras of rank 4, got ") << extra.getType();
  Block &body = getBody().front();
  unsigned scores = getExtras().size() + 1;
  if (body.getNumArguments() != scores + 2 || !body.getArgument(0).getType().isF32() ||
      !llvm::all_of(llvm::drop_begin(body.getArgumentTypes(), scores), llvm::IsaPred<IndexType>))
    return emitOpError("expects a body of a score, the extras and two positions");
  auto yield = dyn_cast<YieldOp>(body.getTerminator());
  if (!yield || yield.getNumOperands() != 1 || !yield.getValues()[0].getType().isF32())
    return emitOpError("expects a body that yields a score");
  return success();
}

void AttentionOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  for (OpOperand &operand : (*this)->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    if (isDpsInit(&operand))
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
    else
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
  }
}
