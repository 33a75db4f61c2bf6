//===- ChannelsLast.cpp - Channels behind the spatial dimensions ----------===//

#include "dialects/NN/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/Layout/Passes.h"
#include "llvm/ADT/EquivalenceClasses.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_CHANNELSLAST
#include "passes/Layout/Passes.h.inc"

namespace {
RankedTensorType getRanked(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// What a size that is not known counts as.
constexpr double guess = 64;

double getElements(Value value) {
  double count = 1;
  for (int64_t size : getRanked(value).getShape())
    count *= ShapedType::isDynamic(size) ? guess : double(size);
  return count;
}

/// Channels lie last in both orders, or nothing but sizes of 1 moves.
bool isFree(Value value) {
  ArrayRef<int64_t> shape = getRanked(value).getShape();
  return shape[1] == 1 ||
         llvm::all_of(shape.drop_front(2), [](int64_t n) { return n == 1; });
}

/// Where vectors along channels pay.
bool isWindow(Operation *op) {
  return isa<nn::ConvOp, nn::ConvTransposeOp, nn::MaxPoolOp, nn::AveragePoolOp,
             nn::LpPoolOp>(op);
}

/// Multiplications that become faster, with channels last, by the time in which one
/// element is moved: windows are read in longer runs, and Winograd's algorithm may
/// need fewer of them.
constexpr double multiplicationsPerElement = 128;
/// The same of bytes, which dot products take where channels lie side by side.
constexpr double byteMultiplicationsPerElement = 16;

/// What `op` gains with channels last, in elements moved.
double getGain(Operation *op) {
  double touched = getElements(op->getOperand(0)) + getElements(op->getResult(0));
  auto conv = dyn_cast<nn::ConvOp>(op);
  if (!conv)
    return touched;
  ArrayRef<int64_t> filters = getRanked(conv.getW()).getShape();
  bool isByte = getElementTypeOrSelf(conv.getX()).isInteger(8) && conv.getGroup() == 1;
  if (ShapedType::isDynamicShape(filters) ||
      (!isByte &&
       llvm::all_of(filters.drop_front(2), [](int64_t n) { return n == 1; })))
    return touched;
  double each = double(ShapedType::getNumElements(filters.drop_front()));
  return touched + getElements(conv.getResult()) * each /
                       (isByte ? byteMultiplicationsPerElement : multiplicationsPerElement);
}

/// Another order costs these nothing.
bool takesAnyOrder(Operation *op) {
  return isa<nn::TransposeOp, nn::ShapeOp, nn::SizeOp>(op);
}

/// The values and ops of a function that can only move together.
class Regions {
public:
  struct Member {
    nn::LayoutOpInterface op;
    SmallVector<OpOperand *> operands;
    SmallVector<OpResult> results;
  };

  explicit Regions(func::FuncOp func) {
    func.walk([&](nn::LayoutOpInterface op) {
      Member member{op, {}, {}};
      op.getChannelValues(member.operands, member.results);
      if (!member.operands.empty() || !member.results.empty())
        members.push_back(member);
    });
    for (const Member &member : members) {
      classes.insert(getNode(member));
      for (OpOperand *operand : member.operands) {
        uses.insert(operand);
        if (!operand->get().getDefiningOp<nn::ConstantOp>())
          join(member, operand->get());
      }
      for (OpResult result : member.results) {
        made.insert(result);
        join(member, result);
      }
    }
    for (const Member &member : members)
      if (isWindow(member.op))
        worth[getClass(getNode(member))] += getGain(member.op);
    for (Value value : values)
      worth[getClass(value.getAsOpaquePointer())] -= getCost(value);
  }

  /// What moving a member with all of its region spares, in elements.
  double getWorth(const Member &member) const {
    return worth.lookup(getClass(getNode(member)));
  }
  bool isMade(Value value) const { return made.contains(value); }
  bool isUse(OpOperand &operand) const { return uses.contains(&operand); }

  SmallVector<Member> members;

private:
  static const void *getNode(const Member &member) {
    return nn::LayoutOpInterface(member.op).getOperation();
  }
  void join(const Member &member, Value value) {
    values.insert(value);
    classes.unionSets(getNode(member), value.getAsOpaquePointer());
  }
  const void *getClass(const void *node) const {
    return classes.getLeaderValue(node);
  }

  /// Elements to be transposed at the border if `value` moves.
  double getCost(Value value) const {
    if (isFree(value))
      return 0;
    if (!isMade(value)) {
      Operation *op = value.getDefiningOp();
      return op && takesAnyOrder(op) ? 0 : getElements(value);
    }
    bool leaves = llvm::any_of(value.getUses(), [&](OpOperand &use) {
      return !isUse(use) && !takesAnyOrder(use.getOwner());
    });
    return leaves ? getElements(value) : 0;
  }

  llvm::EquivalenceClasses<const void *> classes;
  llvm::SetVector<Value> values;
  llvm::DenseSet<Value> made;         ///< By members.
  llvm::DenseSet<OpOperand *> uses;   ///< Those of members.
  llvm::DenseMap<const void *, double> worth;
};

/// Moves members, with transposes between them and all others.
class Mover {
public:
  explicit Mover(func::FuncOp func) : builder(func.getContext()) {}

  void move(ArrayRef<Regions::Member> members) {
    for (const Regions::Member &member : members) {
      for (OpResult result : member.results)
        moved.insert({result, getRanked(result)});
      nn::LayoutOpInterface(member.op).moveChannelsLast(builder);
    }
    llvm::DenseSet<OpOperand *> uses;
    for (const Regions::Member &member : members)
      for (OpOperand *operand : member.operands) {
        uses.insert(operand);
        if (!moved.contains(operand->get()))
          operand->set(getLast(operand->get()));
      }
    for (auto &[value, type] : moved) {
      int64_t rank = type.getRank();
      value.setType(getPermuted(type, nn::getToLast(rank)));
      SmallVector<OpOperand *> others;
      for (OpOperand &use : value.getUses())
        if (!uses.contains(&use))
          others.push_back(&use);
      if (others.empty())
        continue;
      Value first = transpose(value, nn::getFromLast(rank));
      for (OpOperand *use : others)
        use->set(first);
    }
  }

private:
  static RankedTensorType getPermuted(RankedTensorType type,
                                      ArrayRef<int64_t> permutation) {
    SmallVector<int64_t> shape;
    for (int64_t d : permutation)
      shape.push_back(type.getDimSize(d));
    return RankedTensorType::get(shape, type.getElementType());
  }

  Value transpose(Value value, ArrayRef<int64_t> permutation) {
    builder.setInsertionPointAfterValue(value);
    return builder.create<nn::TransposeOp>(
        value.getLoc(), getPermuted(getRanked(value), permutation), value,
        permutation);
  }

  /// A value that no member makes.
  Value getLast(Value value) {
    Value &last = transposed[value];
    if (!last)
      last = transpose(value, nn::getToLast(getRanked(value).getRank()));
    return last;
  }

  OpBuilder builder;
  llvm::MapVector<Value, RankedTensorType> moved; ///< With the types they had.
  llvm::DenseMap<Value, Value> transposed;
};

struct ChannelsLast : impl::ChannelsLastBase<ChannelsLast> {
  using ChannelsLastBase::ChannelsLastBase;

  void runOnOperation() override {
    for (func::FuncOp func : getOperation().getOps<func::FuncOp>()) {
      Regions regions(func);
      SmallVector<Regions::Member> chosen;
      for (const Regions::Member &member : regions.members)
        if (force || regions.getWorth(member) > 0)
          chosen.push_back(member);
      Mover(func).move(chosen);
    }
  }
};
} // namespace
} // namespace burin
