//===- LowerNorm.cpp - Softmax and normalizations -------------------------===//
//
// Each reads its rows two or three times: once for every statistic, which is a
// tensor of one element per row, and once for the result.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/Lower/Reduction/GroupsLast.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace burin {
void addLRNLowering(LowerTable &table); // LowerLRN.cpp
} // namespace burin

namespace {
Value add(B &b, Value x, Value y) { return b.create<arith::AddFOp>(x, y); }
Value sub(B &b, Value x, Value y) { return b.create<arith::SubFOp>(x, y); }
Value mul(B &b, Value x, Value y) { return b.create<arith::MulFOp>(x, y); }
Value div(B &b, Value x, Value y) { return b.create<arith::DivFOp>(x, y); }
Value getFloat(B &b, Type type, double value) {
  return b.create<arith::ConstantOp>(b.getFloatAttr(type, value));
}

Type getElement(Value nnTensor) {
  return getElementTypeOrSelf(nnTensor.getType());
}

//===- Softmax ------------------------------------------------------------===//

template <typename OpTy, bool logarithm>
LogicalResult lowerSoftmax(OpTy op, Lowering &l) {
  Type element = getElement(op.getX()), type = getStatisticsType(element);
  Folding rows(l, l.getShape(op.getX()), op.getAxes());
  Folding::Input x = rows.all(l.get(op.getX()), element, type);
  // NaN comes into each element of its row by the sum.
  Folding::Input largest = rows.kept(rows.foldMax(x, /*keepsNaN=*/false), type);
  auto exponential = [](B &b, ArrayRef<Value> args) -> Value {
    return b.create<math::ExpOp>(sub(b, args[0], args[1]));
  };
  if (logarithm) {
    Value sum = rows.foldSum({x, largest}, type, exponential);
    Value log = rows.mapKept(sum, type, [](B &b, ArrayRef<Value> args) -> Value {
      return b.create<math::LogOp>(args[0]);
    });
    // In this order: the maximum may be so large that adding to it is lossy.
    l.set(op, rows.map({x, largest, rows.kept(log, type)}, element,
                       [](B &b, ArrayRef<Value> args) {
                         return sub(b, sub(b, args[0], args[1]), args[2]);
                       }));
    return success();
  }
  // Every step rounds to the result's type, as in the function that ONNX gives
  // for Softmax (version 13): what is summed is what is scaled.
  Folding::Input powers =
      rows.all(rows.map({x, largest}, element, exponential), element, type);
  Value sum = rows.foldSum(
      powers, type, [](B &, ArrayRef<Value> args) { return args[0]; });
  Value scale = rows.mapKept(sum, type, [&](B &b, ArrayRef<Value> args) {
    Value stored = Lowering::toStorage(b, args[0], element);
    return div(b, getFloat(b, type, 1), Lowering::toCompute(b, stored, element));
  });
  auto multiply = [](B &b, ArrayRef<Value> args) {
    return mul(b, args[0], args[1]);
  };
  Folding::Input factor = rows.kept(scale, type);
  l.set(op, element == type
                ? rows.update(powers.tensor, factor, type, multiply)
                : rows.map({powers, factor}, element, multiply));
  return success();
}

//===- Statistics ---------------------------------------------------------===//

/// sum(f(inputs)) / count, per row.
Value getMean(const Folding &rows, ArrayRef<Folding::Input> inputs, Type type,
              Folding::Body f) {
  Value sum = rows.foldSum(inputs, type, f), count = rows.getCount(type);
  return rows.mapKept(sum, type, [&](B &b, ArrayRef<Value> args) {
    return div(b, args[0], count);
  });
}

Value getMean(const Folding &rows, const Folding::Input &x, Type type) {
  return getMean(rows, x, type,
                 [](B &, ArrayRef<Value> args) { return args[0]; });
}

/// The mean of the squares of what is left without the mean.
Value getVariance(const Folding &rows, const Folding::Input &x, Value mean,
                  Type type) {
  return getMean(rows, {x, rows.kept(mean, type)}, type,
                 [](B &b, ArrayRef<Value> args) {
                   Value centered = sub(b, args[0], args[1]);
                   return mul(b, centered, centered);
                 });
}

/// 1 / sqrt(variance + epsilon)
Value getInverse(const Folding &rows, Value variance, double epsilon,
                 Type type) {
  return rows.mapKept(variance, type, [&](B &b, ArrayRef<Value> args) {
    Value sum = add(b, args[0], getFloat(b, type, epsilon));
    return div(b, getFloat(b, type, 1), b.create<math::SqrtOp>(sum));
  });
}

//===- By the statistics of rows ------------------------------------------===//

SmallVector<int64_t> getAxesFrom(int64_t axis, const Shape &shape) {
  return llvm::to_vector(llvm::seq<int64_t>(axis, shape.size()));
}

LogicalResult lowerLayerNorm(nn::LayerNormOp op, Lowering &l) {
  Type element = getElement(op.getX()), type = getStatisticsType(element);
  Shape shape = l.getShape(op.getX());
  Folding rows(l, shape, getAxesFrom(op.getAxis(), shape));
  Folding::Input x = rows.all(l.get(op.getX()), element, type);
  Value mean = getMean(rows, x, type);
  Value inverse = getInverse(rows, getVariance(rows, x, mean, type),
                             op.getEpsilon().convertToDouble(), type);
  SmallVector<Folding::Input> inputs = {x, rows.kept(mean, type),
                                        rows.kept(inverse, type)};
  for (Value parameter : op->getOperands().drop_front())
    inputs.push_back(rows.broadcast(l.get(parameter), l.getShape(parameter),
                                    getElement(parameter), type));
  l.set(op, rows.map(inputs, element, [](B &b, ArrayRef<Value> args) {
    Value result = mul(b, mul(b, sub(b, args[0], args[1]), args[2]), args[3]);
    return args.size() == 5 ? add(b, result, args[4]) : result;
  }));
  return success();
}

LogicalResult lowerRMSNorm(nn::RMSNormOp op, Lowering &l) {
  Type element = getElement(op.getX()), type = getStatisticsType(element);
  Shape shape = l.getShape(op.getX());
  Folding rows(l, shape, getAxesFrom(op.getAxis(), shape));
  Folding::Input x = rows.all(l.get(op.getX()), element, type);
  Value square = getMean(rows, x, type, [](B &b, ArrayRef<Value> args) {
    return mul(b, args[0], args[0]);
  });
  Value inverse =
      getInverse(rows, square, op.getEpsilon().convertToDouble(), type);
  Value scale = op.getScale();
  Type result = getElement(op.getResult());
  l.set(op, rows.map({x, rows.kept(inverse, type),
                      rows.broadcast(l.get(scale), l.getShape(scale),
                                     getElement(scale), type)},
                     result, [&](B &b, ArrayRef<Value> args) {
                       Value scaled = mul(b, mul(b, args[0], args[1]), args[2]);
                       return Lowering::castScalar(b, scaled, type, result, true);
                     }));
  return success();
}

LogicalResult lowerMeanVarianceNorm(nn::MeanVarianceNormOp op, Lowering &l) {
  Type element = getElement(op.getX()), type = getStatisticsType(element);
  Folding rows(l, l.getShape(op.getX()), op.getAxes());
  Folding::Input x = rows.all(l.get(op.getX()), element, type);
  Value mean = getMean(rows, x, type);
  Value inverse = rows.mapKept(
      getVariance(rows, x, mean, type), type, [&](B &b, ArrayRef<Value> args) {
        Value deviation = b.create<math::SqrtOp>(args[0]);
        return div(b, getFloat(b, type, 1),
                   add(b, deviation, getFloat(b, type, 1e-9)));
      });
  l.set(op, rows.map({x, rows.kept(mean, type), rows.kept(inverse, type)},
                     element, [](B &b, ArrayRef<Value> args) {
                       return mul(b, sub(b, args[0], args[1]), args[2]);
                     }));
  return success();
}

LogicalResult lowerLpNormalize(nn::LpNormalizeOp op, Lowering &l) {
  Type element = getElement(op.getX()), type = getStatisticsType(element);
  Folding rows(l, l.getShape(op.getX()), int64_t(op.getAxis()));
  Folding::Input x = rows.all(l.get(op.getX()), element, type);
  bool isEuclidean = op.getP() == 2;
  Value sum = rows.foldSum(x, type, [&](B &b, ArrayRef<Value> args) -> Value {
    if (isEuclidean)
      return mul(b, args[0], args[0]);
    return b.create<math::AbsFOp>(args[0]);
  });
  Value norm = rows.mapKept(sum, type, [&](B &b, ArrayRef<Value> args) {
    return isEuclidean ? b.create<math::SqrtOp>(args[0]) : args[0];
  });
  l.set(op, rows.map({x, rows.kept(norm, type)}, element,
                     [&](B &b, ArrayRef<Value> args) -> Value {
                       Value zero = getFloat(b, type, 0);
                       Value isZero = b.create<arith::CmpFOp>(
                           arith::CmpFPredicate::OEQ, args[1], zero);
                       return b.create<arith::SelectOp>(
                           isZero, zero, div(b, args[0], args[1]));
                     }));
  return success();
}

//===- By the statistics of channels --------------------------------------===//

/// `x` of `shape` [N, groups, C / groups, rest], normalized within its groups;
/// `scale` and `bias` have the dimensions `dims` of it.
Value normalizeGroups(Lowering &l, Value x, const Shape &shape, Value scale,
                      Value bias, ArrayRef<int64_t> dims,
                      ArrayRef<Type> elements, double epsilon) {
  Type element = elements[0], type = getStatisticsType(element);
  Folding groups(l, shape, {2, 3});
  Folding::Input input = groups.all(x, element, type);
  Value mean = getMean(groups, input, type);
  Value inverse =
      getInverse(groups, getVariance(groups, input, mean, type), epsilon, type);
  // One factor per channel, so that one multiplication per element is left.
  Folding channels(l, shape, {3});
  Folding small(l, channels.getKept(), {});
  Value factor = small.map({small.withDims(inverse, {0, 1}, type),
                            small.withDims(scale, dims, elements[1], type)},
                           type, [](B &b, ArrayRef<Value> args) {
                             return mul(b, args[0], args[1]);
                           });
  return groups.map({input, groups.kept(mean, type),
                     groups.withDims(factor, {0, 1, 2}, type),
                     groups.withDims(bias, dims, elements[2], type)},
                    element, [](B &b, ArrayRef<Value> args) {
                      Value centered = sub(b, args[0], args[1]);
                      return add(b, mul(b, centered, args[2]), args[3]);
                    });
}

SmallVector<Type> getElements(ValueRange nnTensors) {
  return llvm::map_to_vector(nnTensors,
                             [](Value tensor) { return getElement(tensor); });
}

/// The parameters must have as many elements as there are channels: at run time
/// they would be read beyond their ends.
void requireChannels(Lowering &l, ValueRange nnParameters,
                     OpFoldResult channels) {
  for (Value parameter : nnParameters)
    requireEqual(l, l.getShape(parameter)[0], channels,
                 "a normalization expects one parameter per channel");
}

/// The same for `op` with its channels last.
template <typename OpTy>
Value normalizeLast(OpTy op, Lowering &l, OpFoldResult groups, OpFoldResult size,
                    bool perGroup) {
  Shape shape = l.getShape(op.getX());
  OpFoldResult area = l.shapes.product(ArrayRef(shape).drop_front().drop_back());
  Shape flat = {shape[0], area, shape.back()};
  auto parameter = [&](Value value) {
    return ChannelParameter{l.get(value), getElement(value), perGroup};
  };
  Value result = normalizeGroupsLast(
      l, l.createReshape(l.get(op.getX()), shape, flat), getElement(op.getX()),
      {shape[0], area, groups, size}, parameter(op.getScale()),
      parameter(op.getBias()), op.getEpsilon().convertToDouble());
  return l.createReshape(result, flat, shape);
}

LogicalResult lowerGroupNorm(nn::GroupNormOp op, Lowering &l) {
  Shape shape = l.getShape(op.getX());
  OpFoldResult groups = l.shapes.get(op.getGroups());
  OpFoldResult channels = shape[nn::getChannelDim(op, shape.size())];
  OpFoldResult size = l.shapes.floorDiv(channels, groups);
  requireEqual(l, l.shapes.mul(size, groups), channels,
               "GroupNormalization: the groups do not divide the channels");
  requireChannels(l, op.getOperands().drop_front(),
                  op.getPerGroup() ? groups : channels);
  if (op.getChannelsLast()) {
    l.set(op, normalizeLast(op, l, groups, size, op.getPerGroup()));
    return success();
  }
  Shape split = {shape[0], groups, size,
                 l.shapes.product(ArrayRef(shape).drop_front(2))};
  Value x = l.createReshape(l.get(op.getX()), shape, split);
  Value scale = l.get(op.getScale()), bias = l.get(op.getBias());
  SmallVector<int64_t> dims = {1};
  if (!op.getPerGroup()) {
    dims = {1, 2};
    scale = l.createReshape(scale, shape[1], {groups, size});
    bias = l.createReshape(bias, shape[1], {groups, size});
  }
  Value result =
      normalizeGroups(l, x, split, scale, bias, dims,
                      getElements(op.getOperands()),
                      op.getEpsilon().convertToDouble());
  l.set(op, l.createReshape(result, split, shape));
  return success();
}

LogicalResult lowerInstanceNorm(nn::InstanceNormOp op, Lowering &l) {
  Shape shape = l.getShape(op.getX());
  OpFoldResult channels = shape[nn::getChannelDim(op, shape.size())];
  requireChannels(l, op.getOperands().drop_front(), channels);
  if (op.getChannelsLast()) {
    l.set(op, normalizeLast(op, l, channels, l.shapes.get(1), false));
    return success();
  }
  Shape split = {shape[0], shape[1], l.shapes.get(1),
                 l.shapes.product(ArrayRef(shape).drop_front(2))};
  Value x = l.createReshape(l.get(op.getX()), shape, split);
  Value result =
      normalizeGroups(l, x, split, l.get(op.getScale()), l.get(op.getBias()), 1,
                      getElements(op.getOperands()),
                      op.getEpsilon().convertToDouble());
  l.set(op, l.createReshape(result, split, shape));
  return success();
}

/// One factor and one summand per channel, then one step per element.
LogicalResult lowerBatchNorm(nn::BatchNormOp op, Lowering &l) {
  Type element = getElement(op.getX()), type = getStatisticsType(element);
  Shape shape = l.getShape(op.getX());
  bool hasChannels = shape.size() > 1;
  int64_t channelDim = nn::getChannelDim(op, shape.size());
  OpFoldResult channels = hasChannels ? shape[channelDim] : l.shapes.get(1);
  ValueRange parameters = op.getOperands().drop_front();
  requireChannels(l, parameters, channels);
  Folding small(l, {channels}, {});
  auto get = [&](Value parameter) {
    Value tensor = l.createCast(l.get(parameter), channels);
    return small.all(tensor, getElement(parameter), type);
  };
  Value factor = small.map(
      {get(op.getScale()), get(op.getVariance())}, type,
      [&](B &b, ArrayRef<Value> args) {
        Value epsilon = getFloat(b, type, op.getEpsilon().convertToDouble());
        return div(b, args[0],
                   b.create<math::SqrtOp>(add(b, args[1], epsilon)));
      });
  Value summand = small.map(
      {get(op.getBias()), get(op.getMean()), small.all(factor, type)}, type,
      [](B &b, ArrayRef<Value> args) {
        return sub(b, args[0], mul(b, args[1], args[2]));
      });
  Folding all(l, shape, {});
  auto perChannel = [&](Value tensor) {
    return hasChannels ? all.withDims(tensor, channelDim, type)
                       : all.broadcast(tensor, channels, type);
  };
  l.set(op, all.map({all.all(l.get(op.getX()), element, type),
                     perChannel(factor), perChannel(summand)},
                    element, [](B &b, ArrayRef<Value> args) {
                      return add(b, mul(b, args[0], args[1]), args[2]);
                    }));
  return success();
}
} // namespace

void burin::addNormLowerings(LowerTable &table) {
  addLowering<nn::SoftmaxOp, lowerSoftmax<nn::SoftmaxOp, false>>(table);
  addLowering<nn::LogSoftmaxOp, lowerSoftmax<nn::LogSoftmaxOp, true>>(table);
  addLowering<nn::LayerNormOp, lowerLayerNorm>(table);
  addLowering<nn::RMSNormOp, lowerRMSNorm>(table);
  addLowering<nn::MeanVarianceNormOp, lowerMeanVarianceNorm>(table);
  addLowering<nn::LpNormalizeOp, lowerLpNormalize>(table);
  addLowering<nn::GroupNormOp, lowerGroupNorm>(table);
  addLowering<nn::InstanceNormOp, lowerInstanceNorm>(table);
  addLowering<nn::BatchNormOp, lowerBatchNorm>(table);
  addLRNLowering(table);
}
