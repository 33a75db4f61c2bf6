//===- GroupsLast.cpp - Groups of channels that come last, normalized -----===//
//
// The pixels are folded first, one sum per channel and so along vectors of them;
// a group's few channels are joined afterwards.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Reduction/GroupsLast.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace burin;
using B = ImplicitLocOpBuilder;

namespace {
class GroupNormalizer {
public:
  GroupNormalizer(Lowering &l, const ChannelGroups &groups, Type type)
      : l(l), type(type), g(groups),
        pixels(l, {g.batch, g.area, l.shapes.mul(g.count, g.size)}, {1}),
        members(l, {g.batch, g.count, g.size}, {2}) {}

  Value normalize(Value x, Type element, ChannelParameter scale,
                  ChannelParameter bias, double epsilon) {
    Folding::Input input = pixels.all(x, element, type);
    Value mean = spread(getMean(pixels.foldSum(
        input, type, [](B &, ArrayRef<Value> args) { return args[0]; })));
    Value variance = getMean(pixels.foldSum(
        {input, pixels.kept(mean, type)}, type,
        [](B &b, ArrayRef<Value> args) -> Value {
          Value centered = b.create<arith::SubFOp>(args[0], args[1]);
          return b.create<arith::MulFOp>(centered, centered);
        }));
    Value factor = map({withGroups(variance), withParameter(scale)},
                       [&](B &b, ArrayRef<Value> args) -> Value {
                         auto number = [&](double value) -> Value {
                           return b.create<arith::ConstantOp>(
                               b.getFloatAttr(type, value));
                         };
                         Value sum = b.create<arith::AddFOp>(args[0], number(epsilon));
                         Value inverse = b.create<arith::DivFOp>(
                             number(1), b.create<math::SqrtOp>(sum));
                         return b.create<arith::MulFOp>(inverse, args[1]);
                       });
    Value summand = map(withParameter(bias), [](B &, ArrayRef<Value> args) {
      return args[0];
    });
    return pixels.map({input, pixels.kept(mean, type), pixels.kept(factor, type),
                       pixels.kept(summand, type)},
                      element, [](B &b, ArrayRef<Value> args) -> Value {
                        Value centered = b.create<arith::SubFOp>(args[0], args[1]);
                        return b.create<arith::AddFOp>(
                            b.create<arith::MulFOp>(centered, args[2]), args[3]);
                      });
  }

private:
  /// Sums per channel to means per group.
  Value getMean(Value sums) {
    Value split = l.createReshape(sums, pixels.getKept(), members.getShape());
    Value whole = members.foldSum(
        members.all(split, type), type,
        [](B &, ArrayRef<Value> args) { return args[0]; });
    Value count = Folding(l, {g.area, g.size}, {0, 1}).getCount(type);
    return members.mapKept(whole, type, [&](B &b, ArrayRef<Value> args) -> Value {
      return b.create<arith::DivFOp>(args[0], count);
    });
  }

  Folding::Input withGroups(Value tensor) {
    return members.withDims(tensor, {0, 1}, type);
  }
  Folding::Input withParameter(const ChannelParameter &p) {
    if (p.perGroup)
      return members.withDims(p.tensor, 1, p.element, type);
    Value split = l.createReshape(
        p.tensor, {l.shapes.mul(g.count, g.size)}, {g.count, g.size});
    return members.withDims(split, {1, 2}, p.element, type);
  }

  /// One scalar per channel of each sample.
  Value map(ArrayRef<Folding::Input> inputs, Folding::Body body) {
    Folding all(l, members.getShape(), {});
    return l.createReshape(all.map(inputs, type, body), members.getShape(),
                           pixels.getKept());
  }
  Value spread(Value perGroup) {
    return map(withGroups(perGroup),
               [](B &, ArrayRef<Value> args) { return args[0]; });
  }

  Lowering &l;
  Type type;
  ChannelGroups g;
  Folding pixels, members;
};
} // namespace

Value burin::normalizeGroupsLast(Lowering &l, Value x, Type element,
                                 const ChannelGroups &groups,
                                 ChannelParameter scale, ChannelParameter bias,
                                 double epsilon) {
  Type type = getStatisticsType(element);
  return GroupNormalizer(l, groups, type)
      .normalize(x, element, scale, bias, epsilon);
}
