//===- MergeTransposes.cpp - One transpose of two around a reshape --------===//

#include "dialects/NN/NN.h"
#include "passes/Layout/Passes.h"
#include "passes/PatternPass.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_MERGETRANSPOSES
#include "passes/Layout/Passes.h.inc"

namespace {
/// What neither side of a reshape splits: the sizes, without those of 1, and for each
/// dimension of the operand and of the result which of them it joins.
struct Atoms {
  SmallVector<int64_t> sizes;
  SmallVector<SmallVector<int64_t>> from, to;
};

/// Products of the first sizes of a shape and of the last ones, as far as they are
/// known: where its elements are cut into dimensions.
struct Cuts {
  SmallVector<int64_t> left{1}, right{1};

  explicit Cuts(ArrayRef<int64_t> shape) {
    add(left, shape);
    add(right, llvm::reverse(shape));
  }
  int64_t getKnown() const { return left.back() * right.back(); }

private:
  template <typename Sizes> static void add(SmallVector<int64_t> &cuts, Sizes sizes) {
    for (int64_t size : sizes) {
      if (ShapedType::isDynamic(size))
        return;
      cuts.push_back(cuts.back() * size);
    }
  }
};

/// The cuts of both; false if one does not divide the next.
bool mergeCuts(SmallVector<int64_t> &cuts, ArrayRef<int64_t> others) {
  llvm::append_range(cuts, others);
  llvm::sort(cuts);
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  for (size_t i = 1; i < cuts.size(); ++i)
    if (cuts[i] % cuts[i - 1])
      return false;
  return true;
}

/// Of a reshape between shapes that have one unknown size at most.
std::optional<Atoms> findAtoms(ArrayRef<int64_t> from, ArrayRef<int64_t> to) {
  Cuts all(from), a = all, b(to);
  bool isKnown = !ShapedType::isDynamicShape(from);
  if (isKnown != !ShapedType::isDynamicShape(to) || !mergeCuts(all.left, b.left) ||
      !mergeCuts(all.right, b.right))
    return std::nullopt;
  // Of sizes that are all known both say the same.
  if (isKnown)
    all.right = a.right = b.right = {1};
  // What is unknown is divided by what is known of both sides.
  if ((isKnown && a.left.back() != b.left.back()) ||
      (a.getKnown() % all.getKnown() && b.getKnown() % all.getKnown()))
    return std::nullopt;
  Atoms atoms;
  for (size_t i = 1; i < all.left.size(); ++i)
    atoms.sizes.push_back(all.left[i] / all.left[i - 1]);
  if (!isKnown)
    atoms.sizes.push_back(ShapedType::kDynamic);
  for (size_t i = all.right.size(); --i > 0;)
    atoms.sizes.push_back(all.right[i] / all.right[i - 1]);
  auto join = [&](const Cuts &cuts, size_t rank) {
    auto find = [&](size_t d) -> int64_t {
      if (d < cuts.left.size())
        return llvm::find(all.left, cuts.left[d]) - all.left.begin();
      auto *place = llvm::find(all.right, cuts.right[rank - d]);
      return atoms.sizes.size() - (place - all.right.begin());
    };
    SmallVector<SmallVector<int64_t>> dims;
    for (size_t d = 0; d < rank; ++d)
      dims.push_back(llvm::to_vector(llvm::seq(find(d), find(d + 1))));
    return dims;
  };
  atoms.from = join(a, from.size());
  atoms.to = join(b, to.size());
  return atoms;
}

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

bool isView(Operation *op) {
  return isa_and_nonnull<nn::ReshapeOp, nn::FlattenOp, nn::SqueezeOp, nn::UnsqueezeOp>(op);
}

/// What `value` is a view of: of several only the sizes before and behind them matter.
Value skipViews(Value value) {
  while (isView(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

/// The atoms of a reshape of what is transposed: their sizes as they lie before that,
/// and which of them each dimension of the result joins.
struct Moved {
  SmallVector<int64_t> sizes;
  SmallVector<SmallVector<int64_t>> dims;

  static std::optional<Moved> find(nn::TransposeOp transpose, Value reshaped);
};

std::optional<Moved> Moved::find(nn::TransposeOp transpose, Value reshaped) {
  if (!isSimple(getShape(transpose)) || !isSimple(getShape(reshaped)))
    return std::nullopt;
  std::optional<Atoms> atoms = findAtoms(getShape(transpose), getShape(reshaped));
  if (!atoms)
    return std::nullopt;
  SmallVector<ArrayRef<int64_t>> parts(atoms->from.size());
  for (auto [d, source] : llvm::enumerate(transpose.getPermutation()))
    parts[source] = atoms->from[d];
  Moved moved{{}, atoms->to};
  SmallVector<int64_t> places(atoms->sizes.size());
  for (ArrayRef<int64_t> part : parts)
    for (int64_t atom : part) {
      places[atom] = moved.sizes.size();
      moved.sizes.push_back(atoms->sizes[atom]);
    }
  for (SmallVector<int64_t> &dim : moved.dims)
    for (int64_t &atom : dim)
      atom = places[atom];
  return moved;
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

Value transpose(PatternRewriter &rewriter, Location loc, Value value,
                ArrayRef<int64_t> order) {
  SmallVector<int64_t> shape =
      llvm::map_to_vector(order, [&](int64_t d) { return getShape(value)[d]; });
  auto type = RankedTensorType::get(shape, getElementTypeOrSelf(value.getType()));
  return rewriter.create<nn::TransposeOp>(loc, type, value, order);
}

/// What has the sizes `shape` and joins the atoms `dims` of `source`, as a transpose of
/// a reshape, if that is enough.
Value transposeLast(PatternRewriter &rewriter, Location loc, Value source,
                    ArrayRef<SmallVector<int64_t>> dims, ArrayRef<int64_t> shape) {
  // Sizes of 1 stay behind what they are behind.
  SmallVector<int64_t> begins;
  for (ArrayRef<int64_t> dim : dims) {
    for (size_t i = 1; i < dim.size(); ++i)
      if (dim[i] != dim[i - 1] + 1)
        return {};
    begins.push_back(!dim.empty() ? dim[0] : begins.empty() ? -1 : begins.back());
  }
  auto lying = llvm::to_vector(llvm::seq<int64_t>(0, dims.size()));
  llvm::sort(lying, [&](int64_t a, int64_t b) {
    return std::pair(begins[a], a) < std::pair(begins[b], b);
  });
  SmallVector<int64_t> sizes, order(dims.size());
  for (int64_t d : lying) {
    order[d] = sizes.size();
    sizes.push_back(shape[d]);
  }
  Value value = reshape(rewriter, loc, source, sizes);
  return llvm::is_sorted(order) ? value : transpose(rewriter, loc, value, order);
}

struct MergePair : OpRewritePattern<nn::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::TransposeOp second,
                                PatternRewriter &rewriter) const override {
    auto first = skipViews(second.getX()).getDefiningOp<nn::TransposeOp>();
    if (!first || first == second.getX().getDefiningOp())
      return failure();
    std::optional<Moved> moved = Moved::find(first, second.getX());
    if (!moved)
      return failure();
    SmallVector<SmallVector<int64_t>> dims;
    SmallVector<int64_t> order;
    for (int64_t d : second.getPermutation()) {
      dims.push_back(moved->dims[d]);
      llvm::append_range(order, moved->dims[d]);
    }
    Location loc = rewriter.getFusedLoc({first.getLoc(), second.getLoc()});
    Value source = skipViews(first.getX());
    Value value = transposeLast(rewriter, loc, source, dims, getShape(second));
    if (!value) {
      joinNeighbours(moved->sizes, order);
      value = reshape(rewriter, loc, source, moved->sizes);
      value = transpose(rewriter, loc, value, order);
      value = reshape(rewriter, loc, value, getShape(second));
    }
    rewriter.replaceOp(second, value);
    return success();
  }
};

/// Of two reshapes around a transpose the first one is enough.
struct SplitFirst : OpRewritePattern<nn::ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::ReshapeOp second,
                                PatternRewriter &rewriter) const override {
    auto moving = second.getX().getDefiningOp<nn::TransposeOp>();
    if (!moving || !moving->hasOneUse() || !isView(moving.getX().getDefiningOp()))
      return failure();
    std::optional<Moved> moved = Moved::find(moving, second);
    if (!moved)
      return failure();
    Value value = transposeLast(rewriter, second.getLoc(), skipViews(moving.getX()),
                                moved->dims, getShape(second));
    if (!value)
      return failure();
    rewriter.replaceOp(second, value);
    return success();
  }
};

struct MergeTransposes
    : PatternPass<impl::MergeTransposesBase<MergeTransposes>, MergePair, SplitFirst> {};
} // namespace
} // namespace burin
