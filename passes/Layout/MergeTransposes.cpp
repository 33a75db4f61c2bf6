//===- MergeTransposes.cpp - One transpose of two around a reshape --------===//

#include "dialects/NN/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/Layout/Passes.h"
#include "passes/PatternPass.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_MERGETRANSPOSES
#include "passes/Layout/Passes.h.inc"

namespace {
/// What neither side of a reshape splits: the sizes, and for each dimension of
/// the operand and of the result which of them it joins.
struct Atoms {
  SmallVector<int64_t> sizes;
  SmallVector<SmallVector<int64_t>> from, to;
};

/// Of a product of sizes the number, with what is unknown counted apart.
struct Product {
  int64_t known = 1, unknown = 0;

  void add(int64_t size) {
    if (ShapedType::isDynamic(size))
      ++unknown;
    else
      known *= size;
  }
  bool operator==(const Product &other) const {
    return known == other.known && unknown == other.unknown;
  }
};

/// Both sides have one unknown size at most: it is the same if all others are.
class AtomFinder {
public:
  AtomFinder(ArrayRef<int64_t> from, ArrayRef<int64_t> to) : from(from), to(to) {
    atoms.from.resize(from.size());
    atoms.to.resize(to.size());
  }

  std::optional<Atoms> find() {
    size_t i = 0, j = 0;
    while (i < from.size() || j < to.size()) {
      bool isOne = i < from.size() && from[i] == 1;
      bool becomesOne = j < to.size() && to[j] == 1;
      if (isOne && !becomesOne)
        atoms.from[i++].push_back(add(1));
      else if (becomesOne && !isOne)
        atoms.to[j++].push_back(add(1));
      else if (!addGroup(i, j))
        return std::nullopt;
    }
    return atoms;
  }

private:
  int64_t add(int64_t size) {
    atoms.sizes.push_back(size);
    return atoms.sizes.size() - 1;
  }

  /// The next dimensions of both with the same product: one of one of them.
  bool addGroup(size_t &i, size_t &j) {
    if (i == from.size() || j == to.size())
      return false;
    size_t firstFrom = i, firstTo = j;
    Product a, b;
    a.add(from[i++]);
    b.add(to[j++]);
    bool mayJoin = b.unknown || (!a.unknown && b.known > a.known);
    while (!(a == b)) {
      if (mayJoin && i < from.size())
        a.add(from[i++]);
      else if (!mayJoin && j < to.size())
        b.add(to[j++]);
      else
        return false;
    }
    for (size_t d = firstFrom; i - firstFrom >= j - firstTo && d < i; ++d) {
      atoms.from[d].push_back(add(from[d]));
      atoms.to[firstTo].push_back(atoms.sizes.size() - 1);
    }
    for (size_t d = firstTo; i - firstFrom < j - firstTo && d < j; ++d) {
      atoms.to[d].push_back(add(to[d]));
      atoms.from[firstFrom].push_back(atoms.sizes.size() - 1);
    }
    return true;
  }

  ArrayRef<int64_t> from, to;
  Atoms atoms;
};

ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

bool isSimple(ArrayRef<int64_t> shape) {
  return !llvm::is_contained(shape, 0) &&
         llvm::count_if(shape, ShapedType::isDynamic) <= 1;
}

/// `value` with the sizes `shape`, of which one may be unknown.
Value reshape(PatternRewriter &rewriter, Location loc, Value value,
              ArrayRef<int64_t> shape) {
  if (getShape(value) == shape)
    return value;
  SmallVector<int64_t> sizes = llvm::map_to_vector(shape, [](int64_t size) {
    return ShapedType::isDynamic(size) ? -1 : size;
  });
  Value wanted = rewriter.create<nn::ConstantOp>(
      loc, cast<TypedAttr>(rewriter.getI64TensorAttr(sizes)));
  auto type = RankedTensorType::get(shape, getElementTypeOrSelf(value.getType()));
  return rewriter.create<nn::ReshapeOp>(loc, type, value, wanted,
                                        /*allowzero=*/true);
}

/// Of a transpose of atoms those that stay together are one.
void joinNeighbours(SmallVector<int64_t> &sizes, SmallVector<int64_t> &order) {
  for (size_t k = 0; k + 1 < order.size();) {
    int64_t at = order[k];
    if (order[k + 1] != at + 1) {
      ++k;
      continue;
    }
    bool unknown =
        ShapedType::isDynamic(sizes[at]) || ShapedType::isDynamic(sizes[at + 1]);
    sizes[at] = unknown ? ShapedType::kDynamic : sizes[at] * sizes[at + 1];
    sizes.erase(sizes.begin() + at + 1);
    order.erase(order.begin() + k + 1);
    for (int64_t &place : order)
      place -= place > at;
  }
}

struct MergePair : OpRewritePattern<nn::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::TransposeOp second,
                                PatternRewriter &rewriter) const override {
    // Of several reshapes only the sizes before and behind them matter.
    Value source = second.getX();
    while (isa_and_nonnull<nn::ReshapeOp, nn::FlattenOp, nn::SqueezeOp,
                           nn::UnsqueezeOp>(source.getDefiningOp()))
      source = source.getDefiningOp()->getOperand(0);
    auto first = source.getDefiningOp<nn::TransposeOp>();
    if (!first || source == second.getX() || !isSimple(getShape(first)) ||
        !isSimple(getShape(second)))
      return failure();
    std::optional<Atoms> atoms =
        AtomFinder(getShape(first), getShape(second.getX())).find();
    if (!atoms)
      return failure();
    // The atoms in the order of what is transposed first, and where each goes.
    SmallVector<SmallVector<int64_t>> parts(first.getPermutation().size());
    for (auto [d, source] : llvm::enumerate(first.getPermutation()))
      parts[source] = atoms->from[d];
    SmallVector<int64_t> sizes, order, places(atoms->sizes.size());
    for (ArrayRef<int64_t> part : parts)
      for (int64_t atom : part) {
        places[atom] = sizes.size();
        sizes.push_back(atoms->sizes[atom]);
      }
    for (int64_t d : second.getPermutation())
      for (int64_t atom : atoms->to[d])
        order.push_back(places[atom]);
    if (order.size() != sizes.size()) // Ones that only one side has.
      return mergeOnes(first, second, rewriter, sizes, order);
    rewrite(first, second, rewriter, sizes, order);
    return success();
  }

private:
  /// Sizes of 1 that are gone, or new, have no place in both: without them.
  static LogicalResult mergeOnes(nn::TransposeOp first, nn::TransposeOp second,
                                 PatternRewriter &rewriter,
                                 ArrayRef<int64_t> sizes,
                                 ArrayRef<int64_t> order) {
    SmallVector<int64_t> kept(sizes.size(), -1), left, moved;
    for (auto [place, size] : llvm::enumerate(sizes))
      if (size != 1) {
        kept[place] = left.size();
        left.push_back(size);
      }
    for (int64_t place : order)
      if (kept[place] >= 0)
        moved.push_back(kept[place]);
    if (moved.size() != left.size())
      return failure();
    rewrite(first, second, rewriter, left, moved);
    return success();
  }

  static void rewrite(nn::TransposeOp first, nn::TransposeOp second,
                      PatternRewriter &rewriter, SmallVector<int64_t> sizes,
                      SmallVector<int64_t> order) {
    joinNeighbours(sizes, order);
    Location loc = rewriter.getFusedLoc({first.getLoc(), second.getLoc()});
    Value value = first.getX();
    if (!llvm::is_sorted(order)) {
      value = reshape(rewriter, loc, value, sizes);
      SmallVector<int64_t> moved = llvm::map_to_vector(
          order, [&](int64_t place) { return sizes[place]; });
      auto type =
          RankedTensorType::get(moved, getElementTypeOrSelf(value.getType()));
      value = rewriter.create<nn::TransposeOp>(loc, type, value, order);
    }
    rewriter.replaceOp(second, reshape(rewriter, loc, value, getShape(second)));
  }
};

struct MergeTransposes : PatternPass<impl::MergeTransposesBase<MergeTransposes>, MergePair> {};
} // namespace
} // namespace burin
