//===- Stages.cpp - What becomes of sums before they are stored -----------===//

#include "passes/Exec/Fused/Stages.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "passes/Exec/BodyEmitter.h"
#include "passes/Exec/Vectors.h"

using namespace mlir;
using namespace burin;

/// Adds the accesses of `fused`, whose operand `shared` is the buffer of the sums:
/// its loops are found by the buffer's dimensions. None if they are not that
/// simple.
static std::optional<TileStage> addStage(FusedSums &c, linalg::LinalgOp fused,
                                         unsigned shared,
                                         nn::ShapeBuilder &shapes) {
  std::optional<LoopNest> nest = getLoopNest(fused, shapes);
  if (!nest)
    return std::nullopt;
  AffineMap from = fused.getIndexingMapsArray()[shared];
  AffineMap to = c.op.getIndexingMapsArray().back();
  TileStage stage{&fused->getRegion(0).front(), {}};
  Value sums = c.op.getDpsInits()[0];
  for (auto [i, access] : llvm::enumerate(nest->accesses)) {
    bool isTarget = i == nest->numInputs;
    if (i == shared || (isTarget && fused->getOperand(i) == sums)) {
      stage.arguments.push_back(std::nullopt);
      if (isTarget)
        c.target = c.getSums();
      continue;
    }
    LinearAccess mapped{access.memory, {}};
    mapped.coefficients.assign(c.nest.getNumLoops(), shapes.get(0));
    for (auto [fromExpr, toExpr] : llvm::zip_equal(from.getResults(), to.getResults())) {
      auto fromDim = dyn_cast<AffineDimExpr>(fromExpr);
      auto toDim = dyn_cast<AffineDimExpr>(toExpr);
      if (!fromDim || !toDim)
        return std::nullopt;
      mapped.coefficients[toDim.getPosition()] =
          access.coefficients[fromDim.getPosition()];
    }
    if (isTarget)
      c.target = c.nest.accesses.size();
    stage.arguments.push_back(c.nest.accesses.size());
    c.nest.accesses.push_back(std::move(mapped));
  }
  return stage;
}

/// The access of the pooling in `fused`, whose pixels are two results apart.
static bool addPool(FusedSums &c, const Fusion &fused, nn::ShapeBuilder &shapes) {
  linalg::LinalgOp pool = fused.pool;
  std::optional<LoopNest> nest = getLoopNest(pool, shapes);
  if (!nest)
    return false;
  linalg::FillOp start = fused.poolStart;
  c.pool = TilePool{&pool->getRegion(0).front(), start.getInputs()[0],
                    unsigned(c.nest.accesses.size())};
  const LinearAccess &access = nest->accesses[nest->numInputs];
  LinearAccess mapped{access.memory, {}};
  mapped.coefficients.assign(c.nest.getNumLoops(), shapes.get(0));
  for (auto [d, result] : llvm::enumerate(c.op.getIndexingMapsArray().back().getResults()))
    if (auto dim = dyn_cast<AffineDimExpr>(result))
      mapped.coefficients[dim.getPosition()] = access.coefficients[d];
    else
      return false;
  c.nest.accesses.push_back(std::move(mapped));
  return true;
}

OpFoldResult FusedSums::getSize(nn::ShapeBuilder &shapes,
                                ArrayRef<unsigned> loops) const {
  nn::Shape sizes;
  for (unsigned d : loops)
    sizes.push_back(nest.sizes[d]);
  return shapes.product(sizes);
}

bool FusedSums::take(linalg::LinalgOp sums, const Fusion &fused,
                     nn::ShapeBuilder &shapes) {
  std::optional<LoopNest> loops = getLoopNest(sums, shapes);
  if (!loops)
    return false;
  op = sums;
  nest = std::move(*loops);
  if (linalg::LinalgOp first = fused.start)
    start = addStage(*this, first, first.getNumDpsInputs(), shapes);
  target = getSums();
  if (fused.finish)
    finish = addStage(*this, fused.finish, fused.operand, shapes);
  if (bool(fused.start) != bool(start) || bool(fused.finish) != bool(finish) ||
      (fused.pool && !addPool(*this, fused, shapes)))
    return false;
  nest.simplify(shapes);
  return true;
}

bool FusedSums::fitsColumns(ArrayRef<unsigned> columns,
                            nn::ShapeBuilder &shapes) const {
  for (unsigned i = getSums(); i < nest.accesses.size(); ++i) {
    const LinearAccess &access = getOperand(i);
    bool isSkipped = i == getSums() && start && target != i;
    if (isSkipped || !isa<MemRefType>(access.memory.getType()))
      continue;
    bool isUniform = i != target, isRun = true;
    OpFoldResult expected = shapes.get(1);
    for (unsigned d : llvm::reverse(columns)) {
      isUniform &= !access.moves(d);
      isRun &= nn::areEqual(access.coefficients[d], expected);
      expected = shapes.mul(expected, nest.sizes[d]);
    }
    if (!isUniform && !isRun)
      return false;
  }
  return true;
}

bool StageEmitter::isWide(unsigned access) const {
  return c.getOperand(access).moves(column);
}

Value StageEmitter::getStart(const Place &place) {
  Value start =
      c.start ? emitStage(*c.start, Value(), place) : load(c.getSums(), place);
  return isa<VectorType>(start.getType())
             ? start
             : b.create<vector::BroadcastOp>(VectorType::get(lanes, c.getType()), start);
}

Value StageEmitter::finish(Value value, const Place &place) {
  return c.finish ? emitStage(*c.finish, value, place) : value;
}

Value StageEmitter::evaluate(Value sums, const Place &place) {
  if (c.start && isZero(*c.start))
    return finish(sums, place);
  Value start = getStart(place), value;
  if (isa<FloatType>(c.getType()))
    value = b.create<arith::AddFOp>(start, sums);
  else
    value = b.create<arith::AddIOp>(start, sums);
  return finish(value, place);
}

void StageEmitter::store(Value value, const Place &place) {
  storeVector(b, value, c.getTarget().memory, getAddress(c.target, place), place.mask);
}

void StageEmitter::storePooled(Value value, Value isFirst, const Place &place) {
  const LinearAccess &access = c.getOperand(c.pool->target);
  Value address = getAddress(c.pool->target, place);
  auto type = VectorType::get(lanes, access.getElementType());
  Value before = b.create<arith::SelectOp>(
      isFirst, b.create<vector::BroadcastOp>(type, c.pool->start),
      loadVector(b, type, access.memory, address, place.mask));
  Block &body = *c.pool->body;
  Value unused = b.create<arith::ConstantOp>(b.getZeroAttr(body.getArgument(1).getType()));
  BodyEmitter emitter(body, BodyEmitter::noLoop, lanes, {false, true, false});
  Value all = emitter.emit(b, {value, unused, before}, {}, place.mask)[0];
  storeVector(b, emitter.widen(b, all), access.memory, address, place.mask);
}

/// linalg.fill with zero.
bool StageEmitter::isZero(const TileStage &stage) const {
  auto given = dyn_cast<BlockArgument>(stage.body->getTerminator()->getOperand(0));
  if (!given || !stage.arguments[given.getArgNumber()])
    return false;
  Value scalar = c.getOperand(*stage.arguments[given.getArgNumber()]).memory;
  return matchPattern(scalar, m_AnyZeroFloat()) || matchPattern(scalar, m_Zero());
}

Value StageEmitter::emitStage(const TileStage &stage, Value before,
                              const Place &place) {
  SmallVector<Value> arguments;
  SmallVector<bool> uniform;
  for (auto [argument, access] :
       llvm::zip_equal(stage.body->getArguments(), stage.arguments)) {
    bool isUsed = !argument.use_empty();
    if (isUsed && access)
      arguments.push_back(load(*access, place));
    else if (isUsed)
      arguments.push_back(before);
    else
      arguments.push_back(
          b.create<arith::ConstantOp>(b.getZeroAttr(argument.getType())));
    uniform.push_back(!isa<VectorType>(arguments.back().getType()));
  }
  BodyEmitter body(*stage.body, BodyEmitter::noLoop, lanes, uniform);
  return body.widen(b, body.emit(b, arguments, {}, place.mask)[0]);
}

Value StageEmitter::getAddress(unsigned access, const Place &place) {
  return b.createOrFold<arith::AddIOp>(
      place.addresses[access], b.create<arith::ConstantIndexOp>(place.offset));
}

/// A vector, or a scalar where all columns have one value.
Value StageEmitter::load(unsigned i, const Place &place) {
  const LinearAccess &access = c.getOperand(i);
  if (!isa<MemRefType>(access.memory.getType()))
    return access.memory;
  if (!isWide(i))
    return b.create<memref::LoadOp>(access.memory, place.addresses[i]);
  auto type = VectorType::get(lanes, access.getElementType());
  return loadVector(b, type, access.memory, getAddress(i, place), place.mask);
}
